"""The picture: what the stored records say of road users, fused at each multiple of 100 ms into tracks.

Records are only put aside as they are stepped through (a fraction of a microsecond); the tick turns all of them into
observations at once. A tick takes the records received before its moment, so that a live unit and the replay of its recording
see the same, however records were batched.

The time is that of who drives the engine: of the wall live, of reception in a replay. Where nothing is on the road the ticks
of a silence are passed over. Where the time goes back by more than :data:`BACK_NS` (the clock was set, another drive begins in
the log) the picture begins anew; ids of tracks go on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from rsu.engine.outcomes import Stored
from rsu.fusion import TRACK, Fusion, Parameters
from rsu.observe.arrays import OBSERVATION, Origin
from rsu.observe.observations import OBJECTS_TYPES, READERS, observe_batch

TICK_NS = 100_000_000  # RSM and SDSM are sent at 10 Hz (T/CSAE 53, J3224), right after a tick
BACK_NS = 1_000_000_000  # fusion refuses what is older: Parameters.refuse_older_s
AHEAD_NS = 1_000_000_000  # a record that claims to be received later than so after the tick has a wrong time
RECORDS_MAX = 8_192  # between two ticks: Parameters.observations_max
TYPES = frozenset(name for readers in READERS.values() for name in readers) | set(OBJECTS_TYPES)
IDS = 2**32

#: What a reader raises on a message of a foreign schema that lacks a component the standard requires.
UNLIKE_STANDARD = (KeyError, TypeError, ValueError, AttributeError, IndexError)


class Picture:
    """See the module.

    :ivar tracks: (n,) of :data:`rsu.fusion.tracks.TRACK`, confirmed ones at ``time_ns``, in the frame of ``origin``.
    :ivar time_ns: of the last tick; 0 before the first.
    :ivar faults: what could not be used: ``objects`` and ``projection`` (:mod:`rsu.observe.boxes`), ``unlike-standard``,
        ``room``, ``no-clock``, ``ahead``; and ``begun-anew``.
    """

    def __init__(self, origin: Origin, parameters: Parameters, first_id: int = 0) -> None:
        self.origin = origin
        self.parameters = parameters
        self.tracks: NDArray[np.void] = np.empty(0, TRACK)
        self.time_ns = 0
        self.faults: Counter[str] = Counter()
        self.fusion = Fusion(parameters)
        self._records: list[tuple[Stored, Any]] = []
        self._ids_before = first_id

    def take(self, record: Stored, value: Any) -> None:
        """Puts a record aside for the next tick.

        :param value: its decoded message.
        """
        if record.type not in TYPES:
            return
        if not record.receive_time_ns:
            self.faults["no-clock"] += 1
        elif len(self._records) >= RECORDS_MAX:
            self.faults["room"] += 1
        else:
            self._records.append((record, value))

    def take_objects(self, record: Stored) -> None:
        """The same for a record of a perception box, under whatever type its source stores it."""
        self.take(record if record.type in OBJECTS_TYPES else msgspec.structs.replace(record, type=OBJECTS_TYPES[0]), None)

    def due(self, now_ns: int) -> int:
        """The moment of the next tick, where it has come; else 0."""
        newest_ns = now_ns // TICK_NS * TICK_NS
        if self.time_ns - BACK_NS <= newest_ns <= self.time_ns:
            return 0
        if self.time_ns and newest_ns > self.time_ns and self._busy():
            return self.time_ns + TICK_NS
        return newest_ns

    def tick(self, now_ns: int) -> NDArray[np.void]:
        """Fuses what was received before now_ns; the tracks then.

        :param now_ns: what :meth:`due` says.
        """
        if now_ns < self.time_ns:
            self.renew()
        self.time_ns = now_ns
        self.fusion.step(self._observed(now_ns), now_ns)
        self.tracks = self.fusion.tracks(now_ns)
        if self._ids_before:
            ids = self.tracks["id"].astype(np.int64) + self._ids_before
            self.tracks["id"] = (ids - 1) % (IDS - 1) + 1  # after so many they are given again; 0 is none
        return self.tracks

    def passed_over(self) -> dict[str, int]:
        """What was not taken in so far: faults of records, and what fusion refused since it last began."""
        return {**self.faults, **msgspec.structs.asdict(self.fusion.refused)}

    def renew(self) -> None:
        """Forgets all that is on the road."""
        self._ids_before = (self._ids_before + self.fusion.counters.born) % (IDS - 1)
        self.fusion = Fusion(self.parameters)
        self.tracks = np.empty(0, TRACK)
        self.time_ns = 0
        self.faults["begun-anew"] += 1

    def _busy(self) -> bool:
        """Something waits or is on the road; what is not seen any more is gone within four seconds."""
        return bool(self._records) or bool(len(self.fusion.tracks(self.time_ns, all=True)))

    def _observed(self, now_ns: int) -> NDArray[np.void]:
        """Observations of the records received before now_ns; those after it wait for their tick."""
        batch = [one for one in self._records if one[0].receive_time_ns < now_ns]
        later = [one for one in self._records if now_ns <= one[0].receive_time_ns <= now_ns + AHEAD_NS]
        if ahead := len(self._records) - len(batch) - len(later):
            self.faults["ahead"] += ahead
        self._records = later
        try:
            return observe_batch(batch, self.origin, self.faults)
        except UNLIKE_STANDARD:
            return self._one_by_one(batch)

    def _one_by_one(self, batch: Sequence[tuple[Stored, Any]]) -> NDArray[np.void]:
        """The same without the records that cannot be read."""
        made = [np.empty(0, OBSERVATION)]
        for one in batch:
            try:
                made.append(observe_batch([one], self.origin, self.faults))
            except UNLIKE_STANDARD:
                self.faults["unlike-standard"] += 1
        return np.concatenate(made)
