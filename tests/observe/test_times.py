"""Event times by the rules of CONTRACTS "Times"; every expected time is written as a date by hand."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from rsu.observe.times import event_time


def ns(text: str) -> int:
    """Nanoseconds of ``2026-05-12 08:30:20.500``, UTC."""
    stamp = datetime.fromisoformat(text).replace(tzinfo=UTC)
    return int(stamp.replace(microsecond=0).timestamp()) * 10**9 + stamp.microsecond * 1000


@pytest.mark.parametrize(
    ("received", "second", "expected"),
    [
        ("2026-05-12 08:30:20.500", 20_400, "2026-05-12 08:30:20.400"),
        ("2026-05-12 08:30:00.050", 59_950, "2026-05-12 08:29:59.950"),
        ("2026-05-12 08:30:59.990", 10, "2026-05-12 08:31:00.010"),
        ("2026-01-01 00:00:00.100", 59_900, "2025-12-31 23:59:59.900"),
        # 29.999 s ahead and behind stay; at 30 s exactly the earlier minute counts, as nothing is heard before it is sent.
        ("2026-05-12 08:30:00.001", 30_000, "2026-05-12 08:30:30.000"),
        ("2026-05-12 08:30:00.000", 30_000, "2026-05-12 08:29:30.000"),
        ("2026-05-12 08:29:59.999", 30_000, "2026-05-12 08:29:30.000"),
        # The leap second is the sixty-first of its minute.
        ("2016-12-31 23:59:59.900", 60_500, "2017-01-01 00:00:00.500"),
        ("2017-01-01 00:00:00.600", 60_999, "2017-01-01 00:00:00.999"),
    ],
)
def test_a_second_falls_in_the_minute_nearest_to_the_reception(received: str, second: int, expected: str) -> None:
    assert event_time(ns(received), None, second) == (ns(expected), "second")


@pytest.mark.parametrize(("second", "why"), [(61_000, "reserved"), (65_534, "reserved"), (65_535, "unavailable")])
def test_codes_above_the_leap_second_are_no_time(second: int, why: str) -> None:
    received = ns("2026-05-12 08:30:20.500")
    assert event_time(received, None, second) == (received, why)


@pytest.mark.parametrize(
    ("received", "minute", "second", "expected"),
    [
        # Minute 0 is the first of January, 00:00; 31 days of January and 28 of February are 84,960 minutes.
        ("2026-03-01 00:00:30", 84_960, None, "2026-03-01 00:00:00"),
        ("2024-03-01 00:00:30", 84_960 + 1440, 30_250, "2024-03-01 00:00:30.250"),
        # The year that brings it nearest: 525,599 is the last minute of a common year, 527,039 of a leap year.
        ("2026-01-01 00:00:05", 525_599, 59_000, "2025-12-31 23:59:59"),
        ("2025-01-01 00:00:05", 527_039, 59_000, "2024-12-31 23:59:59"),
        ("2025-12-31 23:59:58", 0, 1_000, "2026-01-01 00:00:01"),
        # A minute stays where it says, however far from the reception, and a code of the second takes nothing from it.
        ("2026-05-12 08:30:00", 0, 500, "2026-01-01 00:00:00.500"),
        ("2026-03-01 00:00:30", 84_960, 65_535, "2026-03-01 00:00:00"),
    ],
)
def test_a_minute_of_the_year_says_the_minute(received: str, minute: int, second: int | None, expected: str) -> None:
    assert event_time(ns(received), minute, second) == (ns(expected), "minute")


def test_an_unavailable_minute_leaves_the_second() -> None:
    received = ns("2026-05-12 08:30:20.500")
    assert event_time(received, 527_040, 20_000) == (ns("2026-05-12 08:30:20"), "second")
    assert event_time(received, 527_040, None) == (received, "unavailable")


DATE = {"year": 2024, "month": 2, "day": 29, "hour": 23, "minute": 59, "second": 1_500}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, "2024-02-29 23:59:01.500"),
        ({"offset": 480}, "2024-02-29 15:59:01.500"),
        ({"offset": -60}, "2024-03-01 00:59:01.500"),
        ({"second": 65_535}, "2024-02-29 23:59:00"),
        ({"second": 60_500}, "2024-03-01 00:00:00.500"),
        ({"year": 2261}, None),  # 2261 is no leap year
        ({"year": 2260}, "2260-02-29 23:59:01.500"),
    ],
    ids=str,
)
def test_a_whole_date_needs_no_clock(change: dict[str, int], expected: str | None) -> None:
    if expected is None:
        assert event_time(0, None, None, DATE | change)[1] != "date"
    else:
        assert event_time(0, None, None, DATE | change) == (ns(expected), "date")


@pytest.mark.parametrize(
    "hole", [{"year": 0}, {"month": 0}, {"day": 0}, {"hour": 31}, {"minute": 60}, {"day": 30}, {"hour": 24}], ids=str
)
def test_a_date_with_a_hole_leaves_its_second(hole: dict[str, int]) -> None:
    received = ns("2026-05-12 08:30:02")
    assert event_time(received, None, None, DATE | hole) == (ns("2026-05-12 08:30:01.500"), "second")


@pytest.mark.parametrize("year", [1507, 1969, 2262, 4095])
def test_a_year_past_64_bits_of_nanoseconds_is_no_date(year: int) -> None:
    time_ns, source = event_time(ns("2026-05-12 08:30:02"), None, None, {**DATE, "year": year, "day": 1})
    assert source == "second"
    assert -(2**63) <= time_ns < 2**63


@pytest.mark.parametrize(
    ("carried", "expected"),
    [
        ((None, None), (0, "none")),
        ((None, 5), (0, "no-clock")),
        ((5, 5), (0, "no-clock")),
        ((None, 65_535), (0, "unavailable")),
    ],
    ids=str,
)
def test_without_a_clock_there_is_nothing_to_complete(carried: tuple[Any, Any], expected: tuple[int, str]) -> None:
    assert event_time(0, *carried) == expected
