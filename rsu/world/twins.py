"""Lanes told twice: :func:`twins` finds which lane stands for which.

A crossing is told by MAPs of both standards, and J2735 tells a road between two intersections as the way out of one and the
way in of the next. A track in such a lane would be half in each. So a lane that has nearly all of its length on another one of
the same kind and direction of travel is its twin. Lanes that lead in stand for those that lead out, for they have a stop line;
of others that of the intersection which comes first. Where a part only is the same, that holds for tracks in the part.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from rsu.world.arrays import DIRECTIONS, Floats, Ints
from rsu.world.lanes import Bools, Found, Lanes, nearest
from rsu.world.parameters import Parameters

SAMPLES = 10
"""Points along a lane, in the middle of its tenths."""
PAIRS_AT_ONCE = 512
"""So that what is in memory stays at some tens of megabytes."""


class Twins(NamedTuple):
    """Which lanes are told twice.

    :param stands: (n,) int64: row of the lane that stands for each; -1 where it stands for itself.
    :param partly: (k, 2) int64: rows of two lanes of which a part is the same; there the second one stands for both.
    :param left_out: pairs of lanes that were not compared, for there were more than ``twin_pairs_max``.
    """

    stands: Ints
    partly: Ints
    left_out: int


def twins(lanes: Lanes, parameters: Parameters) -> Twins:
    """Of all lanes."""
    count = len(lanes.lines)
    stands, share = np.full(count, -1, np.int64), np.zeros((count, count))
    one, other = _candidates(lanes, parameters)
    left_out = max(one.size - parameters.twin_pairs_max, 0)
    one, other = one[: parameters.twin_pairs_max], other[: parameters.twin_pairs_max]
    for begin in range(0, one.size, PAIRS_AT_ONCE):
        a, b = one[begin : begin + PAIRS_AT_ONCE], other[begin : begin + PAIRS_AT_ONCE]
        share[a, b] = _share(lanes, a, b, parameters)
    leads_in = lanes.table["direction"] == DIRECTIONS.index("in")
    rank = np.lexsort((np.arange(count), ~leads_in)).argsort()
    worse, better = (each.astype(np.int64) for each in np.nonzero((share + share.T > 0) & (rank[:, None] > rank)))
    for at in np.lexsort((rank[worse], rank[better])).tolist():
        a, b = worse[at], better[at]
        if share[a, b] >= parameters.twin_share and stands[a] < 0 and stands[b] < 0:
            stands[a] = b
    own = (stands[worse] < 0) & (stands[better] < 0)
    return Twins(stands, np.stack((worse[own], better[own]), axis=1), left_out)


def told_twice(lanes: Lanes, partly: Ints, found: Found, tracks: int, parameters: Parameters) -> Bools:
    """(m,) bool: which pairs of a track and a lane are of one that another lane stands for where the track is."""
    doubled = np.zeros(found.row.size, np.bool_)
    if not len(partly):
        return doubled
    number = np.full((tracks, len(lanes.lines)), -1, np.int32)
    number[found.row, found.lane] = np.arange(found.row.size)
    worse, better = number[:, partly[:, 0]], number[:, partly[:, 1]]
    both = (worse >= 0) & (better >= 0)
    worse, better = worse[both], better[both]
    place = found.place
    inside = (place.along >= 0) & (place.along <= lanes.table["length_m"][found.lane])
    heading = lanes.heading[place.piece]
    off = _apart(heading[worse] - heading[better], ~lanes.one_way[found.lane[worse]])
    aside = np.abs(np.abs(place.lateral[worse]) - np.abs(place.lateral[better]))
    same = inside[worse] & inside[better] & (off <= parameters.twin_heading_rad) & (aside <= parameters.twin_lateral_m)
    doubled[worse[same]] = True
    return doubled


def _share(lanes: Lanes, one: Ints, other: Ints, parameters: Parameters) -> Floats:
    """(k,) float64: how much of the one lies on the other."""
    at = (np.arange(SAMPLES) + 0.5) / SAMPLES * lanes.table["length_m"][one][:, None]
    points, heading = _points(lanes, one, at)
    there = np.repeat(other, SAMPLES)
    place = nearest(lanes, points, there)
    off = _apart(heading - lanes.heading[place.piece], ~lanes.one_way[there])
    on = (np.abs(place.lateral) <= parameters.twin_lateral_m) & (off <= parameters.twin_heading_rad)
    on &= (place.along >= 0) & (place.along <= lanes.table["length_m"][there])
    share: Floats = on.reshape(-1, SAMPLES).mean(axis=1)
    return share


def _apart(turned: Floats, two_way: Bools) -> Floats:
    """(k,) float64, radians: between headings; of lanes of two directions between the lines."""
    cosine = np.cos(turned)
    return np.abs(np.arctan2(np.sin(turned), np.where(two_way, np.abs(cosine), cosine)))


def _candidates(lanes: Lanes, parameters: Parameters) -> tuple[Ints, Ints]:
    """Pairs of lanes of different intersections that are alike in kind and whose boxes meet."""
    box, reach = lanes.box, parameters.twin_lateral_m
    of = np.array([i for i, _ in lanes.places], np.int64)
    alike = (of[:, None] != of) & (lanes.table["kind"][:, None] == lanes.table["kind"])
    alike &= lanes.one_way[:, None] == lanes.one_way
    for axis in (0, 1):
        alike &= (box[:, None, axis] <= box[None, :, axis + 2] + reach) & (box[:, None, axis + 2] >= box[None, :, axis] - reach)
    one, other = np.nonzero(alike)
    return one.astype(np.int64), other.astype(np.int64)


def _points(lanes: Lanes, lane: Ints, at: Floats) -> tuple[Floats, Floats]:
    """Points (k · s, 2) and headings (k · s,) at distances (k, s) along lanes (k,)."""
    points, headings = [], []
    for row, along in zip(lane.tolist(), at, strict=True):
        a, b = lanes.first[row], lanes.first[row + 1]
        piece = a + np.searchsorted(lanes.along[a:b], along, side="right") - 1
        points.append((lanes.start[:, piece] + lanes.unit[:, piece] * (along - lanes.along[piece])).T)
        headings.append(lanes.heading[piece])
    return np.concatenate(points), np.concatenate(headings)
