"""The databases of these tests: SQLite, and a PostgreSQL server of our own. Neither is ever skipped."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from postgres_server import Server, running_postgres


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """A running server, for the whole session."""
    with running_postgres() as server:
        yield server


@pytest.fixture
def own_postgres() -> Iterator[Server]:
    """A running server that a test may stop and start."""
    with running_postgres() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database, of each kind in turn."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'test.db'}"
    server: Server = request.getfixturevalue("postgres")
    return server.new_database()
