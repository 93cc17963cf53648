"""How the unit is: what the supervisor measures itself and what the roles report, judged by :mod:`rsu.observability.rules`."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import NamedTuple

from rsu.config import Config
from rsu.observability.clock import ClockQuality, Step, StepWatch, clock_quality, steady_ns
from rsu.observability.processes import Disk, Usage, disk, usage
from rsu.observability.registry import RECEIVED, REJECTED, SHED, Registry
from rsu.observability.rules import Check, Facts, Parameters, judge, worst

LOOK_NS = 1_000_000_000  # the machine is asked at most this often, however often the pages are


class Process(NamedTuple):
    """A process of the unit: the roles it holds, what it takes, and its share of one core since the look before."""

    roles: tuple[str, ...]
    usage: Usage
    cpu_share: float


class Machine(NamedTuple):
    """What was measured at the last look."""

    clock: ClockQuality
    disk: Disk | None
    processes: dict[int, Process]


class Health:
    """The supervisor's view; any thread may ask. The supervisor calls :meth:`look` about once a second.

    :param config: names the unit, its folders and limits.
    :param clock: the kernel's estimate.
    """

    def __init__(
        self,
        config: Config,
        registry: Registry,
        *,
        parameters: Parameters | None = None,
        clock: Callable[[], ClockQuality] = clock_quality,
        wall: Callable[[], int] = time.time_ns,
        steady: Callable[[], int] = steady_ns,
    ) -> None:
        self.config = config
        self.registry = registry
        self.started_ns = wall()
        self.watch = StepWatch()
        self._parameters = parameters or Parameters()
        self._clock, self._wall, self._steady = clock, wall, steady
        self._lock = threading.Lock()
        self._begun_ns = self._looked_ns = steady()
        self._step_ns: int | None = None
        self._machine = self._measure({}, 0)
        self.watch.look(self.started_ns, self._begun_ns)

    def look(self) -> Step | None:
        """Measure clock, disk and processes, unless that was done within the last second; gives a step of the clock."""
        with self._lock:
            now_ns = self._steady()
            elapsed_ns = now_ns - self._looked_ns
            if elapsed_ns < LOOK_NS:
                return None
            step = self.watch.look(self._wall(), now_ns)
            if step is not None:
                self._step_ns = now_ns
            self._machine = self._measure(self._machine.processes, elapsed_ns)
            self._looked_ns = now_ns
            return step

    def machine(self) -> Machine:
        self.look()
        return self._machine

    def _measure(self, before: dict[int, Process], elapsed_ns: int) -> Machine:
        roles: dict[int, list[str]] = {}
        for state in self.registry.roles():
            if state.pid:
                roles.setdefault(state.pid, []).append(state.role)
        processes = {}
        for pid, names in roles.items():
            used = usage(pid)
            if used is None:
                continue
            spent_s = used.cpu_s - before[pid].usage.cpu_s if pid in before else 0.0
            share = spent_s * 1e9 / elapsed_ns if elapsed_ns else 0.0
            processes[pid] = Process(tuple(names), used, round(max(share, 0.0), 4))
        return Machine(self._clock(), disk(self.config.unit.state_dir), processes)

    def uptime_s(self) -> float:
        return (self._steady() - self._begun_ns) / 1e9

    def wall_ns(self) -> int:
        return self._wall()

    def facts(self) -> Facts:
        """All that the rules need."""
        machine, registry, config = self.machine(), self.registry, self.config
        now_ns = registry.now_ns()
        stores, links = registry.by_label("rsu_store_up", "store"), registry.by_label("rsu_uplink_up", "target")
        recent = self._step_ns is not None and self._steady() - self._step_ns <= self._parameters.clock_step_window_s * 1e9
        return Facts(
            uptime_s=self.uptime_s(),
            roles_down=tuple(state.role for state in registry.roles() if not state.up),
            restarts_lately=registry.restarts_in(self._parameters.restarts_window_s),
            selftest_period_s=config.pipeline.selftest_s,
            selftest_age_s=registry.selftest_age_s(),
            outbox_up=_flag(stores.get("outbox")),
            database_up=_flag(stores.get("database")),
            outbox_age_s=registry.gauge("rsu_outbox_oldest_age_seconds"),
            outbox_octets=registry.gauge("rsu_outbox_octets"),
            outbox_octets_max=config.store.outbox_octets_max,
            upload_lag_s=registry.by_label("rsu_upload_lag_seconds", "target"),
            targets_down=tuple(name for name, up in links.items() if not up),
            clock_synchronised=machine.clock.synchronised,
            clock_error_s=machine.clock.error_s,
            clock_error_s_max=config.observability.clock_error_ms_max / 1e3,
            clock_step_s=self.watch.steps[-1].by_s if recent else None,
            received_minute=registry.history.grown(RECEIVED, now_ns),
            shed_minute=registry.history.grown(SHED, now_ns),
            rejected_minute=registry.history.grown(REJECTED, now_ns),
            disk_free_octets=machine.disk.free_octets if machine.disk else None,
            disk_total_octets=machine.disk.total_octets if machine.disk else 0,
        )

    def checks(self) -> list[Check]:
        return judge(self.facts(), self._parameters)

    def alive(self) -> tuple[bool, list[Check]]:
        """Whether records get through: what a watchdog, or /healthz, asks."""
        checks = [check for check in self.checks() if check.name == "selftest"]
        return worst(checks) != "fail", checks

    def ready(self) -> tuple[bool, list[Check]]:
        """Whether the unit does its work now: all roles report, and what they hear is kept. The clock is told with it."""
        facts = self.facts()
        checks = [check for check in judge(facts, self._parameters) if check.name in ("roles", "storage", "clock")]
        return not facts.roles_down and bool(facts.outbox_up), checks


def _flag(value: float | None) -> bool | None:
    return None if value is None else bool(value)
