"""A signal plan: fixed time, four stages, two groups green in each; what a group shows, until when, and what next.

Groups 1..8: north through, north left, east through, east left, south …, west left. Right turns go with through. The cycle
begins with the UTC seconds that it divides, so that every simulator shows the same light at the same time.
"""

from __future__ import annotations

from typing import NamedTuple

from rsu.errors import ConfigError
from rsu.signals import Light, Phase, SignalReport
from rsu.simulate.base import MILLISECOND_NS, SECOND_NS

CYCLE_S = 74.0
CYCLE_S_MIN, CYCLE_S_MAX = 32.0, 300.0
YELLOW_S = 3.0
ALL_RED_S = 2.0
#: Groups that are green, and their share of all green.
STAGES: tuple[tuple[tuple[int, int], float], ...] = (((1, 5), 2 / 6), ((2, 6), 1 / 6), ((3, 7), 2 / 6), ((4, 8), 1 / 6))
GROUPS = tuple(range(1, 9))


class Shown(NamedTuple):
    """What a group shows.

    :param left_ms: until it changes.
    :param next: what follows, each with its duration.
    """

    light: Light
    left_ms: int
    next: tuple[tuple[Light, float], ...]


class Plan:
    """The plan of one crossing.

    :raises ConfigError: for a cycle that has no place for the stages, or is longer than any.
    """

    def __init__(self, cycle_s: float = CYCLE_S) -> None:
        if not CYCLE_S_MIN <= cycle_s <= CYCLE_S_MAX:
            raise ConfigError(f"cycle of {cycle_s:g} s: must be {CYCLE_S_MIN:g}..{CYCLE_S_MAX:g}")
        self.cycle_ms = round(cycle_s * 1_000)
        self._begins: list[tuple[int, int]] = []
        """Of each stage: when it begins, and how long it is green, milliseconds of the cycle."""
        pauses_ms = round((YELLOW_S + ALL_RED_S) * 1_000)
        green_ms, at_ms = self.cycle_ms - len(STAGES) * pauses_ms, 0
        for _, share in STAGES:
            self._begins.append((at_ms, round(green_ms * share)))
            at_ms += round(green_ms * share) + pauses_ms

    def shown(self, group: int, time_ns: int) -> Shown:
        """What a group shows at a moment."""
        stage = next(number for number, (groups, _) in enumerate(STAGES) if group in groups)
        begin_ms, green_ms = self._begins[stage]
        yellow_ms = round(YELLOW_S * 1_000)
        red_ms = self.cycle_ms - green_ms - yellow_ms
        since_ms = (time_ns // MILLISECOND_NS - begin_ms) % self.cycle_ms
        green: tuple[Light, float] = ("green", green_ms / 1_000)
        yellow: tuple[Light, float] = ("yellow", yellow_ms / 1_000)
        red: tuple[Light, float] = ("red", red_ms / 1_000)
        if since_ms < green_ms:
            return Shown("green", green_ms - since_ms, (yellow, red))
        if since_ms < green_ms + yellow_ms:
            return Shown("yellow", green_ms + yellow_ms - since_ms, (red, green))
        return Shown("red", self.cycle_ms - since_ms, (green, yellow))

    def stage(self, time_ns: int) -> tuple[int, int]:
        """The running stage, from 1, and milliseconds that are left of its green; 0 while it changes."""
        at_ms = time_ns // MILLISECOND_NS % self.cycle_ms
        for number, (begin_ms, green_ms) in reversed(list(enumerate(self._begins, 1))):
            if at_ms >= begin_ms:
                return number, max(begin_ms + green_ms - at_ms, 0)
        return 1, 0

    def report(self, time_ns: int, region: int, intersection: int) -> SignalReport:
        """What a controller that knows its plan would report."""
        phases = []
        for group in GROUPS:
            shown = self.shown(group, time_ns)
            phases.append(Phase(id=group, light=shown.light, likely_end_s=shown.left_ms / 1_000, next=list(shown.next)))
        return SignalReport(
            controller="plan", time_ns=time_ns, region=region, intersection=intersection, mode="fixed", phases=phases
        )


def whole_seconds(left_ms: int) -> int:
    """As a countdown shows it: the last second is 1."""
    return -(-left_ms * MILLISECOND_NS // SECOND_NS)
