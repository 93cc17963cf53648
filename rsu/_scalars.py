"""Rare scalar types of the codec in Python: OBJECT IDENTIFIER, REAL, times, and checks made on request.

Each reader and writer raises ``ValueError`` with words for people; the codec adds the place.
"""

from __future__ import annotations

import copy
import json
import math
import re
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from functools import cache
from typing import Any

MAX_ARC_OCTETS = 19  # 128 bits and a little: the largest arcs in use are UUIDs (X.667)
MAX_ARCS = 128
MAX_REAL_OCTETS = 64  # sign, exponent and mantissa of anything a float can hold, with room to spare


def fresh(value: Any) -> Any:
    """A copy of a DEFAULT that callers may change."""
    return copy.deepcopy(value)


def outside(value: int, intervals: Sequence[tuple[int | None, int | None]]) -> str:
    """Why ``value`` is in none of ``intervals``; empty when it is in one."""
    if any((low is None or low <= value) and (high is None or value <= high) for low, high in intervals):
        return ""
    allowed = " | ".join(
        str(low) if low == high else f"{'MIN' if low is None else low}..{'MAX' if high is None else high}"
        for low, high in intervals
    )
    return f"{value} is not one of {allowed}"


@cache
def latin_letters(alphabet: str) -> bytes | None:
    """The letters as Latin-1 octets; ``None`` where one is beyond them."""
    return alphabet.encode("latin-1") if all(letter <= "\xff" for letter in alphabet) else None


@cache
def letter_indices(alphabet: str) -> bytes | None:
    """A table for ``bytes.translate``: letter → its index; ``None`` where a letter is beyond Latin-1."""
    letters = latin_letters(alphabet)
    return bytes(max(0, letters.find(code)) for code in range(256)) if letters is not None else None


def first_outside(text: str, alphabet: str) -> str:
    """The first letter of ``text`` that ``alphabet`` lacks, or an empty string."""
    allowed = latin_letters(alphabet)
    if allowed is not None:
        try:
            wrong = text.encode("latin-1").translate(None, allowed)
        except UnicodeEncodeError:
            pass  # the letter that is no Latin-1 may not be the first one
        else:
            return chr(wrong[0]) if wrong else ""
    return next((letter for letter in text if letter not in alphabet), "")


def text_outside(text: str, least: int, span: int, alphabet: str | None) -> str:
    """Why a text breaks a size or alphabet that its encoding does not show; empty when it does not."""
    if len(text) < least or (span >= 0 and len(text) > least + span):
        return f"{len(text)} characters; {least} to {'any number' if span < 0 else least + span} are allowed"
    wrong = first_outside(text, alphabet) if alphabet is not None else ""
    return f"{wrong!r} is not in the permitted alphabet" if wrong else ""


# OBJECT IDENTIFIER and RELATIVE-OID (X.690 8.19, 8.20) --------------------------------------------------------------


def _arcs(octets: bytes) -> list[int]:
    arcs: list[int] = []
    value, length = 0, 0
    for octet in octets:
        if length == 0 and octet == 0x80:
            raise ValueError("an arc with a leading zero")
        value, length = value << 7 | octet & 0x7F, length + 1
        if length > MAX_ARC_OCTETS or len(arcs) >= MAX_ARCS:
            raise ValueError(f"more than {MAX_ARCS} arcs or an arc of more than {MAX_ARC_OCTETS} octets")
        if octet < 0x80:
            arcs.append(value)
            value, length = 0, 0
    if length or not arcs:
        raise ValueError("the last arc does not end")
    return arcs


def _base128(arc: int) -> bytes:
    if arc < 0 or arc.bit_length() > 7 * MAX_ARC_OCTETS:
        raise ValueError(f"arc {arc} is outside 0..2**{7 * MAX_ARC_OCTETS}-1")
    octets = [arc & 0x7F]
    while arc := arc >> 7:
        octets.append(0x80 | arc & 0x7F)
    return bytes(reversed(octets))


def _numbers(text: str) -> list[int]:
    parts = text.split(".")
    if len(parts) > MAX_ARCS or not all(part.isascii() and part.isdigit() and len(part) <= 45 for part in parts):
        raise ValueError(f"{text[:60]!r} is no dotted identifier of at most {MAX_ARCS} arcs")
    return [int(part) for part in parts]


def oid_text(octets: bytes) -> str:
    """Content octets → ``1.2.840``."""
    first, *rest = _arcs(octets)
    head = min(first // 40, 2)
    return ".".join(map(str, [head, first - 40 * head, *rest]))


def oid_octets(text: str) -> bytes:
    """``1.2.840`` → content octets."""
    numbers = _numbers(text)
    if len(numbers) < 2 or numbers[0] > 2 or (numbers[0] < 2 and numbers[1] > 39):
        raise ValueError(f"{text!r} does not begin as an object identifier: 0..2, and 0..39 below 2")
    return b"".join(map(_base128, [40 * numbers[0] + numbers[1], *numbers[2:]]))


def relative_oid_text(octets: bytes) -> str:
    """Content octets → ``8571.3``."""
    return ".".join(map(str, _arcs(octets)))


def relative_oid_octets(text: str) -> bytes:
    """``8571.3`` → content octets."""
    return b"".join(map(_base128, _numbers(text)))


# REAL (X.690 8.5, 11.3) ---------------------------------------------------------------------------------------------

SPECIAL_REALS = {0x40: math.inf, 0x41: -math.inf, 0x42: math.nan, 0x43: -0.0}


def real_value(octets: bytes) -> float:
    """Content octets → float."""
    if not octets:
        return 0.0
    if len(octets) > MAX_REAL_OCTETS:
        raise ValueError(f"a REAL of {len(octets)} octets; {MAX_REAL_OCTETS} are allowed")
    head = octets[0]
    if head & 0x80:
        return _binary_real(head, octets)
    if head & 0xC0 == 0:
        text = octets[1:].decode("ascii", "replace").strip().replace(",", ".")
        if head not in (1, 2, 3) or not re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", text):
            raise ValueError(f"{text!r} is no decimal REAL")
        return float(text)
    if head not in SPECIAL_REALS or len(octets) > 1:
        raise ValueError(f"REAL begins with {head:#04x}")
    return SPECIAL_REALS[head]


def _binary_real(head: int, octets: bytes) -> float:
    width, place = (head & 3) + 1, 1
    if width == 4:
        if len(octets) < 2:
            raise ValueError("a REAL without its exponent")
        width, place = octets[1], 2
    exponent_octets, mantissa_octets = octets[place : place + width], octets[place + width :]
    base = (head >> 4) & 3
    if len(exponent_octets) < width or not width or not mantissa_octets or base == 3:
        raise ValueError("a binary REAL that is cut or of an unknown base")
    exponent = int.from_bytes(exponent_octets, "big", signed=True) * (1, 3, 4)[base] + ((head >> 2) & 3)
    mantissa = int.from_bytes(mantissa_octets, "big")
    if abs(exponent) > 5000:
        raise ValueError(f"a REAL with exponent {exponent}")
    try:
        return math.ldexp(mantissa, exponent) * (-1 if head & 0x40 else 1)
    except OverflowError as error:
        raise ValueError("a REAL beyond the range of a double") from error


def real_octets(value: float) -> bytes:
    """Float → content octets, canonical: base 2, odd mantissa."""
    number = float(value)
    if math.isnan(number):
        return b"\x42"
    if math.isinf(number):
        return b"\x40" if number > 0 else b"\x41"
    if number == 0:
        return b"\x43" if math.copysign(1, number) < 0 else b""
    fraction, exponent = math.frexp(abs(number))
    mantissa, exponent = int(fraction * 2**53), exponent - 53
    shift = (mantissa & -mantissa).bit_length() - 1
    mantissa, exponent = mantissa >> shift, exponent + shift
    exponent_octets = exponent.to_bytes((exponent if exponent >= 0 else ~exponent).bit_length() // 8 + 1, "big", signed=True)
    head = 0x80 | (0x40 if number < 0 else 0) | len(exponent_octets) - 1
    return bytes([head]) + exponent_octets + mantissa.to_bytes((mantissa.bit_length() + 7) // 8, "big")


# Times (X.680 clauses 46, 47; restricted forms X.690 11.7, 11.8). As in asn1tools a naive datetime is UTC. ---------------

GENERALIZED = re.compile(r"(\d{4})(\d\d)(\d\d)(\d\d)(?:(\d\d)(?:(\d\d))?)?(?:[.,](\d{1,6}))?(Z|[+-]\d\d(?:\d\d)?)")
UTC_TIME = re.compile(r"(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)?(Z|[+-]\d{4})")


def _zone(text: str) -> timezone | None:
    if text == "Z":
        return None
    offset = timedelta(hours=int(text[1:3]), minutes=int(text[3:5] or 0))
    return timezone(-offset if text[0] == "-" else offset)


def _as_utc(value: datetime) -> datetime:
    offset = value.utcoffset()
    return value.replace(tzinfo=None) - offset if offset else value


def generalized_time(text: str) -> datetime:
    """``20261123143000.5Z`` → naive datetime, UTC; with another zone an aware one; local times are refused."""
    match = GENERALIZED.fullmatch(text)
    if match is None:
        raise ValueError(f"{text[:40]!r} is no GeneralizedTime with a zone and at most microseconds")
    year, month, day, hour, minute, second, fraction, zone = match.groups()
    made = datetime(int(year), int(month), int(day), int(hour), int(minute or 0), int(second or 0), tzinfo=_zone(zone))
    if fraction:
        unit = 1 if second else 60 if minute else 3600
        made += timedelta(microseconds=round(int(fraction) * unit * 10 ** (6 - len(fraction))))
    return made


def generalized_time_text(value: datetime) -> str:
    """datetime → restricted form: UTC, seconds always, no trailing zeros."""
    moment = _as_utc(value)
    fraction = f".{moment.microsecond:06d}".rstrip("0") if moment.microsecond else ""
    return f"{moment.year:04d}{moment:%m%d%H%M%S}{fraction}Z"


def utc_time(text: str) -> datetime:
    """``261123143000Z`` → naive datetime, UTC; years from 69 on are of the last century, as in POSIX."""
    match = UTC_TIME.fullmatch(text)
    if match is None:
        raise ValueError(f"{text[:40]!r} is no UTCTime")
    year, month, day, hour, minute, second, zone = match.groups()
    century = 1900 if int(year) >= 69 else 2000
    return datetime(century + int(year), int(month), int(day), int(hour), int(minute), int(second or 0), tzinfo=_zone(zone))


def utc_time_text(value: datetime) -> str:
    """datetime → ``YYMMDDhhmmssZ``."""
    return f"{_as_utc(value):%y%m%d%H%M%S}Z"


# JSON ---------------------------------------------------------------------------------------------------------------

REALS = {"INF": math.inf, "-INF": -math.inf, "NaN": math.nan, "-0": -0.0}  # X.697: what a JSON number does not say


def real_node(value: float) -> float | str:
    """A REAL as JSON has it."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "INF" if value > 0 else "-INF"
    return "-0" if value == 0 and math.copysign(1, value) < 0 else value


def repeated_key(text: bytes) -> str:
    """The first key that an object of some JSON text has twice."""
    repeated: list[str] = []

    def note(pairs: list[tuple[str, Any]]) -> None:
        counts = Counter(name for name, _ in pairs)
        repeated.extend(name for name, count in counts.items() if count > 1)

    json.loads(text, object_pairs_hook=note)
    return repeated[0]
