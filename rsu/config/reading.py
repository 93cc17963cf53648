"""From the octets of a file to sections, key by key, so that all problems are told at once."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from rsu.config.environment import Origins, overrides
from rsu.config.forms import FORMS
from rsu.config.keys import Key, Table, tables
from rsu.config.problems import Problem, nearest, shown
from rsu.config.sections import Config, Section

FILE_OCTETS_MAX = 1_048_576


class Reading(msgspec.Struct):
    """Where the values came from, and what was wrong with them.

    :param file: its name in messages.
    :param broken: tables with a problem of their own; checks across tables leave them alone.
    """

    file: str
    origins: Origins
    problems: list[Problem]
    broken: set[str]

    def add(self, table: str, number: int, key: str, value: str, text: str) -> None:
        """Notes a problem with a key, or with a table where ``key`` is empty."""
        self.problems.append(self.problem(table, number, key, value, text))
        self.broken.add(table)

    def problem(self, table: str, number: int, key: str, value: str, text: str) -> Problem:
        """A problem with a key, said of the file or of the variable that set it."""
        title = tables()[table].title if table in tables() else f"[{table}]"
        origin = self.origins.get((table, number, key), self.file)
        return Problem(origin, f"{title} {number}" if number else title, key, value, text)


def read(path: Path, file: str, environ: Mapping[str, str]) -> tuple[Config, Reading]:
    """What stands in a file and in the environment; a table with a problem is left at its default."""
    source = Reading(file, {}, [], set())
    raw = _toml(path, source)
    source.origins, wrong = overrides(raw, environ)
    source.problems += wrong
    values: dict[str, Any] = {}
    for name, value in raw.items():
        table = tables().get(name)
        if table is None:
            source.add(name, 0, "", "", f"there is no such table: {nearest(name, tables())}")
        else:
            values |= _table(table, value, source)
    return Config(**values), source


def _toml(path: Path, source: Reading) -> dict[str, Any]:
    try:
        with path.open("rb") as opened:
            octets = opened.read(FILE_OCTETS_MAX + 1)
        if len(octets) > FILE_OCTETS_MAX:
            raise ValueError(f"more than {FILE_OCTETS_MAX} octets: this is no configuration")
        return tomllib.loads(octets.decode())
    except OSError as error:
        hint = "; `rsu config --example` prints one to begin with" if isinstance(error, FileNotFoundError) else ""
        said = f"{error.strerror}{hint}"
    except UnicodeDecodeError as error:
        said = f"not UTF-8 text (octet {error.start}): TOML is"
    except RecursionError:
        said = "nested too deeply"
    except ValueError as error:
        said = str(error)
    source.problems.append(Problem(source.file, "", "", "", said))
    source.broken.update(tables())
    return {}


def _table(table: Table, value: Any, source: Reading) -> dict[str, Any]:
    """The section or sections of one table, by its name; nothing where it is broken."""
    if not table.repeated:
        section = _section(table, 0, value, source)
        return {} if section is None else {table.name: section}
    if not isinstance(value, list):
        source.add(table.name, 0, "", "", f"must be written with two brackets, {table.title}")
        return {}
    if len(value) > table.most:
        source.add(table.name, 0, "", "", f"there are {len(value)}, at most {table.most} are taken")
        return {}
    sections = [_section(table, number, part, source) for number, part in enumerate(value, 1)]
    return {table.name: tuple(section for section in sections if section is not None)}


def _section(table: Table, number: int, value: Any, source: Reading) -> Section | None:
    if not isinstance(value, dict):
        source.add(table.name, number, "", shown(value), "must be a table: keys with values below its name")
        return None
    before = len(source.problems)
    known = {key.name: key for key in table.keys}
    for name, read_value in value.items():
        if name not in known:
            source.add(table.name, number, name, shown(read_value), f"there is no such key: {nearest(name, known)}")
            continue
        for wrong, text in _wrong(known[name], read_value):
            source.add(table.name, number, name, shown(wrong), text)
    for key in table.keys:
        if key.required and key.name not in value:
            source.add(table.name, number, key.name, "", f"is missing: must be {key.allowed}")
    return msgspec.convert(value, table.section) if len(source.problems) == before else None


def _wrong(key: Key, value: Any) -> Iterator[tuple[Any, str]]:
    """What is wrong with a value: the value, or its item, and what is allowed."""
    try:
        typed = msgspec.convert(value, key.annotation)
    except msgspec.ValidationError:
        yield value, f"must be {key.allowed}{_length(value, key)}"
        return
    if not key.form:
        return
    for text in typed if isinstance(typed, tuple) else (typed,) if typed else ():
        if not text or not FORMS[key.form].fits(text):
            yield text, f"must be {key.item_allowed or key.allowed}"


def _length(value: Any, key: Key) -> str:
    """Says how many items a list may have, where that is what is wrong."""
    least, most = getattr(key.shape, "min_length", None), getattr(key.shape, "max_length", None)
    if isinstance(value, list) and ((least and len(value) < least) or (most and len(value) > most)):
        return f", {least or 0} to {most} of them"
    return ""
