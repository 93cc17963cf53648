"""GA/T 1743-2020 controllers: they report light and countdown of every lamp; one that does not is asked each second.

In ``phases`` a lamp is called ``BEARING/LAMP`` (``"90/1" = 3``), or ``LAMP`` where its id is enough.
"""

from __future__ import annotations

from rsu.config import Controller
from rsu.errors import SourceError
from rsu.signals import Phase, SignalReport
from rsu.sources.controllers import gat1743
from rsu.sources.controllers.countdown import Countdowns
from rsu.sources.controllers.gat1743 import Frame, Lamp
from rsu.sources.controllers.phases import phase_id
from rsu.sources.live.controller import ControllerSource
from rsu.sources.live.listener import Arrival

QUERY_NS = 1_000_000_000
_SAYS_LAMPS = (gat1743.REPORT, gat1743.ANSWER, gat1743.BROADCAST)
_COUNTED = ("red", "yellow", "green", "flashing-green", "red-yellow")
"""Lights that a countdown belongs to; one that flashes otherwise, or is dark, has no end that is known."""


class Gat1743Source(ControllerSource):
    """One controller."""

    def __init__(self, controller: Controller, standard: str = "") -> None:
        super().__init__(controller, standard)
        self._countdowns = Countdowns()
        self._controller = gat1743.NOBODY
        self._heard_ns = self._asked_ns = 0

    def tick(self, now_ns: int) -> None:
        """A query, where nothing was heard for a second."""
        if abs(now_ns - self._asked_ns) < QUERY_NS or abs(now_ns - self._heard_ns) < QUERY_NS:
            return
        self._asked_ns = now_ns
        frame = Frame(gat1743.QUERY, gat1743.LAMPS, receiver=self._controller, time_ms=now_ns // 1_000_000)
        self.ask(gat1743.build(frame))

    def reports(self, arrival: Arrival) -> list[SignalReport]:
        time_ns, data, _ = arrival
        found: list[SignalReport] = []
        for frame in gat1743.parse(data):
            if frame.object != gat1743.LAMPS or frame.operation not in _SAYS_LAMPS:
                self.faults["other-object"] += 1
                continue
            self._controller, self._heard_ns = frame.sender, time_ns
            lamps = gat1743.parse_lamps(frame.data).lamps
            phases = [phase for lamp in lamps if (phase := self._phase(lamp, time_ns))]
            found += self.report(time_ns, phases)
        return found

    def _phase(self, lamp: Lamp, time_ns: int) -> Phase | None:
        number = phase_id((f"{lamp.bearing}/{lamp.id}", str(lamp.id)), lamp.id, self.settings.phases)
        if number is None:
            return None
        light = gat1743.COLOURS.get(lamp.colour)
        if light is None:
            raise SourceError(f"GA/T 1743: lamp {lamp.bearing}/{lamp.id} has colour {lamp.colour:02x}: it is not in the table")
        left_s = self._countdowns.remaining_s(f"{lamp.bearing}/{lamp.id}", light, lamp.seconds, time_ns)
        return Phase(id=number, light=light, likely_end_s=left_s if light in _COUNTED else None)
