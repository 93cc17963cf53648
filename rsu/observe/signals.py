"""SPAT of both standards as phases with absolute times: :func:`signals`.

A TimeMark counts tenths of a second: down from the moment of the state (T/CSAE 53, counting), or within the hour (T/CSAE 53,
UTC timing; J2735 DE_TimeMark). A mark within the hour is read so:

1. An end lies ahead: it is in the hour that puts it at or after the moment of the state, less ``past_s``: controllers leave
   marks standing that have passed, and read as the next hour's they would promise an hour of green.
2. A least end may have passed long ago while the light goes on: one that comes out ahead, and behind the likely or the
   latest end, is in the hour before.
3. The light that is on has begun: its start is the latest one up to the moment of the state. Others begin ahead, as in 1.
4. Codes: T/CSAE 53 36000, the light stays (:attr:`LightState.constant`); 36001, and J2735 36010 … 36111, nothing is said. J2735
   36000 … 36009 are the leap second behind the hour.

The moment of the state is the intersection's own, where it has one, else the message's, else the receive time. A minute without
its milliseconds leaves the receive time, where that is in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from rsu.observe.bits import words
from rsu.observe.times import MILLISECOND_NS, MINUTE_NS, TimeSource, event_time
from rsu.signals import Light

TENTH_NS = 100 * MILLISECOND_NS
TENTHS_OF_AN_HOUR = 36_000
HOUR_NS = TENTHS_OF_AN_HOUR * TENTH_NS
CSAE_CONSTANT, CSAE_UNAVAILABLE, SAE_LAST = 36_000, 36_001, 36_009
"""Codes of TimeMark, as units.toml has them (a test compares)."""

#: LightState of T/CSAE 53 → our word.
CSAE_LIGHTS: Mapping[str, Light] = {
    "unavailable": "unavailable",
    "dark": "dark",
    "flashing-red": "flashing-red",
    "red": "red",
    "flashing-green": "flashing-green",
    "permissive-green": "permissive-green",
    "protected-green": "green",
    "yellow": "yellow",
    "flashing-yellow": "flashing-yellow",
}
#: MovementPhaseState of J2735 → our word.
SAE_LIGHTS: Mapping[str, Light] = {
    "unavailable": "unavailable",
    "dark": "dark",
    "stop-Then-Proceed": "flashing-red",
    "stop-And-Remain": "red",
    "pre-Movement": "red-yellow",
    "permissive-Movement-Allowed": "permissive-green",
    "protected-Movement-Allowed": "green",
    "permissive-clearance": "yellow",
    "protected-clearance": "yellow",
    "caution-Conflicting-Traffic": "flashing-yellow",
}
#: Bits of IntersectionStatusObject, the same in both standards.
STATUS = (
    "manual",
    "stop-time",
    "failure-flash",
    "preempt",
    "priority",
    "fixed",
    "actuated",
    "standby",
    "failure",
    "off",
    "map-updated",
    "map-lanes-changed",
    "no-map",
    "no-spat",
)
#: TimeIntervalConfidence of J2735: the probability that each code stands for (a test compares with units.toml).
PROBABILITIES = (0.21, 0.36, 0.47, 0.56, 0.62, 0.68, 0.73, 0.77, 0.81, 0.85, 0.88, 0.91, 0.94, 0.96, 0.98, 1.0)
CSAE_PROBABILITY = 0.005
"""Confidence of T/CSAE 53, 0.5 %."""


class Parameters(msgspec.Struct, frozen=True):
    """Limits.

    :param past_s: how long ago an end within the hour may be and still be this hour's.
    """

    past_s: float = 600.0  # published SPAT carry marks 223 s old; ends more than 50 min ahead, which nobody counts to, are lost


DEFAULTS = Parameters()


class LightState(msgspec.Struct, frozen=True):
    """One light of a phase; times in nanoseconds UTC, None where nothing is said.

    :param start_ns: None for a light that is on, unless the message says when it began.
    :param constant: it does not change.
    :param confidence: of the likely end, 0 … 1.
    :param next_start_ns, next_end_ns: when the same light comes again, and ends.
    """

    light: Light
    start_ns: int | None = None
    min_end_ns: int | None = None
    likely_end_ns: int | None = None
    max_end_ns: int | None = None
    constant: bool = False
    confidence: float | None = None
    next_start_ns: int | None = None
    next_end_ns: int | None = None


class PhaseState(msgspec.Struct, frozen=True):
    """A phase (signal group).

    :param states: the light that is on, then those that follow.
    """

    id: int
    states: tuple[LightState, ...]


class IntersectionSignals(msgspec.Struct, frozen=True):
    """The signals of one intersection.

    :param time_ns: the moment of the state, UTC; ``time_source`` as in :mod:`rsu.observe.times`.
    :param status: words of :data:`STATUS`.
    :param enabled_lanes: revocable lanes that are open now (J2735).
    """

    region: int | None
    intersection: int
    time_ns: int
    time_source: TimeSource
    receive_time_ns: int
    status: tuple[str, ...]
    phases: tuple[PhaseState, ...]
    enabled_lanes: tuple[int, ...] = ()


def signals(
    standard: str, value: dict[str, Any], receive_time_ns: int, parameters: Parameters = DEFAULTS
) -> tuple[IntersectionSignals, ...]:
    """The intersections of a decoded SPAT.

    :param standard: a name as :func:`rsu.load_schema` takes it.
    """
    read = _sae_intersection if standard.partition("?")[0] == "sae-j2735" else _csae_intersection
    past_ns = round(parameters.past_s * 1_000) * MILLISECOND_NS
    return tuple(read(one, value, receive_time_ns, past_ns) for one in value["intersections"])


def _csae_intersection(one: dict[str, Any], message: dict[str, Any], receive_time_ns: int, past_ns: int) -> IntersectionSignals:
    told = one if "timeStamp" in one or "moy" in one else message
    now_ns, source = _moment(receive_time_ns, told.get("moy"), told.get("timeStamp"))
    phases = tuple(
        PhaseState(
            phase["id"], tuple(_csae_light(state, not at, now_ns, past_ns) for at, state in enumerate(phase["phaseStates"]))
        )
        for phase in one["phases"]
    )
    place = one["intersectionId"]
    return IntersectionSignals(
        place.get("region"), place["id"], now_ns, source, receive_time_ns, words(one["status"], STATUS), phases
    )


def _csae_light(state: dict[str, Any], is_on: bool, now_ns: int, past_ns: int) -> LightState:
    light = CSAE_LIGHTS.get(state["light"], "unavailable")
    kind, marks = state.get("timing", ("", {}))
    if kind == "counting":
        return _counting(light, marks, is_on, now_ns)
    return _utc(light, marks, is_on, now_ns, past_ns) if kind == "utcTiming" else LightState(light)


def _counting(light: Light, marks: dict[str, int], is_on: bool, now_ns: int) -> LightState:
    """TimeCountingDown: 0 is the start of a light that is on."""

    def at(name: str) -> int | None:
        mark = marks.get(name, CSAE_UNAVAILABLE)
        return now_ns + mark * TENTH_NS if mark < CSAE_CONSTANT else None

    start_ns, next_ns = at("startTime"), at("nextStartTime")
    lasts = marks.get("nextDuration", CSAE_UNAVAILABLE)
    return LightState(
        light,
        None if is_on and start_ns == now_ns else start_ns,
        at("minEndTime"),
        at("likelyEndTime"),
        at("maxEndTime"),
        marks["likelyEndTime"] == CSAE_CONSTANT,
        _csae_confidence(marks),
        next_ns,
        None if next_ns is None or lasts >= CSAE_CONSTANT else next_ns + lasts * TENTH_NS,
    )


def _utc(light: Light, marks: dict[str, int], is_on: bool, now_ns: int, past_ns: int) -> LightState:
    """UTCTiming."""

    def mark(name: str) -> int | None:
        code = marks.get(name, CSAE_UNAVAILABLE)
        return code if code < CSAE_CONSTANT else None

    start_ns = _start(mark("startUTCTime"), is_on, now_ns, past_ns)
    low, likely, high = _ends((mark("minEndUTCTime"), mark("likelyEndUTCTime"), mark("maxEndUTCTime")), now_ns, past_ns)
    next_ns = _ahead(mark("nextStartUTCTime"), now_ns, past_ns)
    after = None if next_ns is None else _ahead(mark("nextEndUTCTime"), next_ns, 0)
    constant = marks["likelyEndUTCTime"] == CSAE_CONSTANT
    return LightState(light, start_ns, low, likely, high, constant, _csae_confidence(marks), next_ns, after)


def _csae_confidence(marks: dict[str, int]) -> float | None:
    return marks["timeConfidence"] * CSAE_PROBABILITY if "timeConfidence" in marks else None


def _sae_intersection(one: dict[str, Any], message: dict[str, Any], receive_time_ns: int, past_ns: int) -> IntersectionSignals:
    minute = one.get("moy", message.get("timeStamp"))
    now_ns, source = _moment(receive_time_ns, minute, one.get("timeStamp"))
    phases = tuple(
        PhaseState(
            movement["signalGroup"],
            tuple(_sae_light(event, not at, now_ns, past_ns) for at, event in enumerate(movement["state-time-speed"])),
        )
        for movement in one["states"]
    )
    place, lanes = one["id"], tuple(one.get("enabledLanes", ()))
    status = words(one["status"], STATUS)
    return IntersectionSignals(place.get("region"), place["id"], now_ns, source, receive_time_ns, status, phases, lanes)


def _sae_light(event: dict[str, Any], is_on: bool, now_ns: int, past_ns: int) -> LightState:
    light = SAE_LIGHTS.get(event["eventState"], "unavailable")
    marks: dict[str, int] | None = event.get("timing")
    if marks is None:
        return LightState(light)

    def mark(name: str) -> int | None:
        code = marks.get(name, SAE_LAST + 1)
        return code if code <= SAE_LAST else None

    start_ns = _start(mark("startTime"), is_on, now_ns, past_ns)
    low, likely, high = _ends((mark("minEndTime"), mark("likelyTime"), mark("maxEndTime")), now_ns, past_ns)
    confidence = PROBABILITIES[marks["confidence"]] if "confidence" in marks else None
    next_ns = _ahead(mark("nextTime"), now_ns, past_ns)
    return LightState(light, start_ns, low, likely, high, False, confidence, next_ns)


def _moment(receive_time_ns: int, minute: int | None, second: int | None) -> tuple[int, TimeSource]:
    """Of the state."""
    time_ns, source = event_time(receive_time_ns, minute, second)
    if second is None and time_ns <= receive_time_ns < time_ns + MINUTE_NS:
        return receive_time_ns, source
    return time_ns, source


def _start(mark: int | None, is_on: bool, now_ns: int, past_ns: int) -> int | None:
    """Rule 3."""
    if mark is None or not is_on:
        return _ahead(mark, now_ns, past_ns)
    # the moment itself counts as begun, and so does the tenth that it was rounded up to
    return _ahead(mark, now_ns - HOUR_NS + TENTH_NS, 0)


def _ends(marks: tuple[int | None, int | None, int | None], now_ns: int, past_ns: int) -> tuple[int | None, ...]:
    """The least, likely and latest end; rules 1 and 2."""
    low, likely, high = (_ahead(mark, now_ns, past_ns) for mark in marks)
    bounds = [end for end in (likely, high) if end is not None]
    if low is not None and bounds and low > max(min(bounds), now_ns):
        low -= HOUR_NS
    return low, likely, high


def _ahead(mark: int | None, now_ns: int, past_ns: int) -> int | None:
    """The first moment at or after ``now_ns - past_ns`` that is so many tenths within an hour."""
    if mark is None:
        return None
    first_ns = now_ns - past_ns
    return first_ns + (mark * TENTH_NS - first_ns) % HOUR_NS
