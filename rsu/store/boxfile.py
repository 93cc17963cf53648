"""The SQLite file of the outbox: opened with what durability needs, its errors in one line.

WAL with ``synchronous=FULL``: a commit returns when the log is on the disk. Connections that only move cursors use ``NORMAL``:
a cursor that is lost on a power cut means a parcel delivered again, which changes nothing.
"""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Literal

from rsu.errors import StoreError
from rsu.store.parcels import APPLICATION_ID, FILE_VERSION, TABLES

BUSY_TIMEOUT_S = 10  # how long one connection waits for the transaction of another
LOG_OCTETS_MAX = 16_777_216  # the log file is cut back to this when it was written back
IDENTITY_OCTETS = 16
FULL_CODES = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_SHMSIZE)

Durability = Literal["FULL", "NORMAL"]


class DiskFullError(StoreError):
    """There is no room for the outbox; nothing of what was to be written is there."""


def open_box(path: Path, *, create: bool, durability: Durability) -> sqlite3.Connection:
    """A connection to the outbox at ``path``, in autocommit mode, usable from any one thread at a time.

    :raises StoreError: for a file that is missing, damaged, of another program or of a newer version.
    """
    if not create and not path.exists():
        raise StoreError(f"outbox {path}: there is no such file; the recorder makes it when it starts")
    if not path.parent.is_dir():
        raise StoreError(f"outbox {path}: there is no folder {path.parent}")
    with in_words(path):
        connection = sqlite3.connect(path, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False)
    try:
        with in_words(path):
            _check(connection, path)
            connection.execute("PRAGMA auto_vacuum=INCREMENTAL")  # of a new file only: pages can be given back to the disk
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute(f"PRAGMA synchronous={durability}")
            connection.execute(
                "PRAGMA secure_delete=OFF"
            )  # Debian's default writes zeros over all that is evicted, through the log
            connection.execute(f"PRAGMA journal_size_limit={LOG_OCTETS_MAX}")
            if create:
                _make_tables(connection)
            _check(connection, path, made=True)
    except StoreError:
        connection.close()
        raise
    return connection


def _check(connection: sqlite3.Connection, path: Path, *, made: bool = False) -> None:
    """Refuses what is no outbox before a single octet of it is changed."""
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    if application == APPLICATION_ID and version > FILE_VERSION:
        raise StoreError(f"outbox {path}: version {version} of the file, this program knows {FILE_VERSION}: update it")
    if application != APPLICATION_ID and (made or tables):
        raise StoreError(f"outbox {path}: is an SQLite file, but no outbox; name another file in [store] outbox")


def _make_tables(connection: sqlite3.Connection) -> None:
    with transaction(connection):
        if connection.execute("PRAGMA application_id").fetchone() == (APPLICATION_ID,):
            return
        for statement in filter(str.strip, TABLES.split(";")):
            connection.execute(statement)
        connection.execute("INSERT INTO box VALUES (?)", (new_identity(),))
        connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version={FILE_VERSION}")


def new_identity() -> str:
    return secrets.token_hex(IDENTITY_OCTETS)


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """One writer's transaction: all of it or nothing, also when the commit itself fails."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")


@contextmanager
def in_words(path: Path) -> Iterator[None]:
    """Turns SQLite's errors into one line that names the file and says what to do."""
    try:
        yield
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", 0)
        if code in FULL_CODES:
            raise DiskFullError(f"outbox {path}: the disk is full: nothing was written; free some room there") from error
        if code & 0xFF in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
            hint = "move the file away, a new one is begun"
            raise StoreError(f"outbox {path}: damaged or no outbox ({error}): {hint}") from error
        raise StoreError(f"outbox {path}: {error}") from error


def write_back(connection: sqlite3.Connection) -> None:
    """Brings what is in the log into the file, and gives the log's room back to the disk."""
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def give_back(connection: sqlite3.Connection, octets: int, octets_at_once: int) -> None:
    """Gives free pages back to the disk, as far as there are any.

    :param octets_at_once: of pages that are moved, which go through the log first.
    """
    (size,) = connection.execute("PRAGMA page_size").fetchone()
    step = max(1, octets_at_once // size)
    for _ in range(0, octets, step * size):
        connection.executescript(f"PRAGMA incremental_vacuum({step})")  # execute() ends after the first page
        write_back(connection)


def octets_used(connection: sqlite3.Connection) -> int:
    """Octets of the pages that hold something."""
    with closing(connection.cursor()) as cursor:
        (size,), (pages,), (free,) = (
            cursor.execute(f"PRAGMA {name}").fetchone() for name in ("page_size", "page_count", "freelist_count")
        )
    return int(size * (pages - free))
