"""What a column holds: the kind and width of its cells, their numpy type, and the names behind numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rsu._asn1.info import Op, TypeInfo, op_at
from rsu._asn1.lower import (
    ANYINT,
    BIGINT,
    BITCON,
    BITSTR,
    BOOL,
    CHOICE,
    ENUM,
    EXT,
    GENTIME,
    INT,
    LIST,
    NULL,
    OCTCON,
    OCTSTR,
    OPEN,
    REAL,
    SEMIINT,
    SEQUENCE,
    TABLE,
    UINT64_MAX,
    UNSIGNED,
    UTCTIME,
    Lowered,
)

NUMBER, FLAGS, OCTETS, OBJECT = range(4)  # CellKind of the engine
MAX_FIXED_OCTETS = 256  # a longer OCTET STRING is Python's bytes
WIDEST_FLAGS = 64
MOST_NAMES = 2**15  # whose numbers an int16 holds
#: What Python values of an op are, where they are no text.
FORMS = {OCTSTR: "octets", OPEN: "octets", BITSTR: "bits", REAL: "real", GENTIME: "time", UTCTIME: "time"}


@dataclass(frozen=True)
class Cell:
    """The cells of one column.

    :param kind: one of ``NUMBER``, ``FLAGS``, ``OCTETS``, ``OBJECT``.
    :param dtype: numpy's type of them; ``O`` for ``OBJECT``.
    :param names: what the numbers of an ENUMERATED, CHOICE or open type stand for.
    :param form: of the values of ``OBJECT``: ``text``, ``octets``, ``bits``, ``real`` or ``time``.
    """

    kind: int
    dtype: np.dtype[np.generic]
    names: tuple[str, ...] = ()
    form: str = ""

    @property
    def width(self) -> int:
        """Octets of a cell."""
        return self.dtype.itemsize


def cell_of(lowered: Lowered, index: int) -> Cell:
    """How values of op ``index`` are kept."""
    op = op_at(lowered, index)
    if op.code in (BOOL, NULL, SEQUENCE, OCTCON, BITCON):
        return Cell(NUMBER, np.dtype(np.bool_))
    if op.code == INT and not op.flags & EXT:
        return Cell(NUMBER, _integer(op))
    if op.code in (INT, ANYINT, SEMIINT, BIGINT):
        return Cell(NUMBER, np.dtype(np.int64))
    if op.code == LIST:
        return Cell(NUMBER, np.dtype(np.int32))
    if op.code in (ENUM, CHOICE, TABLE):
        names = names_of(lowered, op)
        return Cell(NUMBER, np.dtype(np.int16 if len(names) <= MOST_NAMES else np.int32), names)
    if op.code == BITSTR and 0 <= op.span and op.lo + op.span <= WIDEST_FLAGS:
        return Cell(FLAGS, np.dtype(np.uint64) if op.flags & EXT else _unsigned(2 ** (op.lo + op.span) - 1))
    if op.code == OCTSTR and op.span == 0 and not op.flags & EXT and 0 < op.lo <= MAX_FIXED_OCTETS:
        return Cell(OCTETS, np.dtype(f"V{op.lo}"))
    return Cell(OBJECT, np.dtype(object), form=FORMS.get(op.code, "text"))


def names_of(lowered: Lowered, op: Op) -> tuple[str, ...]:
    """Items of an ENUMERATED, alternatives of a CHOICE, types of an open type's rows in the order of their ids."""
    if op.code == ENUM:
        return tuple(lowered.names[op.a : op.a + op.b + op.c])
    if op.code == CHOICE:
        return tuple(member.name for member in TypeInfo(lowered, op.index).members)
    rows = lowered.rows[op.a]
    return tuple(lowered.names[rows[number][1]] for number in sorted(rows))


def _integer(op: Op) -> np.dtype[np.generic]:
    if op.flags & UNSIGNED:
        return np.dtype(np.uint64)
    high = op.lo + (op.span & UINT64_MAX)
    if op.lo >= 0:
        return _unsigned(high)
    signed = (np.int8, np.int16, np.int32, np.int64)
    return np.dtype(next(kind for kind in signed if np.iinfo(kind).min <= op.lo and high <= np.iinfo(kind).max))


def _unsigned(high: int) -> np.dtype[np.generic]:
    return np.dtype(next(kind for kind in (np.uint8, np.uint16, np.uint32, np.uint64) if high <= np.iinfo(kind).max))
