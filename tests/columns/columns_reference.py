"""What a projection must give, worked out from ``schema.decode()``'s value by a walk of its own, and random paths of a type.

Rows are an outer join: a message is at least one row, and so is an outer element; an element's index is -1 where its list is
empty or absent.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from random import Random
from typing import Any, NamedTuple

import numpy as np

import rsu
from rsu._asn1.info import TypeInfo
from rsu.columns import Columns, Table

MOST_LISTS = 4
MOST_PARTS = 14
INT64 = range(-(2**63), 2**63)


class Empty(NamedTuple):
    """A cell without a value."""

    reason: str


ABSENT, UNKNOWN, WIDE = Empty("absent"), Empty("unknown"), Empty("wide")
Index = tuple[int, ...]


root = cache(rsu.Schema.type_info)


# Paths ------------------------------------------------------------------------------------------------------------------


@cache  # a TypeInfo reads its tables anew each time it is made
def parts_of(info: TypeInfo) -> dict[str, TypeInfo]:
    """What a path may name in a type."""
    if info.op.name in ("SEQUENCE", "CHOICE"):
        return {member.name: member.type for member in info.members}
    if info.op.name == "TABLE":
        return {row.name or row.kind: row for _, row in info.rows}
    if info.op.name == "LIST":
        assert info.element is not None
        return {"[]": info.element}
    if info.op.name in ("OCTCON", "BITCON"):
        assert info.element is not None
        named = info.element.name
        return {info.element.kind if named.startswith("Contents-") or not named else named: info.element}
    return {}


def random_path(info: TypeInfo, value: Any, draw: Random) -> tuple[str, ...]:
    """A path of the type: mostly along what ``value`` has, so that cells have values; else anywhere."""
    path: list[str] = []
    guided = draw.randrange(4) > 0
    while len(path) < MOST_PARTS:
        inner = parts_of(info)
        if not inner or draw.randrange(6) == 0 or path.count("[]") >= MOST_LISTS:
            break
        here = [name for name in inner if step(info, value, name, 0) is not ABSENT] if guided else []
        name = draw.choice(here or list(inner))
        value = step(info, value, name, draw.randrange(len(value)) if name == "[]" and value else 0)
        path.append(name)
        info = inner[name]
    return tuple(path)


def random_paths(info: TypeInfo, value: Any, draw: Random, count: int) -> list[tuple[str, ...]]:
    """Different paths that can stand in one projection: their lists lie inside one another."""
    chosen: list[tuple[str, ...]] = []
    lists: dict[int, tuple[str, ...]] = {}
    for _ in range(count):
        path = random_path(info, value, draw)
        own = dict(enumerate(list_paths(path)))
        if path not in chosen and all(lists.get(level, each) == each for level, each in own.items()):
            chosen.append(path)
            lists |= own
    return chosen


def list_paths(path: Sequence[str]) -> list[tuple[str, ...]]:
    """``a.b[].c[].d`` → ``a.b[]``, ``a.b[].c[]``."""
    return [tuple(path[: place + 1]) for place, part in enumerate(path) if part == "[]"]


def text_of(path: Sequence[str]) -> str:
    return ".".join(path).replace(".[]", "[]")


# Values -----------------------------------------------------------------------------------------------------------------


def step(info: TypeInfo, value: Any, name: str, index: int) -> Any:
    """The part of a value that a path names, or ``ABSENT``."""
    if value is ABSENT:
        return ABSENT
    if info.op.name == "LIST":
        return value[index] if 0 <= index < len(value) else ABSENT
    if info.op.name == "SEQUENCE":
        return value.get(name, ABSENT)
    if isinstance(value, bytes):  # an open type with a row that the schema does not have
        return ABSENT
    return value[1] if value[0] == name else ABSENT


def at(info: TypeInfo, value: Any, path: Sequence[str], index: Index) -> tuple[TypeInfo, Any]:
    """The value at a path, with ``index`` for its lists from the outermost."""
    rest = list(index)
    for part in path:
        value = step(info, value, part, rest.pop(0) if part == "[]" else 0)
        info = parts_of(info)[part]
    return info, value


def cell(info: TypeInfo, value: Any) -> Any:
    """What a column of this type holds for a value."""
    kind = info.op.name
    if value is ABSENT:
        return ABSENT
    if kind in ("SEQUENCE", "OCTCON", "BITCON", "NULL"):
        return True
    if kind == "LIST":
        return len(value)
    if kind in ("CHOICE", "TABLE", "ENUM"):
        name = value if isinstance(value, str | bytes) else value[0]
        return UNKNOWN if isinstance(name, bytes) or name.startswith("...") else name
    if kind == "BITSTR" and info.size is not None and info.size[1] is not None and info.size[1] <= 64:
        return flags(*value)
    if kind in ("SEMIINT", "ANYINT", "BIGINT") or (kind == "INT" and info.extensible):
        return value if value in INT64 else WIDE
    return value


def flags(octets: bytes, count: int) -> int | Empty:
    """Bit i of the string is bit i of the number."""
    if count > 64:
        return WIDE
    return sum(1 << place for place in range(count) if octets[place // 8] & (0x80 >> place % 8))


def indices(info: TypeInfo, value: Any, lists: Sequence[tuple[str, ...]]) -> Iterator[Index]:
    """The rows of a value: an index for each of the lists, -1 from the first that has no element."""

    def below(known: Index) -> Iterator[Index]:
        if len(known) == len(lists):
            yield known
            return
        _, elements = at(info, value, lists[len(known)][:-1], known)
        count = 0 if elements is ABSENT else len(elements)
        if not count:
            yield known + (-1,) * (len(lists) - len(known))
        for place in range(count):
            yield from below((*known, place))

    return below(())


class Expected(NamedTuple):
    """One row."""

    message: int
    index: Index
    cells: list[Any]


def expected(schema: rsu.Schema, name: str, paths: Sequence[tuple[str, ...]], batch: Sequence[bytes | None]) -> list[Expected]:
    """All rows of a batch."""
    info = root(schema, name)
    lists = max((list_paths(path) for path in paths), key=len, default=[])
    nowhere = (-1,) * len(lists)
    rows = []
    for number, data in enumerate(batch):
        try:
            value = schema.decode(name, data) if data is not None else ABSENT
        except rsu.DecodeError as error:
            rows.append(Expected(number, nowhere, [Empty(error.code)] * len(paths)))
            continue
        for index in indices(info, value, lists):
            rows.append(Expected(number, index, [cell(*at(info, value, path, index)) for path in paths]))
    return rows


# A table ----------------------------------------------------------------------------------------------------------------


def given(table: Table) -> list[Expected]:
    """A table's rows in the form of :func:`expected`."""
    columns = [column_of(table, name) for name in table.names]
    return [
        Expected(int(message), tuple(map(int, element)), [column[row] for column in columns])
        for row, (message, element) in enumerate(zip(table.message, table.element, strict=True))
    ]


def column_of(table: Table, name: str) -> list[Any]:
    """The cells of a column as plain Python values; an empty one must hold zero, NaN or ``None``."""
    reasons, empty = table.reasons(name), table.empty(name)
    values = table.texts(name) if table.cells[name].names else table.values(name)
    for value in table.values(name)[empty].tolist():
        assert value is None or value != value or value in (0, b"\0" * table.cells[name].width), f"{name}: empty, and {value!r}"
    plain = values.tolist()
    return [Empty(str(reasons[row])) if empty[row] else plain[row] for row in range(len(table))]


def assert_same(schema: rsu.Schema, name: str, paths: Sequence[tuple[str, ...]], batch: Sequence[bytes | None]) -> Table:
    """Both layouts give what the reference gives; the table is the one laid out by columns."""
    columns = schema.columns(name, {f"{text_of(path)}, a column": text_of(path) for path in paths})
    wanted = expected(schema, name, paths, batch)
    for layout in ("rows", "columns"):
        table = columns.decode(batch, layout)  # type: ignore[arg-type]
        for row, (got, want) in enumerate(zip(given(table), wanted, strict=False)):
            assert got == want, f"{layout}, row {row}, message {batch[want.message]!r}: {table.names}"
        assert len(table) == len(wanted)
        assert table.errors.tolist() == [error_of(schema, name, data) for data in batch]
    assert_neighbours_do_not_matter(columns, [data for data in batch if data is not None])
    return table


def assert_neighbours_do_not_matter(columns: Columns, messages: Sequence[bytes]) -> None:
    """Messages one behind the other in a buffer, where those of a list stand alone."""
    offsets = np.cumsum([0, *map(len, messages)])
    alone, beside = columns.decode(messages), columns.decode((b"".join(messages), offsets))
    for name in columns.names:
        np.testing.assert_array_equal(alone.values(name), beside.values(name), name)
    np.testing.assert_array_equal(alone.why, beside.why)
    np.testing.assert_array_equal(alone.errors, beside.errors)
    np.testing.assert_array_equal(alone.element, beside.element)


def error_of(schema: rsu.Schema, name: str, data: bytes | None) -> int:
    """The number that a table's ``errors`` must have for a message."""
    try:
        if data is not None:
            schema.decode(name, data)
    except rsu.DecodeError as error:
        return int(np.array(Table.REASONS.index(error.code)))
    return 0
