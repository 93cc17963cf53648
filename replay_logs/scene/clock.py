"""The scene's time of day, and the standards' ways to write it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

START = datetime(2026, 5, 12, 0, 30, 20, tzinfo=UTC)
"""08:30:20 in Chongqing; the scene runs over the full minute, so that DSecond wraps."""
DURATION_S = 60


def moment(time_ms: int) -> datetime:
    """UTC of a millisecond of the scene."""
    return START + timedelta(milliseconds=time_ms)


def d_second(time_ms: int) -> int:
    """DSecond: milliseconds within the minute."""
    now = moment(time_ms)
    return now.second * 1000 + now.microsecond // 1000


def minute_of_the_year(time_ms: int) -> int:
    """MinuteOfTheYear, from 0 on 1 January, UTC."""
    now = moment(time_ms)
    return int((now - datetime(now.year, 1, 1, tzinfo=UTC)).total_seconds()) // 60


def tenths_of_the_hour(time_ms: int) -> int:
    """TimeMark of SAE J2735: tenths of a second within the hour, UTC."""
    now = moment(time_ms)
    return (now.minute * 60 + now.second) * 10 + now.microsecond // 100_000
