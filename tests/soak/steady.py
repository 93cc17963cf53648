"""One unit under a zone's traffic for a while: what its processes take, whether that grows, and that nothing is lost."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from rsu.observability.processes import usage
from tests.pipeline.live_unit import LiveUnit, is_balanced, until

from .traffic import Traffic

SAMPLE_S = 10.0
WARM_SHARE = 0.5
"""Of a run, in which caches fill: the slopes are those of the rest."""
GROWTH_SHARE_MAX, GROWTH_KIB_MAX = 0.05, 8_192
"""What a process may grow in the rest of a run: a share of what it has, or so much, whichever is more."""
FDS_GROWTH_MAX = 4  # SQLite opens and closes files as it works
SUPERVISOR = "supervisor"


class Plan(NamedTuple):
    seed: int
    minutes: float
    rate_hz: int


class Sample(NamedTuple):
    """One look at the unit: each process by its roles, and the records waiting in each queue."""

    at_s: float
    rss_kib: dict[str, int]
    fds: dict[str, int]
    cpu_s: dict[str, float]
    queues: dict[str, int]


class Process(NamedTuple):
    """One process over a run.

    :param rss_kib, fds: at the first and at the last look.
    :param slope_kib_min: of its memory after the warm share of the run, by least squares.
    :param cpu_share: of one core, over the whole run.
    """

    roles: str
    rss_kib: tuple[int, int]
    slope_kib_min: float
    fds: tuple[int, int]
    cpu_share: float
    grows: bool


class Outcome(NamedTuple):
    """What came of a run.

    :param lost: datagrams sent without a row of their own; ``dropped``: those of them that the kernel had no room for.
    :param twice: rows too many.
    """

    sent: int
    ledger: dict[str, int]
    lost: int
    dropped: int
    twice: int
    late_ms_max: float
    queues_max: dict[str, int]
    processes: list[Process]

    @property
    def is_good(self) -> bool:
        return not (self.lost or self.twice or self.ledger["shed"] or any(process.grows for process in self.processes))


def run(plan: Plan, folder: Path, say: Callable[[str], None]) -> Outcome:
    """The run; ``folder`` is the unit's."""
    folder.mkdir(parents=True)
    with LiveUnit(folder, selftest_s=0) as unit:
        traffic = Traffic(unit.send_octets, plan.rate_hz, plan.seed)
        samples = [look(unit, 0.0)]
        traffic.start()
        try:
            _watch(unit, traffic, plan, samples, say)
        finally:
            traffic.stop()
        # A stop may leave some, on a machine with much to do.
        until(lambda: not unit.in_kernel()[0], "the unit has taken all datagrams")
        dropped = unit.in_kernel()[1]
        code = unit.stop()
        assert code == 0, f"the unit's exit code is {code}: {unit.log}"
        return _outcome(unit, traffic, samples, dropped)


def _watch(unit: LiveUnit, traffic: Traffic, plan: Plan, samples: list[Sample], say: Callable[[str], None]) -> None:
    """Looks at the unit every :data:`SAMPLE_S` while the run lasts, and says so."""
    begun = time.monotonic()
    end = begun + plan.minutes * 60
    due = begun
    while due < end:
        due = min(due + SAMPLE_S, end)
        time.sleep(max(0.0, due - time.monotonic()))
        last = look(unit, time.monotonic() - begun)
        samples.append(last)
        rss = ", ".join(f"{roles} {kib / 1024:.1f} MiB {last.fds[roles]} fds" for roles, kib in last.rss_kib.items())
        say(f"{last.at_s:6.0f} s  {traffic.sent.total():,} sent  {rss}  waiting {max(last.queues.values(), default=0)}")


def look(unit: LiveUnit, at_s: float) -> Sample:
    """What the unit says of itself now; of its processes, what the kernel says."""
    said = unit.status()
    assert unit.process is not None
    roles: dict[int, list[str]] = {unit.process.pid: [SUPERVISOR]}
    for row in said["roles"]:
        roles.setdefault(row["pid"], []).append(row["role"])
    found = {", ".join(names): used for pid, names in roles.items() if (used := usage(pid)) is not None}
    return Sample(
        at_s,
        {name: used.rss_octets // 1024 for name, used in found.items()},
        {name: used.fds for name, used in found.items()},
        {name: used.cpu_s for name, used in found.items()},
        said["queues"],
    )


def process_of(roles: str, samples: Sequence[Sample]) -> Process:
    """A process over the samples in which it was there."""
    seen = [sample for sample in samples if roles in sample.rss_kib]
    first, last = seen[0], seen[-1]
    rest = [sample for sample in seen if sample.at_s >= WARM_SHARE * last.at_s]
    minutes = np.array([sample.at_s / 60 for sample in rest])
    slope = float(np.polyfit(minutes, [sample.rss_kib[roles] for sample in rest], 1)[0]) if len(rest) > 1 else 0.0
    grown_kib = slope * float(minutes[-1] - minutes[0])
    allowed_kib = max(GROWTH_KIB_MAX, GROWTH_SHARE_MAX * last.rss_kib[roles])
    return Process(
        roles,
        (first.rss_kib[roles], last.rss_kib[roles]),
        round(slope, 1),
        (first.fds[roles], last.fds[roles]),
        round((last.cpu_s[roles] - first.cpu_s[roles]) / max(1e-9, last.at_s - first.at_s), 3),
        grown_kib > allowed_kib or last.fds[roles] - rest[0].fds[roles] > FDS_GROWTH_MAX,
    )


def _outcome(unit: LiveUnit, traffic: Traffic, samples: Sequence[Sample], dropped: int) -> Outcome:
    sent, ledger = traffic.sent.total(), unit.ledger()
    assert is_balanced(ledger), ledger
    unacknowledged, twice = unit.lost_and_twice()
    unheard = sent - sum(unit.heads().values())
    queues: dict[str, int] = {}
    for sample in samples:
        queues = {name: max(depth, queues.get(name, 0)) for name, depth in sample.queues.items()}
    names = dict.fromkeys(name for sample in samples for name in sample.rss_kib)
    processes = [process_of(name, samples) for name in names]
    return Outcome(sent, ledger, unacknowledged + unheard, dropped, twice, round(traffic.late_ms_max, 1), queues, processes)


def entry_of(outcome: Outcome) -> dict[str, Any]:
    """The outcome's part of the record."""
    return {**outcome._asdict(), "processes": [process._asdict() for process in outcome.processes]}
