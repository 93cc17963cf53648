"""Text with one message a line: hex digits or base64, ``#`` starts a comment, a time may come first.

::

    # captured at the north gate
    0014 2d3f
    0x00142D3F
    2024-05-01T08:00:00.250Z 00:14:2d:3f
    1714550400.250 00142d3f
    1714550400250 ABQtPw==

A time is ISO 8601, seconds with a decimal point, or whole milliseconds (13 digits) or nanoseconds (19
digits): forms that cannot be whole octets in hex. Hex comes first: what is hex is never taken for base64.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from rsu.received import Received
from rsu.sources.base import Source

LINE_OCTETS_MAX = 262_144
"""Octets of one line: a frame of 65,535 octets, spaced out, and its time."""
_HEX = re.compile(r"(?:0[xX])?[0-9A-Fa-f\s:]+")
_BASE64 = re.compile(r"[A-Za-z0-9+/]+={0,2}")
_SECONDS = re.compile(r"\d{1,10}\.\d{1,9}")
_WHOLE = {13: 1_000_000, 19: 1}
_ISO = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)")


class HexSource(Source):
    """A file of such lines."""

    format = "hex"
    suffixes = (".hex", ".txt", ".b64")

    @classmethod
    def recognises(cls, path: Path, head: bytes) -> str:
        first = next((text for line in head.splitlines() if (text := _message_of(line))), "")
        only_comments = not first and head.lstrip().startswith(b"#")
        return cls.format if only_comments or parse(first) is not None else ""

    def records(self) -> Iterator[Received]:
        sequence = 0
        while not self.content.at_end():
            line, longer = self.content.line(LINE_OCTETS_MAX)
            text = _message_of(line)
            if not text:
                continue
            sequence += 1
            parsed = None if longer else parse(text)
            if longer:
                yield self.received(sequence, line, damage=f"line is longer than {LINE_OCTETS_MAX} octets")
            elif parsed is None:
                yield self.received(sequence, line, damage=f"line is neither hex nor base64: {text[:40]!r}")
            else:
                time_ns, data = parsed
                yield self.received(sequence, data, time_ns)
        yield from self.cut_end(sequence + 1)


def parse(text: str) -> tuple[int, bytes] | None:
    """Time (0 for none) and octets of a line, or None."""
    first, _, after = text.partition(" ")
    time_ns = parse_time(first) if after else None
    data = parse_octets(text if time_ns is None else after.strip())
    return None if data is None else (time_ns or 0, data)


def parse_octets(text: str) -> bytes | None:
    """The octets of hex or base64 text, or None."""
    if _HEX.fullmatch(text):
        digits = re.sub(r"[\s:]", "", text)
        digits = digits[2:] if digits[:2] in ("0x", "0X") else digits
        return bytes.fromhex(digits) if digits and len(digits) % 2 == 0 else None
    if _BASE64.fullmatch(text) and len(text) % 4 == 0:
        try:
            return base64.b64decode(text, validate=True)
        except binascii.Error:
            return None
    return None


def parse_time(text: str) -> int | None:
    """UTC nanoseconds of a time at the start of a line, or None where it is none."""
    if _SECONDS.fullmatch(text):
        return int(Decimal(text) * 1_000_000_000)
    if text.isdecimal() and len(text) in _WHOLE:
        return int(text) * _WHOLE[len(text)]
    if found := _ISO.fullmatch(text):
        fraction = found[1] or ""
        try:
            whole = datetime.fromisoformat(text.replace(fraction, "", 1) if fraction else text)
        except ValueError:
            return None
        seconds = (whole - datetime(1970, 1, 1, tzinfo=UTC)) // (whole.resolution * 1_000_000)
        return seconds * 1_000_000_000 + int(Decimal("0" + fraction) * 1_000_000_000) if fraction else seconds * 10**9
    return None


def _message_of(line: bytes) -> str:
    return line.decode("latin-1").partition("#")[0].strip()
