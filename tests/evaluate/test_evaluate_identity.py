"""Id switches, IDF1 and HOTA: by hand, and against trackeval."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from evaluate_rows import Place, tick
from hypothesis import given, settings
from hypothesis import strategies as st

from rsu.evaluate.identity import Sight, hota, id_switches, idf1, sights
from rsu.evaluate.matching import Tick


def drive(*track_ids: int | None) -> list[Tick]:
    """One object, and the id of the track that lies on it at each tick; None: no track."""
    return [tick([(1, 0, 0)], [] if which is None else [(which, 0, 0)], number) for number, which in enumerate(track_ids)]


@pytest.mark.parametrize(
    ("track_ids", "switches"),
    [((7, 7, 7), 0), ((7, 8, 8), 1), ((7, 8, 7), 2), ((7, None, 7), 0), ((7, None, 8), 1), ((None, None), 0), ((), 0)],
    ids=["same", "other", "there-and-back", "a-gap", "other-after-a-gap", "never-seen", "no-ticks"],
)
def test_switches_are_counted_by_the_last_track_of_an_object(track_ids: tuple[int | None, ...], switches: int) -> None:
    assert id_switches(sights(drive(*track_ids))) == switches


def test_a_pair_stays_while_it_is_near_though_another_track_is_nearer() -> None:
    ticks = [tick([(1, 0, 0)], [(7, 0, 0)], 0), tick([(1, 0, 0)], [(7, 4, 0), (8, 0, 0)], 1)]
    assert id_switches(sights(ticks)) == 0


@pytest.mark.parametrize("apart_m", [4.9, 5.0, 5.1])
def test_what_is_as_far_as_the_cut_off_is_no_pair(apart_m: float) -> None:
    ticks = [tick([(1, 0, 0)], [(7, 0, 0)], 0), tick([(1, 0, 0)], [(8, apart_m, 0)], 1)]
    assert id_switches(sights(ticks)) == (1 if apart_m < 5.0 else 0)


def test_idf1_by_hand() -> None:
    # Four ticks, tracks 7 7 7 8. Object 1 is 7's: 3 of 4 objects and 3 of 4 tracks have the right identity: 2·3 / 8.
    assert idf1(sights(drive(7, 7, 7, 8))) == pytest.approx(0.75)


def test_hota_by_hand() -> None:
    # All four found exactly: DetA 1. AssA: the three of 7 have 3 / (4 + 3 - 3), the one of 8 has 1 / (4 + 1 - 1).
    association = (3 * 3 / 4 + 1 * 1 / 4) / 4
    found = hota(sights(drive(7, 7, 7, 8)))
    assert found == pytest.approx((math.sqrt(association), 1.0, association))


def test_hota_falls_with_the_thresholds_that_are_missed() -> None:
    # 1.9 m away: similarity 0.62, so 12 of the 19 thresholds are passed.
    assert hota(sights([tick([(1, 0, 0)], [(7, 1.9, 0)])])).hota == pytest.approx(12 / 19)


@pytest.mark.parametrize(
    ("ticks", "wanted"),
    [([], math.nan), ([tick([], [])], math.nan), (drive(None, None), 0.0), ([tick([], [(7, 0, 0)])], 0.0)],
    ids=["no-ticks", "nothing-there", "all-missed", "all-false"],
)
def test_edges(ticks: list[Tick], wanted: float) -> None:
    assert idf1(sights(ticks)) == pytest.approx(wanted, nan_ok=True)
    assert hota(sights(ticks)).hota == pytest.approx(wanted, nan_ok=True)


# Against trackeval ------------------------------------------------------------------------------------------------------


@st.composite
def scenes(draw: st.DrawFn) -> list[Tick]:
    """A few objects at random, tracks on or beside them, ids that change and objects that come and go."""
    chance = np.random.Generator(np.random.PCG64(draw(st.integers(0, 2**32 - 1))))
    objects, length = draw(st.integers(1, 5)), draw(st.integers(1, 12))
    made = []
    for number in range(length):
        truth: list[Place] = [(k, 6.0 * k, float(chance.normal())) for k in range(objects) if chance.random() < 0.9]
        tracks: dict[int, Place] = {}
        for k, x, y in truth:
            which = int(10 * k + chance.integers(0, 2)) if chance.random() < 0.9 else int(chance.integers(0, 60))
            if chance.random() < 0.85:
                tracks[which] = (which, x + float(chance.normal(0, 2)), y + float(chance.normal(0, 2)))
        made.append(tick(truth, list(tracks.values()), number))
    return made


def their_data(seen: list[Sight]) -> dict[str, Any]:
    return {
        "gt_ids": [sight.truth for sight in seen],
        "tracker_ids": [sight.tracks for sight in seen],
        "similarity_scores": [sight.similarity for sight in seen],
        "num_gt_dets": sum(len(sight.truth) for sight in seen),
        "num_tracker_dets": sum(len(sight.tracks) for sight in seen),
        "num_gt_ids": 1 + max((int(sight.truth.max()) for sight in seen if len(sight.truth)), default=-1),
        "num_tracker_ids": 1 + max((int(sight.tracks.max()) for sight in seen if len(sight.tracks)), default=-1),
        "num_timesteps": len(seen),
    }


@pytest.mark.parametrize("nothing", ["tracks", "truth"])
def test_a_moment_without_tracks_or_objects_does_not_end_a_pair(nothing: str) -> None:
    """Two objects and tracks that could be paired either way: those of before stay, though crosswise they are nearer now."""
    near, crossed = np.array([[0.9, 0.5], [0.5, 0.9]]), np.array([[0.5, 0.9], [0.9, 0.5]])
    both, none = np.arange(2), np.arange(0)
    empty = Sight(both, none, np.empty((2, 0))) if nothing == "tracks" else Sight(none, both, np.empty((0, 2)))
    assert id_switches([Sight(both, both, near), empty, Sight(both, both, crossed)]) == 0


@settings(deadline=None, max_examples=60)
@given(scenes())
def test_agrees_with_trackeval(ticks: list[Tick]) -> None:
    metrics = pytest.importorskip("trackeval.metrics", reason="trackeval is not installed: rsu[test]")
    seen = sights(ticks)
    data = their_data(seen)
    quiet = {"PRINT_CONFIG": False}
    if not data["num_gt_dets"]:
        return  # its HOTA of nothing is a convention
    theirs = metrics.HOTA().eval_sequence(data)
    means = tuple(float(np.mean(theirs[name])) for name in ("HOTA", "DetA", "AssA"))
    assert hota(seen) == pytest.approx(means, abs=1e-9)
    identity = metrics.Identity({"THRESHOLD": 0.5, **quiet}).eval_sequence(data)
    assert idf1(seen) == pytest.approx(float(identity["IDF1"]), abs=1e-9)
    clear = metrics.CLEAR({"THRESHOLD": 1e-12, **quiet}).eval_sequence(data)
    assert id_switches(seen) == int(clear["IDSW"])


@given(scenes())
@settings(deadline=None, max_examples=30)
def test_the_names_of_tracks_do_not_matter(ticks: list[Tick]) -> None:
    renamed = []
    for one in ticks:
        tracks = one.tracks.copy()
        tracks["id"] = 1000 - tracks["id"]
        renamed.append(one._replace(tracks=tracks))
    first, second = sights(ticks), sights(renamed)
    assert id_switches(first) == id_switches(second)
    assert idf1(first) == pytest.approx(idf1(second), nan_ok=True)
    assert hota(first) == pytest.approx(hota(second), nan_ok=True)
