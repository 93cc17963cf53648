"""A type and the tree of what is wanted of it → the plan that the engine runs (``_codec_parts/plan.pxi``).

What has a fixed width becomes straight steps: SEQUENCEs that consist of nothing else are drawn into their parent, neighbours
that are not wanted and may hold anything become one step, and a run of such steps is checked for length once. Everything else
is one step a component.
"""

from __future__ import annotations

from ast import literal_eval
from dataclasses import dataclass, replace
from typing import Any

from rsu._asn1.info import Op, op_at
from rsu._asn1.lower import (
    BITCON,
    BITSTR,
    BOOL,
    CHARSTR,
    CHOICE,
    DEFAULT,
    ENUM,
    EXT,
    GROUP,
    INT,
    LIST,
    MEMBER_COLUMNS,
    NULL,
    OCTCON,
    OCTSTR,
    OPTIONAL,
    SEQUENCE,
    TABLE,
    UINT64_MAX,
    Lowered,
)
from rsu.columns.cells import OBJECT, OCTETS, Cell, cell_of
from rsu.columns.paths import ELEMENT, Branch
from rsu.errors import SchemaError

PASS_BITS, CHECK_BITS, STORE_INT, RUN, SKIP_VALUE, KEY_VALUE, CELL, DOWN, DOWN_TABLE = range(9)  # StepCode of the engine
FIXED = (PASS_BITS, CHECK_BITS, STORE_INT)
CONTAINERS = (SEQUENCE, CHOICE, LIST, OCTCON, BITCON)


@dataclass(frozen=True)
class Step:
    """A row of the plan's steps; see ``plan.pxi``."""

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
    span: int = 0

    def row(self) -> tuple[int, ...]:
        span = self.span - 2**64 if self.span >= 2**63 else self.span
        return (self.code, self.presence, self.place, self.op, self.node, self.column, self.bits, self.fill, self.fills, self.name,
                self.lo, span)  # fmt: skip


@dataclass(frozen=True)
class Member:
    """A row of the program's members."""

    op: int
    name: int
    flags: int
    value: int


@dataclass(frozen=True)
class Wanted:
    """What a column is: its cells, which list's elements its rows are (0: none), and where its type stands."""

    cell: Cell
    level: int
    op: int
    owner: int  # op of the SEQUENCE around it, or -1
    member: str


class Compiler:
    """Walks type and tree together, once."""

    def __init__(self, lowered: Lowered, root: int, tree: Branch) -> None:
        self.lowered = lowered
        self.steps: list[Step] = []
        self.nodes: list[tuple[int, ...]] = []
        self.fills: list[tuple[int, int, int]] = []
        self.objects: list[Any] = []
        self.wanted: dict[int, Wanted] = {}
        self.lists: dict[int, str] = {}
        self.nodes.append(())
        step = self.value(root, tree, 0, -1, "")
        self.nodes[0] = (root, self._keep([step]), 1, 0, 0)

    # Values ---------------------------------------------------------------------------------------------------------

    def value(self, index: int, branch: Branch | None, level: int, owner: int, member: str) -> Step:
        """The step for a value of op ``index``."""
        op = op_at(self.lowered, index)
        if branch is None:
            return self._skip(op)
        if branch.column >= 0:
            self.wanted[branch.column] = Wanted(cell_of(self.lowered, index), level, index, owner, member)
        if op.code in CONTAINERS:
            return Step(DOWN, op=index, node=self._node(op, branch, level), column=branch.column)
        if op.code == TABLE:
            return Step(DOWN_TABLE, op=index, node=self._table(op, branch, level), column=branch.column)
        if branch.inner:
            raise self._wrong(branch, op, ())
        return self._leaf(op, branch.column)

    def _leaf(self, op: Op, column: int) -> Step:
        if op.code == INT and not op.flags & EXT:
            return Step(STORE_INT, op=op.index, column=column, bits=op.bits, lo=op.lo, span=op.span & UINT64_MAX)
        if op.code == ENUM and not op.flags & EXT:
            return Step(STORE_INT, op=op.index, column=column, bits=op.bits, span=op.b - 1)
        return Step(CELL, op=op.index, column=column)

    def _skip(self, op: Op) -> Step:
        """A value that is not wanted: bits of any content, a number with an upper bound, or anything."""
        if op.flags & EXT:
            return Step(SKIP_VALUE, op=op.index)
        if op.code == INT or op.code == ENUM:
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

    # Containers -----------------------------------------------------------------------------------------------------

    def _node(self, op: Op, branch: Branch, level: int) -> int:
        if op.code == SEQUENCE:
            return self._sequence(op, branch, level)
        if op.code == CHOICE:
            return self._choice(op, branch, level)
        if op.code == LIST:
            return self._list(op, branch, level)
        name = self.lowered.names[op.b]
        self._only(branch, op, (name,))
        return self._new_node(op, [self.value(op.a, branch.inner.get(name), level, -1, "")])

    def _new_node(self, op: Op, steps: list[Step], more: int = 0, deep: int = 0) -> int:
        """``more`` of the steps, the last ones, are for additions."""
        self.nodes.append((op.index, self._keep(steps), len(steps) - more, more, deep))
        return len(self.nodes) - 1

    def _keep(self, steps: list[Step]) -> int:
        first = len(self.steps)
        self.steps += steps
        return first

    def _sequence(self, op: Op, branch: Branch, level: int) -> int:
        names = [self.lowered.names[member.name] for _, member in self._components(op)]
        self._only(branch, op, names)
        keys = self._keys(op)
        steps, deep = self._root(op, branch, level, keys)
        late = []
        for place in range(op.c):
            member = self._member(op.a + op.b + place)
            inner = op_at(self.lowered, member.op)
            if inner.code == GROUP:
                if any(self.lowered.names[each.name] in branch.inner for _, each in self._components(inner)):
                    members, _ = self._root(inner, branch, level, keys)
                    late.append(Step(DOWN, place=place, op=inner.index, node=self._new_node(inner, members)))
            elif self.lowered.names[member.name] in branch.inner:
                late.append(replace(self._component(op, member, branch, level, keys, key_default=False), place=place))
        return self._new_node(op, steps + late, len(late), deep)

    def _root(self, op: Op, branch: Branch, level: int, keys: set[int]) -> tuple[list[Step], int]:
        """Steps of the root components, and how many levels were drawn in."""
        steps: list[Step] = []
        presence = deep = 0
        for place in range(op.b):
            member = self._member(op.a + place)
            if member.flags & (OPTIONAL | DEFAULT):
                steps.append(replace(self._component(op, member, branch, level, keys), presence=presence))
                presence += 1
                continue
            drawn, levels = self._draw_in(op, member, branch.inner.get(self.lowered.names[member.name]), level, keys)
            steps += drawn
            deep = max(deep, levels)
        return in_runs(steps), deep

    def _draw_in(self, owner: Op, member: Member, branch: Branch | None, level: int, keys: set[int]) -> tuple[list[Step], int]:
        """A component that must be there: the steps of a SEQUENCE of fixed width instead of one for itself."""
        op = op_at(self.lowered, member.op)
        if op.code == SEQUENCE and self._is_fixed(op) and (branch is None or branch.column < 0):
            here = branch or Branch()
            self._only(here, op, [self.lowered.names[inner.name] for _, inner in self._components(op)])
            steps: list[Step] = []
            deep = 0
            for place in range(op.b):
                inner = self._member(op.a + place)
                drawn, levels = self._draw_in(op, inner, here.inner.get(self.lowered.names[inner.name]), level, set())
                steps += drawn
                deep = max(deep, levels)
            return steps, deep + 1
        parent = Branch("", -1, {self.lowered.names[member.name]: branch} if branch else {})
        return [self._component(owner, member, parent, level, keys)], 0

    def _is_fixed(self, op: Op) -> bool:
        """A SEQUENCE of nothing but values of fixed width that are always there."""
        if op.flags & EXT or op.d or op.c:
            return False
        for _, member in self._components(op):
            inner = op_at(self.lowered, member.op)
            fixed = self._is_fixed(inner) if inner.code == SEQUENCE else self._skip(inner).code in FIXED
            if not fixed:
                return False
        return True

    def _component(
        self, owner: Op, member: Member, branch: Branch, level: int, keys: set[int], key_default: bool = True
    ) -> Step:
        name = self.lowered.names[member.name]
        wanted = branch.inner.get(name)
        step = self.value(member.op, wanted, level, owner.index, name)
        if member.name in keys:
            step = Step(KEY_VALUE, op=member.op, column=step.column, name=member.name)
        if not member.flags & DEFAULT:
            return step
        default = literal_eval(self.lowered.objects[member.value])
        first = len(self.fills)
        if member.name in keys and key_default and isinstance(default, int):
            self.fills.append((-1, -1, default))
        if wanted is not None:
            self._fill(member.op, wanted, default)
        return replace(step, fill=first, fills=len(self.fills) - first)

    def _choice(self, op: Op, branch: Branch, level: int) -> int:
        alternatives = {self.lowered.names[self._member(op.a + place).name]: place for place in range(op.b + op.c)}
        self._only(branch, op, alternatives)
        steps = []
        for name, inner in branch.inner.items():
            place = alternatives[name]
            step = self.value(self._member(op.a + place).op, inner, level, -1, "")
            steps.append(replace(step, place=place))
        return self._new_node(op, steps)

    def _list(self, op: Op, branch: Branch, level: int) -> int:
        self._only(branch, op, (ELEMENT,))
        element = branch.inner.get(ELEMENT)
        if element is None:
            return self._new_node(op, [])
        other = self.lists.setdefault(level, element.path)
        if other != element.path:
            raise SchemaError(f"{other} and {element.path} are two lists, each with rows of its own: make a projection for each")
        return self._new_node(op, [self.value(op.a, element, level + 1, -1, "")])

    def _table(self, op: Op, branch: Branch, level: int) -> int:
        rows = {self.lowered.names[name]: (inner, name) for inner, name in self.lowered.rows[op.a].values()}
        self._only(branch, op, rows)
        steps = []
        for name, inner in branch.inner.items():
            step = self.value(rows[name][0], inner, level, -1, "")
            steps.append(replace(step, place=rows[name][1]))
        return self._new_node(op, steps)

    # Defaults -------------------------------------------------------------------------------------------------------

    def _fill(self, index: int, branch: Branch, value: Any) -> None:
        """What the columns of a component hold when its DEFAULT stands for it."""
        op = op_at(self.lowered, index)
        if branch.column >= 0:
            self.fills.append(self._default(op, branch.column, value))
        for name, inner in branch.inner.items():
            if op.code == SEQUENCE and name in value:
                member = next(each for _, each in self._components(op) if self.lowered.names[each.name] == name)
                self._fill(member.op, inner, value[name])
            elif op.code == CHOICE and value[0] == name:
                place = cell_of(self.lowered, index).names.index(name)
                self._fill(self._member(op.a + place).op, inner, value[1])
            elif op.code == LIST and value:
                raise SchemaError(f"{inner.path}: a DEFAULT that is a list with elements cannot be spread over rows")

    def _default(self, op: Op, column: int, value: Any) -> tuple[int, int, int]:
        cell = self.wanted[column].cell
        if cell.kind in (OBJECT, OCTETS):
            self.objects.append(value)
            return column, len(self.objects) - 1, 0
        if cell.names:
            return column, -1, cell.names.index(value if op.code == ENUM else value[0])
        if op.code == BITSTR:
            octets, count = value
            return column, -1, sum((octets[place >> 3] >> (7 - place & 7) & 1) << place for place in range(count))
        if op.code == LIST:
            return column, -1, len(value)
        return column, -1, 1 if cell.dtype == bool and op.code != BOOL else int(value)

    # The program ----------------------------------------------------------------------------------------------------

    def _member(self, place: int) -> Member:
        return Member(*self.lowered.members[place * MEMBER_COLUMNS : (place + 1) * MEMBER_COLUMNS])

    def _components(self, op: Op) -> list[tuple[int, Member]]:
        """Place and row of each component, those of groups instead of the groups."""
        found = []
        for place in range(op.a, op.a + op.b + op.c):
            member = self._member(place)
            inner = op_at(self.lowered, member.op)
            found += self._components(inner) if inner.code == GROUP else [(place, member)]
        return found

    def _keys(self, op: Op) -> set[int]:
        """Names of the components that choose an open type beside them."""
        tables = [op_at(self.lowered, member.op) for _, member in self._components(op)]
        return {table.b for table in tables if table.code == TABLE and table.b >= 0}

    def _only(self, branch: Branch, op: Op, names: Any) -> None:
        """Whether all that is wanted of a container is there."""
        wrong = next((inner for name, inner in branch.inner.items() if name not in names), None)
        if wrong is not None:
            raise self._wrong(wrong, op, names)

    def _wrong(self, branch: Branch, op: Op, names: Any) -> SchemaError:
        name, _, kind, _ = self.lowered.infos[op.index]
        title = self.lowered.names[name] or self.lowered.names[kind]
        listed = [*names]
        has = f"it has {', '.join(listed[:12])}{', …' if len(listed) > 12 else ''}" if listed else "it has no parts"
        return SchemaError(f"path {branch.path}: not in {title}: {has}")


def in_runs(steps: list[Step]) -> list[Step]:
    """Neighbours that may hold anything made one, and a RUN in front of steps of fixed width that are always there."""
    out: list[Step] = []
    run: list[Step] = []
    for step in [*steps, None]:
        if step is not None and step.code in FIXED and step.presence < 0:
            if run and step.code == run[-1].code == PASS_BITS:
                run[-1] = replace(run[-1], bits=run[-1].bits + step.bits)
            else:
                run.append(step)
            continue
        if len(run) > 1:
            out.append(Step(RUN, node=len(run), bits=sum(each.bits for each in run)))
        out += run
        run = []
        if step is not None:
            out.append(step)
    return out
