"""Lanes told twice: :func:`twins` finds which lane stands for which.

A crossing is told by MAPs of both standards, and J2735 tells a road between two intersections as the way out of one and the
way in of the next. A track in such a lane would be half in each. So a lane that has nearly all of its length on another one of
the same kind and direction of travel is its twin. Lanes that lead in stand for those that lead out, for they have a stop line;
of others that of the intersection which comes first.
"""

from __future__ import annotations

import numpy as np

from rsu.world.arrays import DIRECTIONS, Floats, Ints
from rsu.world.lanes import Lanes, nearest
from rsu.world.parameters import Parameters

SAMPLES = 10
"""Points along a lane, in the middle of its tenths."""


def twins(lanes: Lanes, parameters: Parameters) -> Ints:
    """(n,) int64: row of the lane that stands for each; -1 where it stands for itself."""
    count = len(lanes.lines)
    told = np.full(count, -1, np.int64)
    one, other = _candidates(lanes, parameters)
    if not one.size:
        return told
    at = (np.arange(SAMPLES) + 0.5) / SAMPLES * lanes.table["length_m"][one][:, None]
    points, heading = _points(lanes, one, at)
    there = np.repeat(other, SAMPLES)
    place = nearest(lanes, points, there)
    turned = heading - lanes.heading[place.piece]
    two_way = ~lanes.one_way[there]
    off = np.abs(np.arctan2(np.sin(turned), np.where(two_way, np.abs(np.cos(turned)), np.cos(turned))))
    on = (np.abs(place.lateral) <= parameters.twin_lateral_m) & (off <= parameters.twin_heading_rad)
    on &= (place.along >= 0) & (place.along <= lanes.table["length_m"][there])
    same = on.reshape(-1, SAMPLES).mean(axis=1) >= parameters.twin_share
    leads_in = lanes.table["direction"] == DIRECTIONS.index("in")
    rank = np.lexsort((np.arange(count), ~leads_in)).argsort()
    pairs = sorted((rank[b], rank[a], a, b) for a, b in zip(one[same].tolist(), other[same].tolist(), strict=True))
    for better, worse, a, b in pairs:
        if better < worse and told[a] < 0 and told[b] < 0:
            told[a] = b
    return told


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
