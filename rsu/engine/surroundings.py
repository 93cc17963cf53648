"""What stands around the tracks: the lanes and lights that records tell of, and the world made of them at each tick.

Like the picture's, records are only put aside as they are stepped through; the tick reads those received before its moment.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from rsu.compose.spat import spat_value
from rsu.engine.maps import OwnMap
from rsu.engine.outcomes import Stored
from rsu.engine.picture import AHEAD_NS, UNLIKE_STANDARD
from rsu.errors import ConfigError
from rsu.observe.arrays import Origin
from rsu.observe.geometry import geometry
from rsu.observe.signals import signals
from rsu.signals import SignalReport
from rsu.standards import STANDARDS, message_type, parse_standard_name
from rsu.world import Snapshot, World

MAP, SPAT, REPORT = "MapData", "SPAT", "SignalReport"
ROOM = {MAP: 8, SPAT: 64, REPORT: 64}
"""Records between two ticks: MAP is sent once a second and SPAT ten times, by each of the crossings that are heard."""

_report = msgspec.json.Decoder(SignalReport)


class Surroundings:
    """See the module.

    :param maps: the unit's own: they go before what is heard of the same crossings.
    :param standard: in which the reports of controllers are read that do not say one.
    :ivar world: its history and counters.
    :ivar faults: what was not taken: ``room``, ``no-clock``, ``unlike-standard``, ``reference``, ``lane`` and ``node`` as of
        :func:`rsu.observe.geometry.geometry`.
    """

    def __init__(self, origin: Origin, standard: str = "", maps: Sequence[OwnMap] = ()) -> None:
        self._origin, self._standard, self._maps = origin, standard, maps
        self._waiting: dict[str, list[tuple[Stored, Any]]] = {name: [] for name in ROOM}
        self.faults: Counter[str] = Counter()
        self.world = self._begin()

    def take(self, record: Stored, value: Any) -> None:
        """Puts a MAP or a SPAT aside for the next tick.

        :param value: its decoded message.
        """
        if record.type == MAP or record.type == SPAT:
            self._put(record.type, record, value)

    def take_report(self, record: Stored, octets: bytes) -> None:
        """The same for a controller's report, under whatever type its source stores it."""
        self._put(REPORT, record, octets)

    def tick(self, tracks: NDArray[np.void], now_ns: int) -> Snapshot:
        """The world at a tick.

        :param tracks: (n,) of :data:`rsu.fusion.tracks.TRACK`, predicted to ``now_ns``.
        """
        for kind, waiting in self._waiting.items():
            self._waiting[kind] = [one for one in waiting if now_ns <= one[0].receive_time_ns <= now_ns + AHEAD_NS]
            for record, value in waiting:
                if record.receive_time_ns < now_ns:
                    self._hear(kind, record, value)
        return self.world.step(tracks, now_ns)

    def renew(self) -> None:
        """Forgets what it knows, as the time went back."""
        self.world = self._begin()

    def _begin(self) -> World:
        world = World(self._origin)
        for one in self._maps:
            told = geometry(one.standard, one.value, self._origin, self.faults)
            world.hear_map(one.standard, told, 0, configured=True)
        return world

    def _put(self, kind: str, record: Stored, value: Any) -> None:
        waiting = self._waiting[kind]
        if not record.receive_time_ns:
            self.faults["no-clock"] += 1
        elif len(waiting) >= ROOM[kind]:
            self.faults["room"] += 1
        else:
            waiting.append((record, value))

    def _hear(self, kind: str, record: Stored, value: Any) -> None:
        try:
            if kind == MAP:
                told = geometry(record.standard, value, self._origin, self.faults)
                self.world.hear_map(record.standard, told, record.receive_time_ns)
            elif kind == SPAT:
                self.world.hear_signals(record.standard, signals(record.standard, value, record.receive_time_ns))
            else:
                self._hear_report(_report.decode(value), record.receive_time_ns)
        except (*UNLIKE_STANDARD, ConfigError):
            self.faults["unlike-standard"] += 1

    def _hear_report(self, report: SignalReport, receive_ns: int) -> None:
        """As the SPAT that is made of it would be heard."""
        standard = report.standard or self._standard
        if standard:
            frame = spat_value(report, standard, receive_ns, 0)
            _, value = message_type(STANDARDS[parse_standard_name(standard)[0]], frame)
            self.world.hear_signals(standard, signals(standard, value, receive_ns))
