"""Units of the data elements: what a raw integer on the wire means in the standard's own unit.

``asn1/<standard>/units.toml`` is the one table. ``inspect``, ``explain`` and ``observe`` read it through
here, and the comments in the ``.asn`` files repeat it word for word: :meth:`Unit.comment` is their
canonical form, and a test compares. A table's key is the name of a type (``Speed``;
``EfcDataDictionary.Latitude`` where two modules have the name) or, for a number declared inside a SEQUENCE,
type and member (``ParticipantData.ptcId``).

``csae-157`` lies over ``csae-53`` in its modules and in its units; :data:`LAYERS` says so once, for both.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

import msgspec

from rsu.errors import ConfigError

#: The folders under ``asn1/`` that make a standard, lowest first: a file replaces one of its name below it.
LAYERS: Mapping[str, tuple[str, ...]] = {
    "csae-53": ("csae-53",),
    "csae-157": ("csae-53", "csae-157"),
    "sae-j2735": ("sae-j2735",),
}

#: A value keeps nine decimals: a hundredth of the finest resolution in use (1e-7 degree), and no binary dust.
DECIMALS = 9


class Unit(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One row of ``units.toml``: ``value = raw * scale + offset``, in ``unit``.

    :param unit: as people write it (``m/s``); empty for a code or a count.
    :param unavailable: the code that says "not known".
    :param special: codes that say something besides or instead of their value.
    :param reserved: first and last code of ranges that have no meaning yet.
    :param clause: the name under which the standard describes the element.
    :param confirmed: False where no published description was found.
    """

    unit: str = ""
    scale: float = 1
    offset: float = 0
    unavailable: int | None = None
    special: dict[int, str] = {}
    reserved: tuple[tuple[int, int], ...] = ()
    clause: str = ""
    confirmed: bool = True

    def value(self, raw: int) -> float | None:
        """The raw integer in :attr:`unit`; None when it is the unavailable code or a reserved one."""
        if raw == self.unavailable or any(first <= raw <= last for first, last in self.reserved):
            return None
        return round(raw * self.scale + self.offset, DECIMALS)

    def comment(self) -> str:
        """The row as the comment line of a ``.asn`` file has it: ``unit 0.02 m/s; 8191 unavailable``."""
        parts = [f"unit {_number(self.scale)} {self.unit}"] if self.unit else []
        if self.offset:
            parts.append(f"offset {_number(self.offset)}")
        if self.unavailable is not None:
            parts.append(f"{self.unavailable} unavailable")
        parts += [f"{code} = {meaning}" for code, meaning in sorted(self.special.items())]
        parts += [f"{first}..{last} reserved" for first, last in self.reserved]
        if not self.confirmed:
            parts.append("not confirmed")
        return "; ".join(parts)


def asn1_root() -> Path:
    """Where the ASN.1 modules are: ``rsu/asn1`` when installed, ``asn1`` beside ``rsu`` in a checkout."""
    package = Path(__file__).resolve().parent
    places = (package / "asn1", package.parent / "asn1")
    for root in places:
        if (root / "csae-53").is_dir():
            return root
    raise ConfigError(f"no ASN.1 modules in {places[0]} or {places[1]}: install the package again")


def schema_folders(standard: str) -> tuple[Path, ...]:
    """The folders of a built-in standard, lowest first; an edition patch after ``?`` changes none of them."""
    name = standard.partition("?")[0]
    if name not in LAYERS:
        raise ConfigError(f"standard {name!r}: must be one of {', '.join(LAYERS)}")
    root = asn1_root()
    return tuple(root / layer for layer in LAYERS[name])


def load_units(standard: str) -> Mapping[str, Unit]:
    """The units of a standard by element name, those of an upper folder over those below it."""
    return _load(standard.partition("?")[0])


@cache
def _load(standard: str) -> Mapping[str, Unit]:
    units: dict[str, Unit] = {}
    for folder in schema_folders(standard):
        units |= read_units(folder / "units.toml")
    return units


def read_units(path: Path) -> dict[str, Unit]:
    """One table, checked: an unknown key or a wrong type is an error that names the file."""
    try:
        return msgspec.toml.decode(path.read_bytes(), type=dict[str, Unit])
    except msgspec.DecodeError as error:
        raise ConfigError(f"{path}: {error}") from error


def _number(value: float) -> str:
    """``0.02``, ``1e-7``, ``5``: the shortest way to write it."""
    return f"{value:.12g}".replace("e-0", "e-")
