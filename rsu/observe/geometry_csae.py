"""MAP of T/CSAE 53 and 157: nodes with the links that end there.

A lane without points of its own follows the link's centre line, as many widths aside as its place asks: lanes are numbered from
left to right in the direction of travel (DE_LaneID), and fill the link's width. A connection without a phase has that of the
link's movement to the same node.

Links with sections (inLinks-ex of T/CSAE 157) are read for nodes that have no plain links: their lanes stand in s along the
reference line and t aside of it, which is taken as positive to the left, as OpenDRIVE has it; no description was found.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from rsu.observe.arrays import Origin
from rsu.observe.bits import words
from rsu.observe.lanes import (
    LANE_WIDTH_M,
    MANEUVERS,
    SHARING,
    WITH_STOP_LINE,
    Connection,
    Floats,
    Intersection,
    Lane,
    kind_of,
    shifted,
    stop_line,
    without_repeats,
)
from rsu.observe.offsets import line, resolve
from rsu.units import load_units

Value = dict[str, Any]
_TURNS = {"maneuverStraight": "straight", "maneuverLeftTurn": "left", "maneuverRightTurn": "right", "maneuverUTurn": "u-turn"}
WIDTH_M, S_M, T_M = 0.01, 0.1, 0.01
"""LaneWidth, ST-Point.s-axis, ST-Point.t-axis; as units.toml has them (a test compares)."""


def csae_nodes(value: Value, origin: Origin, faults: Counter[str]) -> tuple[Intersection, ...]:
    """The nodes of a MapData."""
    return tuple(node for one in value["nodes"] if (node := _node(one, value["msgCnt"], origin, faults)) is not None)


def _node(one: Value, revision: int, origin: Origin, faults: Counter[str]) -> Intersection | None:
    place = one["refPos"]
    reference = line([(place["lat"], place["long"], place.get("elevation"))], origin)[0]
    if np.isnan(reference[0]):
        faults["reference"] += 1
        return None
    lanes = [lane for link in one.get("inLinks", ()) for lane in _link(link, place, origin, faults)]
    if not lanes:
        lanes = [lane for link in one.get("inLinks-ex", ()) for lane in _link_ex(link, place, origin, faults)]
    return Intersection(
        region=one["id"].get("region"),
        id=one["id"]["id"],
        name=one.get("name", ""),
        revision=revision,
        reference=reference,
        lanes=tuple(lanes),
    )


def _link(link: Value, place: Value, origin: Origin, faults: Counter[str]) -> Iterator[Lane]:
    phases = _phases(link.get("movements", ()))
    middle = _points(link["points"], place, origin) if "points" in link else None
    asides = _asides(link)
    for lane in link["lanes"]:
        width_m = lane.get("laneWidth", 0) * WIDTH_M or asides[lane["laneID"]][1]
        points = _points(lane["points"], place, origin) if "points" in lane else middle
        if points is not None and "points" not in lane and len(points) > 1:
            points = shifted(points, np.full(len(points), asides[lane["laneID"]][0]))
        if points is None or len(points) < 2:
            faults["lane"] += 1
            continue
        yield _lane(lane, lane["laneID"], link, points, width_m, _connections(lane.get("connectsTo", ()), phases))


def _asides(link: Value) -> dict[int, tuple[float, float]]:
    """Lane id → how far left of the link's middle its own is, and its width: both metres."""
    lanes = sorted(link["lanes"], key=lambda lane: lane["laneID"])
    usual = link["linkWidth"] * WIDTH_M / len(lanes) if link.get("linkWidth") else LANE_WIDTH_M
    widths = [lane.get("laneWidth", 0) * WIDTH_M or usual for lane in lanes]
    left_m = sum(widths) / 2
    asides = {}
    for lane, width_m in zip(lanes, widths, strict=True):
        asides[lane["laneID"]] = (left_m - width_m / 2, width_m)
        left_m -= width_m
    return asides


def _link_ex(link: Value, place: Value, origin: Origin, faults: Counter[str]) -> Iterator[Lane]:
    phases = _phases(link.get("movements-ex", ()))
    middle = _points(link["refLine"], place, origin) if "refLine" in link else None
    for section in link["sections"]:
        for lane in section["lanes"]:
            if middle is None or len(middle) < 2 or "st-points" not in lane:
                faults["lane"] += 1
                continue
            points = _along(middle, lane["st-points"])
            points = points[without_repeats(points)]
            if len(points) < 2:
                faults["lane"] += 1
                continue
            width_m = lane.get("laneWidth", 0) * WIDTH_M or LANE_WIDTH_M
            connections = tuple(_connections_ex(lane.get("connectsTo-ex", ()), phases, place, origin))
            yield _lane(lane, lane["laneRefID"], link, points, width_m, connections, section["secId"])


def _along(middle: Floats, told: Sequence[Value]) -> Floats:
    """ST-Points as (n, 3) metres, ENU; beyond its ends the line goes straight on."""
    steps = np.diff(middle[:, :2], axis=0)
    lengths = np.hypot(steps[:, 0], steps[:, 1])
    starts = np.concatenate(([0.0], np.cumsum(lengths)))
    s = np.array([point["s-axis"] * S_M for point in told])
    t = np.array([point["t-axis"] * T_M for point in told])
    piece = np.clip(np.searchsorted(starts, s, side="right") - 1, 0, len(steps) - 1)
    unit = steps[piece] / lengths[piece, None]
    along = (s - starts[piece])[:, None]
    level = middle[piece, 2] + (middle[piece + 1, 2] - middle[piece, 2]) * along[:, 0] / lengths[piece]
    left = np.stack((-unit[:, 1], unit[:, 0]), axis=1)
    return np.column_stack((middle[piece, :2] + unit * along + left * t[:, None], level))


def _lane(
    lane: Value,
    number: int,
    link: Value,
    points: Floats,
    width_m: float,
    connections: tuple[Connection, ...],
    section: int | None = None,
) -> Lane:
    attributes: Value = lane.get("laneAttributes", {})
    kind, revocable = kind_of(attributes.get("laneType"))
    limits = _limits(lane.get("speedLimits") or link.get("speedLimits") or ())
    widths = np.full(len(points), width_m)
    return Lane(
        id=number,
        name=link.get("name", ""),
        kind=kind,
        direction="in" if kind in WITH_STOP_LINE else "none",
        link=link["upstreamNodeId"]["id"],
        link_region=link["upstreamNodeId"].get("region"),
        section=section,
        points=points,
        widths=widths,
        maneuvers=words(lane.get("maneuvers"), MANEUVERS),
        shared_with=words(attributes.get("shareWith"), SHARING),
        revocable=revocable,
        connections=connections,
        speed_limits=limits,
        max_speeds=np.full(len(points) - 1, limits.get("vehicleMaxSpeed", np.nan)),
        stop_line=stop_line(points, widths) if kind in WITH_STOP_LINE else None,
    )


def _connections(told: Sequence[Value], phases: dict[tuple[int | None, int], int]) -> tuple[Connection, ...]:
    made = []
    for one in told:
        region, node = one["remoteIntersection"].get("region"), one["remoteIntersection"]["id"]
        to: Value = one.get("connectingLane", {})
        phase = one.get("phaseId", phases.get((region, node)))
        made.append(Connection(node, region, to.get("lane"), phase, words(to.get("maneuver"), MANEUVERS)))
    return tuple(made)


def _connections_ex(
    told: Sequence[Value], phases: dict[tuple[int | None, int], int], place: Value, origin: Origin
) -> Iterator[Connection]:
    for one in told:
        region, node = one["remoteIntersection"].get("region"), one["remoteIntersection"]["id"]
        phase = one.get("phaseId", phases.get((region, node)))
        turn = _TURNS.get(one.get("turn-direction", ""))
        turns = (turn,) if turn else ()
        for to in one.get("connectingLane", ({},)):
            path = _points(to["connectingLanePoints"], place, origin) if "connectingLanePoints" in to else None
            yield Connection(node, region, to.get("target-lane"), phase, turns, to.get("target-section"), path)


def _phases(movements: Sequence[Value]) -> dict[tuple[int | None, int], int]:
    """The node a movement leads to → its phase, where it has one; the first of several."""
    phases: dict[tuple[int | None, int], int] = {}
    for one in movements:
        to = one["remoteIntersection"]
        if "phaseId" in one:
            phases.setdefault((to.get("region"), to["id"]), one["phaseId"])
    return phases


def _limits(told: Sequence[Value]) -> dict[str, float]:
    speed = load_units("csae-157")["Speed"]
    values = ((one["type"], speed.value(one["speed"])) for one in told)
    return {kind: mps for kind, mps in values if mps is not None}


def _points(told: Sequence[Value], place: Value, origin: Origin) -> Floats:
    """RoadPoints as (n, 3) metres, ENU; without those that are no place or repeat the one before."""
    points = line([resolve(place, point["posOffset"]) for point in told], origin)
    points = points[np.isfinite(points[:, 0])]
    return points[without_repeats(points)]
