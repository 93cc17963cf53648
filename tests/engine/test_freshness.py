"""Flags of a message's time: against its reception, and against what the same sender said before."""

from __future__ import annotations

import pytest

from rsu.engine.freshness import Freshness, Parameters
from rsu.observe import Summary
from rsu.received import Received

SECOND = 1_000_000_000
NOON = 1_780_000_000 * SECOND // (60 * SECOND) * 60 * SECOND


def said(freshness: Freshness, event_ns: int, receive_ns: int = NOON, sender: str = "0a", **more: str) -> str:
    unit = more.get("rsu", "rsu-1")
    received = Received(
        rsu_id=unit, boot_id=b"", sequence=1, channel="pc5", source="radio", receive_time_ns=receive_ns, data=b""
    )
    summary = Summary(
        event_time_ns=event_ns,
        event_time_source=more.get("source", "second"),  # type: ignore[arg-type]
        sender=sender or None,
        lat_e7=None,
        lon_e7=None,
        speed_mps=None,
        heading_deg=None,
        msg_cnt=None,
        sec_mark=None,
    )
    return freshness.of(received, "csae-53", more.get("type", "BasicSafetyMessage"), summary).partition(":")[0]


@pytest.mark.parametrize(
    ("behind_s", "flag"),
    [(0, ""), (3.0, ""), (3.001, "late"), (-1.0, ""), (-1.001, "early"), (3_600, "late")],
    ids=["now", "late-bound", "late", "early-bound", "early", "an-hour"],
)
def test_a_message_far_from_its_reception_is_flagged(behind_s: float, flag: str) -> None:
    assert said(Freshness(Parameters()), NOON - round(behind_s * SECOND)) == flag


@pytest.mark.parametrize(("after_s", "flag"), [(59.0, ""), (62.9, ""), (63.1, "late")])
def test_a_message_that_says_the_minute_only_may_be_a_minute_behind(after_s: float, flag: str) -> None:
    assert said(Freshness(Parameters()), NOON, NOON + round(after_s * SECOND), source="minute") == flag


@pytest.mark.parametrize("source", ["none", "unavailable", "reserved", "no-clock"])
def test_a_message_that_says_no_time_is_not_judged(source: str) -> None:
    assert said(Freshness(Parameters()), NOON - 3_600 * SECOND, source=source) == ""


def test_a_sender_that_goes_back_in_time_is_flagged_and_measured_by_its_newest() -> None:
    freshness = Freshness(Parameters())
    times = [NOON - SECOND, NOON - 2 * SECOND, NOON - SECOND // 2 * 3, NOON]
    assert [said(freshness, time) for time in times] == ["", "order", "order", ""]


@pytest.mark.parametrize(
    "other", [{"sender": "0b"}, {"rsu": "rsu-2"}, {"type": "SPAT"}], ids=["another-sender", "another-unit", "another-type"]
)
def test_nobody_is_measured_by_the_clock_of_another(other: dict[str, str]) -> None:
    freshness = Freshness(Parameters())
    assert said(freshness, NOON) == ""
    assert said(freshness, NOON - 2 * SECOND, **other) == ""


def test_the_sender_that_was_silent_longest_is_forgotten_first() -> None:
    freshness = Freshness(Parameters(senders_max=2))
    for sender in ("01", "02", "01", "03"):
        said(freshness, NOON, sender=sender)
    assert said(freshness, NOON - SECOND, sender="02") == ""
    assert said(freshness, NOON - SECOND, sender="03") == "order"
