"""Short ways to say what somebody says: observations of one road user that goes straight on."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from rsu.fusion import Fusion
from rsu.observe.arrays import DETECTION, SELF, SHARED, VEHICLE, empty
from tests.fusion.fusion_scene import START_NS

MS = 1_000_000
TICK_NS = 100 * MS


def say(kind: int, at_ms: int, x: float, y: float, **more: Any) -> NDArray[np.void]:
    """One observation, received at once unless ``receive_time_ns`` says otherwise."""
    one = empty(1)
    one["kind"], one["cls"] = kind, VEHICLE
    one["event_time_ns"] = one["receive_time_ns"] = START_NS + at_ms * MS
    one["x"], one["y"] = x, y
    for name, value in more.items():
        one[name] = value
    return one


def bsm(at_ms: int, x: float, y: float = 0.0, sender: bytes = b"aa", **more: Any) -> NDArray[np.void]:
    """A vehicle tells of itself; eastwards at 10 m/s unless it says otherwise."""
    return say(SELF, at_ms, x, y, **{"sender": sender, "object": sender, "heading": 0.0, "speed": 10.0} | more)


def seen(at_ms: int, x: float, y: float = 0.0, **more: Any) -> NDArray[np.void]:
    """The box saw a vehicle."""
    return say(DETECTION, at_ms, x, y, **{"sender": b"box", "cxx": 0.04, "cyy": 0.04, "cxy": 0.0} | more)


def shared(at_ms: int, x: float, y: float = 0.0, **more: Any) -> NDArray[np.void]:
    """Another unit's RSM tells of a vehicle."""
    told = {"sender": b"rsu2", "object": b"7", "heading": 0.0, "speed": 10.0, "cxx": 0.25, "cyy": 0.25, "cxy": 0.0}
    return say(SHARED, at_ms, x, y, **told | more)


def feed(fusion: Fusion, said: list[NDArray[np.void]], until_ms: int, tick_ms: int = 100) -> None:
    """Ticks, each with what was received since the one before."""
    every = np.concatenate(said) if said else empty(0)
    for now_ms in range(tick_ms, until_ms + 1, tick_ms):
        now_ns = START_NS + now_ms * MS
        fresh = (every["receive_time_ns"] <= now_ns) & (every["receive_time_ns"] > now_ns - tick_ms * MS)
        fusion.step(every[fresh], now_ns)


def after(fusion: Fusion, ms: int, **more: bool) -> NDArray[np.void]:
    """The tracks so many ms after the beginning."""
    return fusion.tracks(START_NS + ms * MS, **more)
