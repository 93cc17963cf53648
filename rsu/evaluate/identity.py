"""Whether a track stays with its object: id switches, IDF1 and HOTA.

Similarity of an object and a track is 1 - d/c, at least 0 (c = 5 m as in GOSPA).

- Id switches as in CLEAR MOT (K. Bernardin, R. Stiefelhagen, EURASIP JIVP 2008): a pair of the tick before that is still near
  stays a pair; a switch is an object whose track is another than the last it had.
- IDF1 (E. Ristani et al., ECCV 2016 Workshops, eq. 11): the best assignment of whole tracks to whole objects.
- HOTA (J. Luiten et al., IJCV 2021, eqs. 5-8 and 22): √(DetA·AssA) at each localisation threshold α, and its mean over them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist

from rsu.evaluate.matching import Tick, places

EPSILON = float(np.finfo(np.float64).eps)
STAY = 1000.0  # a pair of the tick before wins against any similarity


class Parameters(msgspec.Struct, frozen=True, kw_only=True):
    """Of similarity and its thresholds.

    :param c_m: distance at which similarity is 0; GOSPA's.
    :param idf1_similarity: of a pair, the usual one half: 2.5 m.
    :param alphas: HOTA's, 0.05, 0.10 … 0.95 as published.
    """

    c_m: float = 5.0
    idf1_similarity: float = 0.5
    alphas: tuple[float, ...] = tuple(round(0.05 * step, 2) for step in range(1, 20))


DEFAULT = Parameters()


class Sight(NamedTuple):
    """One tick as these measures see it.

    :param truth: (n,) intp, objects numbered from 0 over all ticks.
    :param tracks: (m,) intp, tracks likewise.
    :param similarity: (n, m) float64, 0 to 1.
    """

    truth: NDArray[np.intp]
    tracks: NDArray[np.intp]
    similarity: NDArray[np.float64]


class Hota(NamedTuple):
    """Means over the thresholds."""

    hota: float
    detection: float
    association: float


def sights(ticks: Sequence[Tick], c_m: float = DEFAULT.c_m) -> list[Sight]:
    """Ticks with objects and tracks numbered from 0."""
    truth_ids = np.unique(np.concatenate([tick.truth["id"] for tick in ticks] or [np.empty(0, "u4")]))
    track_ids = np.unique(np.concatenate([tick.tracks["id"] for tick in ticks] or [np.empty(0, "u4")]))
    return [
        Sight(
            np.searchsorted(truth_ids, tick.truth["id"]),
            np.searchsorted(track_ids, tick.tracks["id"]),
            np.maximum(0.0, 1.0 - cdist(places(tick.truth), places(tick.tracks)) / c_m),
        )
        for tick in ticks
    ]


def id_switches(seen: Sequence[Sight]) -> int:
    """How often an object's track became another; pairs are those with any similarity."""
    objects = 1 + max((int(sight.truth.max()) for sight in seen if len(sight.truth)), default=-1)
    last, before = np.full(objects, -1, np.intp), np.full(objects, -1, np.intp)
    switches = 0
    for truth, tracks, similarity in seen:
        if not len(truth) or not len(tracks):  # a moment without a pair ends none, as trackeval has it
            continue
        score = np.where(similarity > EPSILON, similarity + STAY * (tracks[None, :] == before[truth][:, None]), 0.0)
        rows, columns = linear_sum_assignment(score, maximize=True)
        held = score[rows, columns] > EPSILON
        matched, by = truth[rows[held]], tracks[columns[held]]
        switches += int(np.sum((last[matched] >= 0) & (last[matched] != by)))
        last[matched] = by
        before[:] = -1
        before[matched] = by
    return switches


def idf1(seen: Sequence[Sight], similarity_min: float = DEFAULT.idf1_similarity) -> float:
    """Share of detections with the right identity; NaN where there is neither object nor track.

    Of the cost Σ (objects + tracks - 2 · together) only the last part depends on the assignment, so it is that which is
    maximised.
    """
    total = sum(len(sight.truth) + len(sight.tracks) for sight in seen)
    if not total:
        return float("nan")
    together = np.zeros(_shape(seen))
    for truth, tracks, similarity in seen:
        rows, columns = np.nonzero(similarity >= similarity_min)
        together[truth[rows], tracks[columns]] += 1
    rows, columns = linear_sum_assignment(together, maximize=True)
    return 2 * float(together[rows, columns].sum()) / total


def hota(seen: Sequence[Sight], alphas: Sequence[float] = DEFAULT.alphas) -> Hota:
    """HOTA with its two parts; NaN where there is neither object nor track."""
    truth_count, track_count = _counts(seen)
    if not truth_count.sum() + track_count.sum():
        return Hota(*[float("nan")] * 3)
    alignment = _alignment(seen, truth_count, track_count)
    found = [_matched(sight, alignment) for sight in seen]
    pairs = np.concatenate([pair for pair, _ in found] or [np.empty(0, np.intp)])
    similarity = np.concatenate([near for _, near in found] or [np.empty(0)])
    rows = [_of_alpha(pairs[similarity >= alpha - EPSILON], truth_count, track_count) for alpha in alphas]
    return Hota(*(float(mean) for mean in np.mean(rows, axis=0)))


def _shape(seen: Sequence[Sight]) -> tuple[int, int]:
    """How many objects and tracks there are."""
    truth, tracks = _counts(seen)
    return len(truth), len(tracks)


def _counts(seen: Sequence[Sight]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """At how many ticks each object, and each track, was there."""
    none = [np.empty(0, np.intp)]
    return (
        np.bincount(np.concatenate([sight.truth for sight in seen] or none)),
        np.bincount(np.concatenate([sight.tracks for sight in seen] or none)),
    )


def _alignment(seen: Sequence[Sight], truth_count: NDArray[np.int64], track_count: NDArray[np.int64]) -> NDArray[np.float64]:
    """How well each track fits each object over all ticks, by which HOTA's matching prefers (Luiten et al., section 4.2)."""
    possible = np.zeros((len(truth_count), len(track_count)))
    for truth, tracks, similarity in seen:
        either = similarity.sum(0)[None, :] + similarity.sum(1)[:, None] - similarity
        possible[truth[:, None], tracks[None, :]] += np.where(either > EPSILON, similarity / np.maximum(either, EPSILON), 0.0)
    return possible / (truth_count[:, None] + track_count[None, :] - possible)


def _matched(sight: Sight, alignment: NDArray[np.float64]) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Pairs of one tick, each as one number, and their similarity."""
    truth, tracks, similarity = sight
    rows, columns = linear_sum_assignment(alignment[truth[:, None], tracks[None, :]] * similarity, maximize=True)
    return truth[rows] * alignment.shape[1] + tracks[columns], similarity[rows, columns]


def _of_alpha(
    pairs: NDArray[np.intp], truth_count: NDArray[np.int64], track_count: NDArray[np.int64]
) -> tuple[float, float, float]:
    """HOTA, DetA and AssA at one threshold, of the pairs that pass it."""
    hits = len(pairs)
    if not hits:
        return 0.0, 0.0, 0.0
    which, times = np.unique(pairs, return_counts=True)
    truth, tracks = np.divmod(which, len(track_count))
    association = float(np.sum(times * times / (truth_count[truth] + track_count[tracks] - times))) / hits
    detection = hits / float(truth_count.sum() + track_count.sum() - hits)
    return float(np.sqrt(detection * association)), detection, association
