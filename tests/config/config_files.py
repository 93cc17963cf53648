"""Types of the fixtures of these tests, for their signatures."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

Write = Callable[..., Path]
