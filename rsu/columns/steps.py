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

# StepCode of the engine, in its order
(PASS_BITS, CHECK_BITS, STORE_INT, STORE_OCTETS, RUN, SKIP_VALUE, KEY_VALUE, CELL, DOWN, DOWN_TABLE) = range(10)
MAX_RUN_BITS = 2048  # of one RUN at most; the engine knows it
STRAIGHT_BITS = 57  # a number behind any bit of an octet that one word holds
FIXED = (PASS_BITS, CHECK_BITS, STORE_INT, STORE_OCTETS)
WORD_OCTETS = 8  # what a straight step keeps at most


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
    if op.code == INT and not op.flags & EXT and 0 < op.bits <= STRAIGHT_BITS:
        return Step(STORE_INT, op=op.index, column=column, bits=op.bits, lo=op.lo, span=op.span & UINT64_MAX)
    if op.code == ENUM and not op.flags & EXT and op.bits:
        return Step(STORE_INT, op=op.index, column=column, bits=op.bits, span=op.b - 1)
    if op.code == BOOL:
        return Step(STORE_INT, op=op.index, column=column, bits=1, span=1)
    if op.code == OCTSTR and op.span == 0 and not op.flags & EXT and 0 < op.lo <= WORD_OCTETS:
        return Step(STORE_OCTETS, op=op.index, column=column, bits=8 * op.lo, span=UINT64_MAX)
    return Step(CELL, op=op.index, column=column)


def passed(op: Op) -> Step:
    """A value that is not wanted: bits of any content, a number with an upper bound, or anything."""
    if op.flags & EXT or (op.code == INT and op.bits > STRAIGHT_BITS):
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
    """Neighbours of fixed width that are always there, as one RUN: what is asked for, each with where it begins."""
    out: list[Step] = []
    run: list[Step] = []
    for step in steps:
        if step.code not in FIXED or step.presence >= 0 or step.bits > MAX_RUN_BITS:
            out += [*_headed(run), step]
            run = []
            continue
        if sum(each.bits for each in run) + step.bits > MAX_RUN_BITS:
            out += _headed(run)
            run = []
        run.append(step)
    return out + _headed(run)


def _headed(run: list[Step]) -> list[Step]:
    if len(run) < 2:
        return run
    asked: list[Step] = []
    place = 0
    for step in run:
        if step.code != PASS_BITS:
            asked.append(replace(step, place=place))
        place += step.bits
    return [Step(RUN, node=len(asked), bits=place), *asked] if asked else [Step(PASS_BITS, op=run[0].op, bits=place)]
