"""What a message says about itself: :func:`summarise` reads time, sender, place and motion out of any decoded
message, in SI units.

Which component of which message says it stands in the tables of :mod:`rsu.observe.csae` and
:mod:`rsu.observe.sae`; unavailable codes and scales come from the standard's ``units.toml``. A message without
a row, and a component that is absent or unavailable, give None.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import msgspec

from rsu.observe import csae, sae
from rsu.observe.places import PLACES_OF_NOTHING, Places, finder, unit_of
from rsu.observe.times import DSECOND_UNAVAILABLE, TimeSource, event_time
from rsu.units import DECIMALS, Unit, load_units

__all__ = ["Summary", "TimeSource", "observer", "summarise"]

_TABLES: Mapping[str, Mapping[str, Places]] = {
    "csae-53": csae.PLACES,
    "csae-157": csae.PLACES,
    "sae-j2735": sae.PLACES,
}

Summarise = Callable[[str, Any, int], "Summary"]


class Summary(msgspec.Struct, frozen=True, gc=False):
    """The columns every message has.

    :param event_time_ns: when the message says it was so, UTC; the receive time where it does not say.
    :param event_time_source: how that was found, see :data:`rsu.observe.times.TimeSource`.
    :param sender: the sender's own id, lower-case hex.
    :param lat_e7: latitude in 1e-7 degree, WGS-84.
    :param lon_e7: longitude likewise.
    :param heading_deg: degrees clockwise from north.
    :param msg_cnt: the message's counter or revision, as sent.
    :param sec_mark: milliseconds in the minute, as sent.
    """

    event_time_ns: int
    event_time_source: TimeSource
    sender: str | None = None
    lat_e7: int | None = None
    lon_e7: int | None = None
    speed_mps: float | None = None
    heading_deg: float | None = None
    msg_cnt: int | None = None
    sec_mark: int | None = None


def summarise(standard: str, type_name: str, value: Any, receive_time_ns: int) -> Summary:
    """The summary of one decoded message.

    :param standard: a name as :func:`rsu.load_schema` takes it; one that is not built in has no table.
    :param type_name: the message's ASN.1 type, as :func:`rsu.standards.message_type` gives it.
    :param receive_time_ns: 0 where the source has no clock.
    """
    return observer(standard)(type_name, value, receive_time_ns)


@cache
def observer(standard: str) -> Summarise:
    """:func:`summarise` of one standard, its units loaded once."""
    name = standard.partition("?")[0]
    units = load_units(name) if name in _TABLES else {}
    readers = {type_name: _reader(places, units) for type_name, places in _TABLES.get(name, {}).items()}
    other = _reader(PLACES_OF_NOTHING, units)

    def summary(type_name: str, value: Any, receive_time_ns: int) -> Summary:
        return readers.get(type_name, other)(value, receive_time_ns)

    return summary


def _reader(places: Places, units: Mapping[str, Unit]) -> Callable[[Any, int], Summary]:
    """What summarises the messages of one type."""
    sender, position, msg_cnt = finder(places.sender), finder(places.position), finder(places.msg_cnt)
    minute, second, date = finder(places.minute), finder(places.second), finder(places.date)
    speed, heading = finder(places.speed), finder(places.heading)
    speed_mps, heading_deg = _scaling(unit_of(units, "Speed")), _scaling(unit_of(units, "Heading"))
    no_latitude, no_longitude = unit_of(units, "Latitude").unavailable, unit_of(units, "Longitude").unavailable

    def read(value: Any, receive_time_ns: int) -> Summary:
        milliseconds = second(value)
        time_ns, source = event_time(receive_time_ns, minute(value), milliseconds, date(value))
        place = position(value)
        lat, lon = (place.get("lat"), place.get("long")) if type(place) is dict else (None, None)
        return Summary(
            time_ns,
            source,
            _hex(sender(value)),
            None if lat == no_latitude else lat,
            None if lon == no_longitude else lon,
            speed_mps(speed(value)),
            heading_deg(heading(value)),
            msg_cnt(value),
            None if milliseconds == DSECOND_UNAVAILABLE else milliseconds,
        )

    return read


def _scaling(unit: Unit) -> Callable[[int | None], float | None]:
    """:meth:`Unit.value` of one unit, None for None.

    Where a step is 1/n, and nine decimals hold n steps, the quotient is the number that rounding the product gives, at a
    fifth of the time.
    """
    steps = round(1 / unit.scale)
    whole = 1 / steps == unit.scale and 10**DECIMALS % steps == 0
    if not whole or unit.offset or unit.reserved:
        return lambda raw: None if raw is None else unit.value(raw)
    unavailable = unit.unavailable
    return lambda raw: None if raw is None or raw == unavailable else raw / steps


def _hex(sender: Any) -> str | None:
    """OCTET STRING ids as they are; a station number of J2735 as the four octets it has on the wire."""
    if type(sender) is bytes:
        return sender.hex()
    return None if sender is None else f"{sender:08x}"
