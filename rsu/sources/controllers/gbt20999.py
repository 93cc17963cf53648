"""GB/T 20999-2017, the talk between a signal controller and its centre, in datagrams (where nothing is escaped)::

    7E | length 2 | version 2 | host 1 | controller 4 | junction 1 | sequence 1 | type 1 | count 1 |
    {index 1 | length 1 | class 1 | object 1 | attribute 1 | element 1 | value}* | CRC 2 | 7D

All big-endian. ``length`` counts from itself to the CRC, which some programs count in; the CRC (polynomial 0x1005, initial
value 0) covers what lies between 7E and itself. Element 0 of a query asks for all of them; they come back one by one, or
together as one value with element 0.

What is read here: lamp groups (class 3, object 3: attribute 2 is the state), stages (class 6, object 3: 2 is the state, 4 the
seconds that are left), junctions (class 13, object 2: 2 is the mode). Numbers and codes are those of several public programs
that agree.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import NamedTuple

from rsu.errors import SourceError
from rsu.signals import Light
from rsu.sources.controllers.crc import crc16

BEGIN, END = 0x7E, 0x7D
QUERY, ANSWER, REFUSAL, SET, SET_ANSWER, REPORT, HEARTBEAT, HEARTBEAT_ANSWER = 0x10, 0x20, 0x21, 0x30, 0x40, 0x60, 0x70, 0x71
HEARTBEAT_ANSWERS = frozenset({HEARTBEAT_ANSWER, 0x80})
"""Some programs answer a heartbeat with 80, as type + 10 would have it."""
VERSION = 0x0102
CRC_POLYNOMIAL, CRC_INITIAL = 0x1005, 0x0000
FRAME_OCTETS_MAX = 65_507
ELEMENTS_MAX = 64
"""Lamp groups, phases and stages that the standard has place for."""

LAMP_GROUP_STATE = (3, 3, 2)
STAGE_STATE = (6, 3, 2)
STAGE_LEFT = (6, 3, 4)
JUNCTION_MODE = (13, 2, 2)
#: (class, object, attribute) → octets of one element.
WIDTHS: Mapping[tuple[int, int, int], int] = MappingProxyType(
    {LAMP_GROUP_STATE: 1, STAGE_STATE: 1, STAGE_LEFT: 2, JUNCTION_MODE: 1}
)
STAGE_RUNNING, STAGE_CHANGING = 0x20, 0x30

#: State of a lamp group → light; fast flashing is flashing.
LIGHTS: Mapping[int, Light] = MappingProxyType(
    {
        0x01: "dark",
        0x10: "red",
        0x11: "flashing-red",
        0x12: "flashing-red",
        0x20: "green",
        0x21: "flashing-green",
        0x22: "flashing-green",
        0x30: "yellow",
        0x31: "flashing-yellow",
        0x32: "flashing-yellow",
        0x40: "red-yellow",
    }
)
CODES: Mapping[Light, int] = MappingProxyType(
    {light: code for code, light in reversed(tuple(LIGHTS.items()))} | {"permissive-green": 0x20, "unavailable": 0x01}
)
#: Mode of a junction → mode of a report; what is not here says nothing that a SPAT could tell.
MODES: Mapping[int, str] = MappingProxyType(
    {
        0x11: "fixed",
        0x15: "manual",
        0x21: "fixed",
        0x22: "actuated",
        0x24: "actuated",
        0x25: "manual",
        0x31: "flashing",
        0x33: "off",
    }
)

_HEAD = struct.Struct(">HHBIBBBB")
_PLACE = struct.Struct(">BBBBBB")


class Value(NamedTuple):
    """One data value: its address, and its octets (none in a query)."""

    kind: int
    object: int
    attribute: int
    element: int = 0
    octets: bytes = b""


class Frame(NamedTuple):
    """One frame, its length and CRC off."""

    type: int
    values: tuple[Value, ...] = ()
    controller: int = 0
    junction: int = 0
    host: int = 1
    sequence: int = 0
    version: int = VERSION


class States(NamedTuple):
    """What an answer or a report says of the lamps.

    :param groups: lamp group → state code.
    :param stage: the running one; empty where none is.
    :param left_s: seconds that it is to last; None where nothing says it.
    """

    groups: dict[int, int]
    stage: str
    left_s: int | None
    mode: str


def parse(datagram: bytes) -> Frame:
    """The frame that is a datagram.

    :raises SourceError: for octets that are none: which, and what is allowed.
    """
    if not _HEAD.size + 4 <= len(datagram) <= FRAME_OCTETS_MAX:
        raise SourceError(f"GB/T 20999: frame has {len(datagram)} octets: must be {_HEAD.size + 4}..{FRAME_OCTETS_MAX}")
    if datagram[0] != BEGIN or datagram[-1] != END:
        raise SourceError(f"GB/T 20999: begins with {datagram[0]:02x}, ends with {datagram[-1]:02x}: must be 7e and 7d")
    body, sent = datagram[1:-3], int.from_bytes(datagram[-3:-1], "big")
    crc = crc16(body, CRC_POLYNOMIAL, CRC_INITIAL)
    if sent != crc:
        raise SourceError(f"GB/T 20999: CRC is {sent:04x}: must be {crc:04x}")
    length, version, host, controller, junction, sequence, kind, count = _HEAD.unpack_from(body)
    if length not in (len(body), len(body) + 2):
        raise SourceError(f"GB/T 20999: length is {length}: must be {len(body)} (or {len(body) + 2}, with the CRC)")
    return Frame(kind, _values(body, count), controller, junction, host, sequence, version)


def build(frame: Frame) -> bytes:
    """The datagram of a frame.

    :raises SourceError: for values that its fields cannot hold.
    """
    try:
        values = b"".join(
            _PLACE.pack(index, 4 + len(value.octets), *value[:4]) + value.octets for index, value in enumerate(frame.values, 1)
        )
        head = _HEAD.pack(
            _HEAD.size + len(values),
            frame.version,
            frame.host,
            frame.controller,
            frame.junction,
            frame.sequence,
            frame.type,
            len(frame.values),
        )
    except struct.error as error:
        raise SourceError(f"GB/T 20999: {error}") from error
    body = head + values
    return bytes([BEGIN]) + body + crc16(body, CRC_POLYNOMIAL, CRC_INITIAL).to_bytes(2, "big") + bytes([END])


def query(controller: int, junction: int, sequence: int) -> Frame:
    """What is asked: the states of all lamp groups and stages, and the junction's mode."""
    asked = tuple(Value(*address) for address in WIDTHS)
    return Frame(QUERY, asked, controller, junction, sequence=sequence & 0xFF)


def states(values: Iterable[Value]) -> States:
    """The states in the values of an answer or report; what is not read here is passed over.

    :raises SourceError: for a value of a width that its attribute does not have.
    """
    found: dict[tuple[int, int, int], dict[int, int]] = {address: {} for address in WIDTHS}
    for value in values:
        address = (value.kind, value.object, value.attribute)
        if address in found:
            found[address] |= _elements(value, WIDTHS[address])
    running = next((stage for stage, code in found[STAGE_STATE].items() if code == STAGE_RUNNING), None)
    left_s = None if running is None else found[STAGE_LEFT].get(running)
    mode = next(iter(found[JUNCTION_MODE].values()), 0)
    return States(found[LAMP_GROUP_STATE], "" if running is None else str(running), left_s, MODES.get(mode, ""))


def _values(body: bytes, count: int) -> tuple[Value, ...]:
    at, values = _HEAD.size, list[Value]()
    for number in range(1, count + 1):
        if at + _PLACE.size > len(body):
            raise SourceError(f"GB/T 20999: value {number} of {count} is cut: {len(body) - at} octets are left")
        _, length, kind, thing, attribute, element = _PLACE.unpack_from(body, at)
        end = at + 2 + length
        if length < 4 or end > len(body):
            raise SourceError(f"GB/T 20999: value {number} has length {length}: must be 4..{len(body) - at - 2}")
        values.append(Value(kind, thing, attribute, element, body[at + _PLACE.size : end]))
        at = end
    if at != len(body):
        raise SourceError(f"GB/T 20999: {len(body) - at} octets follow the last value: must be 0")
    return tuple(values)


def _elements(value: Value, width: int) -> dict[int, int]:
    """Element → number. Some controllers put the status octet 00 (success) before a value."""
    octets = value.octets
    if len(octets) % width and octets[:1] == b"\0":
        octets = octets[1:]
    if not octets or len(octets) % width or len(octets) // width > ELEMENTS_MAX or (value.element and len(octets) != width):
        raise SourceError(
            f"GB/T 20999: value {value.kind}.{value.object}.{value.attribute}.{value.element} has {len(value.octets)} octets:"
            f" must be {width} an element, of at most {ELEMENTS_MAX}"
        )
    first = value.element or 1
    return {first + at // width: int.from_bytes(octets[at : at + width], "big") for at in range(0, len(octets), width)}
