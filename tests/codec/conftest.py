"""Oracles of the codec tests, compiled once a session, and the count of what was covered, in the run's summary."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from codec_asn1tools import Asn1tools
from codec_counts import COUNTS, Count, add
from codec_pycrate import Pycrate
from codec_schemas import built_in_texts

import rsu


@pytest.fixture(scope="session")
def schema_of() -> Callable[[str], rsu.Schema]:
    """Schema name → our schema."""
    return cache(rsu.load_schema)


@pytest.fixture(scope="session")
def pycrate_of(pytestconfig: pytest.Config) -> Callable[[str], Pycrate]:
    """Built-in schema name → that schema in pycrate; its generated text stays in pytest's cache folder."""
    folder = Path(pytestconfig.cache.mkdir("codec"))  # type: ignore[union-attr]
    return cache(lambda standard: Pycrate(built_in_texts(standard), folder))


@pytest.fixture(scope="session")
def asn1tools_of(pycrate_of: Callable[[str], Pycrate]) -> Callable[[str], Asn1tools]:
    """Built-in schema name → that schema in asn1tools, guided through open types by pycrate's tables."""
    return cache(lambda standard: Asn1tools(built_in_texts(standard), pycrate_of(standard)))


@pytest.fixture(scope="session")
def count() -> Count:
    """``count(table, row)`` adds one to a table that the terminal summary prints."""
    return add


def pytest_terminal_summary(terminalreporter: Any) -> None:
    for table, rows in COUNTS.items():
        terminalreporter.section(f"{table}: {sum(rows.values())}")
        cells = [f"{row} {number}" for row, number in sorted(rows.items())]
        terminalreporter.write_line(" · ".join(cells))
