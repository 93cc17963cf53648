"""DSMP, the dedicated short message protocol of the Chinese network layer (YD/T 3707-2020), with its
adaptation octet::

    04                  adaptation: protocol type 4 = DSMP (0 is IPv6, 5 is IPv4)
    vvv o rrrr          version (0), option indicator, reserved (0)
    [count {id, length, content}*]      extension elements, where the option indicator is 1
    AID                 1 or 2 octets, see rsu.frames.psid
    length              2 octets, big-endian
    data

The adaptation octet may be missing where a radio's driver has taken it off; that is accepted only where the
header is set to ``dsmp``.
"""

from __future__ import annotations

from typing import NamedTuple

from rsu.errors import FrameError
from rsu.frames.elements import Element, octet, read_elements, write_elements
from rsu.frames.psid import decode_aid, encode_aid

LAYER = "dsmp"
ADAPTATION_DSMP = 4
ADAPTATION_NAMES = {0: "IPv6", 4: "DSMP", 5: "IPv4"}
VERSION = 0
DATA_OCTETS_MAX = 0xFFFF
_ADAPTATION = bytes([ADAPTATION_DSMP])
_OPTION = 0x10
_RESERVED = 0x0F


class Dsmp(NamedTuple):
    """A DSMP header."""

    aid: int
    elements: tuple[Element, ...] = ()
    adaptation: bool = True


def unwrap(data: bytes, *, adaptation_required: bool = True) -> tuple[Dsmp, int]:
    """The header at the start of ``data`` and the first octet of what it carries, which fills the rest
    exactly.

    :raises FrameError: with the octet offset, what was read there and what is allowed.
    """
    start = 1 if data[:1] == _ADAPTATION else _adaptation(data, adaptation_required)
    flags = octet(data, start, LAYER, "version")
    if flags >> 5 != VERSION:
        raise FrameError(f"version is {flags >> 5}: must be {VERSION}", LAYER, start)
    if flags & _RESERVED:
        raise FrameError(f"reserved bits are {flags & _RESERVED}: must be 0", LAYER, start)
    elements, at = read_elements(data, start + 1, LAYER) if flags & _OPTION else ((), start + 1)
    aid, at = decode_aid(data, at)
    first = at + 2
    if first > len(data):
        raise FrameError(f"length takes 2 octets, {len(data) - at} are left", LAYER, at, "truncated")
    length = int.from_bytes(data[at:first], "big")
    if length != len(data) - first:
        code = "trailing" if length < len(data) - first else "truncated"
        raise FrameError(f"length is {length}, {len(data) - first} octets follow: must be equal", LAYER, at, code)
    return Dsmp(aid, elements, start == 1), first


def wrap(data: bytes, header: Dsmp) -> bytes:
    """``header`` before ``data``.

    :raises FrameError: for an AID, an element or a length that the header cannot hold.
    """
    if len(data) > DATA_OCTETS_MAX:
        raise FrameError(f"data has {len(data)} octets: must be 0..{DATA_OCTETS_MAX}", LAYER, 0, "size")
    flags = VERSION << 5 | (_OPTION if header.elements else 0)
    head = bytes([ADAPTATION_DSMP, flags] if header.adaptation else [flags])
    body = write_elements(header.elements, LAYER) + encode_aid(header.aid)
    return head + body + len(data).to_bytes(2, "big") + data


def _adaptation(data: bytes, required: bool) -> int:
    """Where the header begins that has no adaptation octet before it: that one cannot be a DSMP version octet, whose
    reserved bits are 0."""
    kind = octet(data, 0, LAYER, "adaptation octet")
    if required:
        name = ADAPTATION_NAMES.get(kind, "not assigned")
        raise FrameError(f"adaptation octet is {kind} ({name}): must be {ADAPTATION_DSMP} (DSMP)", LAYER, 0)
    return 0
