"""What a raw value means to a person: its unit, its "unavailable", its text, the names of its bits."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from rsu.cli.spelling import CHINESE_FIELD, chinese_text, held_type
from rsu.units import DECIMALS, Unit

if TYPE_CHECKING:
    from rsu.schema import TypeInfo

# Four octets: below that, printable octets are more often chance than text.
_ASCII_TEXT_OCTETS_MIN = 4


def unit_of(units: Mapping[str, Unit], info: TypeInfo | None, owner: str = "", member: str = "") -> Unit | None:
    """The row of ``units.toml`` for a type, or for a number declared inside ``owner`` as ``member``."""
    if info is None:
        return None
    if info.name:
        return units.get(f"{info.module}.{info.name}") or units.get(info.name)
    return units.get(f"{owner}.{member}")


def note(value: Any, info: TypeInfo | None, unit: Unit | None, member: str = "") -> str:
    """A few words beside a raw value; empty where the value says all there is."""
    if isinstance(value, bool):
        return ""
    if isinstance(value, int):
        return "" if unit is None else number_note(value, unit)
    if isinstance(value, bytes):
        return text_note(value, member)
    if isinstance(value, tuple) and isinstance(value[0], bytes) and info is not None:
        return ", ".join(set_bits(value[0], value[1], info.named_bits))
    return ""


def number_note(raw: int, unit: Unit) -> str:
    """``24.68 m/s``, ``unavailable``, or what a special code says."""
    if raw == unit.unavailable:
        return "unavailable"
    if raw in unit.special:
        return unit.special[raw]
    value = unit.value(raw)
    if value is None:
        return "reserved"
    if not unit.unit:
        return ""
    doubt = "" if unit.confirmed else " (unit not confirmed)"
    return f"{_plain(value)} {unit.unit}{doubt}"


def _plain(value: float) -> str:
    """Without an exponent: ``0.0000318``, ``1507``."""
    return f"{value:.{DECIMALS}f}".rstrip("0").rstrip(".")


def text_note(octets: bytes, member: str) -> str:
    """Octets that are text, in quotes: GB2312 where the standard says so, else ASCII."""
    if member == CHINESE_FIELD:
        text = chinese_text(octets)
        return f"“{text}”" if text is not None else "not GB2312"
    if len(octets) >= _ASCII_TEXT_OCTETS_MIN and all(0x20 <= octet < 0x7F for octet in octets):
        return f"“{octets.decode('ascii')}”"
    return ""


def set_bits(octets: bytes, bits: int, names: Mapping[int, str]) -> list[str]:
    """The names of the bits that are set; the first bit is the most significant one."""
    return [name for place, name in sorted(names.items()) if place < bits and octets[place // 8] >> (7 - place % 8) & 1]


class Place(NamedTuple):
    """Where a value stands: its type, the name of the type that holds it, and its own name there."""

    info: TypeInfo | None
    owner: str = ""
    member: str = ""


class Places:
    """Finds the type behind a path such as ``value.BasicSafetyMessage.coreData.lat`` or ``partII[0].id``."""

    def __init__(self, root: TypeInfo) -> None:
        self._known: dict[tuple[str, ...], Place] = {(): Place(root)}

    def at(self, path: str) -> Place:
        """The place of ``path``; its type is None behind what the schema does not know."""
        return self._at(tuple(path_steps(path)))

    def _at(self, steps: tuple[str, ...]) -> Place:
        if steps not in self._known:
            above = self._at(steps[:-1])
            self._known[steps] = _step(above, steps[-1])
        return self._known[steps]


_STEP = re.compile(r"\[\d+\]|[^.\[\]]+")


def path_steps(path: str) -> list[str]:
    """``partII[0].id`` is ``partII``, ``[0]``, ``id``."""
    return _STEP.findall(path)


def _step(above: Place, name: str) -> Place:
    info = above.info
    if info is None:
        return Place(None, "", name)
    if name.startswith("["):
        return Place(info.element, info.name, above.member)
    for member in info.members:
        if member.name == name:
            return Place(member.type, info.name, name)
    return Place(held_type(info, name), info.name, name)
