"""WSMP version 3, the WAVE short message protocol (IEEE 1609.3-2016 clause 8.3)::

[01]                one octet before it, beside a PC5 radio
ssss o vvv          subtype (0), option indicator, version (3): 03, or 0B with extension elements
[count {id, length, content}*]      where the option indicator is 1
TPID                0: a PSID follows, no transport extensions
PSID                1 to 4 octets, see rsu.frames.psid
length              1 octet to 127, else 2 octets 8000 + n, n to 16383
data
"""

from __future__ import annotations

from typing import NamedTuple

from rsu.errors import FrameError
from rsu.frames.elements import Element, octet, read_elements, write_elements
from rsu.frames.psid import decode_psid, encode_psid

LAYER = "wsmp"
PC5_PREFIX = 0x01
VERSION = 3
TPID_PSID = 0
DATA_OCTETS_MAX = 0x3FFF
_OPTION = 0x08
_SHORT_MAX = 0x7F


class Wsmp(NamedTuple):
    """A WSMP header. ``long`` is set where a length below 128 was written in two octets."""

    psid: int
    elements: tuple[Element, ...] = ()
    prefix: bool = False
    long: bool = False


def unwrap(data: bytes) -> tuple[Wsmp, int]:
    """The header at the start of ``data`` and the first octet of what it carries, which fills the rest
    exactly.

    :raises FrameError: with the octet offset, what was read there and what is allowed.
    """
    prefix = octet(data, 0, LAYER, "version") == PC5_PREFIX
    start = int(prefix)
    flags = octet(data, start, LAYER, "version")
    if flags & ~_OPTION != VERSION:
        raise FrameError(f"version octet is {flags:02x}: must be 03 or 0b", LAYER, start)
    elements, at = read_elements(data, start + 1, LAYER) if flags & _OPTION else ((), start + 1)
    tpid = octet(data, at, LAYER, "TPID")
    if tpid != TPID_PSID:
        raise FrameError(f"TPID is {tpid}: must be {TPID_PSID}", LAYER, at)
    psid, at = decode_psid(data, at + 1)
    length, first = _length(data, at)
    if length != len(data) - first:
        code = "trailing" if length < len(data) - first else "truncated"
        raise FrameError(f"length is {length}, {len(data) - first} octets follow: must be equal", LAYER, at, code)
    return Wsmp(psid, elements, prefix, first - at == 2 and length <= _SHORT_MAX), first


def wrap(data: bytes, header: Wsmp) -> bytes:
    """``header`` before ``data``.

    :raises FrameError: for a PSID, an element or a length that the header cannot hold.
    """
    size = len(data)
    if size > DATA_OCTETS_MAX:
        raise FrameError(f"data has {size} octets: must be 0..{DATA_OCTETS_MAX}", LAYER, 0, "size")
    flags = VERSION | (_OPTION if header.elements else 0)
    head = bytes([PC5_PREFIX, flags] if header.prefix else [flags])
    body = write_elements(header.elements, LAYER) + bytes([TPID_PSID]) + encode_psid(header.psid)
    short = size <= _SHORT_MAX and not header.long
    return head + body + (bytes([size]) if short else (0x8000 | size).to_bytes(2, "big")) + data


def _length(data: bytes, at: int) -> tuple[int, int]:
    first = octet(data, at, LAYER, "length")
    if first <= _SHORT_MAX:
        return first, at + 1
    if first >= 0xC0:
        raise FrameError(f"length begins with {first:02x}: must be 00..bf", LAYER, at, "length")
    return (first & 0x3F) << 8 | octet(data, at + 1, LAYER, "second octet of the length"), at + 2
