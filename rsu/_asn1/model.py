"""The graph of resolved types: what :mod:`rsu._asn1.resolve` builds and :mod:`rsu._asn1.lower` reads."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from rsu._asn1.constraints import Constraint

NO_DEFAULT: Any = object()  # marks a component without DEFAULT; None is the default of a NULL


@dataclass(eq=False)
class Member:
    """A component of a SEQUENCE or SET, or an alternative of a CHOICE."""

    name: str
    node: Node
    optional: bool = False
    default: Any = NO_DEFAULT


@dataclass(eq=False)
class Group:
    """``[[ … ]]``: components that travel as one extension addition."""

    members: list[Member]


@dataclass(eq=False)
class Node:
    """One type with every reference followed and every constraint applied.

    :param kind: built-in type in ASN.1 spelling; ``OPEN TYPE`` for a class field that is a type.
    :param name: the type reference it came from, empty for an inline type.
    :param values: ENUMERATED: root items in order of their numbers.
    :param more_values: ENUMERATED: items after the extension marker.
    :param bits: named bits of a BIT STRING, position → name.
    :param root: root components or alternatives (a CHOICE's in the order of their tags).
    :param additions: what follows the extension marker.
    :param rows: an open type's table, id → type.
    :param by: the component that holds an open type's id.
    :param contents: the type inside CONTAINING.
    """

    kind: str
    module: str
    name: str = ""
    constraint: Constraint = field(default_factory=Constraint)
    extensible: bool = False
    values: list[str] = field(default_factory=list)
    more_values: list[str] = field(default_factory=list)
    numbers: dict[str, int] = field(default_factory=dict)
    bits: dict[int, str] = field(default_factory=dict)
    root: list[Member] = field(default_factory=list)
    additions: list[Member | Group] = field(default_factory=list)
    element: Node | None = None
    rows: dict[int, Node] = field(default_factory=dict)
    by: str = ""
    contents: Node | None = None
    tag: tuple[int, int] | None = None
