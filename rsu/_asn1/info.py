"""A lowered schema described for people: what a type is, and its op program printed."""

from __future__ import annotations

from ast import literal_eval
from dataclasses import dataclass
from functools import cached_property

from rsu._asn1.lower import (
    BIGINT,
    BITCON,
    CHARSTR,
    CHOICE,
    DEFAULT,
    ENUM,
    EXT,
    GROUP,
    INT,
    LIST,
    MEMBER_COLUMNS,
    OCTCON,
    OP_COLUMNS,
    OP_NAMES,
    OPTIONAL,
    SEMIINT,
    SEQUENCE,
    TABLE,
    TEXT,
    UINT64_MAX,
    Lowered,
)

SIZED_NAMES = ("BITSTR", "OCTSTR", "CHARSTR", "TEXT", "LIST", "OCTCON", "BITCON")


@dataclass(frozen=True)
class Op:
    """One row of the op table, by column name."""

    index: int
    code: int
    flags: int
    bits: int
    a: int
    b: int
    c: int
    d: int
    lo: int
    span: int
    min_bits: int

    @property
    def name(self) -> str:
        return OP_NAMES[self.code]


def op_at(lowered: Lowered, index: int) -> Op:
    """Row ``index`` of the op table."""
    return Op(index, *lowered.ops[index * OP_COLUMNS : (index + 1) * OP_COLUMNS])


@dataclass(frozen=True)
class MemberInfo:
    """A component or an alternative.

    :param default: the DEFAULT as a Python literal, empty where there is none.
    :param addition: it stands after the extension marker.
    :param group: number of its ``[[ ]]`` group, from 1; 0 for none.
    """

    name: str
    type: TypeInfo
    optional: bool = False
    default: str = ""
    addition: bool = False
    group: int = 0


class TypeInfo:
    """What a type is. Members and element are read when asked for, since types may hold themselves."""

    def __init__(self, lowered: Lowered, index: int) -> None:
        self._lowered = lowered
        self.op = op_at(lowered, index)
        name, module, kind, bits = lowered.infos[index]
        self.name = lowered.names[name]
        self.module = lowered.names[module]
        self.kind = lowered.names[kind]
        self.named_bits: dict[int, str] = dict(literal_eval(lowered.objects[bits])) if bits >= 0 else {}

    def __repr__(self) -> str:
        return f"<TypeInfo {self.name or self.kind}>"

    @property
    def extensible(self) -> bool:
        return bool(self.op.flags & EXT)

    @property
    def bits_min(self) -> int:
        """The least number of bits a value takes."""
        return self.op.min_bits

    @cached_property
    def bits_max(self) -> int | None:
        """The greatest number of bits of a value without extensions; ``None`` where there is no bound."""
        return widest(self._lowered, self.op.index, frozenset())

    @property
    def values(self) -> tuple[str, ...]:
        """Items of an ENUMERATED, additions after the root; names of a BIT STRING's bits."""
        if self.op.code == ENUM:
            return tuple(self._lowered.names[self.op.a : self.op.a + self.op.b + self.op.c])
        return tuple(self.named_bits[place] for place in sorted(self.named_bits))

    @property
    def range(self) -> tuple[int | None, int | None]:
        """Least and greatest value of an INTEGER; ``None`` for no bound."""
        op = self.op
        if op.code == INT:
            return op.lo, op.lo + (op.span & UINT64_MAX)
        if op.code == BIGINT:
            return int(self._lowered.objects[op.a]), int(self._lowered.objects[op.b])
        if op.code == SEMIINT:
            return int(self._lowered.objects[op.a]), None
        return None, None

    @property
    def size(self) -> tuple[int, int | None] | None:
        """Least and greatest size of a string or list; ``None`` for types without a size."""
        if self.op.name not in SIZED_NAMES:
            return None
        if self.op.span >= 0:
            return self.op.lo, self.op.lo + self.op.span
        bounded = self.op.code not in (CHARSTR, TEXT) and self.op.c >= 0
        return self.op.lo, self.op.c if bounded else None

    @property
    def text(self) -> str:
        """The constraint as ASN.1 has it."""
        mark = ", ..." if self.extensible else ""
        if self.op.code in (INT, BIGINT, SEMIINT):
            low, high = self.range
            return f"({low}..{'MAX' if high is None else high}{mark})" if low != high else f"({low}{mark})"
        if self.size is None or self.size == (0, None):
            return ""
        least, most = self.size
        if least == most:
            return f"(SIZE({least}{mark}))"
        return f"(SIZE({least}..{'MAX' if most is None else most}{mark}))"

    @property
    def members(self) -> tuple[MemberInfo, ...]:
        """Components of a SEQUENCE or SET, alternatives of a CHOICE, additions behind the root."""
        if self.op.code not in (SEQUENCE, CHOICE, GROUP):
            return ()
        return tuple(self._members(self.op, addition=False, group=0))

    def _members(self, op: Op, addition: bool, group: int) -> list[MemberInfo]:
        found: list[MemberInfo] = []
        groups = 0
        for place in range(op.b + op.c):
            start = (op.a + place) * MEMBER_COLUMNS
            inner, name, flags, default = self._lowered.members[start : start + MEMBER_COLUMNS]
            late = addition or place >= op.b
            if op_at(self._lowered, inner).code == GROUP:
                groups += 1
                found += self._members(op_at(self._lowered, inner), addition=True, group=groups)
                continue
            text = self._lowered.objects[default] if flags & DEFAULT else ""
            info = TypeInfo(self._lowered, inner)
            found.append(MemberInfo(self._lowered.names[name], info, bool(flags & OPTIONAL), text, late, group))
        return found

    @property
    def element(self) -> TypeInfo | None:
        """The type of a list's elements, or of what CONTAINING holds."""
        return TypeInfo(self._lowered, self.op.a) if self.op.code in (LIST, OCTCON, BITCON) else None

    @property
    def rows(self) -> tuple[tuple[int, TypeInfo], ...]:
        """An open type's table: id and type, in the order of the ids."""
        if self.op.code != TABLE:
            return ()
        table = self._lowered.rows[self.op.a]
        return tuple((number, TypeInfo(self._lowered, table[number][0])) for number in sorted(table))

    @property
    def by(self) -> str:
        """The component that holds an open type's id."""
        return self._lowered.names[self.op.b] if self.op.code == TABLE and self.op.b >= 0 else ""


def describe(lowered: Lowered, index: int) -> TypeInfo:
    """The description of op ``index``."""
    return TypeInfo(lowered, index)


def widest(lowered: Lowered, index: int, inside: frozenset[int]) -> int | None:
    """The greatest number of bits of op ``index`` without extensions; ``None``: no bound, or it holds itself."""
    if index in inside:
        return None
    op = op_at(lowered, index)
    seen = inside | {index}
    own = bool(op.flags & EXT)
    if op.name in ("NULL", "BOOL", "INT", "BIGINT", "ENUM"):
        return own + (1 if op.name == "BOOL" else op.bits)
    if op.code in (SEQUENCE, GROUP, CHOICE):
        widths = [widest(lowered, lowered.members[(op.a + place) * MEMBER_COLUMNS], seen) for place in range(op.b)]
        if any(width is None for width in widths):
            return None
        known = [width for width in widths if width is not None]
        return own + (op.bits + max(known, default=0) if op.code == CHOICE else op.d + sum(known))
    if op.name in SIZED_NAMES and op.code != TEXT and op.span >= 0:
        unit = {"BITSTR": 1, "BITCON": 1, "CHARSTR": op.b, "LIST": None}.get(op.name, 8)
        unit = widest(lowered, op.a, seen) if unit is None else unit
        return None if unit is None else own + op.bits + (op.lo + op.span) * unit
    return None


def program_text(lowered: Lowered, index: int) -> str:
    """The ops reached from op ``index``, one a line, members below their owner."""
    lines: list[str] = []
    waiting, seen = [index], {index}
    while waiting:
        op = op_at(lowered, waiting.pop(0))
        name = lowered.names[lowered.infos[op.index][0]] or "-"
        columns = " ".join(f"{key}={value}" for key, value in vars(op).items() if key not in ("index", "code") and value)
        lines.append(f"{op.index:5d}  {op.name:<8} {name:<32} {columns}")
        inner: list[int] = []
        if op.code in (SEQUENCE, CHOICE, GROUP):
            inner = _member_lines(lowered, op, lines)
        elif op.code in (LIST, OCTCON, BITCON):
            inner = [op.a]
        elif op.code == TABLE:
            inner = [row[0] for row in lowered.rows[op.a].values()]
        for place in inner:
            if place not in seen:
                seen.add(place)
                waiting.append(place)
    return "\n".join(lines)


def _member_lines(lowered: Lowered, op: Op, lines: list[str]) -> list[int]:
    inner: list[int] = []
    for place in range(op.b + op.c):
        start = (op.a + place) * MEMBER_COLUMNS
        index, name, flags, _ = lowered.members[start : start + MEMBER_COLUMNS]
        word = "optional" if flags & OPTIONAL else "default" if flags & DEFAULT else ""
        mark = "+" if place >= op.b else " "
        lines.append(f"       {mark} {lowered.names[name]:<40} op {index:<5d} {word}".rstrip())
        inner.append(index)
    return inner
