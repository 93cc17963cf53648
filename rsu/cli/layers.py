"""The headers of a frame, for `rsu explain`: what each says, and its octets."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from rsu.cli.picture import Field, draw

if TYPE_CHECKING:
    from rich.text import Text

    from rsu.frames import Layer, Security, Unwrapped

# A longer part (certificate, signature) is shown in hex: its single bits say nothing.
PICTURE_OCTETS_MAX = 16
HEX_OCTETS = 32


def header_parts(data: bytes, frame: Unwrapped) -> Iterator[tuple[str, list[Text]]]:
    """A title and its lines for the octets of each layer that stand before the one inside it, and behind that one."""
    for outer, inner in zip(frame.layers, frame.layers[1:], strict=False):
        facts = _facts(outer, frame)
        if inner.offset > outer.offset:
            yield _part(data, f"{outer.name}: {facts}" if facts else outer.name, outer.offset, inner.offset)
    for outer, inner in zip(frame.layers, frame.layers[1:], strict=False):
        first, end = inner.offset + inner.length, outer.offset + outer.length
        if end > first:
            yield _part(data, f"{outer.name}, behind the message", first, end)


def _part(data: bytes, title: str, first: int, end: int) -> tuple[str, list[Text]]:
    octets = data[first:end]
    where = f"{title} (octets {first} to {end - 1} of the frame)"
    if len(octets) <= PICTURE_OCTETS_MAX:
        return where, list(draw(octets, [Field(title.partition(":")[0], 0, len(octets) * 8)]))
    return where, list(_hex(octets))


def _hex(octets: bytes) -> Iterator[Text]:
    from rich.text import Text

    for first in range(0, len(octets), HEX_OCTETS):
        yield Text(f"{first:>6}  {octets[first : first + HEX_OCTETS].hex(' ', -4)}")


def _facts(layer: Layer, frame: Unwrapped) -> str:
    if layer.name in ("dsmp", "wsmp"):
        elements = len(frame.radio.elements) if frame.radio is not None else 0
        return f"{'AID' if layer.name == 'dsmp' else 'PSID'} {frame.aid}, {elements} extension elements"
    if layer.name == "ieee1609.2":
        return ", ".join(_security_facts(frame.security))
    return ""


def _security_facts(security: Security) -> Iterator[str]:
    yield security.status
    if security.psid is not None:
        yield f"PSID {security.psid}"
    if security.generation_time_ns is not None:
        moment = datetime.fromtimestamp(security.generation_time_ns // 1_000_000_000, UTC)
        yield f"generated {moment:%Y-%m-%d %H:%M:%S} UTC"
    place = security.location
    if place is not None and place.lat_e7 is not None and place.lon_e7 is not None:
        yield f"at {place.lat_e7 / 1e7:.7f}, {place.lon_e7 / 1e7:.7f}"
    if security.signer:
        yield f"signer {security.signer} {security.digest.hex()}".rstrip()
    if security.signature_kind:
        yield security.signature_kind
