"""One log against its ground truth: all estimators at 10 Hz, and the measures of each."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from rsu.errors import SourceError
from rsu.evaluate import errors, gospa, identity
from rsu.evaluate.estimators import Estimator, confirmed
from rsu.evaluate.matching import DEFAULT as DEFAULT_REGION
from rsu.evaluate.matching import Region, Tick, match, object_seconds
from rsu.evaluate.reading import DEFAULT as DEFAULT_OPTIONS
from rsu.evaluate.reading import TICK_NS, Counts, Observe, Options, heard, observations_by_tick
from rsu.evaluate.truth import Truth

PERIOD_S = TICK_NS / 1e9
SWITCHES_PER_S = 100.0

Progress = Callable[[int, int], None]  # ticks done, ticks in all


class Evaluation(msgspec.Struct):
    """What came out.

    :param ticks: by estimator, those that are scored.
    :param scores: by estimator, see :func:`score`.
    """

    counts: Counts
    ticks: dict[str, list[Tick]]
    scores: dict[str, dict[str, Any]]


def evaluate(
    log: Path,
    truth: Truth,
    observe: Observe,
    compared: Mapping[str, Estimator],
    *,
    options: Options = DEFAULT_OPTIONS,
    region: Region = DEFAULT_REGION,
    metric: gospa.Parameters = gospa.DEFAULT,
    progress: Progress | None = None,
) -> Evaluation:
    """Runs every estimator over the same observations and scores what each says at every tick.

    :raises SourceError: for a log that cannot be read, or that tells of nothing during the time of the truth.
    """
    counts = Counts()
    ticks: dict[str, list[Tick]] = {name: [] for name in compared}
    begin_ns = truth.first_ns + round(region.warmup_s * 1e9)
    total = (truth.last_ns - truth.first_ns) // TICK_NS + 1
    records = heard(log, options, counts)
    by_tick = observations_by_tick(records, truth.origin, observe, truth.first_ns, truth.last_ns, counts)
    for number, (time_ns, observations) in enumerate(by_tick, 1):
        for estimator in compared.values():
            estimator.step(observations, time_ns)
        if time_ns >= begin_ns:
            there = truth.at(time_ns)
            for name, estimator in compared.items():
                ticks[name].append(match(time_ns, there, confirmed(estimator, time_ns), region, metric))
        if progress is not None:
            progress(number, total)
    if not counts.observations:
        raise SourceError(f"{log}: nothing in it tells of an object during the time of the ground truth")
    return Evaluation(counts, ticks, {name: score(found, metric.c_m) for name, found in ticks.items()})


def score(ticks: Sequence[Tick], c_m: float = gospa.DEFAULT.c_m) -> dict[str, Any]:
    """All measures of one estimator, ready for JSON: a number that nothing was counted for is None."""
    apart_m = errors.position_errors(ticks)
    waited_s, never = errors.times_to_confirm(ticks)
    whole = errors.completeness(ticks)
    nees, no_covariance = errors.nees(ticks)
    seen = identity.sights(ticks, c_m)
    hota = identity.hota(seen)
    seconds = object_seconds(ticks, PERIOD_S)
    switches = identity.id_switches(seen)
    found = {
        "gospa": _mean([tick.gospa.distance for tick in ticks]),
        "gospa_parts_m2": {
            part: _mean([getattr(tick.gospa, part) for tick in ticks]) for part in ("localisation", "missed", "false")
        },
        "rmse": errors.rmse(apart_m),
        "error_m": errors.percentiles(apart_m),
        "nees": nees,
        "no_covariance": no_covariance,
        "id_switches": SWITCHES_PER_S * switches / seconds if seconds else math.nan,
        "idf1": identity.idf1(seen),
        "hota": hota.hota,
        "hota_parts": {"detection": hota.detection, "association": hota.association},
        "recall": whole.recall,
        "precision": whole.precision,
        "classes": {name: share._asdict() for name, share in errors.completeness_by_class(ticks).items()},
        "class_accuracy": errors.class_accuracy(ticks),
        "confirm_s": errors.percentiles(waited_s),
        "never_confirmed": never,
        "latency_ms": errors.percentiles(errors.latencies_ms(ticks)),
        "ticks": len(ticks),
        "object_seconds": seconds,
    }
    return {name: _plain(value) for name, value in found.items()}


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values)) if values else math.nan


def _plain(value: Any) -> Any:
    """Rounded to six decimals; JSON has no NaN."""
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, float):
        return round(value, 6) if math.isfinite(value) else None
    return value


def series(ticks: Sequence[Tick]) -> dict[str, NDArray[np.float64]]:
    """What the plots show over time: ``seconds`` from the first tick, ``gospa`` and ``rmse`` in metres."""
    times_ns = np.array([tick.time_ns for tick in ticks], np.int64)
    return {
        "seconds": (times_ns - (times_ns[0] if len(times_ns) else 0)) / 1e9,
        "gospa": np.array([tick.gospa.distance for tick in ticks], np.float64),
        "rmse": errors.rmse_by_tick(ticks),
    }
