"""The published messages: which of them are valid in the edition that we carry.

J2735 (`j2735.jsonl`, 554): ``roundtrip_editions_pycrate`` lists the editions in which an independent codec gives the bytes
back. With "2024" in it (534) they must decode and re-encode here. The other 20 are 13 that no edition decodes (``valid`` is
false) and 7 whose TestMessage03 is a vendor's own (CARMA mobility), which no published edition has.
CSAE (`csae-53.jsonl`): all but the one ALIGNED PER message, whose ``type`` says so. Day II: all.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

EDITION = "2024"
FILES = {"csae-53": "csae-53.jsonl", "csae-157": "csae-157.jsonl", "sae-j2735": "j2735.jsonl"}


def records(shared: Path, standard: str) -> list[dict[str, Any]]:
    with open(shared / "vectors" / FILES[standard], encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def top_type(standard: str, record: dict[str, Any]) -> str:
    """The type to decode a record with."""
    if standard == "sae-j2735":
        return str(record["pdu"])
    return "BasicSafetyMessage" if is_aligned(record) else "MessageFrame"


def is_aligned(record: dict[str, Any]) -> bool:
    return "ALIGNED" in record["type"]


def is_valid(standard: str, record: dict[str, Any]) -> bool:
    if standard == "sae-j2735":
        return EDITION in record["roundtrip_editions_pycrate"]
    return not is_aligned(record)


def octets_of(record: dict[str, Any]) -> bytes:
    """One CSAE record keeps the odd last digit of its source, which is no octet."""
    digits = record["hex"]
    return bytes.fromhex(digits[: len(digits) // 2 * 2])


def valid_vectors(shared: Path) -> Iterator[tuple[str, str, bytes]]:
    """(schema, type, octets) of every valid message."""
    for standard in FILES:
        for record in records(shared, standard):
            if is_valid(standard, record):
                yield standard, top_type(standard, record), octets_of(record)


def message_name(standard: str, frame: Any) -> str:
    """The message inside a decoded MessageFrame."""
    if standard == "sae-j2735":
        value = frame["value"]
        return str(value[0]) if isinstance(value, tuple) else f"id {frame['messageId']}"
    alternative, inner = frame
    if alternative == "msgFrameExt" and isinstance(inner["value"], tuple):
        return str(inner["value"][0])
    return str(alternative)


def mutated(data: bytes, draw: Random) -> bytes:
    """One of: octets overwritten, taken out, doubled, or set to what lengths and bitmaps fear."""
    start, length = draw.randrange(len(data)), 1 + draw.randrange(6)
    part = data[start : start + length]
    edges = (b"\xff" * len(part), bytes(len(part)), b"\xc4", b"\x80\x00")
    change = draw.choice((b"", part + part, draw.randbytes(len(part)), *edges))
    return data[:start] + change + data[start + length :]
