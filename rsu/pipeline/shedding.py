"""What was shed, where it stood in the window: neighbours make one run, with how many there were of each kind."""

from __future__ import annotations

import msgspec

from rsu.engine import Shed
from rsu.received import Received

MINUTE_NS = 60_000_000_000
SHED_KINDS_MAX = 1_024  # different (minute, source, type, reason) of one run; later minutes join the last one of their kind


class ShedRun(msgspec.Struct):
    """Neighbours that were shed: their numbers, and how many of each (minute, source, type, reason).

    :param gone: it went to the engine: it may come again and must be the same then, so that it takes no more in.
    """

    first: int
    last: int
    counts: dict[tuple[int, str, str, str], Shed]
    gone: bool = False


def first_of(entry: Received | ShedRun) -> int:
    """The first number of an entry."""
    return entry.first if isinstance(entry, ShedRun) else entry.sequence


def last_of(entry: Received | ShedRun) -> int:
    """The last number of an entry."""
    return entry.last if isinstance(entry, ShedRun) else entry.sequence


def run_of(shed: Shed) -> ShedRun:
    """A run of one."""
    return ShedRun(shed.sequence, shed.sequence, {_kind(shed): shed})


def _kind(shed: Shed) -> tuple[int, str, str, str]:
    return shed.receive_time_ns // MINUTE_NS, shed.source, shed.type, shed.reason


def join(run: ShedRun, other: ShedRun) -> bool:
    """Takes the neighbour behind a run into it; False where they are none, or one of them went to the engine."""
    if run.gone or other.gone or other.first != run.last + 1:
        return False
    run.last = other.last
    for shed in other.counts.values():
        _count(run, shed)
    return True


def _count(run: ShedRun, shed: Shed) -> None:
    key = _kind(shed)
    if key not in run.counts and len(run.counts) >= SHED_KINDS_MAX:
        key = next(reversed(run.counts))
    there = run.counts.get(key)
    run.counts[key] = shed if there is None else msgspec.structs.replace(there, count=there.count + shed.count)
