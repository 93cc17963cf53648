"""A table as a pandas frame."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from rsu.columns.cells import OBJECT, OCTETS

if TYPE_CHECKING:
    from rsu.columns.table import Table


def pandas_frame(pandas: Any, table: Table) -> Any:
    """Numbers with NA, names as categories, octets as bytes; the message's number is the index, elements are columns."""
    message, *elements = table.row_names
    columns = {
        name: pandas.arrays.IntegerArray(np.ascontiguousarray(table.element[:, level]), table.element[:, level] < 0)
        for level, name in enumerate(elements)
    }
    columns |= {name: _column(pandas, table, name) for name in table.names}
    return pandas.DataFrame(columns, index=pandas.Index(table.message, name=message))


def _column(pandas: Any, table: Table, name: str) -> Any:
    cell, values, empty = table.cells[name], table.values(name), table.empty(name)
    if cell.names:
        codes, names = table.codes(name)
        return pandas.Categorical.from_codes(np.where(empty, -1, codes), list(names))
    if cell.kind == OBJECT:
        return values
    if cell.kind == OCTETS:
        octets = np.array([value.tobytes() for value in values], object)
        octets[empty] = None
        return octets
    if values.dtype == np.bool_:
        return pandas.arrays.BooleanArray(np.ascontiguousarray(values), empty)
    if values.dtype.kind == "f":
        return values
    return pandas.arrays.IntegerArray(np.ascontiguousarray(values), empty)
