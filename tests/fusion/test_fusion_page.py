"""docs/fusion.md says what rsu.fusion.Parameters says."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import msgspec

from rsu.fusion import Parameters

CHECKOUT = Path(__file__).resolve().parents[2]


def test_the_table_of_parameters_is_current() -> None:
    command = [sys.executable, "scripts/fusion_page.py", "--check"]
    done = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout


def test_the_table_has_each_parameter_with_its_default() -> None:
    page = (CHECKOUT / "docs" / "fusion.md").read_text(encoding="utf-8")
    for field in msgspec.structs.fields(Parameters):
        (row,) = [line for line in page.splitlines() if line.startswith(f"| `{field.name}` |")]
        shown = row.split("`")[3]
        assert type(field.default)(eval(shown, {})) == field.default
