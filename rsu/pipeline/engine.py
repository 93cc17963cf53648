"""The engine role: one step a record, outcomes to the recorder, views to the bus, messages to the air.

It waits for nobody. Outcomes that the recorder does not take are kept, up to a bound; beyond it they are let go, and the
recorder will ask for the records again.
"""

from __future__ import annotations

import os
import time
from collections import defaultdict, deque

import msgspec
import zmq

from rsu.engine import Engine, Entry, Outcome, Quarantined, Settings, Stored
from rsu.errors import RsuError
from rsu.outgoing import Broadcast
from rsu.pipeline import envelope
from rsu.pipeline.bus import Bus
from rsu.pipeline.envelope import Again, Broadcasts, Counts, Outcomes, Records
from rsu.pipeline.importance import EVENTS, PICTURES, importance
from rsu.pipeline.role import POLL_MS, Role, frames, send
from rsu.pipeline.selftest import SOURCE
from rsu.received import Received
from rsu.schema import Schema, load_schema
from rsu.standards import STANDARDS

FRAMES_MAX = 16  # taken before the clock and the sockets are looked at again
LEFT_FRAMES_MAX = 1_024  # of outcomes that the recorder does not take
TICK_NS = 50_000_000
MSG_CNT = 128
EVENT_AIDS = (112, 114)  # BSM with an event

_encoder = msgspec.msgpack.Encoder()


def run(role: Role) -> None:
    """Runs until it is stopped."""
    engine = EngineRole(role)
    try:
        while not role.stop.is_set():
            engine.turn(POLL_MS // 2)
    finally:
        engine.close()


class EngineRole:
    """The engine and its sockets; :meth:`turn` is one look at them."""

    def __init__(self, role: Role) -> None:
        self.role = role
        self.engine = Engine(_settings(role), _schemas(role))
        self.records = role.links.pull("records")
        self.outcomes = role.links.push("outcomes")
        self.air = role.links.push("air")
        self.ack = role.links.push("ack")
        self.bus = Bus(role.links.buses(), role.config.unit.id)
        self._left: deque[bytes] = deque()
        self._tick_due_ns = 0
        self._poller = zmq.Poller()
        self._poller.register(self.records, zmq.POLLIN)
        for socket in self.bus.sockets:
            self._poller.register(socket, zmq.POLLIN)
        send(self.ack, envelope.encode(Again(role="engine")))

    def turn(self, timeout_ms: int) -> None:
        for ready, _ in self._poller.poll(timeout_ms):
            if ready is self.records:
                for frame in frames(self.records, FRAMES_MAX):
                    self._step(frame)
            else:
                self.bus.listen()
        self._flush()
        now_ns = time.monotonic_ns()
        if now_ns >= self._tick_due_ns:
            self._tick_due_ns = now_ns + TICK_NS
            self._say(self.engine.tick(time.time_ns()))
            self.role.meter.gauge("rsu_queue_depth", len(self._left), queue="outcomes")
            self.role.report()

    def close(self) -> None:
        self._flush()
        for socket in (self.records, self.air, self.ack):
            socket.close()
        self.outcomes.close(linger=1_000)
        self.bus.close()

    # One frame of records --------------------------------------------------------------------------------------------

    def _step(self, frame: bytes) -> None:
        begun_ns = time.perf_counter_ns()
        records = envelope.decode(frame)
        if not isinstance(records, Records):
            raise RsuError(f"records: {type(records).__name__} came where records are expected")
        now_ns = time.time_ns()
        step = self.engine.step
        outcomes = [step(received, now_ns, again=records.again) for received in records.items]
        kept = _without(outcomes, records.selftests) if records.selftests else outcomes
        if not records.again:
            self.bus.show(kept)
            self._count(records.items, outcomes)
            self._say(self.engine.tick(now_ns) if self.engine.has_relays else [])
        self._left.append(envelope.encode(_outcomes(records, kept)))
        spent_ns = time.perf_counter_ns() - begun_ns
        self.role.meter.stage("engine", spent_ns // max(len(outcomes), 1), len(outcomes))

    def _flush(self) -> None:
        while self._left:
            if not send(self.outcomes, self._left[0]):
                break
            self._left.popleft()
        while len(self._left) > LEFT_FRAMES_MAX:
            self._left.popleft()
            self.role.meter.count("rsu_bus_dropped_total", reason="recorder")

    def _say(self, broadcasts: list[Broadcast]) -> None:
        if broadcasts and not send(self.air, envelope.encode(Broadcasts(items=broadcasts))):
            self.role.meter.count("rsu_broadcast_failed_total", len(broadcasts), reason="queue")

    def _count(self, received: list[Received], outcomes: list[Outcome]) -> None:
        meter = self.role.meter
        for record, outcome in zip(received, outcomes, strict=True):
            if record.source == SOURCE:
                continue
            meter.count("rsu_messages_received_total", type=outcome.type or "unknown", channel=record.channel)
            meter.stage("publish", max(time.time_ns() - record.receive_time_ns, 0))
            if isinstance(outcome, Stored):
                meter.sender(outcome.sender, outcome.type)
            elif isinstance(outcome, Quarantined):
                meter.event("reject", f"{outcome.source}: {outcome.type or 'record'}: {outcome.reason}", record.receive_time_ns)


def _without(outcomes: list[Outcome], selftests: list[int]) -> list[Outcome]:
    """The outcomes but those of the unit's own messages, which must be messages."""
    numbers = set(selftests)
    for outcome in outcomes:
        if outcome.sequence in numbers and not isinstance(outcome, Stored):
            detail = outcome.detail if isinstance(outcome, Quarantined) else "it is a duplicate"
            raise RsuError(f"the unit's own message does not decode: {detail}")
    return [outcome for outcome in outcomes if outcome.sequence not in numbers]


def _outcomes(records: Records, outcomes: list[Outcome]) -> Outcomes:
    parts: defaultdict[int, list[Entry]] = defaultdict(list)
    counts = Counts()
    oldest_ns = 0
    for entry in (*outcomes, *records.shed):
        parts[_class(entry)].append(entry)
        counts.take(entry)
        oldest_ns = min(oldest_ns or entry.receive_time_ns, entry.receive_time_ns)
    return Outcomes(
        rsu=records.rsu,
        boot=records.boot,
        first=records.first,
        last=records.last,
        counts=counts,
        oldest_ns=oldest_ns,
        parts={number: msgspec.Raw(_encoder.encode(entries)) for number, entries in parts.items()},
    )


def _class(entry: Entry) -> int:
    if not isinstance(entry, Stored):
        return PICTURES
    return EVENTS if entry.aid in EVENT_AIDS else importance(entry.type)


def _settings(role: Role) -> Settings:
    config = role.config
    return Settings(
        standard=config.unit.standard,
        duplicate_entries_max=config.pipeline.window_records_max,
        decoded=config.store.decoded,
        first_msg_cnt=int.from_bytes(os.urandom(1)) % MSG_CNT,
    )


def _schemas(role: Role) -> dict[str, Schema]:
    """Schemas of all standards, and of the editions that the settings name."""
    config = role.config
    named = {config.unit.standard, *(radio.standard for radio in config.radio), *(one.standard for one in config.controller)}
    return {name: load_schema(name) for name in sorted({*STANDARDS, *named} - {""})}
