"""Writing: a batch of outcomes and its part of the ledger in one transaction."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import msgspec
from sqlalchemy import Connection, func, insert, select, text, update
from sqlalchemy.dialects import postgresql, sqlite

from rsu.engine import Duplicate, Outcome, Quarantined, Stored
from rsu.errors import StoreError
from rsu.store import queries
from rsu.store.connect import connect, database_url, in_one_line, shown
from rsu.store.migrate import current_revision, head_revision, upgrade
from rsu.store.models import Ledger, Message, Quarantine, ReplayRun
from rsu.store.queries import Query

MINUTE_NS = 60_000_000_000
POSTGRESQL_OLDEST = (15,)
IDENTITIES_AT_ONCE = 500  # of one look-up: SQLite takes 32,766 parameters, old ones 999
STATES = ("received", "stored", "quarantined", "duplicate", "shed")

Identity = tuple[str, bytes, int]


class Tally(msgspec.Struct):
    """What became of the outcomes of one or more batches."""

    records: int = 0
    stored: int = 0
    quarantined: int = 0
    duplicates: int = 0


class Store:
    """An open database; made by :func:`open_store`."""

    def __init__(self, url: str) -> None:
        self.url = database_url(url)
        self._engine = connect(self.url)

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

    def write(self, outcomes: Sequence[Outcome]) -> Tally:
        """Stores a batch: rows that are not there yet, and the ledger for all of them, or nothing at all.

        :raises StoreError: when the database refuses; nothing of the batch is written then.
        """
        with in_one_line(self.url), self._engine.begin() as connection:
            if self._engine.dialect.name == "postgresql":
                for unit in sorted({(outcome.rsu_id, outcome.boot_id) for outcome in outcomes}):
                    connection.execute(text("SELECT pg_advisory_xact_lock(hashtext(:unit))"), {"unit": repr(unit)})
            return self._write(connection, outcomes)

    def _write(self, connection: Connection, outcomes: Sequence[Outcome]) -> Tally:
        there = self._present(connection, outcomes)
        rows: dict[type[Message] | type[Quarantine], list[dict[str, Any]]] = {Message: [], Quarantine: []}
        account: defaultdict[tuple[int, str, str, str], Counter[str]] = defaultdict(Counter)
        tally = Tally(records=len(outcomes))
        for outcome in outcomes:
            state = self._state(outcome, there)
            if state != "duplicate":
                there.add((outcome.rsu_id, outcome.boot_id, outcome.sequence))
                rows[Message if state == "stored" else Quarantine].append(msgspec.structs.asdict(outcome))
            minute = outcome.receive_time_ns // MINUTE_NS
            account[minute, outcome.rsu_id, outcome.source, outcome.type].update(("received", state))
            tally.stored += state == "stored"
            tally.quarantined += state == "quarantined"
            tally.duplicates += state == "duplicate"
        for table, values in rows.items():
            if values:
                connection.execute(insert(table), values)
        self._account(connection, account)
        return tally

    @staticmethod
    def _state(outcome: Outcome, there: set[Identity]) -> str:
        if isinstance(outcome, Duplicate) or (outcome.rsu_id, outcome.boot_id, outcome.sequence) in there:
            return "duplicate"
        return "stored" if isinstance(outcome, Stored) else "quarantined"

    @staticmethod
    def _present(connection: Connection, outcomes: Iterable[Outcome]) -> set[Identity]:
        """Identities of the batch that the database has."""
        units: defaultdict[tuple[str, bytes], list[int]] = defaultdict(list)
        for outcome in outcomes:
            if isinstance(outcome, Stored | Quarantined):
                units[outcome.rsu_id, outcome.boot_id].append(outcome.sequence)
        found: set[Identity] = set()
        for (rsu_id, boot_id), sequences in units.items():
            for start in range(0, len(sequences), IDENTITIES_AT_ONCE):
                part = sequences[start : start + IDENTITIES_AT_ONCE]
                for table in (Message, Quarantine):
                    same = (table.rsu_id == rsu_id, table.boot_id == boot_id, table.sequence.in_(part))
                    there = connection.execute(select(table.sequence).where(*same)).scalars()
                    found.update((rsu_id, boot_id, sequence) for sequence in there)
        return found

    def _account(self, connection: Connection, account: Mapping[tuple[int, str, str, str], Counter[str]]) -> None:
        if not account:
            return
        dialect = postgresql if self._engine.dialect.name == "postgresql" else sqlite
        statement = dialect.insert(Ledger)
        sums = {name: getattr(Ledger, name) + getattr(statement.excluded, name) for name in STATES}
        statement = statement.on_conflict_do_update(index_elements=["minute", "rsu_id", "source", "type"], set_=sums)
        values = [
            {"minute": minute, "rsu_id": rsu_id, "source": source, "type": type_name, **{name: counts[name] for name in STATES}}
            for (minute, rsu_id, source, type_name), counts in sorted(account.items())
        ]
        connection.execute(statement, values)

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
        values = {**msgspec.structs.asdict(tally), "digest": digest, "finished": True}
        with in_one_line(self.url), self._engine.begin() as connection:
            connection.execute(update(ReplayRun).where(ReplayRun.id == run), values)

    # Questions ------------------------------------------------------------------------------------------------------

    def _reading(self) -> Any:
        return self._engine.connect().execution_options(readonly=True)

    def messages(self, query: Query) -> Iterator[Mapping[str, Any]]:
        """Messages that answer ``query``, in the order of their reception, as dicts by column."""
        with in_one_line(self.url), self._reading() as connection:
            yield from queries.message_rows(connection, query)

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
