"""Stop lines, gaps and queues by hand; signals with their times; maps, their bounds, and lanes told twice."""

from __future__ import annotations

import json
import math

import numpy as np
import pymap3d
import pytest
from world_scene import (
    CSAE,
    NOW_NS,
    ORIGIN,
    SAE,
    SECOND_NS,
    crossing,
    lane,
    red,
    seen,
    spat,
    track,
    tracks,
    world,
)

from rsu.observe.arrays import BICYCLE, PEDESTRIAN
from rsu.observe.signals import LightState, PhaseState
from rsu.world import LIGHTS, Snapshot, World

# One lane to the east, 200 m, its stop line at x = 0.
ONE = crossing(lane(1, [(-200, 0), (0, 0)], groups=(4,)))


def placed(snapshot: Snapshot, number: int) -> np.void:
    return snapshot.placed[snapshot.placed["track"] == number][0]


# ---------------------------------------------------------------------------------------------------- stop lines and gaps


@pytest.mark.parametrize(
    ("x", "length", "to_stop"),
    [(-50, 4.0, 48.0), (-2, 4.0, 0.0), (-1, 4.0, -1.0), (-50, 0.0, 47.75), (-50, math.nan, 47.75)],
    ids=["on-the-way", "at-it", "nose-over", "size-unknown", "size-nan"],
)
def test_the_way_to_the_stop_line_counts_from_the_front(x: float, length: float, to_stop: float) -> None:
    assert placed(seen(world(ONE), track(x=x, length=length)), 1)["to_stop_m"] == pytest.approx(to_stop)


def test_the_way_to_the_stop_line_follows_the_lane() -> None:
    # 100 m north, then 50 m east; 30 m before the corner: 80 m for the middle, 78 for the front
    place = crossing(lane(1, [(0, -100), (0, 0), (50, 0)]))
    assert placed(seen(world(place), track(y=-30, heading_deg=90)), 1)["to_stop_m"] == pytest.approx(78)


def test_a_lane_that_leads_out_has_no_stop_line() -> None:
    place = crossing(lane(1, [(0, 0), (200, 0)], direction="out"))
    snapshot = seen(world(place), track(x=20))
    assert placed(snapshot, 1)["lane"] == 0 and math.isnan(placed(snapshot, 1)["to_stop_m"]) and not snapshot.queues.size


def test_gaps_are_from_front_to_rear_in_length_and_time() -> None:
    # 4 m cars, 30 m from middle to middle: 26 m, at 13 m/s two seconds
    snapshot = seen(world(ONE), track(1, x=-80, speed=13), track(2, x=-50), track(3, x=-110, speed=0))
    behind = placed(snapshot, 1)
    assert (behind["ahead"], behind["gap_m"], behind["time_gap_s"]) == pytest.approx((2, 26.0, 2.0))
    leader = placed(snapshot, 2)
    assert leader["ahead"] == -1 and math.isnan(leader["gap_m"]) and math.isnan(leader["time_gap_s"])
    standing = placed(snapshot, 3)
    assert (standing["ahead"], standing["gap_m"]) == pytest.approx((1, 26.0)) and math.isnan(standing["time_gap_s"])


def test_who_overlaps_has_no_gap_and_not_less() -> None:
    assert placed(seen(world(ONE), track(1, x=-52), track(2, x=-50)), 1)["gap_m"] == 0


def test_two_at_the_same_place_follow_each_other_one_way_only() -> None:
    snapshot = seen(world(ONE), track(1, x=-50), track(2, x=-50))
    assert [row["ahead"] for row in snapshot.placed] == [2, -1]


def test_who_is_in_the_next_lane_is_not_ahead() -> None:
    place = crossing(lane(1, [(-200, 0), (0, 0)]), lane(2, [(-200, -3.5), (0, -3.5)]))
    assert placed(seen(world(place), track(1, x=-80), track(2, x=-50, y=-3.5)), 1)["ahead"] == -1


def test_nobody_is_ahead_of_another_on_a_crosswalk() -> None:
    place = crossing(lane(1, [(0, -10), (0, 10)], kind="crosswalk", direction="none"))
    rows = [track(number, y=number, heading_deg=90, cls=PEDESTRIAN, length=0.5) for number in (1, 2)]
    assert seen(world(place), *rows).placed["ahead"].tolist() == [-1, -1]


# ----------------------------------------------------------------------------------------------------------------- queues


def queue(snapshot: Snapshot) -> tuple[int, float, int, int]:
    row = snapshot.queues[0]
    return int(row["vehicles"]), round(float(row["length_m"]), 6), int(row["last"]), int(row["standing"])


CAR = 4.0
# name → middles and speeds from the stop line back, and vehicles, metres, the last, all that stand.
QUEUES = {
    "nobody": ([], (0, 0.0, -1, 0)),
    "one": ([(-3, 0)], (1, 5.0, 1, 1)),
    "three": ([(-3, 0), (-9, 0), (-15, 0)], (3, 17.0, 3, 3)),
    "crawling": ([(-3, 0), (-9, 1.38)], (2, 11.0, 2, 2)),
    "the-second-drives": ([(-3, 0), (-9, 1.4), (-15, 0)], (1, 5.0, 1, 2)),
    "the-first-drives": ([(-3, 5), (-9, 0)], (0, 0.0, -1, 1)),
    "10-m-from-the-line": ([(-12, 0)], (1, 14.0, 1, 1)),
    "more-than-that": ([(-12.01, 0)], (0, 0.0, -1, 1)),
    "10-m-between": ([(-2, 0), (-16, 0)], (2, 18.0, 2, 2)),
    "more-between": ([(-2, 0), (-16.01, 0)], (1, 4.0, 1, 2)),
    "nose-over-the-line": ([(-1, 0)], (1, 3.0, 1, 1)),
}


@pytest.mark.parametrize(("cars", "expected"), QUEUES.values(), ids=QUEUES)
def test_a_queue_stands_from_the_stop_line_back(cars: list[tuple[float, float]], expected: tuple[int, float, int, int]) -> None:
    rows = [track(number, x=x, speed=speed, length=CAR) for number, (x, speed) in enumerate(cars, 1)]
    snapshot = seen(world(ONE), *rows)
    assert queue(snapshot) == expected
    assert snapshot.placed["queued"].tolist() == [number <= expected[0] for number in range(1, len(cars) + 1)]


def test_each_lane_has_its_own_queue() -> None:
    place = crossing(*(lane(at, [(-200, -3.5 * at), (0, -3.5 * at)]) for at in range(3)))
    rows = [track(10 * at + n, x=-3 - 6 * n, y=-3.5 * at, speed=0) for at, count in enumerate((2, 0, 3)) for n in range(count)]
    snapshot = seen(world(place), *rows)
    assert snapshot.queues["lane"].tolist() == [0, 1, 2]
    assert snapshot.queues["vehicles"].tolist() == [2, 0, 3]
    assert snapshot.queues["last"].tolist() == [1, -1, 22]


def test_a_pedestrian_on_the_road_neither_queues_nor_parts_a_queue() -> None:
    rows = [track(1, x=-3, speed=0), track(2, x=-9, speed=0), track(3, x=-6, speed=2, cls=PEDESTRIAN, length=0.5)]
    assert queue(seen(world(ONE), *rows))[0] == 2


def test_a_bicycle_without_a_size_takes_its_usual_length() -> None:
    row = track(1, x=-2, speed=0, cls=BICYCLE, length=0)
    assert queue(seen(world(ONE), row))[1] == pytest.approx(2.9)


# ---------------------------------------------------------------------------------------------------------------- signals


def test_signals_have_absolute_times_and_an_age() -> None:
    made = world(ONE)
    following = LightState("green", start_ns=NOW_NS + 5 * SECOND_NS)
    made.hear_signals(CSAE, [spat(1, red(4, NOW_NS + 5 * SECOND_NS, following), red(2), time_ns=NOW_NS - SECOND_NS // 4)])
    snapshot = seen(made)
    assert snapshot.signals["phase"].tolist() == [2, 4]
    row = snapshot.signals[1]
    assert (row["region"], row["intersection"], LIGHTS[row["light"]]) == (7, 1, "red")
    assert (row["start_ns"], row["likely_end_ns"], row["max_end_ns"]) == (0, NOW_NS + 5 * SECOND_NS, 0)
    assert (LIGHTS[row["next_light"]], row["next_start_ns"]) == ("green", NOW_NS + 5 * SECOND_NS)
    assert (row["age_s"], row["fresh"], row["constant"]) == (0.25, True, False)
    assert math.isnan(row["confidence"])
    assert snapshot.connections["signal"].tolist() == [1]


@pytest.mark.parametrize(
    ("age_ms", "fresh", "known"),
    [(0, True, True), (1_000, True, True), (1_001, False, True), (60_000, False, True), (60_001, False, False)],
)
def test_signals_grow_old_and_are_forgotten(age_ms: int, fresh: bool, known: bool) -> None:
    made = world(ONE)
    made.hear_signals(CSAE, [spat(1, red(4))])
    snapshot = made.step(tracks(), NOW_NS + age_ms * 1_000_000)
    assert snapshot.signals["fresh"].tolist() == ([fresh] if known else [])
    assert snapshot.connections["signal"].tolist() == [0 if known else -1]
    assert len(snapshot.told) == known


def test_an_older_state_does_not_replace_a_later_one_until_that_is_forgotten() -> None:
    made = world(ONE)
    made.hear_signals(CSAE, [spat(1, red(4))])
    before = spat(1, PhaseState(4, (LightState("green"),)), time_ns=NOW_NS - SECOND_NS)
    made.hear_signals(CSAE, [before])
    assert LIGHTS[seen(made).signals["light"][0]] == "red" and made.counters.signals.old == 1
    later = NOW_NS + 61 * SECOND_NS
    made.step(tracks(), later)
    made.hear_signals(CSAE, [before])
    assert LIGHTS[made.step(tracks(), NOW_NS).signals["light"][0]] == "green"


@pytest.mark.parametrize(("off_s", "taken"), [(-5, True), (5, True), (-6, False), (6, False)])
def test_a_stamp_too_far_from_its_reception_is_not_believed(off_s: int, taken: bool) -> None:
    made = world(ONE)
    made.hear_signals(CSAE, [spat(1, red(4), time_ns=NOW_NS + off_s * SECOND_NS, receive_ns=NOW_NS)])
    assert len(seen(made).signals) == taken and made.counters.signals.clock == (not taken)


@pytest.mark.parametrize(("count", "kept"), [(3, 3), (4, 3)])
def test_signals_of_so_many_intersections_are_kept(count: int, kept: int) -> None:
    made = world(ONE, intersections_max=3)
    made.hear_signals(CSAE, [spat(number, red(1)) for number in range(count)])
    made.hear_signals(CSAE, [spat(0, red(1))])
    assert len(seen(made).signals) == kept and made.counters.signals.no_room == count - kept


def test_phases_of_one_standard_do_not_govern_lanes_of_the_other() -> None:
    made = world(ONE)
    made.hear_signals(SAE, [spat(1, red(4))])
    assert seen(made).connections["signal"].tolist() == [-1]


def test_a_phase_that_is_told_twice_counts_once_and_a_lane_without_one_has_none() -> None:
    made = world(crossing(lane(1, [(-9, 0), (0, 0)], groups=(4, 9))))
    made.hear_signals(CSAE, [spat(1, red(4), PhaseState(4, (LightState("green"),)), PhaseState(255, ()))])
    snapshot = seen(made)
    assert [LIGHTS[code] for code in snapshot.signals["light"]] == ["red", "unavailable"]
    assert snapshot.connections["signal"].tolist() == [0, -1]


# ------------------------------------------------------------------------------------------------------------------- maps


def shifted(number: int, aside_m: float = 100.0) -> object:
    return crossing(lane(1, [(-200, aside_m * number), (0, aside_m * number)]), number=number)


def ids(made: World) -> list[int]:
    return seen(made).lanes["intersection"].tolist()


def test_the_same_map_again_changes_nothing_though_its_counter_has_moved() -> None:
    made = world(ONE)
    seen(made)
    made.hear_map(CSAE, [crossing(lane(1, [(-200, 0), (0, 0)], groups=(4,)), revision=1)], NOW_NS)
    seen(made)
    assert (made.counters.maps.changed, made.counters.indexed) == (1, 1)


@pytest.mark.parametrize(
    "other",
    [lane(1, [(-200, 0.01), (0, 0)], groups=(4,)), lane(1, [(-200, 0), (0, 0)], groups=(5,)), lane(2, [(-200, 0), (0, 0)])],
    ids=["moved", "another-phase", "another-id"],
)
def test_a_map_that_tells_something_else_replaces_the_one_before(other: object) -> None:
    made = world(ONE)
    seen(made)
    made.hear_map(CSAE, [crossing(other)], NOW_NS)  # type: ignore[arg-type]
    snapshot = seen(made)
    assert len(snapshot.lanes) == 1 and snapshot.intersections[0].lanes[0] is other and made.counters.indexed == 2


@pytest.mark.parametrize("points", [[(0, 0)], [(0, 0), (0, 0)], [(0, 0), (5, 0), (5, 0)]], ids=["one", "same", "again"])
def test_a_lane_that_is_no_line_is_not_taken(points: list[tuple[float, float]]) -> None:
    made = world(crossing(lane(1, points, direction="out")))
    assert not seen(made, track()).lanes.size and made.counters.maps.unfit == 1


def test_a_configured_map_goes_before_what_is_heard() -> None:
    made = World(ORIGIN)
    made.hear_map(CSAE, [ONE], NOW_NS, configured=True)
    made.hear_map(CSAE, [crossing(lane(5, [(-200, 0), (0, 0)]))], NOW_NS)
    snapshot = seen(made)
    assert snapshot.lanes["id"].tolist() == [1] and snapshot.lanes["configured"].all()
    assert made.counters.maps.configured == 1


def test_a_configured_map_replaces_what_was_heard_before() -> None:
    made = world(ONE)
    made.hear_map(CSAE, [ONE], NOW_NS, configured=True)
    assert seen(made).lanes["configured"].tolist() == [True]


@pytest.mark.parametrize(
    ("bounds", "most"),
    [({"intersections_max": 3}, 3), ({"lanes_max": 2}, 2), ({"points_max": 5}, 2)],
    ids=["intersections", "lanes", "points"],
)
def test_of_too_many_maps_those_not_heard_for_the_longest_are_forgotten(bounds: dict[str, int], most: int) -> None:
    made = world(**bounds)
    for number in range(most):
        made.hear_map(CSAE, [shifted(number)], NOW_NS + number)  # type: ignore[list-item]
    assert ids(made) == list(range(most)) and made.counters.maps.forgotten == 0
    made.hear_map(CSAE, [shifted(0)], NOW_NS + 50)  # type: ignore[list-item]
    made.hear_map(CSAE, [shifted(9)], NOW_NS + 60)  # type: ignore[list-item]
    assert ids(made) == sorted({0, 9, *range(2, most)}) and made.counters.maps.forgotten == 1


def test_configured_maps_are_not_forgotten_for_heard_ones() -> None:
    made = world(intersections_max=1)
    made.hear_map(CSAE, [ONE], NOW_NS, configured=True)
    made.hear_map(CSAE, [shifted(3)], NOW_NS + 1)  # type: ignore[list-item]
    assert ids(made) == [1] and made.counters.maps.no_room == 1


@pytest.mark.parametrize(("x", "taken"), [(-5_000.0, True), (-5_000.1, False), (math.nan, False), (math.inf, False)])
def test_a_map_out_of_range_is_not_taken(x: float, taken: bool) -> None:
    made = world(crossing(lane(1, [(x, 0), (0, 0)], direction="out")))
    assert len(seen(made).lanes) == taken and made.counters.maps.unfit == (not taken)


@pytest.mark.parametrize(("after_ms", "indexed"), [(999, 1), (1_000, 2)])
def test_lanes_are_indexed_anew_once_a_second_at_most(after_ms: int, indexed: int) -> None:
    made = world(ONE, index_interval_s=1.0)
    made.step(tracks(), NOW_NS)
    made.hear_map(CSAE, [shifted(5)], NOW_NS)  # type: ignore[list-item]
    snapshot = made.step(tracks(), NOW_NS + after_ms * 1_000_000)
    assert len(snapshot.lanes) == indexed == made.counters.indexed


@pytest.mark.parametrize(("most", "lanes", "left_out"), [(4, [0, 1], 0), (3, [0], 1)])
def test_of_too_much_to_compare_the_lanes_that_come_last_are_left_out(most: int, lanes: list[int], left_out: int) -> None:
    # two lanes of one piece, and two tracks near both
    made = world(crossing(lane(1, [(-200, 0), (0, 0)]), lane(2, [(-200, 1), (0, 1)])), comparisons_max=most)
    snapshot = seen(made, track(1, x=-50), track(2, x=-60))
    assert sorted({*snapshot.matches["lane"].tolist()}) == lanes and made.counters.lanes_left_out == left_out


@pytest.mark.parametrize(("most", "left_out", "twins"), [(2, 0, [-1, 0]), (1, 1, [-1, -1])])
def test_of_too_many_pairs_of_lanes_the_last_are_not_compared(most: int, left_out: int, twins: list[int]) -> None:
    made = world(ONE, crossing(lane(2, [(-200, 0), (0, 0)]), number=2), twin_pairs_max=most)
    assert seen(made).lanes["twin_of"].tolist() == twins and made.counters.pairs_left_out == left_out


def test_the_order_in_which_maps_are_heard_does_not_matter() -> None:
    places = [shifted(2), shifted(1), ONE, shifted(3)]
    one, other = world(*places), world(*reversed(places))  # type: ignore[arg-type]
    # ONE and shifted(1) are the same intersection: the last word counts
    other.hear_map(CSAE, [ONE], NOW_NS)
    one.hear_map(CSAE, [ONE], NOW_NS)
    row = track(x=-40, y=200)
    assert seen(one, row).matches.tobytes() == seen(other, row).matches.tobytes()
    assert one.snapshot().lanes.tobytes() == other.snapshot().lanes.tobytes()


# --------------------------------------------------------------------------------------------------------- lanes told twice


def test_a_crossing_told_by_both_standards_has_each_lane_once() -> None:
    made = world(ONE)
    made.hear_map(SAE, [crossing(lane(31, [(-190, 0.3), (0, 0.3)]))], NOW_NS)
    snapshot = seen(made, track(x=-50))
    assert snapshot.lanes["id"].tolist() == [1, 31] and snapshot.lanes["twin_of"].tolist() == [-1, 0]
    assert snapshot.matches["lane"].tolist() == [0] and snapshot.matches["probability"][0] > 0.98
    assert snapshot.queues["lane"].tolist() == [0]


def test_a_way_out_that_is_the_way_in_of_the_next_is_that_one() -> None:
    out = crossing(lane(1, [(0, 0), (200, 0)], direction="out"), number=1)
    into = crossing(lane(1, [(0, 0), (205, 0)]), number=2)
    assert seen(world(out, into)).lanes["twin_of"].tolist() == [1, -1]


NO_TWINS = {
    "beside": lane(9, [(-200, 3.5), (0, 3.5)]),
    "back": lane(9, [(0, 0), (-200, 0)]),
    "across": lane(9, [(-100, -100), (-100, 100)]),
    "half": lane(9, [(-400, 0), (0, 0)]),
    "another-kind": lane(9, [(-200, 0), (0, 0)], kind="bike"),
}


@pytest.mark.parametrize("other", NO_TWINS.values(), ids=NO_TWINS)
def test_other_lanes_are_no_twins(other: object) -> None:
    made = world(ONE, crossing(other, number=2))  # type: ignore[arg-type]
    assert seen(made).lanes["twin_of"].tolist() == [-1, -1]


@pytest.mark.parametrize(
    ("x", "lane_ids"), [(50, [1]), (120, [2]), (149, [2]), (250, [2])], ids=["out-only", "both", "both-still", "in-only"]
)
def test_where_a_part_of_a_way_out_is_the_way_in_of_the_next_one_is_in_the_latter(x: float, lane_ids: list[int]) -> None:
    out = crossing(lane(1, [(0, 0), (150, 0)], direction="out"), number=1)
    into = crossing(lane(2, [(100, 0.2), (400, 0.2)]), number=2)
    snapshot = seen(world(out, into), track(x=x, y=0.4))
    assert snapshot.lanes["twin_of"].tolist() == [-1, -1]
    assert snapshot.lanes["id"][snapshot.matches["lane"]].tolist() == lane_ids
    assert snapshot.placed["probability"][0] > 0.95


def test_a_short_lane_that_comes_first_stands_for_its_part_of_a_longer_one() -> None:
    longer = crossing(lane(9, [(-400, 0), (0, 0)]), number=2)
    snapshot = seen(world(ONE, longer), track(1, x=-50), track(2, x=-300))
    assert snapshot.lanes["id"][snapshot.placed["lane"]].tolist() == [1, 9]


def test_lanes_of_one_intersection_are_never_twins() -> None:
    made = world(crossing(lane(1, [(-200, 0), (0, 0)]), lane(2, [(-200, 0), (0, 0)])))
    assert seen(made).lanes["twin_of"].tolist() == [-1, -1]


def test_crosswalks_are_twins_whichever_way_they_are_told() -> None:
    walk = {"kind": "crosswalk", "direction": "none"}
    one = crossing(lane(1, [(0, -9), (0, 9)], **walk))  # type: ignore[arg-type]
    other = crossing(lane(1, [(0, 9), (0, -9)], **walk), number=2)  # type: ignore[arg-type]
    assert seen(world(one, other)).lanes["twin_of"].tolist() == [-1, 0]


# ---------------------------------------------------------------------------------------------------- snapshots and GeoJSON


def test_before_the_first_step_nothing_is_there() -> None:
    made = World(ORIGIN)
    assert made.snapshot().time_ns == 0 and not made.snapshot().tracks.size
    assert made.geojson()["features"] == []


def test_a_snapshot_is_a_copy_that_cannot_be_written_to() -> None:
    made, rows = world(ONE), tracks(track(x=-50))
    snapshot = made.step(rows, NOW_NS)
    rows["x"] = 0
    assert snapshot.tracks["x"][0] == -50
    for name in ("tracks", "matches", "placed", "queues", "lanes", "connections", "signals"):
        assert not getattr(snapshot, name).flags.writeable
    made.step(tracks(track(x=-40)), NOW_NS + 1)
    assert snapshot.placed["along_m"].tolist() == [150]


@pytest.mark.parametrize(("count", "kept", "left_out"), [(3, 3, 0), (4, 3, 1)])
def test_so_many_tracks_are_taken(count: int, kept: int, left_out: int) -> None:
    made = world(ONE, tracks_max=3)
    snapshot = seen(made, *(track(number) for number in range(count, 0, -1)))
    assert snapshot.tracks["id"].tolist() == list(range(1, kept + 1)) and made.counters.tracks_left_out == left_out


def test_geojson_is_json_in_degrees_and_says_what_is_known() -> None:
    made = world(ONE)
    made.hear_signals(CSAE, [spat(1, red(4, NOW_NS + SECOND_NS))])
    lost = track(3)
    lost["x"] = math.nan
    seen(made, track(1, x=-50, heading_deg=0), track(2, x=-3, speed=0), lost)
    told = json.loads(json.dumps(made.geojson(), allow_nan=False))
    assert told["type"] == "FeatureCollection" and told["properties"] == {"time_ns": NOW_NS}
    what = [feature["properties"]["what"] for feature in told["features"]]
    assert what == ["lane", "stop-line", "track", "track"]
    line, stop, first, second = told["features"]
    assert line["geometry"]["type"] == "LineString" and line["properties"]["kind"] == "vehicle"
    assert stop["properties"]["queue"] == 1 and stop["properties"]["queue_m"] == 5.0
    assert stop["properties"]["signals"] == [
        {"phase": 4, "light": "red", "likely_end_ns": NOW_NS + SECOND_NS, "age_s": 0.0, "fresh": True}
    ]
    lon, lat = first["geometry"]["coordinates"]
    east, north, _ = pymap3d.geodetic2enu(lat, lon, ORIGIN.elevation_m, *ORIGIN)
    assert (east, north) == pytest.approx((-50, 0), abs=0.02)
    assert first["properties"]["heading_deg"] == 90.0 and first["properties"]["ahead"] == 2
    assert second["properties"]["queued"] and second["properties"]["ahead"] is None
    assert second["properties"]["gap_m"] is None
