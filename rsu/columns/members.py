"""Components of a type, as the op program has them."""

from __future__ import annotations

from dataclasses import dataclass

from rsu._asn1.info import Op, op_at
from rsu._asn1.lower import ANYINT, BIGINT, BOOL, GROUP, INT, MEMBER_COLUMNS, SEMIINT, TABLE, Lowered

NUMBERS = (INT, ANYINT, SEMIINT, BIGINT, BOOL)  # what can choose an open type


@dataclass(frozen=True)
class Member:
    """A row of the program's members: an op, a name, flags, and the object of a DEFAULT or -1."""

    op: int
    name: int
    flags: int
    value: int


def member_at(lowered: Lowered, place: int) -> Member:
    """Row ``place`` of the members."""
    return Member(*lowered.members[place * MEMBER_COLUMNS : (place + 1) * MEMBER_COLUMNS])


def components(lowered: Lowered, op: Op) -> list[Member]:
    """All components of a SEQUENCE or group; the members of its groups stand in the place of the groups."""
    found: list[Member] = []
    for place in range(op.a, op.a + op.b + op.c):
        member = member_at(lowered, place)
        inner = op_at(lowered, member.op)
        found += components(lowered, inner) if inner.code == GROUP else [member]
    return found


def ids(lowered: Lowered, op: Op) -> set[int]:
    """Names of the components that choose an open type beside them."""
    members = components(lowered, op)
    tables = [op_at(lowered, member.op) for member in members]
    wanted = {table.b for table in tables if table.code == TABLE and table.b >= 0}
    return {member.name for member in members if member.name in wanted and op_at(lowered, member.op).code in NUMBERS}
