"""Assignment against all that could be, clocks and names at their bounds."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.stats import multivariate_normal

from rsu.fusion.association import Pairs, ambiguous, assign, distance, labels, neighbours
from rsu.fusion.inverse import inverse_5
from rsu.fusion.motion import SERIES_BELOW, move, wrap
from rsu.fusion.names import Names
from rsu.fusion.parameters import Parameters
from rsu.fusion.shared import intersection
from rsu.fusion.sigma import Sigmas
from rsu.fusion.state import Measured, State
from rsu.fusion.time import rank


def best_by_trying(cost: np.ndarray) -> tuple[int, float]:
    """Most pairs, then least cost, over all permutations; inf is no pair."""
    rows, columns = cost.shape
    wide = np.full((rows, columns + rows), np.nan)
    wide[:, :columns] = cost
    found = (0, 0.0)
    for order in permutations(range(columns + rows), rows):
        values = wide[range(rows), list(order)]
        if np.isinf(values).any():
            continue
        count, total = int(np.isfinite(values).sum()), float(np.nansum(values))
        if count > found[0] or (count == found[0] and total < found[1]):
            found = (count, total)
    return found


@settings(max_examples=60, deadline=None)
@given(rows=st.integers(1, 3), columns=st.integers(1, 4), seed=st.integers(0, 100_000))
def test_the_assignment_is_the_best_of_all(rows: int, columns: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    cost = rng.normal(0, 5, (rows, columns))
    cost[rng.random(cost.shape) < 0.4] = np.inf
    i, j = np.nonzero(np.isfinite(cost))
    got_i, got_j = assign(Pairs(i, j, cost[i, j]), rows, columns)
    assert len(set(got_i.tolist())) == got_i.size and len(set(got_j.tolist())) == got_j.size
    count, total = best_by_trying(cost)
    assert got_i.size == count and cost[got_i, got_j].sum() == pytest.approx(total)


def test_a_second_conflict_does_not_end_the_matching() -> None:
    """A fault of a peer: three observations in a chain, each conflicting with the next."""
    cost = {(0, 0): 1.0, (1, 0): 0.5, (1, 1): 2.0, (2, 1): 1.0, (2, 2): 3.0}
    i, j = (np.array(one) for one in zip(*cost, strict=True))
    got = assign(Pairs(i, j, np.array(list(cost.values()))), 3, 3)
    assert list(zip(*(one.tolist() for one in got), strict=True)) == [(0, 0), (1, 1), (2, 2)]


def test_neighbours_are_those_within_the_radius() -> None:
    rng = np.random.default_rng(1)
    points, tracks = rng.uniform(0, 40, (50, 2)), rng.uniform(0, 40, (60, 2))
    near = np.hypot(*(points[:, None] - tracks[None]).transpose(2, 0, 1)) <= 9.0
    i, j = neighbours(points, tracks, 9.0)
    assert np.array_equal(np.argwhere(near), np.stack([i, j], axis=1))


@pytest.mark.parametrize(("second", "doubt"), [(2.9, True), (3.1, False)])
def test_a_second_best_within_three_is_doubt(second: float, doubt: bool) -> None:
    found = Pairs(np.array([0, 0]), np.array([0, 1]), np.array([0.0, second]))
    assert ambiguous(found, np.array([0]), np.array([0]), 3.0).tolist() == [doubt]


def test_the_distance_is_that_of_the_normal_distribution() -> None:
    """d² from scipy's density, over position, heading and speed."""
    rng = np.random.default_rng(3)
    root = rng.normal(size=(7, 7))
    cov, noise = root @ root.T, np.diag([0.2, 0.3, 0.1, 0.5, 1.0])
    x, z = np.array([1.0, 2.0, 0.5, 8.0, 0.0, 0.3, -0.2]), np.array([2.0, 1.0, 0.9, 7.0, np.nan])
    no, yes = np.zeros(1, np.bool_), np.ones(1, np.bool_)
    state = State(x[None], cov[None], yes, no, no, no, np.ones(1))
    got = distance(state, Measured(z[None], noise[None], yes, np.zeros(1, np.int64)), np.array([0.7]))
    h = np.zeros((4, 7))
    h[:, :4] = np.eye(4)
    h[0, 5] = h[1, 6] = 1
    s = h @ cov @ h.T + noise[:4, :4] + np.diag([0.7, 0.7, 0, 0])
    normal = multivariate_normal(np.zeros(4), s)
    assert got[0] == pytest.approx(2 * (normal.logpdf(np.zeros(4)) - normal.logpdf(z[:4] - h @ x)))


def test_the_series_meets_the_formula_where_they_change() -> None:
    yes, no = np.ones(2, np.bool_), np.zeros(2, np.bool_)
    x = np.array([[0, 0, 0.3, 20.0, SERIES_BELOW * side, 0, 0] for side in (0.999999, 1.000001)])
    state = State(x, np.zeros((2, 7, 7)), yes, no, no, no, np.zeros(2))
    mean, jacobian = move(state, np.ones(2), Parameters())
    np.testing.assert_allclose(mean[0, :2], mean[1, :2], atol=1e-7)
    np.testing.assert_allclose(jacobian.f[0], jacobian.f[1], atol=1e-6)


@given(st.floats(-100, 100))
def test_angles_are_wrapped(angle: float) -> None:
    got = float(wrap(np.array([angle]))[0])
    assert abs(got) <= np.pi + 1e-9 and np.cos(got) == pytest.approx(np.cos(angle), abs=1e-9)


@given(st.lists(st.integers(0, 5), max_size=30))
def test_rank_counts_those_of_the_same_group_before(groups: list[int]) -> None:
    assert rank(np.array(groups, np.int64)).tolist() == [groups[:at].count(one) for at, one in enumerate(groups)]


def test_names_give_way_to_new_ones_when_silent_longest() -> None:
    names = Names(4)
    first, _, _ = names.rows([b"a", b"b", b"c", b"d"], 1)
    names.rows([b"c", b"d"], 2)
    again, new, gone = names.rows([b"c", b"e"], 3)
    assert sorted(gone.tolist()) == sorted(first[:2].tolist()) and new.size == 1 and again[0] == first[2]
    assert names.evicted == 2


def test_the_intersection_holds_whatever_the_correlation() -> None:
    """The actual covariance of the fused estimate, for random cross-covariances, is never more than what is claimed."""
    rng, no = np.random.default_rng(5), np.zeros(50, np.bool_)
    root, other = rng.normal(size=(50, 7, 7)), rng.normal(size=(50, 2, 2))
    state = State(np.zeros((50, 7)), root @ root.swapaxes(1, 2), no, no, no, no, np.zeros(50))
    noise = np.tile(np.eye(5), (50, 1, 1))
    noise[:, :2, :2] = other @ other.swapaxes(1, 2) + 0.1 * np.eye(2)
    wider, wide, omega = intersection(state, Measured(np.zeros((50, 5)), noise, no, np.zeros(50, np.int64)))
    assert set(np.round(omega, 3)) <= {0.2, 0.4, 0.6, 0.8, 1.0} and omega.min() < 1.0
    for one in range(50):
        p, r = state.cov[one, :2, :2], noise[one, :2, :2]
        first, second = np.linalg.inv(wider.cov[one, :2, :2]), np.linalg.inv(wide.noise[one, :2, :2])
        claimed = np.linalg.inv(first + second)
        a, b = claimed @ first, claimed @ second
        turn = np.linalg.qr(rng.normal(size=(2, 2)))[0] * rng.uniform(-1, 1)
        cross = np.linalg.cholesky(p) @ turn @ np.linalg.cholesky(r).T
        actual = a @ p @ a.T + b @ r @ b.T + a @ cross @ b.T + b @ cross.T @ a.T
        assert np.linalg.eigvalsh(claimed - actual).min() > -1e-9


@pytest.mark.parametrize("true_m", [0.5, 1.0, 2.5, 4.0])
def test_sigma_is_learned_from_residuals(true_m: float) -> None:
    """200 independent residuals of ten senders, all claiming half of it."""
    sigmas, rng = Sigmas(Parameters()), np.random.default_rng(7)
    rows = np.arange(10)
    sigmas.claim(rows, np.full(10, true_m / 2))
    assert np.sqrt(sigmas.variance(rows)) == pytest.approx(max(1.5, 0.75 * true_m))
    for _ in range(20):
        square = (rng.normal(0, true_m, (10, 2)) ** 2).mean(axis=1)
        sigmas.learn(rows, square, np.full(10, 30.0))
    assert np.sqrt(sigmas.variance(rows)).mean() == pytest.approx(true_m, rel=0.2)


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10_000), spread=st.floats(0.0, 3.0))
def test_the_written_out_inverse_is_lapacks(seed: int, spread: float) -> None:
    """Scales as they are: metres and radians from centimetres to kilometres."""
    rng = np.random.default_rng(seed)
    root = rng.normal(size=(40, 5, 5))
    scale = 10.0 ** rng.uniform(-spread, spread, (40, 5))
    s = (root @ root.swapaxes(1, 2) + 0.1 * np.eye(5)) * scale[:, :, None] * scale[:, None, :]
    got, lapack = inverse_5(s), np.linalg.inv(s)
    size = np.sqrt(np.einsum("nii->ni", lapack))
    size = size[:, :, None] * size[:, None, :]
    np.testing.assert_allclose(got / size, lapack / size, atol=1e-9)
    np.testing.assert_allclose(got / size, got.swapaxes(1, 2) / size, atol=1e-12)


@settings(max_examples=200, deadline=None)
@given(st.integers(1, 12), st.integers(1, 12), st.data())
def test_what_hangs_together_has_one_label(rows: int, columns: int, data: st.DataObject) -> None:
    """Against scipy's connected components."""
    pair = st.tuples(st.integers(0, rows - 1), st.integers(0, columns - 1))
    found = np.array(data.draw(st.lists(pair, max_size=30)), np.int64).reshape(-1, 2)
    row, column = found.T
    graph = coo_array((np.ones(row.size), (row, column + rows)), shape=(rows + columns, rows + columns))
    components = connected_components(graph, directed=False)[1]
    label = labels(row, column, rows, columns)
    assert (np.equal.outer(label, label) == np.equal.outer(components, components)).all()


def test_a_long_chain_has_one_label_in_a_few_rounds() -> None:
    rng = np.random.default_rng(4)
    one, other = rng.permutation(3_000), rng.permutation(3_000)
    label = labels(np.append(one, one[1:]), np.append(other, other[:-1]), 3_000, 3_000)
    assert (label == 0).all()
