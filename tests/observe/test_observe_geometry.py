"""MAP of both standards becomes lanes in metres: places, order, widths, limits, connections."""

from __future__ import annotations

import json
import math
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import rsu
from rsu.observe.arrays import Origin
from rsu.observe.enu import to_enu
from rsu.observe.geometry import geometry
from rsu.observe.geometry_csae import S_M, T_M, WIDTH_M
from rsu.observe.geometry_sae import ANGLE_DEG, CENTIMETRE_M, STRETCH
from rsu.observe.lanes import KINDS, LANE_WIDTH_M, MANEUVERS, SHARING, Intersection, Lane, without_repeats
from rsu.simulate import csae, sae
from rsu.simulate.crossing import LANE_WIDTH_M as DRAWN_M
from rsu.simulate.crossing import LANES, STOP_LINE_M, group_of, lane_out, on_leg
from rsu.simulate.site import site
from rsu.simulate.traffic import LEG_M
from rsu.standards import STANDARDS, message_type
from rsu.units import load_units

SITE = site()
PLACE = {"lat": SITE.place.lat_e7, "long": SITE.place.lon_e7, "elevation": SITE.place.elevation_dm}
ORIGIN = Origin(PLACE["lat"] / 1e7, PLACE["long"] / 1e7, PLACE["elevation"] / 10)
NOW_NS = 1_700_000_000_000_000_000
RECEIVED = {"csae-53": csae.map_, "sae-j2735": sae.map_}


def decoded(standard: str, value: Any) -> Any:
    """Through the codec and back."""
    schema = rsu.load_schema(standard)
    return message_type(STANDARDS[standard], schema.decode("MessageFrame", schema.encode("MessageFrame", value)))[1]


def crossing(standard: str) -> Intersection:
    (made,) = geometry(standard, decoded(standard, RECEIVED[standard](SITE, 5, NOW_NS)), ORIGIN)
    return made


@pytest.mark.parametrize(("standard", "within_m"), [("csae-53", 0.05), ("sae-j2735", 0.015)])
def test_the_simulated_crossing_comes_back_where_it_was_drawn(standard: str, within_m: float) -> None:
    made = crossing(standard)
    assert (made.region, made.id, made.revision) == (500, 101, 5)
    assert made.reference == pytest.approx([0, 0, 0], abs=1e-6)
    drawn = {lane.id: lane for lane in LANES if lane.turns or standard == "sae-j2735"}
    assert {lane.id for lane in made.lanes} == set(drawn)
    for lane in made.lanes:
        line = drawn[lane.id]
        outward = [on_leg(line.leg, out_m, line.offset_m) for out_m in (STOP_LINE_M, LEG_M / 2, LEG_M)]
        expected = outward[::-1] if line.turns else outward
        assert lane.direction == ("in" if line.turns else "out")
        np.testing.assert_allclose(lane.points[:, :2], expected, rtol=0, atol=within_m)
        assert lane.widths == pytest.approx([DRAWN_M] * 3)
        if line.turns:
            assert lane.maneuvers == (line.turns if standard == "csae-53" else ())
            for connection, turn in zip(lane.connections, line.turns, strict=True):
                assert connection.signal_group == group_of(line.leg, turn)
                assert connection.lane == lane_out(line.leg, turn).id
                assert connection.maneuvers == (turn,)
            assert lane.stop_line is not None
            stop = [on_leg(line.leg, STOP_LINE_M, line.offset_m + side * DRAWN_M / 2) for side in (-1, 1)]
            np.testing.assert_allclose(lane.stop_line, stop, rtol=0, atol=within_m + 0.01)
        else:
            assert lane.stop_line is None


def test_links_of_the_simulated_crossing_have_their_limits_and_neighbours() -> None:
    made = crossing("csae-53")
    assert {lane.link for lane in made.lanes} == {102, 103, 104, 105}
    assert all(lane.link_region == 500 and lane.name.endswith(" leg") for lane in made.lanes)
    limit = made.lanes[0].speed_limits["vehicleMaxSpeed"]
    assert made.lanes[0].max_speeds == pytest.approx([limit, limit])
    assert {connection.node for lane in made.lanes for connection in lane.connections} == {102, 103, 104, 105}


# J2735


def sae_lane(nodes: Any, **more: Any) -> dict[str, Any]:
    attributes = {"directionalUse": (b"\x40", 2), "sharedWith": (b"\x00\x00", 10), "laneType": ("vehicle", (b"\x00", 8))}
    return {"laneID": 1, "laneAttributes": attributes, "nodeList": nodes, **more}


def leads(directions: bytes, kind: str = "vehicle", bits: tuple[bytes, int] = (b"\x00", 8)) -> dict[str, Any]:
    return {"laneAttributes": {"directionalUse": (directions, 2), "sharedWith": (b"\x00\x00", 10), "laneType": (kind, bits)}}


def xy(*steps: tuple[int, int], form: str = "node-XY6") -> tuple[str, Any]:
    return "nodes", [{"delta": (form, {"x": x, "y": y})} for x, y in steps]


def sae_map(*lanes: dict[str, Any], **more: Any) -> tuple[tuple[Lane, ...], Counter[str]]:
    faults: Counter[str] = Counter()
    one = {"id": {"id": 7}, "revision": 3, "refPoint": PLACE, "laneSet": list(lanes), **more}
    (made,) = geometry("sae-j2735", {"msgIssueRevision": 1, "intersections": [one]}, ORIGIN, faults)
    return made.lanes, faults


@pytest.mark.parametrize("form", [f"node-XY{number}" for number in range(1, 7)])
def test_each_step_counts_from_the_node_before(form: str) -> None:
    (lane,), _ = sae_map(sae_lane(xy((100, 200), (-50, 300), (0, -511), form=form)))
    np.testing.assert_allclose(lane.points, [[1, 2, 0], [0.5, 5, 0], [0.5, -0.11, 0]], atol=1e-4)


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(-32_768, 32_767), st.integers(-32_768, 32_767)), min_size=2, max_size=20))
def test_steps_add_up_and_agree_with_pymap3d(steps: list[tuple[int, int]]) -> None:
    pymap3d = pytest.importorskip("pymap3d", reason="compares with pymap3d, an independent implementation")
    reference = (PLACE["lat"] / 1e7, PLACE["long"] / 1e7, PLACE["elevation"] / 10)
    elsewhere = Origin(29.66, 106.54, 250.0)
    one = {"id": {"id": 7}, "revision": 3, "refPoint": PLACE, "laneSet": [sae_lane(xy(*steps))]}
    (made,) = geometry("sae-j2735", {"intersections": [one]}, elsewhere)
    along = np.cumsum(np.array(steps), axis=0) / 100
    expected = np.array([pymap3d.geodetic2enu(*pymap3d.enu2geodetic(x, y, 0, *reference), *elsewhere) for x, y in along])
    expected = expected[without_repeats(expected)]
    assert len(made.lanes) == (1 if len(expected) > 1 else 0)
    for lane in made.lanes:
        np.testing.assert_allclose(lane.points, expected, rtol=0, atol=1e-5)


def test_a_node_that_is_a_place_is_where_it_says_and_the_next_counts_from_it() -> None:
    lat, lon = PLACE["lat"] + 1_000, PLACE["long"] - 2_000
    nodes = xy((100, 0))[1] + [{"delta": ("node-LatLon", {"lon": lon, "lat": lat})}] + xy((0, 500))[1]
    (lane,), _ = sae_map(sae_lane(("nodes", nodes)))
    there = to_enu(np.array([lat / 1e7]), np.array([lon / 1e7]), np.array([ORIGIN.elevation_m]), ORIGIN)[:2, 0]
    np.testing.assert_allclose(lane.points[1, :2], there, atol=0.003)
    np.testing.assert_allclose(lane.points[2, :2], there + np.array([0, 5]), atol=0.003)


@pytest.mark.parametrize(
    "node", [("regional", {"regionId": 2, "regExtValue": b""}), ("node-LatLon", {"lon": 1_800_000_001, "lat": 0})]
)
def test_a_node_that_cannot_be_placed_ends_its_lane(node: tuple[str, Any]) -> None:
    nodes = [*xy((0, 0), (0, 500))[1], {"delta": node}, *xy((0, 500))[1]]
    (lane,), faults = sae_map(sae_lane(("nodes", nodes)))
    assert (len(lane.points), faults) == (2, {"node": 1})


def test_attributes_of_a_node_hold_from_there_on_in_the_order_of_the_message() -> None:
    nodes = xy((0, 2_000), (0, 1_000), (0, 1_000), (0, 1_000))[1]
    nodes[1]["attributes"] = {
        "dWidth": 50,
        "dElevation": 5,
        "data": [("speedLimits", [{"type": "vehicleMaxSpeed", "speed": 500}])],
    }
    nodes[2]["attributes"] = {"dWidth": -100}
    limits = [{"type": "vehicleMaxSpeed", "speed": 700}, {"type": "truckMaxSpeed", "speed": 8_191}]
    for directions in (b"\x40", b"\x80"):
        (lane,), _ = sae_map(sae_lane(("nodes", nodes), **leads(directions)), laneWidth=300, speedLimits=limits)
        order = slice(None, None, -1 if directions == b"\x80" else 1)
        assert lane.widths[order] == pytest.approx([3.0, 3.5, 2.5, 2.5])
        assert lane.points[order, 2] == pytest.approx([0, 0.5, 0.5, 0.5], abs=0.001)
        assert lane.max_speeds[order] == pytest.approx([14, 10, 10])
        assert lane.speed_limits == {"vehicleMaxSpeed": 14.0}  # 8191 is unavailable


@pytest.mark.parametrize(
    ("directions", "kind", "direction", "first_y"),
    [
        (b"\x80", "vehicle", "in", 50),
        (b"\x40", "vehicle", "out", 20),
        (b"\xc0", "vehicle", "both", 20),
        (b"\x00", "vehicle", "none", 20),
        (b"\x80", "bikeLane", "in", 50),
        (b"\x80", "crosswalk", "none", 20),
        (b"\xc0", "crosswalk", "both", 20),
        (b"\x40", "median", "none", 20),
    ],
)
def test_a_lane_runs_in_the_direction_of_travel(directions: bytes, kind: str, direction: str, first_y: float) -> None:
    (lane,), _ = sae_map(sae_lane(xy((0, 2_000), (0, 3_000)), **leads(directions, kind)))
    assert (lane.direction, lane.kind) == (direction, KINDS[kind])
    assert lane.points[0, 1] == pytest.approx(first_y, abs=1e-3)
    assert (lane.stop_line is not None) == (direction == "in")


def test_the_stop_line_has_its_left_end_first() -> None:
    (lane,), _ = sae_map(sae_lane(xy((0, 2_000), (0, 3_000)), **leads(b"\x80")))  # southbound: its left is east
    assert lane.stop_line == pytest.approx(np.array([[LANE_WIDTH_M / 2, 20], [-LANE_WIDTH_M / 2, 20]]), abs=1e-3)


@pytest.mark.parametrize(
    ("move", "expected"),
    [
        ({}, [[3, 20], [3, 30]]),
        ({"offsetXaxis": ("large", -2_000)}, [[-20, 20], [-20, 30]]),
        ({"rotateXY": 7_200}, [[3, 20], [13, 20]]),  # 90 degrees clockwise
        ({"scaleYaxis": 2_000}, [[3, 20], [3, 40]]),  # and half of its length more, twice
        ({"scaleYaxis": -1_000, "rotateXY": 14_400}, [[3, 20], [3, 15]]),
    ],
    ids=["aside", "far-aside", "turned", "stretched", "halved-and-turned"],
)
def test_a_computed_lane_is_another_one_moved(move: dict[str, Any], expected: list[list[float]]) -> None:
    computed = {"referenceLaneId": 1, "offsetXaxis": ("small", 300), "offsetYaxis": ("small", 0), **move}
    lanes, _ = sae_map(sae_lane(xy((0, 2_000), (0, 1_000))), sae_lane(("computed", computed), laneID=2))
    np.testing.assert_allclose(lanes[1].points[:, :2], expected, atol=1e-3)


def test_computed_lanes_out_of_each_other_are_counted_and_end() -> None:
    def computed(number: int, of: int) -> dict[str, Any]:
        move = {"referenceLaneId": of, "offsetXaxis": ("small", 300), "offsetYaxis": ("small", 0)}
        return sae_lane(("computed", move), laneID=number)

    lanes, faults = sae_map(
        computed(1, 2),
        computed(2, 1),
        computed(3, 3),
        computed(4, 99),
        computed(6, 5),
        computed(5, 7),
        sae_lane(xy((0, 0), (0, 500)), laneID=7),
    )
    assert faults == {"lane": 4}
    assert [(lane.id, round(float(lane.points[0, 0]), 3)) for lane in lanes] == [(6, 6.0), (5, 3.0), (7, 0.0)]


def test_lanes_without_two_points_are_counted() -> None:
    lanes, faults = sae_map(sae_lane(xy((0, 500), (0, 0))), sae_lane(("...2", b"")))
    assert (lanes, faults) == ((), {"lane": 2})


@pytest.mark.parametrize("standard", ["csae-53", "sae-j2735"])
def test_a_place_without_a_position_is_counted(standard: str) -> None:
    nowhere = {"lat": 900_000_001, "long": 1_800_000_001}
    value = {
        "csae-53": {"msgCnt": 1, "nodes": [{"id": {"id": 1}, "refPos": nowhere}]},
        "sae-j2735": {"intersections": [{"id": {"id": 1}, "revision": 1, "refPoint": nowhere, "laneSet": []}]},
    }[standard]
    faults: Counter[str] = Counter()
    assert geometry(standard, value, ORIGIN, faults) == ()
    assert faults == {"reference": 1}


def test_without_a_height_z_is_nan_and_the_place_stays() -> None:
    flat = {"lat": PLACE["lat"], "long": PLACE["long"]}
    (lane,), _ = sae_map(sae_lane(xy((100, 200), (-50, 300))), refPoint=flat)
    assert np.isnan(lane.points[:, 2]).all()
    np.testing.assert_allclose(lane.points[:, :2], [[1, 2], [0.5, 5]], atol=1e-6)


def test_connections_to_another_intersection_name_it() -> None:
    connects = [
        {"connectingLane": {"lane": 4, "maneuver": (b"\x80\x00", 12)}, "remoteIntersection": {"id": 7}, "signalGroup": 2},
        {"connectingLane": {"lane": 5}, "remoteIntersection": {"region": 1, "id": 9}},
    ]
    (lane,), _ = sae_map(sae_lane(xy((0, 2_000), (0, 3_000)), connectsTo=connects, **leads(b"\x80")))
    here, there = lane.connections
    assert (here.node, here.lane, here.signal_group, here.maneuvers) == (None, 4, 2, ("straight",))
    assert (there.node, there.region, there.lane, there.signal_group) == (9, 1, 5, None)
    assert lane.signal_groups == (2,)


def test_a_road_segment_has_lanes_too() -> None:
    segment = {"id": {"id": 3}, "revision": 2, "refPoint": PLACE, "roadLaneSet": [sae_lane(xy((0, 0), (0, 900)))]}
    (made,) = geometry("sae-j2735", {"roadSegments": [segment]}, ORIGIN)
    assert (made.kind, made.id, len(made.lanes)) == ("segment", 3, 1)


def test_crosswalks_and_what_is_revocable_are_told_apart() -> None:
    lanes, _ = sae_map(
        sae_lane(xy((0, 500), (900, 0)), **leads(b"\xc0", "crosswalk", (b"\x80\x00", 16))),
        sae_lane(xy((0, 500), (0, 900)), **leads(b"\x80", "vehicle", (b"\x80", 8)), laneID=2),
        sae_lane(xy((0, 500), (0, 900)), **leads(b"\x80"), laneID=3),
    )
    assert [(lane.kind, lane.revocable) for lane in lanes] == [("crosswalk", True), ("vehicle", True), ("vehicle", False)]
    made = Intersection(region=None, id=1, revision=1, reference=np.zeros(3), lanes=lanes)
    assert (made.crosswalks, made.lanes_in) == (lanes[:1], lanes[1:])


# T/CSAE 53 and 157


def offset(east_m: float, north_m: float) -> dict[str, Any]:
    lat, lon = SITE.place.wgs84_e7(east_m, north_m)
    return {"posOffset": {"offsetLL": ("position-LL5", {"lon": lon - PLACE["long"], "lat": lat - PLACE["lat"]})}}


def csae_map(standard: str = "csae-53", **node: Any) -> tuple[tuple[Lane, ...], Counter[str]]:
    faults: Counter[str] = Counter()
    one = {"id": {"region": 1, "id": 7}, "refPos": PLACE, **node}
    (made,) = geometry(standard, {"msgCnt": 1, "nodes": [one]}, ORIGIN, faults)
    return made.lanes, faults


NORTHBOUND = [offset(0, -200), offset(0, -20)]


def test_lanes_without_points_lie_beside_each_other_in_the_link() -> None:
    lanes = [{"laneID": number, **({"laneWidth": 300} if number == 3 else {})} for number in (2, 1, 3)]
    link = {"upstreamNodeId": {"id": 6}, "linkWidth": 1_050, "points": NORTHBOUND, "lanes": lanes}
    made, _ = csae_map(inLinks=[link])
    across = {lane.id: float(lane.points[-1, 0]) for lane in made}
    # 3.5 + 3.5 + 3.0 m, from the left: northbound, the left is west
    assert across == pytest.approx({1: -3.25, 2: 0.25, 3: 3.5}, abs=0.02)
    assert {lane.id: float(lane.widths[0]) for lane in made} == pytest.approx({1: 3.5, 2: 3.5, 3: 3.0})
    assert made[0].points[:, 1] == pytest.approx([-200, -20], abs=0.05)


def test_the_offset_lane_of_a_bend_keeps_its_distance() -> None:
    bend = [offset(0, -100), offset(0, 0), offset(100, 0)]
    link = {"upstreamNodeId": {"id": 6}, "linkWidth": 700, "points": bend, "lanes": [{"laneID": 1}, {"laneID": 2}]}
    made, _ = csae_map(inLinks=[link])
    np.testing.assert_allclose(made[0].points[:, :2], [[-1.75, -100], [-1.75, 1.75], [100, 1.75]], atol=0.03)
    np.testing.assert_allclose(made[1].points[:, :2], [[1.75, -100], [1.75, -1.75], [100, -1.75]], atol=0.03)


def test_a_connection_without_a_phase_has_that_of_the_movement() -> None:
    lane = {
        "laneID": 1,
        "points": NORTHBOUND,
        "connectsTo": [
            {"remoteIntersection": {"region": 1, "id": 8}},
            {"remoteIntersection": {"region": 1, "id": 9}, "phaseId": 30},
            {"remoteIntersection": {"region": 2, "id": 8}, "connectingLane": {"lane": 5, "maneuver": (b"\x20\x00", 12)}},
        ],
    }
    movements = [{"remoteIntersection": {"region": 1, "id": number}, "phaseId": 10 + number} for number in (8, 9)]
    (made,), _ = csae_map(inLinks=[{"upstreamNodeId": {"id": 6}, "movements": movements, "lanes": [lane]}])
    assert [(each.node, each.signal_group, each.lane, each.maneuvers) for each in made.connections] == [
        (8, 18, None, ()),
        (9, 30, None, ()),
        (8, None, 5, ("right",)),
    ]


def test_a_lanes_own_limits_and_attributes_count() -> None:
    lane = {
        "laneID": 1,
        "points": NORTHBOUND,
        "speedLimits": [{"type": "vehicleMaxSpeed", "speed": 500}],
        "laneAttributes": {"shareWith": (b"\x09\x00", 10), "laneType": ("bikeLane", (b"\x00\x00", 16))},
        "maneuvers": (b"\xa0\x00", 12),
    }
    limits = [{"type": "vehicleMaxSpeed", "speed": 834}]
    (made,), _ = csae_map(inLinks=[{"upstreamNodeId": {"id": 6}, "speedLimits": limits, "lanes": [lane]}])
    assert made.speed_limits == {"vehicleMaxSpeed": 10.0}
    assert (made.kind, made.shared_with, made.maneuvers) == ("bike", ("bus", "cyclists"), ("straight", "right"))


def test_lanes_without_any_line_are_counted() -> None:
    links = [
        {"upstreamNodeId": {"id": 6}, "lanes": [{"laneID": 1}]},
        {"upstreamNodeId": {"id": 6}, "lanes": [{"laneID": 1, "points": [offset(0, 0), offset(0, 0)]}]},
        {"upstreamNodeId": {"id": 6}, "points": [offset(0, 0), offset(0, 0)], "lanes": [{"laneID": 1}]},
    ]
    lanes, faults = csae_map(inLinks=links)
    assert (lanes, faults) == ((), {"lane": 3})


def test_lanes_of_sections_stand_along_and_aside_of_the_reference_line() -> None:
    reference = [offset(0, -100), offset(0, 0), offset(100, 0)]
    connects = [
        {
            "remoteIntersection": {"region": 1, "id": 8},
            "turn-direction": "maneuverLeftTurn",
            "connectingLane": [
                {"target-section": 2, "target-lane": -1, "connectingLanePoints": [offset(100, 0), offset(120, 0)]},
                {"target-section": 2, "target-lane": -2},
            ],
        }
    ]
    lane = {
        "laneRefID": -1,
        "laneWidth": 325,
        "st-points": [{"s-axis": s, "t-axis": t} for s, t in ((0, -175), (500, -175), (1_500, 200), (2_100, 0), (-100, 0))],
        "connectsTo-ex": connects,
    }
    link = {
        "upstreamNodeId": {"region": 1, "id": 6},
        "refLine": reference,
        "movements-ex": [{"remoteIntersection": {"region": 1, "id": 8}, "phaseId": 4}],
        "sections": [{"secId": 3, "lanes": [lane, {"laneRefID": -2}]}],
    }
    lanes, faults = csae_map("csae-157", **{"inLinks-ex": [link]})
    assert faults == {"lane": 1}
    expected = [[1.75, -100], [1.75, -50], [50, 2], [110, 0], [0, -110]]
    np.testing.assert_allclose(lanes[0].points[:, :2], expected, atol=0.05)
    assert (lanes[0].id, lanes[0].section, lanes[0].link) == (-1, 3, 6)
    assert lanes[0].widths == pytest.approx([3.25] * 5)
    first, second = lanes[0].connections
    assert (first.lane, first.section, first.signal_group, first.maneuvers) == (-1, 2, 4, ("left",))
    assert first.path is not None and first.path[:, 0] == pytest.approx([100, 120], abs=0.05)
    assert (second.lane, second.path) == (-2, None)


def test_plain_links_go_before_those_with_sections() -> None:
    plain = {"upstreamNodeId": {"id": 6}, "lanes": [{"laneID": 1, "points": NORTHBOUND}]}
    lanes, _ = csae_map("csae-157", **{"inLinks": [plain], "inLinks-ex": [{"upstreamNodeId": {"id": 6}, "sections": []}]})
    assert len(lanes) == 1
    assert csae_map()[0] == ()


# Tables


@pytest.mark.parametrize("standard", ["csae-53", "sae-j2735"])
def test_words_of_bits_and_kinds_are_those_of_the_schema(standard: str) -> None:
    schema = rsu.load_schema(standard)
    path = {"csae-53": ("nodes", "inLinks", "lanes"), "sae-j2735": ("intersections", "laneSet")}[standard]
    info = schema.type_info("MapData")
    for step in path:
        info = next(member.type for member in (info.element or info).members if member.name == step)
    assert info.element is not None
    members = {member.name: member.type for member in info.element.members}
    assert len(members["maneuvers"].named_bits) == len(MANEUVERS) + 1  # the last one is reserved
    attributes = {member.name: member.type for member in members["laneAttributes"].members}
    sharing = attributes["shareWith" if standard == "csae-53" else "sharedWith"]
    assert len(sharing.named_bits) == len(SHARING)
    kinds = {member.name: member.type for member in attributes["laneType"].members}
    assert set(kinds) == set(KINDS)
    for name, kind in kinds.items():
        assert name in ("median",) or "evocable" in kind.named_bits[0], name


def test_scales_are_those_of_the_units_table() -> None:
    chinese, american = load_units("csae-157"), load_units("sae-j2735")
    assert (chinese["LaneWidth"].scale, chinese["ST-Point.s-axis"].scale, chinese["ST-Point.t-axis"].scale) == (
        WIDTH_M,
        S_M,
        T_M,
    )
    names = ("Offset-B10", "Offset-B16", "DrivenLineOffsetSm", "DrivenLineOffsetLg", "LaneWidth")
    assert {american[name].scale for name in names} == {CENTIMETRE_M}
    assert american["Common.Angle"].scale == ANGLE_DEG
    assert american["Scale-B12"].scale / 100 == pytest.approx(STRETCH)


# Published messages


def published(shared: Path, name: str, standard: str) -> list[Intersection]:
    schema, made = rsu.load_schema(standard), []
    for text in (shared / "vectors" / f"{name}.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(text)
        if "Map" not in row["type"].title() or row.get("pdu", "MessageFrame") != "MessageFrame" or row.get("valid") is False:
            continue
        type_name, value = message_type(STANDARDS[standard], schema.decode("MessageFrame", bytes.fromhex(row["hex"])))
        if type_name == "MapData":
            places = [one.get("refPos") or one.get("refPoint") for one in value.get("nodes", value.get("intersections", ()))]
            if places:
                made += geometry(standard, value, Origin(places[0]["lat"] / 1e7, places[0]["long"] / 1e7))
    return made


def test_published_american_maps_are_intersections(shared: Path) -> None:
    # the others are made of random values
    real = [
        one
        for one in published(shared, "j2735", "sae-j2735")
        if one.lanes_in and one.lanes_in[0].speed_limits.keys() <= {"vehicleMaxSpeed"}
    ]
    real = [one for one in real if all(np.abs(lane.points).max() < 1_500 for lane in one.lanes)]
    assert len(real) >= 20
    for one in real:
        for lane in one.lanes_in:
            assert np.hypot(*lane.points[-1, :2]) < np.hypot(*lane.points[0, :2]), f"{one.id}: lane {lane.id} leads away"
            assert lane.stop_line is not None and 2.0 < math.dist(*lane.stop_line) < 12.0
            assert np.isfinite(lane.points[:, :2]).all()


def test_the_captured_chinese_map_is_a_node_of_four_links(shared: Path) -> None:
    (node,) = published(shared, "csae-53", "csae-53")
    assert (node.id, len({lane.link for lane in node.lanes})) == (149, 4)
    for lane in node.lanes:
        assert np.hypot(*lane.points[-1, :2]) < 60 < np.hypot(*lane.points[0, :2]) < 400
        assert lane.speed_limits["vehicleMaxSpeed"] == pytest.approx(16.68)
        assert lane.signal_groups
