"""Every role counts what the table of metrics declares, with its labels, and nothing else."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from rsu.observability.metrics import Kind, fits

PACKAGE = Path(__file__).resolve().parents[2] / "rsu"
METRICS_FILE = "rsu/observability/metrics.py"
KINDS: dict[str, Kind] = {"count": "counter", "total": "counter", "gauge": "gauge"}
VALUES = {"by", "value"}


class Call(NamedTuple):
    """One call of a meter in the sources."""

    place: str
    name: str
    kind: Kind
    labels: tuple[str, ...]


def calls(source: str, place: str) -> Iterator[Call]:
    """Calls whose first argument is a literal that begins like a metric."""
    for node in ast.walk(ast.parse(source)):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in KINDS and node.args):
            continue
        if not ast.unparse(node.func.value).endswith("meter"):  # a registry has a total too
            continue
        name = node.args[0]
        if isinstance(name, ast.Constant) and str(name.value).startswith("rsu_"):
            labels = tuple(sorted(word.arg for word in node.keywords if word.arg and word.arg not in VALUES))
            yield Call(f"{place}:{node.lineno}", str(name.value), KINDS[node.func.attr], labels)


FOUND = [call for path in sorted(PACKAGE.rglob("*.py")) for call in calls(path.read_text(encoding="utf-8"), path.name)]


@pytest.mark.parametrize("call", FOUND, ids=lambda call: f"{call.place} {call.name}")
def test_a_role_counts_only_what_is_declared(call: Call) -> None:
    labels = tuple((label, "") for label in call.labels)
    assert fits(call.name, call.kind, labels), f"{call.kind} {call.name}{call.labels} is not declared in {METRICS_FILE}"


def test_calls_are_found() -> None:
    source = 'meter.count("rsu_x_total", 2, reason="a")\nself.role.meter.gauge("rsu_y", 1)\nother.count("a")'
    assert list(calls(source, "p")) == [
        Call("p:1", "rsu_x_total", "counter", ("reason",)),
        Call("p:2", "rsu_y", "gauge", ()),
    ]
    assert len(FOUND) > 10
