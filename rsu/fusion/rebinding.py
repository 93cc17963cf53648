"""Second thoughts: whose is which id, weighed over all that stand together.

Ids are bound one by one, as senders come. In a queue of bicycles each may get his neighbour's, and nothing that they do later
tells: they stand, and ride on alike. But offsets as large as the bicycles are apart, one beside the other, are less likely than
small ones. So once a second the senders and the perceived tracks around them are assigned anew by the offsets that this would
mean: ``|b|² / σ²``, twice the negative log-likelihood of the prior N(0, σ²). What is much likelier than what is, is done.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from rsu.fusion.association import Pairs, assign, components, labels, neighbours
from rsu.fusion.lifecycle import common, like, perceived, speaks
from rsu.fusion.motion import velocity
from rsu.fusion.parameters import Parameters
from rsu.fusion.sigma import Sigmas
from rsu.fusion.state import Floats, Ints, Table


class Moves(NamedTuple):
    """Whose ids are bound to another's track.

    :param before: (n,) int64, rows of the tracks that have the ids.
    :param after: (n,) int64, rows of the tracks whose the ids are; −1: none of those that are seen.
    """

    before: Ints
    after: Ints


def moves(table: Table, sigmas: Sigmas, now_ns: int, parameters: Parameters) -> Moves:
    """Those that are much likelier than what is."""
    p, rows = parameters, table.rows()
    rows = rows[table.confirmed[rows]]
    ears, eyes = rows[speaks(table, rows, now_ns, p)], rows[perceived(table.seen_ns[rows], now_ns, p.unperceived_s)]
    found = _choices(table, ears, eyes, sigmas.expected(table.sender[ears]), now_ns, p)
    is_eye = np.full(table.capacity, -1, np.int64)
    is_eye[eyes] = np.arange(eyes.size)
    now = np.where(is_eye[ears] >= 0, is_eye[ears], eyes.size + np.arange(ears.size))
    cost = _cost(found, now)
    hopeful = _hopeful(found, cost, eyes.size + ears.size, p)
    best = now.copy()
    who, whose = assign(hopeful, ears.size, eyes.size + ears.size)  # each of them: he may be alone
    best[who] = whose
    gain = cost - _cost(found, best)
    chosen = _worth(now, best, gain, p)
    after = np.where(best < eyes.size, np.append(eyes, -1)[np.minimum(best, eyes.size)], -1)
    return Moves(ears[chosen], after[chosen])


def _choices(table: Table, ears: Ints, eyes: Ints, variance: Floats, now_ns: int, p: Parameters) -> Pairs:
    """Which senders may be which perceived tracks: rows and columns count ``ears`` and ``eyes``, and behind the eyes there is
    a column for each sender alone."""
    at_eyes = common(table, eyes, now_ns)
    said = common(table, ears, now_ns) + table.x[ears, 5:]
    i, j = neighbours(said, at_eyes, p.search_radius_m)
    moving = velocity(table.x, table.polar)
    apart = np.hypot(*(moving[ears[i]] - moving[eyes[j]]).T)
    fits = (apart < p.merge_speed_mps) & like(table.cls[ears[i]], table.cls[eyes[j]]) & (ears[i] != eyes[j])
    fits &= _square(said[i] - at_eyes[j]) / variance[i] < p.rebind_alone_chi2
    _, at, place = np.intersect1d(ears, eyes, return_indices=True)  # what is, however far
    i, j = np.concatenate([i[fits], at]), np.concatenate([j[fits], place])
    alone = np.arange(ears.size)
    return Pairs(
        np.concatenate([i, alone]),
        np.concatenate([j, eyes.size + alone]),
        np.concatenate([_square(said[i] - at_eyes[j]) / variance[i], np.full(ears.size, p.rebind_alone_chi2)]),
    )


def _square(step: Floats) -> Floats:
    square: Floats = (step**2).sum(axis=1)
    return square


def _hopeful(found: Pairs, cost: Floats, columns: int, p: Parameters) -> Pairs:
    """Those of groups that could gain enough if each had his best; these are few.

    :param cost: (n,) float64, of what is.
    """
    least = cost.copy()
    np.minimum.at(least, found.row, found.cost)
    label = labels(found.row, found.column, cost.size, columns)
    most = np.bincount(label[: cost.size], cost - least)
    return found.only(most[label[found.row]] > min(p.rebind_gain_one, p.rebind_gain_many))


def _cost(found: Pairs, column: Ints) -> Floats:
    """(n,) float64, of each sender's column; that of being alone where it is no choice."""
    alone = found.cost[-column.size :] if column.size else np.empty(0)
    cost = alone.copy()
    there = found.column == column[found.row]
    cost[found.row[there]] = found.cost[there]
    return cost


def _worth(now: Ints, best: Ints, gain: Floats, p: Parameters) -> Ints:
    """Senders of those groups that hand their tracks on to each other and gain enough by it all together."""
    changed = np.flatnonzero(now != best)
    both = Pairs(np.tile(changed, 2), np.concatenate([now[changed], best[changed]]), np.zeros(2 * changed.size))
    columns = int(both.column.max(initial=0)) + 1
    chosen = [np.empty(0, np.int64)]
    for part in components(both, np.arange(both.row.size), now.size, columns):
        group = np.unique(both.row[part])
        if gain[group].sum() > (p.rebind_gain_one if group.size == 1 else p.rebind_gain_many):
            chosen.append(group)
    return np.concatenate(chosen)
