"""Settings from the environment: ``RSU_<TABLE>__<KEY>=value`` stands for a key of the file and wins over it.

``RSU_PIPELINE__QUEUE_BATCHES=32``; for a table that may be there several times its number in the file comes between:
``RSU_RADIO__2__SEND=10.0.0.7:1516``. The text is read by the key's type: lists of texts are split at commas, nested lists and
tables are written as in TOML. Secrets are not taken from here, only the names of their files.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from typing import Any

from msgspec import inspect

from rsu.config.keys import Key, Table, tables
from rsu.config.problems import Problem, nearest, shown

PREFIX = "RSU_"
TEXT_MAX = 4_096  # characters of one variable

#: (table, place in the file from 1 or 0, key) → the variable that set it.
Origins = dict[tuple[str, int, str], str]


def variable(key: Key, repeated: bool) -> str:
    """The name of the variable that stands for a key; ``N`` is the number of its table."""
    return f"{PREFIX}{key.table.upper()}__{'N__' if repeated else ''}{key.name.upper()}"


def overrides(raw: dict[str, Any], environ: Mapping[str, str]) -> tuple[Origins, list[Problem]]:
    """Writes what the environment says into the tables of a file."""
    origins: Origins = {}
    problems: list[Problem] = []
    for name in sorted(environ):
        if not name.startswith(PREFIX):
            continue
        words = name.removeprefix(PREFIX).lower().split("__")
        if len(words) == 1:
            problems += _one_underscore(name, words[0])
            continue
        try:
            place, value = _setting(words, environ[name], raw)
        except ValueError as error:
            problems.append(Problem(name, "", "", "", str(error)))
            continue
        target = raw.setdefault(place[0], {})
        (target[place[1] - 1] if place[1] else target)[place[2]] = value
        origins[place] = name
    return origins, problems


def _one_underscore(name: str, word: str) -> list[Problem]:
    """A setting with one underscore too few would be passed over without a word."""
    for table in tables().values():
        for key in table.keys:
            if word == f"{table.name}_{key.name}":
                return [Problem(name, "", "", "", f"two underscores stand after the table: {variable(key, table.repeated)}")]
    return []


def _setting(words: list[str], text: str, raw: dict[str, Any]) -> tuple[tuple[str, int, str], Any]:
    """The key that a variable names, and its value.

    :raises ValueError: saying what is allowed.
    """
    table = tables().get(words[0])
    if table is None:
        raise ValueError(f"there is no table {words[0]}: {nearest(words[0], tables())}")
    number = _number(table, words, raw)
    name = words[-1]
    key = next((key for key in table.keys if key.name == name), None)
    if key is None or len(words) != (3 if table.repeated else 2):
        raise ValueError(f"{table.title} has no key {name}: {nearest(name, (key.name for key in table.keys))}")
    if len(text) > TEXT_MAX:
        raise ValueError(f"{len(text)} characters, at most {TEXT_MAX} are taken")
    try:
        return (table.name, number, name), _value(key, text)
    except ValueError as error:
        raise ValueError(f"{table.title} {name} = {shown(text)}: must be {key.allowed}") from error


def _number(table: Table, words: list[str], raw: dict[str, Any]) -> int:
    there = raw.get(table.name, [] if table.repeated else {})
    if not table.repeated:
        if not isinstance(there, dict):
            raise ValueError(f"{table.name} is no table in the file")
        return 0
    there = there if isinstance(there, list) else []
    if len(words) != 3 or not words[1].isdecimal():
        raise ValueError(f"say which {table.title} of the file: {PREFIX}{table.name.upper()}__1__{words[-1].upper()}")
    number = int(words[1])
    if not 1 <= number <= len(there) or not isinstance(there[number - 1], dict):
        raise ValueError(f"there is no {table.title} {number} in the file: it has {len(there)}")
    return number


def _value(key: Key, text: str) -> Any:
    """The text as the key's type has it.

    :raises ValueError: for a text that is none.
    """
    shape = key.shape
    if isinstance(shape, inspect.BoolType):
        return {"true": True, "false": False}.get(text.lower(), text)
    if isinstance(shape, inspect.IntType):
        return int(text)
    if isinstance(shape, inspect.FloatType):
        return float(text)
    if isinstance(shape, inspect.UnionType):
        return text if text in _choices(shape) else text.split(",")
    if isinstance(shape, inspect.VarTupleType) and key.form:
        return [part.strip() for part in text.split(",")] if text else []
    if isinstance(shape, inspect.VarTupleType | inspect.DictType):
        return tomllib.loads(f"value = {text}")["value"]
    return text


def _choices(shape: inspect.UnionType) -> set[str]:
    return {str(value) for part in shape.types if isinstance(part, inspect.LiteralType) for value in part.values}
