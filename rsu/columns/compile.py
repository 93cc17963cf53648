"""A type and the tree of what is wanted of it → the plan that the engine runs (``_codec_parts/plan.pxi``).

What has a fixed width becomes straight steps: SEQUENCEs that consist of nothing else are drawn into their parent, neighbours
that are not wanted and may hold anything become one step, and a run of such steps is checked for length once. Everything else
is one step a component.
"""

from __future__ import annotations

from ast import literal_eval
from collections.abc import Collection
from dataclasses import dataclass, replace

from rsu._asn1.info import Op, op_at
from rsu._asn1.lower import BITCON, CHOICE, DEFAULT, GROUP, LIST, OCTCON, OPTIONAL, SEQUENCE, TABLE, Lowered
from rsu.columns.cells import Cell, cell_of
from rsu.columns.defaults import Defaults
from rsu.columns.members import Member, components, ids, member_at
from rsu.columns.paths import ELEMENT, Branch
from rsu.columns.steps import DOWN, DOWN_TABLE, KEY_VALUE, Step, in_runs, is_fixed, kept, passed
from rsu.errors import SchemaError

CONTAINERS = (SEQUENCE, CHOICE, LIST, OCTCON, BITCON)


@dataclass(frozen=True)
class Wanted:
    """What a column is: its cells, which list's elements its rows are (0: none), and where its type stands."""

    cell: Cell
    level: int
    op: int
    owner: int  # op of the SEQUENCE around it, or -1
    member: str


@dataclass(frozen=True)
class Owner:
    """The SEQUENCE around a component: its op, the names of its ids, and which list's elements its values belong to."""

    op: Op
    ids: Collection[int]
    level: int


class Compiler:
    """Walks type and tree together, once.

    :ivar steps: rows of the plan's steps, as :class:`Step`.
    :ivar nodes: rows of its nodes: op, first step, steps, steps for additions, levels drawn in.
    :ivar wanted: what each column is, by number.
    """

    def __init__(self, lowered: Lowered, root: int, tree: Branch) -> None:
        self.lowered = lowered
        self.steps: list[Step] = []
        self.nodes: list[tuple[int, ...]] = [()]
        self.defaults = Defaults(lowered)
        self.wanted: dict[int, Wanted] = {}
        self.lists: dict[int, str] = {}  # level → path of the elements
        step = self.value(root, tree, 0)
        self.nodes[0] = (root, self._keep([step]), 1, 0, 0)

    # Values ---------------------------------------------------------------------------------------------------------

    def value(self, index: int, branch: Branch | None, level: int, owner: int = -1, member: str = "") -> Step:
        """The step for a value of op ``index``; ``member`` is its name in the SEQUENCE of op ``owner``."""
        op = op_at(self.lowered, index)
        if branch is None and op.code != TABLE:
            return passed(op)
        branch = branch or Branch()  # what an open type holds is checked also where nothing of it is kept
        if branch.column >= 0:
            self.wanted[branch.column] = Wanted(cell_of(self.lowered, index), level, index, owner, member)
        if op.code in CONTAINERS:
            return Step(DOWN, op=index, node=self._node(op, branch, level), column=branch.column)
        if op.code == TABLE:
            return Step(DOWN_TABLE, op=index, node=self._table(op, branch, level), column=branch.column)
        if branch.inner:
            raise self._wrong(next(iter(branch.inner.values())), op, ())
        return kept(op, branch.column)

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
        return self._new_node(op, [self.value(op.a, branch.inner.get(name), level)])

    def _new_node(self, op: Op, steps: list[Step], more: int = 0, deep: int = 0) -> int:
        """``more`` of the steps, the last ones, are for additions."""
        self.nodes.append((op.index, self._keep(steps), len(steps) - more, more, deep))
        return len(self.nodes) - 1

    def _keep(self, steps: list[Step]) -> int:
        first = len(self.steps)
        self.steps += steps
        return first

    def _sequence(self, op: Op, branch: Branch, level: int) -> int:
        self._only(branch, op, [self._name(member) for member in components(self.lowered, op)])
        owner = Owner(op, ids(self.lowered, op), level)
        steps, deep = self._root(op, branch, owner)
        late = [step for place in range(op.c) for step in self._addition(place, branch, owner)]
        return self._new_node(op, steps + late, len(late), deep)

    def _addition(self, place: int, branch: Branch, owner: Owner) -> list[Step]:
        """The step of an addition or group of which something is wanted."""
        member = member_at(self.lowered, owner.op.a + owner.op.b + place)
        inner = op_at(self.lowered, member.op)
        if inner.code == GROUP:
            if not any(self._name(each) in branch.inner for each in components(self.lowered, inner)):
                return []
            steps, deep = self._root(inner, branch, owner)
            return [Step(DOWN, place=place, op=inner.index, node=self._new_node(inner, steps, deep=deep))]
        wanted = branch.inner.get(self._name(member))
        if wanted is None:
            return []
        step = self._component(member, wanted, owner)
        return [replace(self._with_default(step, member, wanted, chooses=False), place=place)]

    def _root(self, op: Op, branch: Branch, owner: Owner) -> tuple[list[Step], int]:
        """Steps of the root components of a SEQUENCE or group, and how many levels were drawn in."""
        steps: list[Step] = []
        presence = deep = 0
        for place in range(op.a, op.a + op.b):
            member = member_at(self.lowered, place)
            wanted = branch.inner.get(self._name(member))
            if member.flags & (OPTIONAL | DEFAULT):
                step = self._with_default(self._component(member, wanted, owner), member, wanted, chooses=True)
                steps.append(replace(step, presence=presence))
                presence += 1
                continue
            drawn, levels = self._draw_in(member, wanted, owner)
            steps += drawn
            deep = max(deep, levels)
        return in_runs(steps), deep

    def _draw_in(self, member: Member, branch: Branch | None, owner: Owner) -> tuple[list[Step], int]:
        """A component that must be there: the steps of a SEQUENCE of fixed width instead of one for itself."""
        op = op_at(self.lowered, member.op)
        if op.code != SEQUENCE or not is_fixed(self.lowered, op) or (branch is not None and branch.column >= 0):
            return [self._component(member, branch, owner)], 0
        here = branch or Branch()
        members = components(self.lowered, op)
        self._only(here, op, [self._name(inner) for inner in members])
        steps: list[Step] = []
        deep = 0
        for inner in members:
            drawn, levels = self._draw_in(inner, here.inner.get(self._name(inner)), Owner(op, (), owner.level))
            steps += drawn
            deep = max(deep, levels)
        return steps, deep + 1

    def _component(self, member: Member, branch: Branch | None, owner: Owner) -> Step:
        step = self.value(member.op, branch, owner.level, owner.op.index, self._name(member))
        if member.name in owner.ids:
            return Step(KEY_VALUE, op=member.op, column=step.column, name=member.name)
        return step

    def _with_default(self, step: Step, member: Member, branch: Branch | None, chooses: bool) -> Step:
        """The same with what stands for it when it is absent; the DEFAULT of an addition never ``chooses`` an open type."""
        if not member.flags & DEFAULT:
            return step
        value = literal_eval(self.lowered.objects[member.value])
        first = len(self.defaults.fills)
        if step.code == KEY_VALUE and chooses:
            self.defaults.choose(int(value))
        if branch is not None:
            cells = {column: wanted.cell for column, wanted in self.wanted.items()}
            self.defaults.add(member.op, branch, cells, value)
        return replace(step, fill=first, fills=len(self.defaults.fills) - first)

    def _choice(self, op: Op, branch: Branch, level: int) -> int:
        members = [member_at(self.lowered, op.a + place) for place in range(op.b + op.c)]
        places = {self._name(member): place for place, member in enumerate(members)}
        self._only(branch, op, places)
        steps = []
        for name, inner in branch.inner.items():
            step = self.value(members[places[name]].op, inner, level)
            steps.append(replace(step, place=places[name]))
        return self._new_node(op, steps)

    def _list(self, op: Op, branch: Branch, level: int) -> int:
        self._only(branch, op, (ELEMENT,))
        element = branch.inner.get(ELEMENT)
        if element is None:
            return self._new_node(op, [])
        other = self.lists.setdefault(level, element.path)
        if other != element.path:
            raise SchemaError(f"{other} and {element.path} are two lists, each with its own rows: make a projection for each")
        return self._new_node(op, [self.value(op.a, element, level + 1)])

    def _table(self, op: Op, branch: Branch, level: int) -> int:
        types: dict[str, set[tuple[int, int]]] = {}  # a type may stand in more than one row
        for row in self.lowered.rows[op.a].values():
            types.setdefault(self.lowered.names[row[1]], set()).add(row)
        self._only(branch, op, types)
        steps = []
        for name, below in branch.inner.items():
            if len(types[name]) > 1:
                raise SchemaError(f"path {below.path}: {len(types[name])} different types have this name here")
            ((inner, place),) = types[name]
            steps.append(replace(self.value(inner, below, level), place=place))
        return self._new_node(op, steps)

    # Names and errors -----------------------------------------------------------------------------------------------

    def _name(self, member: Member) -> str:
        return self.lowered.names[member.name]

    def _only(self, branch: Branch, op: Op, names: Collection[str]) -> None:
        """Whether all that is wanted of a container is there."""
        wrong = next((inner for name, inner in branch.inner.items() if name not in names), None)
        if wrong is not None:
            raise self._wrong(wrong, op, names)

    def _wrong(self, branch: Branch, op: Op, names: Collection[str]) -> SchemaError:
        name, _, kind, _ = self.lowered.infos[op.index]
        title = self.lowered.names[name] or self.lowered.names[kind]
        listed = [*names]
        has = f"it has {', '.join(listed[:12])}{', …' if len(listed) > 12 else ''}" if listed else "it has no parts"
        return SchemaError(f"path {branch.path}: not in {title}: {has}")
