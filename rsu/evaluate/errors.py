"""How far off, how sure, how complete and how late the tracks are: measures over the matched pairs of all ticks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from rsu.evaluate.matching import Tick, paired
from rsu.evaluate.truth import CLASS_NAMES

PERCENTILES = (50, 95, 99)
NS_PER_MS = 1e6
NS_PER_S = 1e9


class Share(NamedTuple):
    """Recall and precision with what they were counted of; NaN where nothing was."""

    recall: float
    precision: float
    objects: int
    tracks: int


def position_errors(ticks: Sequence[Tick]) -> NDArray[np.float64]:
    """(k,) float64, metres: the distance of each matched pair."""
    return _joined([_distances(tick) for tick in ticks])


def rmse(errors_m: NDArray[np.float64]) -> float:
    """Root mean square, NaN of nothing."""
    return float(np.sqrt(np.mean(errors_m**2))) if len(errors_m) else float("nan")


def rmse_by_tick(ticks: Sequence[Tick]) -> NDArray[np.float64]:
    """(n,) float64, metres: that of each tick, NaN where nothing matched."""
    return np.array([rmse(_distances(tick)) for tick in ticks])


def nees(ticks: Sequence[Tick]) -> tuple[float, int]:
    """Normalised estimation error squared of the position, mean over the pairs, and how many pairs had no usable covariance.

    eᵀ P⁻¹ e (Y. Bar-Shalom, X. R. Li, T. Kirubarajan, 2001, eq. 5.4.2-1): chi² with two degrees of freedom, so 2 for a filter
    that is as sure as it may be, more for one that is too sure.
    """
    values, unusable = [np.empty(0)], 0
    for tick in ticks:
        truth, tracks = paired(tick)
        ex, ey = tracks["x"] - truth["x"], tracks["y"] - truth["y"]
        cxx, cxy, cyy = tracks["cxx"], tracks["cxy"], tracks["cyy"]
        determinant = cxx * cyy - cxy * cxy
        usable = (cxx > 0) & (determinant > 0) & np.isfinite(determinant)
        unusable += int(np.sum(~usable))
        squared = cyy * ex**2 - 2 * cxy * ex * ey + cxx * ey**2
        values.append(squared[usable] / determinant[usable])
    found = np.concatenate(values)
    return (float(found.mean()) if len(found) else float("nan")), unusable


def completeness(ticks: Sequence[Tick]) -> Share:
    """Recall and precision over everything."""
    return _share(
        sum(len(tick.gospa.pairs) for tick in ticks),
        sum(len(tick.truth) for tick in ticks),
        sum(len(tick.gospa.pairs) for tick in ticks),
        sum(len(tick.tracks) for tick in ticks),
    )


def completeness_by_class(ticks: Sequence[Tick]) -> dict[str, Share]:
    """Recall by the class of the object, precision by that of the track: a track of another class is still a match."""
    counts = np.zeros((4, len(CLASS_NAMES)), np.int64)
    for tick in ticks:
        truth, tracks = paired(tick)
        for row, classes in enumerate((truth["cls"], tick.truth["cls"], tracks["cls"], tick.tracks["cls"])):
            counts[row] += np.bincount(np.minimum(classes, len(CLASS_NAMES) - 1), minlength=len(CLASS_NAMES))
    return {
        name: _share(*(int(count) for count in counts[:, code])) for code, name in CLASS_NAMES.items() if counts[:, code].any()
    }


def class_accuracy(ticks: Sequence[Tick]) -> float:
    """Share of the pairs whose track has the class of its object."""
    right = _joined([(paired(tick)[0]["cls"] == paired(tick)[1]["cls"]).astype(np.float64) for tick in ticks])
    return float(right.mean()) if len(right) else float("nan")


def times_to_confirm(ticks: Sequence[Tick]) -> tuple[NDArray[np.float64], int]:
    """(k,) float64, seconds from an object's first tick to its first match, and how many objects never had one.

    How long those of the very first tick had been there before nobody knows; they count among the second only.
    """
    first: dict[int, int] = {}
    confirmed: dict[int, int] = {}
    for tick in ticks:
        for number in tick.truth["id"].tolist():
            first.setdefault(number, tick.time_ns)
        for number in paired(tick)[0]["id"].tolist():
            confirmed.setdefault(number, tick.time_ns)
    waited = [
        (confirmed[number] - begun_ns) / NS_PER_S
        for number, begun_ns in first.items()
        if number in confirmed and begun_ns > ticks[0].time_ns
    ]
    return np.array(waited, np.float64), len(first.keys() - confirmed.keys())


def latencies_ms(ticks: Sequence[Tick]) -> NDArray[np.float64]:
    """(k,) float64, ms: the age of the newest information in each matched track when it is put out."""
    found = []
    for tick in ticks:
        newest_ns = paired(tick)[1]["newest_ns"]
        found.append((tick.time_ns - newest_ns[newest_ns > 0]) / NS_PER_MS)
    return _joined(found)


def percentiles(values: NDArray[np.float64]) -> dict[str, float]:
    """p50, p95, p99; NaN of nothing."""
    if not len(values):
        return {f"p{percent}": float("nan") for percent in PERCENTILES}
    return {f"p{percent}": float(np.percentile(values, percent)) for percent in PERCENTILES}


def _distances(tick: Tick) -> NDArray[np.float64]:
    truth, tracks = paired(tick)
    apart_m: NDArray[np.float64] = np.hypot(tracks["x"] - truth["x"], tracks["y"] - truth["y"])
    return apart_m


def _joined(parts: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
    return np.concatenate([np.empty(0), *parts])


def _share(matched: int, objects: int, matched_tracks: int, tracks: int) -> Share:
    recall = matched / objects if objects else float("nan")
    return Share(recall, matched_tracks / tracks if tracks else float("nan"), objects, tracks)
