"""What fusion counts."""

from __future__ import annotations

import msgspec


class Counters(msgspec.Struct):
    """What fusion has done since it began."""

    taken: int = 0
    shifted: int = 0
    worked_again: int = 0
    beyond_ring: int = 0
    unbound: int = 0
    jumped: int = 0
    rebound: int = 0
    resumed: int = 0
    misled: int = 0
    ambiguous: int = 0
    born: int = 0
    no_room: int = 0
    confirmed: int = 0
    gone: int = 0
    merged: int = 0
    shared_used: int = 0
    shared_dropped: int = 0


class Refused(msgspec.Struct):
    """How many observations were not taken, and why."""

    over: int = 0
    implausible: int = 0
    own: int = 0
    late: int = 0
    ahead: int = 0
    again: int = 0
