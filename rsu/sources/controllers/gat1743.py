"""GA/T 1743-2020, what a signal controller tells of its lamps, in datagrams::

    C0  frame, with C0 written DB DC and DB written DB DD  C0

    frame, all little-endian:
    link 2 | sender 7 | receiver 7 | UTC seconds 4 | milliseconds 2 | time to live 1 | version 10 | operation 1 |
    object 2 | signature flag 1 | reserved 3 | data | CRC 2

    data of object 0103, light colour and countdown:
    length 2 | longitude 4 | latitude 4 | altitude 2 | entries 1 |
    {bearing 2 | lamps 1 | {id 1 | type 1 | colour 1 | seconds 1}*}*

The facts are from a public simulator. Not confirmed, and so read in every way that is known: what ``length`` counts (nothing
is cut by it), and the bit order of the CRC (both are taken, most significant first is sent).
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from rsu.errors import SourceError
from rsu.signals import Light
from rsu.sources.controllers.crc import crc16

END, ESCAPE, ESCAPED_END, ESCAPED_ESCAPE = 0xC0, 0xDB, 0xDC, 0xDD
QUERY, REPORT, ANSWER, BROADCAST = 0x80, 0x82, 0x83, 0x87
STATE, MODE, LAMPS, PLAN, NEXT_PLAN = 0x0101, 0x0102, 0x0103, 0x0301, 0x0302
VERSION = 0x10
NOBODY = bytes(7)
CRC_POLYNOMIAL, CRC_INITIAL = 0x8005, 0xFFFF
FRAME_OCTETS_MAX = 8_192
"""Of one frame; 255 entries would be larger, no intersection is."""
FRAMES_MAX = 16  # of one datagram
LAMPS_MAX = 255  # of one frame

#: Colour code → light.
COLOURS: Mapping[int, Light] = MappingProxyType(
    {
        0x00: "dark",
        0x16: "green",
        0x17: "flashing-green",
        0x19: "yellow",
        0x1D: "flashing-yellow",
        0x25: "red",
        0x35: "flashing-red",
    }
)
#: Light → colour code; a light that has no code of its own is sent as the one nearest to it.
CODES: Mapping[Light, int] = MappingProxyType(
    {light: code for code, light in COLOURS.items()} | {"permissive-green": 0x16, "red-yellow": 0x25, "unavailable": 0x00}
)

_HEAD = struct.Struct("<H7s7sIHBBBHB3s")
_PLACE = struct.Struct("<HiihB")
_LAMP = struct.Struct("<BBBB")


class Frame(NamedTuple):
    """One frame, escapes and CRC off."""

    operation: int
    object: int
    data: bytes = b""
    sender: bytes = NOBODY
    receiver: bytes = NOBODY
    time_ms: int = 0
    link: int = 0
    time_to_live: int = 1
    signed: int = 0


class Lamp(NamedTuple):
    """One lamp.

    :param bearing: of the approach, as sent (degrees clockwise from north).
    :param seconds: as the countdown shows them.
    """

    bearing: int
    id: int
    type: int
    colour: int
    seconds: int


class Lamps(NamedTuple):
    """The data of object 0103."""

    lamps: tuple[Lamp, ...]
    longitude: int = 0
    latitude: int = 0
    altitude: int = 0


def parse(datagram: bytes) -> list[Frame]:
    """The frames of a datagram.

    :raises SourceError: for octets that are no frame: which, and what is allowed.
    """
    if len(datagram) < 2 or datagram[0] != END or datagram[-1] != END:
        raise SourceError(f"GA/T 1743: begins with {datagram[:1].hex()}, ends with {datagram[-1:].hex()}: must be c0 both")
    parts = [part for part in datagram.split(b"\xc0") if part]
    if not 1 <= len(parts) <= FRAMES_MAX:
        raise SourceError(f"GA/T 1743: {len(parts)} frames in a datagram: must be 1..{FRAMES_MAX}")
    return [_frame(unescape(part)) for part in parts]


def build(frame: Frame) -> bytes:
    """The datagram of one frame.

    :raises SourceError: for values that its fields cannot hold.
    """
    seconds, milliseconds = divmod(frame.time_ms, 1_000)
    try:
        head = _HEAD.pack(
            frame.link,
            frame.sender,
            frame.receiver,
            seconds,
            milliseconds,
            frame.time_to_live,
            VERSION,
            frame.operation,
            frame.object,
            frame.signed,
            bytes(3),
        )
    except struct.error as error:
        raise SourceError(f"GA/T 1743: {error}") from error
    body = head + frame.data
    return b"\xc0" + escape(body + crc16(body, CRC_POLYNOMIAL, CRC_INITIAL).to_bytes(2, "little")) + b"\xc0"


def escape(octets: bytes) -> bytes:
    """SLIP: neither frame end nor a bare escape is left."""
    return octets.replace(b"\xdb", b"\xdb\xdd").replace(b"\xc0", b"\xdb\xdc")


def unescape(octets: bytes) -> bytes:
    """The octets before :func:`escape`.

    :raises SourceError: for an escape that stands for nothing.
    """
    first, *rest = octets.split(b"\xdb")
    plain = [first]
    for part in rest:
        if part[:1] not in (b"\xdc", b"\xdd"):
            raise SourceError(f"GA/T 1743: db is followed by {part[:1].hex() or 'nothing'}: must be dc or dd")
        plain += (b"\xc0" if part[0] == ESCAPED_END else b"\xdb", part[1:])
    return b"".join(plain)


def parse_lamps(data: bytes) -> Lamps:
    """The lamps of object 0103, which fill its data exactly.

    :raises SourceError: where they do not.
    """
    if len(data) < _PLACE.size:
        raise SourceError(f"GA/T 1743: lamps take {_PLACE.size} octets or more, {len(data)} are there")
    _, longitude, latitude, altitude, entries = _PLACE.unpack_from(data)
    at, lamps = _PLACE.size, list[Lamp]()
    for entry in range(entries):
        if at + 3 > len(data):
            raise SourceError(f"GA/T 1743: approach {entry + 1} of {entries} is cut: {len(data) - at} octets are left")
        bearing, count = struct.unpack_from("<HB", data, at)
        at += 3
        if at + count * _LAMP.size > len(data) or len(lamps) + count > LAMPS_MAX:
            raise SourceError(f"GA/T 1743: approach {entry + 1} has {count} lamps, {len(data) - at} octets are left")
        lamps += [Lamp(bearing, *_LAMP.unpack_from(data, at + place * _LAMP.size)) for place in range(count)]
        at += count * _LAMP.size
    if at != len(data):
        raise SourceError(f"GA/T 1743: {len(data) - at} octets follow the last lamp: must be 0")
    return Lamps(tuple(lamps), longitude, latitude, altitude)


def build_lamps(lamps: Lamps) -> bytes:
    """The data of object 0103; lamps of one bearing that follow each other are one approach.

    :raises SourceError: for values that its fields cannot hold.
    """
    entries: list[tuple[int, list[Lamp]]] = []
    for lamp in lamps.lamps:
        if not entries or entries[-1][0] != lamp.bearing:
            entries.append((lamp.bearing, []))
        entries[-1][1].append(lamp)
    try:
        body = b"".join(
            struct.pack("<HB", bearing, len(group)) + b"".join(_LAMP.pack(*lamp[1:]) for lamp in group)
            for bearing, group in entries
        )
        place = _PLACE.pack(_PLACE.size - 2 + len(body), lamps.longitude, lamps.latitude, lamps.altitude, len(entries))
    except struct.error as error:
        raise SourceError(f"GA/T 1743: {error}") from error
    return place + body


def _frame(octets: bytes) -> Frame:
    if not _HEAD.size + 2 <= len(octets) <= FRAME_OCTETS_MAX:
        raise SourceError(f"GA/T 1743: frame has {len(octets)} octets: must be {_HEAD.size + 2}..{FRAME_OCTETS_MAX}")
    body, sent = octets[:-2], int.from_bytes(octets[-2:], "little")
    known = [crc16(body, CRC_POLYNOMIAL, CRC_INITIAL, reflected=reflected) for reflected in (False, True)]
    if sent not in known:
        raise SourceError(f"GA/T 1743: CRC is {sent:04x}: must be {known[0]:04x} (or {known[1]:04x}, least bit first)")
    link, sender, receiver, seconds, milliseconds, living, version, operation, kind, signed, _ = _HEAD.unpack_from(body)
    if version != VERSION:
        raise SourceError(f"GA/T 1743: version is {version:02x}: must be {VERSION:02x}")
    time_ms = seconds * 1_000 + milliseconds
    return Frame(operation, kind, body[_HEAD.size :], sender, receiver, time_ms, link, living, signed)
