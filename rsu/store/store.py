"""Writing: a batch of outcomes and its part of the ledger in one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import msgspec
from sqlalchemy import Engine, func, insert, select, update

from rsu.engine import Entry, Stored
from rsu.errors import StoreError
from rsu.store import queries
from rsu.store.account import STATES, Tally
from rsu.store.connect import connect, database_url, in_one_line, shown
from rsu.store.migrate import current_revision, head_revision, upgrade
from rsu.store.models import Message, Quarantine, ReplayRun
from rsu.store.partitions import DAY_NS, make_days
from rsu.store.queries import Query
from rsu.store.writing import write_each

POSTGRESQL_OLDEST = (15,)
DAYS_REMEMBERED_MAX = 4_096  # whose partitions were seen to


class Store:
    """An open database; made by :func:`open_store`."""

    def __init__(self, url: str) -> None:
        self.url = database_url(url)
        self._engine = connect(self.url)
        self._days: set[int] = set()

    def __enter__(self) -> Store:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Gives the connections back."""
        self._engine.dispose()

    def upgrade(self) -> str:
        """Brings the tables up to date; returns the revision.

        :raises StoreError: for a database that cannot be reached or written, or is newer than this program.
        """
        with in_one_line(self.url):
            self._check_version()
            return upgrade(self._engine)

    def _check_version(self) -> None:
        with self._reading() as connection:
            version = connection.dialect.server_version_info or ()
        if self._engine.dialect.name == "postgresql" and version < POSTGRESQL_OLDEST:
            found = ".".join(map(str, version))
            raise StoreError(f"database {shown(self.url)}: PostgreSQL {found} is too old, {POSTGRESQL_OLDEST[0]} is needed")

    def revision(self) -> tuple[str, str]:
        """(revision of the database, revision of this program); the first is empty for a database without our tables."""
        with in_one_line(self.url), self._reading() as connection:
            return current_revision(connection), head_revision()

    def write(self, entries: Sequence[Entry]) -> Tally:
        """Stores a batch: rows that are not there yet, and the ledger for all of them, or nothing at all.

        :raises StoreError: when the database refuses; nothing of the batch is written then.
        """
        with in_one_line(self.url):
            self.prepare(entries)
            with self._engine.begin() as connection:
                return write_each(connection, entries)

    def prepare(self, entries: Iterable[Entry]) -> None:
        """Makes the partitions that rows of these entries fall into, as far as it can be done now."""
        if self._engine.dialect.name != "postgresql":
            return
        days = {entry.receive_time_ns // DAY_NS for entry in entries if type(entry) is Stored} - self._days
        if days:
            make_days(self._engine, days)
            self._days = (self._days if len(self._days) < DAYS_REMEMBERED_MAX else set()) | days

    @property
    def engine(self) -> Engine:
        """SQLAlchemy's engine behind it."""
        return self._engine

    # Replay runs ----------------------------------------------------------------------------------------------------

    def begin_run(self, logs: Sequence[str], started_ns: int) -> int:
        """Notes that a replay begins; returns its number."""
        values = {
            "started_ns": started_ns, "logs": msgspec.json.encode(list(logs)).decode(), "finished": False,
            "records": 0, "stored": 0, "quarantined": 0, "duplicates": 0, "digest": "",
        }  # fmt: skip
        with in_one_line(self.url), self._engine.begin() as connection:
            result = connection.execute(insert(ReplayRun).returning(ReplayRun.id), values)
            return int(result.scalar_one())

    def end_run(self, run: int, tally: Tally, digest: str) -> None:
        """Notes how a replay ended."""
        counts = {name: getattr(tally, name) for name in ("records", "stored", "quarantined", "duplicates")}
        values = {**counts, "digest": digest, "finished": True}
        with in_one_line(self.url), self._engine.begin() as connection:
            connection.execute(update(ReplayRun).where(ReplayRun.id == run), values)

    # Questions ------------------------------------------------------------------------------------------------------

    def _reading(self) -> Any:
        return self._engine.connect().execution_options(readonly=True)

    def messages(self, query: Query) -> Iterator[Mapping[str, Any]]:
        """Messages that answer ``query``, in the order of their reception, as dicts by column."""
        with in_one_line(self.url), self._reading() as connection:
            yield from queries.message_rows(connection, query)

    def tracks(self) -> Iterator[Mapping[str, Any]]:
        """Tracks in the order in which they were first seen, as dicts by column; ``senders`` as a list."""
        with in_one_line(self.url), self._reading() as connection:
            yield from queries.track_rows(connection)

    def track_samples(self) -> Iterator[Mapping[str, Any]]:
        """Samples of tracks in the order of their times, as dicts by column."""
        with in_one_line(self.url), self._reading() as connection:
            yield from queries.track_sample_rows(connection)

    def quarantine(self, limit: int = 0) -> Iterator[Mapping[str, Any]]:
        """Quarantined records in the order of their reception."""
        with in_one_line(self.url), self._reading() as connection:
            yield from queries.quarantine_rows(connection, limit)

    def ledger(self) -> list[Mapping[str, Any]]:
        """The account, a row for each minute, unit, source and type."""
        with in_one_line(self.url), self._reading() as connection:
            return list(queries.ledger_rows(connection))

    def unbalanced(self) -> list[Mapping[str, Any]]:
        """Ledger rows where received is not the sum of the others; empty is right."""
        return [row for row in self.ledger() if row["received"] != sum(row[name] for name in STATES[1:])]

    def digest(self, units: Iterable[tuple[str, bytes]]) -> str:
        """The digest of the rows of some (rsu id, boot id) pairs; see :func:`rsu.store.queries.digest`."""
        with in_one_line(self.url), self._reading() as connection:
            return queries.digest(connection, units)

    def counts(self) -> dict[str, int]:
        """Rows of ``message`` and ``quarantine``."""
        with in_one_line(self.url), self._reading() as connection:
            return {
                table.__tablename__: int(connection.execute(select(func.count()).select_from(table)).scalar_one())
                for table in (Message, Quarantine)
            }


def open_store(url: str, *, create: bool = True) -> Store:
    """The database at ``url``, its tables up to date.

    :param url: ``sqlite:///file``, the path of an SQLite file, or ``postgresql://…``.
    :param create: make or upgrade the tables; else a database without them, or with older ones, is an error.
    :raises StoreError: in one clear line.
    """
    store = Store(url)
    if create:
        store.upgrade()
        return store
    database = store.url.database
    if store.url.get_backend_name() == "sqlite" and database and not Path(database).exists():
        raise StoreError(f"database {database}: there is no such file; `rsu replay LOG --db {database}` makes it")
    have, want = store.revision()
    if have != want:
        found = f"its tables are of revision {have}" if have else "it has no tables of ours"
        name = shown(store.url)
        raise StoreError(f"database {name}: {found}, {want} is needed: run `rsu db upgrade --db {name}`")
    return store
