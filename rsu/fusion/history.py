"""The past of each track: measurements are applied at their own time, however late they come.

In time, or up to ``shift_max_s`` late: :func:`rsu.fusion.update.update`. Later: the state before it is taken from the ring, the
measurement is applied, and those that came since once more, in order (Bar-Shalom 2002, Update with out-of-sequence
measurements, names this the optimal and costly way).
"""

from __future__ import annotations

import numpy as np

from rsu.fusion.motion import predict, velocity
from rsu.fusion.parameters import Parameters
from rsu.fusion.state import RING, Bools, Floats, Ints, Measured, State, Table
from rsu.fusion.time import SECOND_NS
from rsu.fusion.update import update


def seconds_between(later_ns: Ints, earlier_ns: Ints) -> Floats:
    """(n,) float64, s."""
    seconds: Floats = (later_ns - earlier_ns) / SECOND_NS
    return seconds


def correct(
    table: Table, rows: Ints, base: State, base_ns: Ints, measured: Measured, parameters: Parameters
) -> tuple[int, int, int]:
    """Apply one measurement a track; rows are distinct.

    :param base: states of the rows to begin from, at base_ns: as in the table, or already predicted.
    :returns: how many were shifted, worked again from the ring, and given up because the ring does not reach so far.
    """
    dt = seconds_between(measured.time_ns, base_ns)
    late = dt < -parameters.shift_max_s
    again = 0
    if late.any():
        again = _work_again(table, rows[late], measured.only(late), parameters)
        given_up = int(np.count_nonzero(late)) - again
        kept = ~late
        rows, base, base_ns, measured, dt = rows[kept], base.only(kept), base_ns[kept], measured.only(kept), dt[kept]
    else:
        given_up = 0
    _apply(table, rows, base, base_ns, measured, dt, parameters)
    return int(np.count_nonzero(dt < 0)), again, given_up


def _apply(
    table: Table, rows: Ints, base: State, base_ns: Ints, measured: Measured, dt: Floats, parameters: Parameters
) -> None:
    if not rows.size:
        return
    if (dt > 0).any():
        base = predict(base, np.maximum(dt, 0.0), parameters)
    after = update(base, measured, np.minimum(dt, 0.0), parameters)
    after_ns = np.maximum(base_ns, measured.time_ns)
    table.store(rows, after, after_ns)
    table.remember(rows, after, after_ns, measured)


def recall(table: Table, rows: Ints, time_ns: Ints) -> tuple[Bools, Ints]:
    """Whether the ring has a state at or before the time, and the running number of the last such entry."""
    number = table.ring_count[rows, None] - RING + np.arange(RING)
    times = np.take_along_axis(table.ring_time[rows], number % RING, axis=1)
    before = (number >= 0) & (times <= time_ns[:, None])
    last = RING - 1 - np.argmax(before[:, ::-1], axis=1)
    found: Bools = np.any(before, axis=1)
    return found, number[np.arange(rows.size), last]


def remembered(table: Table, rows: Ints, number: Ints) -> tuple[State, Ints]:
    """The states under these running numbers, and their times."""
    at = number % RING
    state = table.state(rows)._replace(
        x=table.ring_x[rows, at],
        cov=table.ring_cov[rows, at],
        polar=table.ring_polar[rows, at],
        frozen=table.ring_frozen[rows, at],
    )
    return state, table.ring_time[rows, at]


def states_at(table: Table, rows: Ints, time_ns: int, parameters: Parameters) -> tuple[State, Bools]:
    """The states at one time, and which tracks were there then.

    Ahead they are predicted; a little back they are moved back; farther back the ring knows.
    """
    state, base_ns = table.state(rows), table.time[rows].copy()
    there = table.first[rows] <= time_ns + round(parameters.shift_max_s * SECOND_NS)
    times = np.full(rows.size, time_ns, np.int64)
    far = np.flatnonzero(seconds_between(times, base_ns) < -parameters.shift_max_s)
    if far.size:
        found, number = recall(table, rows[far], times[far])
        there[far] &= found
        past, past_ns = remembered(table, rows[far[found]], number[found])
        for column, old in zip(state, past, strict=True):
            column[far[found]] = old
        base_ns[far[found]] = past_ns
    dt = seconds_between(times, base_ns)
    state.x[:, :2] += velocity(state.x, state.polar) * np.minimum(dt, 0.0)[:, None]
    ahead = np.flatnonzero(dt > 0)
    if ahead.size:
        for column, new in zip(state, predict(state.only(ahead), dt[ahead], parameters), strict=True):
            column[ahead] = new
    return state, there


def _work_again(table: Table, rows: Ints, measured: Measured, parameters: Parameters) -> int:
    """From the ring: the late measurement, then what came since; how many tracks could be."""
    found, number = recall(table, rows, measured.time_ns)
    rows, number, measured = rows[found], number[found], measured.only(found)
    if not rows.size:
        return 0
    since = table.ring_count[rows] - 1 - number
    at = (number[:, None] + 1 + np.arange(RING)) % RING
    rest = Measured(
        table.ring_z[rows[:, None], at],
        table.ring_noise[rows[:, None], at],
        table.ring_own[rows[:, None], at],
        table.ring_time_measured[rows[:, None], at],
    )
    base, base_ns = remembered(table, rows, number)
    table.store(rows, base, base_ns)
    table.ring_count[rows] = number + 1
    _apply(table, rows, base, base_ns, measured, seconds_between(measured.time_ns, base_ns), parameters)
    for step in range(int(since.max())):
        more = np.flatnonzero(since > step)
        chosen, next_one = rows[more], Measured(*(column[more, step] for column in rest))
        now_ns = table.time[chosen]
        dt = seconds_between(next_one.time_ns, now_ns)
        _apply(table, chosen, table.state(chosen), now_ns, next_one, dt, parameters)
    return int(rows.size)


def either(first: Bools, new: State, old: State) -> State:
    """Row by row the one or the other."""
    if first.all():
        return new
    for column, other in zip(new, old, strict=True):
        column[~first] = other[~first]
    return new
