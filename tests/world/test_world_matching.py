"""Tracks on lanes: places by hand, probabilities against integrals by hand and by Monte Carlo, and what holds for any map."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm
from world_scene import CSAE, NOW_NS, crossing, lane, seen, spat, track, tracks, world

from rsu.observe.arrays import BICYCLE, PEDESTRIAN, UNKNOWN, VEHICLE
from rsu.observe.lanes import Intersection, Lane
from rsu.world import Parameters, Snapshot
from rsu.world.lanes import index, nearest
from rsu.world.maps import Known

# Two lanes side by side to the east, one back to the west, 3.5 m wide each: left edge of the upper one at y = 3.5.
UPPER, LOWER, BACK = 1, 2, 3
THREE = crossing(
    lane(UPPER, [(-200, 1.75), (0, 1.75)]),
    lane(LOWER, [(-200, -1.75), (0, -1.75)]),
    lane(BACK, [(0, 5.25), (-200, 5.25)], direction="out"),
)
SURE = {"map_std_m": 1e-6, "astray_min": 0.0}


def chances(snapshot: Snapshot, number: int = 1) -> dict[int, float]:
    """Lane id → probability."""
    rows = snapshot.matches[snapshot.matches["track"] == number]
    return dict(zip(snapshot.lanes["id"][rows["lane"]].tolist(), rows["probability"].tolist(), strict=True))


# A right angle: 100 m east, then 50 m north. Place, along and lateral by hand.
CORNER = lane(1, [(0, 0), (100, 0), (100, 50)])


@pytest.mark.parametrize(
    ("x", "y", "along", "lateral"),
    [
        (30, 0, 30, 0),
        (30, 2, 30, 2),
        (30, -2, 30, -2),
        (98, 20, 120, 2),
        (103, 20, 120, -3),
        (-5, 1, -5, 1),  # before the beginning: the line drawn on
        (101, 58, 158, -1),  # behind the end
        (103, -4, 100, -5),  # outside the corner: 3-4-5 from it
        (100, 0, 100, 0),
    ],
)
def test_the_nearest_place_on_a_lane_is_where_the_hand_finds_it(x: float, y: float, along: float, lateral: float) -> None:
    lanes = index([(0, Known(crossing(CORNER), (), False, 0))])
    place = nearest(lanes, np.array([[x, y]], np.float64), np.array([0]))
    assert (place.along[0], place.lateral[0]) == pytest.approx((along, lateral), abs=1e-9)


def test_the_nearest_place_agrees_with_shapely() -> None:
    shapely = pytest.importorskip("shapely", reason="shapely, the second opinion, is missing: pip install 'rsu[test]'")
    random = np.random.default_rng(1)
    lines = [np.cumsum(random.normal(0, 20, (count, 2)), axis=0) for count in (2, 3, 7, 12)]
    lanes = index([(0, Known(crossing(*(lane(at, line.tolist()) for at, line in enumerate(lines))), (), False, 0))])
    points = random.normal(0, 40, (400, 2))
    of = np.arange(400) % 4
    place = nearest(lanes, points, of)
    for at, point in enumerate(points):
        line, there = shapely.LineString(lines[of[at]]), shapely.Point(point)
        inside = 0 <= place.along[at] <= line.length
        assert np.clip(place.along[at], 0, line.length) == pytest.approx(line.project(there), abs=1e-6)
        if inside:
            assert abs(place.lateral[at]) == pytest.approx(line.distance(there), abs=1e-6)


def test_a_sure_track_in_the_middle_is_in_its_lane_alone() -> None:
    got = chances(seen(world(THREE), track(x=-50, y=1.75, sigma_m=0.1)))
    assert list(got) == [UPPER] and got[UPPER] > 0.98


@pytest.mark.parametrize(("y", "sigma"), [(0.0, 0.5), (0.5, 0.5), (1.75, 1.5), (-1.0, 1.0)])
def test_probabilities_of_lanes_side_by_side_are_the_integrals_of_the_normal_distribution(y: float, sigma: float) -> None:
    two = crossing(*(each for each in THREE.lanes if each.id != BACK))
    upper = norm.cdf(3.5, y, sigma) - norm.cdf(0, y, sigma)
    lower = norm.cdf(0, y, sigma) - norm.cdf(-3.5, y, sigma)
    none = (1 - upper - lower) * Parameters().astray_weight
    got = chances(seen(world(two, **SURE), track(x=-100, y=y, sigma_m=sigma)))
    assert got.get(UPPER, 0) == pytest.approx(upper / (upper + lower + none), abs=1e-6)
    assert got.get(LOWER, 0) == pytest.approx(lower / (upper + lower + none), abs=1e-6)


def test_the_integral_over_a_slanted_lane_is_the_share_of_points_drawn_from_the_track() -> None:
    one = crossing(lane(1, [(-30, -40), (30, 40)]))
    row = track(x=1.0, y=0.0, heading_deg=math.degrees(math.atan2(40, 30)))
    row["cov"][0, :2, :2] = [[1.5, 0.6], [0.6, 0.8]]
    drawn = np.random.default_rng(2).multivariate_normal((1.0, 0.0), row["cov"][0, :2, :2], 400_000)
    aside = np.abs(-0.8 * drawn[:, 0] + 0.6 * drawn[:, 1])
    on = float((aside <= 1.75).mean())
    got = chances(seen(world(one, **SURE), row))
    assert got[1] == pytest.approx(on / (on + (1 - on) * Parameters().astray_weight), abs=2e-3)


def test_heading_decides_between_a_lane_and_the_one_back() -> None:
    # on the line between the upper lane (east) and the one back (west): half in each
    east = chances(seen(world(THREE), track(x=-100, y=3.5, heading_deg=0)))
    west = chances(seen(world(THREE), track(x=-100, y=3.5, heading_deg=180)))
    assert east[UPPER] > 0.95 > 0.05 > east.get(BACK, 0)
    assert west[BACK] > 0.95 > 0.05 > west.get(UPPER, 0)


def test_a_wrong_way_driver_is_in_the_lane_that_he_is_in() -> None:
    snapshot = seen(world(THREE), track(x=-100, y=-1.75, heading_deg=180, sigma_m=0.2))
    assert chances(snapshot)[LOWER] > 0.5
    assert abs(snapshot.placed["off_heading_rad"][0]) == pytest.approx(math.pi)


@pytest.mark.parametrize("heading_deg", [-361, -1, 1, 359, 719, 179.5 + 179.5])
def test_headings_are_compared_across_the_turn_of_the_circle(heading_deg: float) -> None:
    place = seen(world(THREE), track(x=-100, y=1.75, heading_deg=heading_deg)).placed[0]
    assert abs(math.degrees(place["off_heading_rad"])) == pytest.approx(1.0)
    assert place["probability"] > 0.98


@pytest.mark.parametrize("heading_deg", [179, -179, 181])
def test_headings_are_compared_across_west_as_well(heading_deg: float) -> None:
    place = seen(world(THREE), track(x=-100, y=5.25, heading_deg=heading_deg)).placed[0]
    assert abs(math.degrees(place["off_heading_rad"])) == pytest.approx(1.0)
    assert place["probability"] > 0.98


def test_a_heading_that_nothing_is_known_of_leaves_it_to_the_position() -> None:
    row = track(x=-100, y=3.5, heading_std_rad=100.0)
    got = chances(seen(world(THREE), row))
    assert got[UPPER] == pytest.approx(got[BACK], rel=1e-2)
    row["heading"], row["cov"][0, 2, 2] = math.nan, math.nan
    got = chances(seen(world(THREE), row))
    assert got[UPPER] == pytest.approx(got[BACK], rel=1e-9)


def test_a_crosswalk_is_walked_both_ways() -> None:
    place = crossing(lane(1, [(0, -10), (0, 10)], kind="crosswalk", direction="none", width_m=4))
    for heading_deg in (90, -90, 270):
        row = track(heading_deg=heading_deg, cls=PEDESTRIAN, length=0.5)
        assert chances(seen(world(place), row))[1] > 0.98


@pytest.mark.parametrize(
    ("cls", "likelier"), [(VEHICLE, "vehicle"), (PEDESTRIAN, "crosswalk"), (BICYCLE, "bike")], ids=["car", "walker", "bicycle"]
)
def test_where_lanes_lie_on_each_other_the_class_decides(cls: int, likelier: str) -> None:
    points = [(-50.0, 0.0), (50.0, 0.0)]
    place = crossing(lane(1, points), lane(2, points, kind="crosswalk", direction="none"), lane(3, points, kind="bike"))
    snapshot = seen(world(place), track(cls=cls))
    assert place.lanes[snapshot.matches["lane"][0]].kind == likelier
    assert len(chances(seen(world(place), track(cls=UNKNOWN)))) == 3


def test_a_sidewalk_shared_with_cyclists_is_theirs() -> None:
    alone = crossing(lane(1, [(-50, 0), (50, 0)], kind="sidewalk", direction="none"))
    shared = crossing(lane(1, [(-50, 0), (50, 0)], kind="sidewalk", direction="none", shared_with=("cyclists",)))
    row = track(cls=BICYCLE, y=1.5)
    assert chances(seen(world(shared), row))[1] > chances(seen(world(alone), row))[1]


def test_beyond_the_stop_line_one_is_in_no_lane() -> None:
    snapshot = seen(world(THREE), track(x=8.0, y=1.75))
    assert not snapshot.matches.size and snapshot.placed["lane"][0] == -1
    assert math.isnan(snapshot.placed["to_stop_m"][0])


def test_far_from_all_lanes_one_is_in_none() -> None:
    assert not seen(world(THREE), track(x=-100, y=60)).matches.size


@pytest.mark.parametrize("name", ["x", "y"])
def test_a_place_that_is_no_number_is_in_no_lane_and_disturbs_nobody(name: str) -> None:
    lost, other = track(1), track(2, x=-50, y=1.75)
    lost[name] = math.nan
    snapshot = seen(world(THREE), lost, other)
    assert snapshot.placed["lane"].tolist() == [-1, 0]


def test_a_covariance_that_is_no_number_is_in_no_lane() -> None:
    row = track(x=-50, y=1.75)
    row["cov"] = math.nan
    assert not seen(world(THREE), row).matches.size


def test_a_revocable_lane_counts_when_spat_calls_it_open() -> None:
    points = [(-50.0, 0.0), (50.0, 0.0)]
    place = crossing(lane(1, points), lane(2, points, revocable=True))
    made = world(place)
    shut = seen(made, track())
    assert chances(shut)[1] > 0.9 and shut.lanes["open"].tolist() == [True, False]
    made.hear_signals(CSAE, [spat(1, enabled=(2,))])
    wide = seen(made, track())
    assert chances(wide)[1] == pytest.approx(chances(wide)[2]) and wide.lanes["open"].all()
    late = made.step(tracks(track()), NOW_NS + 2 * 10**9)
    assert late.lanes["open"].tolist() == [True, False]


@pytest.mark.parametrize("most", [3, 4])
def test_of_many_lanes_the_likeliest_are_told(most: int) -> None:
    fan = crossing(*(lane(at, [(-50, 0.2 * at), (50, 0.2 * at)]) for at in range(4)))
    snapshot = seen(world(fan, lanes_per_track_max=most), track())
    assert snapshot.matches.size == min(most, 4)
    assert (np.diff(snapshot.matches["probability"]) <= 0).all()


def test_the_speed_limit_is_that_of_the_piece() -> None:
    place = crossing(lane(1, [(-200, 0), (-100, 0), (0, 0)], limits=[16.7, math.nan], speed_limits={"vehicleMaxSpeed": 8.3}))
    snapshot = seen(world(place), track(1, x=-150), track(2, x=-50))
    assert snapshot.placed["speed_limit_mps"].tolist() == [16.7, 8.3]
    assert snapshot.lanes["speed_limit_mps"][0] == 8.3


coordinate = st.floats(-150, 150)


@st.composite
def maps(draw: st.DrawFn) -> Intersection:
    lanes: list[Lane] = []
    for number in range(draw(st.integers(1, 8))):
        x, y, turn = draw(coordinate), draw(coordinate), draw(st.floats(-math.pi, math.pi))
        steps = draw(st.lists(st.tuples(st.floats(1, 50), st.floats(-0.5, 0.5)), min_size=1, max_size=4))
        points = [(x, y)]
        for length, bend in steps:
            turn += bend
            points.append((points[-1][0] + length * math.cos(turn), points[-1][1] + length * math.sin(turn)))
        kind = draw(st.sampled_from(["vehicle", "crosswalk", "bike"]))
        lanes.append(lane(number, points, kind=kind, direction=draw(st.sampled_from(["in", "out", "both", "none"]))))
    return crossing(*lanes)


@st.composite
def scenes(draw: st.DrawFn) -> np.ndarray:
    rows = []
    for number in range(draw(st.integers(0, 12))):
        rows.append(
            track(
                number,
                draw(coordinate),
                draw(coordinate),
                draw(st.floats(-720, 720)),
                draw(st.floats(0, 30)),
                sigma_m=draw(st.floats(0, 20)),
                heading_std_rad=draw(st.floats(0, 10)),
                cls=draw(st.integers(0, 255)),
                length=draw(st.floats(0, 20)),
            )
        )
    return tracks(*rows)


@settings(max_examples=150, deadline=None)
@given(maps(), scenes(), st.randoms(use_true_random=False))
def test_for_any_map_probabilities_sum_to_one_at_most_and_the_order_of_rows_does_not_matter(
    place: Intersection, scene: np.ndarray, random: object
) -> None:
    one = seen(world(place), scene)
    matches, placed = one.matches, one.placed
    assert ((matches["probability"] > 0) & (matches["probability"] <= 1)).all()
    assert (np.bincount(matches["row"], matches["probability"], len(scene)) <= 1 + 1e-12).all()
    assert (matches["track"] == one.tracks["id"][matches["row"]]).all()
    assert (np.abs(matches["off_heading_rad"]) <= math.pi).all()
    order = np.arange(len(scene))
    random.shuffle(order)  # type: ignore[attr-defined]
    other = seen(world(place), scene[order])
    for name in ("tracks", "matches", "placed", "queues"):
        assert getattr(one, name).tobytes() == getattr(other, name).tobytes()
    gaps = placed["gap_m"][np.isfinite(placed["gap_m"])]
    assert (gaps >= 0).all() and (placed["ahead"] != placed["track"]).all()
    assert one.queues["vehicles"].sum() == placed["queued"].sum() <= one.queues["standing"].sum()


@settings(max_examples=60, deadline=None)
@given(maps(), scenes(), st.floats(-3, 3), st.tuples(coordinate, coordinate))
def test_a_scene_that_is_turned_and_moved_as_a_whole_has_the_same_probabilities(
    place: Intersection, scene: np.ndarray, angle: float, shift: tuple[float, float]
) -> None:
    # reach is by boxes along the axes: so wide that it cuts nothing away
    far = {"reach_max_m": 1e4, "reach_sigmas": 1e4}
    turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    lanes = []
    for each in place.lanes:
        line = each.points[:, :2] @ turn.T + shift
        lanes.append(lane(each.id, line.tolist(), kind=each.kind, direction=each.direction))
    moved = scene.copy()
    moved["x"], moved["y"] = (np.stack((scene["x"], scene["y"]), 1) @ turn.T + shift).T
    moved["heading"] += angle
    moved["cov"][:, :2, :2] = turn @ scene["cov"][:, :2, :2] @ turn.T
    one = seen(world(place, **far), scene).matches
    other = seen(world(crossing(*lanes), **far), moved).matches
    told = {(row["track"], row["lane"]): row["probability"] for row in one}
    again = {(row["track"], row["lane"]): row["probability"] for row in other}
    for pair in told.keys() | again.keys():
        # of corners that are equally near, and at the least probability that is told, rounding decides
        assert told.get(pair, 0.01) == pytest.approx(again.get(pair, 0.01), abs=1e-4) or _is_tie(place, scene, pair[0])


@settings(max_examples=60, deadline=None)
@given(maps(), scenes())
def test_lanes_out_of_reach_would_not_have_been_told(place: Intersection, scene: np.ndarray) -> None:
    # 3 sigma aside, 0.135 % of the Gaussian is left; where sigma is above 5 m the reach has its bound
    scene["cov"][:, :2, :2] = np.minimum(scene["cov"][:, :2, :2], 16.0)
    near, far = seen(world(place), scene), seen(world(place, reach_max_m=1e4, reach_sigmas=1e4), scene)
    told = {(row["track"], row["lane"]): row["probability"] for row in near.matches}
    all_told = {(row["track"], row["lane"]): row["probability"] for row in far.matches}
    for pair, probability in all_told.items():
        assert told.get(pair, 0.0) == pytest.approx(probability, abs=0.2)
        assert pair in told or probability < 0.2


def _is_tie(place: Intersection, scene: np.ndarray, track: int) -> bool:
    """Whether two pieces of a lane are equally near to the track: the others' probabilities hang on that lane's as well."""
    row = scene[scene["id"] == track][0]
    for each in place.lanes:
        near = sorted(_distance((row["x"], row["y"]), a, b) for a, b in pairwise(each.points[:, :2]))
        if len(near) > 1 and near[1] - near[0] < 1e-6:
            return True
    return False


def _distance(point: tuple[float, float], a: np.ndarray, b: np.ndarray) -> float:
    share = np.clip(np.dot(point - a, b - a) / np.dot(b - a, b - a), 0, 1)
    return float(np.hypot(*(a + share * (b - a) - point)))
