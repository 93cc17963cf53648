"""The unit's own message through the whole path: a valid frame that is decoded like any other, and is not stored.

It has come through when the recorder acknowledges its number. That one did lately feeds the watchdog.
"""

from __future__ import annotations

from collections import deque

from rsu.received import Received

SECOND_NS = 1_000_000_000
SOURCE = "selftest"
STANDARD = "sae-j2735"
#: A BSM of no vehicle: all codes "unavailable", id 00000000, in a J2735 MessageFrame.
FRAME = bytes.fromhex("00142500000000003ffff5a4e900eb49d20000007ffffffffffff080fdfa1fa1007fff8000000000")
WAITING_MAX = 64  # that have not come through yet; the oldest is given up first


class SelfTest:
    """When it is due, and which numbers it has."""

    def __init__(self, every_s: float) -> None:
        self._every_ns = round(every_s * SECOND_NS)
        self._due_ns = 0
        self._waiting: deque[int] = deque(maxlen=WAITING_MAX)

    @property
    def waiting(self) -> int:
        """How many have not come through yet."""
        return len(self._waiting)

    def due(self, now_ns: int) -> bool:
        return self._every_ns > 0 and now_ns >= self._due_ns

    def record(self, rsu: str, boot: bytes, number: int, time_ns: int) -> Received:
        """The record to be taken like a received one."""
        return Received(
            rsu_id=rsu,
            boot_id=boot,
            sequence=number,
            channel="pc5",
            source=SOURCE,
            receive_time_ns=time_ns,
            data=FRAME,
            header="none",
            standard=STANDARD,
        )

    def sent(self, number: int, now_ns: int) -> None:
        self._due_ns = now_ns + self._every_ns
        self._waiting.append(number)

    def among(self, first: int, last: int) -> list[int]:
        """Which of these numbers are selftests."""
        return [number for number in self._waiting if first <= number <= last]

    def acknowledge(self, last: int) -> int:
        """How many came through with this number."""
        passed = 0
        while self._waiting and self._waiting[0] <= last:
            self._waiting.popleft()
            passed += 1
        return passed
