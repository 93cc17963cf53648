"""How wrong the clock may have been that gave a record its receive time."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer, "sqlite")
TABLES = ("message", "quarantine")


def upgrade() -> None:
    """Adds the column; rows that are there do not know."""
    for table in TABLES:
        op.add_column(table, sa.Column("clock_error_us", BIG, nullable=True))


def downgrade() -> None:
    """Takes it away."""
    for table in TABLES:
        op.drop_column(table, "clock_error_us")
