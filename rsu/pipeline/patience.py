"""The clock by which records grow old while they wait: it stands still while the engine is not there.

Records are shed because the engine is too slow, not because it is being started again: then the window has room for them.
"""

from __future__ import annotations

STALLED_NS = 200_000_000  # without any record taken: the engine is not slow, it is away


class Patience:
    """A clock that is moved on by :meth:`turn`; time is handed in."""

    def __init__(self, now_ns: int) -> None:
        self.time_ns = 0
        self._turned_ns = now_ns
        self._taken_ns = now_ns

    def turn(self, now_ns: int, waiting: bool) -> int:
        """Moves on, unless records wait and none was taken lately; gives the time."""
        if not waiting:
            self._taken_ns = now_ns
        if now_ns - self._taken_ns <= STALLED_NS:
            self.time_ns += now_ns - self._turned_ns
        self._turned_ns = now_ns
        return self.time_ns

    def taken(self, now_ns: int) -> None:
        """The engine took records."""
        self._taken_ns = now_ns
