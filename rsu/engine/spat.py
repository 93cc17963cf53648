"""SPAT for the air out of a signal report: encoded, with service, priority and how long it holds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from rsu.compose.spat import Timing, spat_value
from rsu.errors import ConfigError
from rsu.outgoing import Broadcast
from rsu.signals import SignalReport
from rsu.standards import STANDARDS, parse_standard_name

TYPE = "SPAT"
PRIORITY = 176
"""Of SPAT in the table of T/CSAE 53; North America gives none, and takes the same order."""
HOLD_NS = 1_000_000_000
"""A change must be shown within 1 s (T/CSAE 53): without a newer report the message is not repeated for longer."""


class Encoder(Protocol):
    """What is needed of a :class:`rsu.schema.Schema`."""

    def encode(self, type_name: str, value: Any, /) -> bytes: ...


def spat_broadcast(
    report: SignalReport,
    schemas: Mapping[str, Encoder],
    now_ns: int,
    msg_cnt: int,
    *,
    standard: str = "",
    timing: Timing = "counting",
) -> Broadcast:
    """The message of a report.

    :param schemas: standard name → schema.
    :param standard: where the report does not say one.
    :raises ConfigError: where nothing says the standard, it is not loaded, or has no place for so many phases.
    """
    name = report.standard or standard
    if not name:
        raise ConfigError(f"controller {report.controller}: no standard for its SPAT: give it, or the unit's, in rsu.toml")
    if name not in schemas:
        raise ConfigError(f"controller {report.controller}: standard {name!r} is not loaded")
    row = next(message for message in STANDARDS[parse_standard_name(name)[0]].messages if message.name == TYPE)
    return Broadcast(
        standard=name,
        type=TYPE,
        payload=schemas[name].encode("MessageFrame", spat_value(report, name, now_ns, msg_cnt, timing)),
        aid=row.aids[0],
        priority=PRIORITY,
        key=f"spat/{report.region}/{report.intersection}/{name}",
        period_ms=report.period_ms,
        until_ns=max(report.time_ns, now_ns) + HOLD_NS if report.period_ms else 0,
    )
