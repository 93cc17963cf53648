"""Whole seconds that a controller counts down → the moment at which the light changes.

A report says "17" for a second on end, however often it comes. The end is therefore counted from the first report that said
so, and stays where it is until the number or the colour is another one; else the end would move with each report.
"""

from __future__ import annotations

from typing import NamedTuple

from rsu.errors import SourceError

SECOND_NS = 1_000_000_000
LAMPS_MAX = 4_096
"""Lamps remembered; 255 approaches of 255 lamps would be no intersection."""
STUCK_NS = 1_500_000_000
"""A number that has not moved for so long counts nothing down: the phase is held."""


class _Shown(NamedTuple):
    light: str
    seconds: int
    since_ns: int


class Countdowns:
    """What each lamp counted when."""

    def __init__(self) -> None:
        self._shown: dict[str, _Shown] = {}

    def remaining_s(self, lamp: str, light: str, seconds: int, time_ns: int) -> float | None:
        """Seconds from ``time_ns`` until the lamp changes; None where the number stands still.

        :raises SourceError: for more lamps than an intersection has.
        """
        shown = self._shown.get(lamp)
        if shown is None and len(self._shown) >= LAMPS_MAX:
            raise SourceError(f"lamp {lamp}: {LAMPS_MAX} lamps are known already, more are not taken")
        if shown is None or (shown.light, shown.seconds) != (light, seconds) or time_ns < shown.since_ns:
            shown = self._shown[lamp] = _Shown(light, seconds, time_ns)
        passed_ns = time_ns - shown.since_ns
        if passed_ns > STUCK_NS:
            return None
        return max(seconds - passed_ns / SECOND_NS, 0.0)
