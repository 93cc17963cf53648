"""Who is told when there are more road users than fit: the rule of fusion's design, made fair.

=====================================  ==================================================================================
weight                                 for whom
=====================================  ==================================================================================
``base_weight``                        everybody: all that an equipped vehicle has, which receivers hear directly
+ ``vulnerable_weight``                pedestrians and bicycles
+ ``unequipped_weight``                who is not heard itself
+ ``conflict_weight``                  who comes too near to another one soon (:mod:`rsu.compose.conflict`)
+ ``new_weight``                       who was not told yet
+ ``moved_weight``                     who has moved since it was told last
=====================================  ==================================================================================

The weight times the time since somebody was told last is his rank. Of two who wait equally long the heavier goes first; over
time each is told as often as his weight, and nobody is forgotten. The numbers are integers, ties go by track id: the same
tracks give the same messages everywhere.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rsu.compose.moments import MILLISECOND_NS
from rsu.compose.parameters import Parameters
from rsu.compose.said import heard
from rsu.observe.arrays import BICYCLE, PEDESTRIAN

TOLD = np.dtype([("id", "u4"), ("since_ns", "i8"), ("told_ns", "i8"), ("x", "f8"), ("y", "f8")])
"""What is remembered of a road user: since when it is there, when it was told last (0: never), and where it was then."""

Ints = NDArray[np.intp]
Bools = NDArray[np.bool_]


class Rota:
    """Who of the road users of one kind of message is next. It remembers those of the last tick and no others."""

    def __init__(self, parameters: Parameters) -> None:
        self._p = parameters
        self._memory = np.zeros(0, TOLD)

    def choose(self, tracks: NDArray[np.void], conflict: Bools, room: int, now_ns: int) -> Ints:
        """Who is told now, the first first; all of them by id where there is room.

        :param tracks: (n,) of :data:`rsu.fusion.TRACK`, by id.
        :param conflict: (n,) bool; looked at only where there is no room for all.
        """
        memory = self._remembered(tracks, now_ns)
        chosen = np.arange(len(tracks))
        if len(tracks) > room:
            rank = weights(tracks, conflict, memory, now_ns, self._p) * self._waits_ms(memory, now_ns)
            chosen = np.lexsort((tracks["id"], -rank))[:room]
        memory["told_ns"][chosen] = now_ns
        memory["x"][chosen], memory["y"][chosen] = tracks["x"][chosen], tracks["y"][chosen]
        self._memory = memory
        return chosen

    def _remembered(self, tracks: NDArray[np.void], now_ns: int) -> NDArray[np.void]:
        """(n,) of :data:`TOLD`, in the order of the tracks. A clock that was set back makes nobody wait for it."""
        memory, old = np.zeros(len(tracks), TOLD), self._memory
        memory["id"], memory["since_ns"] = tracks["id"], now_ns
        if len(old):
            place = np.minimum(np.searchsorted(old["id"], tracks["id"]), len(old) - 1)
            known = old["id"][place] == tracks["id"]
            memory[known] = old[place[known]]
        for name in ("since_ns", "told_ns"):
            np.minimum(memory[name], now_ns, out=memory[name])
        return memory

    def _waits_ms(self, memory: NDArray[np.void], now_ns: int) -> NDArray[np.int64]:
        """Since it was told; who is new has waited for one period more than it is there."""
        never = memory["told_ns"] == 0
        since = np.where(never, memory["since_ns"], memory["told_ns"])
        waits: NDArray[np.int64] = (now_ns - since) // MILLISECOND_NS + np.where(never, self._p.period_ms, 0)
        return waits


def weights(
    tracks: NDArray[np.void], conflict: Bools, memory: NDArray[np.void], now_ns: int, parameters: Parameters
) -> NDArray[np.int64]:
    """The table above; (n,) int64."""
    p = parameters
    new = memory["told_ns"] == 0
    moved = ~new & (np.hypot(tracks["x"] - memory["x"], tracks["y"] - memory["y"]) >= p.moved_m)
    weight: NDArray[np.int64] = (
        p.base_weight
        + p.vulnerable_weight * np.isin(tracks["cls"], (PEDESTRIAN, BICYCLE)).astype(np.int64)
        + p.unequipped_weight * ~heard(tracks, now_ns, p.heard_s)
        + p.conflict_weight * conflict
        + p.new_weight * new
        + p.moved_weight * moved
    )
    return weight
