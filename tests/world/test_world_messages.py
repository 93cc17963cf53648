"""Maps and signals as they are heard: the bundled log, whose crossing both standards tell, and published messages."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from world_scene import NOW_NS, SECOND_NS, track, tracks

import rsu
from rsu.engine import Engine, Settings, Stored
from rsu.frames import unwrap
from rsu.fusion import Fusion
from rsu.fusion import Parameters as FusionParameters
from rsu.observe.arrays import VEHICLE, Origin
from rsu.observe.geometry import geometry
from rsu.observe.lanes import Intersection
from rsu.observe.observations import observe_batch
from rsu.observe.signals import signals
from rsu.sources import open_source
from rsu.world import LIGHTS, Snapshot, World
from rsu.world.arrays import CSAE, SAE

TICK_NS = 100_000_000
LOGS = Path(__file__).resolve().parents[2] / "replay_logs"
HERE = Origin(29.6583, 106.5312, 268.4)
BEARING_DEG = {"north": 12.0, "east": 102.0, "south": 192.0, "west": 282.0}
STOP_LINE_M = 22.0
"""The crossing of the log, as replay_logs/scene/roads.py builds it: legs by the side they lie on, lanes of 3.5 m, the left turn
next to the axis, SAE lanes numbered 4 a leg from 1."""
STANDARDS = ("csae-157", "sae-j2735")
Heard = list[tuple[Stored, dict[str, Any]]]


@pytest.fixture(scope="module")
def heard() -> Heard:
    """Each record of the log's first six seconds with its value."""
    schemas = {name: rsu.load_schema(name) for name in STANDARDS}
    engine, told = Engine(Settings(), schemas), []
    with open_source(LOGS / "city_minute.pcap") as source:
        for received in source:
            row = engine.step(received, received.receive_time_ns)
            if not isinstance(row, Stored):
                continue
            if told and row.receive_time_ns > told[0][0].receive_time_ns + 6 * SECOND_NS:
                break
            value = schemas[row.standard].decode("MessageFrame", unwrap(row.raw).payload)
            told.append((row, value["value"][1] if row.standard == "sae-j2735" else value[1]))
    return told


def take(made: World, row: Stored, value: dict[str, Any]) -> None:
    if row.type == "MapData":
        made.hear_map(row.standard, geometry(row.standard, value, HERE), row.receive_time_ns)
    elif row.type == "SPAT":
        made.hear_signals(row.standard, signals(row.standard, value, row.receive_time_ns))


def listening(heard: Heard, *standards: str) -> tuple[World, int]:
    made = World(HERE)
    for row, value in heard:
        if row.standard in standards:
            take(made, row, value)
    return made, heard[-1][0].receive_time_ns


def on_leg(leg: str, out_m: float, offset_m: float, number: int = 1, **more: Any) -> np.ndarray:
    """A track that drives in, ``out_m`` from the middle and ``offset_m`` right of the leg's axis."""
    bearing = math.radians(BEARING_DEG[leg])
    east, north = math.sin(bearing), math.cos(bearing)
    x, y = out_m * east - offset_m * north, out_m * north + offset_m * east
    return track(number, x, y, 270.0 - BEARING_DEG[leg], length=4.0, **more)


def test_the_crossing_that_both_standards_tell_has_each_lane_in_once(heard: Heard) -> None:
    snapshot = listening(heard, *STANDARDS)[0].step(tracks(), heard[-1][0].receive_time_ns)
    lanes = snapshot.lanes
    assert set(lanes["family"].tolist()) == {CSAE, SAE}
    own = lanes[(lanes["twin_of"] < 0) & (lanes["direction"] == 0)]
    # four legs of two lanes in, all of them those of the same standard
    assert len(own) == 8 and set(own["family"].tolist()) == {CSAE}


@pytest.mark.parametrize("standards", [("csae-157",), ("sae-j2735",), STANDARDS], ids=["csae", "sae", "both"])
@pytest.mark.parametrize("leg", tuple(BEARING_DEG))
@pytest.mark.parametrize(("turn", "offset_m"), [("left", 1.75), ("straight", 5.25)])
def test_a_track_on_the_log_s_road_is_in_its_lane_and_as_far_from_the_line_as_it_was_put(
    heard: Heard, standards: tuple[str, ...], leg: str, turn: str, offset_m: float
) -> None:
    made, now_ns = listening(heard, *standards)
    snapshot = made.step(tracks(on_leg(leg, 80.0, offset_m)), now_ns)
    place = snapshot.placed[0]
    lane = snapshot.intersections[0].lanes[snapshot.places[place["lane"]][1]]
    assert lane.direction == "in"
    if snapshot.lanes["family"][place["lane"]] == SAE:
        assert lane.id == 4 * list(BEARING_DEG).index(leg) + (1 if turn == "left" else 2)
    else:
        assert turn in lane.maneuvers
    assert place["probability"] > 0.9 and abs(place["lateral_m"]) < 0.1
    assert abs(place["off_heading_rad"]) < 0.01
    # from 80 m to the stop line, less half a car
    assert place["to_stop_m"] == pytest.approx(80 - STOP_LINE_M - 2, abs=0.2)


def test_the_lanes_of_the_log_have_the_light_of_their_phase(heard: Heard) -> None:
    # 6 s into the log the north and south have 4 s of green left: the scene begins 8 s into the cycle, its green has 18 s
    made, now_ns = listening(heard, *STANDARDS)
    snapshot = made.step(tracks(on_leg("north", 80.0, 5.25, 1), on_leg("east", 80.0, 5.25, 2)), now_ns)
    assert snapshot.signals["fresh"].all()
    north, east = (lights_of(snapshot, int(place["lane"])) for place in snapshot.placed)
    assert {LIGHTS[row["light"]] for row in north} == {"green"} and {LIGHTS[row["light"]] for row in east} == {"red"}
    start_ns = heard[0][0].receive_time_ns // SECOND_NS * SECOND_NS
    assert all(abs(int(row["likely_end_ns"]) - start_ns - 10 * SECOND_NS) <= SECOND_NS // 5 for row in north)


def lights_of(snapshot: Snapshot, lane: int) -> np.ndarray:
    phases = snapshot.connections["signal"][snapshot.connections["lane"] == lane]
    assert phases.size and (phases >= 0).all()
    return snapshot.signals[phases]


def test_what_is_heard_again_and_again_is_indexed_once(heard: Heard) -> None:
    made, now_ns = listening(heard, *STANDARDS)
    made.step(tracks(), now_ns)
    assert made.counters.maps.heard == sum(row.type == "MapData" for row, _ in heard) > 2
    assert made.counters.maps.changed == 2 and made.counters.indexed == 1


def test_nearly_all_vehicles_that_fusion_finds_on_the_legs_are_in_a_lane(heard: Heard) -> None:
    made, fusion = World(HERE), Fusion(FusionParameters())
    batch: Heard = []
    due_ns, on_legs, in_lanes = heard[0][0].receive_time_ns + TICK_NS, 0, 0
    for row, value in heard:
        if row.receive_time_ns >= due_ns:
            fusion.step(observe_batch(batch, HERE), due_ns)
            snapshot = made.step(fusion.tracks(due_ns), due_ns)
            away = np.hypot(snapshot.tracks["x"], snapshot.tracks["y"])
            driving = (snapshot.tracks["cls"] == VEHICLE) & (away > STOP_LINE_M + 5) & (away < 170)
            on_legs += int(driving.sum())
            in_lanes += int((snapshot.placed["lane"][driving] >= 0).sum())
            batch, due_ns = [], due_ns + TICK_NS
        take(made, row, value)
        batch.append((row, value))
    assert on_legs > 200 and in_lanes >= 0.95 * on_legs


def published(shared: Path) -> list[tuple[str, dict[str, Any]]]:
    """Standard and MapData of the published messages that are MessageFrames."""
    found: list[tuple[str, dict[str, Any]]] = []
    for standard, name in (("sae-j2735", "j2735.jsonl"), ("csae-53", "csae-53.jsonl")):
        schema = rsu.load_schema(standard)
        for line in (shared / "vectors" / name).read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            if row.get("valid") is False or row.get("pdu", "MessageFrame") != "MessageFrame":
                continue
            if row["type"] not in ("MapData", "MessageFrame/MAP"):
                continue
            try:
                value = schema.decode("MessageFrame", bytes.fromhex(row["hex"]), strict=False)
            except rsu.DecodeError:
                continue
            found.append((standard, value["value"][1] if standard == "sae-j2735" else value[1]))
    return found


def centre(standard: str, value: dict[str, Any]) -> Origin | None:
    """The first place that a MAP tells."""
    told = [*value.get("intersections", ()), *value.get("roadSegments", ()), *value.get("nodes", ())]
    at = told[0].get("refPoint", told[0].get("refPos")) if told else None
    return None if at is None else Origin(at["lat"] / 1e7, at["long"] / 1e7)


def test_on_published_maps_whoever_drives_along_a_lane_is_in_it(shared: Path) -> None:
    driven = 0
    for standard, value in published(shared):
        origin = centre(standard, value)
        if origin is None:
            continue
        places = geometry(standard, value, origin)
        made = World(origin)
        made.hear_map(standard, places, NOW_NS)
        rows = drivers(places)
        if not rows or made.counters.maps.unfit:
            continue
        snapshot = made.step(tracks(*rows), NOW_NS)
        sums = np.bincount(snapshot.matches["row"], snapshot.matches["probability"], len(rows))
        assert (sums <= 1 + 1e-9).all() and (sums > 0.5).all()
        json.dumps(made.geojson(), allow_nan=False)
        driven += len(rows)
    assert driven > 200


def drivers(places: tuple[Intersection, ...]) -> list[np.ndarray]:
    """A sure track in the middle of the longest piece of each lane that is driven and long and wide enough for it."""
    rows = []
    for each in (each for place in places for each in place.lanes if each.kind == "vehicle"):
        steps = np.diff(each.points[:, :2], axis=0)
        lengths = np.hypot(*steps.T)
        at = int(lengths.argmax())
        if lengths[at] < 10 or each.widths.min() < 2:
            continue
        x, y = each.points[at, :2] + steps[at] / 2
        heading_deg = math.degrees(math.atan2(steps[at, 1], steps[at, 0]))
        rows.append(track(len(rows) + 1, x, y, heading_deg, sigma_m=0.1))
    return rows
