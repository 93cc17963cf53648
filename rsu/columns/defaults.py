"""What columns hold when a component with DEFAULT is absent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rsu._asn1.info import Op, op_at
from rsu._asn1.lower import BITCON, BITSTR, BOOL, CHOICE, ENUM, LIST, NULL, OCTCON, SEQUENCE, Lowered
from rsu.columns.cells import OBJECT, OCTETS, Cell
from rsu.columns.members import components, member_at
from rsu.columns.paths import Branch
from rsu.errors import SchemaError

KEY = -1  # instead of a column: the number chooses an open type


class Defaults:
    """Rows of the plan's fills, and the Python objects they name.

    :ivar fills: (column, object or -1, number).
    """

    def __init__(self, lowered: Lowered) -> None:
        self.lowered = lowered
        self.fills: list[tuple[int, int, int]] = []
        self.objects: list[Any] = []

    def choose(self, number: int) -> None:
        """The DEFAULT of a component that chooses an open type."""
        self.fills.append((KEY, -1, number))

    def add(self, index: int, branch: Branch, cells: Mapping[int, Cell], value: Any) -> None:
        """The columns inside a component of op ``index`` when ``value`` stands for it.

        :raises SchemaError: for columns of the elements of a list.
        """
        op = op_at(self.lowered, index)
        if branch.column >= 0:
            self._add_cell(op, branch.column, cells[branch.column], value)
        for name, inner in branch.inner.items():
            if op.code == LIST and value:
                raise SchemaError(f"path {inner.path}: a DEFAULT that is a list with elements cannot be spread over rows")
            if op.code == SEQUENCE and name in value:
                member = next(each for each in components(self.lowered, op) if self.lowered.names[each.name] == name)
                self.add(member.op, inner, cells, value[name])
            elif op.code == CHOICE and value[0] == name:
                self.add(self._alternative(op, name), inner, cells, value[1])

    def _alternative(self, op: Op, name: str) -> int:
        members = [member_at(self.lowered, op.a + place) for place in range(op.b + op.c)]
        return next(member.op for member in members if self.lowered.names[member.name] == name)

    def _add_cell(self, op: Op, column: int, cell: Cell, value: Any) -> None:
        if cell.kind in (OBJECT, OCTETS):
            self.objects.append(value)
            self.fills.append((column, len(self.objects) - 1, 0))
        else:
            self.fills.append((column, -1, _number(op, cell, value)))


def _number(op: Op, cell: Cell, value: Any) -> int:
    """What a cell of numbers holds for a value."""
    if cell.names:
        return cell.names.index(value if op.code == ENUM else value[0])
    if op.code == BITSTR:
        octets, count = value
        return _signed(sum((octets[place >> 3] >> (7 - place & 7) & 1) << place for place in range(count)))
    if op.code == LIST:
        return len(value)
    if op.code in (NULL, SEQUENCE, OCTCON, BITCON):
        return 1  # it is there
    return int(value) if op.code == BOOL else _signed(value)


def _signed(value: int) -> int:
    """The 64 bits of an unsigned value as a signed one."""
    return value - 2**64 if value >= 2**63 else value
