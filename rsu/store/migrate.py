"""Alembic, run from inside the package: no ini file, no command of its own."""

from __future__ import annotations

from pathlib import Path

from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError
from sqlalchemy import Connection, Engine

from rsu.errors import StoreError

VERSIONS = Path(__file__).parent / "migrations"


def _script() -> ScriptDirectory:
    return ScriptDirectory(str(VERSIONS))


def head_revision() -> str:
    """The newest revision this program knows."""
    return str(_script().get_current_head())


def current_revision(connection: Connection) -> str:
    """The database's revision; empty without our tables."""
    return MigrationContext.configure(connection).get_current_revision() or ""


def upgrade(engine: Engine, to: str = "") -> str:
    """Runs the migrations that the database lacks, all or none; returns the revision.

    :param to: the revision to end with; empty: the newest.
    """
    script = _script()
    head = to or head_revision()
    with engine.connect().execution_options(readonly=True) as connection:
        before = current_revision(connection)
    if before == head:
        return head
    try:
        with engine.begin() as connection:
            context = MigrationContext.configure(
                connection, opts={"fn": lambda revision, _: script._upgrade_revs(head, revision), "transactional_ddl": False}
            )
            with Operations.context(context):
                context.run_migrations()
    except CommandError as error:
        raise StoreError(f"the database is of revision {before}, which this program does not know: {error}") from error
    return head
