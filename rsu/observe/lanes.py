"""Lanes of an intersection, whatever standard told them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from rsu.observe.bits import words

Floats = NDArray[np.float64]
LaneKind = Literal["vehicle", "crosswalk", "bike", "sidewalk", "median", "striping", "tracked", "parking", "unknown"]
Direction = Literal["in", "out", "both", "none"]

#: LaneTypeAttributes, the same in both standards.
KINDS: Mapping[str, LaneKind] = {
    "vehicle": "vehicle",
    "crosswalk": "crosswalk",
    "bikeLane": "bike",
    "sidewalk": "sidewalk",
    "median": "median",
    "striping": "striping",
    "trackedVehicle": "tracked",
    "parking": "parking",
}
#: Bits of AllowedManeuvers, the same in both standards.
MANEUVERS = (
    "straight",
    "left",
    "right",
    "u-turn",
    "left-on-red",
    "right-on-red",
    "lane-change",
    "no-stopping",
    "yield",
    "go-with-halt",
    "caution",
)
#: Bits of LaneSharing, the same in both standards.
SHARING = (
    "overlapping",
    "several-as-one",
    "other-non-motorized",
    "individual-motorized",
    "bus",
    "taxi",
    "pedestrians",
    "cyclists",
    "tracked",
    "pedestrian",
)
WITH_STOP_LINE = ("vehicle", "bike", "tracked")
LANE_WIDTH_M = 3.5
"""Where a message tells no width: the usual city lane, 3.25 to 3.75 m (CJJ 37-2012, table 5.3.1)."""
SAME_M = 0.005
"""Points closer than a code of either standard are one."""


class Connection(msgspec.Struct, frozen=True):
    """Where one may go from the end of a lane.

    :param node: the node at the far end of the next link (T/CSAE 53), or the intersection that the lane belongs to where it is
        another one (J2735); None: this one.
    :param lane: of that link or intersection; None: any.
    :param section: of that link (T/CSAE 157).
    :param path: (n, 3) float64, metres, ENU: the line across the intersection, where it is told.
    """

    node: int | None
    region: int | None
    lane: int | None
    signal_group: int | None
    maneuvers: tuple[str, ...] = ()
    section: int | None = None
    path: Floats | None = None


class Lane(msgspec.Struct, frozen=True, kw_only=True):
    """One lane.

    :param link: the upstream node (T/CSAE 53) or the approach (J2735); lane ids of T/CSAE 53 count within it.
    :param points: (n, 3) float64, metres, ENU, n >= 2: centre line in the order of travel; z is NaN where no height is told.
    :param widths: (n,) float64, metres.
    :param speed_limits: kind → m/s, of the whole lane.
    :param max_speeds: (n - 1,) float64, m/s: vehicleMaxSpeed of each piece; NaN where none is told.
    :param stop_line: (2, 2) float64, metres, ENU: its left and right end; None for lanes that do not lead in.
    :param shared_with: words of :data:`SHARING`; ``maneuvers`` of :data:`MANEUVERS`.
    :param revocable: it is open only when SPAT says so.
    """

    id: int
    name: str = ""
    kind: LaneKind
    direction: Direction
    link: int | None = None
    link_region: int | None = None
    section: int | None = None
    points: Floats
    widths: Floats
    maneuvers: tuple[str, ...] = ()
    shared_with: tuple[str, ...] = ()
    revocable: bool = False
    connections: tuple[Connection, ...] = ()
    speed_limits: dict[str, float] = {}
    max_speeds: Floats
    stop_line: Floats | None = None

    @property
    def signal_groups(self) -> tuple[int, ...]:
        """Those that govern it, ascending."""
        return tuple(sorted({each.signal_group for each in self.connections if each.signal_group is not None}))


class Intersection(msgspec.Struct, frozen=True, kw_only=True):
    """An intersection, a node, or a road segment.

    :param reference: (3,) float64, metres, ENU: its reference position; z is NaN where no height is told.
    :param revision: of its geometry; T/CSAE 53: the message's counter.
    """

    region: int | None
    id: int
    name: str = ""
    kind: Literal["intersection", "segment"] = "intersection"
    revision: int
    reference: Floats
    lanes: tuple[Lane, ...]

    @property
    def crosswalks(self) -> tuple[Lane, ...]:
        return tuple(lane for lane in self.lanes if lane.kind == "crosswalk")

    @property
    def lanes_in(self) -> tuple[Lane, ...]:
        return tuple(lane for lane in self.lanes if lane.direction == "in")


def kind_of(lane_type: tuple[str, Any] | None) -> tuple[LaneKind, bool]:
    """The kind of a LaneTypeAttributes and whether the lane is revocable, which is bit 0 of each of them."""
    if lane_type is None:
        return "vehicle", False
    kind = KINDS.get(lane_type[0], "unknown")
    return kind, kind != "unknown" and bool(words(lane_type[1], ("revocable",)))


def without_repeats(points: Floats) -> NDArray[np.bool_]:
    """Which points of a line to keep: those that are not where the one kept before is.

    :param points: (n, 3) float64, metres.
    :return: (n,) bool.
    """
    keep = np.ones(len(points), np.bool_)
    last = None
    for number, (x, y) in enumerate(points[:, :2].tolist()):
        if last is not None and math.hypot(x - last[0], y - last[1]) <= SAME_M:
            keep[number] = False
        else:
            last = (x, y)
    return keep


def stop_line(points: Floats, widths: Floats) -> Floats:
    """Across the end of a line, its left end first.

    :param points: (n, 3) float64, metres, ENU; ``widths``: (n,) float64, metres.
    :return: (2, 2) float64, metres, ENU.
    """
    along = points[-1, :2] - points[-2, :2]
    left = np.array([-along[1], along[0]]) / np.hypot(*along) * widths[-1] / 2
    return np.stack((points[-1, :2] + left, points[-1, :2] - left))


def shifted(points: Floats, left_m: Floats) -> Floats:
    """A line moved sideways: each point along the mean normal of the pieces it ends.

    :param points: (n, 3) float64, metres, ENU.
    :param left_m: (n,) float64, metres to the left of the order of the points.
    :return: (n, 3) float64.
    """
    steps = np.diff(points[:, :2], axis=0)
    normals = np.stack((-steps[:, 1], steps[:, 0]), axis=1) / np.hypot(steps[:, 0], steps[:, 1])[:, None]
    mean = np.concatenate((normals[:1], normals[:-1] + normals[1:], normals[-1:]))
    # mitre: at a corner of two normals the point lies farther out, by 1 / cos of half the angle
    mean /= np.maximum(np.hypot(mean[:, 0], mean[:, 1]), 1e-9)[:, None]
    stretch = (mean * np.concatenate((normals[:1], normals))).sum(axis=1)
    moved = points.copy()
    moved[:, :2] += mean * (left_m / np.maximum(stretch, 0.5))[:, None]
    return moved
