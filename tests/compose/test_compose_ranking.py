"""More road users than fit: those at risk first, nobody forgotten, the same everywhere. Conflicts are those that a search in
small steps finds."""

from __future__ import annotations

import itertools
import math
from typing import Any

import compose_tracks as scene
import numpy as np
import pytest
from compose_tracks import MS, NOW, at, number_of, told, tracks
from hypothesis import given, settings
from hypothesis import strategies as st

from rsu.compose.conflict import BLOCK, in_conflict
from rsu.compose.parameters import Parameters
from rsu.compose.ranking import Rota
from rsu.observe.arrays import BICYCLE, PEDESTRIAN

TICK = 100 * MS
ID = b"0123456789abcdef"


def heard(made: Any, *rows: int) -> Any:
    """These rows send themselves."""
    for row in rows:
        made["sender"][row], made["self_ns"][row] = b"%016x" % row, NOW
    return made


def rounds(made: Any, count: int, standard: str = "csae-53", **parameters: Any) -> list[list[int]]:
    """Numbers of who is told at each tick, the first first."""
    unit = scene.composer(standard, **parameters)
    found = []
    for tick in range(count):
        sent = unit.due(at(made, NOW + tick * TICK), NOW + tick * TICK)
        found.append([number_of(one) for broadcast in sent for one in told(broadcast)])
    return found


# Order -------------------------------------------------------------------------------------------------------------------


def test_of_those_who_wait_equally_long_the_rule_of_the_design_decides() -> None:
    """In the order of the design: at risk, unequipped, in conflict, then equipped; all of them are new."""
    made = heard(tracks(6, x=[0, 100, 200, 300, 400, 440]), 0, 2, 4, 5)
    made["cls"][2] = PEDESTRIAN  # at risk, equipped
    made["cls"][3] = BICYCLE  # at risk, not equipped
    made["speed"][[4, 5]], made["heading"][5] = 10.0, math.pi  # towards each other: 40 m at 20 m/s
    (first,) = rounds(made, 1, messages_max=1, rsm_participants_max=5)
    assert first == [4, 3, 2, 5, 6]


def test_who_moved_goes_before_who_stands() -> None:
    rota, made = Rota(Parameters()), tracks(4, x=[0, 50, 100, 150])
    none = np.zeros(4, np.bool_)
    rota.choose(made, none, 4, NOW)
    made["y"][2] = 0.5
    assert rota.choose(made, none, 1, NOW + TICK).tolist() == [2]


def test_who_is_new_goes_before_who_was_told_a_period_ago() -> None:
    rota, made = Rota(Parameters()), tracks(2, x=[0, 50])
    rota.choose(made[:1], np.zeros(1, np.bool_), 1, NOW)
    assert rota.choose(made, np.zeros(2, np.bool_), 1, NOW + TICK).tolist() == [1]


def test_where_all_fit_they_are_told_by_id_each_tick() -> None:
    made = heard(tracks(20, id=np.arange(20, 0, -1)), 3)
    assert rounds(made, 2) == [list(range(1, 21))] * 2


def test_more_than_sixteen_go_into_several_messages() -> None:
    for count, sizes in ((16, [16]), (17, [16, 1]), (64, [16] * 4), (65, [16] * 4)):
        unit = scene.composer("csae-53")
        assert [len(told(broadcast)) for broadcast in unit.due(tracks(count), NOW)] == sizes
        assert unit.waiting == max(0, count - 64)


# Fairness -----------------------------------------------------------------------------------------------------------------


def test_equal_ones_take_turns() -> None:
    found = rounds(tracks(48), 9, messages_max=1)
    for first in range(0, 9, 3):
        assert sorted(itertools.chain(*found[first : first + 3])) == list(range(1, 49))


def test_each_is_told_about_as_often_as_its_weight_and_nobody_is_forgotten() -> None:
    """20 equipped (4) and 20 unequipped (12) standing vehicles, 20 pedestrians (28), 16 a tick: each kind gets weight / 44 of
    16 · 90 places. The longest wait is 44 · 20 / (16 · 4) = 13.75 ticks, and some for rounding."""
    made = heard(tracks(60), *range(20))
    made["cls"][40:] = PEDESTRIAN
    found = rounds(made, 90, messages_max=1)
    counts = np.bincount(list(itertools.chain(*found)), minlength=61)[1:].reshape(3, 20)
    assert counts.sum() == 16 * 90
    expected = 16 * 90 * np.array([4, 12, 28]) / 44
    assert (np.abs(counts.sum(axis=1) - expected) < 0.25 * expected).all(), counts
    for number in range(1, 61):
        ticks = [tick for tick, calls in enumerate(found) if number in calls]
        assert np.diff([-1, *ticks]).max() <= 16


def test_a_clock_that_is_set_back_makes_nobody_wait() -> None:
    unit, made = scene.composer("csae-53", messages_max=1), tracks(32)
    unit.due(made, NOW)
    back = NOW - 3_600_000 * MS
    later = [broadcast for now_ns in (back, back + TICK) for broadcast in unit.due(at(made, now_ns), now_ns)]
    seen = [number_of(one) for broadcast in later for one in told(broadcast)]
    assert sorted(seen) == list(range(1, 33))


def test_the_same_tracks_in_any_order_give_the_same_messages() -> None:
    generator = np.random.default_rng(5)
    made = heard(tracks(200, x=generator.uniform(-90, 90, 200), y=generator.uniform(-90, 90, 200)), *range(0, 200, 3))
    made["speed"], made["heading"] = generator.uniform(0, 15, 200), generator.uniform(-3, 3, 200)
    one, other = scene.composer("csae-53"), scene.composer("csae-53")
    for tick in range(5):
        now_ns = NOW + tick * TICK
        shuffled = generator.permutation(at(made, now_ns))
        assert one.due(at(made, now_ns), now_ns) == other.due(shuffled, now_ns)


# Conflicts ----------------------------------------------------------------------------------------------------------------


def stepped(made: Any, p: Parameters) -> Any:
    """Who meets, by small steps of time and pair by pair; and who is too near to a limit for a search by steps to tell."""
    found = np.zeros(len(made), np.bool_)
    margin = np.zeros(len(made), np.bool_)
    at_s = np.linspace(0, p.conflict_horizon_s, 2_001)
    for i in range(len(made)):
        for j in range(i):
            a, b = made[i], made[j]
            if max(a["speed"], b["speed"]) < p.conflict_speed_mps:
                continue
            dv = np.array([a["speed"] * math.cos(a["heading"]) - b["speed"] * math.cos(b["heading"])])
            dw = np.array([a["speed"] * math.sin(a["heading"]) - b["speed"] * math.sin(b["heading"])])
            distance = np.hypot(a["x"] - b["x"] + dv * at_s, a["y"] - b["y"] + dw * at_s)
            closing = math.hypot(dv[0], dw[0])
            least = distance.min()
            meets = least <= p.conflict_distance_m and distance[1] < distance[0] and closing >= p.conflict_closing_mps
            close = abs(least - p.conflict_distance_m) < 0.03 or abs(closing - p.conflict_closing_mps) < 1e-3
            close = close or abs(distance[1] - distance[0]) < 1e-4
            for row in (i, j):
                found[row] |= meets
                margin[row] |= close
    return found, margin


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), count=st.integers(0, 14))
def test_conflicts_are_those_that_a_search_in_small_steps_finds(seed: int, count: int) -> None:
    generator = np.random.default_rng(seed)
    made = tracks(count, x=generator.uniform(-40, 40, count), y=generator.uniform(-40, 40, count))
    made["speed"], made["heading"] = generator.choice([0, 0.5, 3, 10, 20], count), generator.uniform(-3.1, 3.1, count)
    expected, unsure = stepped(made, Parameters())
    assert (in_conflict(made, Parameters()) == expected)[~unsure].all()


@pytest.mark.parametrize(
    ("columns", "meets"),
    [
        ({"x": [0, 160], "speed": [25, 25], "heading": [0, math.pi]}, True),  # 50 m/s: no step jumps over it
        ({"x": [0, 230], "speed": [25, 25], "heading": [0, math.pi]}, False),  # 4.6 s
        ({"x": [0, 160], "y": [0, 3.3], "speed": [25, 25], "heading": [0, math.pi]}, False),  # the lane beside
        ({"x": [0, 10], "speed": [10, 10], "heading": [0, 0]}, False),  # one behind the other
        ({"x": [0, 20], "speed": [15, 5], "heading": [0, 0]}, True),  # catching up: 2 s
        ({"x": [0, 2], "speed": [0, 0], "heading": [0, 0]}, False),  # a queue
        ({"x": [0, 30], "speed": [10, 0], "heading": [0, 0]}, True),
        ({"x": [0, 30], "speed": [10, math.nan], "heading": [0, math.nan]}, True),
        ({"x": [0, 30], "speed": [10, 10], "heading": [math.pi, 0]}, False),  # apart
    ],
    ids=["fast", "late", "beside", "behind", "catching-up", "queue", "standing", "unknown", "apart"],
)
def test_who_meets_and_who_does_not(columns: dict[str, list[float]], meets: bool) -> None:
    assert in_conflict(tracks(2, **columns), Parameters()).tolist() == [meets, meets]


@pytest.mark.parametrize("other", [0, BLOCK - 1, BLOCK, 2 * BLOCK + 1])
def test_pairs_of_all_blocks_meet_and_the_farthest_are_not_looked_at(other: int) -> None:
    count = 2 * BLOCK + 3
    made = tracks(count, x=np.arange(count) * 200.0, speed=20.0, heading=np.pi / 2)
    made["x"][-1], made["y"][-1], made["heading"][-1] = other * 200.0, 100.0, -np.pi / 2
    assert np.flatnonzero(in_conflict(made, Parameters())).tolist() == [other, count - 1]
    assert in_conflict(made, Parameters(conflict_tracks_max=other + 2)).any()
    assert not in_conflict(made, Parameters(conflict_tracks_max=other + 1)).any()
