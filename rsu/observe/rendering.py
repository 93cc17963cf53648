"""Decoded values as JSON text, for the database's ``decoded`` column and the rows of an expected result.

The spelling is the one of ``rsu decode --json`` (X.697 where it can be): CHOICE and open types are
``{"name": value}``, OCTET STRINGs hex, BIT STRINGs ``{"value", "length"}``, and GB2312 text is text.
"""

from __future__ import annotations

import math
from datetime import datetime
from typing import Any

import msgspec

_encode = msgspec.json.Encoder().encode


def render(value: Any) -> bytes:
    """A decoded value as one line of JSON."""
    return _encode(plain(value))


def plain(value: Any, name: str = "") -> Any:
    """A decoded value as dicts, lists, strings and numbers.

    :param name: of the component or alternative it stands in.
    """
    kind = type(value)
    if kind is dict:
        return {str(member): plain(item, str(member)) for member, item in value.items()}
    if kind is list:
        return [plain(item) for item in value]
    if kind is tuple:
        first, second = value
        if type(first) is bytes:
            return {"value": first.hex(), "length": second}
        return {first: plain(second, first)}
    if kind is bytes:
        return _chinese(value) if name == "textGB2312" else value.hex()
    if kind is float and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "INF" if value > 0 else "-INF"
    if kind is int and not -(2**63) <= value < 2**64:
        return msgspec.Raw(str(value).encode())
    return value.isoformat() if isinstance(value, datetime) else value


def _chinese(octets: bytes) -> str:
    """Text where the octets are one that comes back to them and is not plain ASCII; GB18030 reads all of
    GB2312."""
    try:
        text = octets.decode("gb18030")
    except UnicodeDecodeError:
        return octets.hex()
    faithful = text.isprintable() and text.encode("gb18030") == octets
    return text if faithful and not text.isascii() else octets.hex()
