"""A file with settings, in one readable line."""

from __future__ import annotations

from pathlib import Path

import pytest
from config_files import Write


@pytest.fixture
def rsu_toml(tmp_path: Path) -> Write:
    """Writes rsu.toml; gives its path."""

    def write(text: str) -> Path:
        path = tmp_path / "rsu.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return write
