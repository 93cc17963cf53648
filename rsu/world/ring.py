"""The latest snapshots, for applications that ask what was before."""

from __future__ import annotations

from collections import deque

from rsu.world.arrays import Snapshot
from rsu.world.lights import SECOND_NS
from rsu.world.parameters import Parameters


class Ring:
    """Snapshots of the last ``history_s``, oldest first, ``history_max`` at most.

    :ivar full: how often one that was young enough had to go; ``restarts``: how often time went back, and all were let go.
    """

    def __init__(self, parameters: Parameters) -> None:
        self._span_ns = round(parameters.history_s * SECOND_NS)
        self._most = parameters.history_max
        self._held: deque[Snapshot] = deque()
        self.full = 0
        self.restarts = 0

    def __len__(self) -> int:
        return len(self._held)

    def add(self, snapshot: Snapshot) -> None:
        """Of the same moment as the last one: in its stead."""
        if self._held and snapshot.time_ns < self._held[-1].time_ns:
            self.restarts += 1
            self._held.clear()
        if self._held and snapshot.time_ns == self._held[-1].time_ns:
            self._held.pop()
        self._held.append(snapshot)
        while self._held[0].time_ns < snapshot.time_ns - self._span_ns:
            self._held.popleft()
        if len(self._held) > self._most:
            self.full += 1
            self._held.popleft()

    def at(self, time_ns: int) -> Snapshot | None:
        """The latest one not after that moment; None where none is left."""
        return next((each for each in reversed(self._held) if each.time_ns <= time_ns), None)

    def since(self, time_ns: int) -> tuple[Snapshot, ...]:
        """Those of that moment and after, oldest first."""
        return tuple(each for each in self._held if each.time_ns >= time_ns)
