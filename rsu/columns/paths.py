"""Paths of a projection → a tree: which parts of a type are wanted, and for which column.

``bsmFrame.pos.lat``, ``participants[].speed``, ``value.BasicSafetyMessage.partII[].partII-Id``: names of components, of
alternatives, and of the type inside an open type; ``[]`` stands for each element of a list.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from rsu.errors import SchemaError

MAX_COLUMNS = 4096
ELEMENT = "[]"


@dataclass
class Branch:
    """A part of a type that is wanted.

    :param path: how it is reached.
    :param column: the column that holds it, or -1.
    :param inner: what is wanted inside, by name; ``[]`` for the elements of a list.
    """

    path: str = ""
    column: int = -1
    inner: dict[str, Branch] = field(default_factory=dict)


def branches(paths: Mapping[str, str]) -> Branch:
    """The tree of all paths; columns are numbered in their order.

    :raises SchemaError: for an empty projection, a column without a name, a path that is none, or one that is wanted twice.
    """
    if not 1 <= len(paths) <= MAX_COLUMNS:
        raise SchemaError(f"a projection of {len(paths)} columns: must be 1 to {MAX_COLUMNS}")
    root = Branch()
    for column, (name, path) in enumerate(paths.items()):
        if not name:
            raise SchemaError(f"the column of path {path!r} has no name: say {{'name': {path!r}}}")
        branch = root
        for part in parts(path):
            below = f"{branch.path}{part}" if part == ELEMENT else f"{branch.path}.{part}".lstrip(".")
            branch = branch.inner.setdefault(part, Branch(below))
        if branch.column >= 0:
            raise SchemaError(f"column {name!r}: {path} has a column already")
        branch.column = column
    return root


def parts(path: str) -> list[str]:
    """``a.b[].c`` → ``a``, ``b``, ``[]``, ``c``; an empty path is the value itself."""
    found: list[str] = []
    for part in path.split(".") if path else []:
        name = part.rstrip("[]")
        lists = part[len(name) :]
        if lists != ELEMENT * (len(lists) // 2) or not part:
            raise SchemaError(f"path {path!r}: {part!r} must be a name, with [] behind it for the elements of a list")
        found += [*([name] if name else []), *[ELEMENT] * (len(lists) // 2)]
    return found
