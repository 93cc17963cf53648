"""What the three kinds of signal controllers have in common: a socket, a peer, reports in JSON.

What a datagram says becomes a :class:`rsu.signals.SignalReport`; one that is damaged, or comes from another host than the
peer of the configuration, is handed on as it came with its ``damage``: what a vehicle is told of a light must come from its
controller.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from typing import Any

import msgspec

from rsu.config import Controller
from rsu.errors import SourceError
from rsu.signals import Phase, SignalReport
from rsu.sources.controllers.phases import one_a_phase
from rsu.sources.live.address import Endpoint, resolve
from rsu.sources.live.base import RECEIVE_MAX, Heard
from rsu.sources.live.listener import Arrival, Listener

RECORD_TYPE = "SignalReport"
CHANNEL: Any = "uu"
"""A controller is heard by wire; of the channels a record can have, this is the one that is not the air."""
_encode = msgspec.json.Encoder().encode


class ControllerSource(ABC):
    """One controller.

    :param controller: its section of the configuration.
    :param standard: of the unit, where the section has none.
    :raises ConfigError: for an address that is none.
    :raises SourceError: for one that cannot be bound.
    """

    def __init__(self, controller: Controller, standard: str = "") -> None:
        self.name = controller.name
        self.faults: Counter[str] = Counter()
        self.settings = controller
        self.standard = controller.standard or standard
        key = f"[[controller]] {controller.name}"
        self.peer: Endpoint | None = resolve(controller.peer, f"{key}: peer") if controller.peer else None
        self.listener = Listener(controller.listen, f"{key}: listen", self.faults)

    def filenos(self) -> list[int]:
        return [self.listener.fileno()]

    def receive(self, most: int = RECEIVE_MAX) -> list[Heard]:
        return [heard for arrival in self.listener.drain(most) for heard in self._heard(arrival)]

    def tick(self, now_ns: int) -> None:
        """Queries and heartbeats; here none."""
        return

    def close(self) -> None:
        self.listener.close()

    @abstractmethod
    def reports(self, arrival: Arrival) -> list[SignalReport]:
        """What a datagram says of the lamps; none where it speaks of something else.

        :raises SourceError: for one that is damaged.
        """

    def report(self, time_ns: int, phases: list[Phase], mode: Any = "") -> list[SignalReport]:
        """The report of these phases; none without one."""
        if not phases:
            self.faults["no-phase"] += 1
            return []
        settings = self.settings
        return [
            SignalReport(
                controller=self.name,
                time_ns=time_ns,
                region=settings.region,
                intersection=settings.intersection,
                standard=self.standard,
                period_ms=settings.period_ms,
                mode=mode,
                phases=one_a_phase(phases),
            )
        ]

    def ask(self, datagram: bytes) -> None:
        """Send something to the peer."""
        if self.peer is not None:
            self.listener.send(datagram, self.peer.address)

    def _heard(self, arrival: Arrival) -> list[Heard]:
        time_ns, data, sender = arrival
        try:
            if self.peer is not None and sender[0] != self.peer.address[0]:
                raise SourceError(f"it came from {sender[0]}: the controller's peer is {self.peer.address[0]}")
            reports = self.reports(arrival)
        except SourceError as error:
            self.faults["damaged"] += 1
            return [self._record(time_ns, data, str(error))]
        return [self._record(time_ns, _encode(report)) for report in reports]

    def _record(self, time_ns: int, data: bytes, damage: str = "") -> Heard:
        return Heard(self.name, time_ns, data, CHANNEL, "signals", RECORD_TYPE, "none", standard=self.standard, damage=damage)
