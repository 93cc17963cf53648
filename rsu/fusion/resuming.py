"""Who goes on under a new track: where an older one ended, or was led away from him.

Ended: a road user was hidden for long, or turned where the filter does not expect it (a car that pulls out of its place at
walking pace goes sideways for a filter that holds the heading of those who stand), and is found again under a new track.

Led away: perception lost a track that is still heard, and found somebody beside it. An id that was bound to the wrong one leads
his track after its own sender, until no detection fits it any more.

Where one ends and one begins, as near as one can have come meanwhile, no frame saw both, and there is no other of either, the
two are one. It takes a whole new track to say so: a single detection is never given to who is lost for long.
"""

from __future__ import annotations

import numpy as np

from rsu.fusion.association import neighbours
from rsu.fusion.lifecycle import common, like, shared_frames, speaks
from rsu.fusion.motion import velocity
from rsu.fusion.parameters import Parameters
from rsu.fusion.state import Bools, Ints, Table
from rsu.fusion.time import SECOND_NS


def resumed(table: Table, rows: Ints, now_ns: int, parameters: Parameters) -> list[tuple[int, int]]:
    """Pairs (goes on, ended or led away) of confirmed tracks; each track in one pair at most."""
    p = parameters
    rows = rows[table.confirmed[rows] & (table.seen_ns[rows] > 0)]
    silent = now_ns - table.touched[rows] > p.resume_silent_s * SECOND_NS
    new = rows[~silent & (now_ns - table.first[rows] <= p.resume_young_s * SECOND_NS)]
    if not new.size:
        return []
    speaking = speaks(table, rows, now_ns, p)
    led = speaking & (now_ns - table.seen_ns[rows] > p.led_after_s * SECOND_NS)
    old = rows[led | (silent & ~speaking)]
    i, j = _near(table, new, old, now_ns, p)
    once = _once(i, j)
    return list(zip(new[i[once]].tolist(), old[j[once]].tolist(), strict=True))


def misled(table: Table, goes_on: int, ended: int, now_ns: int, parameters: Parameters) -> bool:
    """Whether the one who is seen moves otherwise than what the sender of the ended track made of it."""
    rows = np.array([goes_on, ended])
    moving = velocity(table.x[rows], table.polar[rows])
    faster = float(np.hypot(*(moving[0] - moving[1])))
    return bool(speaks(table, rows, now_ns, parameters)[1]) and faster > parameters.led_speed_mps


def _near(table: Table, new: Ints, old: Ints, now_ns: int, p: Parameters) -> tuple[Ints, Ints]:
    """Which of the new may be which of the old: indices into both."""
    at_new, at_old = common(table, new, now_ns), common(table, old, now_ns)
    i, j = neighbours(at_new, at_old, p.resume_most_m)
    one, other = new[i], old[j]
    alike = like(table.cls[one], table.cls[other])
    i, j, one, other = i[alike], j[alike], one[alike], other[alike]
    apart = np.hypot(*(at_new[i] - at_old[j]).T)
    walks, led = table.walker[one] | table.walker[other], speaks(table, other, now_ns, p)
    gone_s = (now_ns - table.time[other]) / SECOND_NS
    accel = np.where(walks, p.resume_walker_accel_mps2, p.resume_accel_mps2)
    reach = np.where(walks, p.resume_walker_distance_m, p.resume_distance_m) + accel * gone_s**2 / 2
    reach = np.where(led, np.where(walks, p.led_walker_distance_m, p.led_distance_m), reach)
    moving = velocity(table.x, table.polar)
    faster = np.hypot(*(moving[one] - moving[other]).T)
    fits = led | (faster <= np.where(walks, p.resume_walker_speed_mps, p.resume_speed_mps) + accel * gone_s)
    fits &= (apart <= reach) & (led | _once(i, j, apart <= p.resume_clear * reach))
    fits &= ~led | (table.sender[one] < 0)
    fits &= table.first[one] > table.seen_ns[other] - round(p.resume_overlap_s * SECOND_NS)
    fits &= ~led | (table.first[one] < table.seen_ns[other] + round(p.led_gap_s * SECOND_NS))
    at = np.flatnonzero(fits)
    at = at[shared_frames(table.frames[one[at]], table.frames[other[at]]) == 0]
    return i[at], j[at]


def _once(i: Ints, j: Ints, counted: Bools | None = None) -> Bools:
    """Which pairs have no other, of those that count, for either side."""
    counted = np.ones(i.size, np.bool_) if counted is None else counted
    single = np.ones(i.size, np.bool_)
    for side in (i, j):
        single &= np.bincount(side[counted], minlength=int(side.max(initial=-1)) + 1)[side] == 1
    return single
