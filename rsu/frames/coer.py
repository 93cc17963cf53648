"""A bounded walker over COER (ITU-T X.696) that finds where each field of a security unit lies.

Theory of operation: a type is a small immutable description (:class:`Octets`, :class:`Sequence` …), a
standard's types are a table of them, and :func:`walk` goes once over the octets and gives a tree of
:class:`Node`, each with its first octet and the octet after its last. Nothing is copied and no value is
built; who wants a value reads the octets of its node. Non-canonical forms (long lengths, padding bits,
leading zeros) are refused, so that the octets of a walked unit are its only encoding.

Limits: nodes and depth of a unit, octets of an INTEGER, and every length against the octets that remain.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from rsu.errors import FrameError

NODES_MAX = 2_000
"""Nodes of one unit; a signed unit with a certificate of a public deployment has about 60."""
DEPTH_MAX = 32
"""Nesting of one unit; a certificate chain in a signed unit reaches 11."""
INTEGER_OCTETS_MAX = 8
"""Octets of an INTEGER without an upper bound (a PSID has at most 4)."""
LENGTH_OCTETS_MAX = 4
"""Octets of a length determinant in long form."""


@dataclass(frozen=True, slots=True)
class Octets:
    """OCTET STRING or character string; ``size`` fixes it, else a length from ``low`` to ``high`` octets
    comes first."""

    size: int | None = None
    low: int = 0
    high: int | None = None


@dataclass(frozen=True, slots=True)
class Integer:
    """INTEGER; ``size`` octets where the range fixes them, else a length comes first; ``values`` allowed,
    if not all."""

    size: int | None = None
    signed: bool = False
    low: int | None = None
    high: int | None = None


@dataclass(frozen=True, slots=True)
class Enumerated:
    """ENUMERATED of ``names``; an extensible one may carry numbers that the table does not name."""

    names: tuple[str, ...]
    extensible: bool = False


@dataclass(frozen=True, slots=True)
class Null:
    """NULL: no octets."""


@dataclass(frozen=True, slots=True)
class Member:
    """A component of a SEQUENCE or an alternative of a CHOICE; ``type`` may be late, for types that contain
    themselves."""

    name: str
    type: Type | Callable[[], Type]
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Sequence:
    """SEQUENCE; extension additions are kept as opaque octets."""

    members: tuple[Member, ...]
    extensible: bool = False


@dataclass(frozen=True, slots=True)
class Choice:
    """CHOICE; alternatives from ``root`` on are extensions (each behind a length), numbers beyond the table
    stay opaque."""

    alternatives: tuple[Member, ...]
    root: int = -1

    @property
    def extensible(self) -> bool:
        return self.root >= 0


@dataclass(frozen=True, slots=True)
class SequenceOf:
    """SEQUENCE OF ``element`` with at most ``high`` elements."""

    element: Type | Callable[[], Type]
    high: int


Type = Octets | Integer | Enumerated | Null | Sequence | Choice | SequenceOf


@dataclass(slots=True)
class Node:
    """A walked value: octets ``start`` to ``end`` of the frame, the alternative chosen, and the nodes
    inside by name."""

    type: Type
    start: int
    end: int
    chosen: str = ""
    wrapped: bool = False
    inside: dict[str, Node] = field(default_factory=dict)

    def at(self, *names: str) -> Node | None:
        """The node at a path of names, or None where one of them is absent."""
        node: Node | None = self
        for name in names:
            node = node.inside.get(name) if node else None
        return node


class Walk:
    """One pass over one unit: the octets, where they end, and what is left of the budget."""

    def __init__(self, data: bytes, layer: str, nodes_max: int = NODES_MAX, depth_max: int = DEPTH_MAX) -> None:
        self.data = data
        self.layer = layer
        self.nodes_max = nodes_max
        self.depth_max = depth_max
        self.nodes = 0
        self.depth = 0
        self.reached = 0

    def fail(self, reason: str, at: int, code: str) -> FrameError:
        return FrameError(reason, self.layer, at, code)

    def need(self, start: int, count: int, end: int, what: str) -> int:
        """The octet after ``count`` octets from ``start``; they must lie before ``end``."""
        if start + count > end:
            raise self.fail(f"{what} takes {count} octets, {end - start} are left", start, "truncated")
        self.reached = max(self.reached, start + count)
        return start + count

    def length(self, start: int, end: int, what: str) -> tuple[int, int]:
        """A length determinant: its value and the octet after it."""
        after = self.need(start, 1, end, f"length of {what}")
        first = self.data[start]
        if first < 0x80:
            return first, after
        count = first & 0x7F
        if not 1 <= count <= LENGTH_OCTETS_MAX:
            allowed = f"00..7f, or 81..{0x80 | LENGTH_OCTETS_MAX:02x}"
            raise self.fail(f"length of {what} begins with {first:02x}: must be {allowed}", start, "length")
        after = self.need(after, count, end, f"length of {what}")
        value = int.from_bytes(self.data[start + 1 : after], "big")
        if value < 0x80 or value >> (8 * (count - 1)) == 0:
            raise self.fail(
                f"length {value} of {what} is written in {count + 1} octets, fewer hold it",
                start,
                "non-minimal",
            )
        return value, after

    def span(self, start: int, end: int, what: str) -> tuple[int, int]:
        """A length and that many octets: where they begin and end."""
        value, after = self.length(start, end, what)
        if value > end - after:
            raise self.fail(f"length of {what} is {value}, {end - after} octets are left", start, "length")
        return after, self.need(after, value, end, what)

    def walk(self, kind: Type, start: int, end: int, what: str) -> Node:
        """The node of a value of type ``kind`` that begins at ``start``."""
        self.nodes += 1
        if self.nodes > self.nodes_max:
            raise self.fail(f"more than {self.nodes_max} fields", start, "elements")
        if self.depth >= self.depth_max:
            raise self.fail(f"nested deeper than {self.depth_max}", start, "depth")
        self.depth += 1
        node = self._dispatch(kind, start, end, what)
        self.depth -= 1
        return node

    def _dispatch(self, kind: Type, start: int, end: int, what: str) -> Node:
        match kind:
            case Octets():
                return Node(kind, start, self._octets(kind, start, end, what))
            case Integer():
                return Node(kind, start, self._integer(kind, start, end, what))
            case Enumerated():
                return self._enumerated(kind, start, end, what)
            case Null():
                return Node(kind, start, start)
            case Sequence():
                return self._sequence(kind, start, end, what)
            case Choice():
                return self._choice(kind, start, end, what)
            case SequenceOf():
                return self._sequence_of(kind, start, end, what)

    def _octets(self, kind: Octets, start: int, end: int, what: str) -> int:
        if kind.size is not None:
            return self.need(start, kind.size, end, what)
        first, last = self.span(start, end, what)
        size = last - first
        if size < kind.low or (kind.high is not None and size > kind.high):
            raise self.fail(f"{what} has {size} octets: must be {kind.low}..{kind.high}", start, "size")
        return last

    def _integer(self, kind: Integer, start: int, end: int, what: str) -> int:
        first, last = start, start
        if kind.size is not None:
            last = self.need(start, kind.size, end, what)
        else:
            first, last = self.span(start, end, what)
            if not 1 <= last - first <= INTEGER_OCTETS_MAX:
                allowed = f"1..{INTEGER_OCTETS_MAX}"
                raise self.fail(f"{what} is an integer of {last - first} octets: must be {allowed}", start, "length")
            if _has_leading_octet(self.data[first:last], kind.signed):
                raise self.fail(f"{what} has a leading octet that a shorter form leaves out", start, "non-minimal")
        value = int.from_bytes(self.data[first:last], "big", signed=kind.signed)
        if (kind.low is not None and value < kind.low) or (kind.high is not None and value > kind.high):
            raise self.fail(f"{what} is {value}: must be {kind.low}..{kind.high}", start, "range")
        return last

    def _enumerated(self, kind: Enumerated, start: int, end: int, what: str) -> Node:
        after = self.need(start, 1, end, what)
        number = self.data[start]
        if number < len(kind.names):
            return Node(kind, start, after, kind.names[number])
        if not kind.extensible or number >= 0x80:
            raise self.fail(f"{what} is {number}: must be 0..{len(kind.names) - 1}", start, "index")
        return Node(kind, start, after, f"...{number}")

    def _sequence(self, kind: Sequence, start: int, end: int, what: str) -> Node:
        node = Node(kind, start, start)
        bits = int(kind.extensible) + sum(member.optional for member in kind.members)
        preamble, after = self._preamble(bits, start, end, what)
        extended = kind.extensible and preamble[0]
        present = iter(preamble[1:] if kind.extensible else preamble)
        for member in kind.members:
            if not member.optional or next(present):
                child = self.walk(_resolve(member.type), after, end, f"{what}.{member.name}")
                node.inside[member.name] = child
                after = child.end
        node.end = self._additions(after, end, what) if extended else after
        return node

    def _preamble(self, bits: int, start: int, end: int, what: str) -> tuple[list[bool], int]:
        """The presence bits of a SEQUENCE, the extension bit first where the type has one."""
        count = (bits + 7) // 8
        after = self.need(start, count, end, f"preamble of {what}")
        value = int.from_bytes(self.data[start:after], "big")
        spare = count * 8 - bits
        if value & ((1 << spare) - 1):
            raise self.fail(f"preamble of {what} has spare bits that are not zero", start, "padding")
        return [bool(value >> (count * 8 - 1 - bit) & 1) for bit in range(bits)], after

    def _additions(self, start: int, end: int, what: str) -> int:
        """Extension additions: a bitmap, then each present one behind its length. They stay opaque."""
        first, last = self.span(start, end, f"extension bitmap of {what}")
        if last - first < 2:
            raise self.fail(f"extension bitmap of {what} has {last - first} octets: must be 2 or more", start, "length")
        spare = self.data[first]
        bitmap = int.from_bytes(self.data[first + 1 : last], "big")
        if spare > 7 or bitmap & ((1 << spare) - 1):
            raise self.fail(f"extension bitmap of {what} has {spare} spare bits: must be 0..7, all zero", first, "padding")
        if bitmap == 0:
            raise self.fail(f"extension bitmap of {what} names no addition", first, "non-minimal")
        after = last
        for _ in range(bitmap.bit_count()):
            _, after = self.span(after, end, f"extension addition of {what}")
        return after

    def _choice(self, kind: Choice, start: int, end: int, what: str) -> Node:
        after = self.need(start, 1, end, f"tag of {what}")
        number = self.data[start] - 0x80
        count = len(kind.alternatives)
        if not 0 <= number < (0x3F if kind.extensible else count):
            allowed = f"80..{0x80 + count - 1:02x}"
            raise self.fail(f"tag of {what} is {self.data[start]:02x}: must be {allowed}", start, "index")
        if kind.extensible and number >= kind.root:
            return self._extension_alternative(kind, number, start, end, what)
        member = kind.alternatives[number]
        child = self.walk(_resolve(member.type), after, end, f"{what}.{member.name}")
        return Node(kind, start, child.end, member.name, False, {member.name: child})

    def _extension_alternative(self, kind: Choice, number: int, start: int, end: int, what: str) -> Node:
        name = kind.alternatives[number].name if number < len(kind.alternatives) else f"...{number}"
        first, last = self.span(start + 1, end, f"{what}.{name}")
        if number >= len(kind.alternatives):
            return Node(kind, start, last, name, True)
        child = self.walk(_resolve(kind.alternatives[number].type), first, last, f"{what}.{name}")
        if child.end != last:
            raise self.fail(f"{what}.{name} ends {last - child.end} octets before its length", child.end, "trailing")
        return Node(kind, start, last, name, True, {name: child})

    def _sequence_of(self, kind: SequenceOf, start: int, end: int, what: str) -> Node:
        after = self._integer(Integer(), start, end, f"count of {what}")
        count = int.from_bytes(self.data[start + 1 : after], "big")
        if count > kind.high:
            raise self.fail(f"{what} has {count} elements: must be 0..{kind.high}", start, "elements")
        node = Node(kind, start, after)
        for index in range(count):
            child = self.walk(_resolve(kind.element), node.end, end, f"{what}[{index}]")
            node.inside[str(index)] = child
            node.end = child.end
        return node


def uint(data: bytes, node: Node) -> int:
    """The value of a node of type :class:`Integer`."""
    assert isinstance(node.type, Integer)
    first = node.start if node.type.size is not None else node.start + 1
    return int.from_bytes(data[first : node.end], "big", signed=node.type.signed)


def children(node: Node) -> Iterator[tuple[str, Node]]:
    """The nodes inside, in the order of the octets."""
    return iter(node.inside.items())


def length_octets(count: int) -> bytes:
    """The length determinant for ``count`` octets, in its shortest form."""
    if count < 0x80:
        return bytes([count])
    body = count.to_bytes((count.bit_length() + 7) // 8, "big")
    return bytes([0x80 | len(body)]) + body


def _resolve(kind: Type | Callable[[], Type]) -> Type:
    return kind() if callable(kind) else kind


def _has_leading_octet(body: bytes, signed: bool) -> bool:
    if len(body) < 2:
        return False
    if not signed:
        return body[0] == 0
    return (body[0] == 0 and body[1] < 0x80) or (body[0] == 0xFF and body[1] >= 0x80)
