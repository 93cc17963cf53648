"""The first tables: message, quarantine, ledger, replay_run."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def _identity() -> list[sa.Column[object]]:
    return [
        sa.Column("rsu_id", sa.String(64), primary_key=True),
        sa.Column("boot_id", sa.LargeBinary(16), primary_key=True),
        sa.Column("sequence", BIG, primary_key=True, autoincrement=False),
        sa.Column("channel", sa.String(16), nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("standard", sa.Text, nullable=False),
        sa.Column("header", sa.String(16), nullable=False),
        sa.Column("aid", BIG),
        sa.Column("type", sa.String(64), nullable=False),
        sa.Column("receive_time_ns", BIG, nullable=False),
        sa.Column("raw", sa.LargeBinary, nullable=False),
        sa.Column("meta", sa.Text),
    ]


def upgrade() -> None:
    """Makes the tables and their indexes."""
    op.create_table(
        "message",
        *_identity(),
        sa.Column("security", sa.String(32), nullable=False),
        sa.Column("event_time_ns", BIG, nullable=False),
        sa.Column("event_time_source", sa.String(16), nullable=False),
        sa.Column("sender", sa.String(64)),
        sa.Column("lat_e7", BIG),
        sa.Column("lon_e7", BIG),
        sa.Column("speed_mps", sa.Float(53)),
        sa.Column("heading_deg", sa.Float(53)),
        sa.Column("msg_cnt", sa.Integer),
        sa.Column("sec_mark", sa.Integer),
        sa.Column("warning", sa.Text),
        sa.Column("decoded", sa.Text),
    )
    op.create_index("message_unit_heard_vehicle", "message", ["rsu_id", "sender", "receive_time_ns"])
    op.create_index("message_time_type", "message", ["receive_time_ns", "type"])
    op.create_index("message_place", "message", ["lat_e7", "lon_e7"])
    op.create_table(
        "quarantine",
        *_identity(),
        sa.Column("reason", sa.String(32), nullable=False),
        sa.Column("path", sa.Text, nullable=False),
        sa.Column("bit_offset", BIG, nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
    )
    op.create_index("quarantine_time_reason", "quarantine", ["receive_time_ns", "reason"])
    op.create_table(
        "ledger",
        sa.Column("minute", BIG, primary_key=True, autoincrement=False),
        sa.Column("rsu_id", sa.String(64), primary_key=True),
        sa.Column("source", sa.String(255), primary_key=True),
        sa.Column("type", sa.String(64), primary_key=True),
        *[sa.Column(name, BIG, nullable=False) for name in ("received", "stored", "quarantined", "duplicate", "shed")],
    )
    op.create_table(
        "replay_run",
        sa.Column("id", BIG, primary_key=True),
        sa.Column("started_ns", BIG, nullable=False),
        sa.Column("logs", sa.Text, nullable=False),
        sa.Column("finished", sa.Boolean, nullable=False),
        *[sa.Column(name, BIG, nullable=False) for name in ("records", "stored", "quarantined", "duplicates")],
        sa.Column("digest", sa.String(64), nullable=False),
    )


def downgrade() -> None:
    """Removes the tables."""
    for table in ("replay_run", "ledger", "quarantine", "message"):
        op.drop_table(table)
