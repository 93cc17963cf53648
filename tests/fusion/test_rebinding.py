"""Ids that are bound to another's track, and that they come to their own."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rsu.fusion import Fusion, Parameters
from rsu.fusion.rebinding import moves
from rsu.fusion.sigma import Sigmas
from rsu.fusion.state import Table
from rsu.observe.arrays import BICYCLE, PEDESTRIAN, VEHICLE
from tests.fusion.fusion_sayings import MS, after, bsm, seen
from tests.fusion.fusion_scene import START_NS

P = Parameters(sigma_start_m=1.0, sigma_factor=1.0)
"""An offset's σ is 1 m where nobody says another."""


def scene(eyes: list[float], said: list[tuple[float, int]], cls: int = BICYCLE) -> tuple[Table, Sigmas]:
    """Perceived tracks at these x, and senders: where each says to be, and the track that he is bound to."""
    table, sigmas = Table(64), Sigmas(P)
    rows = table.take(len(eyes))
    table.confirmed[rows], table.cls[rows], table.time[rows], table.seen_ns[rows] = True, cls, START_NS, START_NS
    table.x[rows, 0] = eyes
    for number, (x, row) in enumerate(said):
        table.sender[row], table.self_ns[row] = number, START_NS
        table.x[row, 5] = x - eyes[row]
    sigmas.claim(np.arange(len(said)), np.full(len(said), np.nan))
    return table, sigmas


def moved(table: Table, sigmas: Sigmas) -> dict[int, int]:
    """Sender → track, of those that change."""
    before, after = moves(table, sigmas, START_NS, P)
    return dict(zip(table.sender[before].tolist(), after.tolist(), strict=True))


def test_a_queue_of_which_each_has_his_neighbours_id_is_set_right() -> None:
    table, sigmas = scene([0, 2.2, 4.4, 6.6, 8.8, 11], [(2.2 * k + 0.1, k + 1) for k in range(5)])
    assert moved(table, sigmas) == {k: k for k in range(5)}


def test_two_of_them_are_no_proof() -> None:
    table, sigmas = scene([0, 2.2, 4.4], [(0.1, 1), (2.3, 2)])
    assert moved(table, sigmas) == {}


@pytest.mark.parametrize(("offset_m", "to"), [(3.6, {}), (3.9, {0: 1})])
def test_one_goes_to_a_free_track_if_his_offset_is_hardly_possible_otherwise(offset_m: float, to: dict[int, int]) -> None:
    assert moved(*scene([0.0, offset_m], [(offset_m, 0)])) == to


@pytest.mark.parametrize(("offset_m", "to"), [(5.2, {}), (5.4, {0: -1})])
def test_who_is_too_far_from_all_that_are_seen_is_somebody_else(offset_m: float, to: dict[int, int]) -> None:
    assert moved(*scene([0.0], [(offset_m, 0)])) == to


def test_two_that_have_each_others_ids_change_them() -> None:
    assert moved(*scene([0.0, 3.2], [(3.2, 0), (0.0, 1)])) == {0: 1, 1: 0}


@pytest.mark.parametrize("eyes", [[0.0, 3.0], [1.5, 9.0]], ids=["two-beside-him", "one-where-he-is"])
def test_who_is_heard_only_is_not_bound_by_second_thoughts(eyes: list[float]) -> None:
    """That is for :func:`rsu.fusion.lifecycle.unresolved`, which doubts."""
    table, sigmas = scene([*eyes, 1.5], [(1.5, 2)])
    table.seen_ns[2] = 0
    assert moved(table, sigmas) == {}


def test_others_by_class_or_speed_are_no_choice() -> None:
    table, sigmas = scene([0.0, 5.0], [(5.0, 0)])
    assert moved(table, sigmas) == {0: 1}
    table.x[1, 2] = 3.0
    assert moved(table, sigmas) == {}
    table.x[1, 2] = 0.0
    table.cls[:2] = PEDESTRIAN, VEHICLE
    assert moved(table, sigmas) == {}


def test_nobody_there_nobody_moves() -> None:
    assert moved(*scene([], [])) == moved(*scene([0.0, 1.0], [])) == {}


@settings(max_examples=100, deadline=None)
@given(st.lists(st.floats(0, 12), min_size=1, max_size=5), st.data())
def test_what_is_changed_is_the_best_of_all_that_could_be(eyes: list[float], data: st.DataObject) -> None:
    holders = data.draw(st.permutations(range(len(eyes))))[: data.draw(st.integers(1, len(eyes)))]
    said = [(data.draw(st.floats(0, 12)), row) for row in holders]
    change = moved(*scene(eyes, said))

    def cost(number: int, row: int) -> float:
        offset2 = (said[number][0] - eyes[row]) ** 2 if row >= 0 else np.inf
        return (
            offset2 if row == holders[number] or offset2 < P.rebind_alone_chi2 else P.rebind_alone_chi2 if row < 0 else np.inf
        )

    def total(rows: tuple[int, ...]) -> float:
        used = [row for row in rows if row >= 0]
        return sum(cost(k, row) for k, row in enumerate(rows)) if len(set(used)) == len(used) else np.inf

    best = min(total(rows) for rows in product(range(-1, len(eyes)), repeat=len(said)))
    made = total(tuple(change.get(k, holders[k]) for k in range(len(said))))
    kept = made - best  # what was not worth changing
    assert -1e-9 <= kept <= P.rebind_gain_many * len(said)
    if change:
        assert total(tuple(holders)) - made > P.rebind_gain_one


def test_tracks_keep_their_own_ids_and_get_the_right_senders() -> None:
    """Two cars abreast, 3 m apart, whose ids have been exchanged."""
    f = Fusion(Parameters(sigma_start_m=0.3))
    told = {"speed": 0.0, "cxx": 0.09, "cyy": 0.09, "cxy": 0.0}
    places = {b"aa": 0.0, b"bb": 3.0}

    def step(ms: int) -> None:
        heard = [bsm(ms, 0.0, y, name, receive_time_ns=START_NS + (ms + 20) * MS, **told) for name, y in places.items()]
        frame = [seen(ms, 0.0, y, object=name, receive_time_ns=START_NS + (ms + 50) * MS) for name, y in places.items()]
        f.step(np.concatenate(heard + frame), START_NS + (ms + 90) * MS)

    for ms in range(0, 5_000, 100):
        step(ms)
    right = {one["id"]: one["sender"] for one in after(f, 5_000)}
    assert sorted(right.values()) == [b"aa", b"bb"]
    table, rows = f._table, f._table.rows()
    table.sender[rows] = table.sender[rows][::-1].copy()
    f._identity.track_of[table.sender[rows]] = rows
    table.x[rows, 6] = [3.0, -3.0] if table.x[rows[0], 1] < 1.5 else [-3.0, 3.0]
    assert {one["id"]: one["sender"] for one in after(f, 5_000)} != right
    for ms in range(5_000, 7_000, 100):
        step(ms)
    tracks = after(f, 7_000)
    assert {one["id"]: one["sender"] for one in tracks} == right and f.counters.rebound == 2
    assert np.abs(tracks["bias_y"]).max() < 0.2
