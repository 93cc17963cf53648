"""Types of the fixtures that call the command line, for the tests' signatures."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

from typer.testing import Result

CHECKOUT = Path(__file__).resolve().parents[2]

Run = Callable[..., Result]
Spawn = Callable[..., "subprocess.CompletedProcess[bytes]"]
