"""Tracks: a row for each, and its samples."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Makes both tables."""
    op.create_table(
        "track",
        sa.Column("rsu_id", sa.String(64), primary_key=True),
        sa.Column("boot_id", sa.LargeBinary(16), primary_key=True),
        sa.Column("track_id", BIG, primary_key=True, autoincrement=False),
        sa.Column("cls", sa.String(16), nullable=False),
        sa.Column("first_ns", BIG, nullable=False),
        sa.Column("last_ns", BIG, nullable=False),
        sa.Column("senders", sa.Text, nullable=False),
        sa.Column("hits", BIG, nullable=False),
    )
    op.create_index("track_last", "track", ["last_ns"])
    op.create_table(
        "track_sample",
        sa.Column("rsu_id", sa.String(64), primary_key=True),
        sa.Column("boot_id", sa.LargeBinary(16), primary_key=True),
        sa.Column("track_id", BIG, primary_key=True, autoincrement=False),
        sa.Column("time_ns", BIG, primary_key=True, autoincrement=False),
        sa.Column("cls", sa.String(16), nullable=False),
        sa.Column("lat_e7", BIG, nullable=False),
        sa.Column("lon_e7", BIG, nullable=False),
        sa.Column("speed_mps", sa.Float(53), nullable=False),
        sa.Column("heading_deg", sa.Float(53), nullable=False),
        sa.Column("position_std_m", sa.Float(53), nullable=False),
        sa.Column("speed_std_mps", sa.Float(53), nullable=False),
        sa.Column("length_m", sa.Float(53), nullable=True),
        sa.Column("width_m", sa.Float(53), nullable=True),
        sa.Column("height_m", sa.Float(53), nullable=True),
        sa.Column("sender", sa.String(64), nullable=True),
        sa.Column("heard_ns", BIG, nullable=False),
        sa.Column("seen_ns", BIG, nullable=False),
    )
    op.create_index("track_sample_time", "track_sample", ["time_ns"])


def downgrade() -> None:
    """Takes both away."""
    op.drop_table("track_sample")
    op.drop_table("track")
