"""GB/T 20999-2017 controllers: asked for their lamp groups several times a second, and with a heartbeat whether they live.

In ``phases`` a lamp group is called by its number (``"4" = 2``). The standard tells no end of a light, only how long the
running stage is to last: that is when a green light is likely to end, and the earliest at which a red one can. Where the next
stage has the same green, it does not end.
"""

from __future__ import annotations

from rsu.config import Controller
from rsu.errors import SourceError
from rsu.signals import Light, Phase, SignalReport
from rsu.sources.controllers import gbt20999
from rsu.sources.controllers.countdown import Countdowns
from rsu.sources.controllers.gbt20999 import Frame
from rsu.sources.controllers.phases import is_go, phase_id
from rsu.sources.live.controller import ControllerSource
from rsu.sources.live.listener import Arrival

MILLISECOND_NS = 1_000_000
QUERY_MS_MIN = 200
"""A controller is asked no more often, whatever the period of the SPAT."""
HEARTBEAT_NS = 5_000 * MILLISECOND_NS


class Gbt20999Source(ControllerSource):
    """One controller."""

    def __init__(self, controller: Controller, standard: str = "") -> None:
        super().__init__(controller, standard)
        self._countdowns = Countdowns()
        self._device = controller.device
        self._junction = 1
        self._sequence = 0
        self._asked_ns = self._beat_ns = 0
        self._query_ns = max(controller.period_ms, QUERY_MS_MIN) * MILLISECOND_NS

    def tick(self, now_ns: int) -> None:
        """A query or a heartbeat, where it is time."""
        if abs(now_ns - self._beat_ns) >= HEARTBEAT_NS:
            self._beat_ns = now_ns
            self._say(Frame(gbt20999.HEARTBEAT, (), self._device, self._junction, sequence=self._sequence))
        if abs(now_ns - self._asked_ns) >= self._query_ns:
            self._asked_ns = now_ns
            self._say(gbt20999.query(self._device, self._junction, self._sequence))

    def reports(self, arrival: Arrival) -> list[SignalReport]:
        time_ns, data, sender = arrival
        frame = gbt20999.parse(data)
        if frame.type == gbt20999.HEARTBEAT:
            self.listener.send(gbt20999.build(frame._replace(type=gbt20999.HEARTBEAT_ANSWER, values=())), sender)
        elif frame.type == gbt20999.REFUSAL:
            self.faults["refused"] += 1
        elif frame.type in (gbt20999.ANSWER, gbt20999.REPORT):
            return self._states(frame, time_ns)
        elif frame.type not in gbt20999.HEARTBEAT_ANSWERS:
            self.faults["other-type"] += 1
        return []

    def _states(self, frame: Frame, time_ns: int) -> list[SignalReport]:
        if not self._device:
            self._device = frame.controller  # the first one that speaks is the one to be asked
        self._junction = frame.junction or self._junction
        states = gbt20999.states(frame.values)
        if not states.groups:
            self.faults["no-lamps"] += 1
            return []
        left_s = None
        if states.left_s is not None:
            left_s = self._countdowns.remaining_s("stage", states.stage, states.left_s, time_ns)
        phases = [
            _phase(number, code, left_s)
            for group, code in states.groups.items()
            if (number := phase_id((str(group),), group, self.settings.phases)) is not None
        ]
        return self.report(time_ns, phases, states.mode)

    def _say(self, frame: Frame) -> None:
        self._sequence = (self._sequence + 1) & 0xFF
        self.ask(gbt20999.build(frame))


def _phase(number: int, code: int, left_s: float | None) -> Phase:
    light: Light | None = gbt20999.LIGHTS.get(code)
    if light is None:
        raise SourceError(f"GB/T 20999: a lamp group has state {code:02x}: it is not in the table")
    return Phase(
        id=number,
        light=light,
        min_end_s=left_s if light == "red" else None,
        likely_end_s=left_s if is_go(light) else None,
    )
