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
from rsu.observe.places import PLACES_OF_NOTHING, Path, Places, find
from rsu.observe.times import TimeSource, event_time
from rsu.units import Unit, load_units

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
    table = _TABLES.get(name, {})
    units = load_units(name) if name in _TABLES else {}
    latitude = _raw_reader(units, "Latitude")
    longitude = _raw_reader(units, "Longitude")
    speed = _scaled_reader(units, "Speed")
    heading = _scaled_reader(units, "Heading")

    def summary(type_name: str, value: Any, receive_time_ns: int) -> Summary:
        places = table.get(type_name, PLACES_OF_NOTHING)
        position = find(value, places.position)
        minute, second = find(value, places.minute), find(value, places.second)
        time_ns, source = event_time(receive_time_ns, minute, second, find(value, places.date))
        return Summary(
            time_ns,
            source,
            _hex(find(value, places.sender)),
            latitude(position, "lat"),
            longitude(position, "long"),
            speed(value, places.speed),
            heading(value, places.heading),
            find(value, places.msg_cnt),
            None if second == 65_535 else second,
        )

    return summary


def _unit(units: Mapping[str, Unit], element: str) -> Unit:
    """The row of an element; the modules that have two of a name keep the one of messages in ``Common``."""
    return units.get(f"Common.{element}") or units.get(element) or Unit()


def _raw_reader(units: Mapping[str, Unit], element: str) -> Callable[[Any, str], int | None]:
    unavailable = _unit(units, element).unavailable

    def read(container: Any, member: str) -> int | None:
        raw: int | None = container[member] if type(container) is dict and member in container else None
        return None if raw == unavailable else raw

    return read


def _scaled_reader(
    units: Mapping[str, Unit], element: str
) -> Callable[[Any, tuple[Path, ...]], float | None]:
    scaled = _unit(units, element).value

    def read(value: Any, paths: tuple[Path, ...]) -> float | None:
        raw = find(value, paths)
        return None if raw is None else scaled(raw)

    return read


def _hex(sender: Any) -> str | None:
    """OCTET STRING ids as they are; a station number of J2735 as the four octets it has on the wire."""
    if type(sender) is bytes:
        return sender.hex()
    return None if sender is None else f"{sender:08x}"
