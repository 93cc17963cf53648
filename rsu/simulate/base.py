"""What every simulator is, and the schedule that its messages come from."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable
from typing import NamedTuple, Protocol

MILLISECOND_NS = 1_000_000
SECOND_NS = 1_000 * MILLISECOND_NS
NEVER_NS = 2**63 - 1
BEHIND_NS = SECOND_NS
"""What is due for longer than this is left out: a process that was stopped does not send it all at once."""


class Message(NamedTuple):
    """What goes out.

    :param type: the message's type, or what the datagram is, for the count.
    """

    type: str
    octets: bytes


class Simulator(Protocol):
    """Something that sends, and perhaps answers."""

    def due(self, now_ns: int) -> list[Message]:
        """What is to be sent up to and at ``now_ns``."""

    def next_ns(self) -> int:
        """When the next message is due."""

    def answer(self, octets: bytes, now_ns: int) -> list[Message]:
        """What is sent back for a datagram."""


Make = Callable[[int], Iterable[Message]]
"""Makes the messages of one moment, which is that of its being due."""


class Schedule:
    """Makers, each with its period; none drifts.

    :param start_ns: the moment that offsets count from.
    """

    def __init__(self, start_ns: int) -> None:
        self._start_ns = start_ns
        self._makers: list[tuple[int, Make]] = []
        self._heap: list[tuple[int, int]] = []
        self.skipped = 0

    def every(self, period_ns: int, make: Make, offset_ns: int = 0) -> None:
        """Call ``make`` each period, for the first time at start + offset. Of one moment, what was added first comes first."""
        heapq.heappush(self._heap, (self._start_ns + offset_ns, len(self._makers)))
        self._makers.append((period_ns, make))

    def due(self, now_ns: int) -> list[Message]:
        messages: list[Message] = []
        while self._heap and self._heap[0][0] <= now_ns:
            due_ns, number = self._heap[0]
            period_ns, make = self._makers[number]
            heapq.heapreplace(self._heap, (due_ns + period_ns, number))
            if now_ns - due_ns > BEHIND_NS:
                self.skipped += 1
                continue
            messages += make(due_ns)
        return messages

    def next_ns(self) -> int:
        return self._heap[0][0] if self._heap else NEVER_NS
