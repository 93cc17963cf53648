"""The command line as tests call it: inside this process, and as a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from cli_calls import CHECKOUT, Run, Spawn
from typer.testing import CliRunner, Result


@pytest.fixture
def rsu_run() -> Run:
    """``rsu_run("decode", "--json", input=b"…")`` inside this process; an exception that is no exit is raised."""
    from rsu.cli.app import app

    def run(*arguments: str | Path, input: bytes | str = b"") -> Result:
        result = CliRunner().invoke(app, [str(argument) for argument in arguments], input=input)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return run


@pytest.fixture
def rsu_spawn() -> Spawn:
    """The same as a process: exit code, stdout and stderr as the shell sees them."""

    def spawn(*arguments: str | Path, input: bytes = b"", **environment: str) -> subprocess.CompletedProcess[bytes]:
        path = os.pathsep.join(filter(None, (str(CHECKOUT), os.environ.get("PYTHONPATH", ""))))
        return subprocess.run(
            [sys.executable, "-m", "rsu.cli", *map(str, arguments)],
            input=input,
            capture_output=True,
            env={**os.environ, "PYTHONPATH": path, "PYTHONIOENCODING": "utf-8", **environment},
            timeout=60,
        )

    return spawn
