"""From the times a message carries to the time it was so, in nanoseconds UTC.

Messages name a part of the time only. What is missing comes from the receive time:

=======================  ==========================================================================
carried                  event time
=======================  ==========================================================================
DDateTime, complete      that, in UTC (its offset taken off)
MinuteOfTheYear          in the year that brings it nearest, with the DSecond where there is one
DSecond alone            in the minute that brings it nearest to the receive time (± 30 s)
nothing, or no clock     the receive time
=======================  ==========================================================================

DSecond 60000–60999 is the leap second: the sixty-first of its minute. Codes above are no time.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, Literal

TimeSource = Literal["date", "minute", "second", "none", "unavailable", "reserved", "no-clock"]
"""How an event time was found.

``date``, ``minute`` and ``second`` name what the message carried. In the others the event time is the receive
time: ``none``, it carried nothing; ``unavailable``, the code that says so; ``reserved``, a code without meaning;
``no-clock``, part of a time, and no receive time to complete it.
"""

MILLISECOND_NS = 1_000_000
MINUTE_NS = 60_000 * MILLISECOND_NS
LEAP_SECOND_LAST = 60_999
"""DE_DSecond: 60000 to 60999 are the milliseconds of a leap second."""
DSECOND_UNAVAILABLE = 65_535
MINUTE_UNAVAILABLE = 527_040
"""DE_MinuteOfTheYear: 527039 is the last minute of a leap year."""
_CODES: dict[str, int] = {"year": 0, "month": 0, "day": 0, "hour": 31, "minute": 60}
"""Unavailable codes of DDateTime; hour 24 to 31 say nothing of a time of day in either standard."""
_FIRST_YEAR, _LAST_YEAR = 1970, 2261
"""Nothing was sent before the epoch (a published SDSM says 1507, which 64 bits of nanoseconds do not reach); 2261 is the last
whole year that they do."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def event_time(
    receive_time_ns: int, minute: int | None, second: int | None, date: dict[str, Any] | None = None
) -> tuple[int, TimeSource]:
    """The event time and how it was found.

    :param minute: MinuteOfTheYear, None where the message has none.
    :param second: DSecond.
    :param date: DDateTime.
    """
    if date is not None:
        if (time_ns := _of_date(date)) is not None:
            return time_ns, "date"
        if minute is None and second is None:
            second = date.get("second")
    minute_known = minute is not None and minute < MINUTE_UNAVAILABLE
    second_known = second is not None and second <= LEAP_SECOND_LAST
    if not minute_known and not second_known:
        return receive_time_ns, _why_not(minute, second, date)
    if not receive_time_ns:
        return receive_time_ns, "no-clock"
    within_ns = second * MILLISECOND_NS if second is not None and second_known else 0
    if minute is not None and minute_known:
        return _in_nearest_year(receive_time_ns, minute) + within_ns, "minute"
    return _in_nearest_minute(receive_time_ns, within_ns), "second"


def _why_not(minute: int | None, second: int | None, date: dict[str, Any] | None) -> TimeSource:
    if second is not None and second != DSECOND_UNAVAILABLE:
        return "reserved"
    return "none" if minute is None and second is None and date is None else "unavailable"


def _in_nearest_minute(receive_time_ns: int, within_ns: int) -> int:
    """In the minute that brings it nearest; at exactly 30 s the earlier one, as nothing is heard before it
    is sent."""
    half = MINUTE_NS // 2
    return (receive_time_ns - within_ns + half - 1) // MINUTE_NS * MINUTE_NS + within_ns


def _in_nearest_year(receive_time_ns: int, minute: int) -> int:
    year = _EPOCH.year + receive_time_ns // (365_2425 * 24 * 60 * MINUTE_NS // 10_000)
    candidates = [_year_start_ns(year + step) + minute * MINUTE_NS for step in (-1, 0, 1)]
    return min(candidates, key=lambda time_ns: abs(time_ns - receive_time_ns))


@lru_cache(maxsize=16)
def _year_start_ns(year: int) -> int:
    return (datetime(year, 1, 1, tzinfo=UTC) - _EPOCH).days * 24 * 60 * MINUTE_NS


def _of_date(date: dict[str, Any]) -> int | None:
    """A DDateTime with everything down to the minute; None for any other."""
    parts = {name: date.get(name, code) for name, code in _CODES.items()}
    second = date.get("second")
    if any(parts[name] == code for name, code in _CODES.items()) or not _FIRST_YEAR <= parts["year"] <= _LAST_YEAR:
        return None
    try:
        minute = datetime(**parts, tzinfo=UTC) - timedelta(minutes=_offset(date))
    except (ValueError, OverflowError):
        return None
    seconds = (minute - _EPOCH).days * 86_400 + (minute - _EPOCH).seconds
    within_ms = second if second is not None and second <= LEAP_SECOND_LAST else 0
    time_ns: int = seconds * 1_000 * MILLISECOND_NS + within_ms * MILLISECOND_NS
    return time_ns


def _offset(date: dict[str, Any]) -> int:
    """Minutes east of UTC; a code past 14 hours (721 where Chinese, 840 at most in J2735) is none."""
    offset: int = date.get("offset", 0)
    return offset if abs(offset) <= 840 else 0
