"""Generated values for the tests of observe come from ``tests/codec``."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "codec"))  # its modules name each other without a package
