"""PSIDs and AIDs on the wire.

Both are written in the p-encoding of IEEE 1609.12 clause 4.1.2 (AIDs: YD/T 3707, at most two octets)::

    octets  leading bits  written                  value
    1       0             00       .. 7F           0        .. 7F
    2       10            8000     .. BFFF         80       .. 407F       written = value + 7F80
    3       110           C00000   .. DFFFFF       4080     .. 20407F     written = value + BFBF80
    4       1110          E0000000 .. EFFFFFFF     204080   .. 1020407F   written = value + DFDFBF80

So MAP, PSID 204097, is written E0 00 00 17, and the RSM's AID 3623 is written 8D A7.
"""

from __future__ import annotations

from rsu.errors import FrameError

_FIRST_VALUES = (0, 0x80, 0x4080, 0x20_4080, 0x1020_4080)
"""The lowest value of each number of octets, and one past the highest of all."""
_FIRST_WRITTEN = (0, 0x8000, 0xC0_0000, 0xE000_0000)
PSID_MAX = _FIRST_VALUES[4] - 1
PSID_OCTETS_MAX = 4
AID_MAX = _FIRST_VALUES[2] - 1
AID_OCTETS_MAX = 2


def encode_psid(psid: int, octets_max: int = PSID_OCTETS_MAX, layer: str = "wsmp") -> bytes:
    """The octets of a PSID.

    :raises FrameError: for a value that ``octets_max`` octets cannot hold.
    """
    limit = _FIRST_VALUES[octets_max]
    if not 0 <= psid < limit:
        raise FrameError(f"{_NAMES[layer]} {psid} cannot be written: must be 0..{limit - 1}", layer, 0, "range")
    octets = next(count for count in range(1, 5) if psid < _FIRST_VALUES[count])
    return (psid - _FIRST_VALUES[octets - 1] + _FIRST_WRITTEN[octets - 1]).to_bytes(octets, "big")


def decode_psid(data: bytes, start: int = 0, octets_max: int = PSID_OCTETS_MAX, layer: str = "wsmp") -> tuple[int, int]:
    """The PSID at ``start`` and the octet after it.

    :raises FrameError: where the octets end, or the leading bits are of no length allowed.
    """
    if start >= len(data):
        raise FrameError(f"{_NAMES[layer]} is missing: the octets end", layer, start, "truncated")
    first = data[start]
    if first < _FIRST_OCTET_ENDS[0]:
        return first, start + 1
    octets = _OCTETS[first >> 4]
    if octets > octets_max:
        last = _FIRST_OCTET_ENDS[octets_max - 1] - 1
        raise FrameError(f"{_NAMES[layer]} begins with {first:02x}: must be 00..{last:02x}", layer, start, "range")
    end = start + octets
    if end > len(data):
        left = len(data) - start
        raise FrameError(f"{_NAMES[layer]} takes {octets} octets, {left} are left", layer, start, "truncated")
    written = int.from_bytes(data[start:end], "big")
    return written - _FIRST_WRITTEN[octets - 1] + _FIRST_VALUES[octets - 1], end


def encode_aid(aid: int) -> bytes:
    """The octets of an AID: one to 7F, else two."""
    return encode_psid(aid, AID_OCTETS_MAX, "dsmp")


def decode_aid(data: bytes, start: int = 0) -> tuple[int, int]:
    """The AID at ``start`` and the octet after it."""
    return decode_psid(data, start, AID_OCTETS_MAX, "dsmp")


_FIRST_OCTET_ENDS = (0x80, 0xC0, 0xE0, 0xF0)
_OCTETS = (1,) * 8 + (2,) * 4 + (3, 3, 4, 5)
"""By the leading four bits; 1111 is of no length allowed."""
_NAMES = {"wsmp": "PSID", "dsmp": "AID"}
