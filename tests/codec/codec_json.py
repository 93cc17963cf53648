"""Values of CONTRACTS.md → what X.697 makes of them, guided by pycrate's compiled types and never by our own schema."""

from __future__ import annotations

import math
from datetime import datetime
from typing import Any

from codec_pycrate import row_name, rows_of

REALS = {math.inf: "INF", -math.inf: "-INF"}


def to_jer(compiled: Any, value: Any, identifier: Any = None) -> Any:
    """The JSON value as Python's `json` reads it."""
    kind = compiled.TYPE
    if kind in ("SEQUENCE", "SET"):
        return _members(compiled._cont, value)
    if kind in ("SEQUENCE OF", "SET OF"):
        return [to_jer(compiled._cont, item) for item in value]
    if kind == "CHOICE":
        name, item = value
        return {name: to_jer(compiled._cont[name], item) if name in compiled._cont else item.hex().upper()}
    if kind == "OPEN_TYPE":
        return _open_type(compiled, value, identifier)
    if kind == "BIT STRING" and compiled._const_cont is None:
        return _bits(compiled, value)
    if kind in ("BIT STRING", "OCTET STRING") and isinstance(value, tuple) and isinstance(value[0], str):
        return {value[0]: to_jer(compiled._const_cont, value[1])}
    if isinstance(value, bytes):
        return value.hex().upper()
    if isinstance(value, float):
        return real(value)
    if isinstance(value, datetime):
        return time(kind, value)
    return value


def _members(parts: Any, value: dict[str, Any]) -> dict[str, Any]:
    found = {key: to_jer(parts[key], item, _id(parts[key], value)) for key, item in value.items() if key != "..."}
    if "..." in value:
        found["..."] = {str(place): octets and octets.hex().upper() for place, octets in value["..."].items()}
    return found


def _id(component: Any, siblings: dict[str, Any]) -> Any:
    if component.TYPE != "OPEN_TYPE" or not component._const_tab_at:
        return None
    return siblings.get(component._const_tab_at[-1])


def _open_type(compiled: Any, value: Any, identifier: Any) -> Any:
    if isinstance(value, bytes):
        return value.hex().upper()
    row = rows_of(compiled)[identifier]
    assert value[0] == row_name(row)
    return {value[0]: to_jer(row, value[1])}


def _bits(compiled: Any, value: tuple[bytes, int]) -> Any:
    """X.697 24: a string where the type has one size and no extension marker, else an object."""
    limits = compiled._const_sz
    fixed = limits is not None and limits._ev is None and limits.lb == limits.ub
    text = value[0].hex().upper()
    return text if fixed else {"value": text, "length": value[1]}


def real(value: float) -> float | str:
    if math.isnan(value):
        return "NaN"
    if value == 0 and math.copysign(1, value) < 0:
        return "-0"
    return REALS.get(value, value)


def time(kind: str, value: datetime) -> str:
    """The restricted form (X.690 11.7, 11.8); values of tests are UTC."""
    if kind == "UTCTime":
        return f"{value:%y%m%d%H%M%S}Z"
    fraction = f".{value:%f}".rstrip("0") if value.microsecond else ""
    return f"{value.year:04d}{value:%m%d%H%M%S}{fraction}Z"
