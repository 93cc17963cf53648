"""A database that cannot be used: one clear line, nothing half written."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from rsu.errors import StoreError
from rsu.store import open_store


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("mysql://host/name", "mysql.*not supported"),
        ("sqlite:////no/such/folder/rsu.db", "no folder"),
        ("postgresql://postgres@127.0.0.1:1/none", "127.0.0.1"),
        ("://", "no URL"),
    ],
    ids=["another-kind", "no-folder", "nobody-listens", "no-url"],
)
def test_it_is_one_line_that_names_the_database(url: str, words: str) -> None:
    with pytest.raises(StoreError, match=words) as caught:
        open_store(url)
    assert "\n" not in str(caught.value)


def test_a_password_is_not_shown() -> None:
    with pytest.raises(StoreError) as caught:
        open_store("postgresql://rsu:secret@127.0.0.1:1/none")
    assert "secret" not in str(caught.value)


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    (tmp_path / "rsu.db").write_bytes(b"not a database" * 1000)
    with pytest.raises(StoreError, match="not a database"):
        open_store(str(tmp_path / "rsu.db"))


def test_a_read_only_database(tmp_path: Path) -> None:
    path = tmp_path / "rsu.db"
    open_store(str(path)).close()
    path.chmod(0o444)
    tmp_path.chmod(0o555)
    # Root may write anything, so the test asks as nobody where it runs as root.
    code = "import sys; from rsu.store import open_store; s = open_store(sys.argv[1]); s.begin_run(['x'], 1)"
    user = {"user": 65534, "group": 65534, "extra_groups": []} if os.geteuid() == 0 else {}
    if user:
        open_to_all(tmp_path)
    command = [sys.executable, "-c", code, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, "HOME": "/"}, **user)
    tmp_path.chmod(0o755)
    if "Permission denied" in done.stderr and "rsu" in done.stderr and "ModuleNotFound" in done.stderr:
        pytest.fail(done.stderr)
    assert done.returncode == 1
    assert "StoreError" in done.stderr and "readonly" in done.stderr


def open_to_all(path: Path) -> None:
    """Lets another user reach a test's folder."""
    for parent in path.parents:
        if parent.stat().st_mode & 0o005 != 0o005 and parent.owner() == path.owner():
            parent.chmod(parent.stat().st_mode | 0o055)
