"""What a second thread gains: the same work done twice by one thread, and once each by two.

The wall clock decides, as two threads on one core take no less of the cores' time. Other work on the machine makes the gain
smaller, so the best of several tries counts, and the floor, which never holds the GIL, says what the machine could give then.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from bench.measure import Call, Effort, calls_in, quiet

THREADS = 2


@dataclass(frozen=True)
class Gain:
    """Seconds of the best try, for one call."""

    one_s: float
    two_s: float

    @property
    def times(self) -> float:
        return self.one_s / self.two_s


def gains(pairs: Sequence[Sequence[Call]], effort: Effort) -> list[Gain]:
    """The gain of each pair of calls that do the same but share nothing; the pairs take turns."""
    tries: list[list[tuple[float, float]]] = [[] for _ in pairs]
    with quiet(), ThreadPoolExecutor(THREADS) as pool:
        turns = [calls_in(pair[0], effort.thread_slice_s) for pair in pairs]
        for _ in range(effort.thread_tries):
            for found, pair, count in zip(tries, pairs, turns, strict=True):
                found.append((one_by_one_s(pair, count), side_by_side_s(pool, pair, count)))
    return [
        Gain(*(min(spent) / (count * THREADS) for spent in zip(*found, strict=True)))
        for found, count in zip(tries, turns, strict=True)
    ]


def one_by_one_s(pair: Sequence[Call], count: int) -> float:
    start = time.perf_counter()
    for call in pair:
        repeat(call, count)
    return time.perf_counter() - start


def side_by_side_s(pool: ThreadPoolExecutor, pair: Sequence[Call], count: int) -> float:
    start = time.perf_counter()
    list(pool.map(repeat, pair, [count] * THREADS))
    return time.perf_counter() - start


def repeat(call: Call, count: int) -> None:
    for _ in range(count):
        call()
