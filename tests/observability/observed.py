"""A unit as the pages see it: roles that report, a clock moved by hand."""

from __future__ import annotations

import os
from collections.abc import Sequence

from rsu.config import Config
from rsu.observability.clock import ClockQuality
from rsu.observability.health import Health
from rsu.observability.meter import Meter
from rsu.observability.registry import Registry
from rsu.observability.rules import Parameters

SECOND_NS = 1_000_000_000
START_NS = 1_790_000_000 * SECOND_NS
GOOD_CLOCK = ClockQuality(0.001, True, 0.01)
ROLES = ("ingest", "engine", "record")


class Observed:
    """A registry and a health over the same clock; :meth:`step_clock` moves the wall clock alone."""

    def __init__(self, roles: Sequence[str] = ROLES, config: Config | None = None) -> None:
        self.now_ns = 5_000 * SECOND_NS
        self.wall_offset_ns = START_NS
        self.clock = GOOD_CLOCK
        self.registry = Registry(roles, strict=True, steady=lambda: self.now_ns)
        self.health = Health(
            config or Config(),
            self.registry,
            parameters=Parameters(disk_share_warn=0, disk_share_fail=0, disk_octets_fail=0),  # the test's disk may be full
            clock=lambda: self.clock,
            wall=self.wall_ns,
            steady=lambda: self.now_ns,
        )
        self.meters = {role: self.meter(role) for role in roles}

    def wall_ns(self) -> int:
        return self.now_ns + self.wall_offset_ns

    def meter(self, role: str, pid: int = 0) -> Meter:
        return Meter(role, pid or os.getpid(), self.wall_ns())

    def step_clock(self, seconds: float) -> None:
        self.wall_offset_ns += int(seconds * SECOND_NS)

    def pass_s(self, seconds: float, report: bool = True) -> None:
        """Time goes by, with a report of each role every second."""
        until_ns = self.now_ns + int(seconds * SECOND_NS)
        while self.now_ns < until_ns:
            self.now_ns = min(self.now_ns + SECOND_NS, until_ns)
            if report:
                self.report()
            self.health.look()

    def report(self, *roles: str) -> None:
        for role in roles or self.meters:
            self.registry.take(self.meters[role].report(self.wall_ns()))


def well(roles: Sequence[str] = ROLES, config: Config | None = None) -> Observed:
    """A unit of which every check is ok."""
    unit = Observed(roles, config)
    unit.meters["ingest"].count("rsu_selftest_passed_total")
    unit.meters["record"].gauge("rsu_store_up", 1, store="outbox")
    unit.report()
    return unit
