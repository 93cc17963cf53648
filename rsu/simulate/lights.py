"""What the own crossing's lights show and will show, from SUMO's fixed program, as a neutral signal report."""

from __future__ import annotations

from rsu.signals import Light, Phase, SignalReport
from rsu.simulate.base import MILLISECOND_NS
from rsu.simulate.geometry import Crossing

LIGHTS: dict[str, Light] = {
    "G": "green",
    "g": "permissive-green",
    "y": "yellow",
    "r": "red",
    "u": "red-yellow",
    "o": "flashing-yellow",
    "O": "dark",
}
NEXT_MAX = 3
"""Lights told after the present one: one more than a cycle of green, yellow and red needs."""

Span = tuple[str, int]
"""A letter of SUMO, and for how many milliseconds it is shown."""


class Lights:
    """The program of one crossing.

    :param begin_ns: when SUMO's clock was zero, UTC.
    """

    def __init__(self, crossing: Crossing, begin_ns: int) -> None:
        self._begin_ns = begin_ns
        self.groups = len(crossing.phases[0].letters) if crossing.phases else 0
        self._cycle_ms = sum(phase.lasts_ms for phase in crossing.phases)
        self._spans = [
            merged([(phase.letters[group], phase.lasts_ms) for phase in crossing.phases]) for group in range(self.groups)
        ]

    def shown(self, group: int, time_ns: int) -> tuple[Span, list[Span]]:
        """What a group (from 1) shows and how much is left of it, then what follows."""
        spans = self._spans[group - 1]
        at_ms = (time_ns - self._begin_ns) // MILLISECOND_NS % self._cycle_ms
        index = 0
        while at_ms >= spans[index][1]:
            at_ms -= spans[index][1]
            index += 1
        letter, lasts_ms = spans[index]
        left_ms = lasts_ms - at_ms
        following = [spans[(index + step) % len(spans)] for step in range(1, min(len(spans), NEXT_MAX + 1))]
        if index == len(spans) - 1 and len(spans) > 1 and spans[0][0] == letter:  # it goes on over the end of the cycle
            left_ms += spans[0][1]
            following = following[1:]
        return (letter, left_ms), following

    def report(self, time_ns: int, region: int, intersection: int) -> SignalReport:
        """All groups at a moment."""
        phases = []
        for group in range(1, self.groups + 1):
            (letter, left_ms), following = self.shown(group, time_ns)
            constant = len(self._spans[group - 1]) == 1
            phases.append(
                Phase(
                    id=group,
                    light=LIGHTS[letter],
                    likely_end_s=None if constant else left_ms / 1_000,
                    constant=constant,
                    next=[(LIGHTS[after], lasts_ms / 1_000) for after, lasts_ms in following],
                )
            )
        return SignalReport(
            controller="sumo", time_ns=time_ns, region=region, intersection=intersection, mode="fixed", phases=phases
        )


def merged(spans: list[Span]) -> list[Span]:
    """Neighbours that show the same become one."""
    result: list[Span] = []
    for letter, lasts_ms in spans:
        if result and result[-1][0] == letter:
            result[-1] = (letter, result[-1][1] + lasts_ms)
        else:
            result.append((letter, lasts_ms))
    return result
