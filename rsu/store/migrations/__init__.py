"""Alembic's script folder; the revisions are in ``versions``."""
