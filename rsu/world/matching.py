"""Tracks on lanes: the probability that a road user is in each lane near it.

A track is a Gaussian: middle ``p`` with covariance ``P``, heading ``ψ`` with variance ``σψ²``. Of lane ``l``, at the point
nearest to ``p``: direction ``u``, normal ``n``, heading ``θ``, width ``w``, the distance ``s`` along and ``d`` aside, the
length ``L``.

=====================  ===================================================================================================
on the strip           ``m_l = [Φ((w/2 − d)/σ_d) − Φ((−w/2 − d)/σ_d)] · [Φ((L − s)/σ_s) − Φ(−s/σ_s)]``
                       with ``σ_d² = nᵀPn + σ_map²``, ``σ_s² = uᵀPu + σ_map²``: the Gaussian integrated over the lane
heading                ``h_l = max(exp(−Δ²/2(σψ² + σ_align²)), floor)``, ``Δ = ψ − θ``, to either direction for lanes both ways
use                    ``c_l``: how a road user of that class uses a lane of that kind (:data:`USE`); less if closed
in no lane             ``m_0 = max(1 − Σ m, least)``, ``h_0``: any heading
probability            ``P_l = m_l h_l c_l / (Σ_k m_k h_k c_k + m_0 h_0)``: Bayes, position as the prior, heading as what is
                       observed, in place of the weights of N. R. Velaga, M. A. Quddus, A. L. Bristow, Transp. Res. C
                       17(6), 2009
=====================  ===================================================================================================

Strips that lie side by side share the Gaussian among them; the sum of all probabilities is below 1.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from scipy.special import ndtr

from rsu.observe.arrays import BICYCLE, OTHER, PEDESTRIAN, UNKNOWN, VEHICLE
from rsu.observe.lanes import Lane, LaneKind
from rsu.world.arrays import MATCH, Floats, Ints, Rows
from rsu.world.lanes import Bools, Found, Lanes, nearest, width_at
from rsu.world.parameters import Parameters
from rsu.world.twins import told_twice


class Near(NamedTuple):
    """Pairs of tracks and lanes to be compared, by track.

    :param row: (m,) int64, of the track; ``lane``: (m,) int64.
    :param left_out: lanes that were not looked at.
    """

    row: Ints
    lane: Ints
    left_out: int


#: Class → kind of lane → how much likelier than elsewhere it is there. Our own judgement; a position that is sure overrules it.
USE: Mapping[int, Mapping[LaneKind, float]] = {
    VEHICLE: {"crosswalk": 0.02, "bike": 0.2, "sidewalk": 0.02, "median": 0.02, "striping": 0.1, "tracked": 0.2},
    PEDESTRIAN: {"vehicle": 0.1, "bike": 0.3, "tracked": 0.05, "parking": 0.3},
    BICYCLE: {
        "vehicle": 0.7,
        "crosswalk": 0.5,
        "sidewalk": 0.5,
        "median": 0.1,
        "striping": 0.2,
        "tracked": 0.05,
        "parking": 0.2,
    },
}
#: Class → words of :data:`rsu.observe.lanes.SHARING` by which a lane says that it is theirs too.
SHARERS: Mapping[int, frozenset[str]] = {
    VEHICLE: frozenset({"individual-motorized"}),
    PEDESTRIAN: frozenset({"pedestrians", "pedestrian"}),
    BICYCLE: frozenset({"cyclists", "other-non-motorized"}),
}
CLASSES = (UNKNOWN, VEHICLE, PEDESTRIAN, BICYCLE, OTHER)


def use(lines: tuple[Lane, ...]) -> Floats:
    """(classes, n) float64: ``c`` of each class in each lane."""
    table = np.ones((len(CLASSES), len(lines)))
    for cls, weights in USE.items():
        for row, line in enumerate(lines):
            if not SHARERS[cls].intersection(line.shared_with):
                table[cls, row] = weights.get(line.kind, 1.0)
    return table


def candidates(lanes: Lanes, weight: Floats, tracks: Rows, parameters: Parameters) -> Near:
    """Pairs of tracks and lanes near each other, by their boxes and chords; a track that is no number is near none.

    When that is too much to compare, lanes are left out from the end: the configured ones stand before those that are heard.

    :param weight: (classes, n) float64: ``c``; lanes of 0 are left alone.
    """
    sigma = np.sqrt(np.maximum(tracks["cov"][:, 0, 0], tracks["cov"][:, 1, 1]))
    reach = np.minimum(parameters.reach_sigmas * np.hypot(sigma, parameters.map_std_m), parameters.reach_max_m)
    matched = np.flatnonzero(weight.any(axis=0))
    box = lanes.box[matched].T + lanes.half_width[matched] * np.array([[-1], [-1], [1], [1]])
    x, y = tracks["x"][:, None], tracks["y"][:, None]
    away = reach[:, None]
    meets = (x >= box[0] - away) & (x <= box[2] + away) & (y >= box[1] - away) & (y <= box[3] + away)
    costs = np.cumsum(meets.sum(axis=0) * np.diff(lanes.first)[matched])
    within = int(np.searchsorted(costs, parameters.comparisons_max, side="right"))
    row, at = np.nonzero(meets[:, :within])
    lane = matched[at]
    # of lanes that slant, the box is wide
    nx, ny, aside, bend = lanes.chord[:, lane]
    off = np.abs(tracks["x"][row] * nx + tracks["y"][row] * ny - aside)
    beside = off <= bend + lanes.half_width[lane] + reach[row]
    return Near(row[beside].astype(np.int64), lane[beside].astype(np.int64), matched.size - within)


def match(lanes: Lanes, weight: Floats, partly: Ints, near: Near, tracks: Rows, parameters: Parameters) -> Rows:
    """Who is in which lane.

    :param weight: (classes, n) float64: ``c``; 0 for a lane that nobody is matched to.
    :param partly: of :class:`rsu.world.twins.Twins`; ``near``: of :func:`candidates`.
    :param tracks: (t,) of TRACK.
    :return: of :data:`MATCH`, by track, the likeliest lane first.
    """
    row, lane = near.row, near.lane
    if not row.size:
        return np.zeros(0, MATCH)
    place = nearest(lanes, np.stack((tracks["x"][row], tracks["y"][row]), axis=1), lane)
    found = Found(row, lane, place)
    off = _off_heading(tracks["heading"][row] - lanes.heading[place.piece])
    strip = _on_strip(lanes, tracks["cov"], found, parameters)
    strip[told_twice(lanes, partly, found, len(tracks), parameters)] = 0.0
    likelihood = _heading_likelihood(off, tracks["cov"][row, 2, 2], lanes.one_way[lane], parameters)
    cls = np.where(tracks["cls"] < len(CLASSES), tracks["cls"], OTHER)
    joint = strip * likelihood * weight[cls[row], lane]
    nowhere = np.maximum(1 - np.bincount(row, strip, len(tracks)), parameters.astray_min) * parameters.astray_weight
    probability = joint / (np.bincount(row, joint, len(tracks)) + nowhere)[row]
    chosen = _likeliest(row, lane, probability, parameters)
    made = np.zeros(chosen.size, MATCH)
    made["track"], made["row"], made["lane"] = tracks["id"][row[chosen]], row[chosen], lane[chosen]
    made["probability"], made["off_heading_rad"] = probability[chosen], off[chosen]
    made["along_m"], made["lateral_m"] = place.along[chosen], place.lateral[chosen]
    made["speed_limit_mps"] = lanes.limit[place.piece[chosen]]
    return made


def _on_strip(lanes: Lanes, cov: Floats, found: Found, parameters: Parameters) -> Floats:
    """``m``.

    :param cov: (t, 5, 5) float64, m².
    """
    row, place = found.row, found.place
    ux, uy = lanes.unit[:, place.piece]
    width = width_at(lanes, place)
    cxx, cxy, cyy = cov[row, 0, 0], cov[row, 0, 1], cov[row, 1, 1]
    map2, cross = parameters.map_std_m**2, 2 * ux * uy * cxy
    aside = 1 / np.sqrt(np.maximum(uy * uy * cxx - cross + ux * ux * cyy, 0.0) + map2)
    ahead = 1 / np.sqrt(np.maximum(ux * ux * cxx + cross + uy * uy * cyy, 0.0) + map2)
    across = ndtr((width / 2 - place.lateral) * aside) - ndtr((-width / 2 - place.lateral) * aside)
    within = ndtr((lanes.table["length_m"][found.lane] - place.along) * ahead) - ndtr(-place.along * ahead)
    inside: Floats = across * within
    return inside


def _heading_likelihood(off: Floats, variance: Floats, one_way: Bools, parameters: Parameters) -> Floats:
    """``h``; 1 where the heading is not known."""
    turned = np.where(one_way, np.abs(off), np.minimum(np.abs(off), np.pi - np.abs(off)))
    fits = np.exp(-(turned**2) / (2 * (np.maximum(variance, 0.0) + parameters.align_std_rad**2)))
    return np.where(np.isfinite(fits), np.maximum(fits, parameters.heading_floor), 1.0)


def _off_heading(turned: Floats) -> Floats:
    off: Floats = (turned + np.pi) % (2 * np.pi) - np.pi
    return off


def _likeliest(row: Ints, lane: Ints, probability: Floats, parameters: Parameters) -> Ints:
    """Which pairs to tell: by track, then from the likeliest; of equals the lane that comes first."""
    told = np.flatnonzero(probability >= parameters.match_probability_min)
    order = told[np.lexsort((lane[told], -probability[told], row[told]))]
    begins = np.flatnonzero(np.diff(row[order], prepend=-1))
    number = np.arange(order.size) - np.repeat(begins, np.diff(begins, append=order.size))
    return order[number < parameters.lanes_per_track_max]
