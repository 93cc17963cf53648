"""Captured constraints → what UPER sees of them (X.680 clause 49–51, X.691 clause 10.3).

A :class:`Constraint` holds one interval list for values, one for sizes, and a set of characters; ``None`` says "not
restricted". Unions join them, intersections and constraints in series meet; an exclusion does not narrow what the encoding
sees. The extension marker counts where the outermost constraint of a series has it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from rsu._asn1.text import Token, Tokens, split
from rsu.errors import SchemaError

Interval = tuple[int | None, int | None]  # None: MIN or MAX
Intervals = tuple[Interval, ...]


@dataclass(frozen=True)
class Constraint:
    """What one or more constraints leave of a type."""

    values: Intervals | None = None
    values_extensible: bool = False
    size: Intervals | None = None
    size_extensible: bool = False
    alphabet: frozenset[str] | None = None
    contents: tuple[Token, ...] = ()
    table: tuple[str, ...] = field(default=())  # object set reference, then the component references

    @property
    def value_range(self) -> Interval:
        return hull(self.values)

    @property
    def size_range(self) -> Interval:
        low, high = hull(self.size)
        return (max(low or 0, 0), high)


def hull(intervals: Intervals | None) -> Interval:
    """Least and greatest value of an interval list."""
    if not intervals:
        return (None, None)
    lows = [low for low, _ in intervals]
    highs = [high for _, high in intervals]
    return (
        None if None in lows else min(low for low in lows if low is not None),
        None if None in highs else max(high for high in highs if high is not None),
    )


def meet(left: Intervals | None, right: Intervals | None) -> Intervals | None:
    """Intersection of two interval lists."""
    if left is None or right is None:
        return right if left is None else left
    found = []
    for low_a, high_a in left:
        for low_b, high_b in right:
            low = low_b if low_a is None else low_a if low_b is None else max(low_a, low_b)
            high = high_b if high_a is None else high_a if high_b is None else min(high_a, high_b)
            if low is None or high is None or low <= high:
                found.append((low, high))
    return tuple(found)


def join(left: Intervals | None, right: Intervals | None) -> Intervals | None:
    """Union of two interval lists, sorted and merged."""
    if left is None or right is None:
        return None
    merged: list[Interval] = []
    for low, high in sorted((*left, *right), key=lambda pair: (pair[0] is not None, pair[0] or 0)):
        if merged and (merged[-1][1] is None or low is None or low <= merged[-1][1] + 1):
            before = merged[-1][1]
            merged[-1] = (merged[-1][0], None if before is None or high is None else max(before, high))
        else:
            merged.append((low, high))
    return tuple(merged)


def serial(parent: Constraint, child: Constraint) -> Constraint:
    """``child`` applied after ``parent``; a type constrained again loses the parent's extensibility (X.680 50.8)."""
    alphabets = [part for part in (parent.alphabet, child.alphabet) if part is not None]
    return Constraint(
        values=meet(parent.values, child.values),
        values_extensible=child.values_extensible if child.values is not None else parent.values_extensible,
        size=meet(parent.size, child.size),
        size_extensible=child.size_extensible if child.size is not None else parent.size_extensible,
        alphabet=frozenset.intersection(*alphabets) if alphabets else None,
        contents=child.contents or parent.contents,
        table=child.table or parent.table,
    )


class ConstraintReader:
    """Reads captured token lists.

    :param value: gives the value of a value notation (a number, a string) in the module that wrote it.
    :param contained: gives the constraint of a type used as a contained subtype.
    :param place: ``file: type`` for messages.
    """

    def __init__(self, value: Callable[[Tokens], Any], contained: Callable[[Tokens], Constraint], place: str) -> None:
        self.value = value
        self.contained = contained
        self.place = place

    def read(self, tokens: Tokens) -> Constraint:
        """One bracketed constraint, brackets off: root, extension marker, additions."""
        if tokens and tokens[0] == "{":
            return _table(tokens)
        parts = split(tokens, ",")
        parts = [part if "!" not in part else part[: part.index(Token("!"))] for part in parts]
        if not parts or not parts[0]:
            raise SchemaError(f"{self.place}: empty constraint")
        root = self._union(parts[0])
        if len(parts) == 1:
            return root
        if parts[1] != ["..."]:
            raise SchemaError(f"{self.place}: expected '...' in a constraint, found {' '.join(parts[1])!r}")
        return replace(root, values_extensible=root.values is not None, size_extensible=root.size is not None)

    def _union(self, tokens: Tokens) -> Constraint:
        arms = [self._intersection(arm) for arm in _split_any(tokens, ("|", "UNION"))]
        result = arms[0]
        for arm in arms[1:]:
            both = result.alphabet is not None and arm.alphabet is not None
            result = Constraint(
                values=join(result.values, arm.values),
                size=join(result.size, arm.size),
                size_extensible=result.size_extensible or arm.size_extensible,
                alphabet=(result.alphabet or frozenset()) | (arm.alphabet or frozenset()) if both else None,
                contents=result.contents or arm.contents,
            )
        return result

    def _intersection(self, tokens: Tokens) -> Constraint:
        result = Constraint()
        for arm in _split_any(tokens, ("^", "INTERSECTION")):
            read = self._element(_split_any(arm, ("EXCEPT",))[0])
            extensible = result.size_extensible or read.size_extensible
            result = replace(serial(result, read), size_extensible=extensible)
        return result

    def _element(self, tokens: Tokens) -> Constraint:
        head = tokens[0] if tokens else ""
        if head == "(":
            return self.read(tokens[1:-1])
        if head == "SIZE":
            inner = self.read(tokens[2:-1])
            return Constraint(size=inner.values or ((0, None),), size_extensible=inner.values_extensible)
        if head == "FROM":
            return Constraint(alphabet=self._alphabet(tokens[2:-1]))
        if head == "CONTAINING":
            end = tokens.index(Token("ENCODED")) if "ENCODED" in tokens else len(tokens)
            return Constraint(contents=tuple(tokens[1:end]))
        if head in ("ALL", "WITH", "PATTERN", "CONSTRAINED", "ENCODED", ""):
            return Constraint()  # not visible to the packed encoding rules
        if ".." in tokens:
            return Constraint(values=(self._range(tokens),))
        if head == "INCLUDES" or (head[:1].isupper() and head not in ("MIN", "MAX", "TRUE", "FALSE")):
            return self.contained(tokens[1:] if head == "INCLUDES" else tokens)
        value = self.value(tokens)
        return Constraint(values=((value, value),) if isinstance(value, int) and not isinstance(value, bool) else None)

    def _range(self, tokens: Tokens) -> Interval:
        place = list(tokens).index(Token(".."))
        low, high = list(tokens[:place]), list(tokens[place + 1 :])
        above = low and low[-1] == "<"
        below = high and high[0] == "<"
        least = self._end(low[:-1] if above else low)
        most = self._end(high[1:] if below else high)
        if least is not None and above:
            least += 1
        if most is not None and below:
            most -= 1
        if least is not None and most is not None and least > most:
            raise SchemaError(f"{self.place}: range {least}..{most} is empty")
        return (least, most)

    def _end(self, tokens: Tokens) -> int | None:
        if list(tokens) in (["MIN"], ["MAX"]):
            return None
        value = self.value(tokens)
        if isinstance(value, int):
            return value
        if isinstance(value, float):  # a range of REAL: not visible
            return None
        raise SchemaError(f"{self.place}: {' '.join(tokens)!r} is no number in a range")

    def _alphabet(self, tokens: Tokens) -> frozenset[str]:
        characters: set[str] = set()
        for part in _split_any(split(tokens, ",")[0], ("|", "UNION")):
            if ".." in part:
                low, high = self.value(part[:1]), self.value(part[-1:])
                characters.update(chr(code) for code in range(ord(low), ord(high) + 1))
            elif part[0] == "(":
                characters |= self._alphabet(part[1:-1])
            else:
                characters.update(self.value(part))
        return frozenset(characters)


def _table(tokens: Tokens) -> Constraint:
    """``{Set}`` or ``{Set}{@component, …}``: the set's name (with its module), then the component names."""
    depth_end = list(tokens).index(Token("}"))
    name = "".join(tokens[1:depth_end])
    rest = [str(token) for token in tokens[depth_end + 1 :] if token[:1].isalpha()]
    return Constraint(table=(name, *rest))


def _split_any(tokens: Tokens, marks: tuple[str, ...]) -> list[list[Token]]:
    plain = list(tokens)
    first = marks[0]
    joined = []
    for token in plain:
        if token in marks:
            mark = Token(first)
            mark.line = token.line
            joined.append(mark)
        else:
            joined.append(token)
    return split(joined, first) or [[]]
