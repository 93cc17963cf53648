"""Neutral signal reports: what any signal controller says of its lamps, before it is SPAT of one standard.

A controller's source gives one as a record with ``content="signals"``, whose octets are the report in JSON, so that it is
stored and replayed like everything else; :mod:`rsu.compose.spat` makes SPAT of it.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

Light = Literal[
    "unavailable",
    "dark",
    "flashing-red",
    "red",
    "red-yellow",
    "flashing-yellow",
    "yellow",
    "flashing-green",
    "green",
    "permissive-green",
]
Seconds = Annotated[float, Meta(ge=0, le=36_000)]


class Phase(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """One phase (signal group) and its lamp now.

    :param id: phaseId of T/CSAE 53, signalGroup of J2735.
    :param light: what the lamp shows.
    :param min_end_s, likely_end_s, max_end_s: until it changes, seconds after the report; None where nothing says it.
    :param constant: it does not change (likelyEnd 36000).
    :param next: what is shown after that, with its duration, as far as it is known.
    """

    id: Annotated[int, Meta(ge=0, le=255)]
    light: Light
    min_end_s: Seconds | None = None
    likely_end_s: Seconds | None = None
    max_end_s: Seconds | None = None
    constant: bool = False
    next: list[tuple[Light, Seconds]] = []


class SignalReport(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """What a controller reported.

    :param time_ns: the moment that the ends count from, UTC.
    :param region, intersection: the intersection id of SPAT and MAP.
    :param standard: of the SPAT to be broadcast.
    :param period_ms: how often it is to be broadcast; 0: only now.
    :param mode: ``fixed``, ``actuated``, ``manual``, ``flashing``, ``off``, ``failure`` or empty.
    """

    controller: str
    time_ns: Annotated[int, Meta(ge=0)]
    region: Annotated[int, Meta(ge=0, le=65_535)] = 0
    intersection: Annotated[int, Meta(ge=0, le=65_535)]
    standard: str = ""
    period_ms: Annotated[int, Meta(ge=0, le=10_000)] = 0
    mode: Literal["", "fixed", "actuated", "manual", "flashing", "off", "failure"] = ""
    phases: Annotated[list[Phase], Meta(max_length=255)]
