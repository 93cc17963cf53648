"""A signal report becomes SPAT whose ends, read back by an independent decoder and by observe, are those of the report."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import cache
from typing import Any

import asn1tools
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import rsu
from rsu.compose.moments import d_second, minute_of_the_year, tenths_of_the_hour
from rsu.compose.spat import CSAE_LIGHTS, CSAE_UNAVAILABLE, SAE_LIGHTS, SAE_UNAVAILABLE, spat_value
from rsu.engine.spat import HOLD_NS, INTERSECTIONS_MAX, SpatBook, spat_broadcast
from rsu.errors import ConfigError
from rsu.observe import summarise
from rsu.schema import built_in_texts
from rsu.signals import Light, Phase, SignalReport
from rsu.standards import STANDARDS, message_type
from rsu.units import load_units

MS, SECOND, HOUR_TENTHS = 1_000_000, 1_000_000_000, 36_000
STANDARD_NAMES = ("csae-53", "csae-157", "sae-j2735")
LIGHTS: tuple[Light, ...] = tuple(CSAE_LIGHTS)


def ns(text: str) -> int:
    """A moment, whole milliseconds."""
    moment = datetime.fromisoformat(text).replace(tzinfo=UTC)
    return round((moment - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds() * 1_000) * MS


NOW = ns("2026-05-12T00:30:20.400")


def report(*phases: Phase, time_ns: int = NOW, **more: Any) -> SignalReport:
    return SignalReport(controller="c", time_ns=time_ns, intersection=101, phases=list(phases), **more)


@pytest.fixture(scope="module")
def schema_of() -> Callable[[str], rsu.Schema]:
    return cache(rsu.load_schema)


@pytest.fixture(scope="module")
def oracle_of() -> Callable[[str], Callable[[bytes], Any]]:
    """Standard → the SPAT in a MessageFrame, as asn1tools reads it."""

    @cache
    def compiled(standard: str) -> Any:
        text = "\n".join(text for _, text in built_in_texts(standard)).replace("RELATIVE-OID", "OCTET STRING")
        return asn1tools.compile_string(text, codec="uper")

    def reader(standard: str) -> Callable[[bytes], Any]:
        types = compiled(standard)

        def read(payload: bytes) -> Any:
            frame = types.decode("MessageFrame", payload, check_constraints=True)
            if standard != "sae-j2735":
                assert frame[0] == "spatFrame"
                return frame[1]
            assert frame["messageId"] == 19
            return types.modules["SPAT"]["SPAT"].decode(frame["value"])

        return read

    return reader


def states_of(standard: str, spat: Any, phase: int = 0) -> list[Any]:
    (intersection,) = spat["intersections"]
    if standard == "sae-j2735":
        return list(intersection["states"][phase]["state-time-speed"])
    return list(intersection["phases"][phase]["phaseStates"])


# Moments: expected by datetime's own arithmetic --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("moment", "minute", "second", "tenths"),
    [
        ("2026-01-01T00:00:00.000", 0, 0, 0),
        ("2026-01-01T00:00:59.999", 0, 59_999, 600),
        ("2025-12-31T23:59:59.949", 525_599, 59_949, 35_999),
        ("2025-12-31T23:59:59.950", 525_599, 59_950, 0),
        ("2024-12-31T23:59:30.000", 527_039, 30_000, 35_700),
        ("2026-05-12T00:30:20.400", 188_670, 20_400, 18_204),
    ],
    ids=["new-year", "end-of-a-minute", "before-the-hour", "rounds-into-the-hour", "leap-year", "any"],
)
def test_moments_wrap_at_minute_hour_and_year(moment: str, minute: int, second: int, tenths: int) -> None:
    time_ns = ns(moment)
    assert (minute_of_the_year(time_ns), d_second(time_ns), tenths_of_the_hour(time_ns)) == (minute, second, tenths)


def test_codes_are_those_of_the_tables_of_units() -> None:
    assert load_units("csae-53")["TimeMark"].unavailable == CSAE_UNAVAILABLE
    assert load_units("sae-j2735")["SPAT.TimeMark"].unavailable == SAE_UNAVAILABLE


# What a message says ---------------------------------------------------------------------------------------------------


def test_counting_down_is_from_the_moment_of_the_message() -> None:
    """Reported 12.3 s; the message is made 0.8 s later: 11.5 s."""
    phase = Phase(id=2, light="green", min_end_s=2.0, likely_end_s=12.3, max_end_s=30.0)
    kind, spat = spat_value(report(phase, region=500), "csae-53", NOW + 800 * MS, 130)
    (state,) = states_of("csae-53", spat)
    assert (kind, spat["msgCnt"], spat["intersections"][0]["intersectionId"]) == ("spatFrame", 2, {"region": 500, "id": 101})
    assert state == {
        "light": "protected-green",
        "timing": ("counting", {"startTime": 0, "minEndTime": 12, "maxEndTime": 292, "likelyEndTime": 115}),
    }


def test_fixed_time_has_three_equal_ends_and_says_so() -> None:
    _, spat = spat_value(report(Phase(id=1, light="red", likely_end_s=8.0), mode="fixed"), "csae-53", NOW, 0)
    (state,) = states_of("csae-53", spat)
    assert state["timing"][1] == {"startTime": 0, "minEndTime": 80, "maxEndTime": 80, "likelyEndTime": 80}
    assert spat["intersections"][0]["status"] == (b"\x04\x00", 16)  # bit 5 of sixteen: fixedTimeOperation


def test_a_light_that_stays_ends_at_36000() -> None:
    phase = Phase(id=1, light="flashing-yellow", constant=True)
    for timing, name in (("counting", "likelyEndTime"), ("utc", "likelyEndUTCTime")):
        _, spat = spat_value(report(phase), "csae-53", NOW, 0, timing)  # type: ignore[arg-type]
        assert states_of("csae-53", spat)[0]["timing"][1][name] == 36_000
    assert "timing" not in states_of("sae-j2735", spat_value(report(phase), "sae-j2735", NOW, 0)["value"][1])[0]


@pytest.mark.parametrize("standard", STANDARD_NAMES)
def test_without_a_known_end_there_is_no_timing(standard: str) -> None:
    value = spat_value(report(Phase(id=1, light="red")), standard, NOW, 0)
    _, spat = message_type(STANDARDS[standard], value)
    assert "timing" not in states_of(standard, spat)[0]


@pytest.mark.parametrize(
    ("standard", "likely"), [("csae-53", ("counting", {"startTime": 0, "minEndTime": 50, "likelyEndTime": 36_001})),
                             ("sae-j2735", {"minEndTime": 18_254})],
)  # fmt: skip
def test_a_likely_end_that_is_not_known_is_said_so(standard: str, likely: Any) -> None:
    value = spat_value(report(Phase(id=1, light="red", min_end_s=5.0)), standard, NOW, 0)
    _, spat = message_type(STANDARDS[standard], value)
    assert states_of(standard, spat)[0]["timing"] == likely


def test_what_comes_next_follows_on_the_likely_end() -> None:
    phase = Phase(id=1, light="green", likely_end_s=4.0, next=[("yellow", 3.0), ("red", 40.0)])
    _, spat = spat_value(report(phase), "csae-53", NOW, 0)
    marks = [(state["light"], state["timing"][1]["startTime"], state["timing"][1]["likelyEndTime"])
             for state in states_of("csae-53", spat)]  # fmt: skip
    assert marks == [("protected-green", 0, 40), ("yellow", 40, 70), ("red", 70, 470)]
    events = states_of("sae-j2735", spat_value(report(phase), "sae-j2735", NOW, 0)["value"][1])
    assert [event["timing"].get("startTime") for event in events] == [None, 18_244, 18_274]


@pytest.mark.parametrize("light", LIGHTS)
def test_each_light_has_a_word_in_each_standard(light: Light, schema_of: Callable[[str], rsu.Schema]) -> None:
    assert light in CSAE_LIGHTS and light in SAE_LIGHTS
    for standard in STANDARD_NAMES:
        schema = schema_of(standard)
        value = spat_value(report(Phase(id=1, light=light, likely_end_s=1.0)), standard, NOW, 0)
        assert schema.decode("MessageFrame", schema.encode("MessageFrame", value, check_constraints=True)) == value


@pytest.mark.parametrize(("phases", "fits"), [(0, False), (1, True), (16, True), (17, False)])
def test_sixteen_phases_fit_into_a_chinese_message(phases: int, fits: bool) -> None:
    full = report(*(Phase(id=number, light="red") for number in range(1, phases + 1)))
    if fits:
        spat_value(full, "csae-53", NOW, 0)
        return
    with pytest.raises(ConfigError, match=rf"{phases} phases: SPAT of csae-53 has 1\.\.16; name the ones"):
        spat_value(full, "csae-53", NOW, 0)


# Read back ---------------------------------------------------------------------------------------------------------------

SECONDS = st.one_of(st.none(), st.integers(0, 3_500_000).map(lambda millis: millis / 1_000))
PHASES = st.builds(
    lambda number, light, ends: Phase(id=number, light=light, min_end_s=ends[0], likely_end_s=ends[1], max_end_s=ends[2]),
    st.integers(1, 255),
    st.sampled_from(LIGHTS),
    st.tuples(SECONDS, SECONDS, SECONDS),
)
# around the end of a minute, an hour, a year, a leap year, and anywhere
EDGES = [
    ns(text)
    for text in ("2026-05-12T00:59:59.900", "2026-12-31T23:59:59.900", "2024-12-31T23:59:59.900", "2024-02-29T12:00:00")
]
MOMENTS = st.one_of(
    st.tuples(st.sampled_from(EDGES), st.integers(-300, 300)).map(lambda edge: edge[0] + edge[1] * MS),
    st.integers(ns("2020-01-01T00:00:00") // MS, ns("2040-01-01T00:00:00") // MS).map(lambda millis: millis * MS),
)


def absolute(standard: str, timing: Any, now_ns: int) -> Iterator[tuple[str, int]]:
    """Name and absolute time of each end that a receiver reads out of a message, by the rules of its standard."""
    if standard != "sae-j2735":
        kind, marks = timing
        for name, mark in marks.items():
            if name.startswith("start") or mark >= 36_000:
                continue
            if kind == "counting":
                yield name[:3], now_ns + mark * 100 * MS
            else:
                yield name[:3], in_hour(mark, now_ns)
        return
    for name, mark in timing.items():
        if mark < 36_000:
            yield name[:3], in_hour(mark, now_ns)


def in_hour(mark: int, now_ns: int) -> int:
    """The current hour, or the next when the number has passed already."""
    hour = now_ns // (3_600 * SECOND) * 3_600 * SECOND
    moment = hour + mark * 100 * MS
    return moment if moment >= now_ns else moment + 3_600 * SECOND


@pytest.mark.parametrize("timing", ["counting", "utc"])
@pytest.mark.parametrize("standard", STANDARD_NAMES)
@settings(max_examples=60, deadline=None)
@given(phase=PHASES, time_ns=MOMENTS, later_ms=st.integers(0, 1_500), fixed=st.booleans())
def test_ends_read_back_are_those_reported(
    standard: str,
    timing: Any,
    schema_of: Callable[[str], rsu.Schema],
    oracle_of: Callable[[str], Callable[[bytes], Any]],
    phase: Phase,
    time_ns: int,
    later_ms: int,
    fixed: bool,
) -> None:
    now_ns = time_ns + later_ms * MS
    made = report(phase, time_ns=time_ns, mode="fixed" if fixed else "")
    payload = schema_of(standard).encode("MessageFrame", spat_value(made, standard, now_ns, 5, timing), check_constraints=True)
    name, value = message_type(STANDARDS[standard], schema_of(standard).decode("MessageFrame", payload))
    assert name == "SPAT"
    summary = summarise(standard, name, value, now_ns + 20 * MS)
    assert (summary.event_time_ns, summary.event_time_source, summary.msg_cnt) == (now_ns, "minute", 5)
    (state,) = states_of(standard, oracle_of(standard)(payload))
    likely_s = phase.likely_end_s
    if likely_s is None and phase.min_end_s is not None and phase.min_end_s == phase.max_end_s:
        likely_s = phase.min_end_s
    known = {"min": phase.min_end_s, "lik": likely_s, "max": phase.max_end_s}
    if fixed and likely_s is not None:
        known = dict.fromkeys(known, likely_s)
    ends = dict(absolute(standard, state["timing"], now_ns)) if "timing" in state else {}
    assert ends.keys() == {end for end, seconds in known.items() if seconds is not None}
    for end, read_ns in ends.items():
        due_ns = max(time_ns + round((known[end] or 0) * SECOND), now_ns)
        assert abs(read_ns - due_ns) <= 100 * MS, end


def test_an_hour_ahead_or_more_has_no_number_of_the_hour(schema_of: Callable[[str], rsu.Schema]) -> None:
    far = report(Phase(id=1, light="red", min_end_s=3_600.0, likely_end_s=3_700.0))
    event = states_of("sae-j2735", spat_value(far, "sae-j2735", NOW, 0)["value"][1])[0]
    assert event["timing"] == {"minEndTime": 36_111, "likelyTime": 36_111}
    marks = states_of("csae-53", spat_value(far, "csae-53", NOW, 0, "utc")[1])[0]["timing"][1]
    assert (marks["minEndUTCTime"], marks["likelyEndUTCTime"]) == (36_000, 36_000)


# For the air -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("standard", "aid"), [("csae-53", 3_619), ("csae-157", 3_619), ("sae-j2735", 0x82)])
def test_a_broadcast_has_service_priority_and_key(standard: str, aid: int, schema_of: Callable[[str], rsu.Schema]) -> None:
    made = report(Phase(id=1, light="red", likely_end_s=3.0), standard=standard, period_ms=100, region=7)
    sent = spat_broadcast(made, {standard: schema_of(standard)}, NOW, 3)
    assert (sent.standard, sent.type, sent.aid, sent.priority, sent.period_ms) == (standard, "SPAT", aid, 176, 100)
    assert sent.key == f"spat/7/101/{standard}" and sent.until_ns == NOW + HOLD_NS
    assert schema_of(standard).decode("MessageFrame", sent.payload) == spat_value(made, standard, NOW, 3)


def test_a_report_that_is_sent_once_is_not_repeated(schema_of: Callable[[str], rsu.Schema]) -> None:
    made = report(Phase(id=1, light="red"), standard="csae-53")
    sent = spat_broadcast(made, {"csae-53": schema_of("csae-53")}, NOW, 3)
    assert (sent.period_ms, sent.until_ns) == (0, 0)


@pytest.mark.parametrize(
    ("standard", "loaded", "reason"),
    [("", "csae-53", "no standard for its SPAT"), ("csae-157", "csae-53", "'csae-157' is not loaded")],
)
def test_without_a_standard_there_is_no_broadcast(
    standard: str, loaded: str, reason: str, schema_of: Callable[[str], rsu.Schema]
) -> None:
    with pytest.raises(ConfigError, match=reason):
        spat_broadcast(report(Phase(id=1, light="red"), standard=standard), {loaded: schema_of(loaded)}, NOW, 0)


def book(schema_of: Callable[[str], rsu.Schema], **more: Any) -> SpatBook:
    return SpatBook({"csae-53": schema_of("csae-53")}, "csae-53", **more)


def test_a_report_is_told_anew_each_period_with_its_ends_nearer(schema_of: Callable[[str], rsu.Schema]) -> None:
    kept = book(schema_of, first_msg_cnt=126)
    kept.hear(report(Phase(id=1, light="green", likely_end_s=3.0), period_ms=100))
    told = []
    for later_ms in range(0, 301, 50):
        for sent in kept.due(NOW + later_ms * MS):
            _, spat = schema_of("csae-53").decode("MessageFrame", sent.payload)
            assert (sent.period_ms, sent.until_ns, sent.aid) == (0, 0, 3_619)
            (state,) = states_of("csae-53", spat)
            told.append((later_ms, spat["msgCnt"], state["timing"][1]["likelyEndTime"]))
    assert told == [(0, 127, 30), (100, 0, 29), (200, 1, 28), (300, 2, 27)]


def test_a_report_without_a_period_is_told_once(schema_of: Callable[[str], rsu.Schema]) -> None:
    kept = book(schema_of)
    for _ in range(2):
        kept.hear(report(Phase(id=1, light="red")))
        assert [len(kept.due(NOW + later_ms * MS)) for later_ms in (0, 100, 900)] == [1, 0, 0]


def test_a_newer_report_counts_and_an_older_one_does_not(schema_of: Callable[[str], rsu.Schema]) -> None:
    kept = book(schema_of)
    for light, time_ns in (("red", NOW), ("green", NOW + 10 * MS), ("yellow", NOW - 10 * MS)):
        kept.hear(report(Phase(id=1, light=light), time_ns=time_ns, period_ms=100))  # type: ignore[arg-type]
    (sent,) = kept.due(NOW + 20 * MS)
    _, spat = schema_of("csae-53").decode("MessageFrame", sent.payload)
    assert states_of("csae-53", spat)[0]["light"] == "protected-green"


def test_another_light_is_told_at_once(schema_of: Callable[[str], rsu.Schema]) -> None:
    kept = book(schema_of)
    told = []
    for later_ms, light in ((0, "red"), (100, "red"), (200, "green"), (300, "green")):
        kept.hear(report(Phase(id=1, light=light), time_ns=NOW + later_ms * MS, period_ms=1_000))  # type: ignore[arg-type]
        told.append(len(kept.due(NOW + later_ms * MS)))
    assert told == [1, 0, 1, 0]


def test_a_silent_controller_is_told_of_no_longer_than_a_report_holds(schema_of: Callable[[str], rsu.Schema]) -> None:
    kept = book(schema_of)
    kept.hear(report(Phase(id=1, light="red"), period_ms=100))
    assert len(kept.due(NOW + HOLD_NS)) == 1 and not kept.faults
    assert kept.due(NOW + HOLD_NS + 1) == [] and kept.faults == {"silent": 1}
    assert kept.due(NOW + HOLD_NS + 2) == [] and kept.faults == {"silent": 1}


def test_intersections_are_bounded(schema_of: Callable[[str], rsu.Schema]) -> None:
    kept = book(schema_of)
    for region in range(INTERSECTIONS_MAX):
        kept.hear(report(Phase(id=1, light="red"), region=region))
    with pytest.raises(ConfigError, match="256 intersections are known already"):
        kept.hear(report(Phase(id=1, light="red"), region=INTERSECTIONS_MAX))
