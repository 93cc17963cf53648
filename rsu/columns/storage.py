"""Room for rows while the engine fills them: one structured array, or an array for each column.

While it is filled, room is plain octets, whose addresses cost little to ask for; arrays of the right types are laid over them
when the number of rows is known.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np

from rsu._codec import address_of, take_objects
from rsu.columns.cells import OBJECT, Cell

Layout = Literal["rows", "columns"]
Array = np.ndarray[Any, np.dtype[Any]]
POINTER = np.dtype(np.intp)  # an object's address while the engine holds it


class Shape:
    """What a row of a projection consists of, in one layout; made once.

    :param names: of the columns, in their order.
    :param kept: the numpy type of each column's cells while they are filled.
    :param levels: lists inside one another.
    :param layout: ``rows``: cells side by side in a structured array; ``columns``: an array for each.
    """

    def __init__(
        self, names: Sequence[str], cells: Sequence[Cell], kept: Sequence[np.dtype[Any]], levels: int, layout: Layout
    ) -> None:
        self.names, self.levels = names, levels
        self.objects = [name for name, cell in zip(names, cells, strict=True) if cell.kind == OBJECT]
        types = dict(zip(names, kept, strict=True)) | dict.fromkeys(self.objects, POINTER)
        in_record = [name for name in names if layout == "rows" and name not in self.objects]
        self.record = np.dtype([(name, types[name]) for name in in_record]) if layout == "rows" else None
        self.places: dict[str, int] = {}  # where each cell is in a structured row
        if self.record is not None and self.record.fields is not None:
            self.places = {name: self.record.fields[name][1] for name in in_record}
        self.single = {name: types[name] for name in names if name not in self.places}


class Storage:
    """Grows as the engine asks.

    :ivar record: the structured array, or ``None``; with :meth:`shorten`.
    :ivar single: arrays of the columns that are not in it.
    """

    def __init__(self, shape: Shape) -> None:
        self.shape = shape
        nothing: Array = np.empty(0, np.uint8)
        self.why, self.message, self.element = nothing, nothing, nothing
        self.record: Array | None = np.empty(0, np.uint8) if shape.record is not None else None
        self.single: dict[str, Array] = dict.fromkeys(shape.single, np.empty(0, np.uint8))

    def resize(self, capacity: int, used: int) -> tuple[int, int, int, tuple[int, int], list[tuple[int, int]]]:
        """Room for ``capacity`` rows, the first ``used`` of which stay.

        What the engine writes for each row is not cleared before: why, message, element, and the cells of a structured array.

        :returns: addresses of why, message and element; address and width of the structured rows, zeros without; address and
            stride of each column.
        """
        shape = self.shape
        self.why = _longer(self.why, capacity, used, len(shape.names))
        self.message = _longer(self.message, capacity, used, 8)
        self.element = _longer(self.element, capacity, used, 4 * shape.levels)
        base = width = 0
        if self.record is not None and shape.record is not None:
            width = shape.record.itemsize
            self.record = _longer(self.record, capacity, used, width)
            base = address_of(self.record)
        for name, dtype in shape.single.items():
            self.single[name] = _longer(self.single[name], capacity, used, dtype.itemsize, clear=True)
        places = [
            (base + shape.places[name], width)
            if name in shape.places
            else (address_of(self.single[name]), shape.single[name].itemsize)
            for name in shape.names
        ]
        return address_of(self.why), address_of(self.message), address_of(self.element), (base, width), places

    def shorten(self, rows: int) -> None:
        """Lays arrays over what was used, and turns addresses into objects."""
        shape = self.shape
        self.why = self.why[: rows * len(shape.names)].reshape(rows, len(shape.names))
        self.message = self.message[: rows * 8].view(np.int64)
        self.element = self.element[: rows * 4 * shape.levels].view(np.int32).reshape(rows, shape.levels)
        if self.record is not None and shape.record is not None:
            width = shape.record.itemsize
            self.record = self.record[: rows * width].view(shape.record) if width else np.empty(rows, shape.record)
        for name, dtype in shape.single.items():
            octets = self.single[name]
            if name in shape.objects:
                self.single[name] = np.empty(rows, object)
                self.single[name][:] = take_objects(address_of(octets), rows)
            else:
                self.single[name] = octets[: rows * dtype.itemsize].view(dtype)

    def column(self, name: str) -> Array:
        """The cells of a column: a view of the structured array, or an array of its own."""
        if name in self.single:
            return self.single[name]
        assert self.record is not None
        return self.record[name]

    def retype(self, dtypes: Mapping[str, np.dtype[Any]]) -> None:
        """Gives columns another type of the same width over the same cells."""
        if self.record is not None and dtypes:
            fields = [(name, dtypes.get(name, self.record.dtype[name])) for name in self.record.dtype.names or ()]
            self.record = self.record.view(np.dtype(fields))
        self.single = {name: array.view(dtypes.get(name, array.dtype)) for name, array in self.single.items()}

    def release(self) -> None:
        """Gives up the objects after a walk that did not end."""
        for name in self.shape.objects:
            octets = self.single[name]
            take_objects(address_of(octets), len(octets) // POINTER.itemsize)


def _longer(octets: Array, capacity: int, used: int, width: int, clear: bool = False) -> Array:
    longer: Array = (np.zeros if clear else np.empty)(capacity * width, np.uint8)
    if used:
        longer[: used * width] = octets[: used * width]
    return longer
