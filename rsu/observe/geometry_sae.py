"""MapData of J2735: intersections and road segments with their lanes.

The nodes of a lane are steps of centimetres, each from the node before and the first from the reference point (Node-XY), or
places of their own (Node-LLmD). An attribute of a node holds from there on: dWidth and dElevation change width and height, and
a speed limit replaces that of the lane. A computed lane is another lane moved, turned and stretched about its first node
(J2735 DF_ComputedLane). All lanes are told from the intersection outward; what leads in is turned round here.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from rsu.observe.arrays import Origin
from rsu.observe.bits import words
from rsu.observe.enu import offsets_to_enu
from rsu.observe.lanes import (
    LANE_WIDTH_M,
    MANEUVERS,
    SHARING,
    WITH_STOP_LINE,
    Connection,
    Direction,
    Floats,
    Intersection,
    Lane,
    kind_of,
    stop_line,
    without_repeats,
)
from rsu.observe.offsets import DEGREE_E7, ELEVATION_M, ELEVATION_UNAVAILABLE, LAT_UNAVAILABLE, LONG_UNAVAILABLE, line
from rsu.units import load_units

Value = dict[str, Any]
CENTIMETRE_M = 0.01
"""Offset-B10 … B16, DrivenLineOffset, LaneWidth; as units.toml has them (a test compares)."""
ELEVATION_STEP_M = 0.1
"""dElevation counts ten centimetres, though its type is one of centimetres elsewhere (J2735 DF_NodeAttributeSetXY)."""
ANGLE_DEG, STRETCH = 0.0125, 0.0005
"""Angle of rotateXY, and Scale-B12: 0.05 %; as units.toml has them (a test compares)."""
_DIRECTIONS: Mapping[tuple[str, ...], Direction] = {("in",): "in", ("out",): "out", ("in", "out"): "both"}


class _Path(NamedTuple):
    """A lane's line in the frame of its reference point, from the intersection outward.

    :param points: (n, 3) float64, metres: east, north and above the reference.
    :param widths: (n,) float64, metres, beside the lane's own.
    :param limits: (n,) float64, m/s, from there on; NaN for the lane's own.
    """

    points: Floats
    widths: Floats
    limits: Floats


def sae_places(value: Value, origin: Origin, faults: Counter[str]) -> tuple[Intersection, ...]:
    """The intersections, then the road segments."""
    made = [_place(one, one["laneSet"], origin, faults) for one in value.get("intersections", ())]
    made += [_place(one, one["roadLaneSet"], origin, faults, segment=True) for one in value.get("roadSegments", ())]
    return tuple(one for one in made if one is not None)


def _place(
    one: Value, lane_set: Sequence[Value], origin: Origin, faults: Counter[str], segment: bool = False
) -> Intersection | None:
    point = one["refPoint"]
    reference = line([(point["lat"], point["long"], point.get("elevation"))], origin)[0]
    if np.isnan(reference[0]):
        faults["reference"] += 1
        return None
    limits = _limits(one.get("speedLimits", ()))
    width_m = one.get("laneWidth", 0) * CENTIMETRE_M or LANE_WIDTH_M
    told = {lane["laneID"]: lane for lane in reversed(lane_set)}
    lanes = []
    for lane in lane_set:
        path = _path(lane["nodeList"], point, told, faults)
        made = None if path is None else _lane(lane, _in_frame(path, point, origin), width_m, limits, one["id"])
        if made is None:
            faults["lane"] += 1
        else:
            lanes.append(made)
    return Intersection(
        region=one["id"].get("region"),
        id=one["id"]["id"],
        name=one.get("name", ""),
        kind="segment" if segment else "intersection",
        revision=one["revision"],
        reference=reference,
        lanes=tuple(lanes),
    )


def _path(node_list: tuple[str, Any], point: Value, told: Mapping[int, Value], faults: Counter[str]) -> _Path | None:
    """The line of a lane; None for one that is computed out of none."""
    moves: list[Value] = []
    seen: set[int] = set()
    while node_list[0] == "computed":
        moves.append(node_list[1])
        number = node_list[1]["referenceLaneId"]
        if number in seen or number not in told:
            return None
        seen.add(number)
        node_list = told[number]["nodeList"]
    if node_list[0] != "nodes":
        return None
    path = _walk(node_list[1], point, faults)
    for move in reversed(moves):
        path = path._replace(points=_moved(path.points, move))
    return path


def _walk(nodes: Sequence[Value], point: Value, faults: Counter[str]) -> _Path:
    """Step by step."""
    x = y = z = width = 0.0
    limit = math.nan
    points, widths, limits = [], [], []
    for node in nodes:
        form, step = node["delta"]
        if "x" in step:
            x, y = x + step["x"] * CENTIMETRE_M, y + step["y"] * CENTIMETRE_M
        elif form == "node-LatLon" and step["lat"] != LAT_UNAVAILABLE and step["lon"] != LONG_UNAVAILABLE:
            reference = Origin(point["lat"] * DEGREE_E7, point["long"] * DEGREE_E7, _height_m(point, 0.0))
            x, y = (float(each) for each in line([(step["lat"], step["lon"], None)], reference)[0, :2])
        else:
            faults["node"] += 1
            break
        attributes: Value = node.get("attributes", {})
        width += attributes.get("dWidth", 0) * CENTIMETRE_M
        z += attributes.get("dElevation", 0) * ELEVATION_STEP_M
        for kind, content in attributes.get("data", ()):
            if kind == "speedLimits":
                limit = _limits(content).get("vehicleMaxSpeed", limit)
        points.append((x, y, z))
        widths.append(width)
        limits.append(limit)
    return _Path(np.array(points).reshape(-1, 3), np.array(widths), np.array(limits))


def _moved(points: Floats, move: Value) -> Floats:
    """A ComputedLane: stretched and turned (clockwise, as DE_Angle is) about its first node, then moved."""
    if not len(points):
        return points
    angle = math.radians(move.get("rotateXY", 0) * ANGLE_DEG)
    cosine, sine = math.cos(angle), math.sin(angle)
    stretch = np.array([1 + move.get(name, 0) * STRETCH for name in ("scaleXaxis", "scaleYaxis")])
    aside = np.array([move[name][1] * CENTIMETRE_M for name in ("offsetXaxis", "offsetYaxis")])
    x, y = ((points[:, :2] - points[0, :2]) * stretch).T
    turned = np.stack((x * cosine + y * sine, y * cosine - x * sine), axis=1)
    return np.column_stack((turned + points[0, :2] + aside, points[:, 2]))


def _in_frame(path: _Path, point: Value, origin: Origin) -> _Path:
    """The same path in the frame of ``origin``, without points that repeat the one before."""
    count = len(path.points)
    lat, long = np.full(count, point["lat"] * DEGREE_E7), np.full(count, point["long"] * DEGREE_E7)
    height_m = _height_m(point, math.nan)
    known = math.isfinite(height_m)
    moved = offsets_to_enu(lat, long, np.full(count, height_m if known else origin.elevation_m), path.points.T, origin).T
    if not known:
        moved[:, 2] = np.nan
    keep = without_repeats(moved)
    return _Path(moved[keep], path.widths[keep], path.limits[keep])


def _height_m(point: Value, unknown: float) -> float:
    """Of a Position3D."""
    code = point.get("elevation", ELEVATION_UNAVAILABLE)
    return unknown if code == ELEVATION_UNAVAILABLE else float(code * ELEVATION_M)


def _lane(lane: Value, path: _Path, width_m: float, limits: dict[str, float], place: Value) -> Lane | None:
    """None where fewer than two points are left."""
    if len(path.points) < 2:
        return None
    attributes = lane["laneAttributes"]
    kind, revocable = kind_of(attributes["laneType"])
    direction = _DIRECTIONS.get(words(attributes["directionalUse"], ("in", "out")), "none")
    if kind not in WITH_STOP_LINE and direction != "both":
        direction = "none"
    leads_in = direction == "in"
    points, widths = path.points, np.maximum(width_m + path.widths, 0.0)
    pieces = np.where(np.isnan(path.limits[:-1]), limits.get("vehicleMaxSpeed", np.nan), path.limits[:-1])
    if leads_in:
        points, widths, pieces = points[::-1].copy(), widths[::-1].copy(), pieces[::-1].copy()
    return Lane(
        id=lane["laneID"],
        name=lane.get("name", ""),
        kind=kind,
        direction=direction,
        link=lane.get("ingressApproach", lane.get("egressApproach")),
        points=points,
        widths=widths,
        maneuvers=words(lane.get("maneuvers"), MANEUVERS),
        shared_with=words(attributes["sharedWith"], SHARING),
        revocable=revocable,
        connections=tuple(_connection(one, place) for one in lane.get("connectsTo", ())),
        speed_limits=limits,
        max_speeds=pieces,
        stop_line=stop_line(points, widths) if leads_in else None,
    )


def _connection(one: Value, place: Value) -> Connection:
    to, remote = one["connectingLane"], one.get("remoteIntersection", place)
    here = remote == place
    return Connection(
        node=None if here else remote["id"],
        region=None if here else remote.get("region"),
        lane=to["lane"],
        signal_group=one.get("signalGroup"),
        maneuvers=words(to.get("maneuver"), MANEUVERS),
    )


def _limits(told: Sequence[Value]) -> dict[str, float]:
    speed = load_units("sae-j2735")["Velocity"]
    values = ((one["type"], speed.value(one["speed"])) for one in told)
    return {kind: mps for kind, mps in values if mps is not None}
