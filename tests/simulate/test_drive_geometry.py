"""Lanes, turns and lights of a crossing, read from a network of SUMO's form."""

from __future__ import annotations

import math
from itertools import pairwise
from pathlib import Path

import pytest
from drive_world import ORIGIN, STANDARDS, schema_of
from hypothesis import given
from hypothesis import strategies as st

from rsu.simulate import messages_csae, messages_sae
from rsu.simulate.geometry import POINTS_MAX, Crossing, fewer, read_crossing
from rsu.simulate.lights import Lights, merged
from rsu.simulate.place import Place
from rsu.simulate.scenes.scene import curve

# Two ways in: from the west straight on and left, from the south right; one crosswalk. 20 + 4 + 26 s.
NETWORK = """
<net>
 <edge id=":C_c0" function="crossing"><lane id=":C_c0_0" index="0" width="4" shape="-8,5 -8,-5"/></edge>
 <edge id="WC" from="W" to="C">
  <lane id="WC_0" index="0" allow="pedestrian" speed="10" width="2" shape="-100,-6 -10,-6"/>
  <lane id="WC_1" index="1" disallow="pedestrian" speed="10" width="3.5" shape="-100,-2 -10,-2"/>
 </edge>
 <edge id="SC" from="S" to="C"><lane id="SC_0" index="0" speed="10" width="3.5" shape="2,-100 2,-10"/></edge>
 <edge id="CE" from="C" to="E"><lane id="CE_0" index="0" speed="15" width="3" shape="10,-2 600,-2"/></edge>
 <edge id="CN" from="C" to="N"><lane id="CN_0" index="0" allow="bicycle" speed="15" width="3" shape="2,10 2,100"/></edge>
 <edge id="NX" from="N" to="X"><lane id="NX_0" index="0" speed="15" width="3" shape="2,100 2,200"/></edge>
 <tlLogic id="C" type="static" programID="0" offset="0">
  <phase duration="20" state="Ggrr"/><phase duration="4" state="yyrr"/><phase duration="26" state="rrGG"/>
 </tlLogic>
 <junction id="C" type="traffic_light"/><junction id="E" type="dead_end"/><junction id="N" type="dead_end"/>
 <junction id="S" type="dead_end"/><junction id="W" type="dead_end"/><junction id=":C_0" type="internal"/>
 <connection from="WC" to="CE" fromLane="1" toLane="0" tl="C" linkIndex="0" dir="s"/>
 <connection from="WC" to="CN" fromLane="1" toLane="0" tl="C" linkIndex="1" dir="l"/>
 <connection from="SC" to="CE" fromLane="0" toLane="0" tl="C" linkIndex="2" dir="r"/>
 <connection from=":C_w0" to=":C_c0" fromLane="0" toLane="0" tl="C" linkIndex="3" dir="s"/>
</net>
"""
SECOND = 1_000_000_000


@pytest.fixture
def crossing(tmp_path: Path) -> Crossing:
    path = tmp_path / "made.net.xml"
    path.write_text(NETWORK, encoding="utf-8")
    return read_crossing(path, "C")


def test_lanes_turns_and_crosswalks_are_those_of_the_network(crossing: Crossing) -> None:
    assert [(link.name, link.inward, len(link.lanes)) for link in crossing.links] == [
        ("WC", True, 1),
        ("SC", True, 1),
        ("CE", False, 1),
        ("CN", False, 1),
    ]
    west, south, east, north = (link.lanes[0] for link in crossing.links)
    assert [turn[:2] + turn[3:] for turn in west.turns] == [("straight", east.number, 1), ("left", north.number, 2)]
    assert [turn[:2] + turn[3:] for turn in south.turns] == [("right", east.number, 3)]
    assert (north.kind, east.kind) == ("bikeLane", "vehicle")
    (walk,) = crossing.crosswalks
    assert (walk.group, walk.points) == (4, ((-8.0, 5.0), (-8.0, -5.0)))
    assert len({lane.number for link in crossing.links for lane in link.lanes} | {walk.number}) == 5


@pytest.mark.parametrize(
    ("at_s", "shown"),
    [
        (0, [("G", 20), ("g", 20), ("r", 24), ("r", 24)]),
        (19.9, [("G", 0.1), ("g", 0.1), ("r", 4.1), ("r", 4.1)]),
        (20, [("y", 4), ("y", 4), ("r", 4), ("r", 4)]),
        (49, [("r", 1), ("r", 1), ("G", 1), ("G", 1)]),
        (50, [("G", 20), ("g", 20), ("r", 24), ("r", 24)]),
    ],
    ids=str,
)
def test_lights_show_the_program_from_the_beginning_of_sumos_clock(
    crossing: Crossing, at_s: float, shown: list[tuple[str, float]]
) -> None:
    lights = Lights(crossing, begin_ns=100 * SECOND)
    time_ns = 100 * SECOND + round(at_s * SECOND)
    assert [lights.shown(group, time_ns)[0] for group in (1, 2, 3, 4)] == [(a, round(b * 1_000)) for a, b in shown]


def test_a_light_that_is_on_over_the_end_of_the_cycle_is_one(crossing: Crossing) -> None:
    split = crossing._replace(phases=(*crossing.phases[1:], crossing.phases[0]._replace(lasts_ms=12_000), crossing.phases[0]))
    (letter, left_ms), following = Lights(split, 0).shown(3, 4 * SECOND + 26 * SECOND)
    assert (letter, left_ms) == ("r", 12_000 + 20_000 + 4_000)
    assert following[0][0] == "G"


def test_neighbours_that_show_the_same_are_one() -> None:
    assert merged([("G", 1), ("G", 2), ("r", 3), ("G", 4)]) == [("G", 3), ("r", 3), ("G", 4)]


@pytest.mark.parametrize("standard", STANDARDS)
def test_map_of_a_crossing_encodes_and_leads_back_to_its_points(crossing: Crossing, standard: str) -> None:
    place, schema = Place(ORIGIN), schema_of(standard)
    room = messages_csae if standard == "csae-157" else messages_sae
    value = schema.decode("MessageFrame", schema.encode("MessageFrame", room.map_(crossing, place, 3, 1_778_547_580 * SECOND)))
    if standard == "csae-157":
        lanes = {lane["laneID"]: lane for link in value[1]["nodes"][0]["inLinks"] for lane in link["lanes"]}
        (first, last) = (point["posOffset"]["offsetLL"][1] for point in lanes[1]["points"])
        ends = [place.metres(place.lat_e7 + one["lat"], place.lon_e7 + one["lon"]) for one in (first, last)]
        assert [turn["phaseId"] for turn in lanes[1]["connectsTo"]] == [1, 2]
    else:
        lanes = {lane["laneID"]: lane for lane in value["value"][1]["intersections"][0]["laneSet"]}
        assert len(lanes) == 5
        ends = _walked(lanes[1])[::-1]  # J2735 begins at the stop line
        assert _walked(lanes[3])[-1] == pytest.approx((600.0, -2.0))  # longer than one step of 327 m reaches
        assert len(_walked(lanes[3])) == 3
    assert ends[0] == pytest.approx((-100.0, -2.0), abs=0.02) and ends[-1] == pytest.approx((-10.0, -2.0), abs=0.02)


def _walked(lane: dict[str, object]) -> list[tuple[float, float]]:
    places, x, y = [], 0, 0
    for node in lane["nodeList"][1]:  # type: ignore[index]
        x, y = x + node["delta"][1]["x"], y + node["delta"][1]["y"]
        places.append((x / 100, y / 100))
    return places


@given(st.lists(st.tuples(st.floats(-500, 500), st.floats(-500, 500)), min_size=2, max_size=80))
def test_a_lane_of_many_points_is_told_with_as_many_as_fit(points: list[tuple[float, float]]) -> None:
    kept = fewer(points)
    assert 2 <= len(kept) <= POINTS_MAX
    assert (kept[0], kept[-1]) == (points[0], points[-1]) and set(kept) <= set(points)


def test_few_points_of_a_bend_stay_within_a_tenth_of_a_metre() -> None:
    bend = [(100 * math.cos(a / 100), 100 * math.sin(a / 100)) for a in range(158)]
    kept = fewer(bend)
    assert len(kept) <= POINTS_MAX
    for (x0, y0), (x1, y1) in pairwise(kept):
        assert 100 - math.hypot((x0 + x1) / 2, (y0 + y1) / 2) <= 0.11  # the sagitta


def test_a_curve_runs_through_its_points_without_a_corner() -> None:
    shape = [tuple(map(float, place.split(","))) for place in curve(((0, 0), (100, 0), (200, 100), (300, 100))).split()]
    assert {(0.0, 0.0), (100.0, 0.0), (200.0, 100.0), (300.0, 100.0)} <= set(shape)
    ways = [math.atan2(d - b, c - a) for (a, b), (c, d) in pairwise(shape)]
    assert max(abs(later - earlier) for earlier, later in pairwise(ways)) < 0.15
