"""Readers of the notations in which the sources of the published messages print their values: JER, XER and Erlang terms.

Each walks pycrate's compiled type beside the text and gives the value in the form of CONTRACTS.md.
"""

from __future__ import annotations

import re
from typing import Any
from xml.etree import ElementTree

from codec_pycrate import row_name, rows_of

SEQUENCES = ("SEQUENCE", "SET")
LISTS = ("SEQUENCE OF", "SET OF")


class Unprinted:
    """Stands for a value that the source leaves out of its print (an alternative that its tool cannot write); equals any."""

    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = None  # type: ignore[assignment]


def fixed_size(compiled: Any) -> int:
    """Bits of a BIT STRING whose text does not say how many it has."""
    return int(compiled._const_sz.lb)


def padded(number: int, bits: int) -> tuple[bytes, int]:
    octets = (bits + 7) // 8
    return (number << (8 * octets - bits)).to_bytes(octets, "big"), bits


def from_jer(compiled: Any, node: Any, identifier: Any = None) -> Any:
    """X.697: octets in hex, fixed BIT STRING in hex, others as {value, length}, CHOICE as an object of one member."""
    kind = compiled.TYPE
    if kind in SEQUENCES:
        parts = compiled._cont
        return {key: from_jer(parts[key], node[key], identifier_of(parts[key], node)) for key in parts if key in node}
    if kind in LISTS and isinstance(node, dict):
        ((_, node),) = node.items()  # one source made its JSON from XML, where the items have a name
    if kind in LISTS:
        return [from_jer(compiled._cont, item) for item in node]
    if kind == "CHOICE":
        if not node:
            return Unprinted()
        ((name, item),) = node.items()
        return name, from_jer(compiled._cont[name], item)
    if kind == "OPEN_TYPE":
        row = rows_of(compiled)[identifier]
        ((name, item),) = node.items()
        assert name == row_name(row)
        return name, from_jer(row, item)
    if kind == "OCTET STRING":
        return bytes.fromhex(node)
    if kind == "BIT STRING":
        bits = node["length"] if isinstance(node, dict) else fixed_size(compiled)
        octets = bytes.fromhex(node["value"] if isinstance(node, dict) else node)
        return octets, bits
    return node


def from_xer(compiled: Any, node: ElementTree.Element, identifier: Any = None) -> Any:
    """X.693: an element a component, an empty element a code, text for numbers, hex and bits."""
    kind = compiled.TYPE
    text = "".join((node.text or "").split())
    if kind in SEQUENCES:
        parts = compiled._cont
        given = {child.tag: child for child in node}
        # The number that chooses a row is text in its sibling.
        ids = {key: int(child.text or "0") for key, child in given.items() if parts[key].TYPE == "INTEGER" and not len(child)}
        return {key: from_xer(parts[key], given[key], identifier_of(parts[key], ids)) for key in parts if key in given}
    if kind in LISTS and compiled._cont.TYPE in ("ENUMERATED", "BOOLEAN", "NULL", "CHOICE"):
        return [_bare_item(compiled._cont, child) for child in node]
    if kind in LISTS:
        return [from_xer(compiled._cont, child) for child in node]
    if kind == "CHOICE":
        return node[0].tag, from_xer(compiled._cont[node[0].tag], node[0])
    if kind == "OPEN_TYPE":
        row = rows_of(compiled)[identifier]
        assert node[0].tag == row_name(row)
        return node[0].tag, from_xer(row, node[0])
    if kind in ("ENUMERATED", "BOOLEAN"):
        code = node[0].tag if len(node) else text
        return code == "true" if kind == "BOOLEAN" else code
    if kind == "INTEGER":
        return int(text)
    if kind == "NULL":
        return None
    if kind == "OCTET STRING":
        return bytes.fromhex(text)
    if kind == "BIT STRING":
        return padded(int(text or "0", 2), len(text))
    return node.text or ""


def _bare_item(compiled: Any, node: ElementTree.Element) -> Any:
    """In a list, an item that names itself stands without an element of its own around it."""
    if compiled.TYPE == "ENUMERATED":
        return node.tag if node.tag in compiled._cont else node[0].tag
    if compiled.TYPE == "CHOICE" and node.tag in compiled._cont:
        return node.tag, from_xer(compiled._cont[node.tag], node)
    return from_xer(compiled, node)


def identifier_of(component: Any, siblings: Any) -> Any:
    if component.TYPE != "OPEN_TYPE" or not component._const_tab_at:
        return None
    return siblings[component._const_tab_at[-1]]


# Erlang: {'Record', field, …}, [list], asn1_NOVALUE for absent, {alternative, value}, <<"octets">>, [namedBit]. ---------

TOKEN = re.compile(
    r"""\s*(?:(?P<punct>[{}\[\],])|'(?P<quoted>[^']*)'|(?P<binary><<.*?>>)|(?P<string>"[^"]*")
    |(?P<number>-?\d+)|(?P<atom>[a-z]\w*))""",
    re.X | re.S,
)
ABSENT = "asn1_NOVALUE"


def parse_erlang(text: str) -> Any:
    """Tuples as tuples, lists as lists, atoms as str, binaries and strings as bytes, numbers as int."""
    tokens = list(TOKEN.finditer(text.strip()))
    value, _ = _term(tokens, 0)
    return value


def _term(tokens: list[re.Match[str]], at: int) -> tuple[Any, int]:
    token = tokens[at]
    if token["punct"] in ("{", "["):
        close, items, at = "}" if token["punct"] == "{" else "]", [], at + 1
        while tokens[at]["punct"] != close:
            item, at = _term(tokens, at)
            items.append(item)
            at += tokens[at]["punct"] == ","
        return (tuple(items) if close == "}" else items), at + 1
    if token["number"]:
        return int(token["number"]), at + 1
    if token["binary"]:
        inside = token["binary"][2:-2]
        if inside.startswith('"'):
            return inside[1:-1].encode("latin-1"), at + 1
        return bytes(int(part) for part in inside.split(",") if part), at + 1
    if token["string"]:
        return token["string"][1:-1].encode("latin-1"), at + 1
    return token["quoted"] if token["quoted"] is not None else token["atom"], at + 1


def from_erlang(compiled: Any, term: Any, identifier: Any = None) -> Any:
    kind = compiled.TYPE
    if kind in SEQUENCES:
        given = dict(zip(compiled._cont, term[1:], strict=True))
        present = {key: item for key, item in given.items() if item != ABSENT}
        parts = compiled._cont
        return {key: from_erlang(parts[key], item, identifier_of(parts[key], given)) for key, item in present.items()}
    if kind in LISTS:
        return [from_erlang(compiled._cont, item) for item in (list(term) if isinstance(term, bytes) else term)]
    if kind == "CHOICE":
        return term[0], from_erlang(compiled._cont[term[0]], term[1])
    if kind == "OPEN_TYPE":
        row = rows_of(compiled)[identifier]
        return row_name(row), from_erlang(row, term)
    if kind == "BOOLEAN":
        return term == "true"
    if kind == "NULL":
        return None
    if kind == "BIT STRING":
        return _named_bits(compiled, term)
    if kind in ("IA5String", "UTF8String"):
        return bytes(term).decode() if isinstance(term, (bytes, list)) else term
    return term


def _named_bits(compiled: Any, names: list[str]) -> tuple[bytes, int]:
    """The list says which bits are set; a string of the least size, or as long as the last set bit needs."""
    positions = [compiled._cont[name] if isinstance(name, str) and name in compiled._cont else name[1] for name in names]
    bits = max([fixed_size(compiled), *(position + 1 for position in positions)])
    return padded(sum(1 << (bits - 1 - position) for position in positions), bits)
