"""The made-up world: lights that never conflict, drivers that never touch, messages that any decoder takes, all by seed."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable
from functools import cache
from itertools import pairwise
from random import Random
from typing import Any

import msgspec
import pytest

import rsu
from rsu.engine import Engine, Settings, Stored
from rsu.errors import ConfigError
from rsu.frames import unwrap
from rsu.objects import parse
from rsu.received import Received
from rsu.schema import Schema
from rsu.simulate import Message, Schedule
from rsu.simulate.crossing import LANES, LEGS, TURNS, Place, Way, group_of, lane_out
from rsu.simulate.perception import PerceptionScene
from rsu.simulate.plan import ALL_RED_S, GROUPS, Plan, whole_seconds
from rsu.simulate.radio import RadioScene
from rsu.simulate.site import site
from rsu.simulate.traffic import GAP_M, HARDEST_BRAKING_MPS2, LENGTH_M, LIMIT_MPS, VEHICLES_MAX, Traffic
from rsu.standards import STANDARDS, message_type

MS, SECOND = 1_000_000, 1_000_000_000
START = 1_780_000_000 * SECOND
STANDARD_NAMES = ("csae-53", "csae-157", "sae-j2735")


@pytest.fixture(scope="module")
def schema_of() -> Callable[[str], Schema]:
    return cache(rsu.load_schema)


def scene(standard: str, schema_of: Callable[[str], Schema], **more: Any) -> RadioScene:
    known: dict[str, Any] = {"vehicles": 12, "seed": 5}
    return RadioScene(standard, schema_of(standard), site(), Plan(), START, **(known | more))


def all_due(simulator: Any, seconds: float, step_ms: int = 10) -> list[tuple[int, Message]]:
    """What is sent, with the moment at which it was asked for."""
    moments = range(START, START + round(seconds * SECOND), step_ms * MS)
    return [(now_ns, message) for now_ns in moments for message in simulator.due(now_ns)]


# The plan ------------------------------------------------------------------------------------------------------------------

# Who may be green together: the two through, or the two left, of one axis.
TOGETHER = {frozenset(pair) for pair in ((1, 5), (2, 6), (3, 7), (4, 8))}


@pytest.mark.parametrize("cycle_s", [32, 60, 74.0, 90.5, 300])
def test_lights_change_when_they_were_said_to_and_never_conflict(cycle_s: float) -> None:
    plan = Plan(cycle_s)
    seen: dict[int, set[str]] = defaultdict(set)
    for at_ms in range(0, plan.cycle_ms, 100):
        now_ns = START + at_ms * MS
        open_groups = {group for group in GROUPS if plan.shown(group, now_ns).light != "red"}
        assert not open_groups or frozenset(open_groups) in TOGETHER
        for group in GROUPS:
            shown = plan.shown(group, now_ns)
            seen[group].add(shown.light)
            assert plan.shown(group, now_ns + (shown.left_ms - 1) * MS).light == shown.light
            assert plan.shown(group, now_ns + shown.left_ms * MS).light == shown.next[0][0]
            assert round(shown.next[0][1] * 1_000) == plan.shown(group, now_ns + shown.left_ms * MS).left_ms
    assert all(lights == {"green", "yellow", "red"} for lights in seen.values())


def test_a_stage_runs_while_its_groups_are_green() -> None:
    plan = Plan()
    for at_ms in range(0, plan.cycle_ms, 100):
        number, left_ms = plan.stage(at_ms * MS)
        shown = plan.shown({1: 1, 2: 2, 3: 3, 4: 4}[number], at_ms * MS)
        assert (left_ms > 0) == (shown.light == "green")
        if left_ms:
            assert left_ms == shown.left_ms


@pytest.mark.parametrize("cycle_s", [31.9, 300.1])
def test_a_cycle_has_bounds(cycle_s: float) -> None:
    with pytest.raises(ConfigError, match=r"must be 32\.\.300"):
        Plan(cycle_s)


@pytest.mark.parametrize(("left_ms", "shown"), [(17_000, 17), (16_001, 17), (1, 1), (0, 0)])
def test_a_countdown_shows_whole_seconds(left_ms: int, shown: int) -> None:
    assert whole_seconds(left_ms) == shown


# The crossing ----------------------------------------------------------------------------------------------------------------


def test_every_way_is_one_line_without_a_jump() -> None:
    for leg in LEGS:
        for turn in TURNS:
            way = Way(leg, turn, 250.0)
            places = [way.at(metre) for metre in range(int(way.length_m) + 1)]
            for (x0, y0, _), (x1, y1, _) in pairwise(places):
                assert math.dist((x0, y0), (x1, y1)) <= 1.01
            out = lane_out(leg, turn)
            assert not out.turns and out.leg != leg and 1 <= group_of(leg, turn) <= 8
    assert len({lane.id for lane in LANES}) == 16


def test_metres_are_those_of_the_ellipsoid() -> None:
    """WGS-84 at 29.6583°: a degree of latitude is 110,847 m, one of longitude 96,820 m (by the radii of curvature)."""
    a, e2, phi = 6_378_137.0, 0.00669437999014, math.radians(29.6583)
    w = math.sqrt(1 - e2 * math.sin(phi) ** 2)
    north_m = math.radians(1) * a * (1 - e2) / w**3
    east_m = math.radians(1) * a * math.cos(phi) / w
    lat, lon = Place(29.6583, 106.5312).wgs84_e7(1_000.0, 1_000.0)
    assert lat - 296_583_000 == pytest.approx(1_000 / north_m * 1e7, rel=1e-5)
    assert lon - 1_065_312_000 == pytest.approx(1_000 / east_m * 1e7, rel=1e-5)


@pytest.mark.parametrize("vehicles", [0, 1, 60])
def test_drivers_keep_their_distance_and_the_lights(vehicles: int) -> None:
    plan = Plan(40)
    traffic = Traffic(vehicles, plan, Random(2))
    crossed = 0
    for tick in range(1_800):
        now_ns = START + tick * 100 * MS
        before = {one.number: one.travelled_m for one in traffic.vehicles}
        traffic.step(now_ns, 0.1)
        lanes: dict[int, list[Any]] = defaultdict(list)
        for one in traffic.vehicles:
            lanes[one.way.lane].append(one)
            assert 0 <= one.speed_mps <= LIMIT_MPS + 1e-9 and one.acceleration_mps2 >= -HARDEST_BRAKING_MPS2
            if before[one.number] < one.way.stop_m <= one.travelled_m:
                crossed += 1
                shown = plan.shown(one.way.group, now_ns)
                red_ms = plan.cycle_ms - sum(round(lasts_s * 1_000) for _, lasts_s in shown.next)
                assert shown.light != "red" or red_ms - shown.left_ms < ALL_RED_S * 1_000  # on the last of the yellow
        for lane in lanes.values():
            waiting = sorted((one for one in lane if one.travelled_m < one.way.stop_m), key=lambda one: one.travelled_m)
            for behind, ahead in pairwise(waiting):
                assert ahead.travelled_m - behind.travelled_m > LENGTH_M + GAP_M / 2
    assert len(traffic.vehicles) == vehicles
    assert crossed >= vehicles * 2 or vehicles > 8


def test_vehicles_have_a_bound() -> None:
    with pytest.raises(ConfigError, match=rf"must be 0\.\.{VEHICLES_MAX}"):
        Traffic(VEHICLES_MAX + 1, Plan(), Random(1))


# The radio -------------------------------------------------------------------------------------------------------------------

UNIT_TYPES = {
    "csae-53": {"SPAT": 20, "RoadsideSafetyMessage": 20, "MapData": 2, "RoadSideInformation": 2},
    "csae-157": {"SPAT": 20, "RoadsideSafetyMessage": 20, "MapData": 2, "RoadSideInformation": 2},
    "sae-j2735": {"SPAT": 20, "SensorDataSharingMessage": 20, "MapData": 2, "TravelerInformation": 2},
}


@pytest.mark.parametrize("standard", STANDARD_NAMES)
def test_every_message_is_valid_and_comes_at_its_rate(standard: str, schema_of: Callable[[str], Schema]) -> None:
    schema = schema_of(standard)
    engine = Engine(Settings(standard=standard), {standard: schema})
    sent = all_due(scene(standard, schema_of), 2.0)
    for number, (now_ns, message) in enumerate(sent, 1):
        assert len(unwrap(message.octets).payload) <= 2_302
        record = Received(rsu_id="r", boot_id=b"b", sequence=number, channel="pc5", source="s", receive_time_ns=now_ns,
                          data=message.octets)  # fmt: skip
        outcome = engine.step(record, now_ns)
        assert isinstance(outcome, Stored) and (outcome.type, outcome.warning) == (message.type, None)
        assert outcome.aid is not None and outcome.header == STANDARDS[standard].header
        if outcome.event_time_source in ("minute", "second", "date") and message.type not in ("MapData", "RoadSideInformation"):
            assert abs(outcome.event_time_ns - now_ns) <= 60 * SECOND
    rates = Counter(message.type for _, message in sent)
    # the first and the last of two seconds may fall on either side
    assert abs(rates.pop("BasicSafetyMessage") - 12 * 20) <= 12
    assert rates == UNIT_TYPES[standard]


@pytest.mark.parametrize("standard", STANDARD_NAMES)
def test_constraints_beyond_the_wire_hold(standard: str, schema_of: Callable[[str], Schema]) -> None:
    schema = schema_of(standard)
    kinds: Counter[str] = Counter()
    for _, message in all_due(scene(standard, schema_of), 1.1):
        payload = unwrap(message.octets).payload
        value = schema.decode("MessageFrame", payload, check_constraints=True)
        assert schema.encode("MessageFrame", value, check_constraints=True) == payload
        kinds[message.type] += 1
    assert kinds.keys() == {"BasicSafetyMessage", *UNIT_TYPES[standard]}


@pytest.mark.parametrize("standard", STANDARD_NAMES)
def test_a_vehicle_counts_its_messages_and_drives_as_it_says(standard: str, schema_of: Callable[[str], Schema]) -> None:
    """Between two messages it moves by what its speed says: to 0.3 m, for it also brakes and turns."""
    schema, place = schema_of(standard), site().place
    told: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for now_ns, message in all_due(scene(standard, schema_of, vehicles=8), 12.0, step_ms=1):
        if message.type != "BasicSafetyMessage":
            continue
        _, value = message_type(STANDARDS[standard], schema.decode("MessageFrame", unwrap(message.octets).payload))
        core = value.get("coreData", value)
        assert 0 <= now_ns // MS % 60_000 - core["secMark"] <= 1  # it is asked each millisecond
        told[core["id"].hex()].append({**core, **core.get("pos", {})})
    assert len(told) == 8
    a_degree_north, a_degree_east = 1e7 / place._lat_e7_m, 1e7 / place._lon_e7_m
    for history in told.values():
        for one, other in pairwise(history):
            assert (one["msgCnt"] + 1) % 128 == other["msgCnt"]
            seconds = (other["secMark"] - one["secMark"]) / 1_000
            moved_m = math.hypot(
                (other["lat"] - one["lat"]) * 1e-7 * a_degree_north, (other["long"] - one["long"]) * 1e-7 * a_degree_east
            )
            assert seconds == pytest.approx(0.1)
            assert moved_m == pytest.approx(one["speed"] * 0.02 * seconds, abs=0.3)


def test_the_same_seed_gives_the_same_octets_and_another_one_others(schema_of: Callable[[str], Schema]) -> None:
    first, again, other = (
        [message.octets for _, message in all_due(scene("csae-53", schema_of, seed=seed), 0.5)] for seed in (1, 1, 2)
    )
    assert first == again and first != other


def test_how_often_it_is_asked_changes_nothing(schema_of: Callable[[str], Schema]) -> None:
    often, seldom = (
        [message.octets for _, message in all_due(scene("sae-j2735", schema_of), 0.6, step_ms)] for step_ms in (1, 100)
    )
    assert often[: len(seldom)] == seldom


def test_without_a_unit_next_door_only_vehicles_speak(schema_of: Callable[[str], Schema]) -> None:
    sent = all_due(scene("csae-53", schema_of, unit=False), 0.5)
    assert {message.type for _, message in sent} == {"BasicSafetyMessage"}


@pytest.mark.parametrize("hz", [0.0, 51.0])
def test_rates_have_bounds(hz: float, schema_of: Callable[[str], Schema]) -> None:
    with pytest.raises(ConfigError, match=r"must be 0\.1\.\.50"):
        scene("csae-53", schema_of, hz=hz)
    with pytest.raises(ConfigError, match=r"must be 0\.1\.\.50"):
        PerceptionScene(site(), Plan(), START, hz=hz)


# The box and the schedule ----------------------------------------------------------------------------------------------


def test_a_box_tells_objects_that_our_own_source_takes() -> None:
    sent = all_due(PerceptionScene(site(), Plan(), START, vehicles=20, seed=4), 1.0)
    assert sent
    for now_ns, message in sent:
        (one,) = parse(message.octets)
        assert one.timestamp is not None and abs(one.timestamp * MS - now_ns) <= 10 * MS
        assert max(abs(one.position.x), abs(one.position.y)) <= 125
        assert msgspec.json.decode(message.octets)["projString"].startswith("+proj=tmerc +lat_0=29.6583")


def test_a_schedule_keeps_its_times_and_skips_what_is_long_past() -> None:
    made: list[int] = []
    schedule = Schedule(START)
    schedule.every(100 * MS, lambda due_ns: made.append(due_ns) or (), 30 * MS)
    assert schedule.next_ns() == START + 30 * MS
    schedule.due(START + 250 * MS)
    assert made == [START + 30 * MS, START + 130 * MS, START + 230 * MS]
    schedule.due(START + 10 * SECOND)
    assert schedule.skipped == 87 and len(made) == 13 and made[-1] == START + 9_930 * MS


def test_an_empty_schedule_is_never_due() -> None:
    assert Schedule(START).due(START + SECOND) == [] and Schedule(START).next_ns() > START * 2
