"""A track's life: who is hidden for a while, who jumps, who walks close by another."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rsu.fusion import Fusion, Parameters
from rsu.fusion.lifecycle import _clear, doubles
from rsu.fusion.state import Table
from rsu.observe.arrays import PEDESTRIAN, VEHICLE
from tests.fusion.fusion_sayings import MS, after, bsm, seen
from tests.fusion.fusion_scene import START_NS


def look(ms: int, *places: tuple[float, float], **more: object) -> list[np.ndarray]:
    """One frame of the box, heard 50 ms later."""
    return [
        seen(ms, x, y, object=str(number).encode(), receive_time_ns=START_NS + (ms + 50) * MS, **more)
        for number, (x, y) in enumerate(places)
    ]


def step(fusion: Fusion, ms: int, heard: list[np.ndarray]) -> None:
    fusion.step(np.concatenate(heard) if heard else seen(ms, 0.0, 0.0)[:0], START_NS + ms * MS)


def ids_over(fusion: Fusion, hidden_ms: int) -> list[list[int]]:
    """A car at 10 m/s seen for 2 s, hidden, and seen again: the ids shown every 100 ms."""
    shown = []
    for ms in range(0, 4_000 + hidden_ms, 100):
        step(fusion, ms + 90, [] if 2_000 <= ms < 2_000 + hidden_ms else look(ms, (ms / 100, 0.0)))
        shown.append(after(fusion, ms + 90)["id"].tolist())
    return shown


@pytest.mark.parametrize("hidden_ms", [700, 1_300, 2_500])
def test_who_comes_out_from_behind_another_is_who_he_was(hidden_ms: int) -> None:
    shown = ids_over(Fusion(Parameters()), hidden_ms)
    assert {one for ids in shown for one in ids} == {1}
    again = 20 + hidden_ms // 100
    assert all(ids == [1] for ids in shown[again:])  # from the first look on
    assert shown[again - 1] == ([1] if hidden_ms <= 1_400 else [])  # not shown for longer than it is known


def test_who_was_hidden_for_longer_than_a_single_look_can_tell_is_who_he_was_when_his_new_track_is_sure() -> None:
    f = Fusion(Parameters())
    shown = ids_over(f, 4_000)
    assert shown[60:63] == [[], [], [1]] and shown[-1] == [1] and f.counters.resumed == 1


def test_who_was_hidden_for_longer_than_a_track_lives_is_somebody_new() -> None:
    shown = ids_over(Fusion(Parameters()), 6_000)
    assert shown[-1] == [2] and [] in shown[20:]


def test_a_lost_track_is_not_given_to_whoever_drives_there_elsewhere() -> None:
    """A car lost at one place, and 2 s later another 15 m from where it would be."""
    f = Fusion(Parameters())
    for ms in range(0, 2_000, 100):
        step(f, ms + 90, look(ms, (ms / 100, 0.0)))
    for ms in range(4_000, 4_600, 100):
        step(f, ms + 90, look(ms, (ms / 100 + 15.0, 0.0)))
    assert after(f, 4_590)["id"].tolist() == [2]


def test_a_neighbour_seen_beside_a_sender_does_not_become_him_when_he_is_hidden() -> None:
    """Two cars stand 2.4 m apart, one sends with an offset that lies between them; then the box loses the sender."""
    f = Fusion(Parameters())
    for ms in range(0, 6_000, 100):
        heard = [bsm(ms, 1.2, 0.0, b"aa", speed=0.0, receive_time_ns=START_NS + (ms + 20) * MS)]
        places = [(0.0, 0.0), (2.4, 0.0)] if ms >= 3_000 else [(0.0, 0.0)]  # the neighbour comes when the offset is learned
        step(f, ms + 90, heard + look(ms, *(places if ms < 4_500 else [(2.4, 0.0)]), speed=0.0))
        if ms >= 3_500:
            assert len(after(f, ms + 90)) == 2, ms
    tracks = after(f, 5_990)
    assert {round(float(one["x"]) / 2.4): one["sender"] for one in tracks} == {0: b"aa", 1: b""}


def test_pedestrians_side_by_side_stay_two_though_the_box_misses_one_or_the_other() -> None:
    f, rng, ids = Fusion(Parameters()), np.random.default_rng(5), set()
    for ms in range(0, 20_000, 100):
        both = [(1.3 * ms / 1000 + rng.normal(0, 0.1), y + rng.normal(0, 0.1)) for y in (0.0, 0.8)]
        missed = int(rng.integers(0, 10)) if ms >= 1_000 else 9
        step(f, ms + 90, look(ms, *(one for number, one in enumerate(both) if number != missed), cls=PEDESTRIAN, speed=1.3))
        ids |= set(after(f, ms + 90)["id"].tolist())
    assert ids == {1, 2} and f.counters.merged == 0


# A sender whose positions jump --------------------------------------------------------------------------------------------


def jumping(fusion: Fusion, jump_m: float, seconds: int = 6) -> list[np.ndarray]:
    """Tracks every 100 ms of a vehicle at 10 m/s that is heard only, and says from 3 s on to be so much farther."""
    shown = []
    for ms in range(0, seconds * 1000, 100):
        at = ms / 100 + (jump_m if ms >= 3_000 else 0.0)
        step(fusion, ms + 90, [bsm(ms, at, 0.0, b"aa", receive_time_ns=START_NS + (ms + 20) * MS)])
        shown.append(after(fusion, ms + 90))
    return shown


def test_who_jumps_farther_than_his_gate_keeps_his_track_and_is_shown_when_he_has_said_it_three_times() -> None:
    f = Fusion(Parameters())
    shown = jumping(f, 40.0)
    assert [len(one) for one in shown[29:34]] == [1, 0, 0, 1, 1]
    assert {int(one["id"][0]) for one in shown if len(one)} == {1} and f.counters.jumped == 1
    assert shown[33]["x"][0] == pytest.approx(33 + 0.9 + 40.0, abs=1.0)


def test_a_receiver_that_repeats_its_place_under_a_new_stamp_stays_one_track() -> None:
    """Published BSM of 2018 do that every few messages at 23 m/s."""
    f, rng, shown = Fusion(Parameters()), np.random.default_rng(8), []
    for ms in range(0, 20_000, 100):
        stale = 2.3 * int(rng.integers(0, 3) == 0)
        heard = bsm(ms, ms * 0.023 - stale, 0.0, b"aa", speed=23.0, receive_time_ns=START_NS + (ms + 20) * MS)
        step(f, ms + 90, [heard])
        shown.append(after(f, ms + 90))
    assert all(one["id"].tolist() == [1] for one in shown[3:]) and f.counters.unbound == 0
    assert f.counters.jumped <= 1  # before it is known how he is
    away = [float(one["x"][0]) - (ms + 90) * 0.023 for ms, one in zip(range(5_000, 20_000, 100), shown[50:], strict=True)]
    assert np.abs(away).max() < 2.3  # and it is steadier than what is said


def test_who_is_seen_is_not_dragged_along_by_one_that_says_to_be_elsewhere() -> None:
    """The id leaves the track that perception holds."""
    f = Fusion(Parameters())
    for ms in range(0, 4_000, 100):
        at = ms / 100 + (40.0 if ms >= 3_000 else 0.0)
        step(f, ms + 90, [bsm(ms, at, 0.0, b"aa", receive_time_ns=START_NS + (ms + 20) * MS), *look(ms, (ms / 100, 0.0))])
    tracks = after(f, 3_990)
    assert [one["sender"] for one in tracks] == [b"", b"aa"] and f.counters.unbound == 1 and f.counters.jumped == 0
    assert tracks["x"] == pytest.approx([39.9, 79.9], abs=1.0)


# Doubles ------------------------------------------------------------------------------------------------------------------


def pair(apart_m: float, one: range, other: range) -> Table:
    """Two tracks that perception hit in the frames of these numbers."""
    table = Table(8)
    rows = table.take(2)
    table.confirmed[rows], table.cls[rows], table.time[rows], table.first[rows] = True, VEHICLE, START_NS, START_NS
    table.x[rows, 0] = 0.0, apart_m
    for row, numbers in zip(rows, (one, other), strict=True):
        frames = np.array([START_NS + number * 100 * MS for number in numbers])
        table.frames[row, : frames.size] = frames
        table.seen_ns[row] = table.touched[row] = frames[-1]
    return table


@pytest.mark.parametrize(
    ("apart_m", "one", "other", "united"),
    [
        (1.0, range(0, 10, 2), range(1, 11, 2), True),  # in turns
        (1.0, range(10), range(5, 15), True),  # five frames of ten may be a neighbour's
        (1.0, range(10), range(4, 14), False),  # six of ten are not
        (1.0, range(5), range(4, 5), False),  # both in the last frame
        (1.7, range(0, 10, 2), range(1, 11, 2), True),
        (1.7, range(0, 8, 2), range(1, 7, 2), False),  # seven frames say too little
        (1.7, range(0, 14, 2), range(1, 5, 2), False),  # of the other two only
        (1.7, range(0, 10, 2), range(8, 13), False),  # once they were seen both
        (1.9, range(0, 10, 2), range(1, 11, 2), False),
    ],
)
def test_two_are_one_if_frames_see_the_one_or_the_other(apart_m: float, one: range, other: range, united: bool) -> None:
    table = pair(apart_m, one, other)
    found = doubles(table, table.rows(), START_NS + 1_500 * MS, Parameters())
    assert found == ([(0, 1)] if united else [])


@pytest.mark.parametrize(
    ("apart_m", "one", "other", "united"),
    [
        (1.0, range(0, 10, 2), range(1, 11, 2), True),  # in turns: one place, two ids, one of them bound wrongly
        (1.0, range(10), range(5, 15), False),
        (1.7, range(0, 10, 2), range(1, 11, 2), False),
    ],
)
def test_two_that_are_heard_are_one_only_if_no_frame_saw_both_at_one_place(
    apart_m: float, one: range, other: range, united: bool
) -> None:
    table = pair(apart_m, one, other)
    table.sender[:2], table.self_ns[:2] = (0, 1), START_NS + 1_400 * MS
    found = doubles(table, table.rows(), START_NS + 1_500 * MS, Parameters())
    assert found == ([(0, 1)] if united else [])


def test_frames_before_the_other_was_there_say_nothing() -> None:
    table = pair(1.7, range(10), range(10, 14))
    assert doubles(table, table.rows(), START_NS + 1_500 * MS, Parameters()) == [(0, 1)]
    table.first[1] = START_NS + 1_000 * MS
    assert doubles(table, table.rows(), START_NS + 1_500 * MS, Parameters()) == []


def test_two_that_two_boxes_see_one_each_stay_two() -> None:
    """No frame has both, for neither box sees both."""
    f = Fusion(Parameters())
    for ms in range(0, 5_000, 100):
        frames = [
            seen(
                ms + late, 0.0, y, sender=box, object=b"1", cls=PEDESTRIAN, speed=0.0, receive_time_ns=START_NS + (ms + 70) * MS
            )
            for late, y, box in ((0, 0.0, b"box"), (30, 1.5, b"box2"))
        ]
        step(f, ms + 90, frames)
    assert len(after(f, 4_990)) == 2 and f.counters.merged == 0


def test_a_frame_of_more_objects_than_the_table_has_rows_makes_it_grow() -> None:
    f = Fusion(Parameters())
    for ms in range(0, 500, 100):
        step(f, ms + 90, look(ms, *((20.0 * (n % 30), 20.0 * (n // 30)) for n in range(600)), speed=0.0))
    assert len(after(f, 490)) == 600


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 12)), max_size=12))
def test_who_is_clear_has_no_rival_within_the_margin(pairs: list[tuple[int, int]]) -> None:
    groups, d2 = np.array([group for group, _ in pairs], np.int64), np.array([cost for _, cost in pairs], np.float64)
    found = _clear(groups, d2, 3.0)
    for place, (group, cost) in enumerate(pairs):
        rivals = [other for at, (where, other) in enumerate(pairs) if where == group and at != place]
        assert found[place] == all(other > cost + 3.0 for other in rivals)
