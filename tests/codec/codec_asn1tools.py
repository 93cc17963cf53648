"""asn1tools as an oracle, in the values of CONTRACTS.md: open types by table are encoded and decoded inside.

asn1tools leaves an open type as octets and does not know its table; the table comes from pycrate's compiled objects, which
walk along. What asn1tools does otherwise than X.691 is listed in `test_against_asn1tools.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import asn1tools
from codec_pycrate import Pycrate, row_name, rows_of


class Asn1tools:
    """One schema in asn1tools' UPER codec."""

    def __init__(self, texts: Sequence[str], guide: Pycrate) -> None:
        # asn1tools does not know RELATIVE-OID. On the wire it is its contents behind a length, as an OCTET STRING is.
        text = "\n".join(texts).replace("RELATIVE-OID", "OCTET STRING")
        self.compiled = asn1tools.compile_string(text, codec="uper")
        self.guide = guide

    def type_of(self, module: str, name: str) -> Any:
        return self.compiled.modules[module][name]

    def encode(self, name: str, value: Any) -> bytes:
        guide = self.guide.object(name)
        return self._encode(guide._mod, guide._name, guide, value)

    def decode(self, name: str, data: bytes) -> Any:
        guide = self.guide.object(name)
        return self._decode(guide._mod, guide._name, guide, data)

    def _encode(self, module: str, name: str, guide: Any, value: Any) -> bytes:
        return bytes(self.type_of(module, name).encode(self._close(guide, value)))

    def _decode(self, module: str, name: str, guide: Any, data: bytes) -> Any:
        return self._open(guide, self.type_of(module, name).decode(data), None)

    def _close(self, guide: Any, value: Any) -> Any:
        kind = guide.TYPE
        if kind in ("SEQUENCE", "SET"):
            return {key: self._close(guide._cont[key], item) for key, item in value.items()}
        if kind in ("SEQUENCE OF", "SET OF"):
            return [self._close(guide._cont, item) for item in value]
        if kind == "CHOICE":
            return value[0], self._close(guide._cont[value[0]], value[1])
        if kind == "RELATIVE-OID":
            return b"".join(_base128(int(arc)) for arc in value.split("."))
        if kind == "OPEN_TYPE" and isinstance(value, tuple):
            row = next(row for row in rows_of(guide).values() if row_name(row) == value[0])
            module, name = row._typeref.called
            # X.691 11.2.1: an encoding of no bits becomes one zero octet. asn1tools gives none.
            return self._encode(module, name, row, value[1]) or b"\0"
        return value

    def _open(self, guide: Any, value: Any, identifier: Any) -> Any:
        kind = guide.TYPE
        if kind in ("SEQUENCE", "SET"):
            parts = guide._cont
            return {key: self._open(parts[key], item, _identifier(parts[key], value)) for key, item in value.items()}
        if kind in ("SEQUENCE OF", "SET OF"):
            return [self._open(guide._cont, item, None) for item in value]
        if kind == "CHOICE":
            return value[0], self._open(guide._cont[value[0]], value[1], None)
        if kind == "RELATIVE-OID":
            return ".".join(map(str, _arcs(value)))
        if kind == "OPEN_TYPE":
            row = rows_of(guide).get(identifier)
            if row is None:
                return value
            module, name = row._typeref.called
            return name, self._decode(module, name, row, value)
        return value


def _identifier(component: Any, siblings: dict[str, Any]) -> Any:
    """The value that chooses the row of an open type among its siblings."""
    if component.TYPE != "OPEN_TYPE" or not component._const_tab_at:
        return None
    return siblings.get(component._const_tab_at[-1])


def _base128(arc: int) -> bytes:
    octets = [arc & 0x7F]
    while arc := arc >> 7:
        octets.append(0x80 | arc & 0x7F)
    return bytes(reversed(octets))


def _arcs(contents: bytes) -> Iterator[int]:
    arc = 0
    for octet in contents:
        arc = arc << 7 | octet & 0x7F
        if octet < 0x80:
            yield arc
            arc = 0
