"""North American controllers that send the signal status blob of NTCIP 1202 (TSCBM), ten times a second.

In ``phases`` a signal is called by phase (``"2"``), pedestrian phase (``"ped2"``) or overlap (``"overlap2"``). An empty table
takes the vehicle phases with their own numbers. The controller has to be told, by its own means, to send them here.
"""

from __future__ import annotations

from rsu.signals import Phase, SignalReport
from rsu.sources.controllers import tscbm
from rsu.sources.controllers.phases import phase_id
from rsu.sources.controllers.tscbm import Shown
from rsu.sources.live.controller import ControllerSource
from rsu.sources.live.listener import Arrival

TENTH_S = 0.1


class NtcipSource(ControllerSource):
    """One controller."""

    def reports(self, arrival: Arrival) -> list[SignalReport]:
        time_ns, data, _ = arrival
        status = tscbm.parse(data)
        phases = [phase for shown in tscbm.shown(status) if (phase := self._phase(shown))]
        flashes = bool(phases) and all(phase.light.startswith("flashing") for phase in phases)
        return self.report(time_ns, phases, "flashing" if flashes else "")

    def _phase(self, shown: Shown) -> Phase | None:
        own = int(shown.key) if shown.key.isdigit() else 0
        number = phase_id((shown.key,), own, self.settings.phases)
        if number is None:
            return None
        known = bool(shown.min_tenths or shown.max_tenths)
        low = shown.min_tenths * TENTH_S if known else None
        high = shown.max_tenths * TENTH_S if shown.max_tenths >= shown.min_tenths and known else None
        # a fixed end is also the likely one; between the two nothing says where it will be
        return Phase(id=number, light=shown.light, min_end_s=low, max_end_s=high, likely_end_s=low if low == high else None)
