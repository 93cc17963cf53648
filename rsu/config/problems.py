"""What is wrong with a configuration: one :class:`Problem` for each, all of them told at once."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from rsu.errors import ConfigError

SHOWN_MAX = 120  # characters of a value in a message
PROBLEMS_SHOWN_MAX = 20
_PASSWORD = re.compile(r"(://[^:/@\s]*:)[^@/\s]*@")


class Problem(msgspec.Struct, frozen=True):
    """One thing that is wrong, or worth a warning.

    :param origin: the file, or the variable of the environment.
    :param table: as it is written: ``[pipeline]``, ``[[radio]] 2``; empty for the file as a whole.
    :param key: empty for the table as a whole.
    :param value: what was read, as TOML would write it; empty where it is not there or must not be shown.
    :param text: what is allowed, and what to do.
    """

    origin: str
    table: str
    key: str
    value: str
    text: str

    @property
    def where(self) -> str:
        """Table, key and value: all but the file."""
        said = f"{self.key} = {self.value}" if self.key and self.value else self.key
        return " ".join(part for part in (self.table, said) if part)

    def __str__(self) -> str:
        return ": ".join(part for part in (self.origin, self.where, self.text) if part)


class ConfigProblems(ConfigError):
    """A configuration that cannot be used.

    :param problems: all that is wrong with it.
    """

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        first = [str(problem) for problem in self.problems[:PROBLEMS_SHOWN_MAX]]
        more = len(self.problems) - len(first)
        super().__init__("; ".join([*first, *([f"and {more} more"] if more else [])]))


def shown(value: Any) -> str:
    """A value as TOML writes it, cut where it is long; the password of a URL is left out."""
    if isinstance(value, str | bool | int | float | list | tuple | dict):
        text = json.dumps(value, ensure_ascii=False, default=str)
    else:
        text = str(value)
    text = _PASSWORD.sub(r"\1***@", text)
    return text if len(text) <= SHOWN_MAX else f"{text[:SHOWN_MAX]}…"


def nearest(name: str, known: Iterable[str]) -> str:
    """What to write in place of an unknown name: the nearest known one, or all."""
    names = sorted(known)
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.6)
    return f"did you mean {close[0]}?" if close else f"there are {', '.join(names)}"
