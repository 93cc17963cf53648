"""The tracks as a struct of arrays: a row a track, rows of the dead are given again, with a ring of past states a row.

State ``[x, y, ψ, v, ω, bx, by]`` where ``polar``, else ``[x, y, vx, vy, 0, bx, by]`` (a heading is not known yet, or the road
user can step in any direction): metres, ENU, radians counter-clockwise from east, seconds.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]

RING = 24
"""Updates a second of ten BSM and ten frames of perception, and a few: nothing older than a second is taken."""
FRAMES = 32
"""Times of the frames of perception that hit a track: three seconds of a box at 10 Hz, as long as a lost one is known again."""
CAPACITY = 256
FIELDS: dict[str, tuple[str, tuple[int, ...]]] = {
    "alive": ("?", ()),
    "id": ("u4", ()),
    "time": ("i8", ()),
    "x": ("f8", (7,)),
    "cov": ("f8", (7, 7)),
    "polar": ("?", ()),
    "frozen": ("?", ()),
    "pinned": ("?", ()),
    "walker": ("?", ()),
    "sigma2": ("f8", ()),
    "cls": ("u1", ()),
    "confirmed": ("?", ()),
    "hits": ("u4", ()),
    "first": ("i8", ()),
    "touched": ("i8", ()),
    "self_ns": ("i8", ()),
    "seen_ns": ("i8", ()),
    "picture": ("i8", ()),
    "seer": ("i8", ()),
    "sender": ("i8", ()),
    "size": ("f4", (3,)),
    "frame_count": ("i8", ()),
    "frames": ("i8", (FRAMES,)),
    "ring_count": ("i8", ()),
    "ring_time": ("i8", (RING,)),
    "ring_x": ("f8", (RING, 7)),
    "ring_cov": ("f8", (RING, 7, 7)),
    "ring_polar": ("?", (RING,)),
    "ring_frozen": ("?", (RING,)),
    "ring_z": ("f8", (RING, 5)),
    "ring_noise": ("f8", (RING, 5, 5)),
    "ring_own": ("?", (RING,)),
    "ring_time_measured": ("i8", (RING,)),
}


class State(NamedTuple):
    """What the filter works on, a row a track.

    :param x: (n, 7) float64, see the module.
    :param cov: (n, 7, 7) float64, its covariance.
    :param polar: (n,) bool, the third and fourth are heading and speed.
    :param frozen: (n,) bool, too slow for a heading.
    :param pinned: (n,) bool, turn rate held at 0.
    :param walker: (n,) bool, pedestrians.
    :param sigma2: (n,) float64, m², variance of the sender's GNSS offset; 0 without a sender.
    """

    x: Floats
    cov: Floats
    polar: Bools
    frozen: Bools
    pinned: Bools
    walker: Bools
    sigma2: Floats

    def only(self, chosen: Ints | Bools) -> State:
        """Those chosen; the same arrays where a mask leaves nobody out."""
        if chosen.dtype == np.bool_ and chosen.all():
            return self
        return State(*(column[chosen] for column in self))  # type: ignore[arg-type]


class Measured(NamedTuple):
    """Measurements, a row each.

    :param z: (n, 5) float64, x, y, heading, speed, yaw rate; metres, ENU, radians, seconds; NaN for what is not said.
    :param noise: (n, 5, 5) float64, covariance; identity where it is not said.
    :param own: (n,) bool, the sender tells of itself: the position carries its offset.
    :param time_ns: (n,) int64.
    """

    z: Floats
    noise: Floats
    own: Bools
    time_ns: Ints

    def only(self, chosen: Ints | Bools) -> Measured:
        """Those chosen; the same arrays where a mask leaves nobody out."""
        if chosen.dtype == np.bool_ and chosen.all():
            return self
        return Measured(*(column[chosen] for column in self))  # type: ignore[arg-type]


class Table:
    """All tracks. Attributes are the columns of ``FIELDS``, times in ns; ``sender`` is a row of the senders, −1 for none;
    ``picture`` numbers the shared picture that told of it last, 0 where it was heard or seen since;
    ``seer`` is a row of the senders too: the box or unit that saw it last."""

    alive: Bools
    id: NDArray[np.uint32]
    time: Ints
    x: Floats
    cov: Floats
    polar: Bools
    frozen: Bools
    pinned: Bools
    walker: Bools
    sigma2: Floats
    cls: NDArray[np.uint8]
    confirmed: Bools
    hits: NDArray[np.uint32]
    first: Ints
    touched: Ints
    self_ns: Ints
    seen_ns: Ints
    picture: Ints
    seer: Ints
    sender: Ints
    size: NDArray[np.float32]
    frame_count: Ints
    frames: Ints
    ring_count: Ints
    ring_time: Ints
    ring_x: Floats
    ring_cov: Floats
    ring_polar: Bools
    ring_frozen: Bools
    ring_z: Floats
    ring_noise: Floats
    ring_own: Bools
    ring_time_measured: Ints

    def __init__(self, tracks_max: int) -> None:
        self._max = tracks_max
        self._next_id = 1
        self.capacity = min(CAPACITY, tracks_max)
        for name, (kind, shape) in FIELDS.items():
            setattr(self, name, np.zeros((self.capacity, *shape), kind))

    def rows(self) -> Ints:
        """(n,) int64, the living."""
        return np.flatnonzero(self.alive)

    def take(self, count: int) -> Ints:
        """Rows for so many new tracks, cleared and with ids; fewer where the bound is reached."""
        while self.capacity - np.count_nonzero(self.alive) < count and self.capacity < self._max:
            self._grow()
        rows = np.flatnonzero(~self.alive)[:count]
        for name in FIELDS:
            if not name.startswith("ring_"):
                getattr(self, name)[rows] = 0
        self.ring_count[rows] = 0
        self.alive[rows] = True
        self.sender[rows] = -1
        self.size[rows] = np.nan
        self.id[rows] = np.arange(self._next_id, self._next_id + rows.size)
        self._next_id += rows.size
        return rows

    def _grow(self) -> None:
        more = min(self.capacity, self._max - self.capacity)
        for name, (kind, shape) in FIELDS.items():
            setattr(self, name, np.concatenate([getattr(self, name), np.zeros((more, *shape), kind)]))
        self.capacity += more

    def state(self, rows: Ints) -> State:
        return State(
            self.x[rows],
            self.cov[rows],
            self.polar[rows],
            self.frozen[rows],
            self.pinned[rows],
            self.walker[rows],
            self.sigma2[rows],
        )

    def store(self, rows: Ints, state: State, time_ns: Ints) -> None:
        """The filter's result goes back."""
        self.x[rows], self.cov[rows] = state.x, state.cov
        self.polar[rows], self.frozen[rows] = state.polar, state.frozen
        self.time[rows] = time_ns

    def remember_frame(self, rows: Ints, time_ns: Ints) -> None:
        """A frame of perception hit them."""
        self.frames[rows, self.frame_count[rows] % FRAMES] = time_ns
        self.frame_count[rows] += 1

    def remember(self, rows: Ints, state: State, time_ns: Ints, measured: Measured) -> None:
        """The state as it is now, and the measurement that made it so, go into the ring."""
        at = self.ring_count[rows] % RING
        self.ring_time[rows, at] = time_ns
        for name in ("x", "cov", "polar", "frozen"):
            getattr(self, f"ring_{name}")[rows, at] = getattr(state, name)
        self.ring_z[rows, at], self.ring_noise[rows, at] = measured.z, measured.noise
        self.ring_own[rows, at], self.ring_time_measured[rows, at] = measured.own, measured.time_ns
        self.ring_count[rows] += 1
