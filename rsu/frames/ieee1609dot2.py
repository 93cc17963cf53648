"""IEEE 1609.2 security units: off (:func:`unwrap`) and on (:func:`wrap`), without touching a key.

Theory of operation: :mod:`rsu.frames.coer` walks the unit once along the table
:mod:`rsu.frames.dot2_types`; what is needed later (payload, header fields, signer, the exact octets that
were signed) is then cut out of the octets by position. A unit is
``03 80 length data`` (unsecured) or ``03 81`` hash id, to-be-signed data, signer, signature. Encrypted data
and certificate requests are recognised and refused with code ``security``: their content is not a message
for this unit.

The digest of an enclosed certificate is its HashedId8 (clauses 6.3.28 and 6.4.3): the last 8 octets of the
whole-certificate hash over the canonical form, in which every public key is compressed and the signature's
``rSig`` is given by its x alone.

Times are microseconds of TAI since 2004-01-01 00:00:00 UTC (clause 6.3.17); :func:`utc_ns` takes out the
leap seconds since.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from dataclasses import dataclass
from typing import NamedTuple

from rsu.errors import FrameError
from rsu.frames import ydt3957
from rsu.frames.coer import NODES_MAX, Node, Walk, children, length_octets, uint
from rsu.frames.dot2_types import CURVE_POINTS, UNIT

LAYER = "ieee1609.2"
PROTOCOL_VERSION = 3
_UNSECURED_TAG, _SIGNED_TAG = 0x80, 0x81
UNIT_OCTETS_MAX = 65_535
"""Octets of one unit: no carrier of V2X messages takes a longer datagram."""

EPOCH_UTC_S = 1_072_915_200
"""2004-01-01 00:00:00 UTC as seconds since 1970."""
LEAP_SECONDS_UTC_S = (1_136_073_600, 1_230_768_000, 1_341_100_800, 1_435_708_800, 1_483_228_800)
"""The second after each leap second since the epoch (IERS Bulletin C): 2006-01-01, 2009-01-01, 2012-07-01,
2015-07-01, 2017-01-01."""
_LEAPS_TAI_S = [second - EPOCH_UTC_S + count for count, second in enumerate(LEAP_SECONDS_UTC_S, 1)]

POSITION_UNKNOWN = (900_000_001, 1_800_000_001)
"""Codes of latitude and longitude for "not known" (clause 6.3.12)."""


class Location(NamedTuple):
    """Where a unit was made: 1e-7 degree, and elevation in the standard's code (0.1 m above -409.6 m)."""

    lat_e7: int | None
    lon_e7: int | None
    elevation: int


@dataclass(frozen=True, slots=True)
class Security:
    """What a security unit says; an absent field is None or empty.

    :param status: ``none`` (no unit), ``unsecured``, ``signed``, ``ydt3957-signed``. Nothing here says that
        a signature is right.
    :param psid: PSID or AID of the header.
    :param generation_time_us: microseconds of TAI since 2004 as written; ``generation_time_ns`` is UTC.
        Expiry likewise.
    :param signer: ``digest``, ``certificate`` or ``self``.
    :param digest: HashedId8 of the signer's certificate; empty where its hash is not known here.
    :param certificate: octets of the first enclosed certificate.
    :param hash_id: ``sha256``, ``sha384``, ``sm3``; ``...N`` for a number beyond the standard.
    :param tbs: the octets that were signed, as received.
    :param signer_octets: the signer field, tag included.
    :param signature_kind: e.g. ``ecdsaNistP256Signature``.
    :param signature: the signature field, tag included.
    """

    status: str = "none"
    psid: int | None = None
    generation_time_us: int | None = None
    expiry_time_us: int | None = None
    location: Location | None = None
    signer: str = ""
    digest: bytes = b""
    certificate: bytes = b""
    hash_id: str = ""
    hash_code: int = 0
    tbs: bytes = b""
    signer_octets: bytes = b""
    signature_kind: str = ""
    signature: bytes = b""

    @property
    def generation_time_ns(self) -> int | None:
        return None if self.generation_time_us is None else utc_ns(self.generation_time_us)

    @property
    def expiry_time_ns(self) -> int | None:
        return None if self.expiry_time_us is None else utc_ns(self.expiry_time_us)


class Unit(NamedTuple):
    """An unwrapped unit: the payload, where it lies in the frame, and what the unit says."""

    payload: bytes
    offset: int
    security: Security


def unwrap(data: bytes, start: int = 0, nodes_max: int = NODES_MAX) -> Unit:
    """Take the security unit off that fills ``data`` from ``start`` to the end.

    :raises FrameError: with the octet offset, what was read there and what is allowed.
    """
    walk = Walk(data, LAYER, nodes_max)
    return unwrap_with(walk, start)


def unwrap_with(walk: Walk, start: int) -> Unit:
    """As :func:`unwrap`; the caller's ``walk`` tells how far it came when the unit is refused."""
    data, end = walk.data, len(walk.data)
    if end - start > UNIT_OCTETS_MAX:
        raise walk.fail(f"unit has {end - start} octets: must be 1..{UNIT_OCTETS_MAX}", start, "size")
    _check_version(walk, start, end)
    unit = walk.walk(UNIT, start, end, "Ieee1609Dot2Data")
    if unit.end != end:
        raise walk.fail(f"{end - unit.end} octets follow the unit: must be 0", unit.end, "trailing")
    content = unit.inside["content"]
    match content.chosen:
        case "unsecuredData":
            return _unsecured(data, content.inside["unsecuredData"])
        case "signedData":
            return _signed(walk, content.inside["signedData"])
    allowed = "unsecuredData or signedData"
    raise walk.fail(f"content is {content.chosen}: must be {allowed}", content.start, "security")


def wrap(payload: bytes, security: Security) -> bytes:
    """The octets of the unit around ``payload``; the reverse of :func:`unwrap`.

    A signed unit is put together from the octets that were signed, so its payload cannot be another one.

    :raises FrameError: for another payload in a signed unit.
    """
    if security.status == "none":
        return payload
    if security.status == "unsecured":
        return bytes([PROTOCOL_VERSION, _UNSECURED_TAG]) + length_octets(len(payload)) + payload
    head = bytes([PROTOCOL_VERSION, _SIGNED_TAG, security.hash_code])
    unit = head + security.tbs + security.signer_octets + security.signature
    held = unwrap(unit).payload
    if held != payload:
        raise FrameError(
            f"payload of {len(payload)} octets is not the signed one of {len(held)}: sign anew",
            LAYER,
            0,
            "security",
        )
    return unit


def utc_ns(time_us: int) -> int:
    """UTC nanoseconds of a Time64. The leap second itself reads as the first second after it."""
    leaps = bisect_right(_LEAPS_TAI_S, time_us // 1_000_000)
    return (EPOCH_UTC_S * 1_000_000 + time_us - leaps * 1_000_000) * 1_000


def time64_us(time_ns: int) -> int:
    """The Time64 of UTC nanoseconds; the reverse of :func:`utc_ns`."""
    leaps = bisect_right(LEAP_SECONDS_UTC_S, time_ns // 1_000_000_000)
    return time_ns // 1_000 - EPOCH_UTC_S * 1_000_000 + leaps * 1_000_000


def certificate_digest(data: bytes, certificate: Node) -> bytes:
    """HashedId8 of a walked certificate, or nothing where its hash algorithm is not known here."""
    name = _certificate_hash(certificate)
    if name not in hashlib.algorithms_available:
        return b""
    return hashlib.new(name, canonical(data, certificate)).digest()[-8:]


def canonical(data: bytes, node: Node, *, r_sig: bool = False) -> bytes:
    """The octets of a node with every curve point in canonical form (clause 6.4.3)."""
    if node.type in CURVE_POINTS:
        return _canonical_point(data, node, r_sig)
    parts, at = [], node.start
    for name, child in children(node):
        body = canonical(data, child, r_sig=name == "rSig")
        parts += [
            data[at : at + 1] + length_octets(len(body)) if node.wrapped else data[at : child.start],
            body,
        ]
        at = child.end
    parts.append(data[at : node.end])
    return b"".join(parts)


def _check_version(walk: Walk, start: int, end: int) -> None:
    """Refuse another version by name; of the old Chinese one, see whether it fits, for who asks how far the
    walk came."""
    walk.need(start, 2, end, "version and content tag")
    version, tag = walk.data[start], walk.data[start + 1]
    if version == ydt3957.OLD_VERSION:
        if tag == _UNSECURED_TAG:
            walk.span(start + 2, end, "unsecured data of a version 2 unit")
        raise walk.fail(ydt3957.OLD_VERSION_REASON, start, "security")
    if version != PROTOCOL_VERSION:
        raise walk.fail(f"protocol version is {version}: must be {PROTOCOL_VERSION}", start, "header")


def _unsecured(data: bytes, plain: Node) -> Unit:
    first, last = _body(data, plain)
    return Unit(data[first:last], first, Security("unsecured"))


def _signed(walk: Walk, signed: Node) -> Unit:
    data = walk.data
    tbs, signer, signature = (signed.inside[name] for name in ("tbsData", "signer", "signature"))
    payload = _payload_of(walk, tbs)
    header = tbs.inside["headerInfo"]
    hash_id = signed.inside["hashId"]
    kind, digest, certificate = _signer(data, signer)
    security = Security(
        status=ydt3957.STATUS if ydt3957.is_chinese(hash_id.chosen, signature.chosen) else "signed",
        psid=uint(data, header.inside["psid"]),
        generation_time_us=_optional_uint(data, header.at("generationTime")),
        expiry_time_us=_optional_uint(data, header.at("expiryTime")),
        location=_location(data, header.at("generationLocation")),
        signer=kind,
        digest=digest,
        certificate=certificate,
        hash_id=hash_id.chosen,
        hash_code=data[hash_id.start],
        tbs=data[tbs.start : tbs.end],
        signer_octets=data[signer.start : signer.end],
        signature_kind=signature.chosen,
        signature=data[signature.start : signature.end],
    )
    first, last = _body(data, payload)
    return Unit(data[first:last], first, security)


def _payload_of(walk: Walk, tbs: Node) -> Node:
    inner = tbs.at("payload", "data", "content")
    if inner is None:
        raise walk.fail("signed unit holds no data, only a hash of external data or none", tbs.start, "security")
    if inner.chosen != "unsecuredData":
        raise walk.fail(f"signed unit holds {inner.chosen}: must be unsecuredData", inner.start, "security")
    return inner.inside["unsecuredData"]


def _body(data: bytes, plain: Node) -> tuple[int, int]:
    """Where the octets of a walked OCTET STRING with a length begin and end."""
    first = data[plain.start]
    return plain.start + 1 + (first & 0x7F if first >= 0x80 else 0), plain.end


def _signer(data: bytes, signer: Node) -> tuple[str, bytes, bytes]:
    kind = signer.chosen
    node = signer.at(kind)
    if kind == "digest" and node is not None:
        return kind, data[node.start : node.end], b""
    first = node.at("0") if node is not None else None
    if kind == "certificate" and first is not None:
        return kind, certificate_digest(data, first), data[first.start : first.end]
    return kind, b"", b""


def _optional_uint(data: bytes, node: Node | None) -> int | None:
    return None if node is None else uint(data, node)


def _location(data: bytes, node: Node | None) -> Location | None:
    if node is None:
        return None
    lat, lon, elevation = (uint(data, child) for _, child in children(node))
    return Location(None if lat == POSITION_UNKNOWN[0] else lat, None if lon == POSITION_UNKNOWN[1] else lon, elevation)


def _certificate_hash(certificate: Node) -> str:
    """The whole-certificate hash by the verification key (clause 6.4.3); implicit certificates use
    SHA-256."""
    indicator = certificate.at("toBeSigned", "verifyKeyIndicator")
    key = indicator.at("verificationKey") if indicator else None
    if key is None:
        return "sha256" if indicator is not None and indicator.chosen == "reconstructionValue" else ""
    return _HASH_OF_KEY.get(key.chosen, "")


_HASH_OF_KEY = {
    "ecdsaNistP256": "sha256",
    "ecdsaBrainpoolP256r1": "sha256",
    "ecdsaBrainpoolP384r1": "sha384",
    "ecdsaNistP384": "sha384",
    "ecsigSm2": "sm3",
}


def _canonical_point(data: bytes, node: Node, r_sig: bool) -> bytes:
    if node.chosen == "fill":
        return data[node.start : node.end]
    size = (node.end - node.start - 1) // (2 if node.chosen == "uncompressed" else 1)
    x = data[node.start + 1 : node.start + 1 + size]
    if r_sig:
        return b"\x80" + x
    if node.chosen == "uncompressed":
        return bytes([0x82 | data[node.end - 1] & 1]) + x
    return data[node.start : node.end]
