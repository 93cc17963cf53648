"""The unit's own crossing as SUMO's network has it: lanes, turns, crosswalks, and the signal groups that let them go.

A signal group holds the links of one approach and one direction (or one crosswalk) that always show the same. Groups count
from 1 in the order of SUMO's links; a crossing without lights has none.
"""

from __future__ import annotations

import math
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import NamedTuple

Point = tuple[float, float]
TURNS = {"l": "left", "L": "left", "s": "straight", "r": "right", "R": "right", "t": "uturn"}
CAR, BIKE = "vehicle", "bikeLane"
POINTS_MAX = 30
"""Of a lane; a list of the standards holds 31 (T/CSAE 53) or 63 (J2735)."""
TOLERANCE_M = 0.1
"""How far a lane that is told with fewer points may be from its course; doubled until the points suffice."""


class Turn(NamedTuple):
    """A way out of a lane.

    :param lane: number of the lane it leads to.
    :param node: number of the node at the far end of that.
    :param group: signal group, 0 for none.
    """

    turn: str
    lane: int
    node: int
    group: int


class Lane(NamedTuple):
    """A lane; points run with the traffic, metres, ENU."""

    number: int
    kind: str
    width_m: float
    points: tuple[Point, ...]
    turns: tuple[Turn, ...]


class Link(NamedTuple):
    """What leads to the crossing, or from it, with lanes from the outer one inwards.

    :param node: number of the node at its far end.
    """

    name: str
    inward: bool
    node: int
    limit_mps: float
    lanes: tuple[Lane, ...]


class Crosswalk(NamedTuple):
    number: int
    width_m: float
    points: tuple[Point, ...]
    group: int


class Phase(NamedTuple):
    """A part of the light's program: how long, and SUMO's letter for each group (by number − 1)."""

    lasts_ms: int
    letters: str


class Crossing(NamedTuple):
    """The own node; ``number`` is its own one among the nodes of the network."""

    number: int
    links: tuple[Link, ...]
    crosswalks: tuple[Crosswalk, ...]
    phases: tuple[Phase, ...]


def read_crossing(path: Path, own: str) -> Crossing:
    """Read the network's own node.

    :param path: a ``.net.xml`` of ours.
    """
    root = ElementTree.parse(path).getroot()
    nodes = [one.attrib["id"] for one in root.iter("junction") if one.get("type") != "internal"]
    numbers = {name: number for number, name in enumerate(sorted(nodes))}
    edges = [one for one in root.iter("edge") if one.get("function") is None and own in (one.get("from"), one.get("to"))]
    lanes = [lane for one in edges for lane in one.iter("lane") if _kind(lane)]
    lane_numbers = {lane.attrib["id"]: number for number, lane in enumerate(lanes, 1)}
    groups, phases = _groups(root, own)
    turns = _turns(root, edges, lane_numbers, numbers, groups)
    links = tuple(_link(one, own, numbers, lane_numbers, turns) for one in edges)
    return Crossing(numbers[own], links, tuple(_crosswalks(root, own, len(lanes), groups)), phases)


def _kind(lane: ElementTree.Element) -> str:
    """What a lane is for; nothing for a pavement."""
    allowed = lane.get("allow", "")
    return {"pedestrian": "", "bicycle": BIKE}.get(allowed, CAR)


def _points(lane: ElementTree.Element) -> tuple[Point, ...]:
    places = [place.split(",") for place in lane.attrib["shape"].split()]
    return fewer([(float(east), float(north)) for east, north, *_ in places])


def fewer(points: list[Point]) -> tuple[Point, ...]:
    """At most :data:`POINTS_MAX` of the points, by Douglas and Peucker (1973)."""
    tolerance_m = TOLERANCE_M
    while len(kept := _kept(points, tolerance_m)) > POINTS_MAX:
        tolerance_m *= 2
    return tuple(kept)


def _kept(points: list[Point], tolerance_m: float) -> list[Point]:
    first, last = points[0], points[-1]
    away = [_distance_m(point, first, last) for point in points]
    farthest = max(range(len(points)), key=away.__getitem__)
    if away[farthest] <= tolerance_m:
        return [first, last]
    return _kept(points[: farthest + 1], tolerance_m)[:-1] + _kept(points[farthest:], tolerance_m)


def _distance_m(point: Point, start: Point, end: Point) -> float:
    """Of a point from the straight line between two others."""
    (x, y), (x0, y0), (x1, y1) = point, start, end
    length = math.hypot(x1 - x0, y1 - y0)
    if not length:
        return math.hypot(x - x0, y - y0)
    return abs((x1 - x0) * (y - y0) - (y1 - y0) * (x - x0)) / length


def _groups(root: ElementTree.Element, own: str) -> tuple[dict[int, int], tuple[Phase, ...]]:
    """Link index → group, and the program by groups."""
    program = next((one for one in root.iter("tlLogic") if one.get("id") == own), None)
    if program is None:
        return {}, ()
    phases = [(round(float(one.attrib["duration"]) * 1_000), one.attrib["state"]) for one in program.iter("phase")]
    keys: dict[tuple[str, str, str], int] = {}
    groups: dict[int, int] = {}
    signalled = [one for one in root.iter("connection") if one.get("tl") == own]
    for one in sorted(signalled, key=lambda one: int(one.attrib["linkIndex"])):
        index = int(one.attrib["linkIndex"])
        column = "".join(state[index] for _, state in phases)
        key = (one.attrib["from"], TURNS[one.attrib["dir"]], column)
        groups[index] = keys.setdefault(key, len(keys) + 1)
    first = {group: index for index, group in reversed(groups.items())}
    letters = [Phase(lasts, "".join(state[first[group]] for group in sorted(first))) for lasts, state in phases]
    return groups, tuple(letters)


def _turns(
    root: ElementTree.Element,
    edges: list[ElementTree.Element],
    lanes: dict[str, int],
    nodes: dict[str, int],
    groups: dict[int, int],
) -> dict[str, list[Turn]]:
    """Lane id → its ways out."""
    ends = {one.attrib["id"]: nodes[one.attrib["to"]] for one in edges}
    turns: dict[str, list[Turn]] = {}
    for one in root.iter("connection"):
        come, go = f"{one.get('from')}_{one.get('fromLane')}", f"{one.get('to')}_{one.get('toLane')}"
        if come in lanes and go in lanes:
            group = groups.get(int(one.get("linkIndex", "-1")), 0)
            turns.setdefault(come, []).append(Turn(TURNS[one.attrib["dir"]], lanes[go], ends[one.attrib["to"]], group))
    return turns


def _link(
    edge: ElementTree.Element, own: str, nodes: dict[str, int], lanes: dict[str, int], turns: dict[str, list[Turn]]
) -> Link:
    inward = edge.get("to") == own
    kept = [lane for lane in edge.iter("lane") if lane.attrib["id"] in lanes]
    return Link(
        edge.attrib["id"],
        inward,
        nodes[edge.attrib["from" if inward else "to"]],
        float(kept[0].attrib["speed"]),
        tuple(
            Lane(
                lanes[lane.attrib["id"]],
                _kind(lane),
                float(lane.get("width", "3.2")),
                _points(lane),
                tuple(turns.get(lane.attrib["id"], ())) if inward else (),
            )
            for lane in kept
        ),
    )


def _crosswalks(root: ElementTree.Element, own: str, lanes: int, groups: dict[int, int]) -> list[Crosswalk]:
    indices = {one.get("to"): int(one.attrib["linkIndex"]) for one in root.iter("connection") if one.get("tl") == own}
    found: list[Crosswalk] = []
    for one in root.iter("edge"):
        name = one.attrib["id"]
        if one.get("function") == "crossing" and name.startswith(f":{own}_"):
            (lane,) = one.iter("lane")
            number = lanes + len(found) + 1
            group = groups.get(indices.get(name, -1), 0)
            found.append(Crosswalk(number, float(lane.get("width", "4")), _points(lane), group))
    return found
