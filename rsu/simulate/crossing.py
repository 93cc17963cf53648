"""A crossing of four legs, two lanes in and two out on each, and the ways through it.

Frame: metres east and north of the middle. Traffic keeps to the right. A leg is named by the side it lies on; its bearing
points outwards, clockwise from north.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from itertools import pairwise
from typing import NamedTuple

LEGS = ("north", "east", "south", "west")
BEARING_DEG = {"north": 0.0, "east": 90.0, "south": 180.0, "west": 270.0}
TURNS = ("left", "straight", "right")
LANE_WIDTH_M = 3.5
STOP_LINE_M = 22.0
CURVE_POINTS = 12
# From the north a left turn leads out by the east leg, and so on round.
_LEADS_TO = {"left": 1, "straight": 2, "right": 3}

Point = tuple[float, float]


class Lane(NamedTuple):
    """One lane: ``offset_m`` lies right of somebody driving in; lanes out have none to the left."""

    id: int
    leg: str
    offset_m: float
    turns: tuple[str, ...]


LANES: tuple[Lane, ...] = tuple(
    Lane(4 * number + place, leg, offset * LANE_WIDTH_M, turns)
    for number, leg in enumerate(LEGS)
    for place, (offset, turns) in enumerate(((0.5, ("left",)), (1.5, ("straight", "right")), (-0.5, ()), (-1.5, ())), 1)
)


def lane_in(leg: str, turn: str) -> Lane:
    """The lane of somebody who is going to turn so."""
    return next(lane for lane in LANES if lane.leg == leg and turn in lane.turns)


def lane_out(leg: str, turn: str) -> Lane:
    """Where he goes out: the inner lane after a left turn, else the outer one."""
    out = LEGS[(LEGS.index(leg) + _LEADS_TO[turn]) % 4]
    offset_m = (-0.5 if turn == "left" else -1.5) * LANE_WIDTH_M
    return next(lane for lane in LANES if lane.leg == out and lane.offset_m == offset_m)


def group_of(leg: str, turn: str) -> int:
    """The signal group that lets him."""
    return 2 * LEGS.index(leg) + (2 if turn == "left" else 1)


def on_leg(leg: str, out_m: float, offset_m: float) -> Point:
    """A point ``out_m`` from the middle and ``offset_m`` beside the axis."""
    bearing = math.radians(BEARING_DEG[leg])
    east, north = math.sin(bearing), math.cos(bearing)
    return out_m * east - offset_m * north, out_m * north + offset_m * east


class Place:
    """Where the crossing lies: metres to WGS-84, by the lengths of a degree on the ellipsoid at its latitude."""

    def __init__(self, lat_deg: float, lon_deg: float, elevation_m: float = 0.0) -> None:
        phi = math.radians(lat_deg)
        self.lat_e7, self.lon_e7 = round(lat_deg * 1e7), round(lon_deg * 1e7)
        self.elevation_dm = round(elevation_m * 10)
        self._lat_e7_m = 1e7 / (111_132.954 - 559.822 * math.cos(2 * phi) + 1.175 * math.cos(4 * phi))
        self._lon_e7_m = 1e7 / (111_412.84 * math.cos(phi) - 93.5 * math.cos(3 * phi))

    def wgs84_e7(self, east_m: float, north_m: float) -> tuple[int, int]:
        """Latitude and longitude in 1e-7 degree."""
        return round(self.lat_e7 + north_m * self._lat_e7_m), round(self.lon_e7 + east_m * self._lon_e7_m)


class Way:
    """From the far end of a leg over its stop line and out again; a place on it is the distance travelled.

    :param leg_m: length of the legs.
    """

    def __init__(self, leg: str, turn: str, leg_m: float) -> None:
        come, go = lane_in(leg, turn), lane_out(leg, turn)
        stop, out = on_leg(leg, STOP_LINE_M, come.offset_m), on_leg(go.leg, STOP_LINE_M, go.offset_m)
        points = [on_leg(leg, leg_m, come.offset_m), *_curve(leg, turn, stop, out), on_leg(go.leg, leg_m, go.offset_m)]
        self.leg, self.turn, self.lane, self.group = leg, turn, come.id, group_of(leg, turn)
        self.stop_m = leg_m - STOP_LINE_M
        self._points = points
        self._starts_m = [0.0]
        self._headings_deg = []
        for (x0, y0), (x1, y1) in pairwise(points):
            self._starts_m.append(self._starts_m[-1] + math.hypot(x1 - x0, y1 - y0))
            self._headings_deg.append(math.degrees(math.atan2(x1 - x0, y1 - y0)) % 360.0)
        self.length_m = self._starts_m[-1]

    def at(self, travelled_m: float) -> tuple[float, float, float]:
        """East, north and heading in degrees; before its begin and after its end the way goes straight on."""
        part = min(max(bisect_right(self._starts_m, travelled_m) - 1, 0), len(self._headings_deg) - 1)
        (x0, y0), heading = self._points[part], self._headings_deg[part]
        on_m, angle = travelled_m - self._starts_m[part], math.radians(heading)
        return x0 + on_m * math.sin(angle), y0 + on_m * math.cos(angle), heading


def _curve(leg: str, turn: str, stop: Point, out: Point) -> list[Point]:
    """A quadratic Bézier curve around the corner of the two lanes; straight on there is none."""
    if turn == "straight":
        return [stop, out]
    go = lane_out(leg, turn)
    along = go.offset_m if turn == "left" else -go.offset_m
    corner = on_leg(leg, along, lane_in(leg, turn).offset_m)
    points = []
    for step in range(CURVE_POINTS + 1):
        t = step / CURVE_POINTS
        a, b, c = (1 - t) ** 2, 2 * t * (1 - t), t * t
        points.append((a * stop[0] + b * corner[0] + c * out[0], a * stop[1] + b * corner[1] + c * out[1]))
    return points
