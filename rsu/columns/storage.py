"""Room for rows while the engine fills them: one structured array, or an array for each column."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import numpy as np

from rsu._codec import take_objects
from rsu.columns.cells import OBJECT, Cell

Layout = Literal["rows", "columns"]
Array = np.ndarray[Any, np.dtype[Any]]
POINTER = np.dtype(np.intp)  # an object's address while the engine holds it


class Storage:
    """Grows as the engine asks.

    :param names: of the columns, in their order.
    :param kept: the numpy type of each column's cells while they are filled.
    :param layout: ``rows``: a structured array; ``columns``: an array each.
    """

    def __init__(self, names: Sequence[str], cells: Sequence[Cell], kept: Sequence[np.dtype[Any]], levels: int, layout: Layout):
        self.names, self.cells, self.layout = names, cells, layout
        self.kept = [POINTER if cell.kind == OBJECT else dtype for cell, dtype in zip(cells, kept, strict=True)]
        in_record = [(name, dtype) for name, cell, dtype in zip(names, cells, self.kept, strict=True) if cell.kind != OBJECT]
        self.record = np.zeros(0, np.dtype(in_record)) if layout == "rows" else None
        self.single = {
            name: np.zeros(0, dtype)
            for name, cell, dtype in zip(names, cells, self.kept, strict=True)
            if layout == "columns" or cell.kind == OBJECT
        }
        self.why = np.zeros((0, len(names)), np.uint8)
        self.message = np.zeros(0, np.int64)
        self.element = np.zeros((0, levels), np.int32)

    def resize(self, capacity: int, used: int) -> tuple[int, int, int, tuple[int, int], list[tuple[int, int]]]:
        """Room for ``capacity`` rows, the first ``used`` of which stay.

        What the engine writes for each row is not cleared before: why, message, element, and the cells of a structured array.

        :returns: addresses of why, message and element; address and width of the structured rows, zeros without; address and
            stride of each column.
        """
        self.why = _longer(np.empty, self.why, capacity, used)
        self.message = _longer(np.empty, self.message, capacity, used)
        self.element = _longer(np.empty, self.element, capacity, used)
        record = (0, 0)
        if self.record is not None:
            self.record = _longer(np.empty, self.record, capacity, used)
            record = (_address(self.record), self.record.itemsize)
        self.single = {name: _longer(np.zeros, array, capacity, used) for name, array in self.single.items()}
        places = [(_address(column), column.strides[0]) for column in map(self.column, self.names)]
        return _address(self.why), _address(self.message), _address(self.element), record, places

    def column(self, name: str) -> Array:
        """The cells of a column: a view of the structured array, or an array of its own."""
        if name in self.single:
            return self.single[name]
        assert self.record is not None
        return self.record[name]

    def shorten(self, rows: int) -> None:
        """Gives back what was not used, and turns addresses into objects."""
        self.why, self.message, self.element = self.why[:rows], self.message[:rows], self.element[:rows]
        if self.record is not None:
            self.record = self.record[:rows]
        for name, cell in zip(self.names, self.cells, strict=True):
            if cell.kind == OBJECT:
                self.single[name] = self.objects(name, rows)
            elif name in self.single:
                self.single[name] = self.single[name][:rows]

    def objects(self, name: str, rows: int) -> Array:
        """The objects of a column, which the array holds from now on."""
        array = np.empty(rows, object)
        array[:] = take_objects(_address(self.single[name]), rows)
        return array

    def retype(self, dtypes: Mapping[str, np.dtype[Any]]) -> None:
        """Gives columns another type of the same width over the same cells."""
        if self.record is not None and dtypes:
            fields = [(name, dtypes.get(name, self.record.dtype[name])) for name in self.record.dtype.names or ()]
            self.record = self.record.view(np.dtype(fields))
        self.single = {name: array.view(dtypes.get(name, array.dtype)) for name, array in self.single.items()}

    def release(self) -> None:
        """Gives up the objects after a walk that did not end."""
        for name, cell in zip(self.names, self.cells, strict=True):
            if cell.kind == OBJECT:
                take_objects(_address(self.single[name]), len(self.single[name]))


def _longer(make: Callable[..., Array], array: Array, capacity: int, used: int) -> Array:
    longer = make((capacity, *array.shape[1:]), array.dtype)
    longer[:used] = array[:used]
    return longer


def _address(array: Array) -> int:
    return int(array.__array_interface__["data"][0])
