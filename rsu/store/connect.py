"""A database by URL: how each kind is opened, and its errors in one line."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError

from rsu.errors import StoreError

BUSY_TIMEOUT_S = 10  # how long a writer waits for another before it says so

# A server that is gone without a word (a cut cable) is given up after 30 s, not after the kernel's quarter of an hour.
SILENCE = {"keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 4, "tcp_user_timeout": 30_000}


def database_url(text: str) -> URL:
    """The URL of ``text``: a URL, or the path of an SQLite file. ``postgresql://`` means psycopg 3.

    :raises StoreError: for a kind of database that is not supported.
    """
    if "://" not in text:
        return URL.create("sqlite", database=text)
    try:
        url = make_url(text)
    except ArgumentError as error:
        raise StoreError(f"database {text!r} is no URL: use a file, sqlite:///file or postgresql://host/name") from error
    if url.drivername in ("postgresql", "postgres"):
        url = url.set(drivername="postgresql+psycopg")
    if url.get_backend_name() not in ("sqlite", "postgresql"):
        raise StoreError(f"database {url.get_backend_name()!r} is not supported: use SQLite or PostgreSQL")
    return url


def connect(url: URL) -> Engine:
    """An engine for ``url``; nothing is opened yet."""
    if url.get_backend_name() == "sqlite":
        path = Path(url.database or "")
        if not path.parent.is_dir():
            raise StoreError(f"database {path}: there is no folder {path.parent}")
        engine = create_engine(_read_only(url) if _write_protected(path) else url, connect_args={"timeout": BUSY_TIMEOUT_S})
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_immediately)
        return engine
    try:
        return create_engine(url, connect_args={"connect_timeout": BUSY_TIMEOUT_S} | SILENCE)
    except (NoSuchModuleError, ModuleNotFoundError) as error:
        raise StoreError("PostgreSQL needs psycopg: pip install 'rsu[postgres]'") from error


def _write_protected(path: Path) -> bool:
    mine = os.access in os.supports_effective_ids
    return path.is_file() and not all(os.access(place, os.W_OK, effective_ids=mine) for place in (path, path.parent))


def _read_only(url: URL) -> URL:
    """A file that nobody can write needs no lock, and SQLite must not try to make one beside it."""
    return url.set(database=f"file:{quote(str(url.database))}", query={"mode": "ro", "immutable": "1", "uri": "true"})


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    """WAL lets readers read while a replay writes; transactions begin where SQLAlchemy says, not where sqlite3 guesses."""
    connection.isolation_level = None
    cursor = connection.cursor()
    try:
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=NORMAL")
    except sqlite3.OperationalError as error:
        if "readonly" not in str(error):
            raise
    cursor.close()


def _begin_immediately(connection: Any) -> None:
    """A writer that looks before it inserts must own the database from the look on; a query only reads."""
    readonly = connection.get_execution_options().get("readonly", False)
    connection.exec_driver_sql("BEGIN" if readonly else "BEGIN IMMEDIATE")


@contextmanager
def in_one_line(url: URL) -> Iterator[None]:
    """Turns a database's errors into :class:`StoreError` with the database's name and its first line."""
    try:
        yield
    except DBAPIError as error:
        words = str(error.orig).strip().splitlines()
        raise StoreError(f"database {shown(url)}: {words[0] if words else type(error.orig).__name__}") from error
    except SQLAlchemyError as error:
        raise StoreError(f"database {shown(url)}: {str(error).splitlines()[0]}") from error


def shown(url: URL) -> str:
    """The database's name for messages: a file's path, or the URL without its password."""
    return str(url.database) if url.get_backend_name() == "sqlite" else url.render_as_string(hide_password=True)
