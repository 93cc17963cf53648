"""How time is taken: calls take turns in short slices, many rounds of them.

On a shared machine the clock changes by half within seconds, and a slice may lose the core. So time is the thread's own time
on the core; each slice begins with a run-up that is not counted, as the one before has filled the caches; and two figures are
taken. A time is that of the best round, as what disturbs a run only makes it longer. A ratio is the median of each round's own
quotient, since the slices of one round meet the same clock: the quotient of the same two calls, measured six times, came out
between 0.90 and 2.01 from the best of 9 rounds of 40 ms, and between 1.25 and 1.27 so. What work on the other half of a core
does to one call more than to another stays in it, up to 0.1 of rsu / floor; :mod:`bench.instructions` is free of that.

The garbage collector is off while calls are measured, for all of them alike; what was alive before is frozen.
"""

from __future__ import annotations

import contextlib
import gc
import statistics
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

Call = Callable[[], object]
RUN_UP = 8  # one call ahead for so many that are counted


@dataclass(frozen=True)
class Effort:
    """How long to measure: a slice is one call's turn in a round."""

    rounds: int = 41
    slice_s: float = 0.004
    loads: int = 5
    thread_tries: int = 25
    thread_slice_s: float = 0.02


QUICK = Effort(rounds=1, slice_s=0.0005, loads=1, thread_tries=1, thread_slice_s=0.002)


@dataclass(frozen=True)
class Turns:
    """Nanoseconds a call, for each name and round."""

    rounds: Mapping[str, list[float]]

    def ns(self, name: str) -> float:
        return round(min(self.rounds[name]), 1)

    def ratio(self, name: str, base: str) -> float:
        """How many times longer than ``base``."""
        return statistics.median(a / b for a, b in zip(self.rounds[name], self.rounds[base], strict=True))


def take_turns(calls: Mapping[str, Call], effort: Effort, units: int = 1) -> Turns:
    """Measures ``calls``; a call does ``units`` of what is counted."""
    found: dict[str, list[float]] = {name: [] for name in calls}
    with quiet():
        times = {name: calls_in(call, effort.slice_s) for name, call in calls.items()}
        for _ in range(effort.rounds):
            for name, call in calls.items():
                found[name].append(1e9 * seconds(call, times[name]) / times[name] / units)
    return Turns(found)


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """No garbage collection inside."""
    gc.collect()
    gc.freeze()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        gc.unfreeze()


def seconds(call: Call, times: int) -> float:
    turns = range(times)
    for _ in range(times // RUN_UP + 1):
        call()
    start = time.thread_time()
    for _ in turns:
        call()
    return time.thread_time() - start


def calls_in(call: Call, slice_s: float) -> int:
    """How many calls fill a slice."""
    times = 1
    while (spent := seconds(call, times)) < slice_s / 4:
        times *= 2
    return max(1, int(times * slice_s / spent))
