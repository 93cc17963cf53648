"""The last minute of a few totals, sampled once a second: rates, sparklines and quantiles come from differences."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from rsu.observability.meter import BOUNDS_NS

SAMPLE_NS = 1_000_000_000
WINDOW_S = 60
NOW_S = 2
SILENT_NS = 5_000_000_000  # older samples are no "now"


class Sample(NamedTuple):
    """Totals at one moment.

    :param steady_ns: of a clock that nobody sets.
    :param totals: series of totals, by name; received messages stand as ``received:<type>``.
    :param stages: bucket counts of each stage.
    """

    steady_ns: int
    totals: Mapping[str, float]
    stages: Mapping[str, tuple[int, ...]]


class History:
    """Samples of the last minute, the oldest first."""

    def __init__(self) -> None:
        self._samples: deque[Sample] = deque(maxlen=WINDOW_S + 1)

    def due(self, steady_ns: int) -> bool:
        """Whether it is time for the next sample."""
        return not self._samples or steady_ns - self._samples[-1].steady_ns >= SAMPLE_NS

    def add(self, sample: Sample) -> None:
        self._samples.append(sample)

    def rate(self, name: str, steady_ns: int, over_s: float = NOW_S) -> float:
        """A total's growth a second, over the last ``over_s`` as far as there are samples."""
        pair = self._pair(steady_ns, over_s)
        if pair is None:
            return 0.0
        old, new = pair
        return max(new.totals.get(name, 0) - old.totals.get(name, 0), 0) * 1e9 / (new.steady_ns - old.steady_ns)

    def grown(self, name: str, steady_ns: int) -> float:
        """By how much a total grew in the last minute."""
        pair = self._pair(steady_ns, WINDOW_S)
        return max(pair[1].totals.get(name, 0) - pair[0].totals.get(name, 0), 0) if pair else 0.0

    def line(self, name: str) -> list[float]:
        """Rates between neighbouring samples, at most 60, the oldest first: a sparkline."""
        samples = list(self._samples)
        return [
            round(max(new.totals.get(name, 0) - old.totals.get(name, 0), 0) * 1e9 / (new.steady_ns - old.steady_ns), 2)
            for old, new in pairwise(samples)
        ]

    def stage(self, name: str, steady_ns: int) -> tuple[int, ...]:
        """Bucket counts of a stage in the last minute."""
        pair = self._pair(steady_ns, WINDOW_S)
        if pair is None:
            return ()
        old, new = (sample.stages.get(name, ()) for sample in pair)
        return tuple(max(count - (old[index] if old else 0), 0) for index, count in enumerate(new))

    def _pair(self, steady_ns: int, over_s: float) -> tuple[Sample, Sample] | None:
        """The newest sample, and the youngest that is at least ``over_s`` older; else the oldest there is."""
        if len(self._samples) < 2 or steady_ns - self._samples[-1].steady_ns > SILENT_NS:
            return None
        new = self._samples[-1]
        older = list(self._samples)[:-1]
        far = [sample for sample in older if new.steady_ns - sample.steady_ns >= over_s * 1e9]
        return (far[-1] if far else older[0]), new


def quantile_ns(buckets: Sequence[int], share: float) -> float | None:
    """The time that ``share`` of the events stayed under, linear inside a bucket; None without events.

    :param buckets: counts under each of :data:`BOUNDS_NS`, then above them; those above count as the last bound.
    """
    rank: float = share * sum(buckets)
    below = 0
    if not rank:
        return None
    for index, count in enumerate(buckets[:-1]):
        if count and below + count >= rank:
            lower = BOUNDS_NS[index - 1] if index else 0
            return float(lower + (BOUNDS_NS[index] - lower) * (rank - below) / count)
        below += count
    return float(BOUNDS_NS[-1])
