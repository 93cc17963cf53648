"""The crossing: four legs, two lanes in and two out on each, and the paths through it.

Frame: local east/north metres around the reference position. Traffic keeps to the right. A leg is named by
the side it lies on; its bearing points outwards, clockwise from north.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from dataclasses import dataclass
from itertools import pairwise

REF_LAT_DEG = 29.6583
REF_LON_DEG = 106.5312
REF_ELEVATION_M = 268.4

LEGS = ("north", "east", "south", "west")
BEARING_DEG = {"north": 12.0, "east": 102.0, "south": 192.0, "west": 282.0}
LANE_WIDTH_M = 3.5
STOP_LINE_M = 22.0
LEG_LENGTH_M = 180.0
CURVE_POINTS = 16

TURNS = ("left", "straight", "right")
# From the north a left turn leads out by the east leg, and so on round.
TURN_TO = {"left": 1, "straight": 2, "right": 3}


@dataclass(frozen=True)
class Lane:
    """One lane: positive offsets lie right of somebody driving in, exit lanes on the other side."""

    lane_id: int
    leg: str
    offset_m: float
    turns: tuple[str, ...]


def _lanes() -> tuple[Lane, ...]:
    lanes = []
    for number, leg in enumerate(LEGS):
        first = 4 * number + 1
        lanes.append(Lane(first, leg, 0.5 * LANE_WIDTH_M, ("left",)))
        lanes.append(Lane(first + 1, leg, 1.5 * LANE_WIDTH_M, ("straight", "right")))
        lanes.append(Lane(first + 2, leg, -0.5 * LANE_WIDTH_M, ()))
        lanes.append(Lane(first + 3, leg, -1.5 * LANE_WIDTH_M, ()))
    return tuple(lanes)


LANES = _lanes()


def entry_lane(leg: str, turn: str) -> Lane:
    """The lane by which somebody comes in who is going to turn that way."""
    return next(lane for lane in LANES if lane.leg == leg and turn in lane.turns)


def exit_lane(leg: str, turn: str) -> Lane:
    """The lane by which he goes out: the inner one after a left turn, else the outer one."""
    out = LEGS[(LEGS.index(leg) + TURN_TO[turn]) % 4]
    offset = (-0.5 if turn == "left" else -1.5) * LANE_WIDTH_M
    return next(lane for lane in LANES if lane.leg == out and lane.offset_m == offset)


def on_leg(leg: str, distance_m: float, offset_m: float) -> tuple[float, float]:
    """East and north of a point on a leg, `distance_m` out from the centre and `offset_m` beside the axis."""
    bearing = math.radians(BEARING_DEG[leg])
    east, north = math.sin(bearing), math.cos(bearing)
    return distance_m * east - offset_m * north, distance_m * north + offset_m * east


def wgs84_e7(east_m: float, north_m: float) -> tuple[int, int]:
    """Latitude and longitude in 1e-7 degree; metres a degree by the usual series for the ellipsoid."""
    phi = math.radians(REF_LAT_DEG)
    metres_lat = 111132.954 - 559.822 * math.cos(2 * phi) + 1.175 * math.cos(4 * phi)
    metres_lon = 111412.84 * math.cos(phi) - 93.5 * math.cos(3 * phi)
    return round((REF_LAT_DEG + north_m / metres_lat) * 1e7), round((REF_LON_DEG + east_m / metres_lon) * 1e7)


class Path:
    """A polyline with its length; a place on it is given by the distance travelled."""

    def __init__(self, points: list[tuple[float, float]]) -> None:
        self.points = points
        self.starts = [0.0]
        for here, there in pairwise(points):
            self.starts.append(self.starts[-1] + math.dist(here, there))

    @property
    def length_m(self) -> float:
        return self.starts[-1]

    def at(self, travelled_m: float) -> tuple[float, float, float]:
        """East, north and heading (degrees clockwise from north) after `travelled_m`."""
        part = min(max(bisect_right(self.starts, travelled_m) - 1, 0), len(self.points) - 2)
        (x0, y0), (x1, y1) = self.points[part], self.points[part + 1]
        share = (travelled_m - self.starts[part]) / (self.starts[part + 1] - self.starts[part])
        heading = math.degrees(math.atan2(x1 - x0, y1 - y0)) % 360.0
        return x0 + share * (x1 - x0), y0 + share * (y1 - y0), heading


def through_path(leg: str, turn: str) -> Path:
    """From the far end of the leg over the stop line and out again; turns are quadratic Bézier curves."""
    entry, leaving = entry_lane(leg, turn), exit_lane(leg, turn)
    start = on_leg(leg, LEG_LENGTH_M, entry.offset_m)
    stop = on_leg(leg, STOP_LINE_M, entry.offset_m)
    out = on_leg(leaving.leg, STOP_LINE_M, leaving.offset_m)
    end = on_leg(leaving.leg, LEG_LENGTH_M, leaving.offset_m)
    if turn == "straight":
        return Path([start, stop, out, end])
    along = leaving.offset_m if turn == "left" else -leaving.offset_m
    corner = on_leg(leg, along, entry.offset_m)
    return Path([start, *_bezier(stop, corner, out), end])


def _bezier(
    first: tuple[float, float], corner: tuple[float, float], last: tuple[float, float]
) -> list[tuple[float, float]]:
    points = []
    for step in range(CURVE_POINTS + 1):
        t = step / CURVE_POINTS
        a, b, c = (1 - t) ** 2, 2 * t * (1 - t), t * t
        east = a * first[0] + b * corner[0] + c * last[0]
        points.append((east, a * first[1] + b * corner[1] + c * last[1]))
    return points


STOP_AT_M = LEG_LENGTH_M - STOP_LINE_M
"""Distance travelled at the stop line, on every path."""
