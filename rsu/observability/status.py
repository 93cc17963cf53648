"""All that a unit says of itself, as one typed value: what /status gives, and `rsu status` and `rsu top` show.

What each figure means stands in :mod:`rsu.observability.figures`.
"""

from __future__ import annotations

import platform
from importlib.metadata import version
from typing import Annotated

import msgspec

from rsu.observability.busiest import Sender
from rsu.observability.health import Health
from rsu.observability.history import WINDOW_S, quantile_ns
from rsu.observability.meter import Event
from rsu.observability.metrics import SERIES_OF_A_METRIC_MAX
from rsu.observability.registry import RECEIVED, REJECTED, SHED, Registry
from rsu.observability.rules import Check, Level, worst

HEARD = "rsu_source_records_total"
STORED, DUPLICATE = "rsu_messages_stored_total", "rsu_messages_duplicate_total"


class _Part(msgspec.Struct, frozen=True, kw_only=True):
    """A section of the page."""


class UnitStatus(_Part, frozen=True, kw_only=True):
    id: str
    version: str
    python: str
    time_ns: int
    started_ns: int
    uptime_s: float


class HealthStatus(_Part, frozen=True, kw_only=True):
    level: Level
    alive: bool
    ready: bool
    checks: list[Check]


class RoleStatus(_Part, frozen=True, kw_only=True):
    """Usage is that of the role's process, which it may share with others."""

    role: str
    up: bool
    pid: int
    restarts: int
    report_age_s: float | None
    uptime_s: float | None
    cpu_share: float | None
    rss_octets: int | None
    fds: int | None


class TypeStatus(_Part, frozen=True, kw_only=True):
    """Messages of one type: a second now, a second over the last minute, in all; ``line`` is the minute, oldest first."""

    type: str
    now: float
    minute: float
    total: int
    line: list[float]


class StageStatus(_Part, frozen=True, kw_only=True):
    """A stage over the last minute."""

    stage: str
    events: int
    p50_ms: float | None
    p99_ms: float | None


class LedgerStatus(_Part, frozen=True, kw_only=True):
    received: int
    stored: int
    quarantined: int
    duplicate: int
    shed: int
    in_flight: int
    lost: int


class OutboxStatus(_Part, frozen=True, kw_only=True):
    octets: int | None
    octets_max: int
    oldest_age_s: float | None
    evicted: int


class TargetStatus(_Part, frozen=True, kw_only=True):
    """``up`` is None where no connection is reported."""

    target: str
    up: bool | None
    lag_s: float | None


class ClockStatus(_Part, frozen=True, kw_only=True):
    synchronised: bool
    error_s: float
    bound_s: float
    steps: int
    last_step_s: float | None
    last_step_ns: int | None


class DiskStatus(_Part, frozen=True, kw_only=True):
    free_octets: int
    total_octets: int


class RecordingStatus(_Part, frozen=True, kw_only=True):
    written: int
    lost: int
    removed_files: int


class Status(_Part, frozen=True, kw_only=True):
    """The whole page; one of a newer unit may hold more."""

    unit: UnitStatus
    health: HealthStatus
    roles: list[RoleStatus]
    types: Annotated[list[TypeStatus], msgspec.Meta(max_length=2 * SERIES_OF_A_METRIC_MAX)]
    rejected: dict[str, int]
    shed: dict[str, int]
    queues: dict[str, int]
    tracks: dict[str, int] = {}
    stages: list[StageStatus]
    ledger: LedgerStatus
    outbox: OutboxStatus
    targets: list[TargetStatus]
    clock: ClockStatus
    disk: DiskStatus | None
    recording: RecordingStatus
    senders: list[Sender]
    events: list[Event]


def status(registry: Registry, health: Health) -> Status:
    """The page now."""
    checks = health.checks()
    return Status(
        unit=_unit(health),
        health=HealthStatus(level=worst(checks), alive=health.alive()[0], ready=health.ready()[0], checks=checks),
        roles=_roles(registry, health),
        types=_types(registry),
        rejected=_whole(registry.by_label(REJECTED, "reason")),
        shed=_whole(registry.by_label(SHED, "reason")),
        queues=_whole(registry.by_label("rsu_queue_depth", "queue")),
        tracks=_whole(registry.by_label("rsu_tracks", "kind")),
        stages=_stages(registry),
        ledger=_ledger(registry),
        outbox=_outbox(registry, health),
        targets=_targets(registry),
        clock=_clock(health),
        disk=_disk(health),
        recording=RecordingStatus(
            written=int(registry.total("rsu_recording_records_total")),
            lost=int(registry.total("rsu_recording_lost_total")),
            removed_files=int(registry.total("rsu_recording_removed_total")),
        ),
        senders=registry.senders(),
        events=registry.events(),
    )


def _whole(values: dict[str, float]) -> dict[str, int]:
    return {name: int(value) for name, value in values.items()}


def _unit(health: Health) -> UnitStatus:
    return UnitStatus(
        id=health.config.unit.id,
        version=version("rsu"),
        python=platform.python_version(),
        time_ns=health.wall_ns(),
        started_ns=health.started_ns,
        uptime_s=round(health.uptime_s(), 1),
    )


def _roles(registry: Registry, health: Health) -> list[RoleStatus]:
    processes, now_ns = health.machine().processes, health.wall_ns()
    rows = []
    for state in registry.roles():
        process = processes.get(state.pid) if state.up else None
        rows.append(
            RoleStatus(
                role=state.role,
                up=state.up,
                pid=state.pid,
                restarts=state.restarts,
                report_age_s=state.age_s,
                uptime_s=round((now_ns - state.started_ns) / 1e9, 1) if state.up else None,
                cpu_share=process.cpu_share if process else None,
                rss_octets=process.usage.rss_octets if process else None,
                fds=process.usage.fds if process else None,
            )
        )
    return rows


def _types(registry: Registry) -> list[TypeStatus]:
    history, now_ns = registry.history, registry.now_ns()
    return [
        TypeStatus(
            type=name,
            now=round(history.rate(f"received:{name}", now_ns), 1),
            minute=round(history.rate(f"received:{name}", now_ns, WINDOW_S), 1),
            total=int(total),
            line=history.line(f"received:{name}"),
        )
        for name, total in registry.by_label(RECEIVED, "type").items()
    ]


def _stages(registry: Registry) -> list[StageStatus]:
    now_ns = registry.now_ns()
    rows = []
    for name in sorted(registry.stages()):
        buckets = registry.history.stage(name, now_ns)
        p50, p99 = (quantile_ns(buckets, share) for share in (0.5, 0.99))
        rows.append(StageStatus(stage=name, events=sum(buckets), p50_ms=_ms(p50), p99_ms=_ms(p99)))
    return rows


def _ms(time_ns: float | None) -> float | None:
    return None if time_ns is None else round(time_ns / 1e6, 3)


def _ledger(registry: Registry) -> LedgerStatus:
    received, stored, quarantined, duplicate, shed = (
        int(registry.total(name)) for name in (HEARD, STORED, REJECTED, DUPLICATE, SHED)
    )
    in_flight = int(registry.gauge("rsu_records_in_flight") or 0)
    return LedgerStatus(
        received=received,
        stored=stored,
        quarantined=quarantined,
        duplicate=duplicate,
        shed=shed,
        in_flight=in_flight,
        lost=max(received - stored - quarantined - duplicate - shed - in_flight, 0),
    )


def _outbox(registry: Registry, health: Health) -> OutboxStatus:
    octets = registry.gauge("rsu_outbox_octets")
    return OutboxStatus(
        octets=None if octets is None else int(octets),
        octets_max=health.config.store.outbox_octets_max,
        oldest_age_s=registry.gauge("rsu_outbox_oldest_age_seconds"),
        evicted=int(registry.total("rsu_outbox_evicted_total")),
    )


def _targets(registry: Registry) -> list[TargetStatus]:
    lags, links = registry.by_label("rsu_upload_lag_seconds", "target"), registry.by_label("rsu_uplink_up", "target")
    return [
        TargetStatus(target=name, up=bool(links[name]) if name in links else None, lag_s=lags.get(name))
        for name in sorted({*lags, *links})
    ]


def _clock(health: Health) -> ClockStatus:
    clock, last = health.machine().clock, health.watch.steps[-1:]
    return ClockStatus(
        synchronised=clock.synchronised,
        error_s=clock.error_s,
        bound_s=clock.bound_s,
        steps=health.watch.count,
        last_step_s=last[0].by_s if last else None,
        last_step_ns=last[0].time_ns if last else None,
    )


def _disk(health: Health) -> DiskStatus | None:
    found = health.machine().disk
    return DiskStatus(free_octets=found.free_octets, total_octets=found.total_octets) if found else None
