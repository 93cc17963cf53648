"""Lifecycle: a track is tentative, confirmed, gone; which two are one; which one is not shown.

=========  ===============================================  =========
is         when                                             becomes
=========  ===============================================  =========
tentative  ``confirm_hits`` hits                            confirmed
tentative  no hit for ``tentative_life_s``                  gone
confirmed  no hit for ``heard_life_s``, ``seen_life_s``     lost
lost       a hit                                            confirmed
lost       no hit for ``known_life_s``                      gone
confirmed  another, older one is the same road user         gone
=========  ===============================================  =========

Hits count when they arrive: a box that is slow is no reason to die. A lost track is not shown; who comes out from behind
another is the same road user as before, under the id he had. After ``lost_life_s`` no observation is given to it any more;
a new track that begins where it would be may still go on under its id, see :mod:`rsu.fusion.resuming`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from rsu.fusion.association import neighbours
from rsu.fusion.motion import velocity, wrap
from rsu.fusion.parameters import Parameters
from rsu.fusion.state import Bools, Floats, Ints, State, Table
from rsu.fusion.time import SECOND_NS
from rsu.observe.arrays import BICYCLE, PEDESTRIAN, VEHICLE

PAIRS_AT_ONCE = 256
"""Whose rings are compared at once: a crowd at one place makes many pairs, and each 1,024 comparisons."""


def confirm(table: Table, rows: Ints, parameters: Parameters) -> Ints:
    """Who has become confirmed."""
    ready = rows[~table.confirmed[rows] & (table.hits[rows] >= parameters.confirm_hits)]
    table.confirmed[ready] = True
    return ready


def expired(table: Table, rows: Ints, now_ns: int, parameters: Parameters) -> Ints:
    """Who is gone."""
    life_s = np.where(table.confirmed[rows], parameters.known_life_s, parameters.tentative_life_s)
    return rows[(now_ns - table.touched[rows]) / SECOND_NS > life_s]


def lost(table: Table, rows: Ints, at_ns: int, parameters: Parameters) -> Bools:
    """Which have not been hit for so long that they are not shown."""
    heard_last = table.self_ns[rows] > table.seen_ns[rows]
    shown_s = np.where(heard_last, parameters.heard_life_s, parameters.seen_life_s)
    silent: Bools = (at_ns - table.touched[rows]) / SECOND_NS > shown_s
    return silent


def present(table: Table, rows: Ints, at_ns: int, parameters: Parameters) -> Bools:
    """Which an observation may be of: not lost for long."""
    there: Bools = at_ns - table.touched[rows] <= round(parameters.lost_life_s * SECOND_NS)
    return there


def speaks(table: Table, rows: Ints, now_ns: int, parameters: Parameters) -> Bools:
    """Which are bound to an id that is heard."""
    live: Bools = (table.sender[rows] >= 0) & (now_ns - table.self_ns[rows] <= parameters.heard_life_s * SECOND_NS)
    return live


def heard(table: Table, now_ns: int, parameters: Parameters) -> Ints:
    """Rows of those that are heard themselves."""
    rows = table.rows()
    return rows[speaks(table, rows, now_ns, parameters)]


def perceived(seen_ns: Ints, now_ns: int, within_s: float) -> Bools:
    """Which perception hit lately."""
    seen: Bools = now_ns - seen_ns <= within_s * SECOND_NS
    return seen


def located(state: State, sender: Ints, parameters: Parameters) -> Bools:
    """Which are certain enough to be told from their neighbours, or have no offset that a wrong neighbour would spoil."""
    certain: Bools = (state.cov[:, 0, 0] + state.cov[:, 1, 1]) / 2 < parameters.located_std_m**2
    return certain | (sender < 0)


def doubles(table: Table, rows: Ints, now_ns: int, parameters: Parameters) -> list[tuple[int, int]]:
    """Pairs (stays, goes) of confirmed tracks that are one road user; each track in one pair at most.

    Two that were hit by the same frame of perception, now or most of the time, or are in one picture of somebody else, are two.
    Two ids that are heard are two as well, unless no frame ever saw both: then one of the ids is bound wrongly.
    """
    rows = rows[table.confirmed[rows] & present(table, rows, now_ns, parameters)]
    if rows.size < 2:
        return []
    moving = velocity(table.x[rows], table.polar[rows])
    at = common(table, rows, now_ns)
    near = cKDTree(at, balanced_tree=False, compact_nodes=False).query_pairs(
        parameters.double_distance_m, output_type="ndarray"
    )
    if not near.size:
        return []
    one, other = near[:, 0], near[:, 1]
    same = np.hypot(*(moving[one] - moving[other]).T) < parameters.merge_speed_mps
    live = speaks(table, rows, now_ns, parameters)
    for frame in (table.seen_ns, table.picture):
        same &= (frame[rows[one]] != frame[rows[other]]) | (frame[rows[one]] == 0)
    same &= like(table.cls[rows[one]], table.cls[rows[other]])
    one, other = one[same], other[same]
    near = np.hypot(*(at[one] - at[other]).T) <= parameters.merge_distance_m
    both = live[one] & live[other]
    together, never = _in_frames(table, rows[one], rows[other], parameters)
    same = np.where(both, never & near, never | (near & ~together))
    return _disjoint(table, rows[one[same]], rows[other[same]])


def _in_frames(table: Table, one: Ints, other: Ints, parameters: Parameters) -> tuple[Bools, Bools]:
    """Which pairs perception told apart in most of its frames, as far back as the rings go, and which it never did.

    A double takes a neighbour's detection now and then, so that a frame or two say nothing. Of two boxes each may see one.
    """
    p = parameters
    times, others = table.frames[one], table.frames[other]
    shared = shared_frames(times, others)
    least = np.minimum(np.count_nonzero(times, axis=1), np.count_nonzero(others, axis=1))
    together: Bools = (shared > 0) & (shared >= p.together_share * least)
    both_ns = np.maximum(table.first[one], table.first[other])[:, None]
    first, second = np.count_nonzero(times >= both_ns, axis=1), np.count_nonzero(others >= both_ns, axis=1)
    least = np.minimum(first, second)
    never: Bools = (least >= p.double_frames_each) & (first + second >= p.double_frames) & (10 * shared <= least)
    return together, never & (table.seer[one] == table.seer[other])


def shared_frames(times: Ints, others: Ints) -> Ints:
    """(n,) int64, how many frames of perception hit both; of their rings, (n, FRAMES) int64, 0 for what is none."""
    shared = np.zeros(len(times), np.int64)
    for part in np.split(np.arange(len(times)), range(PAIRS_AT_ONCE, len(times), PAIRS_AT_ONCE)):
        equal = (times[part, :, None] == others[part, None, :]) & (times[part, :, None] > 0)
        shared[part] = equal.any(axis=2).sum(axis=1)
    return shared


def common(table: Table, rows: Ints, time_ns: int) -> Floats:
    """Positions at one time, each going straight on; (n, 2)."""
    x = table.x[rows]
    common: Floats = x[:, :2] + velocity(x, table.polar[rows]) * ((time_ns - table.time[rows]) / SECOND_NS)[:, None]
    return common


def like(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> Bools:
    """Classes that can be the same road user: a vehicle is no pedestrian."""
    walks = [np.isin(cls, (PEDESTRIAN, BICYCLE)) for cls in (one, other)]
    drives = [cls == VEHICLE for cls in (one, other)]
    like: Bools = ~((walks[0] & drives[1]) | (walks[1] & drives[0]))
    return like


def _disjoint(table: Table, one: Ints, other: Ints) -> list[tuple[int, int]]:
    older = np.where(table.id[one] < table.id[other], one, other)
    younger = np.where(table.id[one] < table.id[other], other, one)
    used: set[int] = set()
    found = []
    for place in np.lexsort((table.id[younger], table.id[older])).tolist():
        stays, goes = int(older[place]), int(younger[place])
        if stays not in used and goes not in used:
            used |= {stays, goes}
            found.append((stays, goes))
    return found


def unresolved(table: Table, rows: Ints, now_ns: int, parameters: Parameters) -> list[tuple[int, int]]:
    """Pairs (perceived and unbound, heard and not perceived) that are one road user: there is no other for either.

    Where the learned offset fits nobody, it may have been learned from somebody else: then what the sender says is compared
    as it is, which costs as much as a doubt.
    """
    speaking = speaks(table, rows, now_ns, parameters)
    sees = perceived(table.seen_ns[rows], now_ns, parameters.unperceived_s)
    lately = perceived(table.seen_ns[rows], now_ns, parameters.resolve_after_s)
    eyes = rows[sees & ~speaking & table.confirmed[rows]]
    ears = rows[speaking & ~lately & table.confirmed[rows]]
    if not eyes.size or not ears.size:
        return []
    seen, told = table.state(eyes), table.state(ears)
    at_seen, at_told = common(table, eyes, now_ns), common(table, ears, now_ns)
    i, j = neighbours(at_seen, at_told, parameters.search_radius_m)
    k, m = neighbours(at_seen, at_told + told.x[:, 5:], parameters.search_radius_m)
    i, j = np.divmod(np.union1d(i * ears.size + j, k * ears.size + m), ears.size)
    step = at_seen[i] - at_told[j]
    cov = seen.cov[i, :2, :2] + told.cov[j, :2, :2]
    d2 = np.einsum("ni,nij,nj->n", step, np.linalg.inv(cov), step)
    certain = d2 + np.log(np.linalg.det(cov)) < parameters.resolve_cost_max
    spread = told.sigma2[j] + np.trace(seen.cov[i, :2, :2], axis1=1, axis2=2) / 2 + 1e-9
    raw = ((step - told.x[j, 5:]) ** 2).sum(axis=1) / spread
    certain |= raw + 2 * np.log(spread) < parameters.resolve_cost_max
    d2 = np.minimum(d2, raw + parameters.ambiguity)
    slower = np.hypot(*(velocity(seen.x, seen.polar)[i] - velocity(told.x, told.polar)[j]).T) < parameters.suppress_speed_mps
    fits = (d2 < parameters.resolve_gate_chi2) & certain & slower & like(table.cls[eyes[i]], table.cls[ears[j]])
    fits &= ~_were_two(table, eyes[i], ears[j], now_ns, parameters)
    i, j, d2 = i[fits], j[fits], d2[fits]
    clear = _clear(i, d2, parameters.ambiguity) & _clear(j, d2, parameters.ambiguity)
    return list(zip(eyes[i[clear]].tolist(), ears[j[clear]].tolist(), strict=True))


def _were_two(table: Table, eyes: Ints, ears: Ints, now_ns: int, parameters: Parameters) -> Bools:
    """Which pairs perception saw side by side before it lost the other, not longer ago than somebody stays hidden."""
    since = perceived(table.seen_ns[ears], now_ns, parameters.lost_life_s)
    apart: Bools = shared_frames(table.frames[eyes], table.frames[ears]) >= parameters.told_apart_frames
    return since & apart


def _clear(groups: Ints, d2: Floats, margin: float) -> Bools:
    """Which are the best of their group, and by more than the margin."""
    order = np.lexsort((d2, groups))
    groups, sorted2 = groups[order], d2[order]
    first, last = np.ones(order.size, np.bool_), np.ones(order.size, np.bool_)
    first[1:] = last[:-1] = groups[1:] != groups[:-1]
    second = np.where(last, np.inf, np.append(sorted2[1:], np.inf))
    clear = np.zeros(order.size, np.bool_)
    clear[order] = first & (second > sorted2 + margin)
    return clear


def hidden(state: State, rows: Ints, table: Table, at_ns: int, parameters: Parameters) -> Bools:
    """Which are not shown: heard only, while a perceived track without an id lies where they may be.

    :param state: of the rows, at at_ns.
    """
    sees, speaking = perceived(table.seen_ns[rows], at_ns, parameters.unperceived_s), table.sender[rows] >= 0
    ears = np.flatnonzero(speaking & ~sees)
    eyes = np.flatnonzero(sees & ~speaking & table.confirmed[rows])
    out = np.zeros(rows.size, np.bool_)
    i, j = neighbours(state.x[ears, :2], state.x[eyes, :2], parameters.suppress_distance_m)
    i, j = ears[i], eyes[j]
    sigma = np.sqrt(np.maximum((state.cov[i, 0, 0] + state.cov[i, 1, 1]) / 2, state.sigma2[i]))  # the offset may be wrong
    near = np.hypot(*(state.x[i, :2] - state.x[j, :2]).T) < parameters.suppress_sigmas * sigma
    moving = velocity(state.x, state.polar)
    speeds = np.hypot(moving[:, 0], moving[:, 1])
    near &= np.abs(speeds[i] - speeds[j]) < parameters.suppress_speed_mps
    slow = np.minimum(speeds[i], speeds[j]) < parameters.heading_release_kmh / 3.6
    turn = np.abs(wrap(np.arctan2(moving[i, 1], moving[i, 0]) - np.arctan2(moving[j, 1], moving[j, 0])))
    near &= slow | (turn < parameters.suppress_heading_rad)
    near &= ~_were_two(table, rows[j], rows[i], at_ns, parameters)
    out[i[near]] = True
    return out
