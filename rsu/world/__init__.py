"""What is true at the crossing now: lanes, signals, tracks in lanes, gaps and queues; the frame is that of
:mod:`rsu.observe.arrays`.

:class:`World` takes maps, signals and tracks; :class:`Snapshot` is what it gives. :mod:`rsu.world.matching` has the formula.
"""

from __future__ import annotations

from rsu.world.arrays import CONNECTION, LANE, LIGHTS, MATCH, PLACED, QUEUE, SIGNAL, Snapshot
from rsu.world.parameters import Parameters
from rsu.world.ring import Ring
from rsu.world.world import Counters, World

__all__ = [
    "CONNECTION",
    "LANE",
    "LIGHTS",
    "MATCH",
    "PLACED",
    "QUEUE",
    "SIGNAL",
    "Counters",
    "Parameters",
    "Ring",
    "Snapshot",
    "World",
]
