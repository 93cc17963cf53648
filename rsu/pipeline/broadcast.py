"""The broadcast role: messages to the radios, once or again and again at their period.

A message with a key takes the place of the one before it. Repetitions keep to the times that the first one set, so that a late
one does not move those after it; one that is more than a period late is left out, and counted.
"""

from __future__ import annotations

import heapq
import time

import msgspec

from rsu.errors import FrameError, SourceError
from rsu.outgoing import Broadcast
from rsu.pipeline import envelope
from rsu.pipeline.envelope import Broadcasts
from rsu.pipeline.role import POLL_MS, Role, frames
from rsu.sinks.live import RadioSender, open_senders

FRAMES_MAX = 64
MILLISECOND_NS = 1_000_000
REPEATED_MAX = 256  # messages that are repeated at a time


def run(role: Role) -> None:
    """Runs until it is stopped."""
    radios = open_senders(role.config)
    air = role.links.pull("air")
    schedule = Schedule()
    try:
        while not role.stop.is_set():
            if air.poll(schedule.wait_ms(time.time_ns(), POLL_MS)):
                for frame in frames(air, FRAMES_MAX):
                    message = envelope.decode(frame)
                    if isinstance(message, Broadcasts):
                        for broadcast in message.items:
                            if not schedule.add(broadcast, time.time_ns()):
                                role.meter.count("rsu_broadcast_failed_total", reason="repeated-max")
            for broadcast in schedule.due(time.time_ns()):
                for radio in radios:
                    _send(role, radio, broadcast)
            role.meter.gauge("rsu_queue_depth", len(schedule), queue="repeated")
            role.report()
    finally:
        air.close()
        for radio in radios:
            radio.close()


def _send(role: Role, radio: RadioSender, broadcast: Broadcast) -> None:
    try:
        sent = radio.send(broadcast)
    except (SourceError, FrameError, OSError) as error:
        role.meter.count("rsu_broadcast_failed_total", reason=type(error).__name__)
        role.log.warning("broadcast refused", radio=radio.name, type=broadcast.type, reason=str(error))
        return
    if sent:
        role.meter.count("rsu_broadcast_sent_total", type=broadcast.type)


class _Repeated(msgspec.Struct):
    """A message that is repeated; ``version`` tells it from the one whose place it took."""

    broadcast: Broadcast
    version: int


class Schedule:
    """What is to be sent when; time is handed in."""

    def __init__(self) -> None:
        self._heap: list[tuple[int, int, str]] = []  # due, version, key
        self._by_key: dict[str, _Repeated] = {}
        self._once: list[Broadcast] = []
        self._version = 0
        self.left_out = 0

    def __len__(self) -> int:
        return len(self._by_key)

    def add(self, broadcast: Broadcast, now_ns: int) -> bool:
        """Takes a message; False where too many are repeated already."""
        if not broadcast.period_ms or not broadcast.key:
            self._once.append(broadcast)
            return True
        if broadcast.key not in self._by_key and len(self._by_key) >= REPEATED_MAX:
            return False
        self._version += 1
        self._by_key[broadcast.key] = _Repeated(broadcast, self._version)
        heapq.heappush(self._heap, (now_ns, self._version, broadcast.key))
        return True

    def due(self, now_ns: int) -> list[Broadcast]:
        """What is to be sent now, in its order."""
        found, self._once = self._once, []
        while self._heap and self._heap[0][0] <= now_ns:
            due_ns, version, key = heapq.heappop(self._heap)
            repeated = self._by_key.get(key)
            if repeated is None or repeated.version != version:
                continue
            if repeated.broadcast.until_ns and now_ns > repeated.broadcast.until_ns:
                del self._by_key[key]
                continue
            found.append(repeated.broadcast)
            heapq.heappush(self._heap, (self._next(due_ns, repeated.broadcast, now_ns), version, key))
        return found

    def _next(self, due_ns: int, broadcast: Broadcast, now_ns: int) -> int:
        period_ns = broadcast.period_ms * MILLISECOND_NS
        missed = (now_ns - due_ns) // period_ns
        self.left_out += missed
        return due_ns + (missed + 1) * period_ns

    def wait_ms(self, now_ns: int, most_ms: int) -> int:
        """How long there is nothing to send, at most ``most_ms``."""
        if self._once:
            return 0
        if not self._heap:
            return most_ms
        return min(max((self._heap[0][0] - now_ns) // MILLISECOND_NS, 0), most_ms)
