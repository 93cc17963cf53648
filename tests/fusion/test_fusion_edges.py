"""What goes wrong on the road and on the air: clocks, order, ids, silence, echoes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rsu.fusion import CONFIRMED, Fusion, Parameters
from rsu.observe.arrays import PEDESTRIAN, VEHICLE, empty
from tests.fusion.fusion_sayings import MS, after, bsm, feed, seen, shared
from tests.fusion.fusion_scene import START_NS


def fusion(**more: object) -> Fusion:
    return Fusion(Parameters(**more))  # type: ignore[arg-type]


def drive(until_ms: int, sender: bytes = b"aa", y: float = 0.0, **more: object) -> list[np.ndarray]:
    """BSM every 100 ms of a vehicle at 10 m/s, heard 20 ms later."""
    return [
        bsm(ms, ms / 100, y, sender, **({"receive_time_ns": START_NS + (ms + 20) * MS} | more))
        for ms in range(0, until_ms, 100)
    ]


def watch(until_ms: int, y: float = 0.0, name: bytes = b"1") -> list[np.ndarray]:
    """The box sees the vehicle every 100 ms, heard 50 ms later."""
    return [seen(ms, ms / 100, y, object=name, receive_time_ns=START_NS + (ms + 50) * MS) for ms in range(0, until_ms, 100)]


def test_a_vehicle_heard_three_times_is_a_track_where_it_is_now() -> None:
    f = fusion()
    feed(f, drive(1000), 1100)
    (track,) = after(f, 1100)
    assert track["status"] == CONFIRMED and track["sender"] == b"aa"
    assert track["x"] == pytest.approx(11.0, abs=0.3) and track["speed"] == pytest.approx(10.0, abs=0.2)
    assert (after(f, 1300)["x"] - track["x"])[0] == pytest.approx(2.0, abs=0.05)  # 0.2 s at 10 m/s


def test_heard_and_seen_is_one_track_with_the_offset_of_its_sender() -> None:
    f = fusion()
    feed(f, drive(4000, y=1.5) + watch(4000), 4100)
    (track,) = after(f, 4100)
    assert track["sender"] == b"aa" and track["bias_y"] == pytest.approx(1.5, abs=0.25)
    assert track["y"] == pytest.approx(0.0, abs=0.2)


@pytest.mark.parametrize("offset_ms", [-5000, -700, 700, 5000], ids=["5-s-behind", "0.7-s-behind", "0.7-s-ahead", "5-s-ahead"])
def test_a_sender_with_a_wrong_clock_is_set_right_and_not_dropped(offset_ms: int) -> None:
    f = fusion()
    right = drive(5000)
    wrong = [
        bsm(ms + offset_ms, ms / 100, 30.0, b"bb", receive_time_ns=START_NS + (ms + 50) * MS) for ms in range(0, 5000, 100)
    ]
    feed(f, right + wrong, 5100)
    tracks = after(f, 5100)
    assert sorted(tracks["sender"].tolist()) == [b"aa", b"bb"]
    assert tracks["x"] == pytest.approx([51.0, 51.0], abs=0.6)
    assert f.clock_alarms == 1 and f.clock_offsets() == {"bb": pytest.approx(-offset_ms / 1000, abs=0.01)}


def test_two_units_with_different_clocks_share_one_picture() -> None:
    f = fusion()
    told = []
    for ms in range(0, 4000, 100):
        receive = START_NS + (ms + 250) * MS
        told.append(shared(ms, ms / 100, receive_time_ns=receive))
        told.append(shared(ms - 20_000, ms / 100, 40.0, sender=b"rsu3", receive_time_ns=receive))
    feed(f, told, 4300)
    tracks = after(f, 4300)
    assert len(tracks) == 2 and tracks["x"] == pytest.approx([43.0, 43.0], abs=1.5)


@pytest.mark.parametrize(
    ("age_ms", "taken"),
    [(999, True), (1001, False), (-99, True), (-101, False)],
    ids=["old", "too-old", "ahead", "too-far-ahead"],
)
def test_what_is_too_old_or_too_far_ahead_is_refused(age_ms: int, taken: bool) -> None:
    f = fusion()
    f.step(bsm(2000 - age_ms, 0.0, receive_time_ns=START_NS + 2000 * MS), START_NS + 2000 * MS)
    assert f.counters.taken == taken
    assert f.refused.late == (age_ms > 1000) and f.refused.ahead == (age_ms < -100)


def test_what_is_heard_again_counts_once() -> None:
    once, twice = fusion(), fusion()
    feed(once, drive(2000), 2200)
    again = [one for one in drive(2000) for _ in range(2)] + drive(2000, receive_time_ns=START_NS + 1999 * MS)[12:]
    feed(twice, again, 2200)
    assert twice.refused.again == 28  # 20 by a second radio, 8 replayed
    assert after(once, 2200).tobytes() == after(twice, 2200).tobytes()


def test_out_of_order_is_nearly_as_good_as_in_order() -> None:
    rng = np.random.default_rng(4)
    swapped = []
    for ms in range(0, 3000, 100):  # each up to 180 ms late, so that they overtake each other
        swapped.append(bsm(ms, ms / 100, receive_time_ns=START_NS + (ms + int(rng.integers(5, 180))) * MS))
    f, g = fusion(), fusion()
    feed(f, drive(3000) + watch(3000), 3200, 50)
    feed(g, swapped + watch(3000), 3200, 50)
    (one,), (other,) = after(f, 3200), after(g, 3200)
    assert g.counters.shifted > 5
    assert np.hypot(one["x"] - other["x"], one["y"] - other["y"]) < 0.1


def test_what_comes_later_than_it_can_be_shifted_is_worked_again_as_if_in_time() -> None:
    """A box that is 600 ms late: the ring gives the same state as the same measurements in order."""
    f = fusion()
    boxed = [seen(ms, ms / 100, 0.3) for ms in range(1000, 3000, 100)]
    for one in boxed:
        one["receive_time_ns"] += 50 * MS
    late = [one.copy() for one in boxed]
    for one in late:
        one["receive_time_ns"] += 550 * MS
    feed(f, drive(3600, y=1.0) + boxed, 3700)
    g = fusion(clock_alarm_s=5.0)
    feed(g, drive(3600, y=1.0) + late, 3700)
    assert g.counters.worked_again > 0 and g.counters.beyond_ring == 0
    (one,), (other,) = after(f, 3700), after(g, 3700)
    assert np.hypot(one["x"] - other["x"], one["y"] - other["y"]) < 0.15


def test_a_new_temporary_id_takes_over_the_track_and_its_offset() -> None:
    f = fusion()
    heard = drive(3000, b"aa", y=1.5)
    heard += [bsm(ms, ms / 100, 1.5, b"bb", receive_time_ns=START_NS + (ms + 20) * MS) for ms in range(3000, 6000, 100)]
    feed(f, heard[:30] + watch(6000), 3000)
    before = after(f, 3000)
    f = fusion()
    feed(f, heard + watch(6000), 6100)
    (track,) = after(f, 6100)
    assert track["id"] == before["id"][0] and track["sender"] == b"bb"
    (takeover,) = f.takeovers
    assert (takeover.before, takeover.after, takeover.track) == (b"aa", b"bb", track["id"])
    assert track["bias_y"] == pytest.approx(1.5, abs=0.2)


def test_two_vehicles_abreast_that_change_ids_at_once_are_told_apart_by_their_offsets() -> None:
    """3 m apart, offsets of +1.2 and −1.2 m across: as told they are 0.6 m apart; only the fingerprint tells."""
    f, told = fusion(), []
    for ms in range(0, 8000, 100):
        new = ms >= 4000
        receive = START_NS + (ms + 20) * MS
        told.append(bsm(ms, ms / 100, 0.0 + 1.2, b"a2" if new else b"a1", receive_time_ns=receive, cxx=1.0, cyy=1.0))
        told.append(bsm(ms, ms / 100, 3.0 - 1.2, b"b2" if new else b"b1", receive_time_ns=receive, cxx=1.0, cyy=1.0))
    feed(f, told + watch(8000) + watch(8000, 3.0, b"2"), 8100)
    tracks = after(f, 8100)
    assert tracks["sender"].tolist() == [b"a2", b"b2"] and tracks["y"] == pytest.approx([0.0, 3.0], abs=0.3)
    assert {(one.before, one.after) for one in f.takeovers} == {(b"a1", b"a2"), (b"b1", b"b2")}


def test_a_vehicle_through_west_keeps_its_heading_across_the_half_circle() -> None:
    """A curve through −x: headings go from 170° over ±180° to −170°, and north over 0/360 of a compass does not matter here."""
    f, told = fusion(), []
    x = y = 0.0
    for step in range(60):
        heading = np.pi - 0.3 + 0.1 * step / 10
        wrapped = (heading + np.pi) % (2 * np.pi) - np.pi
        told.append(bsm(step * 100, x, y, heading=wrapped, yaw_rate=0.1, receive_time_ns=START_NS + (step * 100 + 20) * MS))
        x, y = x + np.cos(heading), y + np.sin(heading)
    for now_ms in range(100, 6100, 100):
        now_ns = START_NS + now_ms * MS
        every = np.concatenate(told)
        fresh = (every["receive_time_ns"] <= now_ns) & (every["receive_time_ns"] > now_ns - 100 * MS)
        f.step(every[fresh], now_ns)
        for track in f.tracks(now_ns):
            true = np.pi - 0.3 + 0.1 * now_ms / 1000
            assert abs((track["heading"] - true + np.pi) % (2 * np.pi) - np.pi) < 0.1
            assert -np.pi <= track["heading"] <= np.pi and abs(track["yaw_rate"]) < 0.4


def test_a_car_that_a_box_sees_standing_is_not_taken_to_creep() -> None:
    """It comes in at 9 m/s and brakes at 3 m/s². The length of a noisy velocity is never 0; the track stands."""
    f, rng = fusion(), np.random.default_rng(4)
    off = []
    for step in range(200):
        left_s = max(6.0 - step / 10, 0.0)
        speed = min(3.0 * left_s, 9.0)
        x = -1.5 * left_s**2 if left_s < 3.0 else -13.5 - 9.0 * (left_s - 3.0)
        vx, vy = speed + rng.normal(0, 0.3), rng.normal(0, 0.3)
        said = seen(step * 100, x + rng.normal(0, 0.2), rng.normal(0, 0.2), heading=np.arctan2(vy, vx))
        said["speed"], said["speed_std"], said["heading_std"] = np.hypot(vx, vy), 0.3, min(0.3 / np.hypot(vx, vy), np.pi)
        now_ns = START_NS + (step * 100 + 150) * MS
        f.step(said, now_ns)
        if step >= 80:
            (track,) = f.tracks(now_ns)
            off.append(track["x"])
    assert abs(np.mean(off)) < 0.05


def test_a_car_that_creeps_round_a_corner_is_not_surer_of_its_place_than_it_may_be() -> None:
    """Below 4 km/h no heading is believed; what the track does not know of its turn is in its covariance."""
    errors = []
    for seed in range(12):
        f, rng = fusion(), np.random.default_rng(seed)
        x = y = 0.0
        for step in range(150):
            speed = 6.0 if step < 40 else 1.0
            heading = 0.0 if step < 60 else min((step - 60) * 0.1 * speed / 6.0, 0.6)  # within 6 m
            x, y = x + speed * 0.1 * np.cos(heading), y + speed * 0.1 * np.sin(heading)
            vx, vy = speed * np.cos(heading) + rng.normal(0, 0.3), speed * np.sin(heading) + rng.normal(0, 0.3)
            said = seen(step * 100, x + rng.normal(0, 0.25), y + rng.normal(0, 0.25), heading=np.arctan2(vy, vx))
            said["speed"], said["speed_std"], said["heading_std"] = np.hypot(vx, vy), 0.3, min(0.3 / np.hypot(vx, vy), np.pi)
            said["cxx"] = said["cyy"] = 0.0625
            f.step(said, START_NS + step * 100 * MS)
            if step >= 60:
                (track,) = f.tracks(START_NS + step * 100 * MS)
                off = np.array([track["x"] - x, track["y"] - y])
                errors.append(off @ np.linalg.solve(track["cov"][:2, :2], off))
    assert np.mean(errors) < 4.0  # 2 is ideal


def test_a_car_parked_for_an_hour_is_one_track_that_stands_still() -> None:
    """One message a second for an hour, with noise: the same id, no drift, a covariance that neither vanishes nor grows."""
    f, rng = fusion(), np.random.default_rng(2)
    for second in range(3600):
        at = bsm(second * 1000, 5.0 + rng.normal(0, 0.2), 5.0 + rng.normal(0, 0.2), heading=rng.normal(1.0, 0.5), speed=0.0)
        f.step(at, START_NS + second * 1000 * MS)
        if second >= 5:
            (track,) = f.tracks(START_NS + second * 1000 * MS)
            assert track["id"] == 1 and track["speed"] < 0.5
    assert np.hypot(track["x"] - 5.0, track["y"] - 5.0) < 2.0
    assert 0.01 < track["cov"][0, 0] < 4.0 and track["hits"] == 3600


@pytest.mark.parametrize(("silent_ms", "there"), [(900, True), (1200, False)])
def test_a_vehicle_that_stops_sending_goes_on_for_a_second_and_is_gone(silent_ms: int, there: bool) -> None:
    f = fusion()
    feed(f, drive(2000), 2000 + silent_ms)
    tracks = after(f, 2000 + silent_ms)
    assert len(tracks) == there
    if there:
        assert tracks["x"][0] == pytest.approx((2000 + silent_ms) / 100, abs=0.8)


def test_our_own_picture_heard_back_is_not_taken_in() -> None:
    f = fusion(own_senders=("rsu2",))
    feed(f, [shared(ms, ms / 100) for ms in range(10, 1000, 100)], 1100)
    assert len(after(f, 1100, all=True)) == 0 and f.refused.own == 10


def test_what_another_unit_tells_of_a_vehicle_that_is_heard_is_dropped() -> None:
    with_it, without = fusion(), fusion()
    heard = drive(3000) + watch(3000)
    feed(without, heard, 3100)
    feed(with_it, heard + [shared(ms + 30, ms / 100 + 1.0) for ms in range(1000, 3000, 100)], 3100)
    assert with_it.counters.shared_dropped == 20
    assert after(with_it, 3100)["x"].tobytes() == after(without, 3100)["x"].tobytes()


@pytest.mark.parametrize(
    ("cls", "apart_m", "tracks"),
    [(VEHICLE, 1.9, 1), (VEHICLE, 2.1, 2), (PEDESTRIAN, 1.0, 2), (0, 1.9, 1)],
    ids=["inside-him", "behind-him", "a-pedestrian", "class-not-known"],
)
def test_what_another_unit_tells_to_be_inside_somebody_who_is_heard_is_he(cls: int, apart_m: float, tracks: int) -> None:
    """Its filter lags where he stopped: it says that he drives at 8 m/s still, which does not fit him."""
    f = fusion()
    heard = [bsm(ms, 0.0, speed=0.0) for ms in range(0, 3000, 100)]
    told = [shared(ms + 30, apart_m, cls=cls, speed=8.0, cxx=0.04, cyy=0.04) for ms in range(2000, 3000, 100)]
    feed(f, heard + told, 3100)
    assert len(after(f, 3100)) == tracks and (f.counters.shared_dropped == 10) == (tracks == 1)


def test_the_same_news_shared_again_and_again_makes_nobody_certain() -> None:
    """Covariance intersection: forty times the same estimate is worth one (0.5 m), where white noise would give 0.08 m."""
    f = fusion()
    feed(f, [shared(ms, ms / 100, receive_time_ns=START_NS + (ms + 90) * MS) for ms in range(0, 4000, 100)], 4100)
    (track,) = after(f, 3900)
    assert 0.3 < np.sqrt(track["cov"][1, 1]) < 1.0


def test_a_box_that_doubts_and_a_sender_nearby_give_one_output() -> None:
    """The sender's GNSS is 5 m off: its track is hidden while a perceived one without an id is near; ``all`` has both."""
    f = fusion(resolve_gate_chi2=0.1)
    feed(f, drive(2500, y=3.5) + watch(2500), 2600)
    (shown,) = after(f, 2600)
    assert shown["sender"] == b"" and shown["y"] == pytest.approx(0.0, abs=0.3)
    assert len(after(f, 2600, all=True)) == 2


def test_an_unseen_pair_of_ids_within_doubt_is_not_bound() -> None:
    """A new id told right between two perceived vehicles 3 m apart belongs to neither for sure."""
    f = fusion()
    pair = [
        seen(ms, ms / 100, y, object=name, receive_time_ns=START_NS + (ms + 50) * MS)
        for ms in range(0, 2000, 100)
        for y, name in ((-1.5, b"1"), (1.5, b"2"))
    ]
    feed(f, pair + drive(2000)[10:], 2100)
    assert [one["sender"] for one in after(f, 2100)] == [b"", b""]


def test_pedestrians_side_by_side_stay_two() -> None:
    f = fusion()
    pair = [
        seen(ms, 1.3 * ms / 1000, y, object=name, cls=PEDESTRIAN, receive_time_ns=START_NS + (ms + 50) * MS)
        for ms in range(0, 3000, 100)
        for y, name in ((0.0, b"1"), (0.9, b"2"))
    ]
    feed(f, pair, 3100)
    tracks = after(f, 3100)
    assert len(tracks) == 2 and (tracks["yaw_rate"] == 0).all() and tracks["speed"] == pytest.approx([1.3, 1.3], abs=0.4)


def test_pedestrians_side_by_side_in_another_units_picture_stay_two() -> None:
    f, rng, ids = fusion(), np.random.default_rng(3), set()
    for ms in range(0, 20_000, 100):
        f.step(np.concatenate([
            shared(ms, rng.normal(0, 0.27), y + rng.normal(0, 0.27), object=name, cls=PEDESTRIAN, speed=0.0)
            for y, name in ((0.0, b"1"), (1.0, b"2"))
        ]), START_NS + (ms + 60) * MS)  # fmt: skip
        tracks = f.tracks(START_NS + (ms + 60) * MS)
        ids |= set(tracks["id"].tolist())
        assert ms < 1_000 or len(tracks) == 2
    assert len(ids) == 2


def mixed(seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    said = []
    for car in range(6):
        for ms in (0, 40, 90):
            said.append(bsm(ms, car * 4.0 + rng.normal(), rng.normal(), b"%d" % (car % 4)))
        said.append(seen(50, car * 4.0 + rng.normal(), rng.normal(), object=b"%d" % car if car % 2 else b""))
        said.append(shared(30, car * 4.0 + rng.normal(), rng.normal(), object=b"%d" % car))
    return np.concatenate([*said, said[0], said[3]])


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 50), order=st.randoms(use_true_random=False))
def test_the_order_within_a_batch_does_not_matter(seed: int, order: object) -> None:
    batch = mixed(seed)
    places = list(range(len(batch)))
    order.shuffle(places)  # type: ignore[attr-defined]
    f, g = fusion(), fusion()
    for step in range(4):
        moved, now_ns = batch.copy(), START_NS + (100 + step * 100) * MS
        moved["event_time_ns"] += step * 100 * MS
        moved["receive_time_ns"] += step * 100 * MS
        moved["x"] += step
        f.step(moved, now_ns)
        g.step(moved[places], now_ns)
    assert f.tracks(now_ns, all=True).tobytes() == g.tracks(now_ns, all=True).tobytes()
    assert f.counters == g.counters and f.refused == g.refused


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_whatever_is_said_nothing_breaks_and_covariances_are_sound(seed: int) -> None:
    rng = np.random.default_rng(seed)
    f = fusion(tracks_max=40, senders_max=64, observations_max=30)
    for step in range(12):
        count = int(rng.integers(0, 50))
        batch, now_ns = empty(count), START_NS + step * 100 * MS
        batch["kind"], batch["cls"] = rng.integers(0, 5, count), rng.integers(0, 6, count)
        batch["event_time_ns"] = now_ns + rng.integers(-1500, 300, count) * MS
        batch["receive_time_ns"] = now_ns
        batch["sender"] = [b"%d" % one for one in rng.integers(0, 200, count)]
        batch["object"] = [b"%d" % one for one in rng.integers(0, 5, count)]
        for name in ("x", "y", "cxx", "cxy", "cyy", "heading", "heading_std", "speed", "speed_std", "yaw_rate"):
            column = rng.normal(0, 20 if name in "xy" else 3, count)
            column[rng.random(count) < 0.2] = np.nan
            column[rng.random(count) < 0.02] = np.inf
            batch[name] = column
        f.step(batch, now_ns)
        tracks = f.tracks(now_ns, all=True)
        assert len(tracks) <= 40
        for name in ("x", "y", "heading", "speed", "yaw_rate"):
            assert np.isfinite(tracks[name]).all()
        for cov in tracks["cov"]:
            np.testing.assert_allclose(cov, cov.T, atol=1e-9)
            scale = np.sqrt(np.maximum(np.diag(cov), 1e-12))
            assert np.linalg.eigvalsh(cov / np.outer(scale, scale)).min() > -1e-7


def test_bounds_are_kept_and_counted() -> None:
    f = fusion(observations_max=10, tracks_max=4)
    batch = np.concatenate([seen(0, 50.0 * one, object=b"%d" % one) for one in range(11)])
    f.step(batch, START_NS + 10 * MS)
    assert f.refused.over == 1 and f.counters.taken == 10
    assert f.counters.no_room == 6 and len(after(f, 10, all=True)) == 4
