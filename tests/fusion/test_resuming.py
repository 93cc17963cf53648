"""A new track goes on under an older one's id: who was hidden for long, who turned, who was led away by a wrong sender."""

from __future__ import annotations

import numpy as np
import pytest

from rsu.fusion import Fusion, Parameters
from rsu.fusion.counters import Counters
from rsu.fusion.identity import Identity
from rsu.fusion.lifecycle import unresolved
from rsu.fusion.resuming import misled, resumed
from rsu.fusion.sigma import Sigmas
from rsu.fusion.state import Table
from rsu.fusion.tending import Tending
from rsu.observe.arrays import PEDESTRIAN, VEHICLE
from tests.fusion.fusion_sayings import MS, after, bsm, seen
from tests.fusion.fusion_scene import START_NS

P = Parameters()
NOW_NS = START_NS + 10_000 * MS
OLD, NEW = 0, 1


def scene(cls: int = VEHICLE, gone_ms: int = 3_000, *, apart_m: float = 0.0, more_m: float | None = None) -> Table:
    """A track that was last hit so long ago, a new one, and perhaps a third that is new as well; metres from the first."""
    table = Table(8)
    rows = table.take(2 if more_m is None else 3)
    table.confirmed[rows], table.cls[rows], table.walker[rows] = True, cls, cls == PEDESTRIAN
    table.x[rows, 0] = [0.0, apart_m, more_m][: rows.size]
    table.time[rows] = table.seen_ns[rows] = table.touched[rows] = NOW_NS - 100 * MS
    table.first[rows] = NOW_NS - 300 * MS
    table.first[OLD] = START_NS
    table.time[OLD] = table.seen_ns[OLD] = table.touched[OLD] = NOW_NS - gone_ms * MS
    return table


def pairs(table: Table) -> list[tuple[int, int]]:
    return resumed(table, table.rows(), NOW_NS, P)


@pytest.mark.parametrize(
    ("cls", "gone_ms", "apart_m", "same"),
    [
        (VEHICLE, 3_000, 5.9, True),  # 1.5 m + 1 m/s² · 9 s² / 2
        (VEHICLE, 3_000, 6.1, False),
        (VEHICLE, 1_000, 1.9, True),
        (VEHICLE, 1_000, 2.1, False),
        (PEDESTRIAN, 3_000, 2.3, True),
        (PEDESTRIAN, 3_000, 2.4, False),
    ],
)
def test_one_comes_as_far_as_one_can_meanwhile(cls: int, gone_ms: int, apart_m: float, same: bool) -> None:
    assert pairs(scene(cls, gone_ms, apart_m=apart_m)) == ([(NEW, OLD)] if same else [])


@pytest.mark.parametrize(("speed_mps", "same"), [(4.4, True), (4.6, False)])
def test_nor_is_one_much_faster_than_before(speed_mps: float, same: bool) -> None:
    table = scene(apart_m=-0.1 * speed_mps)  # where it would be 0.1 s ago
    table.x[NEW, 2] = speed_mps
    assert pairs(table) == ([(NEW, OLD)] if same else [])


@pytest.mark.parametrize(("more_m", "same"), [(9.0, True), (5.0, False)])
def test_where_another_could_be_he_nobody_is(more_m: float, same: bool) -> None:
    """Within twice the 2 m + 1 m/s² · 4 s² / 2."""
    assert pairs(scene(gone_ms=2_000, apart_m=1.0, more_m=more_m)) == ([(NEW, OLD)] if same else [])


def test_who_is_hit_still_or_seen_beside_the_new_one_goes_on_himself() -> None:
    table = scene(gone_ms=300, apart_m=1.0)
    assert pairs(table) == [(NEW, OLD)]
    table.frames[[OLD, NEW], 0] = NOW_NS - 300 * MS
    assert pairs(table) == []
    table.frames[NEW, 0] = NOW_NS - 200 * MS
    assert pairs(table) == [(NEW, OLD)]
    table.touched[OLD] = NOW_NS - 200 * MS
    assert pairs(table) == []


def test_who_began_long_before_the_other_ended_is_another() -> None:
    table = scene(gone_ms=300, apart_m=1.0)
    table.first[NEW] = NOW_NS - 700 * MS
    assert pairs(table) == [(NEW, OLD)]
    table.first[NEW] = NOW_NS - 900 * MS
    assert pairs(table) == []


def test_a_pedestrian_is_no_car_and_who_came_long_ago_is_not_new() -> None:
    table = scene()
    table.cls[NEW] = PEDESTRIAN
    assert pairs(table) == []
    table.cls[NEW], table.first[NEW] = VEHICLE, NOW_NS - 1_600 * MS
    assert pairs(table) == []


def heard(table: Table, speed_mps: float = 0.0) -> Table:
    """The old one is heard, as driving so fast."""
    table.sender[OLD], table.self_ns[OLD], table.touched[OLD], table.time[OLD] = 0, NOW_NS, NOW_NS, NOW_NS
    table.x[OLD, 2] = speed_mps
    return table


@pytest.mark.parametrize(
    ("gone_ms", "apart_m", "same"), [(600, 1.9, True), (600, 2.1, False), (300, 1.0, False), (1_000, 1.0, False)]
)
def test_who_is_heard_was_led_away_if_somebody_is_found_beside_him_at_once(gone_ms: int, apart_m: float, same: bool) -> None:
    assert pairs(heard(scene(gone_ms=gone_ms, apart_m=apart_m))) == ([(NEW, OLD)] if same else [])


def test_who_is_heard_himself_is_not_the_one_that_another_sender_left() -> None:
    table = heard(scene(gone_ms=600, apart_m=1.0))
    table.sender[NEW], table.self_ns[NEW] = 1, NOW_NS
    assert pairs(table) == []


def test_who_was_led_by_one_that_moves_otherwise_is_rid_of_him() -> None:
    assert misled(heard(scene(gone_ms=600), 1.1), NEW, OLD, NOW_NS, P)
    assert not misled(heard(scene(gone_ms=600), 0.9), NEW, OLD, NOW_NS, P)
    assert not misled(scene(gone_ms=600), NEW, OLD, NOW_NS, P)  # nobody is heard


def step(fusion: Fusion, ms: int, told: list[np.ndarray], *places: tuple[float, float], **more: object) -> None:
    late = START_NS + (ms + 50) * MS
    frame = [seen(ms, x, y, object=str(n).encode(), receive_time_ns=late, **more) for n, (x, y) in enumerate(places)]
    fusion.step(np.concatenate([*told, *frame]), START_NS + (ms + 90) * MS)


def test_a_car_that_pulls_out_sideways_at_walking_pace_keeps_its_id() -> None:
    """It stands with a heading that is held, and creeps off across it."""
    f, shown = Fusion(Parameters()), []
    for ms in range(0, 12_000, 100):
        brakes_s, creeps_s = min(max(0, ms - 3_000) / 1_000, 2.0), max(0, ms - 6_000) / 1_000
        at = (5.0 * min(ms, 5_000) / 1_000 - 1.25 * brakes_s**2, 0.8 * creeps_s)
        speed = 0.8 if creeps_s else 5.0 - 2.5 * brakes_s
        step(f, ms, [], at, speed=speed, heading=np.pi / 2 if creeps_s else 0.0)
        shown.append(after(f, ms + 90)["id"].tolist())
    assert all(1 in ids for ids in shown[3:]) and shown[-1] == [1]
    assert sum(len(ids) > 1 for ids in shown) <= 3  # until it is clear that the old track ended
    assert f.counters.resumed >= 1
    assert after(f, 11_990)["y"] == pytest.approx([0.8 * 5.99], abs=0.5)


def test_a_wrong_sender_takes_neither_the_track_nor_its_id_with_him() -> None:
    """A car stands; the id that is bound to it is of one 3 m behind, out of sight, who drives off."""
    f = Fusion(Parameters())
    for ms in range(0, 8_000, 100):
        gone_s = max(0, ms - 4_000) / 1_000
        told = bsm(ms, -3.0 + gone_s**2, 0.0, b"aa", speed=2 * gone_s, receive_time_ns=START_NS + (ms + 20) * MS)
        step(f, ms, [told], (0.0, 0.0), speed=0.0)
    tracks = after(f, 7_990)
    stands = tracks[np.abs(tracks["x"]) < 0.5]
    assert stands["id"].tolist() == [1] and stands["sender"].tolist() == [b""]
    assert b"aa" in tracks["sender"] and f.counters.misled + f.counters.unbound > 0


@pytest.mark.parametrize(("offset_m", "found"), [(12.0, True), (12.0 + P.search_radius_m + 1, False)])
def test_who_says_to_be_where_somebody_is_seen_is_looked_for_there(offset_m: float, found: bool) -> None:
    """His offset was learned from another and puts him 12 m away."""
    table = scene(apart_m=12.0)
    table.sender[OLD], table.self_ns[OLD] = 0, NOW_NS
    table.x[OLD, 5], table.sigma2[OLD] = offset_m, 4.0
    table.seen_ns[OLD] = NOW_NS - 4_000 * MS
    table.cov[:2, [0, 1], [0, 1]] = 0.04
    assert unresolved(table, table.rows(), NOW_NS, P) == ([(NEW, OLD)] if found else [])


@pytest.mark.parametrize(("seen_before", "stays"), [(True, 1), (False, 2)], ids=["shown-there-before", "heard-only"])
def test_who_is_heard_and_who_is_seen_become_one_under_the_id_that_was_shown(seen_before: bool, stays: int) -> None:
    table, counters = scene(apart_m=0.5, gone_ms=2_500), Counters()
    table.sender[OLD], table.self_ns[OLD], table.sigma2[OLD], table.touched[OLD] = 0, NOW_NS, 1.0, NOW_NS
    table.seen_ns[OLD] *= seen_before
    table.cov[:2, [0, 1], [0, 1]] = 0.04
    sigmas = Sigmas(P)
    Tending(table, Identity(P, sigmas), sigmas, counters, P).tend(NOW_NS)
    assert counters.merged == 1 and counters.resumed == 0
    assert table.id[table.alive].tolist() == [stays] and table.sender[table.alive].tolist() == [0]


@pytest.mark.parametrize(("frames", "two"), [(0, False), (1, False), (2, True)])
def test_two_frames_that_saw_both_tell_them_apart(frames: int, two: bool) -> None:
    table = scene(apart_m=0.5, gone_ms=1_000)
    table.sender[OLD], table.self_ns[OLD], table.sigma2[OLD] = 0, NOW_NS, 1.0
    table.cov[:2, [0, 1], [0, 1]] = 0.04
    table.frames[:2, :frames] = NOW_NS - 1_000 * MS + np.arange(frames) * MS
    assert unresolved(table, table.rows(), NOW_NS, P) == ([] if two else [(NEW, OLD)])


def test_of_two_ids_of_one_road_user_the_one_that_needs_the_larger_offset_is_let_go() -> None:
    f = Fusion(P)
    for ms in range(0, 2_000, 100):
        late = START_NS + (ms + 20) * MS
        told = [
            bsm(ms, x, 0.0, name, speed=0.0, receive_time_ns=late) for name, x in ((b"aa", 0.5), (b"bb", 30.0), (b"cc", 60.0))
        ]
        step(f, ms, told, (0.0, 0.0), (30.0, 0.0), (60.0, 0.0), speed=0.0)
    table, at = f._table, {bytes(one["sender"]): int(one["id"]) for one in after(f, 1_990)}
    rows = [int(np.flatnonzero(table.alive & (table.id == at[name]))[0]) for name in (b"aa", b"bb")]
    table.x[rows[1], :2], table.x[rows[1], 5:] = table.x[rows[0], :2], (29.5, 0.0)  # bb was led to where aa is
    even = np.arange(16) % 2 == 0
    table.frames[rows[0]], table.frames[rows[1]] = 0, 0
    times = START_NS + 1_900 * MS - np.arange(16) * 100 * MS
    table.frames[rows[0], :8], table.frames[rows[1], :8] = times[even], times[~even]
    table.seen_ns[rows] = table.frames[rows].max(axis=1)
    f.step(seen(0, 0.0, 0.0)[:0], START_NS + 2_000 * MS)
    tracks = after(f, 2_000)
    assert {bytes(one["sender"]): int(one["id"]) for one in tracks} == {b"aa": at[b"aa"], b"cc": at[b"cc"]}
