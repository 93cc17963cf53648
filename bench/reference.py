"""Published messages that are measured beside our own, where their folder is: `RSU_SHARED`, or `../shared`.

They are no part of this repository; without them the table has our own messages only.
"""

from __future__ import annotations

import os
from pathlib import Path

import rsu
from bench.messages import Message, messages

ROOT = Path(__file__).resolve().parent.parent
STANDARD = "sae-j2735"


def all_messages() -> dict[str, Message]:
    """Name → (schema, value): our own, then the published ones."""
    return {**messages(), **reference_messages()}


def reference_messages() -> dict[str, Message]:
    """Name → (schema, value), of `vectors/reference.txt`: a name and the octets of a MessageFrame a line."""
    path = Path(os.environ.get("RSU_SHARED") or ROOT.parent / "shared", "vectors", "reference.txt")
    if not path.exists():
        return {}
    decode = rsu.load_schema(STANDARD).decode
    rows = [line.split() for line in path.read_text(encoding="ascii").splitlines() if line.strip()]
    return {name: (STANDARD, decode("MessageFrame", bytes.fromhex(octets))) for name, octets in rows}
