"""GOSPA by hand, by its axioms, and against Stone Soup's."""

from __future__ import annotations

import math
from datetime import datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from rsu.evaluate.gospa import Parameters, gospa

Points = NDArray[np.float64]


def points(*places: tuple[float, float]) -> Points:
    return np.array(places, np.float64).reshape(-1, 2)


# c = 5, p = 2: an object without a track, or a track without an object, costs 25 / 2.
@pytest.mark.parametrize(
    ("truth", "tracks", "localisation", "missed", "false"),
    [
        (points(), points(), 0.0, 0.0, 0.0),
        (points((0, 0), (50, 0)), points(), 0.0, 25.0, 0.0),
        (points(), points((0, 0), (50, 0), (99, 0)), 0.0, 0.0, 37.5),
        (points((0, 0)), points((3, 0)), 9.0, 0.0, 0.0),
        (points((0, 0)), points((3, 4)), 0.0, 12.5, 12.5),  # exactly c apart: no pair
        (points((0, 0)), points((3, 3.999)), 9 + 3.999**2, 0.0, 0.0),
        (points((0, 0), (4, 0)), points((3, 0), (100, 0)), 1.0, 12.5, 12.5),
        # Greedy would pair (4, 0) with (3.9, 0) and leave 6.1 m for the other: 0.01 + 25. Together 1.9² + 4.1² is less.
        (points((2, 0), (4, 0)), points((3.9, 0), (8.1, 0)), 1.9**2 + 4.1**2, 0.0, 0.0),
    ],
    ids=["nothing", "all-missed", "all-false", "one-pair", "at-the-cut-off", "inside-it", "one-of-each", "not-greedy"],
)
def test_cases_by_hand(truth: Points, tracks: Points, localisation: float, missed: float, false: float) -> None:
    found = gospa(truth, tracks)
    assert (found.localisation, found.missed, found.false) == pytest.approx((localisation, missed, false))
    assert found.distance == pytest.approx(math.sqrt(localisation + missed + false))


SETS = arrays(np.float64, st.tuples(st.integers(0, 7), st.just(2)), elements=st.floats(-12, 12).map(lambda x: round(x, 3)))


@settings(deadline=None)
@given(SETS, SETS)
def test_swapping_the_sets_swaps_missed_and_false(truth: Points, tracks: Points) -> None:
    there, back = gospa(truth, tracks), gospa(tracks, truth)
    assert there.distance == pytest.approx(back.distance)
    assert there.missed + there.false == pytest.approx(back.missed + back.false)


@settings(deadline=None)
@given(SETS, SETS, st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(truth: Points, tracks: Points, chance: object) -> None:
    found = gospa(truth, tracks).distance
    assert gospa(truth[::-1], np.roll(tracks, 1, axis=0)).distance == pytest.approx(found)


@settings(deadline=None)
@given(SETS)
def test_a_set_is_at_no_distance_from_itself(truth: Points) -> None:
    assert gospa(truth, truth).distance == 0.0


@settings(deadline=None)
@given(SETS, SETS, SETS)
def test_the_way_round_is_no_shorter(first: Points, second: Points, third: Points) -> None:
    assert gospa(first, third).distance <= gospa(first, second).distance + gospa(second, third).distance + 1e-9


@settings(deadline=None)
@given(SETS, SETS)
def test_pairs_are_near_and_nobody_is_paired_twice(truth: Points, tracks: Points) -> None:
    pairs = gospa(truth, tracks).pairs
    assert len(set(pairs[:, 0])) == len(set(pairs[:, 1])) == len(pairs)
    assert (np.hypot(*(truth[pairs[:, 0]] - tracks[pairs[:, 1]]).T) < 5.0).all()


@settings(deadline=None, max_examples=60)
@given(SETS, SETS, st.sampled_from([(5.0, 2.0), (2.0, 1.0), (10.0, 3.0)]))
def test_agrees_with_stone_soup(truth: Points, tracks: Points, cut_off: tuple[float, float]) -> None:
    metrics = pytest.importorskip("stonesoup.metricgenerator.ospametric", reason="Stone Soup is not installed: rsu[test]")
    from stonesoup.types.state import State

    if not len(truth) and not len(tracks):
        return  # it wants a moment from a state
    moment = datetime(2026, 1, 1)
    states = [[State(place.reshape(2, 1), timestamp=moment) for place in rows] for rows in (tracks, truth)]
    c_m, p = cut_off
    theirs = metrics.GOSPAMetric(c=c_m, p=p).compute_gospa_metric(*states)[0].value
    ours = gospa(truth, tracks, Parameters(c_m=c_m, p=p))
    assert ours.distance == pytest.approx(float(theirs["distance"]), abs=1e-6)
    # Where two assignments cost the same, one may pair at just under c what the other counts as missed and false.
    parts = (ours.localisation, ours.missed, ours.false)
    assert sum(parts) == pytest.approx(sum(float(theirs[name]) for name in ("localisation", "missed", "false")), abs=1e-6)
    assert parts == pytest.approx([float(theirs[name]) for name in ("localisation", "missed", "false")], abs=1e-6)
