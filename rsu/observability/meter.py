"""What a role measures: counters, gauges and stage times in plain dicts, reported as a whole once a second.

A role counts in its own thread without a lock; :meth:`Meter.report` makes what goes to the supervisor, where the reports of all
roles become `/metrics`. Values are cumulative since the role started, so that a lost report loses nothing.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict

import msgspec

Labels = tuple[tuple[str, str], ...]
Series = tuple[str, Labels]

STAGE_SECONDS = "rsu_stage_seconds"
#: Upper bounds of the stage histogram, nanoseconds.
BOUNDS_NS = tuple(
    round(value * 10**power) for power in range(4, 10) for value in (1.0, 2.0, 5.0)
)  # 10 µs … 5 s


class Stage(msgspec.Struct):
    """Times of one stage: how many fell at or under each bound of :data:`BOUNDS_NS` and above all, and their sum."""

    buckets: list[int]
    sum_ns: int = 0


class Report(msgspec.Struct, kw_only=True, tag_field="kind", tag="report"):
    """One role's measures.

    :param role: ``ingest``, ``engine``, …
    :param stopping: the role's last report before an orderly end.
    """

    role: str
    pid: int
    time_ns: int
    started_ns: int
    counters: list[tuple[str, Labels, float]]
    gauges: list[tuple[str, Labels, float]]
    stages: dict[str, Stage]
    stopping: bool = False


class Meter:
    """The measures of one role.

    :param role: its name.
    """

    def __init__(self, role: str, pid: int, started_ns: int) -> None:
        self.role = role
        self.pid = pid
        self.started_ns = started_ns
        self.counters: defaultdict[Series, float] = defaultdict(float)
        self.gauges: dict[Series, float] = {}
        self.stages: dict[str, Stage] = {}

    def count(self, name: str, by: float = 1, **labels: str) -> None:
        self.counters[name, tuple(sorted(labels.items()))] += by

    def gauge(self, name: str, value: float, **labels: str) -> None:
        self.gauges[name, tuple(sorted(labels.items()))] = value

    def stage(self, name: str, time_ns: int, times: int = 1) -> None:
        """``times`` events of the stage took ``time_ns`` each."""
        stage = self.stages.get(name)
        if stage is None:
            stage = self.stages[name] = Stage([0] * (len(BOUNDS_NS) + 1))
        stage.buckets[bisect_left(BOUNDS_NS, time_ns)] += times
        stage.sum_ns += time_ns * times

    def report(self, time_ns: int, *, stopping: bool = False) -> Report:
        return Report(
            role=self.role,
            pid=self.pid,
            time_ns=time_ns,
            started_ns=self.started_ns,
            counters=[(*series, value) for series, value in self.counters.items()],
            gauges=[(*series, value) for series, value in self.gauges.items()],
            stages=self.stages,
            stopping=stopping,
        )
