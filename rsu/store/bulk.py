"""Writing many rows at the driver's rate: tuples straight from the entries, no look before each row.

:func:`write_new` holds for entries that are all new, as a unit's parcels are. Where one is there already it says so, and the
caller rolls back and takes :func:`rsu.store.writing.write_each`, which counts duplicates exactly. SQLite gets ``executemany``;
PostgreSQL gets COPY in binary into a temporary table and one ``INSERT … SELECT`` from it; an unlogged table, emptied each time,
was measured at 0.92 of its rate (deleted) and 0.88 (truncated), and all units would share it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, Dialect, text
from sqlalchemy.exc import DBAPIError

from rsu.engine import Counted, Duplicate, Entry, Quarantined, Shed, Stored, TrackSample
from rsu.store.account import Account, Tally, book, tally_of, write_account
from rsu.store.models import Message, Quarantine
from rsu.store.tracks import write_samples
from rsu.store.writing import present, take_turns

Row = Stored | Quarantined

TABLES: dict[type[Row], type[Message] | type[Quarantine]] = {Stored: Message, Quarantined: Quarantine}
COLUMNS = {kind: ", ".join(kind.__struct_fields__) for kind in TABLES}
INSERTS = {
    kind: f"INSERT INTO {table.__tablename__} ({COLUMNS[kind]}) VALUES ({', '.join('?' * len(kind.__struct_fields__))}) "
    "ON CONFLICT DO NOTHING"
    for kind, table in TABLES.items()
}
#: Our column's type on PostgreSQL → its name for COPY in binary, which must be told.
POSTGRESQL_TYPES = {
    "BIGINT": "int8",
    "BYTEA": "bytea",
    "FLOAT": "float8",
    "INTEGER": "int4",
    "TEXT": "text",
    "VARCHAR": "varchar",
}


def write_new(connection: Connection, entries: Iterable[Entry]) -> Tally | None:
    """Rows and account of entries that are all new; None where a record was there already, and the caller must roll back."""
    kinds: dict[type[Counted], list[Any]] = {Stored: [], Quarantined: [], Duplicate: [], Shed: []}
    samples: list[TrackSample] = []
    for entry in entries:
        if isinstance(entry, TrackSample):
            samples.append(entry)
        else:
            kinds[type(entry)].append(entry)
    stored, quarantined = kinds[Stored], kinds[Quarantined]
    take_turns(connection, {(row.rsu_id, row.boot_id) for rows in (stored, quarantined, samples) for row in rows})
    if _beside(connection, stored, quarantined):
        return None
    insert_rows = _copy if connection.dialect.name == "postgresql" else _insert
    for kind, rows in ((Stored, stored), (Quarantined, quarantined)):
        if rows and insert_rows(connection, kind, list(map(msgspec.structs.astuple, rows))) != len(rows):
            return None
    account: Account = {}
    for same, state in zip(kinds.values(), ("stored", "quarantined", "duplicate", "shed"), strict=True):
        book(account, same, state)
    write_account(connection, account)
    write_samples(connection, samples)
    return tally_of(kinds.values(), len(samples))


def _beside(connection: Connection, stored: Sequence[Stored], quarantined: Sequence[Quarantined]) -> bool:
    """Whether a record is in the other table, or comes as both; the table's own key sees to the rest."""
    units: defaultdict[tuple[str, bytes], list[int]] = defaultdict(list)
    for row in stored:
        units[row.rsu_id, row.boot_id].append(row.sequence)
    coming = {(row.rsu_id, row.boot_id, row.sequence) for row in quarantined}
    for (rsu_id, boot_id), sequences in units.items():
        values = {"rsu": rsu_id, "boot": boot_id, "first": min(sequences), "last": max(sequences)}
        query = "SELECT sequence FROM quarantine WHERE rsu_id = :rsu AND boot_id = :boot AND sequence BETWEEN :first AND :last"
        beside = set(connection.execute(text(query), values).scalars())
        beside.update(sequence for rsu, boot, sequence in coming if (rsu, boot) == (rsu_id, boot_id))
        if not beside.isdisjoint(sequences):
            return True
    return bool(present(connection, quarantined))


def _insert(connection: Connection, kind: type[Row], rows: list[tuple[Any, ...]]) -> int:
    return connection.exec_driver_sql(INSERTS[kind], rows).rowcount


def _copy(connection: Connection, kind: type[Row], rows: list[tuple[Any, ...]]) -> int:
    import psycopg

    table, columns = TABLES[kind].__tablename__, COLUMNS[kind]
    staging = f"{table}_staging"
    raw: Any = connection.connection.driver_connection
    try:
        with raw.cursor() as cursor:
            cursor.execute(f"CREATE TEMP TABLE IF NOT EXISTS {staging} (LIKE {table}) ON COMMIT DELETE ROWS")
            with cursor.copy(f"COPY {staging} ({columns}) FROM STDIN (FORMAT BINARY)") as copy:
                copy.set_types(copy_types(kind, connection.dialect))
                for row in rows:
                    copy.write_row(row)
            cursor.execute(f"INSERT INTO {table} ({columns}) SELECT {columns} FROM {staging} ON CONFLICT DO NOTHING")
            return int(cursor.rowcount)
    except psycopg.Error as error:
        if raw.closed:
            connection.invalidate()
        raise DBAPIError.instance(f"COPY {staging}", None, error, psycopg.Error, dialect=connection.dialect) from error


def copy_types(kind: type[Row], dialect: Dialect) -> list[str]:
    """The types of the columns, for COPY in binary."""
    columns = TABLES[kind].__table__.columns
    spelled = [columns[name].type.compile(dialect) for name in kind.__struct_fields__]
    return [POSTGRESQL_TYPES[name.partition("(")[0]] for name in spelled]
