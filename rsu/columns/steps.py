"""Steps of a plan, and which values have a fixed width: those are read one after another without a decision between them."""

from __future__ import annotations

from dataclasses import dataclass, replace

from rsu._asn1.info import Op, op_at
from rsu._asn1.lower import (
    BITSTR,
    BOOL,
    CHARSTR,
    ENUM,
    EXT,
    INT,
    NULL,
    OCTSTR,
    SEQUENCE,
    UINT64_MAX,
    Lowered,
)
from rsu.columns.members import components

PASS_BITS, CHECK_BITS, STORE_INT, RUN, SKIP_VALUE, KEY_VALUE, CELL, DOWN, DOWN_TABLE = range(9)  # StepCode of the engine
FIXED = (PASS_BITS, CHECK_BITS, STORE_INT)


@dataclass(frozen=True)
class Step:
    """A row of the plan's steps; the fields stand in the order of the engine's struct (``_codec_parts/plan.pxi``)."""

    code: int
    presence: int = -1
    place: int = -1
    op: int = 0
    node: int = -1
    column: int = -1
    bits: int = 0
    fill: int = -1
    fills: int = 0
    name: int = -1
    lo: int = 0
    span: int = 0  # 64 bits unsigned

    def row(self) -> tuple[int, ...]:
        """The numbers for the engine, which takes the span's 64 bits as a signed number."""
        *numbers, span = vars(self).values()
        return (*numbers, span - 2**64 if span >= 2**63 else span)


def kept(op: Op, column: int) -> Step:
    """A value without parts that goes to a column."""
    if op.code == INT and not op.flags & EXT:
        return Step(STORE_INT, op=op.index, column=column, bits=op.bits, lo=op.lo, span=op.span & UINT64_MAX)
    if op.code == ENUM and not op.flags & EXT:
        return Step(STORE_INT, op=op.index, column=column, bits=op.bits, span=op.b - 1)
    return Step(CELL, op=op.index, column=column)


def passed(op: Op) -> Step:
    """A value that is not wanted: bits of any content, a number with an upper bound, or anything."""
    if op.flags & EXT:
        return Step(SKIP_VALUE, op=op.index)
    if op.code in (INT, ENUM):
        span = op.span & UINT64_MAX if op.code == INT else op.b - 1
        code = PASS_BITS if span == 2**op.bits - 1 else CHECK_BITS
        return Step(code, op=op.index, bits=op.bits, span=span)
    if op.code in (BOOL, NULL):
        return Step(PASS_BITS, op=op.index, bits=int(op.code == BOOL))
    letters = op.code == CHARSTR and op.a < 0 and not op.c and 0 < op.b <= 8
    if (op.code in (OCTSTR, BITSTR) or letters) and op.span == 0:
        unit = {OCTSTR: 8, BITSTR: 1}.get(op.code, op.b)
        return Step(PASS_BITS, op=op.index, bits=unit * op.lo)
    return Step(SKIP_VALUE, op=op.index)


def is_fixed(lowered: Lowered, op: Op, inside: frozenset[int] = frozenset()) -> bool:
    """Whether a value is of fixed width: a number or string, or a SEQUENCE of nothing else that is always there.

    :param inside: ops that the value is part of; one that holds itself has no end.
    """
    if op.code != SEQUENCE:
        return passed(op).code in FIXED
    if op.flags & EXT or op.d or op.c or op.index in inside:
        return False
    inside |= {op.index}
    return all(is_fixed(lowered, op_at(lowered, member.op), inside) for member in components(lowered, op))


def in_runs(steps: list[Step]) -> list[Step]:
    """Neighbours that may hold anything made one, and a RUN in front of steps of fixed width that are always there."""
    out: list[Step] = []
    run: list[Step] = []
    for step in steps:
        if step.code not in FIXED or step.presence >= 0:
            out += [*_headed(run), step]
            run = []
        elif run and step.code == run[-1].code == PASS_BITS:
            run[-1] = replace(run[-1], bits=run[-1].bits + step.bits)
        else:
            run.append(step)
    return out + _headed(run)


def _headed(run: list[Step]) -> list[Step]:
    if len(run) < 2:
        return run
    return [Step(RUN, node=len(run), bits=sum(step.bits for step in run)), *run]
