"""A database that cannot be used: one clear line, nothing half written."""

from __future__ import annotations

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
