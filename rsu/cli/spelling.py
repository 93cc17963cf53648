"""The JSON spelling of decoded values, both ways, so that `rsu decode --json | rsu encode` keeps every octet.

==================  ==========================================================================
value               JSON
==================  ==========================================================================
SEQUENCE, SET       object in the standard's order
SEQUENCE OF         array
CHOICE              ``{"alternative": value}``
open type           ``{"TypeName": value}``; hex where the type is not known
INTEGER, BOOLEAN    number, ``true`` / ``false``; NULL is ``null``
REAL                number; ``"INF"``, ``"-INF"``, ``"NaN"``
ENUMERATED, OID     string; all character strings too
OCTET STRING        hex digits; Chinese text where the standard says GB2312 (see below)
BIT STRING          ``{"value": hex, "length": bits}``; plain hex is read too where the size is fixed
GeneralizedTime     ISO 8601 string
unknown additions   ``"...": {"0": hex}``; unknown alternatives ``{"...5": hex}``, items ``"...12"``
==================  ==========================================================================

Apart from open types, which name their type, and BIT STRING, which always says its length, this is what X.697
(JER) writes.

``textGB2312`` octets are written as text when they hold a character outside ASCII and come back to the same
octets, else as hex. So a string of hex digits is always hex, and anything else is text.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from rsu.errors import EncodeError
from rsu.observe.rendering import render

if TYPE_CHECKING:
    from rsu.schema import TypeInfo

# The superset of GB2312 that senders really use (GBK, GB18030): every GB2312 text reads the same in it.
CHINESE = "gb18030"
CHINESE_FIELD = "textGB2312"
UNKNOWN = "..."

_REAL_WORDS = {"INF": math.inf, "-INF": -math.inf, "NaN": math.nan}


def chinese_text(octets: bytes) -> str | None:
    """The text in ``octets`` if they are one that comes back to the same octets, else None."""
    try:
        text = octets.decode(CHINESE)
    except UnicodeDecodeError:
        return None
    return text if text.isprintable() and text.encode(CHINESE) == octets else None


def to_json(value: Any) -> Any:
    """A decoded value as plain JSON values; the database's ``decoded`` column is written by the same function."""
    return json.loads(render(value))


def from_json(value: Any, info: TypeInfo, path: str = "") -> Any:
    """The Python value that ``value`` spells, for a type described by ``info``.

    :raises EncodeError: with the path of the first place that does not fit.
    """
    reader = _READERS.get(info.kind, _plain)
    return reader(value, info, path)


def _wrong(path: str, wanted: str, value: Any) -> EncodeError:
    shown = repr(value)
    shown = shown if len(shown) <= 60 else shown[:57] + "…"
    return EncodeError(f"{shown} given, {wanted} wanted", "type", path)


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _octets(value: Any, path: str) -> bytes:
    if isinstance(value, str):
        try:
            return bytes.fromhex(value)
        except ValueError:
            pass
    raise _wrong(path, "a string of hex digits, two for each octet,", value)


def _plain(value: Any, info: TypeInfo, path: str) -> Any:
    return value


def _real(value: Any, info: TypeInfo, path: str) -> Any:
    return _REAL_WORDS.get(value, value) if isinstance(value, str) else value


def _time(value: Any, info: TypeInfo, path: str) -> Any:
    try:
        return datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise _wrong(path, "a time like 2026-01-31T12:00:00+00:00", value) from None


def _octet_string(value: Any, info: TypeInfo, path: str) -> Any:
    if isinstance(value, Mapping):
        return _held(value, info, path)
    if isinstance(value, str) and path.rpartition(".")[2] == CHINESE_FIELD:
        try:
            return bytes.fromhex(value)
        except ValueError:
            return value.encode(CHINESE)
    return _octets(value, path)


def _bit_string(value: Any, info: TypeInfo, path: str) -> Any:
    if isinstance(value, str) and not info.extensible and info.bits_min == info.bits_max:
        return _octets(value, path), info.bits_min
    if isinstance(value, Mapping) and set(value) == {"value", "length"} and isinstance(value["length"], int):
        return _octets(value["value"], path), value["length"]
    if isinstance(value, Mapping) and info.element is not None:
        return _held(value, info, path)
    raise _wrong(path, '{"value": hex, "length": bits}', value)


def _fields(value: Any, info: TypeInfo, path: str) -> Any:
    if not isinstance(value, Mapping):
        raise _wrong(path, f"an object of {info.name or info.kind}", value)
    types = {member.name: member.type for member in info.members}
    found: dict[str, Any] = {}
    for name, item in value.items():
        here = _join(path, name)
        if name == UNKNOWN and isinstance(item, Mapping):
            found[name] = {int(index): _octets(octets, here) for index, octets in item.items()}
        elif name in types:
            found[name] = from_json(item, types[name], here)
        else:
            raise EncodeError(f"no member of this name; there are {', '.join(types)}", "type", here)
    return found


def _elements(value: Any, info: TypeInfo, path: str) -> Any:
    if not isinstance(value, list) or info.element is None:
        raise _wrong(path, "an array", value)
    element = info.element
    return [from_json(item, element, f"{path}[{index}]") for index, item in enumerate(value)]


def _only_item(value: Any, path: str, wanted: str) -> tuple[str, Any]:
    if not isinstance(value, Mapping) or len(value) != 1:
        raise _wrong(path, wanted, value)
    (item,) = value.items()
    return str(item[0]), item[1]


def _choice(value: Any, info: TypeInfo, path: str) -> Any:
    name, item = _only_item(value, path, 'an object of one alternative, {"name": value},')
    here = _join(path, name)
    if name.startswith(UNKNOWN):
        return name, _octets(item, here)
    for member in info.members:
        if member.name == name:
            return name, from_json(item, member.type, here)
    raise EncodeError(
        f"no alternative of this name; there are {', '.join(member.name for member in info.members)}",
        "type",
        here,
    )


def _open_type(value: Any, info: TypeInfo, path: str) -> Any:
    if isinstance(value, str):
        return _octets(value, path)
    return _held(value, info, path)


def _held(value: Any, info: TypeInfo, path: str) -> Any:
    """What an open type or a CONTAINING holds, by the name of its type."""
    name, item = _only_item(value, path, '{"TypeName": value}, or hex digits,')
    here = _join(path, name)
    held = held_type(info, name)
    if held is None:
        known = ", ".join(one.name for one in held_types(info))
        raise EncodeError(f"no type of this name here; there are {known}", "type", here)
    return name, from_json(item, held, here)


def held_types(info: TypeInfo) -> list[TypeInfo]:
    """The types in an open type's table, or the one a CONTAINING names."""
    return [info.element] if info.element is not None else [held for _, held in info.rows]


def held_type(info: TypeInfo, name: str) -> TypeInfo | None:
    """The one of :func:`held_types` that is called ``name``."""
    return next((held for held in held_types(info) if held.name == name), None)


_READERS: dict[str, Callable[[Any, TypeInfo, str], Any]] = {
    "REAL": _real,
    "GeneralizedTime": _time,
    "UTCTime": _time,
    "OCTET STRING": _octet_string,
    "BIT STRING": _bit_string,
    "SEQUENCE": _fields,
    "SET": _fields,
    "SEQUENCE OF": _elements,
    "SET OF": _elements,
    "CHOICE": _choice,
    "OPEN TYPE": _open_type,
}
