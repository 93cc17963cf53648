"""What every live source is: a descriptor to poll, and what waits there taken without waiting.

Nothing here blocks. What a source hears it gives as :class:`Heard`; the ingest role adds the unit's id, boot id and sequence
number. Bytes that are not of its protocol are still :class:`Heard` (as they came), so that they end in quarantine with a
reason, and are counted in ``faults``.
"""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple, Protocol

from rsu.received import Channel, Content

RECEIVE_MAX = 256  # datagrams taken from one source before the next is looked at


class Heard(NamedTuple):
    """One reception before it has an identity; fields as in :class:`rsu.received.Received`."""

    source: str
    receive_time_ns: int
    data: bytes
    channel: Channel = "pc5"
    content: Content = "message"
    record_type: str = ""
    header: str = "auto"
    standard: str = ""
    damage: str = ""
    meta: dict[str, str | int | float] | None = None


class LiveSource(Protocol):
    """An interface that is heard.

    :param name: its source name.
    :param faults: what was wrong on it, counted by a short word.
    """

    name: str
    faults: Counter[str]

    def filenos(self) -> list[int]:
        """Descriptors that become readable when something waits."""

    def receive(self, most: int = RECEIVE_MAX) -> list[Heard]:
        """What waits, at most ``most``, without waiting."""

    def tick(self, now_ns: int) -> None:
        """Called about every 100 ms: queries and heartbeats of protocols that need them."""

    def close(self) -> None: ...
