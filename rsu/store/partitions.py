"""PostgreSQL: ``message`` in one partition a day of receive time (UTC), so that retention drops tables instead of rows.

Theory of operation: rows of a day without a partition fall into the default partition ``other``, so nothing here is needed for
a write to succeed; it only keeps ``other`` small. Partitions are made ahead by the delivery, on demand by any writer, and never
inside a writer's transaction: the lock on ``message`` that it takes could not be had without a deadlock there. A day that has
rows in ``other`` already stays there.

The bounds come from PostgreSQL's lock table (64 × max_connections = 6,400 by default): a question about all days locks each
partition with its four indexes.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

DAY_NS = 86_400_000_000_000
DAYS_MAX = 800  # partitions; 5 locks each leave a third of the lock table
NEW_DAYS_MAX = 16  # made for one batch
MIGRATED_DAYS_MAX = 100  # made by the migration of a table with rows, in its one transaction
DAYS_AHEAD = 2
LOCK_TIMEOUT_MS = 1_000  # a long question is not waited for; the rows go to ``other`` then
OTHER = "other"
BUSY_STATES = ("55P03", "40P01")  # lock_not_available: someone reads; deadlock_detected: someone else makes it
NOT_ALLOWED = "42501"  # insufficient_privilege: a role that may only write
FIRST_DAY, LAST_DAY = 1, 106_750  # whole days of int64 nanoseconds; 0 is a record without a receive time


def day_of(time_ns: int) -> int:
    """Days since 1970-01-01 UTC."""
    return time_ns // DAY_NS


def partition_name(day: int) -> str:
    """``day_20261126``."""
    return f"day_{datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=day):%Y%m%d}"


def parts_schema(connection: Connection) -> str:
    """Partitions lie in a schema of their own, beside that of ``message``, out of the way of people who list tables."""
    return f"{connection.execute(text('SELECT current_schema()')).scalar_one()}_parts"


def partitions(connection: Connection) -> dict[str, str]:
    """Name → quoted full name of each partition there is."""
    rows = connection.execute(
        text(
            "SELECT c.relname, format('%I.%I', n.nspname, c.relname) FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid "
            "JOIN pg_namespace n ON n.oid = c.relnamespace WHERE i.inhparent = to_regclass('message')"
        )
    )
    return {row[0]: row[1] for row in rows}


def make_partition(connection: Connection, schema: str, day: int) -> None:
    """The partition of a day; its table must not have rows in ``other``."""
    bounds = f"FROM ({day * DAY_NS}) TO ({(day + 1) * DAY_NS})"
    connection.execute(
        text(f'CREATE TABLE IF NOT EXISTS "{schema}".{partition_name(day)} PARTITION OF message FOR VALUES {bounds}')
    )


def make_days(engine: Engine, days: Collection[int]) -> None:
    """Makes the partitions of these days as far as the bounds and other people's locks allow."""
    with engine.begin() as connection:
        there = partitions(connection)
        schema = parts_schema(connection)
        lacking = [day for day in sorted(days, reverse=True) if _allowed(day) and partition_name(day) not in there]
    for day in lacking[: min(NEW_DAYS_MAX, max(0, DAYS_MAX - len(there)))]:
        try:
            with engine.begin() as connection:
                _make_day(connection, schema, day, there)
        except DBAPIError as error:
            if _state(error) not in (*BUSY_STATES, NOT_ALLOWED):
                raise
            return


def _allowed(day: int) -> bool:
    return FIRST_DAY <= day <= LAST_DAY


def _make_day(connection: Connection, schema: str, day: int, there: Collection[str]) -> None:
    connection.execute(text(f"SET LOCAL lock_timeout = {LOCK_TIMEOUT_MS}"))
    connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('rsu partitions'))"))
    if OTHER in there:
        rows = connection.execute(
            text(f'SELECT 1 FROM "{schema}".{OTHER} WHERE receive_time_ns >= :first AND receive_time_ns < :next LIMIT 1'),
            {"first": day * DAY_NS, "next": (day + 1) * DAY_NS},
        )
        if rows.first() is not None:
            return
    make_partition(connection, schema, day)


def _state(error: DBAPIError) -> str:
    return getattr(error.orig, "sqlstate", None) or ""


def dropped_days(engine: Engine, before_day: int) -> Iterator[str]:
    """Drops the partitions of days before ``before_day``, the oldest first, each in its own transaction; yields their names."""
    with engine.begin() as connection:
        old = sorted((name, full) for name, full in partitions(connection).items() if _older(name, before_day))
    for name, full in old:
        try:
            with engine.begin() as connection:
                connection.execute(text(f"SET LOCAL lock_timeout = {LOCK_TIMEOUT_MS}"))
                connection.execute(text(f"DROP TABLE IF EXISTS {full}"))
        except DBAPIError as error:
            if _state(error) not in BUSY_STATES:
                raise
            return
        yield name


def _older(name: str, before_day: int) -> bool:
    return name != OTHER and name < partition_name(before_day)
