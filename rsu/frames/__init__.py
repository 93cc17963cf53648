"""Radio and security headers off and on: :func:`unwrap` gives the bare message, :func:`wrap` the frame
again, octet for octet.

A frame is, from outside to inside, DSMP or WSMP or neither, then a security unit (IEEE 1609.2, YD/T 3957)
or none, then the message in UPER. Headers are parsed, never searched for. The setting ``header`` says what
to expect outside:

====================  ======================================================================
``auto``              DSMP or WSMP where they fit the octets exactly, else neither
``dsmp`` ``wsmp``     that one; anything else is an error
``ieee1609dot2``      a security unit without a radio header; anything else is an error
``none``              the octets are the message
====================  ======================================================================

Behind ``auto``, ``dsmp`` and ``wsmp`` a security unit is taken off where it fits to the last octet. One
that does not fit is an error where it cannot be the start of a message: behind WSMP, where ``standard``
begins with ``sae`` (no J2735 message begins with 03), and where it fits so far that its payload has begun
(six octets, all fixed). Elsewhere the octets are the message: a Chinese BSM may begin with 03 81.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

import msgspec

from rsu.errors import FrameError
from rsu.frames import dsmp, ieee1609dot2, wsmp
from rsu.frames.coer import Walk
from rsu.frames.dsmp import Dsmp
from rsu.frames.elements import Element
from rsu.frames.ieee1609dot2 import Location, Security
from rsu.frames.psid import decode_aid, decode_psid, encode_aid, encode_psid
from rsu.frames.wsmp import Wsmp

__all__ = [
    "HEADERS",
    "Dsmp",
    "Element",
    "FrameError",
    "Layer",
    "Location",
    "Security",
    "Unwrapped",
    "Wsmp",
    "decode_aid",
    "decode_psid",
    "encode_aid",
    "encode_psid",
    "unwrap",
    "wrap",
    "wrap_payload",
]

HEADERS = ("auto", "none", "dsmp", "wsmp", "ieee1609dot2")
FRAME_OCTETS_MAX = 65_535
"""Octets of one frame: the most a UDP datagram carries."""
_SIGNED_EVIDENCE = 6
"""Octets of a signed unit before the length of its payload: 03 81, hash id, payload preamble, 03 80."""


class Layer(NamedTuple):
    """One layer of a frame: its first octet and its octets, with all it carries. ``payload`` is the
    innermost."""

    name: str
    offset: int
    length: int


class Unwrapped(msgspec.Struct, frozen=True, gc=False):
    """A frame taken apart; :func:`wrap` puts it together again.

    :param payload: the bare message, UPER.
    :param header: ``dsmp``, ``wsmp`` or ``none``: the radio header found.
    :param aid: AID or PSID of the radio header, else of the security unit, else None.
    :param security: what the security unit says; ``status`` is ``none`` where there is none.
    :param standard: ``csae`` behind DSMP, ``sae`` behind WSMP, else None.
    :param octets: of the frame.
    :param unit_offset: the first octet behind the radio header.
    :param payload_offset: the first octet of the payload.
    :param radio: the radio header with all that is needed to write it again.
    """

    payload: bytes
    header: str
    aid: int | None
    security: Security
    standard: str | None
    octets: int
    unit_offset: int
    payload_offset: int
    radio: Dsmp | Wsmp | None = None

    @property
    def layers(self) -> tuple[Layer, ...]:
        """From outside to inside."""
        starts = []
        if isinstance(self.radio, Dsmp):
            starts = [("adaptation", 0)] * self.radio.adaptation + [("dsmp", int(self.radio.adaptation))]
        elif isinstance(self.radio, Wsmp):
            starts = [("pc5-prefix", 0)] * self.radio.prefix + [("wsmp", int(self.radio.prefix))]
        if self.security.status != "none":
            starts.append((ieee1609dot2.LAYER, self.unit_offset))
        outer = [Layer(name, start, self.octets - start) for name, start in starts]
        return (*outer, Layer("payload", self.payload_offset, len(self.payload)))


def unwrap(data: bytes, header: str = "auto", *, standard: str = "") -> Unwrapped:
    """Take the headers off a frame.

    :param header: the setting of the source, one of :data:`HEADERS`.
    :param standard: the standard set for the source, e.g. ``sae-j2735``, or empty.
    :raises FrameError: for a header that does not fit: layer, octet offset, what was read, what is allowed.
    """
    if len(data) > FRAME_OCTETS_MAX:
        raise FrameError(f"frame has {len(data)} octets: must be 0..{FRAME_OCTETS_MAX}", "frame", 0, "size")
    match header:
        case "none":
            return _assemble(data, None, 0, None)
        case "ieee1609dot2":
            return _assemble(data, None, 0, ieee1609dot2.unwrap(data))
        case "dsmp":
            return _behind_radio(data, *dsmp.unwrap(data, adaptation_required=False))
        case "wsmp":
            return _behind_radio(data, *wsmp.unwrap(data))
        case "auto":
            return _recognise(data, standard)
    raise FrameError(f"header setting is {header!r}: must be one of {', '.join(HEADERS)}", "frame", 0, "header")


def wrap(unwrapped: Unwrapped) -> bytes:
    """The frame of what :func:`unwrap` gave: ``wrap(unwrap(frame)) == frame``.

    :raises FrameError: for a payload that is not the signed one, or that its headers cannot hold.
    """
    unit = ieee1609dot2.wrap(unwrapped.payload, unwrapped.security)
    match unwrapped.radio:
        case Dsmp():
            return dsmp.wrap(unit, unwrapped.radio)
        case Wsmp():
            return wsmp.wrap(unit, unwrapped.radio)
    return unit


def wrap_payload(payload: bytes, header: str = "none", aid: int | None = None, *, unsecured: bool = False) -> bytes:
    """A new frame around a message: ``dsmp``, ``wsmp`` or ``none`` outside, an unsecured IEEE 1609.2 unit
    inside where asked.

    :raises FrameError: for a header without an AID, or values that it cannot hold.
    """
    unit = ieee1609dot2.wrap(payload, Security("unsecured" if unsecured else "none"))
    if header == "none":
        return unit
    if header not in ("dsmp", "wsmp"):
        raise FrameError(f"header is {header!r}: must be none, dsmp or wsmp", "frame", 0, "header")
    if aid is None:
        raise FrameError("AID or PSID is missing: the header needs one", header, 0, "missing")
    return dsmp.wrap(unit, Dsmp(aid)) if header == "dsmp" else wsmp.wrap(unit, Wsmp(aid))


def _recognise(data: bytes, standard: str) -> Unwrapped:
    reader = _READERS.get(data[:1])
    if reader is not None:
        try:
            radio, first = reader(data)
        except FrameError:
            pass
        else:
            return _behind_radio(data, radio, first)
    return _assemble(data, None, 0, _security(data, 0, american=standard.startswith("sae")))


def _behind_radio(data: bytes, radio: Dsmp | Wsmp, first: int) -> Unwrapped:
    return _assemble(data, radio, first, _security(data, first, american=isinstance(radio, Wsmp)))


def _security(data: bytes, first: int, *, american: bool) -> ieee1609dot2.Unit | None:
    """The security unit at ``first``, None where the octets are a message, an error where they can only be
    a damaged unit."""
    if data[first : first + 1] not in _UNIT_VERSIONS:
        return None  # nearly every message: a walk that is refused costs ten times this
    walk = Walk(data, ieee1609dot2.LAYER)
    try:
        return ieee1609dot2.unwrap_with(walk, first)
    except FrameError as error:
        begun = data[first : first + 2] == b"\x03\x81" and walk.reached >= first + _SIGNED_EVIDENCE
        complete = error.code == "security" and walk.reached == len(data)
        if begun or complete or (american and data[first : first + 1] == b"\x03"):
            raise
        return None


def _assemble(data: bytes, radio: Dsmp | Wsmp | None, first: int, unit: ieee1609dot2.Unit | None) -> Unwrapped:
    header, aid, standard = "none", None, None
    if type(radio) is Dsmp:
        header, aid, standard = "dsmp", radio.aid, "csae"
    elif type(radio) is Wsmp:
        header, aid, standard = "wsmp", radio.psid, "sae"
    if unit is None:
        return Unwrapped(data[first:], header, aid, _NO_SECURITY, standard, len(data), first, first, radio)
    payload, offset, security = unit
    aid = security.psid if aid is None else aid
    return Unwrapped(payload, header, aid, security, standard, len(data), first, offset, radio)


_READERS: Mapping[bytes, Callable[[bytes], tuple[Dsmp | Wsmp, int]]] = {
    b"\x04": dsmp.unwrap,
    b"\x03": wsmp.unwrap,
    b"\x0b": wsmp.unwrap,
    b"\x01": wsmp.unwrap,
}
"""First octet → the radio header that can begin with it; the others fit none."""
_UNIT_VERSIONS = (b"\x03", b"\x02")
"""First octets of a security unit; the old Chinese one is known to be refused by name."""
_NO_SECURITY = Security()
