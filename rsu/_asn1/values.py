"""Value notation (X.680) as token lists → Python values in the spelling of the codec."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from rsu._asn1.model import Group, Member, Node
from rsu._asn1.text import Tokens, split
from rsu.errors import SchemaError

NUMBER = re.compile(r"-?\d+$")
REAL = re.compile(r"-?\d+(\.\d+)?([eE][+-]?\d+)?$")


class NoValue(Exception):
    """The tokens are a reference; the caller looks it up."""


def plain_value(tokens: Tokens) -> Any:
    """A number, string, bit or octet notation, TRUE, FALSE.

    :raises NoValue: for anything that needs its type or a look-up.
    """
    text = "".join(tokens)
    if NUMBER.match(text):
        return int(text)
    if REAL.match(text):
        return float(text)
    if len(tokens) == 1:
        if text[0] == '"':
            return re.sub(r"\s*\n\s*", "", text[1:-1]).replace('""', '"')
        if text in ("TRUE", "FALSE"):
            return text == "TRUE"
    if text in ("PLUS-INFINITY", "MINUS-INFINITY"):
        return float(text[: text.index("-")].replace("PLUS", "").replace("MINUS", "-") + "inf")
    raise NoValue(text)


def bit_notation(text: str) -> tuple[bytes, int]:
    """``'0101'B`` or ``'5A'H`` → (octets, bits)."""
    digits = re.sub(r"\s", "", text[1:-2])
    width = len(digits) * (1 if text.endswith("B") else 4)
    number = int(digits, 2 if text.endswith("B") else 16) if digits else 0
    octets = (width + 7) // 8
    return (number << (8 * octets - width)).to_bytes(octets, "big"), width


def typed_value(tokens: Tokens, node: Node, reference: Callable[[Tokens], Any], place: str) -> Any:
    """A value notation of type ``node``.

    :param reference: looks up a value reference.
    :raises SchemaError: when the notation does not fit the type.
    """
    head = str(tokens[0]) if tokens else ""
    if node.kind == "ENUMERATED" and head in (*node.values, *node.more_values):
        return head
    if node.kind == "INTEGER" and head in node.numbers:
        return node.numbers[head]
    if node.kind == "NULL" and head == "NULL":
        return None
    if node.kind in ("BIT STRING", "OCTET STRING") and head[:1] in ("'", "{"):
        return _string_value(tokens, node)
    if node.kind == "CHOICE" and len(tokens) > 2 and tokens[1] == ":":
        return head, typed_value(tokens[2:], _member(node, head, place).node, reference, place)
    if node.kind in ("SEQUENCE", "SET") and head == "{":
        parts = split(tokens[1:-1], ",")
        return {
            str(part[0]): typed_value(part[1:], _member(node, str(part[0]), place).node, reference, place) for part in parts
        }
    if node.kind in ("SEQUENCE OF", "SET OF") and head == "{":
        assert node.element is not None
        return [typed_value(part, node.element, reference, place) for part in split(tokens[1:-1], ",")]
    if node.kind in ("OBJECT IDENTIFIER", "RELATIVE-OID") and head == "{":
        return ".".join(_arc(part, reference) for part in _arcs(tokens[1:-1]))
    try:
        value = plain_value(tokens)
    except NoValue:
        value = reference(tokens)
    return float(value) if node.kind == "REAL" and isinstance(value, int) else value


def _string_value(tokens: Tokens, node: Node) -> Any:
    if tokens[0] == "{":
        names = {name: place for place, name in node.bits.items()}
        places = [names[str(token)] for token in tokens[1:-1] if token != ","]
        width = max([*(place + 1 for place in places), node.constraint.size_range[0] or 0], default=0)
        octets = bytearray((width + 7) // 8)
        for place in places:
            octets[place // 8] |= 0x80 >> place % 8
        return bytes(octets), width
    octets_, width = bit_notation(str(tokens[0]))
    return (octets_, width) if node.kind == "BIT STRING" else octets_


def _member(node: Node, name: str, place: str) -> Member:
    for item in [*node.root, *node.additions]:
        for member in item.members if isinstance(item, Group) else [item]:
            if member.name == name:
                return member
    raise SchemaError(f"{place}: a value names {name!r}, which {node.name or node.kind} does not have")


def _arcs(tokens: Tokens) -> list[list[Any]]:
    arcs: list[list[Any]] = []
    for token in tokens:
        if token == "(" and arcs:
            arcs[-1] = []
        elif token != ")":
            if arcs and not arcs[-1]:
                arcs[-1] = [token]
            else:
                arcs.append([token])
    return arcs


def _arc(part: list[Any], reference: Callable[[Tokens], Any]) -> str:
    known = {"itu-t": 0, "ccitt": 0, "iso": 1, "joint-iso-itu-t": 2}
    known |= {"standard": 0, "member-body": 2, "identified-organization": 3}
    text = str(part[0])
    if NUMBER.match(text):
        return text
    return str(known[text] if text in known else reference(part))
