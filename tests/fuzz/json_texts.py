"""JSON texts with damage: what reads them must say so, or read what stands there."""

from __future__ import annotations

from random import Random
from zlib import crc32

MORE_CHANGES = 2  # after the first, at most
# What JSON or the JSON of ASN.1 values has as a word, and what looks like it.
WORDS = (
    *(b"null", b"true", b"false", b"{", b"}", b"[", b"]", b",", b":", b'"', b'""', b"{}", b"[]", b" ", b"\n", b"\0", b"\xff"),
    *(b"-", b"0", b"-0", b"00", b"1.5", b"1e3", b"1e999", b"-1", b"255", b"65536", b"18446744073709551616", b"9" * 400, b"NaN"),
    *(b'"-INF"', b'"\\u0000"', b'"\\ud800"', b'"\\ud83d\\ude00"', b'"\\x"', b'"0"', b'"F"', b'"zz"', b'"\xc3\x28"'),
    *(b"\xef\xbb\xbf", b'{"value":"00","length":9}', b'{"value":"FF","length":-1}', b'"...5"', b'{"...1":"00"}'),
    *(b"[" * 300, b'{"a":' * 100),
)


def mutated_text(text: bytes, data: bytes) -> bytes:
    """One to three changes, which ``data`` decides."""
    draw, changed = Random(crc32(data)), bytearray(text)
    for _ in range(1 + draw.randrange(1 + MORE_CHANGES)):
        at = draw.randrange(len(changed) + 1)
        behind = min(len(changed), at + 1 + draw.randrange(12))
        how = draw.randrange(7)
        if how == 0:
            del changed[at:behind]
        elif how == 1:
            changed[at:at] = changed[at:behind]
        elif how == 2:
            changed[at:at] = draw.choice(WORDS)
        elif how == 3:
            changed[at:behind] = draw.choice(WORDS)
        elif how == 4 and at < len(changed):
            changed[at] = draw.randrange(256)
        elif how == 5:
            _replace_token(changed, draw)
        else:
            del changed[at:]
    return bytes(changed)


def _replace_token(text: bytearray, draw: Random) -> None:
    """What stands between two marks of JSON's grammar gives way to a word."""
    marks = [place for place, octet in enumerate(text) if octet in b"{}[],:"]
    if len(marks) < 2:
        return
    number = draw.randrange(len(marks) - 1)
    text[marks[number] + 1 : marks[number + 1]] = draw.choice(WORDS)
