"""Rows that are older than the database keeps them go, a bounded number at a time.

PostgreSQL drops whole partitions of ``message``; what is not partitioned, and all of SQLite, is deleted in steps along an index
of the time. Records without a receive time (0) have no age and stay. The ledger's minutes go with their rows.
"""

from __future__ import annotations

from sqlalchemy import Connection, Engine, text

from rsu.store.account import MINUTE_NS
from rsu.store.partitions import DAY_NS, DAYS_AHEAD, OTHER, day_of, dropped_days, make_days, parts_schema

ROWS_AT_ONCE = 5_000  # of one transaction: some 50 ms of SQLite's only writer

#: Table → its column of time and how many nanoseconds one of it is.
TIMES = {
    "message": ("receive_time_ns", 1),
    "quarantine": ("receive_time_ns", 1),
    "ledger": ("minute", MINUTE_NS),
    "track_sample": ("time_ns", 1),
    "track": ("last_ns", 1),
}


class Retention:
    """Keeps a database within its days.

    :param keep_days: rows of receive times before now − keep_days go; 0: nothing goes.
    """

    def __init__(self, engine: Engine, keep_days: int) -> None:
        self._engine = engine
        self._keep_days = keep_days
        self.rows_removed = 0
        self.days_dropped = 0

    def step(self, now_ns: int) -> bool:
        """One bounded step, partitions of the coming days included; True: there is more to do.

        :raises sqlalchemy.exc.SQLAlchemyError: as the database says; the caller puts it in words.
        """
        postgresql = self._engine.dialect.name == "postgresql"
        if postgresql:
            today = day_of(now_ns)
            make_days(self._engine, range(today, today + DAYS_AHEAD + 1))
        before_ns = now_ns - self._keep_days * DAY_NS
        if self._keep_days == 0 or before_ns <= 0:
            return False
        if postgresql:
            self.days_dropped += sum(1 for _ in dropped_days(self._engine, day_of(before_ns)))
        removed = [self._delete(table, column, before_ns // unit_ns) for table, (column, unit_ns) in TIMES.items()]
        self.rows_removed += sum(removed)
        return max(removed) == ROWS_AT_ONCE

    def _delete(self, table: str, column: str, before: int) -> int:
        with self._engine.begin() as connection:
            place, row = _place(connection, table)
            chosen = f"SELECT {row} FROM {place} WHERE {column} > 0 AND {column} < :before ORDER BY {column} LIMIT :most"
            statement = text(f"DELETE FROM {place} WHERE {row} IN ({chosen})")
            return connection.execute(statement, {"before": before, "most": ROWS_AT_ONCE}).rowcount


def _place(connection: Connection, table: str) -> tuple[str, str]:
    """Where rows of a table are deleted one by one, and what names a row there."""
    if connection.dialect.name != "postgresql":
        return table, "rowid"
    return (f'"{parts_schema(connection)}".{OTHER}' if table == "message" else table), "ctid"
