"""Errors, NEES, completeness, time to confirm and latency of small ticks, by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from evaluate_rows import EVERYWHERE, START_NS, TENTH_NS, tick, track_rows, truth_rows

from rsu.evaluate import errors
from rsu.evaluate.matching import Region, Tick, match
from rsu.observe.arrays import BICYCLE, PEDESTRIAN, VEHICLE

TWO = [tick([(1, 0, 0), (2, 20, 0)], [(7, 3, 0), (8, 20, 4)])]  # 3 m and 4 m off


def test_rmse_and_percentiles() -> None:
    apart_m = errors.position_errors(TWO)
    assert errors.rmse(apart_m) == pytest.approx(math.sqrt((9 + 16) / 2))
    assert errors.percentiles(apart_m) == pytest.approx({"p50": 3.5, "p95": 3.95, "p99": 3.99})  # linear between the two
    assert errors.rmse_by_tick([*TWO, tick([], [], 1)]) == pytest.approx([math.sqrt(12.5), math.nan], nan_ok=True)


def test_nees_weighs_each_axis_by_its_covariance_and_leaves_out_what_has_none() -> None:
    truth, tracks = truth_rows([(1, 0, 0), (2, 20, 0), (3, 40, 0)]), track_rows([(7, 1, 2), (8, 20, 0), (9, 40, 1)])
    # P = [[2, 1], [1, 3]] has the inverse [[3, -1], [-1, 2]] / 5: (1, 2) gives (3 - 4 + 8) / 5.
    tracks["cov"][0, :2, :2] = [[2, 1], [1, 3]]
    tracks["cov"][2] = np.nan
    nees, unusable = errors.nees([match(START_NS, truth, tracks, EVERYWHERE)])
    assert (nees, unusable) == (pytest.approx((7 / 5 + 0) / 2), 1)


def test_nees_of_an_honest_filter_is_two() -> None:
    chance = np.random.Generator(np.random.PCG64(1))
    covariance = np.array([[0.5, 0.2], [0.2, 0.3]])
    offsets = chance.multivariate_normal((0, 0), covariance, 4000)
    truth = truth_rows([(k, 20.0 * k, 0.0) for k in range(4000)])
    ticks = []
    for part in np.array_split(np.arange(4000), 40):
        tracks = track_rows([(int(k), truth["x"][k] + offsets[k, 0], offsets[k, 1]) for k in part])
        tracks["cov"][:, :2, :2] = covariance
        ticks.append(match(START_NS, truth[part], tracks, EVERYWHERE))
    assert errors.nees(ticks)[0] == pytest.approx(2.0, abs=0.1)  # 2 ± 3 · 2/√4000


def test_recall_and_precision_by_class() -> None:
    truth = np.concatenate((truth_rows([(1, 0, 0), (2, 20, 0)]), truth_rows([(3, 40, 0)], cls=PEDESTRIAN)))
    tracks = np.concatenate((track_rows([(7, 0, 0), (8, 90, 0)]), track_rows([(9, 40, 0)], cls=BICYCLE)))
    ticks = [match(START_NS, truth, tracks, EVERYWHERE)]
    assert errors.completeness(ticks) == pytest.approx((2 / 3, 2 / 3, 3, 3))
    found = errors.completeness_by_class(ticks)
    assert found["vehicle"] == pytest.approx((0.5, 0.5, 2, 2))
    assert found["pedestrian"] == pytest.approx((1.0, math.nan, 1, 0), nan_ok=True)
    assert found["bicycle"] == pytest.approx((math.nan, 1.0, 0, 1), nan_ok=True)
    assert set(found) == {"vehicle", "pedestrian", "bicycle"}
    assert errors.class_accuracy(ticks) == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("ticks", "recall", "precision"),
    [
        ([], math.nan, math.nan),
        ([tick([], [])], math.nan, math.nan),
        ([tick([(1, 0, 0)], [])], 0.0, math.nan),
        ([tick([], [(7, 0, 0)])], math.nan, 0.0),
        ([tick([(1, 0, 0)], [(7, 99, 0)])], 0.0, 0.0),
    ],
    ids=["no-ticks", "nothing-there", "all-missed", "all-false", "both"],
)
def test_completeness_at_the_edges(ticks: list[Tick], recall: float, precision: float) -> None:
    assert errors.completeness(ticks)[:2] == pytest.approx((recall, precision), nan_ok=True)
    assert math.isnan(errors.rmse(errors.position_errors(ticks)))
    assert math.isnan(errors.nees(ticks)[0])
    assert math.isnan(errors.class_accuracy(ticks))
    assert all(math.isnan(value) for value in errors.percentiles(errors.latencies_ms(ticks)).values())


def test_time_to_confirm_counts_from_an_objects_first_tick() -> None:
    """Object 1 was there before; 2 comes and is found two ticks later; 3 is never found."""
    ticks = [
        tick([(1, 0, 0), (3, 60, 0)], [], 0),
        tick([(1, 0, 0), (2, 30, 0)], [(7, 0, 0)], 1),
        tick([(2, 30, 0)], [], 2),
        tick([(2, 30, 0)], [(8, 30, 0)], 3),
    ]
    waited_s, never = errors.times_to_confirm(ticks)
    assert (waited_s.tolist(), never) == (pytest.approx([0.2]), 1)


def test_latency_is_the_age_of_the_newest_information() -> None:
    tracks = track_rows([(7, 0, 0), (8, 20, 0), (9, 40, 0)])
    tracks["self_ns"] = [START_NS - TENTH_NS, 0, 0]
    tracks["seen_ns"] = [START_NS - 2 * TENTH_NS, START_NS - 3 * TENTH_NS, 0]
    ticks = [match(START_NS, truth_rows([(1, 0, 0), (2, 20, 0), (3, 40, 0)]), tracks, EVERYWHERE)]
    assert sorted(errors.latencies_ms(ticks)) == pytest.approx([100.0, 300.0])


@pytest.mark.parametrize(
    ("truth", "tracks", "objects", "held"),
    [
        ([(1, 99, 0)], [(7, 99, 0)], 1, 1),
        ([(1, 100, 0)], [(7, 101, 0)], 1, 1),  # at the bound, its track just past it
        ([(1, 101, 0)], [(7, 99, 0)], 0, 0),  # the track of an object outside is no false one
        ([], [(7, 99, 0)], 0, 1),
        ([], [(7, 101, 0)], 0, 0),
    ],
    ids=["inside", "track-outside", "object-outside", "false-inside", "false-outside"],
)
def test_only_the_region_is_scored(
    truth: list[tuple[int, float, float]], tracks: list[tuple[int, float, float]], objects: int, held: int
) -> None:
    found = tick(truth, tracks, region=Region(radius_m=100.0))
    assert (len(found.truth), len(found.tracks)) == (objects, held)


def test_a_track_without_a_place_is_no_track() -> None:
    tracks = track_rows([(7, math.nan, 0), (8, 0, 0)])
    found = match(START_NS, truth_rows([(1, 0, 0)]), tracks)
    assert (found.tracks["id"].tolist(), found.gospa.distance) == ([8], 0.0)
    assert VEHICLE in found.tracks["cls"]
