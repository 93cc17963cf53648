"""Association: which observation is of which track, one to one.

KD-tree → χ² gate → cost ``d² + ln det S`` (Blackman, Popoli: Design and Analysis of Modern Tracking Systems, eq. 6.19) →
connected components → optimal assignment in each. ``ln det`` is that of the position, so that tracks of which the heading is
compared and others have costs of the same unit.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.spatial import cKDTree

from rsu.fusion.motion import velocity
from rsu.fusion.state import Bools, Floats, Ints, Measured, State
from rsu.fusion.update import core_of, in_terms_of, innovation, seen_by, width_of

NEIGHBOURS_MAX = 16
"""Of an observation: nearest tracks within the radius. A crowd at one place is not paired each with each: 500 senders that
claim to stand at one point took 0.36 s and 200 MB a step."""
FAR = 1e6
"""Cost of what is no pair."""


class Pairs(NamedTuple):
    """Possible pairs.

    :param row: (p,) int64, observation.
    :param column: (p,) int64, track.
    :param cost: (p,) float64.
    """

    row: Ints
    column: Ints
    cost: Floats

    def only(self, chosen: Bools) -> Pairs:
        return Pairs(self.row[chosen], self.column[chosen], self.cost[chosen])


def neighbours(points: Floats, tracks: Floats, radius_m: float) -> tuple[Ints, Ints]:
    """Indices of points and of the tracks next to each within the radius, in order; both (n, 2) float64, metres, ENU."""
    if not len(points) or not len(tracks):
        return np.empty(0, np.int64), np.empty(0, np.int64)
    most = min(NEIGHBOURS_MAX, len(tracks))
    tree = cKDTree(tracks, balanced_tree=False, compact_nodes=False)
    column = tree.query(points, k=range(1, most + 1), distance_upper_bound=radius_m)[1]
    column = np.sort(column, axis=1).ravel()  # who is none has the number behind the last
    there = column < len(tracks)
    return np.repeat(np.arange(len(points)), most)[there], column[there]


def pairs(
    state: State, measured: Measured, shift_s: Floats, candidate: tuple[Ints, Ints], extra2: Floats, gate_chi2: Floats
) -> Pairs:
    """Those candidates that pass the gate, with their cost.

    :param shift_s: (n,) float64, measurement time less that of the state; the track goes straight on for it.
    :param gate_chi2: (p,) float64.
    :param extra2: (p,) float64, m², added to the position's covariance by pair: an offset not in the state yet.
    """
    row, column = candidate
    moved = velocity(state.x, state.polar)[column] * shift_s[row, None]
    own = measured.own[row]
    ahead = state.x[column, :2] + moved + own[:, None] * state.x[column, 5:]
    step = measured.z[row, :2] - ahead
    cov = state.cov
    s00 = cov[column, 0, 0] + extra2 + measured.noise[row, 0, 0] + own * (cov[column, 5, 5] + 2 * cov[column, 0, 5])
    s11 = cov[column, 1, 1] + extra2 + measured.noise[row, 1, 1] + own * (cov[column, 6, 6] + 2 * cov[column, 1, 6])
    s01 = cov[column, 0, 1] + measured.noise[row, 0, 1]
    s01 = s01 + own * (cov[column, 0, 6] + cov[column, 1, 5] + cov[column, 5, 6])
    det = s00 * s11 - s01 * s01
    d2 = (s11 * step[:, 0] ** 2 - 2 * s01 * step[:, 0] * step[:, 1] + s00 * step[:, 1] ** 2) / det
    kept = np.flatnonzero(d2 <= gate_chi2)
    gate_chi2 = gate_chi2[kept]
    row, column, det = row[kept], column[kept], det[kept]
    near = state.only(column)
    near.x[:, :2] += moved[kept]
    d2 = distance(near, measured.only(row), extra2[kept])
    inside = d2 <= gate_chi2
    return Pairs(row[inside], column[inside], d2[inside] + np.log(det[inside]))


def distance(state: State, measured: Measured, extra2: Floats) -> Floats:
    """d² (n,) of x, y, heading and speed, row by row; what is not said or too slow for a heading is left out."""
    z, noise, said = in_terms_of(state, measured)
    width = width_of(said)
    residual, s = innovation(
        state, core_of(seen_by(state.cov, measured.own, width), measured.own), z, noise, said, measured.own
    )
    s[:, 0, 0] += extra2
    s[:, 1, 1] += extra2
    total = np.zeros(len(z))
    lower: list[list[Floats]] = []
    forward: list[Floats] = []
    for i in range(min(width, 4)):  # Cholesky of all at once: a fifth of the time of numpy's solver for each
        lower.append([])
        for j in range(i):
            inner = s[:, i, j].copy()
            for k in range(j):
                inner -= lower[i][k] * lower[j][k]
            lower[i].append(inner / lower[j][j])
        rest = s[:, i, i].copy()
        value = residual[:, i].copy()
        for k in range(i):
            rest -= lower[i][k] ** 2
            value -= lower[i][k] * forward[k]
        lower[i].append(np.sqrt(rest))
        forward.append(value / lower[i][i])
        total += forward[i] ** 2
    return total


def assign(found: Pairs, rows: int, columns: int) -> tuple[Ints, Ints]:
    """The one-to-one pairs of least cost, as many as there can be: observation, track."""
    alone = (np.bincount(found.row, minlength=rows)[found.row] == 1) & (
        np.bincount(found.column, minlength=columns)[found.column] == 1
    )
    row, column = [found.row[alone]], [found.column[alone]]
    for part in components(found, np.flatnonzero(~alone), rows, columns):
        r, c = _assign_component(Pairs(found.row[part], found.column[part], found.cost[part]))
        row.append(r)
        column.append(c)
    taken_row, taken_column = np.concatenate(row), np.concatenate(column)
    order = np.argsort(taken_row)
    return taken_row[order], taken_column[order]


def components(found: Pairs, crowded: Ints, rows: int, columns: int) -> list[Ints]:
    """The crowded pairs, those that hang together in one array each."""
    if not crowded.size:
        return []
    row, column = found.row[crowded], found.column[crowded]
    label = labels(row, column, rows, columns)[row]
    order = np.argsort(label, kind="stable")
    return np.split(crowded[order], np.flatnonzero(np.diff(label[order])) + 1)


def labels(row: Ints, column: Ints, rows: int, columns: int) -> Ints:
    """(rows + columns,) int64: the least number of all that hang together by these pairs, columns counted behind the rows."""
    label = np.arange(rows + columns)
    if not row.size:
        return label
    column = column + rows
    while True:
        least = np.minimum(label[row], label[column])
        np.minimum.at(label, label[row], least)
        np.minimum.at(label, label[column], least)
        label = label[label]
        if (label[row] == label[column]).all():
            return label


def _assign_component(found: Pairs) -> tuple[Ints, Ints]:
    rows, r = np.unique(found.row, return_inverse=True)
    columns, c = np.unique(found.column, return_inverse=True)
    if rows.size == 1 or columns.size == 1:
        best = int(np.argmin(found.cost))
        return found.row[best : best + 1], found.column[best : best + 1]
    cost = np.full((rows.size, columns.size), FAR)
    cost[r, c] = found.cost
    i, j = linear_sum_assignment(cost)
    real = cost[i, j] < FAR
    return rows[i[real]], columns[j[real]]


def ambiguous(found: Pairs, row: Ints, column: Ints, margin: float) -> Bools:
    """Which of the assigned pairs have another for the same observation or track whose cost is within the margin."""
    doubt = np.zeros(row.size, np.bool_)
    for index, (one, other) in enumerate(zip(row.tolist(), column.tolist(), strict=True)):  # unbound ids only: few
        rivals = (found.row == one) ^ (found.column == other)
        here = (found.row == one) & (found.column == other)
        doubt[index] = bool((found.cost[rivals] < found.cost[here].min() + margin).any())
    return doubt
