"""The number of the last parcel of each outbox; on PostgreSQL, message in a partition a day.

PostgreSQL wants the partition's column in the primary key. A record's identity (rsu, boot, sequence) always comes with the same
receive time, so that the wider key is met by the same rows.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from rsu.store.partitions import (
    DAY_NS,
    FIRST_DAY,
    LAST_DAY,
    MIGRATED_DAYS_MAX,
    OTHER,
    make_partition,
    parts_schema,
)

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer, "sqlite")
INDEXES = {
    "message_unit_heard_vehicle": ["rsu_id", "sender", "receive_time_ns"],
    "message_time_type": ["receive_time_ns", "type"],
    "message_place": ["lat_e7", "lon_e7"],
}
IDENTITY = ["rsu_id", "boot_id", "sequence"]
# A day with at least one row, by steps along the index on the time instead of a look at every row.
DAYS = f"""
WITH RECURSIVE step (first) AS (
    SELECT max(receive_time_ns) FROM message_0001
    UNION ALL
    SELECT (SELECT max(receive_time_ns) FROM message_0001
            WHERE receive_time_ns < first - mod(first, {DAY_NS})) FROM step WHERE first IS NOT NULL)
SELECT first FROM step WHERE first IS NOT NULL LIMIT {MIGRATED_DAYS_MAX}"""


def upgrade() -> None:
    """Makes ``delivered``; on PostgreSQL moves the rows of ``message`` into partitions."""
    op.create_table(
        "delivered",
        sa.Column("outbox", sa.String(64), primary_key=True),
        sa.Column("parcel", BIG, nullable=False),
    )
    if op.get_bind().dialect.name == "postgresql":
        _set_aside()
        op.execute("CREATE TABLE message (LIKE message_0001 INCLUDING DEFAULTS) PARTITION BY RANGE (receive_time_ns)")
        _make_partitions()
        _move()
        _make_indexes([*IDENTITY, "receive_time_ns"])


def _set_aside() -> None:
    """The old table and its names make room for the new ones; the index on the time stays until the days are known."""
    op.execute("ALTER TABLE message RENAME TO message_0001")
    op.execute("ALTER TABLE message_0001 RENAME CONSTRAINT message_pkey TO message_0001_pkey")
    for name in INDEXES:
        op.execute(f"ALTER INDEX {name} RENAME TO {name}_0001")


def _make_indexes(key: list[str]) -> None:
    op.create_primary_key("message_pkey", "message", key)
    for name, columns in INDEXES.items():
        op.create_index(name, "message", columns)


def _make_partitions() -> None:
    connection = op.get_bind()
    schema = parts_schema(connection)
    op.execute(f'CREATE SCHEMA IF NOT EXISTS "{schema}"')
    for (newest_ns,) in connection.execute(sa.text(DAYS)).all():
        if FIRST_DAY <= newest_ns // DAY_NS <= LAST_DAY:
            make_partition(connection, schema, newest_ns // DAY_NS)
    op.execute(f'CREATE TABLE "{schema}".{OTHER} PARTITION OF message DEFAULT')


def _move() -> None:
    op.execute("INSERT INTO message SELECT * FROM message_0001")
    op.execute("DROP TABLE message_0001")


def downgrade() -> None:
    """Puts all rows into one table again."""
    if op.get_bind().dialect.name == "postgresql":
        _set_aside()
        op.execute("CREATE TABLE message (LIKE message_0001 INCLUDING DEFAULTS)")
        _move()
        _make_indexes(IDENTITY)
    op.drop_table("delivered")
