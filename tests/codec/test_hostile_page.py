"""``docs/hostile-input.md`` names a test for each kind of hostile input; each of those tests is there."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parent.parent.parent
PAGE = CHECKOUT / "docs" / "hostile-input.md"
REFERENCE = re.compile(r"`([\w/]+\.py)::(test_\w+)`")
# (a row's first cell, its tests)
ROWS = [
    (cells[1].strip(), REFERENCE.findall(line))
    for line in PAGE.read_text(encoding="utf-8").splitlines()
    if line.startswith("| ") and len(cells := line.split("|")) > 3 and cells[1].strip() not in ("input", "---")
]


def test_the_page_has_the_kinds_of_input() -> None:
    assert len(ROWS) >= 40
    assert len({kind for kind, _ in ROWS}) == len(ROWS)


@pytest.mark.parametrize(("kind", "tests"), ROWS, ids=[kind for kind, _ in ROWS])
def test_each_kind_has_tests_that_exist(kind: str, tests: list[tuple[str, str]]) -> None:
    assert tests, f"{kind}: no test is named"
    for file, name in tests:
        tree = ast.parse((CHECKOUT / "tests" / file).read_text(encoding="utf-8"))
        assert name in {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}, f"{file}::{name}"
