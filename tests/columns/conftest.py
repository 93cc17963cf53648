"""Schemas and oracles of the column tests; values, oracles and published messages come from ``tests/codec``."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "codec"))  # its modules name each other without a package

from codec_pycrate import Pycrate
from codec_schemas import built_in_texts

import rsu


@pytest.fixture(scope="session")
def schema_of() -> Callable[[str], rsu.Schema]:
    """Schema name → our schema."""
    return cache(rsu.load_schema)


@pytest.fixture(scope="session")
def pycrate_of(pytestconfig: pytest.Config) -> Callable[[str], Pycrate]:
    """Built-in schema name → that schema in pycrate."""
    folder = Path(pytestconfig.cache.mkdir("codec"))  # type: ignore[union-attr]
    return cache(lambda standard: Pycrate(built_in_texts(standard), folder))
