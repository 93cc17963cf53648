"""What a role measures: counters, gauges and stage times in plain dicts, reported as a whole once a second.

A role counts in its own thread without a lock; :meth:`Meter.report` makes what goes to the supervisor, where the reports of all
roles become `/metrics`. Values are cumulative since the role started, so that a lost report loses nothing. What may be counted
stands in :mod:`rsu.observability.metrics`. Label values that come from outside are bounded: past :data:`SERIES_MAX` series they
are one.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import deque

import msgspec

from rsu.observability.busiest import Busiest, Sender

Labels = tuple[tuple[str, str], ...]
Series = tuple[str, Labels]

STAGE_SECONDS = "rsu_stage_seconds"
#: Upper bounds of the stage histogram, nanoseconds.
BOUNDS_NS = tuple(round(value * 10**power) for power in range(4, 10) for value in (1.0, 2.0, 5.0))  # 10 µs … 5 s
SERIES_MAX = 2_000  # counters and gauges of one role
STAGES_MAX = 32
LABEL_LETTERS_MAX = 64
OTHER = "(other)"
EVENTS_MAX = 20
EVENT_LETTERS_MAX = 240


class Stage(msgspec.Struct):
    """Times of one stage: how many fell at or under each bound of :data:`BOUNDS_NS` and above all, and their sum."""

    buckets: list[int]
    sum_ns: int = 0


class Event(msgspec.Struct, frozen=True):
    """Something worth a line for people: a reject, a reconnection, a role that gave up.

    :param kind: ``reject``, ``event``, ``fault`` …
    """

    time_ns: int
    kind: str
    text: str


class Report(msgspec.Struct, kw_only=True, tag_field="kind", tag="report"):
    """One role's measures.

    :param role: ``ingest``, ``engine``, …
    :param stopping: the role's last report before an orderly end.
    :param senders: the busiest senders, at most 20: name, message type, messages a second.
    :param events: the latest, at most 20, oldest first.
    """

    role: str
    pid: int
    time_ns: int
    started_ns: int
    counters: list[tuple[str, Labels, float]]
    gauges: list[tuple[str, Labels, float]]
    stages: dict[str, Stage]
    stopping: bool = False
    senders: list[Sender] = []
    events: list[Event] = []


class Meter:
    """The measures of one role.

    :param role: its name.
    """

    def __init__(self, role: str, pid: int, started_ns: int) -> None:
        self.role = role
        self.pid = pid
        self.started_ns = started_ns
        self.counters: dict[Series, float] = {}
        self.gauges: dict[Series, float] = {}
        self.stages: dict[str, Stage] = {}
        self.events: deque[Event] = deque(maxlen=EVENTS_MAX)
        self._busiest = Busiest(started_ns)

    def count(self, name: str, by: float = 1, **labels: str) -> None:
        series = self._series(self.counters, name, labels)
        self.counters[series] = self.counters.get(series, 0) + by

    def total(self, name: str, value: float, **labels: str) -> None:
        """A counter that somebody else keeps: its value since the role started."""
        self.counters[self._series(self.counters, name, labels)] = value

    def gauge(self, name: str, value: float, **labels: str) -> None:
        self.gauges[self._series(self.gauges, name, labels)] = value

    def stage(self, name: str, time_ns: int, times: int = 1) -> None:
        """``times`` events of the stage took ``time_ns`` each."""
        stage = self.stages.get(name)
        if stage is None:
            name = name if len(self.stages) < STAGES_MAX else OTHER
            stage = self.stages.setdefault(name, Stage([0] * (len(BOUNDS_NS) + 1)))
        stage.buckets[bisect_left(BOUNDS_NS, time_ns)] += times
        stage.sum_ns += time_ns * times

    def sender(self, sender: str | None, type_name: str) -> None:
        """A message of this sender was heard; None: it does not say who it is."""
        if sender:
            self._busiest.count(sender, type_name)

    def event(self, kind: str, text: str, time_ns: int) -> None:
        """A line for `rsu top`; only the latest :data:`EVENTS_MAX` are kept."""
        self.events.append(Event(time_ns, kind, text[:EVENT_LETTERS_MAX]))

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
            senders=self._busiest.top(time_ns),
            events=list(self.events),
        )

    @staticmethod
    def _series(known: dict[Series, float], name: str, labels: dict[str, str]) -> Series:
        """The series, or that of all the others once there are too many."""
        series = (name, tuple(sorted(labels.items())))
        if series in known:
            return series
        if len(known) >= SERIES_MAX:
            return name, tuple((label, OTHER) for label, _ in series[1])
        return name, tuple((label, value[:LABEL_LETTERS_MAX]) for label, value in series[1])
