"""The reports of all roles, put together: totals that outlive a role's restart, within bounds.

A role counts from zero when it starts again. What its last run had reached becomes the base on which the new run counts, so
that a total never goes down; runs are told apart by (pid, start). Gauges are those of the roles that report. Label values
come from outside: past :data:`rsu.observability.metrics.SERIES_OF_A_METRIC_MAX` those of a metric are one series, ``(other)``.
"""

from __future__ import annotations

import threading
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterable, Sequence

import msgspec

from rsu.observability.busiest import SHOWN_MAX, Sender
from rsu.observability.clock import steady_ns
from rsu.observability.history import History, Sample
from rsu.observability.meter import BOUNDS_NS, EVENTS_MAX, OTHER, STAGES_MAX, Event, Labels, Report, Series, Stage
from rsu.observability.metrics import METRICS, SERIES_OF_A_METRIC_MAX, Kind, fits

ROLES_MAX = 16
RUNS_KEPT = 8  # of which a late report is still recognised
RESTARTS_KEPT = 64
ROLE_SILENT_S = 5.0
RECEIVED = "rsu_messages_received_total"
REJECTED = "rsu_messages_rejected_total"
SHED = "rsu_shed_total"
SELFTEST = "rsu_selftest_passed_total"


class RoleState(msgspec.Struct, frozen=True, kw_only=True):
    """One role as its reports show it.

    :param age_s: since its last report; None: there was none.
    """

    role: str
    up: bool
    pid: int = 0
    started_ns: int = 0
    restarts: int = 0
    age_s: float | None = None
    stopping: bool = False


class _Run(msgspec.Struct):
    """A role's last report, and when it came."""

    report: Report
    steady_ns: int
    counters: dict[Series, float]
    gauges: dict[Series, float]
    stages: dict[str, Stage]


class _Role:
    """A role over all of its runs."""

    def __init__(self) -> None:
        self.run: _Run | None = None
        self.past: deque[tuple[int, int]] = deque(maxlen=RUNS_KEPT)
        self.base: defaultdict[Series, float] = defaultdict(float)
        self.base_stages: dict[str, Stage] = {}
        self.restarts = 0


class Registry:
    """Takes reports; gives totals. Any thread may ask.

    :param roles: that are expected to report.
    :param strict: raise at a series that is not in the table of metrics, as tests want it; else it is counted and left out.
    """

    def __init__(self, roles: Iterable[str] = (), *, strict: bool = False, steady: Callable[[], int] = steady_ns) -> None:
        self._lock = threading.RLock()
        self._steady = steady
        self._strict = strict
        self._roles: dict[str, _Role] = {role: _Role() for role in roles}
        self._admitted: defaultdict[str, set[Labels]] = defaultdict(set)
        self._stages: set[str] = set()
        self._restarts: deque[int] = deque(maxlen=RESTARTS_KEPT)
        self._selftest_ns: int | None = None
        self.refused: Counter[str] = Counter()
        self.history = History()

    def take(self, report: Report) -> None:
        """One role's report.

        :raises ValueError: when strict, for a series that is not declared.
        """
        with self._lock:
            role = self._role(report)
            if role is None:
                return
            now_ns = self._steady()
            if role.run is not None and _key(role.run.report) != _key(report):
                self._fold(role, now_ns)
            passed = self.total(SELFTEST)
            role.run = _Run(
                report,
                now_ns,
                self._within_bounds(report.counters, "counter"),
                self._within_bounds(report.gauges, "gauge"),
                self._stages_within_bounds(report.stages),
            )
            if self.total(SELFTEST) > passed:
                self._selftest_ns = now_ns
            if self.history.due(now_ns):
                self.history.add(self._sample(now_ns))

    def _role(self, report: Report) -> _Role | None:
        """The report's role, unless it may not report."""
        if report.role not in self._roles:
            if len(self._roles) >= ROLES_MAX:
                self.refused["role"] += 1
                return None
            self._roles[report.role] = _Role()
        role = self._roles[report.role]
        if _key(report) in role.past:
            self.refused["old run"] += 1
            return None
        return role

    def _fold(self, role: _Role, now_ns: int) -> None:
        """The run that ended becomes part of the base."""
        assert role.run is not None
        for series, value in role.run.counters.items():
            role.base[series] += value
        for name, stage in role.run.stages.items():
            role.base_stages[name] = _sum(role.base_stages.get(name), stage)
        role.past.append(_key(role.run.report))
        role.restarts += 1
        self._restarts.append(now_ns)

    def _within_bounds(self, values: Sequence[tuple[str, Labels, float]], kind: Kind) -> dict[Series, float]:
        """The declared series of a report, those past the bound of their metric as one."""
        taken: defaultdict[Series, float] = defaultdict(float)
        for name, labels, value in values:
            if not fits(name, kind, labels):
                if self._strict:
                    raise ValueError(f"{kind} {name}{dict(labels)} is not declared in rsu.observability.metrics")
                self.refused["undeclared"] += 1
                continue
            admitted = self._admitted[name]
            if labels not in admitted:
                if len(admitted) < SERIES_OF_A_METRIC_MAX:
                    admitted.add(labels)
                else:
                    labels = tuple((label, OTHER) for label, _ in labels)
            taken[name, labels] += value
        return dict(taken)

    def _stages_within_bounds(self, stages: dict[str, Stage]) -> dict[str, Stage]:
        """The stages of a report that have the right buckets, as many as are admitted."""
        taken = {}
        for name, stage in stages.items():
            known = name in self._stages
            if len(stage.buckets) != len(BOUNDS_NS) + 1 or (not known and len(self._stages) >= STAGES_MAX):
                self.refused["stage"] += 1
                continue
            self._stages.add(name)
            taken[name] = Stage(list(stage.buckets), stage.sum_ns)
        return taken

    def _sample(self, now_ns: int) -> Sample:
        totals: defaultdict[str, float] = defaultdict(float)
        for (name, labels), value in self.counters().items():
            totals[name] += value
            if name == RECEIVED:
                totals[f"received:{dict(labels)['type']}"] += value
        stages = {name: tuple(stage.buckets) for name, stage in self.stages().items()}
        return Sample(now_ns, dict(totals), stages)

    # Questions ------------------------------------------------------------------------------------------------------

    def counters(self) -> dict[Series, float]:
        """Totals of all roles over all of their runs."""
        sums: defaultdict[Series, float] = defaultdict(float)
        with self._lock:
            for role in self._roles.values():
                for part in (role.base, role.run.counters if role.run else {}):
                    for series, value in part.items():
                        sums[series] += value
            for reason, count in self.refused.items():
                sums["rsu_reports_refused_total", (("reason", reason),)] += count
        return dict(sums)

    def gauges(self) -> dict[Series, float]:
        """Values of the roles that report."""
        with self._lock:
            now_ns = self._steady()
            return {
                series: value
                for role in self._roles.values()
                if role.run is not None and _up(role.run, now_ns)
                for series, value in role.run.gauges.items()
            }

    def stages(self) -> dict[str, Stage]:
        """The stage histograms of all roles over all of their runs."""
        sums: dict[str, Stage] = {}
        with self._lock:
            for role in self._roles.values():
                for part in (role.base_stages, role.run.stages if role.run else {}):
                    for name, stage in part.items():
                        sums[name] = _sum(sums.get(name), stage)
        return sums

    def total(self, name: str) -> float:
        """The sum of a counter over its labels."""
        return sum(value for (series, _), value in self.counters().items() if series == name)

    def by_label(self, name: str, label: str) -> dict[str, float]:
        """A metric's values by one of its labels, summed over the others."""
        values = self.counters() if METRICS[name].kind == "counter" else self.gauges()
        sums: defaultdict[str, float] = defaultdict(float)
        for (series, labels), value in values.items():
            if series == name:
                sums[dict(labels).get(label, "")] += value
        return dict(sorted(sums.items()))

    def gauge(self, name: str) -> float | None:
        """A gauge without labels; None where no role reports it."""
        return self.gauges().get((name, ()))

    def roles(self) -> list[RoleState]:
        """The expected roles and those that reported."""
        with self._lock:
            now_ns = self._steady()
            return [_state(name, role, now_ns) for name, role in self._roles.items()]

    def restarts_in(self, seconds: float) -> int:
        """Restarts of roles in the last ``seconds``, at most :data:`RESTARTS_KEPT`."""
        with self._lock:
            return sum(self._steady() - moment <= seconds * 1e9 for moment in self._restarts)

    def selftest_age_s(self) -> float | None:
        """Since the selftest passed last, by a clock that nobody sets; None: it never did."""
        with self._lock:
            return None if self._selftest_ns is None else (self._steady() - self._selftest_ns) / 1e9

    def senders(self) -> list[Sender]:
        """The busiest senders that the roles report, the busiest first."""
        with self._lock:
            found = [sender for run in self._running() for sender in run.report.senders[:SHOWN_MAX]]
        return sorted(found, key=lambda sender: (-sender[2], sender[:2]))[:SHOWN_MAX]

    def events(self) -> list[Event]:
        """The latest events of all roles, oldest first."""
        with self._lock:
            found = [event for run in self._running() for event in run.report.events[-EVENTS_MAX:]]
        return sorted(found, key=lambda event: event.time_ns)[-EVENTS_MAX:]

    def now_ns(self) -> int:
        """The clock of :attr:`history`."""
        return self._steady()

    def _running(self) -> list[_Run]:
        now_ns = self._steady()
        return [role.run for role in self._roles.values() if role.run is not None and _up(role.run, now_ns)]


def _key(report: Report) -> tuple[int, int]:
    return report.pid, report.started_ns


def _up(run: _Run, now_ns: int) -> bool:
    return not run.report.stopping and now_ns - run.steady_ns <= ROLE_SILENT_S * 1e9


def _state(name: str, role: _Role, now_ns: int) -> RoleState:
    run = role.run
    if run is None:
        return RoleState(role=name, up=False)
    return RoleState(
        role=name,
        up=_up(run, now_ns),
        pid=run.report.pid,
        started_ns=run.report.started_ns,
        restarts=role.restarts,
        age_s=round((now_ns - run.steady_ns) / 1e9, 3),
        stopping=run.report.stopping,
    )


def _sum(one: Stage | None, other: Stage) -> Stage:
    if one is None:
        return Stage(list(other.buckets), other.sum_ns)
    return Stage([a + b for a, b in zip(one.buckets, other.buckets, strict=True)], one.sum_ns + other.sum_ns)
