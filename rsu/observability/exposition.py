"""The text of /metrics, in the format of Prometheus: names, HELP and TYPE from :mod:`rsu.observability.metrics`."""

from __future__ import annotations

import platform
from collections import defaultdict
from collections.abc import Iterator
from importlib.metadata import version

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector

from rsu.observability.health import Health
from rsu.observability.meter import BOUNDS_NS, STAGE_SECONDS, Labels, Stage
from rsu.observability.metrics import METRICS
from rsu.observability.registry import Registry

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
Family = CounterMetricFamily | GaugeMetricFamily | HistogramMetricFamily
Values = dict[str, dict[Labels, float]]


def exposition(registry: Registry, health: Health | None = None) -> bytes:
    """All metrics.

    :param health: what the supervisor itself measures; left out where there is none.
    """
    collectors = CollectorRegistry()
    collectors.register(_Reports(registry, health))
    return generate_latest(collectors)


class _Reports(Collector):
    def __init__(self, registry: Registry, health: Health | None) -> None:
        self._registry = registry
        self._health = health

    def describe(self) -> list[Family]:
        return []

    def collect(self) -> Iterator[Family]:
        values = _values(self._registry, self._health)
        for name, metric in METRICS.items():
            if metric.kind == "histogram":
                yield _histogram(name, self._registry.stages())
                continue
            kind = CounterMetricFamily if metric.kind == "counter" else GaugeMetricFamily
            family = kind(name, metric.help, labels=metric.labels)
            for labels, value in sorted(values.get(name, {}).items()):
                known = dict(labels)
                family.add_metric([known[label] for label in metric.labels], value)
            if not metric.labels and name not in values and metric.kind == "counter":
                family.add_metric([], 0)  # a counter that is not there cannot be watched for its first increase
            yield family


def _histogram(name: str, stages: dict[str, Stage]) -> HistogramMetricFamily:
    assert name == STAGE_SECONDS
    family = HistogramMetricFamily(name, METRICS[name].help, labels=METRICS[name].labels)
    for stage_name, stage in sorted(stages.items()):
        buckets, sum_of = [], 0
        for bound, count in zip((*(str(bound / 1e9) for bound in BOUNDS_NS), "+Inf"), stage.buckets, strict=True):
            sum_of += count
            buckets.append((bound, sum_of))
        family.add_metric([stage_name], buckets, stage.sum_ns / 1e9)
    return family


def _values(registry: Registry, health: Health | None) -> Values:
    values: defaultdict[str, dict[Labels, float]] = defaultdict(dict)
    for part in (registry.counters(), registry.gauges()):
        for (name, labels), value in part.items():
            values[name][labels] = value
    for state in registry.roles():
        role = (("role", state.role),)
        values["rsu_role_up"][role] = float(state.up)
        values["rsu_role_restarts_total"][role] = state.restarts
    values["rsu_build_info"][("python", platform.python_version()), ("version", version("rsu"))] = 1
    if health is not None:
        _add_machine(values, health)
    return values


def _add_machine(values: defaultdict[str, dict[Labels, float]], health: Health) -> None:
    machine = health.machine()
    values["rsu_uptime_seconds"][()] = health.uptime_s()
    values["rsu_clock_error_seconds"][()] = machine.clock.error_s
    values["rsu_clock_synchronised"][()] = float(machine.clock.synchronised)
    values["rsu_clock_steps_total"][()] = health.watch.count
    if machine.disk is not None:
        values["rsu_disk_free_octets"][()] = machine.disk.free_octets
    for process in machine.processes.values():
        roles = (("roles", "+".join(process.roles)),)
        values["rsu_process_resident_octets"][roles] = process.usage.rss_octets
        values["rsu_process_open_fds"][roles] = process.usage.fds
        values["rsu_process_cpu_seconds_total"][roles] = process.usage.cpu_s
