"""What a projection gives: rows of cells, why a cell is empty, and the same for pandas, Arrow and polars."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from rsu._codec import REASONS
from rsu.columns.cells import Cell
from rsu.columns.storage import Array, Storage

if TYPE_CHECKING:
    import pandas
    import polars
    import pyarrow


class Table:
    """Rows of a projection: one for a message, or one for each element of its list.

    A message or an outer element without elements is one row with the inner columns empty, and so is a message that does not
    decode; nothing is lost. ``table["speed"]`` is a masked array, ``table.array`` the structured one.

    :ivar names: of the columns.
    :ivar message: (rows,) int64: the number of the message in the batch that a row belongs to.
    :ivar element: (rows, lists) int32: which element of each list, outermost first, a row is; -1 where there is none.
    :ivar why: (rows, columns) uint8: 0 for a cell with a value, else the number of the reason in :data:`REASONS`.
    :ivar errors: (messages,) uint8: the reason why a message does not decode, 0 where it does.
    """

    #: Reasons by number: ``absent``, ``unavailable``, ``unknown`` (an alternative, item or row that the schema does not have),
    #: ``wide`` (a number that its cell cannot hold), then the codes of :class:`rsu.DecodeError`.
    REASONS: Sequence[str] = REASONS

    def __init__(self, cells: Mapping[str, Cell], storage: Storage, errors: Array) -> None:
        self.names = tuple(cells)
        self.cells = cells
        self.message, self.element, self.why, self.errors = storage.message, storage.element, storage.why, errors
        self._record = storage.record
        self._single = storage.single

    def __len__(self) -> int:
        return len(self.message)

    def __repr__(self) -> str:
        return f"<Table {len(self)} rows of {len(self.errors)} messages: {', '.join(self.names)}>"

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def __getitem__(self, name: str) -> np.ma.MaskedArray[Any, Any]:
        """The column as a masked array of (rows,)."""
        return np.ma.MaskedArray(self.values(name), self.empty(name))

    def values(self, name: str) -> Array:
        """The cells of a column without their mask: (rows,); empty ones hold zero, NaN or ``None``."""
        self._place(name)
        if name in self._single or self._record is None:
            return self._single[name]
        column: Array = self._record[name]
        return column

    def empty(self, name: str) -> Array:
        """Where a column has no value: (rows,) bool."""
        gone: Array = self.why[:, self._place(name)] != 0
        return gone

    def reasons(self, name: str) -> Array:
        """Why each cell of a column is empty, in words: (rows,) str; empty where there is a value."""
        return np.array(self.REASONS)[self.why[:, self._place(name)]]

    def texts(self, name: str) -> Array:
        """A column of names (an ENUMERATED, CHOICE or open type) as words: (rows,) object; ``None`` where it is empty."""
        self._place(name)
        names = self.cells[name].names
        if not names:
            raise KeyError(f"column {name!r} holds no names")
        found = np.array([*names, None], object)
        return found[np.where(self.empty(name), len(names), self.values(name))]

    def _place(self, name: str) -> int:
        if name not in self.cells:
            raise KeyError(f"no column {name!r}: there are {', '.join(self.names)}")
        return self.names.index(name)

    def codes(self, name: str) -> tuple[Array, tuple[str, ...]]:
        """A column of names as numbers and the names they stand for, each once, whatever rows of an open type share it."""
        names = self.cells[name].names
        different = tuple(dict.fromkeys(names))
        if different == names:
            return self.values(name), names
        places = np.array([different.index(each) for each in names], self.values(name).dtype)
        return places[self.values(name)], different

    @property
    def row_names(self) -> tuple[str, ...]:
        """Names that frames give to the number of the message and of each list's element, outermost first.

        ``message``, ``element``, ``element_2``, …; with an underscore behind it where a column has that name.
        """
        names = ["message", "element", *(f"element_{level + 1}" for level in range(1, self.element.shape[1]))]
        names = names[: 1 + self.element.shape[1]]
        while taken := set(names) & set(self.names):
            names = [f"{name}_" if name in taken else name for name in names]
        return tuple(names)

    @property
    def array(self) -> Array:
        """All columns as one structured array of (rows,), in the order of the projection."""
        if self._record is not None and not self._single:
            return self._record
        dtype = np.dtype([(name, self.values(name).dtype) for name in self.names])
        array = np.empty(len(self), dtype)
        for name in self.names:
            array[name] = self.values(name)
        return array

    @property
    def mask(self) -> Array:
        """Which cells are empty, as a structured array of bool like :attr:`array`."""
        mask = np.zeros(len(self), np.dtype([(name, np.bool_) for name in self.names]))
        for name in self.names:
            mask[name] = self.empty(name)
        return mask

    def __arrow_c_array__(self, requested_schema: object = None) -> tuple[object, object]:
        """Arrow's C data interface, which pyarrow, polars, DuckDB and others read: a struct array of ``message``, the
        ``element`` of each list, and the columns.

        Numbers are handed over without a copy when the table was decoded with ``layout="columns"``; bits and texts are copied.
        """
        from rsu.columns.arrow import export

        return export(self)

    def to_arrow(self) -> pyarrow.RecordBatch:
        """As a pyarrow record batch; see :mod:`rsu.columns.arrow` for what each column becomes."""
        batch: pyarrow.RecordBatch = _library("pyarrow").record_batch(self)
        return batch

    def to_pandas(self) -> pandas.DataFrame:
        """As a pandas frame: numbers with pandas' NA, names as categories, the message's number as the index."""
        from rsu.columns.frames import pandas_frame

        frame: pandas.DataFrame = pandas_frame(_library("pandas"), self)
        return frame

    def to_polars(self) -> polars.DataFrame:
        """As a polars frame, through Arrow's C data interface."""
        frame: polars.DataFrame = _library("polars").from_arrow(self).struct.unnest()
        return frame


def _library(name: str) -> Any:
    from importlib import import_module

    try:
        return import_module(name)
    except ImportError as error:
        raise ImportError(f"{name} is not installed: pip install {name}") from error
