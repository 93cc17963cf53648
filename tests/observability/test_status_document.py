"""docs/status.md holds the tables of the code."""

from __future__ import annotations

import re
from pathlib import Path

from rsu.observability.figures import FIGURES
from rsu.observability.metrics import METRICS

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "status.md"


def section(name: str) -> list[str]:
    found = re.search(rf"^<!-- {name} -->\n(.*?)^<!-- end -->", DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    assert found, name
    return found[1].splitlines()


def test_the_document_has_the_table_of_figures() -> None:
    rows = [f"| {figure.place} | {figure.name} | `{figure.field}` | {figure.means} |" for figure in FIGURES]
    assert section("figures") == ["| section | figure | field of /status | meaning |", "|---|---|---|---|", *rows]


def test_the_document_has_the_table_of_metrics() -> None:
    rows = [
        f"| `{name}` | {metric.kind} | {', '.join(f'`{label}`' for label in metric.labels)} | {metric.by} | {metric.help} |"
        for name, metric in METRICS.items()
    ]
    assert section("metrics") == ["| metric | kind | labels | counted by | says |", "|---|---|---|---|---|", *rows]
