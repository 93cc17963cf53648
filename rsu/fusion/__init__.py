"""Observations → tracks: what is on the road now, each road user once; the frame is that of :mod:`rsu.observe.arrays`.

docs/fusion.md has the design.
"""

from __future__ import annotations

from rsu.fusion.counters import Counters, Refused
from rsu.fusion.fusion import Fusion
from rsu.fusion.identity import Takeover
from rsu.fusion.parameters import Parameters
from rsu.fusion.tracks import CONFIRMED, TENTATIVE, TRACK

__all__ = ["CONFIRMED", "TENTATIVE", "TRACK", "Counters", "Fusion", "Parameters", "Refused", "Takeover"]
