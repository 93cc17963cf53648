"""SPAT out of a neutral signal report: :func:`spat_value` gives the MessageFrame of any built-in standard.

A report says how long each light lasts, counted from its own moment. A message says it in TimeMarks (tenths of a second):

=====================  ====================================================================================
T/CSAE 53, 157         counting down from the moment of the message, or UTC timing, within the hour
SAE J2735              within the hour: the current one, or the next when the number has passed already
=====================  ====================================================================================

The rules, T/CSAE 53 chapter on SPAT and J2735 DE_TimeMark:

1. An end that has passed while no newer report came is now: as a number of the hour it would be read an hour late.
2. Fixed time: earliest, latest and likely end are equal. A light that does not change has the likely end 36000.
3. An end of which nothing is known is left out where it may be, and the code for "unavailable" where it may not; where nothing
   at all is known there is no timing.
4. A light of which a standard has no word is the more careful one beside it (:data:`CSAE_LIGHTS`, :data:`SAE_LIGHTS`).
5. The moment of the state, minute of the year and milliseconds, always goes with it.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

from rsu.compose.moments import SECOND_NS, TENTH_NS, d_second, minute_of_the_year, tenths_of_the_hour
from rsu.errors import ConfigError
from rsu.signals import Light, Phase, SignalReport
from rsu.standards import STANDARDS, parse_standard_name

Timing = Literal["counting", "utc"]

# Codes of TimeMark, as units.toml has them (a test compares).
CSAE_CONSTANT, CSAE_UNAVAILABLE, SAE_UNAVAILABLE = 36_000, 36_001, 36_111
HOUR_NS = 3_600 * SECOND_NS
CSAE_PHASES_MAX, SAE_PHASES_MAX, STATES_MAX = 16, 255, 16
MSG_CNT = 128
STATUS_BITS = 16

CSAE_LIGHTS: Mapping[Light, str] = MappingProxyType(
    {
        "unavailable": "unavailable",
        "dark": "dark",
        "flashing-red": "flashing-red",
        "red": "red",
        "red-yellow": "red",
        "flashing-yellow": "flashing-yellow",
        "yellow": "yellow",
        "flashing-green": "flashing-green",
        "green": "protected-green",
        "permissive-green": "permissive-green",
    }
)
SAE_LIGHTS: Mapping[Light, str] = MappingProxyType(
    {
        "unavailable": "unavailable",
        "dark": "dark",
        "flashing-red": "stop-Then-Proceed",
        "red": "stop-And-Remain",
        "red-yellow": "pre-Movement",
        "flashing-yellow": "caution-Conflicting-Traffic",
        "yellow": "protected-clearance",
        "flashing-green": "protected-Movement-Allowed",
        "green": "protected-Movement-Allowed",
        "permissive-green": "permissive-Movement-Allowed",
    }
)
#: Mode of a report → bit of IntersectionStatusObject, the same in both standards.
STATUS: Mapping[str, int] = MappingProxyType({"manual": 0, "fixed": 5, "actuated": 6, "flashing": 7, "failure": 8, "off": 9})


class _Ends(NamedTuple):
    """When one light begins and ends, nanoseconds UTC; None where nothing says it."""

    start_ns: int | None
    min_ns: int | None
    likely_ns: int | None
    max_ns: int | None
    constant: bool = False

    @property
    def known(self) -> bool:
        return self.constant or (self.min_ns, self.likely_ns, self.max_ns) != (None, None, None)


class _State(NamedTuple):
    light: Light
    ends: _Ends


def spat_value(report: SignalReport, standard: str, now_ns: int, msg_cnt: int, timing: Timing = "counting") -> Any:
    """The MessageFrame of a report.

    :param standard: ``csae-53``, ``csae-157`` or ``sae-j2735``, an edition patch may follow.
    :param now_ns: the moment of the message, UTC.
    :param msg_cnt: counted by the caller, one for each intersection; taken modulo 128.
    :param timing: how T/CSAE 53 is to say the times; J2735 has one way only.
    :raises ConfigError: for a standard that is not known, or more phases than its SPAT has place for.
    """
    name = parse_standard_name(standard)[0]
    american = STANDARDS[name].header == "wsmp"
    most = SAE_PHASES_MAX if american else CSAE_PHASES_MAX
    if not 1 <= len(report.phases) <= most:
        raise ConfigError(
            f"controller {report.controller}: {len(report.phases)} phases: SPAT of {name} has 1..{most};"
            " name the ones to be sent in its table phases"
        )
    place = {"region": report.region} if report.region else {}
    place["id"] = report.intersection
    if american:
        return _sae(report, place, now_ns, msg_cnt % MSG_CNT)
    return _csae(report, place, now_ns, msg_cnt % MSG_CNT, timing)


def _csae(report: SignalReport, place: dict[str, int], now_ns: int, msg_cnt: int, timing: Timing) -> Any:
    minute, second = minute_of_the_year(now_ns), d_second(now_ns)
    state = {
        "intersectionId": place,
        "status": _status(report),
        "moy": minute,
        "timeStamp": second,
        "phases": [_csae_phase(phase, report, now_ns, timing) for phase in report.phases],
    }
    head = {"msgCnt": msg_cnt, "moy": minute, "timeStamp": second}
    return ("spatFrame", {**head, "intersections": [state]})


def _sae(report: SignalReport, place: dict[str, int], now_ns: int, msg_cnt: int) -> Any:
    minute = minute_of_the_year(now_ns)
    state = {
        "id": place,
        "revision": msg_cnt,
        "status": _status(report),
        "moy": minute,
        "timeStamp": d_second(now_ns),
        "states": [_sae_movement(phase, report, now_ns) for phase in report.phases],
    }
    return {"messageId": 19, "value": ("SPAT", {"timeStamp": minute, "intersections": [state]})}


def _status(report: SignalReport) -> tuple[bytes, int]:
    bit = STATUS.get(report.mode)
    number = 0 if bit is None else 1 << STATUS_BITS - 1 - bit
    return number.to_bytes(2, "big"), STATUS_BITS


def _states(phase: Phase, report: SignalReport) -> list[_State]:
    """What a phase shows now and next, with absolute times."""
    fixed = report.mode == "fixed"
    now = _ends_now(phase, report.time_ns, fixed)
    states = [_State(phase.light, now)]
    start_ns = now.likely_ns
    for light, lasts_s in phase.next[: STATES_MAX - 1]:
        end_ns = None if start_ns is None else start_ns + _ns(lasts_s)
        states.append(_State(light, _Ends(start_ns, end_ns if fixed else None, end_ns, end_ns if fixed else None)))
        start_ns = end_ns
    return states


def _ends_now(phase: Phase, time_ns: int, fixed: bool) -> _Ends:
    if phase.constant:
        return _Ends(None, None, None, None, constant=True)
    low, likely, high = (
        None if seconds is None else time_ns + _ns(seconds)
        for seconds in (phase.min_end_s, phase.likely_end_s, phase.max_end_s)
    )
    if likely is None and low is not None and low == high:
        likely = low
    if fixed and likely is not None:
        low = high = likely
    return _Ends(None, low, likely, high)


def _ns(seconds: float) -> int:
    return round(seconds * 1_000) * (SECOND_NS // 1_000)


def _csae_phase(phase: Phase, report: SignalReport, now_ns: int, timing: Timing) -> dict[str, Any]:
    states = [_csae_state(state, now_ns, timing) for state in _states(phase, report)]
    return {"id": phase.id, "phaseStates": states}


def _csae_state(state: _State, now_ns: int, timing: Timing) -> dict[str, Any]:
    value: dict[str, Any] = {"light": CSAE_LIGHTS[state.light]}
    if state.ends.known:
        value["timing"] = _counting(state.ends, now_ns) if timing == "counting" else _utc(state.ends, now_ns)
    return value


def _counting(ends: _Ends, now_ns: int) -> tuple[str, dict[str, int]]:
    marks = {"startTime": 0 if ends.start_ns is None else _from_now(ends.start_ns, now_ns)}
    if ends.min_ns is not None:
        marks["minEndTime"] = _from_now(ends.min_ns, now_ns)
    if ends.max_ns is not None:
        marks["maxEndTime"] = _from_now(ends.max_ns, now_ns)
    marks["likelyEndTime"] = CSAE_CONSTANT if ends.constant else _from_now(ends.likely_ns, now_ns)
    return "counting", marks


def _utc(ends: _Ends, now_ns: int) -> tuple[str, dict[str, int]]:
    # a light that is on has begun at a time that no report tells
    def mark(end_ns: int | None) -> int:
        return _in_hour(end_ns, now_ns, CSAE_UNAVAILABLE, CSAE_CONSTANT)

    marks = {"startUTCTime": mark(ends.start_ns)}
    if ends.min_ns is not None:
        marks["minEndUTCTime"] = mark(ends.min_ns)
    if ends.max_ns is not None:
        marks["maxEndUTCTime"] = mark(ends.max_ns)
    marks["likelyEndUTCTime"] = CSAE_CONSTANT if ends.constant else mark(ends.likely_ns)
    return "utcTiming", marks


def _from_now(end_ns: int | None, now_ns: int) -> int:
    """Tenths of a second until then, to the nearest one; 36000 is an hour or more."""
    if end_ns is None:
        return CSAE_UNAVAILABLE
    return min(max((end_ns - now_ns + TENTH_NS // 2) // TENTH_NS, 0), CSAE_CONSTANT)


def _in_hour(end_ns: int | None, now_ns: int, unavailable: int, beyond: int) -> int:
    """The nearest tenth within its hour, and never one that has passed.

    :param beyond: the code for an hour ahead or more, which cannot be told so.
    """
    if end_ns is None:
        return unavailable
    if end_ns - now_ns >= HOUR_NS - TENTH_NS:
        return beyond
    first_ns = -(-now_ns // TENTH_NS) * TENTH_NS
    return tenths_of_the_hour(max(end_ns, first_ns))


def _sae_movement(phase: Phase, report: SignalReport, now_ns: int) -> dict[str, Any]:
    events = [_sae_event(state, now_ns) for state in _states(phase, report)]
    return {"signalGroup": phase.id, "state-time-speed": events}


def _sae_event(state: _State, now_ns: int) -> dict[str, Any]:
    event: dict[str, Any] = {"eventState": SAE_LIGHTS[state.light]}
    ends = state.ends
    if not ends.known or ends.constant:  # J2735 has no mark for a light that stays: no end is said
        return event

    def mark(end_ns: int | None) -> int:
        return _in_hour(end_ns, now_ns, SAE_UNAVAILABLE, SAE_UNAVAILABLE)

    marks: dict[str, int] = {}
    if ends.start_ns is not None:
        marks["startTime"] = mark(ends.start_ns)
    marks["minEndTime"] = mark(ends.min_ns)
    if ends.max_ns is not None:
        marks["maxEndTime"] = mark(ends.max_ns)
    if ends.likely_ns is not None:
        marks["likelyTime"] = mark(ends.likely_ns)
    return {**event, "timing": marks}
