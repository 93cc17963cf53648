"""The noise of simulated drives is distributed as its parameters say, and each stream is its own."""

from __future__ import annotations

import math
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from drive_world import ORIGIN, straight
from scipy import stats

from rsu.simulate import box
from rsu.simulate.noise import SENDER, Parameters, box_sigma_m, delays_s, gauss_markov, hidden, lost, stream
from rsu.simulate.place import Place
from rsu.simulate.senders import Ids, Sender, is_equipped, outage_s
from rsu.sources.live.perception import parse

CHECKOUT = Path(__file__).resolve().parents[2]
NOISE = Parameters()
START_NS = 1_778_547_580_000_000_000


@pytest.mark.parametrize("sigma", [0.3, 1.0, 2.5])
def test_the_offset_of_a_receiver_is_stationary_and_forgets_within_its_time_constant(sigma: float) -> None:
    times = np.arange(0.0, 31.0, 1.0)
    many = np.stack([gauss_markov(stream(1, SENDER, number), times, sigma, 30.0) for number in range(1_500)])
    assert many[:, 0].std() == pytest.approx(sigma, rel=0.06)
    assert many[:, -1].std() == pytest.approx(sigma, rel=0.06)
    correlation = np.mean(many[:, 0] * many[:, -1]) / sigma**2
    assert correlation == pytest.approx(math.exp(-1), abs=0.08)  # 30 s later
    assert abs(np.mean(many[:, 0, 0] * many[:, 0, 1])) < 0.1 * sigma**2  # the axes are independent


@pytest.mark.parametrize(
    ("distance_m", "share"), [(0.0, 0.05), (125.0, 0.175), (250.0, 0.30), (500.0, 0.55), (801.0, 1.0)], ids=str
)
def test_messages_are_lost_by_distance(distance_m: float, share: float) -> None:
    missed = lost(stream(2, SENDER), np.full(20_000, distance_m), NOISE)
    assert missed.mean() == pytest.approx(share, abs=0.015)


def test_delays_follow_the_gamma_law() -> None:
    delays = delays_s(stream(3, SENDER), 20_000, NOISE)
    assert delays.mean() == pytest.approx(0.045, rel=0.03)
    assert stats.kstest(delays, stats.gamma(3.0, scale=0.015).cdf).pvalue > 1e-4


def test_objects_are_hidden_for_their_share_and_as_long() -> None:
    states = hidden(stream(4, SENDER), 200_000, 0.1, NOISE)
    assert states.mean() == pytest.approx(0.08, abs=0.015)
    begins = np.count_nonzero(np.diff(states.astype(int)) == 1)
    assert states.sum() * 0.1 / begins == pytest.approx(1.2, rel=0.1)


def test_a_stream_hangs_on_seed_purpose_and_number_only() -> None:
    first = stream(5, SENDER, 7).random(4)
    assert (stream(5, SENDER, 7).random(4) == first).all()
    others = [stream(6, SENDER, 7), stream(5, SENDER + 1, 7), stream(5, SENDER, 8)]
    assert all((other.random(4) != first).all() for other in others)


@pytest.mark.parametrize("share", [0.0, 0.3, 0.7, 1.0])
def test_so_many_are_equipped_and_at_a_higher_share_the_same_and_more(share: float) -> None:
    def equipped(of: float) -> set[int]:
        return {number for number in range(2_000) if is_equipped(number, 1, Parameters(equipped_share=of))}

    assert len(equipped(share)) == pytest.approx(2_000 * share, abs=80)
    assert equipped(share) <= equipped(min(share + 0.2, 1.0))


def test_a_temporary_id_lives_for_a_minute() -> None:
    ids = Ids(stream(8, SENDER), 300.0, 60.0)
    heard = [ids.at(second / 10) for second in range(3_001)]
    changes = [index for index in range(1, len(heard)) if heard[index] != heard[index - 1]]
    assert 4 <= len(changes) <= 5 and len(set(heard)) == len(changes) + 1
    assert {later - earlier for earlier, later in pairwise(changes)} == {600}
    assert {len(one) for one in heard} == {8}


@pytest.mark.parametrize(
    ("dark", "without"),
    [
        ("....", [0, 0, 0, 0]),
        (".##.", [0, 0, 1, 2]),
        (".#...", [0, 0, 1, 0, 0]),
        (".#.#..", [0, 0, 1, 2, 3, 0]),  # a gap shorter than it takes to find satellites is none
        ("##...", [1e6, 1e6, 1e6, 0, 0]),
    ],
)
def test_a_receiver_is_without_satellites_until_it_has_found_them_again(dark: str, without: list[float]) -> None:
    times = np.arange(len(dark), dtype=float)
    assert outage_s(times, np.array([mark == "#" for mark in dark]), reacquire_s=2.0).tolist() == without


def test_fixes_differ_from_the_truth_as_the_model_says() -> None:
    """From one fix to the next the offset moves by σ √(2 (1 − ρ)) and the white part by 0.2 √2; together 0.294 m at σ = 1 m."""
    place, steps, errors = Place(ORIGIN), [], []
    for number in range(60):
        path = straight(60.0, number=number, speed=0.0)
        for before, after in _pairs(Sender(path, 60.0, 9, NOISE), place):
            errors.append(before)
            steps.append((after[0] - before[0], after[1] - before[1]))
    assert np.std(steps) == pytest.approx(math.sqrt(2 * (1 - math.exp(-0.1 / 30)) + 2 * 0.2**2), rel=0.03)
    assert np.std(errors) == pytest.approx(math.sqrt(1 + 0.2**2), rel=0.2)  # 60 senders, two time constants each


def _pairs(sender: Sender, place: Place) -> list[tuple[tuple[float, float], tuple[float, float]]]:
    """Errors of fixes that follow each other after 100 ms; the sender stands at the reference."""
    said = [heard.said for heard in sender.heard(place, START_NS, ())]
    where = [(one.time_ns, place.metres(one.lat_e7 or 0, one.lon_e7 or 0)) for one in said]
    return [(a, b) for (t, a), (u, b) in pairwise(where) if u - t == 100_000_000]


@pytest.mark.parametrize("factor", [0.5, 1.0])
def test_senders_say_of_their_accuracy_what_they_are_told_to(factor: float) -> None:
    noise = Parameters(gnss_sigma_m=2.5, reported_sigma_factor=factor)
    said = [heard.said for heard in Sender(straight(10.0), 10.0, 1, noise).heard(Place(ORIGIN), START_NS, ())]
    assert {one.sigma_m for one in said} == {math.hypot(2.5, 0.2) * factor}


def test_in_a_tunnel_fixes_drift_then_end_and_come_back() -> None:
    """Through x = 0..200 m at 10 m/s: 5 s by odometry, its σ growing by 0.5 m/s, 15 s of nothing, 2 s to find satellites."""
    path = straight(40.0, x=-100.0)
    noise = Parameters(loss_near=0.0, loss_far=0.0, id_period_s=600.0)
    heard = Sender(path, 40.0, 1, noise).heard(Place(ORIGIN), START_NS, ((0.0, -5.0, 200.0, 5.0),))
    known = np.array([one.said.lat_e7 is not None for one in heard])
    since_s = np.array([(one.said.time_ns - START_NS) / 1e9 for one in heard])
    assert known[since_s < 15.0].all() and known[since_s > 32.2].all()
    assert not known[(since_s > 15.2) & (since_s < 31.9)].any()
    sigma = np.array([one.said.sigma_m for one in heard])
    assert np.nanmax(sigma) == pytest.approx(math.hypot(1, 0.2, 2.5), abs=0.1)
    assert np.isnan(sigma[~known]).all()
    assert {one.said.speed_mps > 9 for one in heard} == {True}  # the odometer goes on


def test_the_box_sees_so_far_misses_so_many_and_invents_some() -> None:
    """(1 − 0.05)(1 − 0.08) = 0.874 of all looks within 130 m succeed; false objects are 0.5 a look."""
    paths = [straight(300.0, number=number, speed=0.0, x=x) for number, x in enumerate([0, 50, 100, 129, 131, 300])]
    seen = box.looks(paths, Place(ORIGIN), START_NS, 3_000, 1, NOISE)
    objects = [one for look in seen for one in parse(look.octets)]
    places = np.array([(one.position.x, one.position.y) for one in objects])
    for distance, sigma in ((0, 0.25), (50, 0.45), (100, 0.65), (129, 0.766)):
        near = np.hypot(places[:, 0] - distance, places[:, 1]) < 3
        assert near.sum() / 3_000 == pytest.approx(0.874, abs=0.09)  # about 20 times hidden in 300 s
        assert np.std(places[near] - (distance, 0)) == pytest.approx(sigma, rel=0.06)
        assert float(box_sigma_m(np.array([distance]), NOISE)[0]) == pytest.approx(sigma)
    far = np.hypot(places[:, 0] - 300, places[:, 1]) < 5
    assert not far.any()
    true = sum((np.hypot(places[:, 0] - distance, places[:, 1]) < 5).sum() for distance in (0, 50, 100, 129))
    assert (len(places) - true) / 3_000 == pytest.approx(0.5, abs=0.07)
    delays = np.array([look.receive_ns - look.time_ns for look in seen]) / 1e9
    assert delays.mean() == pytest.approx(0.150, abs=0.005) and delays.std() == pytest.approx(0.030, rel=0.1)


def test_the_document_has_every_parameter_with_its_default() -> None:
    text = (CHECKOUT / "docs" / "simulation.md").read_text(encoding="utf-8")
    for name in Parameters.__struct_fields__:
        assert f"| `{name}` | {getattr(NOISE, name):.4g} |" in text, name
