"""A moment as the standards write it: minute of the year, milliseconds of the minute, date, tenths of the hour. All UTC."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache

MILLISECOND_NS = 1_000_000
SECOND_NS = 1_000 * MILLISECOND_NS
MINUTE_NS = 60 * SECOND_NS
TENTH_NS = 100 * MILLISECOND_NS
TENTHS_OF_AN_HOUR = 36_000


def minute_of_the_year(time_ns: int) -> int:
    """MinuteOfTheYear: 0 is the first minute of 1 January."""
    return (time_ns - _year_start_ns(datetime.fromtimestamp(time_ns // SECOND_NS, UTC).year)) // MINUTE_NS


def d_second(time_ns: int) -> int:
    """DSecond: milliseconds within the minute."""
    return time_ns % MINUTE_NS // MILLISECOND_NS


def d_date_time(time_ns: int) -> dict[str, int]:
    """DDateTime, complete down to the millisecond."""
    moment = datetime.fromtimestamp(time_ns // SECOND_NS, UTC)
    parts = {"year": moment.year, "month": moment.month, "day": moment.day, "hour": moment.hour, "minute": moment.minute}
    return {**parts, "second": d_second(time_ns), "offset": 0}


def tenths_of_the_hour(time_ns: int) -> int:
    """The nearest tenth of a second within its hour, 0..35999."""
    return (time_ns + TENTH_NS // 2) // TENTH_NS % TENTHS_OF_AN_HOUR


@lru_cache(maxsize=4)
def _year_start_ns(year: int) -> int:
    return int(datetime(year, 1, 1, tzinfo=UTC).timestamp()) * SECOND_NS
