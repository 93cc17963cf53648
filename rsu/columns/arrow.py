"""A table as an Arrow array: which buffers each column becomes; the engine makes the C structs of them.

==================  ====================================================================================================
a column of          becomes
==================  ====================================================================================================
numbers              the same numbers; with ``layout="columns"`` the same memory
BOOLEAN, presence    bool
names                dictionary of utf8 with int16 indices (int32 where there are more names)
octets of one size   fixed_size_binary
other octets         binary
texts, ids           utf8
long BIT STRINGs     utf8 of zeros and ones
REAL                 float64
times                utf8, ISO 8601
==================  ====================================================================================================

A cell without a value is null. Texts and octets have 64-bit offsets (large_utf8, large_binary), whatever their size, so that
the schema depends on the projection alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from rsu._codec import export_field
from rsu.columns.cells import OBJECT, OCTETS, Cell
from rsu.columns.storage import Array

if TYPE_CHECKING:
    from rsu.columns.table import Table

FORMATS = {"b1": "b", "i1": "c", "u1": "C", "i2": "s", "u2": "S", "i4": "i", "u4": "I", "i8": "l", "u8": "L", "f8": "g"}
UTF8, BINARY = "U", "Z"


class Field(NamedTuple):
    """An Arrow array: its buffers are numpy arrays, or ``None`` for the validity of an array without nulls."""

    name: str
    format: str
    length: int
    nulls: int
    buffers: Sequence[Array | None]
    children: Sequence[Field] = ()
    dictionary: Field | None = None


def export(table: Table) -> tuple[object, object]:
    """Capsules of schema and array."""
    return export_field(Field("", "+s", len(table), 0, [None], fields_of(table)))


def fields_of(table: Table) -> list[Field]:
    """The rows' own columns (:attr:`Table.row_names`), and those of the projection."""
    message, *elements = table.row_names
    fields = [_numbers(message, table.message, None)]
    for level, name in enumerate(elements):
        fields.append(_numbers(name, table.element[:, level], table.element[:, level] < 0))
    return fields + [_column(table, name) for name in table.names]


def _column(table: Table, name: str) -> Field:
    cell, values, empty = table.cells[name], table.values(name), table.empty(name)
    if cell.kind == OBJECT:
        return _objects(name, cell, values, empty)
    if cell.names:
        codes, names = table.codes(name)
        return _numbers(name, codes, empty)._replace(dictionary=_strings("", UTF8, [text.encode() for text in names], None))
    if cell.kind == OCTETS:
        return _numbers(name, values, empty)._replace(format=f"w:{cell.width}")
    return _numbers(name, values, empty)


def _numbers(name: str, values: Array, empty: Array | None) -> Field:
    """Cells of a fixed width; bits for bool."""
    cells = np.packbits(values, bitorder="little") if values.dtype == np.bool_ else np.ascontiguousarray(values)
    validity, nulls = _validity(empty)
    return Field(name, FORMATS.get(values.dtype.str[1:], ""), len(values), nulls, [validity, cells])


def _validity(empty: Array | None) -> tuple[Array | None, int]:
    nulls = int(np.count_nonzero(empty)) if empty is not None else 0
    return (np.packbits(~empty, bitorder="little") if empty is not None and nulls else None), nulls


def _objects(name: str, cell: Cell, values: Array, empty: Array) -> Field:
    """Python values."""
    if cell.form == "real":
        return _numbers(name, np.where(empty, 0, values).astype(np.float64), empty)
    write = WRITERS[cell.form]
    pieces = [b"" if gone else write(value) for value, gone in zip(values, empty, strict=True)]
    return _strings(name, BINARY if cell.form == "octets" else UTF8, pieces, empty)


def _strings(name: str, layout: str, pieces: Sequence[bytes], empty: Array | None) -> Field:
    offsets = np.zeros(len(pieces) + 1, np.int64)
    np.cumsum([len(piece) for piece in pieces], out=offsets[1:])
    validity, nulls = _validity(empty)
    return Field(name, layout, len(pieces), nulls, [validity, offsets, np.frombuffer(b"".join(pieces), np.uint8)])


def _text(value: str) -> bytes:
    return value.encode("utf-8", "replace")  # half of a surrogate pair, which a BMPString may hold, is no UTF-8


def _iso(value: Any) -> bytes:
    return str(value.isoformat()).encode()


def _zeros_and_ones(value: tuple[bytes, int]) -> bytes:
    octets, count = value
    return f"{int.from_bytes(octets, 'big') >> (8 * len(octets) - count):0{count}b}".encode() if count else b""


#: Form of a cell's values → octets.
WRITERS: dict[str, Callable[[Any], bytes]] = {"octets": bytes, "bits": _zeros_and_ones, "time": _iso, "text": _text}
