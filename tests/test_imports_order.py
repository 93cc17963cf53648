"""The order of imports: a module imports from its left only, and the middle of the path does no I/O.

The order is a table, so that a new module has to say where it stands.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parent.parent / "rsu"

# Left to right, as the rooms pass things on. Parts of one room (`sources.pcap`) share its place.
ORDER = (
    "errors received outgoing signals objects "
    "units peek config observability _paths _scalars _codec _asn1 columns schema _ship "
    "standards frames security sources observe fusion world applications compose engine store sinks uplink pipeline replay "
    "expect simulate draw evaluate load check zone cli"
).split()
PLACE = {room: place for place, room in enumerate(ORDER)}

# These run live, in replay, in simulation and under the benchmark: what they need is handed to them.
PURE = ("frames", "observe", "fusion", "world", "applications", "compose", "engine")
NOT_FOR_PURE = frozenset("asyncio os pathlib random secrets socket sqlalchemy sqlite3 subprocess tempfile time zmq".split())
NOT_FOR_ENGINE = ("sources", "sinks", "store")

# The package's own __init__ only re-exports.
MODULES = sorted({path.relative_to(PACKAGE) for path in PACKAGE.rglob("*.py")} - {Path("__init__.py")})


def imported(source: str, package: tuple[str, ...]) -> Iterator[str]:
    """Absolute names of what a module of *package* imports, anywhere in it; ``from a import b`` gives ``a.b``."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(package[: len(package) - node.level + 1]) if node.level else ""
            origin = ".".join(part for part in (base, node.module) if part)
            yield from (f"{origin}.{alias.name}" for alias in node.names)


def imported_by(module: Path) -> set[str]:
    """The same for a file of this package, given relative to it."""
    return set(imported((PACKAGE / module).read_text(encoding="utf-8"), ("rsu", *module.parts[:-1])))


def room(module: Path) -> str:
    """The room a file of the package belongs to: its folder, or its own name."""
    return module.parts[0].removesuffix(".py")


def rooms_imported(module: Path) -> set[str]:
    """The rooms of this package that the file takes something from."""
    return {name.split(".")[1] for name in imported_by(module) if name.startswith("rsu.")}


@pytest.mark.parametrize("module", MODULES, ids=str)
def test_a_module_imports_from_its_left_only(module: Path) -> None:
    here = room(module)
    assert here in PLACE, f"{module}: give '{here}' its place in ORDER"
    for other in rooms_imported(module):
        assert other in PLACE, f"{module}: rsu.{other} is no room, import from the one that defines it"
        assert PLACE[other] <= PLACE[here], f"{module} imports rsu.{other}, which stands to its right"


@pytest.mark.parametrize("module", [module for module in MODULES if room(module) in PURE], ids=str)
def test_the_middle_of_the_path_imports_nothing_that_does_io_or_reads_a_clock(module: Path) -> None:
    outside = {name.split(".")[0] for name in imported_by(module)}
    assert not outside & NOT_FOR_PURE


def test_the_engine_takes_nothing_from_the_rooms_that_do_io() -> None:
    parts = [module for module in MODULES if room(module) == "engine"]
    assert parts
    for module in parts:
        assert not rooms_imported(module) & set(NOT_FOR_ENGINE), module


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("import rsu.store", {"rsu.store"}),
        ("from rsu import store", {"rsu.store"}),
        ("from . import store", {"rsu.store"}),
        ("def late():\n    from .store.models import Row", {"rsu.store.models.Row"}),
    ],
    ids=["import", "from-package", "relative", "inside-a-function"],
)
def test_each_way_to_import_is_seen(source: str, names: set[str]) -> None:
    assert set(imported(source, ("rsu",))) == names
