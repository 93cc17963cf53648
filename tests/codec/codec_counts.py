"""What the tests covered, counted for the run's terminal summary."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

Count = Callable[[str, str], None]
COUNTS: dict[str, Counter[str]] = {}


def add(table: str, row: str) -> None:
    """One more in a row of a table."""
    COUNTS.setdefault(table, Counter())[row] += 1
