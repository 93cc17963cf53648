"""asn1tools' `jer` codec as an oracle for JSON, in the values of CONTRACTS.md.

What asn1tools 0.169 cannot do in `jer`, or does otherwise than X.697, and what is made of it here:

- It has no open types (``Type 'OpenType' not found``). They stand in as strings, which it passes on as they are, and this walks
  into them: the row's text is asn1tools' own. The name around it, as US DOT tools write it, is put there by this file.
- A BIT STRING of one size with an extension marker is a string, which loses the length; X.697 24 makes an object of it, and
  US DOT data has both. Ours is brought to the string before it is compared (`as_asn1tools`); we read the string as well.
- A GeneralizedTime it writes without its zone, and without its seconds where they are 0: another time by X.680 46.
- It asks for every addition that is not OPTIONAL, also where a sender of an older edition has none.
- It does not know RELATIVE-OID; a string stands in for it.
- It does not look into CONTAINING, drops additions that the schema does not know, and gives ``None`` for such an alternative
  or item. No value that is compared has one of these.
- Of a REAL it writes the number -0 where X.697 has the string, and it reads no REAL without a point. No schema here has a REAL.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

import asn1tools
from codec_pycrate import Pycrate, row_name, rows_of


class Asn1toolsJer:
    """One schema in asn1tools' JER codec."""

    def __init__(self, texts: Sequence[str], guide: Pycrate) -> None:
        text = "\n".join(_with_open_type(text) for text in texts).replace("RELATIVE-OID", "UTF8String")
        self.compiled = asn1tools.compile_string(text, codec="jer")
        self.guide = guide

    def encode(self, name: str, value: Any) -> Any:
        """What asn1tools' text says, as Python's `json` reads it."""
        guide = self.guide.object(name)
        return self._encode(guide, value)

    def decode(self, name: str, node: Any) -> Any:
        """The value that asn1tools has of a JSON text that says ``node``."""
        guide = self.guide.object(name)
        return self._decode(guide, node)

    def _encode(self, guide: Any, value: Any, called: tuple[str, str] | None = None) -> Any:
        module, name = called or (guide._mod, guide._name)
        return json.loads(self.compiled.modules[module][name].encode(self._close(guide, value)))

    def _decode(self, guide: Any, node: Any, called: tuple[str, str] | None = None) -> Any:
        module, name = called or (guide._mod, guide._name)
        return self._open(guide, self.compiled.modules[module][name].decode(json.dumps(node).encode()), None)

    def _close(self, guide: Any, value: Any) -> Any:
        kind = guide.TYPE
        if kind in ("SEQUENCE", "SET"):
            return {key: self._close(guide._cont[key], item) for key, item in value.items()}
        if kind in ("SEQUENCE OF", "SET OF"):
            return [self._close(guide._cont, item) for item in value]
        if kind == "CHOICE":
            return value[0], self._close(guide._cont[value[0]], value[1])
        if kind == "OPEN_TYPE" and isinstance(value, bytes):
            return value.hex().upper()
        if kind == "OPEN_TYPE":
            row = next(row for row in rows_of(guide).values() if row_name(row) == value[0])
            return {value[0]: self._encode(row, value[1], row._typeref.called)}
        return value

    def _open(self, guide: Any, value: Any, identifier: Any) -> Any:
        kind = guide.TYPE
        if kind in ("SEQUENCE", "SET"):
            parts = guide._cont
            return {key: self._open(parts[key], item, _id(parts[key], value)) for key, item in value.items()}
        if kind in ("SEQUENCE OF", "SET OF"):
            return [self._open(guide._cont, item, None) for item in value]
        if kind == "CHOICE":
            return value[0], self._open(guide._cont[value[0]], value[1], None)
        if kind == "OPEN_TYPE" and isinstance(value, str):
            return bytes.fromhex(value)
        if kind == "OPEN_TYPE":
            row = rows_of(guide)[identifier]
            ((name, node),) = value.items()
            return name, self._decode(row, node, row._typeref.called)
        return value


def as_asn1tools(guide: Any, node: Any) -> Any:
    """Our JSON value in asn1tools' spelling."""
    return respelled(guide, node, _asn1tools_leaf)


def as_ours(guide: Any, node: Any) -> Any:
    """A JSON value of asn1tools with times that say their zone and seconds."""
    return respelled(guide, node, _whole_time)


def bits_as_strings(guide: Any, node: Any) -> Any:
    """Our JSON value with hex alone for every BIT STRING, as one US DOT tool has it."""
    return respelled(guide, node, lambda guide, leaf: leaf["value"] if isinstance(leaf, dict) else leaf)


def respelled(guide: Any, node: Any, spell: Callable[[Any, Any], Any], identifier: Any = None) -> Any:
    """The same JSON value with ``spell(guide, leaf)`` for each leaf."""
    kind = guide.TYPE
    if kind in ("SEQUENCE", "SET"):
        parts = guide._cont
        return {key: respelled(parts[key], item, spell, _id(parts[key], node)) for key, item in node.items()}
    if kind in ("SEQUENCE OF", "SET OF"):
        return [respelled(guide._cont, item, spell) for item in node]
    if kind == "CHOICE":
        ((name, item),) = node.items()
        return {name: respelled(guide._cont[name], item, spell)}
    if kind == "OPEN_TYPE" and isinstance(node, dict):
        ((name, item),) = node.items()
        return {name: respelled(rows_of(guide)[identifier], item, spell)}
    return spell(guide, node)


def _asn1tools_leaf(guide: Any, leaf: Any) -> Any:
    if guide.TYPE == "BIT STRING" and guide._const_sz is not None and guide._const_sz.lb == guide._const_sz.ub:
        return leaf["value"] if isinstance(leaf, dict) else leaf
    if guide.TYPE == "GeneralizedTime":
        whole, dot, fraction = leaf.removesuffix("Z").partition(".")
        return whole.removesuffix("00") + dot + fraction if whole.endswith("00", 12) else whole + dot + fraction
    return leaf


def _whole_time(guide: Any, leaf: Any) -> Any:
    if guide.TYPE != "GeneralizedTime":
        return leaf
    whole, dot, fraction = leaf.partition(".")
    return f"{whole:<014}{dot}{fraction}Z"


def _with_open_type(text: str) -> str:
    head, _, tail = text.rpartition("END")
    return f"{head}\nOpenType ::= UTF8String\nEND{tail}"


def _id(component: Any, siblings: dict[str, Any]) -> Any:
    """The value that chooses the row of an open type among its siblings."""
    if component.TYPE != "OPEN_TYPE" or not component._const_tab_at:
        return None
    return siblings.get(component._const_tab_at[-1])
