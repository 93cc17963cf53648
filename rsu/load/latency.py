"""Latencies as HDR histograms: three figures from 1 µs to 1 h, percentiles in milliseconds, medians of runs."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from hdrh.histogram import HdrHistogram
from numpy.typing import NDArray

LOWEST_US, HIGHEST_US, FIGURES = 1, 3_600_000_000, 3
PERCENTILES: Mapping[str, float] = {"p50": 50.0, "p99": 99.0, "p999": 99.9}

Percentiles = dict[str, float]


def histogram(latencies_ns: NDArray[np.int64]) -> HdrHistogram:
    """The histogram of latencies; what is below a microsecond counts as one."""
    found = HdrHistogram(LOWEST_US, HIGHEST_US, FIGURES)
    microseconds = np.clip(-(-latencies_ns // 1_000), LOWEST_US, HIGHEST_US)
    for value, count in zip(*(column.tolist() for column in np.unique(microseconds, return_counts=True)), strict=True):
        found.record_value(value, count)
    return found


def of_buckets(bounds_s: Sequence[float], counts: Sequence[int]) -> HdrHistogram:
    """The same of a Prometheus histogram: each event counts with the upper bound of its bucket, the last with twice the last
    finite one."""
    found = HdrHistogram(LOWEST_US, HIGHEST_US, FIGURES)
    tops = [bound for bound in bounds_s if bound != float("inf")]
    tops.append(2 * tops[-1] if tops else 1.0)
    for top, count in zip(tops, counts, strict=False):
        if count > 0:
            found.record_value(max(LOWEST_US, round(top * 1e6)), int(count))
    return found


def merged(histograms: Iterable[HdrHistogram]) -> HdrHistogram:
    """All events of several histograms."""
    total = HdrHistogram(LOWEST_US, HIGHEST_US, FIGURES)
    for one in histograms:
        total.add(one)
    return total


def percentiles_ms(found: HdrHistogram) -> Percentiles | None:
    """None where nothing was measured."""
    if not found.get_total_count():
        return None
    return {name: round(found.get_value_at_percentile(of) / 1_000, 3) for name, of in PERCENTILES.items()}


def median_of(runs: Iterable[Percentiles | None]) -> Percentiles | None:
    """Each percentile's median over the runs that have one."""
    known = [run for run in runs if run is not None]
    if not known:
        return None
    return {name: round(statistics.median(run[name] for run in known), 3) for name in PERCENTILES}
