"""The signal plan: fixed time, four stages, two groups green in each; what a group shows and until when.

Groups 1..8: north through, north left, east through, east left, south …, west left. Right turns go with
through.
"""

from __future__ import annotations

from typing import NamedTuple

from .roads import LEGS

# (groups that are green, seconds of green); each stage ends with yellow, then everybody waits.
STAGES = (((1, 5), 18.0), ((2, 6), 9.0), ((3, 7), 18.0), ((4, 8), 9.0))
YELLOW_S = 3.0
ALL_RED_S = 2.0
CYCLE_S = sum(green + YELLOW_S + ALL_RED_S for _, green in STAGES)
OFFSET_S = 8.0
"""Where in the cycle the scene begins."""

GROUPS = tuple(range(1, 9))


class Light(NamedTuple):
    """What a group shows, from and until when, in seconds from now."""

    colour: str
    starts_in_s: float
    ends_in_s: float


def group_of(leg: str, turn: str) -> int:
    """The signal group that lets somebody turn that way."""
    return 2 * LEGS.index(leg) + (2 if turn == "left" else 1)


def _green_begins() -> dict[int, tuple[float, float]]:
    """Group → (second of the cycle at which it turns green, seconds of green)."""
    begins: dict[int, tuple[float, float]] = {}
    now = 0.0
    for groups, green in STAGES:
        begins |= dict.fromkeys(groups, (now, green))
        now += green + YELLOW_S + ALL_RED_S
    return begins


GREEN_BEGINS = _green_begins()


def lights(group: int, time_s: float) -> tuple[Light, Light, Light]:
    """What the group shows now, and the two lights that follow, at `time_s` of the scene."""
    begin, green = GREEN_BEGINS[group]
    since_green = (time_s + OFFSET_S - begin) % CYCLE_S
    spans = (("green", green), ("yellow", YELLOW_S), ("red", CYCLE_S - green - YELLOW_S))
    shown, end = 0, spans[0][1]
    while since_green >= end:
        shown += 1
        end += spans[shown][1]
    result, start = [], 0.0
    until = end - since_green
    for step in range(3):
        colour, lasts = spans[(shown + step) % 3]
        until = until if step == 0 else start + lasts
        result.append(Light(colour, start, until))
        start = until
    return result[0], result[1], result[2]
