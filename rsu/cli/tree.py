"""A decoded value as a tree of lines, with units, text and bit names beside the raw values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from rsu.cli.measures import note, unit_of
from rsu.cli.spelling import held_type
from rsu.units import Unit

if TYPE_CHECKING:
    from rich.text import Text

    from rsu.schema import TypeInfo

# Longer octet strings are cut in the tree; `--json` holds them whole.
OCTETS_SHOWN = 48
_TEE, _CORNER, _BAR, _GAP = "├─ ", "└─ ", "│  ", "   "


class Line(NamedTuple):
    """One line of a tree: what is drawn before the name, then the columns."""

    guide: str
    name: str
    value: str
    note: str


class _Child(NamedTuple):
    name: str
    value: Any
    info: TypeInfo | None
    owner: str


class ValueTree:
    """Draws the values of one schema.

    :param units: the rows of ``units.toml``; empty for a schema of the user's.
    """

    def __init__(self, units: Mapping[str, Unit]) -> None:
        self._units = units

    def lines(self, name: str, value: Any, info: TypeInfo | None) -> Iterator[Line]:
        """The value under ``name``, its own line first."""
        yield self._line("", _Child(name, value, info, ""))
        yield from self._below(value, info, "")

    def _below(self, value: Any, info: TypeInfo | None, guide: str) -> Iterator[Line]:
        children = list(self._children(value, info))
        width = max((len(child.name) for child in children), default=0)
        for number, child in enumerate(children, 1):
            last = number == len(children)
            line = self._line(guide + (_CORNER if last else _TEE), child)
            yield line._replace(name=line.name.ljust(width)) if line.value or line.note else line
            yield from self._below(child.value, child.info, guide + (_GAP if last else _BAR))

    def _line(self, guide: str, child: _Child) -> Line:
        unit = unit_of(self._units, child.info, child.owner, child.name)
        beside = note(child.value, child.info, unit, child.name)
        return Line(guide, child.name, leaf_text(child.value), beside)

    def _children(self, value: Any, info: TypeInfo | None) -> Iterator[_Child]:
        owner = info.name if info is not None else ""
        if isinstance(value, Mapping):
            types = {member.name: member.type for member in info.members} if info is not None else {}
            for name, item in value.items():
                yield _Child(str(name), item, types.get(name), owner)
        elif isinstance(value, list):
            element = info.element if info is not None else None
            for index, item in enumerate(value):
                yield _Child(f"[{index}]", item, element, owner)
        elif isinstance(value, tuple) and isinstance(value[0], str):
            yield _Child(value[0], value[1], self._alternative(value[0], info), owner)

    def _alternative(self, name: str, info: TypeInfo | None) -> TypeInfo | None:
        if info is None or name.startswith("..."):
            return None
        if info.kind == "CHOICE":
            return next((member.type for member in info.members if member.name == name), None)
        return held_type(info, name)


def leaf_text(value: Any) -> str:
    """A value without parts, on one line; empty for one with parts."""
    if isinstance(value, Mapping):
        return "" if value else "{}"
    if isinstance(value, list):
        return "" if value else "[]"
    if isinstance(value, tuple):
        return f"{bit_text(*value)}" if isinstance(value[0], bytes) else ""
    if isinstance(value, bytes):
        return octet_text(value)
    if isinstance(value, datetime):
        return value.isoformat()
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def octet_text(octets: bytes) -> str:
    """Hex, cut where it is long."""
    if len(octets) > OCTETS_SHOWN:
        return f"{octets[:OCTETS_SHOWN].hex()}… ({len(octets)} octets)"
    return octets.hex() or "(empty)"


def bit_text(octets: bytes, bits: int) -> str:
    """``0b01000000000000`` for short bit strings, hex and the count for long ones."""
    if bits > 64:
        return f"{octet_text(octets)} ({bits} bits)"
    return "0b" + "".join(f"{octet:08b}" for octet in octets)[:bits]


def styled(line: Line) -> Text:
    """The line with the looks of a terminal; plain when printed to anything else."""
    from rich.text import Text

    text = Text.assemble((line.guide, "dim"), (line.name, "bold" if not line.value else "cyan"))
    if line.value:
        text.append("  " + line.value)
    if line.note:
        text.append("  " + line.note, style="dim" if line.note == "unavailable" else "green")
    return text
