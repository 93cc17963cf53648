"""Where in a decoded message its time, sender, place and motion stand: one row for each message type."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from rsu.units import Unit

Path = tuple[str | int, ...]
"""Steps into a decoded value: a member, an index, or the alternative of a CHOICE."""


class Places(msgspec.Struct, frozen=True):
    """The row of one message type. Each entry lists paths; the first that leads to a value counts.

    :param position: of a SEQUENCE with ``lat`` and ``long``.
    :param speed: in the unit of ``Speed`` (0.02 m/s in every built-in standard).
    :param heading: in the unit of ``Heading`` (0.0125 degree).
    :param minute: MinuteOfTheYear.
    :param second: DSecond.
    :param date: DDateTime.
    """

    sender: tuple[Path, ...] = ()
    position: tuple[Path, ...] = ()
    speed: tuple[Path, ...] = ()
    heading: tuple[Path, ...] = ()
    msg_cnt: tuple[Path, ...] = ()
    minute: tuple[Path, ...] = ()
    second: tuple[Path, ...] = ()
    date: tuple[Path, ...] = ()


PLACES_OF_NOTHING = Places()


def places(**columns: str) -> Places:
    """A row as the tables write it: paths with dots, several divided by blanks; ``.`` is the
    message itself."""
    return Places(**{name: tuple(_path(text) for text in paths.split()) for name, paths in columns.items()})


def find(value: Any, paths: tuple[Path, ...]) -> Any:
    """The value at the first of ``paths`` that leads anywhere, else None."""
    for path in paths:
        found = value
        try:
            for step in path:
                if type(found) is tuple:
                    found = found[1] if found[0] == step else None
                else:
                    found = found[step]
        except (KeyError, IndexError, TypeError):
            continue
        if found is not None:
            return found
    return None


def finder(paths: tuple[Path, ...]) -> Callable[[Any], Any]:
    """:func:`find` with its paths known: those that most rows have, a member of the message or of a part of it, without a
    loop."""
    match paths:
        case ():
            return lambda value: None
        case ((str(member),),):
            return lambda value: value.get(member) if type(value) is dict else find(value, paths)
        case ((str(part), str(member)),):
            return _member_of_part(part, member)
    return lambda value: find(value, paths)


def unit_of(units: Mapping[str, Unit], element: str) -> Unit:
    """The row of an element; the modules that have two of a name keep the one of messages in ``Common``."""
    return units.get(f"Common.{element}") or units.get(element) or Unit()


def _member_of_part(part: str, member: str) -> Callable[[Any], Any]:
    paths = ((part, member),)

    def read(value: Any) -> Any:
        inner = value.get(part) if type(value) is dict else None
        return inner.get(member) if type(inner) is dict else find(value, paths)

    return read


def _path(text: str) -> Path:
    return tuple(int(step) if step.isdigit() else step for step in text.split(".") if step)
