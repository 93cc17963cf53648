"""Columns: a few fields of many messages, decoded straight into numpy or Arrow without building the messages.

A projection names columns and the paths of their fields. It is compiled once to a plan over the op program of its type; the
engine walks each message along that plan without the GIL, skips what is not wanted with every check that decoding makes, and
puts what is wanted into cells.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from rsu._asn1.lower import Lowered
from rsu._codec import Batch, Plan, Program
from rsu.columns.cells import Cell
from rsu.columns.compile import Compiler, Wanted
from rsu.columns.paths import branches
from rsu.columns.scaling import Scale, scale_of
from rsu.columns.storage import Array, Layout, Shape, Storage
from rsu.columns.table import Table
from rsu.units import Unit

Octets = bytes | bytearray | memoryview


class Columns:
    """A compiled projection of one type; made by :meth:`rsu.Schema.columns`.

    :ivar names: of the columns.
    """

    def __init__(
        self, program: Program, lowered: Lowered, op: int, paths: Mapping[str, str], units: Mapping[str, Unit] | None
    ) -> None:
        self.names = tuple(paths)
        compiler = Compiler(lowered, op, branches(paths))
        wanted = [compiler.wanted[column] for column in range(len(paths))]
        self.scales = [scale_of(lowered, each, units) if units is not None else None for each in wanted]
        self._at_work = [(column, scale) for column, scale in enumerate(self.scales) if scale is not None]
        cells = [_cell(each, scale) for each, scale in zip(wanted, self.scales, strict=True)]
        kept = [
            np.dtype(np.int64) if scale and scale.measures else cell.dtype
            for cell, scale in zip(cells, self.scales, strict=True)
        ]
        levels = max(each.level for each in wanted)
        layouts: tuple[Layout, ...] = ("rows", "columns")
        self._shapes = {layout: Shape(self.names, cells, kept, levels, layout) for layout in layouts}
        self._cells = dict(zip(self.names, cells, strict=True))
        self._plan = Plan(
            program,
            [step.row() for step in compiler.steps],
            compiler.nodes,
            compiler.defaults.fills,
            [(cell.kind, cell.width, each.level) for cell, each in zip(cells, wanted, strict=True)],
            compiler.defaults.objects,
        )

    def __repr__(self) -> str:
        return f"<Columns {', '.join(self.names)}>"

    def decode(
        self,
        batch: Any,
        layout: Layout = "rows",
        *,
        max_elements: int = 10_000,
        max_depth: int = 64,
    ) -> Table:
        """The columns of many messages; other threads run meanwhile.

        :param batch: a sequence of messages (bytes, bytearray, memoryview; ``None`` for a row of nothing); a pair
            ``(buffer, offsets)``, where message i is ``buffer[offsets[i]:offsets[i + 1]]``; or an Arrow array of binary, whole
            or in chunks, of any library that speaks Arrow's C data interface.
        :param layout: ``rows``: cells side by side in one structured array; ``columns``: an array for each column, which Arrow
            takes without a copy.
        :param max_elements: list elements in one message.
        :param max_depth: nesting, 256 at most.
        """
        messages = batch_of(batch)
        storage = Storage(self._shapes[layout])
        errors = np.zeros(len(messages), np.uint8)
        try:
            rows = messages.walk(self._plan, storage, errors, max_elements=max_elements, max_depth=max_depth)
        except BaseException:
            storage.release()
            raise
        storage.shorten(rows)
        self._apply_scales(storage)
        return Table(self._cells, storage, errors)

    def _apply_scales(self, storage: Storage) -> None:
        for column, scale in self._at_work:
            scale.apply(storage.column(self.names[column]), storage.why[:, column])
        if self._at_work:
            storage.retype({self.names[column]: self._cells[self.names[column]].dtype for column, _ in self._at_work})


def _cell(wanted: Wanted, scale: Scale | None) -> Cell:
    return Cell(wanted.cell.kind, np.dtype(np.float64)) if scale and scale.measures else wanted.cell


def batch_of(batch: Any) -> Batch:
    """The messages of any of the forms that :meth:`Columns.decode` takes."""
    if hasattr(batch, "__arrow_c_array__") or hasattr(batch, "__arrow_c_stream__"):
        return Batch.of_arrow(batch)
    if isinstance(batch, tuple) and len(batch) == 2 and not isinstance(batch[1], Octets | None):
        return Batch.of_buffer(_octets(batch[0]), _offsets(batch[1]))
    if isinstance(batch, Octets):
        raise TypeError("one message is given; a sequence of messages is needed: [data]")
    return Batch.of_list(batch)


def _octets(buffer: Any) -> Array:
    """The octets of anything with a buffer, without a copy."""
    return np.frombuffer(buffer, np.uint8) if not isinstance(buffer, np.ndarray) else buffer.reshape(-1).view(np.uint8)


def _offsets(offsets: Any) -> Array:
    given = np.asarray(offsets)
    if given.dtype.kind not in "iu" or given.ndim != 1:
        raise TypeError(f"offsets of {given.ndim} dimensions and type {given.dtype}: must be a row of integers")
    return np.ascontiguousarray(given, np.int64)


__all__ = ["Columns", "Table"]
