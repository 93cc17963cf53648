"""Messages as people have them at hand: hex or base64 in an argument, a file, many lines, or stdin.

A text is read line by line, a line a message; empty lines and lines that begin with ``#`` are passed over.
What is not text is one message. Drive logs have readers of their own (`rsu replay`, `rsu convert`).
"""

from __future__ import annotations

import base64
import binascii
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Literal, NamedTuple

from rsu.cli.exit_codes import UsageError
from rsu.errors import SourceError

Spelling = Literal["auto", "hex", "base64", "binary"]
SPELLINGS: tuple[Spelling, ...] = ("auto", "hex", "base64", "binary")

# The longest message of J2735 is a few kilooctets; a megaoctet is a log that was meant for `rsu replay`.
MESSAGE_OCTETS_MAX = 1 << 20
LINE_OCTETS_MAX = 4 * MESSAGE_OCTETS_MAX
_TEXT = frozenset(b"\t\n\r\f" + bytes(range(0x20, 0x7F)))
_HEX_MARKS = re.compile(r"0[xX]|\\x|[\s:,_-]")


class Given(NamedTuple):
    """One message as it was given: where, and its octets or why there are none."""

    place: str
    data: bytes
    problem: str = ""


def read_given(arguments: list[str], spelling: Spelling) -> Iterator[Given]:
    """All messages of the arguments, in order; stdin when there are none.

    :raises SourceError: a file that is no message.
    """
    for argument in arguments or ["-"]:
        if argument == "-":
            yield from _from_stream("stdin", sys.stdin.buffer, spelling)
        elif _is_file(argument):
            with Path(argument).open("rb") as file:
                yield from _from_stream(argument, file, spelling)
        else:
            given = _from_text("argument", argument, spelling)
            if given.problem:
                raise UsageError(f"{_short(argument)!r} is neither a file nor {_wanted(spelling)}")
            yield given


def _is_file(argument: str) -> bool:
    try:
        return Path(argument).exists()
    except (OSError, ValueError):  # a hex string of 700 octets is too long for a file name
        return False


def _from_stream(place: str, stream: IO[bytes], spelling: Spelling) -> Iterator[Given]:
    """Decides by the first line, then keeps up with a stream that is still growing, line by line."""
    first = stream.readline(LINE_OCTETS_MAX)
    if spelling == "binary" or (spelling == "auto" and not _TEXT.issuperset(first)):
        yield _binary(place, first + stream.read(MESSAGE_OCTETS_MAX + 1))
        return
    number, line = 1, first
    while line:
        text = line.decode("latin-1").strip()
        if text and not text.startswith("#"):
            yield _from_text(f"{place} line {number}", text, spelling)
        number, line = number + 1, stream.readline(LINE_OCTETS_MAX)


def _binary(place: str, octets: bytes) -> Given:
    if len(octets) > MESSAGE_OCTETS_MAX:
        raise SourceError(
            f"{place}: more than {MESSAGE_OCTETS_MAX} octets in one piece, no single message is that long; "
            "for a drive log try rsu replay"
        )
    return Given(place, octets)


def _from_text(place: str, text: str, spelling: Spelling) -> Given:
    """Hex wins over base64: a line of hex digits is base64 as well, and never meant so."""
    if spelling in ("auto", "hex"):
        try:
            return Given(place, bytes.fromhex(_HEX_MARKS.sub("", text)))
        except ValueError:
            pass
    if spelling in ("auto", "base64"):
        try:
            url_safe = b"-_" if "-" in text or "_" in text else None
            return Given(place, base64.b64decode(text, altchars=url_safe, validate=True))
        except (binascii.Error, ValueError):
            pass
    return Given(place, b"", f"{_short(text)!r} is not {_wanted(spelling)}")


def _wanted(spelling: Spelling) -> str:
    return "hex or base64" if spelling == "auto" else spelling


def _short(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:37]}…"
