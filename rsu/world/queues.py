"""Queues: who stands one behind the other from the stop line back, by lane.

The rule is that of SUMO's lane area detector: a vehicle belongs to the queue that is slower than ``stopped_speed_mps`` and
whose front is no more than ``queue_gap_m`` behind the rear of the one ahead, or from the stop line. Pedestrians do not queue.
"""

from __future__ import annotations

import numpy as np

from rsu.observe.arrays import PEDESTRIAN
from rsu.world.arrays import QUEUE, Rows, unknown
from rsu.world.following import lengths
from rsu.world.lanes import Lanes
from rsu.world.parameters import Parameters


def queues(lanes: Lanes, placed: Rows, tracks: Rows, parameters: Parameters) -> Rows:
    """Sets ``queued`` in ``placed``.

    :param placed: (t,) of PLACED; ``tracks``: (t,) of TRACK.
    :return: of :data:`QUEUE`, a row for each lane with a stop line that stands for itself, by lane.
    """
    led = np.array([line.stop_line is not None for line in lanes.lines], np.bool_) & (lanes.table["twin_of"] < 0)
    made = unknown(int(led.sum()), QUEUE)
    made["lane"], made["vehicles"], made["standing"], made["length_m"] = np.flatnonzero(led), 0, 0, 0.0
    at = np.flatnonzero(np.isfinite(placed["to_stop_m"]) & (tracks["cls"] != PEDESTRIAN))
    at = at[np.lexsort((placed["track"][at], placed["to_stop_m"][at], placed["lane"][at]))]
    if not at.size:
        return made
    lane, front = placed["lane"][at], placed["to_stop_m"][at]
    rear = front + lengths(tracks[at], parameters)
    begins = np.diff(lane, prepend=-1) != 0
    before = np.where(begins, 0.0, np.roll(rear, 1))
    stands = tracks["speed"][at] <= parameters.stopped_speed_mps
    joins = stands & (front - before <= parameters.queue_gap_m)
    # a queue ends with the first that does not join: count those in the lane up to here
    broken = np.cumsum(~joins)
    queued = broken == np.where(begins, broken - ~joins, 0)[np.maximum.accumulate(np.where(begins, np.arange(at.size), 0))]
    placed["queued"][at] = queued
    row = np.searchsorted(made["lane"], lane)
    made["vehicles"] = np.bincount(row[queued], minlength=len(made))
    made["standing"] = np.bincount(row[stands], minlength=len(made))
    tail = np.flatnonzero(queued & ~np.append(queued[1:] & ~begins[1:], False))
    made["length_m"][row[tail]], made["last"][row[tail]] = np.maximum(rear[tail], 0.0), placed["track"][at[tail]]
    return made
