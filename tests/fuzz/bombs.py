"""Bombs: octets that ask for more work or memory than they bring, and heavy inputs that bring it all.

A bomb is refused, soon; a heavy input may be accepted, and is held to the time that one call may hold the interpreter. The
command measures both.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import rsu

from .corpus import Message, schema_of

REFUSAL_MS_MAX = 1.0
CALL_MS_MAX = 10.0  # a call that takes longer holds the interpreter from all else the process does
RUNS = 5


class Bomb(NamedTuple):
    """One input, and what it asks for."""

    name: str
    schema: str
    type_name: str
    data: bytes


def bits(text: str) -> bytes:
    """Binary digits, padded with zeros to whole octets."""
    text = text.replace(" ", "") + "0" * (-len(text.replace(" ", "")) % 8)
    return int(text, 2).to_bytes(len(text) // 8, "big")


def _fragments(blocks: int, count: int) -> bytes:
    return bytes([0xC0 | blocks]) * count + b"\0"


BOMBS: tuple[Bomb, ...] = (
    Bomb("recursion through OPTIONAL, 200 octets", "constructs/sequences", "Chain", b"\xff" * 200),
    Bomb("recursion through OPTIONAL, 64 KiB", "constructs/sequences", "Chain", b"\xff" * 65_536),
    Bomb("recursion through CHOICE", "constructs/sequences", "Expression", bits("01" * 4000)),
    Bomb("recursion that doubles: two elements a level", "constructs/sequences", "Expression", bits("10" * 4000)),
    Bomb("recursion through lists of three", "constructs/sequences", "Tree", bits("1 00000000 11" * 2000)),
    Bomb("3.9 million NULL elements in 60 fragments", "constructs/sequences", "ListNull", _fragments(4, 60)),
    Bomb("1 million NULL elements in 64 fragments of 16K", "constructs/sequences", "ListNull", _fragments(1, 64)),
    Bomb("65,536 BOOLEAN elements, 8 KiB", "constructs/sequences", "ListBits", b"\xc4" + b"\xff" * 8_192 + b"\0"),
    Bomb("list of 16,383 elements in 9 octets", "constructs/sequences", "ListFree", b"\xbf\xff" + bytes(9)),
    Bomb("string of 64K octets in 9", "constructs/strings", "OctetsFree", b"\xc4" + bytes(9)),
    Bomb("string of 64K bits in 9 octets", "constructs/strings", "BitsFree", b"\xc4" + bytes(9)),
    Bomb("string of 16,383 letters in 9 octets", "constructs/strings", "Ia5", b"\xbf\xff" + bytes(9)),
    Bomb("INTEGER of 16,383 octets that are not there", "constructs/integers", "Free", b"\xbf\xff" + bytes(9)),
    Bomb("extension bitmap of 16,383 bits, all set", "constructs/sequences", "EmptyOpen", bits("1 1 10" + "1" * 30_014)),
    Bomb("extension bitmap of 65,536 bits, all set", "constructs/sequences", "EmptyOpen", bits("1 1 11000100" + "1" * 131_072)),
    Bomb(
        "12,000 unknown additions of one octet",
        "constructs/sequences",
        "EmptyOpen",
        bits("1 1 10" + f"{12_000:014b}" + "1" * 12_000 + "0000000100000000" * 12_000),
    ),
    Bomb("OBJECT IDENTIFIER of one arc in 16 KiB", "constructs/strings", "Oid", b"\xbf\xff" + b"\xff" * 16_382 + b"\x7f"),
    Bomb("OBJECT IDENTIFIER of 16,383 arcs", "constructs/strings", "Oid", b"\xbf\xff" + b"\x01" * 16_383),
    Bomb(
        "relative OBJECT IDENTIFIER of one arc in 64 KiB",
        "constructs/strings",
        "RelativeOid",
        b"\xc4" + b"\xff" * 65_535 + b"\x7f" + b"\0",
    ),
    Bomb("REAL with an exponent of 1,000 octets", "constructs/strings", "Number", b"\x83\xeb\x83\xe8" + b"\x7f" * 1_001),
    Bomb("alternative 2**64 - 1 of a CHOICE", "constructs/enumerated", "OpenNoAddition", bits("1 1 00001000" + "1" * 64)),
    Bomb(
        "alternative with a number of 16,383 octets",
        "constructs/enumerated",
        "OpenNoAddition",
        bits("1 1 1011111111111111") + b"\xff" * 16_383,
    ),
    Bomb("open type of 16,383 octets around nothing", "constructs/opentypes", "Item", b"\x03\xbf\xff" + bytes(16_383)),
    Bomb("open type of 64K octets around nothing", "constructs/opentypes", "Item", b"\x03\xc4" + bytes(65_537)),
    Bomb("J2735 frame of ones, 4 KiB", "sae-j2735", "MessageFrame", b"\xff" * 4096),
    Bomb("CSAE Day II frame of ones, 4 KiB", "csae-157", "MessageFrame", b"\xff" * 4096),
)

HEAVY: tuple[Bomb, ...] = (
    Bomb("524,288 letters of one bit in 64 KiB", "constructs/strings", "PrintableFew", (b"\xc4" + b"\xff" * 8_192) * 8 + b"\0"),
    Bomb("64K letters of seven bits", "constructs/strings", "Ia5", b"\xc4" + b"\x55" * 57_344 + b"\0"),
    Bomb("64K octets of UTF-8", "constructs/strings", "Utf8", b"\xc4" + "中".encode() * 21_845 + b"a" + b"\0"),
    Bomb("65,536 octets of SIZE (1..65536)", "constructs/strings", "OctetsBig", b"\xc4" + b"\x55" * 65_536 + b"\0"),
    Bomb("INTEGER of 64K octets", "constructs/integers", "Free", b"\xc4\x7f" + b"\xff" * 65_535 + b"\0"),
    Bomb("time of 64K letters", "constructs/strings", "Time", b"\xc4" + b"\x60" * 57_344 + b"\0"),
    Bomb("9,999 elements", "constructs/sequences", "ListFree", b"\xa7\x0f" + bytes(9_999)),
    Bomb(
        "9,999 unknown additions",
        "constructs/sequences",
        "EmptyOpen",
        bits("1 1 10" + f"{9_999:014b}" + "1" * 9_999 + "0000000100000000" * 9_999),
    ),
)


def bomb_messages() -> list[Message]:
    """Bombs and heavy inputs as seeds: what else would bring the mutator 16K octets in pieces?"""
    return [Message(bomb.schema, bomb.type_name, bomb.data) for bomb in (*BOMBS, *HEAVY)]


def call_of(bomb: Bomb) -> Callable[[bytes], Any]:
    """The decoder that it is meant for."""
    return schema_of(bomb.schema).find_type(bomb.type_name).decode


def refusal_of(bomb: Bomb) -> rsu.DecodeError | None:
    """How the bomb is refused; None where it is not."""
    try:
        call_of(bomb)(bomb.data)
    except rsu.DecodeError as error:
        return error
    return None
