"""Room on the disk that is kept for the moment when there is none: even deleting needs some octets of log.

A full disk cannot take the log pages of the transaction that would make room. So a file of zeros lies beside the outbox,
is given up when a write found the disk full, and is made again as soon as that works. What is in the log and not written back
yet must fit into it: :attr:`Reserve.log_pages_max` says how many pages that may be.
"""

from __future__ import annotations

import os
from pathlib import Path

RESERVE_OCTETS = 8_388_608  # the log before it is written back (4 MB), and as much for the transaction that follows
PAGE_OCTETS = 4_096  # SQLite's default
LOG_PAGES_MIN = 16
RESERVE_SHARE = 16  # of a small quota, only this part


class Reserve:
    """The file of zeros.

    :param path: where it lies.
    :param octets: how much it keeps.
    """

    def __init__(self, path: Path, octets: int) -> None:
        self.path = path
        self.octets = octets

    @property
    def log_pages_max(self) -> int:
        """At so many pages the log is to be written back."""
        return max(LOG_PAGES_MIN, self.octets // 2 // PAGE_OCTETS)

    def take(self) -> bool:
        """Keeps the room; False where the disk does not give it, and nothing is kept then."""
        if self.octets == 0 or self._there():
            return True
        try:
            with self.path.open("wb") as file:
                os.posix_fallocate(file.fileno(), 0, self.octets)
        except OSError:
            self.give_up()
            return False
        return True

    def give_up(self) -> bool:
        """Gives the room back to the disk; False where none was kept."""
        kept = self._there()
        self.path.unlink(missing_ok=True)
        return kept

    def _there(self) -> bool:
        return self.path.exists() and self.path.stat().st_size == self.octets
