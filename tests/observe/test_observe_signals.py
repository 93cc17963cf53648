"""SPAT read back: what compose wrote comes out again, and marks of the hour land in the right hour."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import rsu
from rsu.compose.spat import CSAE_LIGHTS as COMPOSED_CSAE
from rsu.compose.spat import SAE_LIGHTS as COMPOSED_SAE
from rsu.compose.spat import STATUS as COMPOSED_STATUS
from rsu.compose.spat import spat_value
from rsu.observe.signals import (
    CSAE_CONSTANT,
    CSAE_LIGHTS,
    CSAE_PROBABILITY,
    CSAE_UNAVAILABLE,
    PROBABILITIES,
    SAE_LAST,
    SAE_LIGHTS,
    STATUS,
    IntersectionSignals,
    LightState,
    Parameters,
    signals,
)
from rsu.signals import Phase, SignalReport
from rsu.standards import STANDARDS, message_type
from rsu.units import load_units

TENTH_NS, SECOND_NS, HOUR_NS = 100_000_000, 1_000_000_000, 3_600_000_000_000
NOW_NS = 1_700_000_000_000_000_000  # 2023-11-14 22:13:20 UTC: 800 s into its hour
HOUR_NS_OF_NOW = NOW_NS - 800 * SECOND_NS
WAYS = [("csae-53", "counting"), ("csae-157", "utc"), ("sae-j2735", "utc")]
ENDS_TENTHS = st.lists(st.integers(0, 29_990), min_size=3, max_size=3).map(sorted)
"""Least, likely and latest end: up to 2,999 s, past which a mark of the hour is one of the past."""


def read(standard: str, timing: str, report: SignalReport, now_ns: int) -> IntersectionSignals:
    """Composed, encoded, decoded and observed."""
    value = spat_value(report, standard, now_ns, 1, "counting" if timing == "counting" else "utc")
    schema = rsu.load_schema(standard)
    type_name, decoded = message_type(STANDARDS[standard], schema.decode("MessageFrame", schema.encode("MessageFrame", value)))
    assert type_name == "SPAT"
    (made,) = signals(standard, decoded, now_ns + 40_000_000)
    return made


def report(*phases: Phase, time_ns: int = NOW_NS, mode: Any = "actuated") -> SignalReport:
    return SignalReport(controller="c", time_ns=time_ns, region=500, intersection=101, mode=mode, phases=list(phases))


@settings(deadline=None)
@given(ENDS_TENTHS, st.sampled_from(WAYS), st.integers(0, 10 * 36_000))
def test_ends_come_back_to_the_tenth(ends: list[int], way: tuple[str, str], later_tenths: int) -> None:
    now_ns = NOW_NS + later_tenths * TENTH_NS
    low, likely, high = (tenths / 10 for tenths in ends)
    phase = Phase(id=3, light="green", min_end_s=low, likely_end_s=likely, max_end_s=high)
    made = read(*way, report(phase, time_ns=now_ns), now_ns)
    assert (made.region, made.intersection, made.time_ns, made.status) == (500, 101, now_ns, ("actuated",))
    (state,) = made.phases[0].states
    assert (made.phases[0].id, state.light, state.start_ns) == (3, "green", None)
    assert [state.min_end_ns, state.likely_end_ns, state.max_end_ns] == [now_ns + tenths * TENTH_NS for tenths in ends]


@settings(deadline=None)
@given(st.integers(0, 3_600_000), st.integers(0, 2_990_000), st.sampled_from(WAYS))
def test_ends_between_the_tenths_come_back_to_the_nearest(later_ms: int, end_ms: int, way: tuple[str, str]) -> None:
    now_ns = NOW_NS + later_ms * 1_000_000
    made = read(*way, report(Phase(id=1, light="red", likely_end_s=end_ms / 1_000), time_ns=now_ns), now_ns)
    end_ns = made.phases[0].states[0].likely_end_ns
    assert end_ns is not None
    # a mark of the hour is rounded up where the nearest one has passed
    assert abs(end_ns - (now_ns + end_ms * 1_000_000)) <= TENTH_NS


@pytest.mark.parametrize("way", WAYS, ids=str)
def test_what_follows_has_its_start(way: tuple[str, str]) -> None:
    phase = Phase(id=1, light="green", likely_end_s=12.0, next=[("yellow", 3.0), ("red", 40.0)])
    made = read(*way, report(phase, mode="fixed"), NOW_NS)
    states = made.phases[0].states
    assert [state.light for state in states] == ["green", "yellow", "red"]
    assert [state.start_ns for state in states] == [None, NOW_NS + 12 * SECOND_NS, NOW_NS + 15 * SECOND_NS]
    for state, end_s in zip(states, (12, 15, 55), strict=True):
        assert state.min_end_ns == state.likely_end_ns == state.max_end_ns == NOW_NS + end_s * SECOND_NS


@pytest.mark.parametrize("way", WAYS, ids=str)
def test_a_light_that_stays_has_no_end(way: tuple[str, str]) -> None:
    (state,) = read(*way, report(Phase(id=1, light="flashing-yellow", constant=True)), NOW_NS).phases[0].states
    assert state.likely_end_ns is None
    assert state.constant == way[0].startswith("csae")  # J2735 has no mark for it


@pytest.mark.parametrize("way", WAYS, ids=str)
def test_a_light_of_which_nothing_is_known_has_no_times(way: tuple[str, str]) -> None:
    (state,) = read(*way, report(Phase(id=1, light="dark")), NOW_NS).phases[0].states
    assert state == LightState("dark")


@pytest.mark.parametrize("light", COMPOSED_CSAE)
def test_each_light_of_either_standard_comes_back_as_the_same_or_the_more_careful(light: Any) -> None:
    assert COMPOSED_CSAE[CSAE_LIGHTS[COMPOSED_CSAE[light]]] == COMPOSED_CSAE[light]
    assert COMPOSED_SAE[SAE_LIGHTS[COMPOSED_SAE[light]]] == COMPOSED_SAE[light]


@pytest.mark.parametrize(
    ("standard", "path", "table"),
    [
        ("csae-53", ("intersections", "phases", "phaseStates", "light"), CSAE_LIGHTS),
        ("sae-j2735", ("intersections", "states", "state-time-speed", "eventState"), SAE_LIGHTS),
    ],
)
def test_every_light_of_the_schema_has_a_word(standard: str, path: tuple[str, ...], table: dict[str, str]) -> None:
    info = rsu.load_schema(standard).type_info("SPAT")
    for step in path:
        info = next(member.type for member in (info.element or info).members if member.name == step)
    assert set(table) == set(info.values)


def test_status_words_are_those_of_compose() -> None:
    assert {word: STATUS.index(word) for word in COMPOSED_STATUS if word != "flashing"} == {
        word: bit for word, bit in COMPOSED_STATUS.items() if word != "flashing"
    }
    assert STATUS[COMPOSED_STATUS["flashing"]] == "standby"


def test_codes_are_those_of_the_units_table() -> None:
    chinese, american = load_units("csae-53")["TimeMark"], load_units("sae-j2735")["SPAT.TimeMark"]
    assert chinese.unavailable == CSAE_UNAVAILABLE
    assert list(chinese.special) == [CSAE_CONSTANT]
    assert american.reserved == ((SAE_LAST + 1, 36_110),)
    assert chinese.scale == american.scale == 0.1
    assert load_units("csae-53")["Confidence"].scale / 100 == pytest.approx(CSAE_PROBABILITY)
    said = load_units("sae-j2735")["TimeIntervalConfidence"].special
    assert [said[code] for code in range(16)] == [f"{each * 100:.0f} %" for each in PROBABILITIES]


def sae(timing: dict[str, int] | None, now_s: float, parameters: Parameters | None = None) -> LightState:
    """The light of a J2735 SPAT made so many seconds into the hour of 2023-11-14 22:00."""
    made_ns = HOUR_NS_OF_NOW + round(now_s * 10) * TENTH_NS
    minute = (31 + 28 + 31 + 30 + 31 + 30 + 31 + 31 + 30 + 31 + 13) * 1_440 + 22 * 60 + int(now_s // 60)
    event: dict[str, Any] = {"eventState": "protected-Movement-Allowed"} | ({} if timing is None else {"timing": timing})
    state = {
        "id": {"id": 7},
        "revision": 1,
        "status": (b"\x00\x00", 16),
        "moy": minute,
        "timeStamp": round(now_s * 1_000) % 60_000,
        "states": [{"signalGroup": 2, "state-time-speed": [event]}],
    }
    (made,) = signals("sae-j2735", {"intersections": [state]}, made_ns, *([parameters] if parameters else []))
    assert made.time_ns == made_ns
    return made.phases[0].states[0]


def seconds(time_ns: int | None) -> float | None:
    """Into the hour of 22:00."""
    return None if time_ns is None else (time_ns - HOUR_NS_OF_NOW) / SECOND_NS


@pytest.mark.parametrize(
    ("now_s", "mark", "expected_s"),
    [
        (800, 9_000, 900),
        (3_590, 50, 3_605),  # the next hour
        (800, 8_000, 800),
        (1_000, 4_000, 400),  # ten minutes old: stays old
        (1_000, 3_999, 3_999.9),  # older than that is the next hour's
        (5, 35_990, -1),  # the hour before
        (3_599, 36_000, 3_600),  # the leap second lies behind the hour
        (3_599, 36_009, 3_600.9),
        (800, 36_010, None),
        (800, 36_110, None),
        (800, 36_111, None),
    ],
)
def test_a_mark_is_in_the_hour_that_puts_it_ahead(now_s: float, mark: int, expected_s: float | None) -> None:
    assert seconds(sae({"minEndTime": 36_111, "likelyTime": mark}, now_s).likely_end_ns) == expected_s


def test_how_old_a_mark_may_be_is_a_parameter() -> None:
    assert seconds(sae({"minEndTime": 9_990}, 1_000, Parameters(past_s=0)).min_end_ns) == 999 + 3_600


def test_a_least_end_that_passed_long_ago_stays_before_the_others() -> None:
    state = sae({"minEndTime": 1_000, "maxEndTime": 12_000}, 1_000)
    assert (seconds(state.min_end_ns), seconds(state.max_end_ns)) == (100, 1_200)


@pytest.mark.parametrize(("mark", "expected_s"), [(9_000, 900), (10_000, 1_000), (35_000, -100), (36_111, None)])
def test_a_light_that_is_on_has_begun(mark: int, expected_s: float | None) -> None:
    assert seconds(sae({"startTime": mark, "minEndTime": 36_111}, 1_000).start_ns) == expected_s


def test_confidence_and_the_next_time_are_read() -> None:
    state = sae({"minEndTime": 10_100, "confidence": 5, "nextTime": 11_000}, 1_000)
    assert (state.confidence, seconds(state.next_start_ns)) == (0.68, 1_100)
    assert sae(None, 1_000) == LightState("green")


def csae(kind: str, marks: dict[str, int], message: dict[str, Any], receive_time_ns: int = NOW_NS) -> tuple[int, LightState]:
    phases = [{"id": 1, "phaseStates": [{"light": "protected-green", "timing": (kind, marks)}]}]
    one = {"intersectionId": {"region": 1, "id": 9}, "status": (b"\x84\x00", 16), "phases": phases}
    (made,) = signals("csae-53", {"msgCnt": 1, "intersections": [one], **message}, receive_time_ns)
    assert made.status == ("manual", "fixed")
    return made.time_ns, made.phases[0].states[0]


MINUTE = (31 + 28 + 31 + 30 + 31 + 30 + 31 + 31 + 30 + 31 + 13) * 1_440 + 22 * 60 + 13


@pytest.mark.parametrize(
    ("message", "expected_s"),
    [
        ({"moy": MINUTE, "timeStamp": 19_500}, -0.5),
        ({"timeStamp": 19_500}, -0.5),
        ({"moy": MINUTE}, 0.0),  # the receive time is in that minute
        ({"moy": MINUTE - 1}, -80.0),  # and not in that one
        ({}, 0.0),
    ],
    ids=["minute-and-second", "second", "minute", "another-minute", "nothing"],
)
def test_counting_starts_at_the_moment_of_the_state(message: dict[str, int], expected_s: float) -> None:
    marks = {"startTime": 0, "likelyEndTime": 70, "nextStartTime": 400, "nextDuration": 200, "timeConfidence": 160}
    time_ns, state = csae("counting", marks, message)
    assert time_ns == NOW_NS + round(expected_s * SECOND_NS)
    assert state.likely_end_ns == time_ns + 7 * SECOND_NS
    assert (state.next_start_ns, state.next_end_ns) == (time_ns + 40 * SECOND_NS, time_ns + 60 * SECOND_NS)
    assert state.confidence == pytest.approx(0.8)


@pytest.mark.parametrize("kind", ["counting", "utcTiming"])
def test_the_codes_of_marks_are_no_times(kind: str) -> None:
    names = ("startTime", "minEndTime", "likelyEndTime", "nextStartTime")
    if kind == "utcTiming":
        names = tuple(name.replace("Time", "UTCTime") for name in names)  # type: ignore[assignment]
    marks = dict.fromkeys(names, CSAE_UNAVAILABLE)
    _, state = csae(kind, marks, {})
    assert state == LightState("green")
    _, state = csae(kind, {**marks, names[2]: CSAE_CONSTANT}, {})
    assert state == LightState("green", constant=True)


def test_a_light_comes_again_within_utc_timing() -> None:
    marks = {"startUTCTime": 7_900, "likelyEndUTCTime": 8_300, "nextStartUTCTime": 35_900, "nextEndUTCTime": 100}
    _, state = csae("utcTiming", marks, {})
    assert [seconds(each) for each in (state.start_ns, state.likely_end_ns, state.next_start_ns, state.next_end_ns)] == [
        790,
        830,
        3_590,
        3_610,
    ]


@pytest.mark.parametrize("name", ["j2735", "csae-53"])
def test_published_messages_are_read(shared: Any, name: str) -> None:
    standard = "sae-j2735" if name == "j2735" else name
    schema, count = rsu.load_schema(standard), 0
    for line in (shared / "vectors" / f"{name}.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        if "spat" not in row["type"].lower() or row.get("pdu", "MessageFrame") != "MessageFrame":
            continue
        _, value = message_type(STANDARDS[standard], schema.decode("MessageFrame", bytes.fromhex(row["hex"])))
        for one in signals(standard, value, NOW_NS):
            for state in (state for phase in one.phases for state in phase.states):
                ends = [state.min_end_ns, state.likely_end_ns, state.max_end_ns]
                assert all(abs(end - one.time_ns) <= HOUR_NS for end in ends if end is not None)
                count += 1
    assert count > 10
