"""Lanes as arrays of straight pieces, and :func:`nearest`: where on a lane a point is, for many pairs at once."""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from rsu.observe.lanes import Intersection, Lane
from rsu.world.arrays import CONNECTION, DIRECTIONS, LANE, LANE_KINDS, Floats, Ints, Rows, unknown
from rsu.world.maps import Known

Bools = NDArray[np.bool_]
ONE_WAY = ("in", "out")


class Lanes(NamedTuple):
    """All lanes, in the order of their intersections.

    :param table: (n,) of LANE; ``connections``: (c,) of CONNECTION, by lane; ``signal`` of both is not filled in.
    :param lines: the lanes themselves; ``intersections`` and ``places`` as in :class:`rsu.world.arrays.Snapshot`.
    :param one_way: (n,) bool: headings against its line are wrong.
    :param revocable: (n,) bool.
    :param box: (n, 4) float64, metres, ENU: least x, least y, most x, most y of the centre line.
    :param half_width: (n,) float64, metres: the most.
    :param chord: (4, n) float64: of the straight line from a lane's begin to its end the unit normal and the place along that,
        metres, and how far from it a point of the lane lies at most, metres.
    :param first: (n + 1,) int64: where its pieces begin; the pieces of lane i are ``first[i]`` … ``first[i + 1] - 1``.
    :param start: (2, p) float64, metres, ENU: where a piece begins; ``unit``: (2, p): its direction.
    :param offset: (2, p) float64, metres: the begin along that direction, and left of it.
    :param length: (p,) float64, metres; ``along``: (p,): from the lane's beginning to the piece's.
    :param heading: (p,) float64, radians.
    :param widths: (p, 2) float64, metres: at its begin and end.
    :param limit: (p,) float64, m/s, NaN for none.
    """

    table: Rows
    connections: Rows
    lines: tuple[Lane, ...]
    intersections: tuple[Intersection, ...]
    places: tuple[tuple[int, int], ...]
    one_way: Bools
    revocable: Bools
    box: Floats
    half_width: Floats
    chord: Floats
    first: Ints
    start: Floats
    unit: Floats
    offset: Floats
    length: Floats
    along: Floats
    heading: Floats
    widths: Floats
    limit: Floats


class Nearest(NamedTuple):
    """Where points are on lanes, by pair.

    :param piece: (m,) int64.
    :param along: (m,) float64, metres from the lane's beginning; before it negative, behind its end more than its length.
    :param lateral: (m,) float64, metres left of the line; before and behind it of the line drawn on straight.
    """

    piece: Ints
    along: Floats
    lateral: Floats


class Found(NamedTuple):
    """Pairs of a track and a lane, by track.

    :param row: (m,) int64, of the track; ``lane``: (m,) int64.
    """

    row: Ints
    lane: Ints
    place: Nearest


def index(known: list[tuple[int, Known]]) -> Lanes:
    """Of what :meth:`rsu.world.maps.Maps.known` gives."""
    intersections = tuple(each.intersection for _, each in known)
    places = tuple((i, j) for i, one in enumerate(intersections) for j in range(len(one.lanes)))
    lines = tuple(intersections[i].lanes[j] for i, j in places)
    table = _table(known, places)
    first = np.concatenate(([0], np.cumsum([len(line.points) - 1 for line in lines]))).astype(np.int64)
    start = np.ascontiguousarray(_stack([line.points[:-1, :2] for line in lines], (0, 2)).T)
    step = _stack([np.diff(line.points[:, :2], axis=0) for line in lines], (0, 2)).T
    length = np.hypot(*step)
    unit = step / length
    along = _stack([np.concatenate(([0.0], np.cumsum(length[a:b])[:-1])) for a, b in pairwise(first)], (0,))
    table["length_m"] = [length[a:b].sum() for a, b in pairwise(first)]
    return Lanes(
        table,
        _connections(lines),
        lines,
        intersections,
        places,
        np.array([line.direction in ONE_WAY for line in lines], np.bool_),
        np.array([line.revocable for line in lines], np.bool_),
        np.array([(*line.points[:, :2].min(axis=0), *line.points[:, :2].max(axis=0)) for line in lines]).reshape(-1, 4),
        np.array([line.widths.max() / 2 for line in lines], np.float64),
        np.array([_chord(line.points[:, :2]) for line in lines]).reshape(-1, 4).T,
        first,
        start,
        unit,
        np.stack((unit[0] * start[0] + unit[1] * start[1], unit[0] * start[1] - unit[1] * start[0])),
        length,
        along,
        np.arctan2(step[1], step[0]),
        _stack([np.stack((line.widths[:-1], line.widths[1:]), axis=1) for line in lines], (0, 2)),
        _stack([_limits(line) for line in lines], (0,)),
    )


def nearest(lanes: Lanes, points: Floats, lane: Ints) -> Nearest:
    """The place on each lane nearest to each point.

    :param points: (m, 2) float64, metres, ENU.
    :param lane: (m,) int64: the lane that the point is compared with.
    """
    counts = np.diff(lanes.first)[lane]
    begins = np.cumsum(counts) - counts
    pair = np.repeat(np.arange(lane.size), counts)
    piece = np.arange(pair.size) + np.repeat(lanes.first[lane] - begins, counts)
    x, y = np.repeat(points[:, 0], counts), np.repeat(points[:, 1], counts)
    ux, uy = lanes.unit[0].take(piece), lanes.unit[1].take(piece)
    ahead = x * ux + y * uy - lanes.offset[0].take(piece)
    left = y * ux - x * uy - lanes.offset[1].take(piece)
    beyond = np.minimum(ahead, 0.0) + np.maximum(ahead - lanes.length.take(piece), 0.0)
    distance2 = left * left + beyond * beyond
    best = np.flatnonzero(distance2 == np.repeat(np.minimum.reduceat(distance2, begins) if lane.size else distance2, counts))
    # of pieces that are equally near, as at a corner, the first
    best = best[np.flatnonzero(np.diff(pair[best], prepend=-1))]
    chosen, ahead, left, beyond = piece[best], ahead[best], left[best], beyond[best]
    outside = ((chosen == lanes.first[lane]) & (beyond < 0)) | ((chosen == lanes.first[lane + 1] - 1) & (beyond > 0))
    around = np.copysign(np.hypot(left, beyond), left)
    return Nearest(
        chosen,
        lanes.along[chosen] + np.where(outside, ahead, ahead - beyond),
        np.where(outside, left, around),
    )


def width_at(lanes: Lanes, place: Nearest) -> Floats:
    """(m,) float64, metres: between two points a lane widens evenly."""
    share = np.clip((place.along - lanes.along[place.piece]) / lanes.length[place.piece], 0.0, 1.0)
    widths = lanes.widths[place.piece]
    wide: Floats = widths[:, 0] * (1 - share) + widths[:, 1] * share
    return wide


def _table(known: list[tuple[int, Known]], places: tuple[tuple[int, int], ...]) -> Rows:
    """(n,) of LANE; lengths and twins are not filled in."""
    table = unknown(len(places), LANE)
    for row, (i, j) in enumerate(places):
        family, each = known[i]
        table["family"][row], table["configured"][row] = family, each.configured
        _describe(table[row : row + 1], each.intersection, each.intersection.lanes[j])
    return table


def _describe(row: Rows, intersection: Intersection, lane: Lane) -> None:
    names = {"region": intersection.region, "link_region": lane.link_region, "link": lane.link, "section": lane.section}
    for name, value in names.items():
        row[name] = -1 if value is None else value
    row["intersection"], row["id"] = intersection.id, lane.id
    row["kind"], row["direction"] = LANE_KINDS.index(lane.kind), DIRECTIONS.index(lane.direction)
    row["speed_limit_mps"] = _limits(lane)[-1]
    row["open"] = not lane.revocable


def _chord(points: Floats) -> tuple[float, float, float, float]:
    step = points[-1] - points[0]
    # of a lane that ends where it begins: no line, and all points are on it
    normal = np.array([-step[1], step[0]]) / max(float(np.hypot(*step)), 1e-9)
    aside = points @ normal
    return float(normal[0]), float(normal[1]), float(aside[0]), float(np.abs(aside - aside[0]).max())


def _limits(lane: Lane) -> Floats:
    """(pieces,) float64, m/s: that of the piece, else of the whole lane."""
    return np.where(np.isnan(lane.max_speeds), lane.speed_limits.get("vehicleMaxSpeed", np.nan), lane.max_speeds)


def _connections(lines: tuple[Lane, ...]) -> Rows:
    told = [(row, each) for row, line in enumerate(lines) for each in line.connections]
    made = unknown(len(told), CONNECTION)
    for at, (row, each) in enumerate(told):
        to = (each.region, each.node, each.lane, each.signal_group)
        made[at] = (row, *(-1 if value is None else value for value in to), -1)
    return made


def _stack(parts: list[Floats], shape: tuple[int, ...]) -> Floats:
    return np.concatenate(parts) if parts else np.zeros(shape)
