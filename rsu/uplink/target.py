"""One target of the uplink: parcels in the order of their ids, a bounded flight, the cursor behind the acknowledgements.

The cursor moves to a parcel once every message of it, and of all before it, is acknowledged. What was in flight when a
connection broke is sent again: at least once. Messages of a parcel are made once and kept until then, so that the second
time is the same as the first.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any, NamedTuple

import msgspec

from rsu.errors import RsuError, SourceError
from rsu.observability.meter import Meter
from rsu.uplink.parcels import READ_OCTETS_MAX, Outbox, Stocked

LAG_SECONDS = "rsu_upload_lag_seconds"
UPLOADED = "rsu_uplink_sent_total"
PASSED_OVER = "rsu_uplink_passed_over_total"
ERRORS = "rsu_uplink_errors_total"
CONNECTED = "rsu_uplink_up"
ERROR_CHARACTERS_MAX = 512
CANCEL_AGAIN_S = 0.05


class LinkError(Exception):
    """The connection is of no use any more: why, in words for people, and a short word for the counter."""

    def __init__(self, reason: str, word: str = "connection") -> None:
        self.word = word
        super().__init__(reason)


def word_of(error: Exception) -> str:
    """The reason for the counter; ``here``: nothing that the other side did."""
    if isinstance(error, LinkError):
        return error.word
    return "here" if isinstance(error, RsuError) else "connection"


class Parameters(msgspec.Struct, frozen=True, kw_only=True):
    """:param messages_in_flight: sent and not acknowledged; ``parcels_in_flight``: begun and not finished."""

    messages_in_flight: int = 64
    parcels_in_flight: int = 16
    idle_poll_s: float = 0.1
    ack_s_max: float = 15.0


class Message(NamedTuple):
    """What is sent at once: ``records`` of the outbox; ``id`` for a target that tells copies apart."""

    topic: str
    payload: bytes
    records: int = 1
    id: str = ""


class _Flying(NamedTuple):
    """A parcel that is begun, and the sending of its messages."""

    parcel: Stocked
    tasks: list[asyncio.Task[None]]


Send = Callable[[Message], Awaitable[None]]


class Target:
    """State and counters of one target; its cursor's name is ``name``.

    :param prepare: a parcel → its messages; counts what it leaves out with :meth:`passed_over`.
    :param clock: UTC nanoseconds.
    """

    def __init__(
        self,
        name: str,
        outbox: Outbox,
        meter: Meter,
        prepare: Callable[[Stocked], Sequence[Message]],
        clock: Callable[[], int],
        parameters: Parameters = Parameters(),  # noqa: B008
    ) -> None:
        self.name = name
        self.parameters = parameters
        self.connected = False
        self.last_error = ""
        self.uploaded = 0
        self.lag_s = 0.0
        self.cursor = 0
        self._outbox = outbox
        self._meter = meter
        self._prepare = prepare
        self._clock = clock
        self._prepared: dict[int, Sequence[Message]] = {}

    def report(self) -> dict[str, Any]:
        """What `/status` shows."""
        return {
            "connected": self.connected,
            "lag_s": round(self.lag_s, 3),
            "uploaded": self.uploaded,
            "cursor": self.cursor,
            "last_error": self.last_error,
        }

    def passed_over(self, reason: str, records: int = 1) -> None:
        self._meter.count(PASSED_OVER, records, target=self.name, reason=reason)

    def failed(self, error: Exception, word: str = "connection") -> None:
        """The connection broke, or could not be made."""
        self.set_connected(False)
        self.last_error = str(error)[:ERROR_CHARACTERS_MAX] or type(error).__name__
        self._meter.count(ERRORS, target=self.name, reason=word)

    def set_connected(self, connected: bool) -> None:
        self.connected = connected
        self._meter.gauge(CONNECTED, float(connected), target=self.name)

    def measure_lag(self) -> None:
        """How old the oldest record is that the target does not have."""
        self.cursor = self._outbox.delivered(self.name)
        waiting = self._outbox.after(self.cursor, 1)
        self._lag(waiting[0] if waiting else None)

    async def forward(self, send: Send, lost: Callable[[], None] = lambda: None) -> None:
        """Send what waits and what comes, until something raises.

        :param send: returns when the message is acknowledged.
        :param lost: raises :class:`LinkError` once something was refused.
        """
        self.cursor = self._outbox.delivered(self.name)
        slots = asyncio.Semaphore(self.parameters.messages_in_flight)
        flight: deque[_Flying] = deque()
        waiting: deque[Stocked] = deque()
        last = self.cursor
        try:
            while True:
                lost()
                if not waiting and len(flight) < self.parameters.parcels_in_flight:
                    waiting.extend(self._outbox.after(last, READ_OCTETS_MAX))
                while waiting and len(flight) < self.parameters.parcels_in_flight:
                    flight.append(_Flying(waiting[0], []))
                    last = waiting.popleft().id
                    await self._begin(flight[-1], slots, send, lost)
                if flight:
                    await self._settle(flight, lost)
                else:
                    await asyncio.sleep(self.parameters.idle_poll_s)
                self._lag(flight[0].parcel if flight else waiting[0] if waiting else None)
        finally:
            await end([task for flying in flight for task in flying.tasks])

    async def _begin(self, flying: _Flying, slots: asyncio.Semaphore, send: Send, lost: Callable[[], None]) -> None:
        for message in self._messages(flying.parcel):
            await _slot(slots, self.parameters.ack_s_max)
            lost()
            flying.tasks.append(asyncio.create_task(_sent(send, message, slots)))

    async def _settle(self, flight: deque[_Flying], lost: Callable[[], None]) -> None:
        """Wait a moment for the oldest parcel, then move the cursor over all that are acknowledged."""
        if flight[0].tasks:
            await asyncio.wait(flight[0].tasks, timeout=self.parameters.idle_poll_s)
        settled = 0
        while flight and all(task.done() for task in flight[0].tasks):
            for task in flight[0].tasks:
                task.result()
            settled = flight.popleft().parcel.id
        lost()
        if settled:
            self._settled(settled)

    def _settled(self, parcel_id: int) -> None:
        self._outbox.deliver(self.name, parcel_id)
        self.cursor = parcel_id
        done = [known for known in self._prepared if known <= parcel_id]
        records = sum(message.records for known in done for message in self._prepared.pop(known))
        self.uploaded += records
        self._meter.count(UPLOADED, records, target=self.name)

    def _messages(self, parcel: Stocked) -> Sequence[Message]:
        known = self._prepared.get(parcel.id)
        if known is None:
            try:
                known = self._prepare(parcel)
            except SourceError as error:  # it will never be readable: what comes behind it must not wait
                self.last_error = str(error)[:ERROR_CHARACTERS_MAX]
                self.passed_over("unreadable", parcel.records)
                known = ()
            self._prepared[parcel.id] = known
        return known

    def _lag(self, oldest: Stocked | None) -> None:
        self.lag_s = max(0.0, (self._clock() - oldest.oldest_ns) / 1e9) if oldest else 0.0
        self._meter.gauge(LAG_SECONDS, self.lag_s, target=self.name)


async def _slot(slots: asyncio.Semaphore, most_s: float) -> None:
    try:
        async with asyncio.timeout(most_s):  # wait_for may swallow a cancellation that comes with the slot
            await slots.acquire()
    except TimeoutError as error:
        raise LinkError(f"nothing was acknowledged for {most_s:g} s", "timeout") from error


async def _sent(send: Send, message: Message, slots: asyncio.Semaphore) -> None:
    try:
        await send(message)
    finally:
        slots.release()


async def end(tasks: list[asyncio.Task[None]]) -> None:
    """Cancel tasks and wait until they have ended; what they failed with was reported, or follows from it."""
    while waiting := [task for task in tasks if not task.done()]:
        for task in waiting:
            task.cancel()
        await asyncio.wait(waiting, timeout=CANCEL_AGAIN_S)  # wait_for, which libraries use, may swallow one
    await asyncio.gather(*tasks, return_exceptions=True)


async def together(*parts: Coroutine[Any, Any, None]) -> None:
    """Run them until one ends or raises, then end the others; what it raised is raised here."""
    tasks = [asyncio.create_task(part) for part in parts]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        await end([task for task in tasks if not task.done()])
    errors = [error for task in done if (error := task.exception()) is not None]
    if errors:
        raise errors[0]
