"""The engine role: one step a record, outcomes to the recorder, views to the bus, messages to the air.

It waits for nobody. Outcomes go to the recorder a few times in each of its commits; what it does not take is kept, up to a
bound; beyond it outcomes are let go, and the recorder will ask for the records again.
"""

from __future__ import annotations

import os
import time
from collections import Counter, deque

import msgspec
import zmq

from rsu.engine import Counted, Engine, Entry, Outcome, Quarantined, Settings, Stored
from rsu.engine.outcomes import quarantined
from rsu.errors import RsuError
from rsu.outgoing import Broadcast
from rsu.pipeline import envelope
from rsu.pipeline.bus import Bus
from rsu.pipeline.envelope import Again, Broadcasts, Counts, Outcomes, Records
from rsu.pipeline.importance import EVENTS, PICTURES, importance
from rsu.pipeline.keeping import Keeping
from rsu.pipeline.maps import own_maps
from rsu.pipeline.picture import LivePicture, origin_of, tell_of
from rsu.pipeline.role import Role, frames, send
from rsu.received import Received
from rsu.schema import Schema, load_schema
from rsu.standards import STANDARDS

FRAMES_MAX = 16  # taken before the clock and the sockets are looked at again
LEFT_FRAMES_MAX = 1_024  # of outcomes that the recorder does not take
GATHERED_MAX = 512  # outcomes in a frame, nearly
FLUSH_NS = 10_000_000
POLL_MS = 10
MSG_CNT = 128
BOOTS_MAX = 64
SECOND_NS = 1_000_000_000
TRACKS_A_SECOND = 16
"""A unit that begins its ids so many further on for each second gives none twice for eight years, also when it starts again:
a crossing with half a false object a frame begins 5 a second."""
EVENT_AIDS = (112, 114)  # BSM with an event

_encoder = msgspec.msgpack.Encoder()


def run(role: Role) -> None:
    """Runs until it is stopped, with the records that come over its socket."""
    records = role.links.pull("records")
    engine = EngineRole(role)
    poller = zmq.Poller()
    poller.register(records, zmq.POLLIN)
    try:
        while not role.stop.is_set():
            if poller.poll(POLL_MS):
                for frame in frames(records, FRAMES_MAX):
                    found = envelope.decode(frame)
                    if not isinstance(found, Records):
                        raise RsuError(f"records: {type(found).__name__} came where records are expected")
                    engine.take(found)
            engine.keep_house(time.monotonic_ns())
    finally:
        records.close()
        engine.close()


class EngineRole:
    """The engine and what it sends; :meth:`take` is one batch of records, :meth:`keep_house` is for every few milliseconds."""

    def __init__(self, role: Role) -> None:
        self.role = role
        schemas = _schemas(role)
        self.engine = Engine(_settings(role, schemas), schemas)
        self.outcomes = role.links.push("outcomes")
        self.air = role.links.push("air")
        self.keeping = Keeping(role, role.config.store.own_hz)
        self.bus = Bus(role.links.buses(), role.config.unit.id)
        origin = origin_of(role.config)
        self.picture = LivePicture(role, self.engine, self.bus, origin, self._say) if origin else None
        self._gathered = Gathered()
        self._heard: Counter[tuple[str, str]] = Counter()  # (type, channel), since the last look
        self._left: deque[bytes] = deque()
        self._seen: dict[bytes, int] = {}  # boot → the last number that was stepped through
        self._house_due_ns = 0
        ack = role.links.push("ack")
        send(ack, envelope.encode(Again(role="engine")))
        ack.close(linger=1_000)

    def take(self, records: Records) -> None:
        """Steps through a batch. What comes again is only stored: it was shown and acted on."""
        begun_ns = time.perf_counter_ns()
        now_ns = time.time_ns()
        seen = self._seen.get(records.boot, 0)
        outcomes = [self._outcome(received, now_ns, received.sequence <= seen) for received in records.items]
        kept = _without(outcomes, records.selftests) if records.selftests else outcomes
        new = kept if records.first > seen else [outcome for outcome in kept if outcome.sequence > seen]
        self._note(records.boot, max(seen, records.last))
        self.bus.show(new)
        if self.engine.has_relays:
            self._say(self.engine.tick(now_ns))
        self._count(new)
        if not self._gathered.add(records, kept):
            self._flush()
            self._gathered.add(records, kept)
        if self._gathered.full:
            self._flush()
        spent_ns = time.perf_counter_ns() - begun_ns
        self.role.meter.stage("engine", spent_ns // max(len(outcomes), 1), len(outcomes))

    def keep_house(self, now_ns: int) -> None:
        """What is due: outcomes to the recorder, messages to the air, subscriptions, the report."""
        if now_ns < self._house_due_ns:
            return
        self._house_due_ns = now_ns + FLUSH_NS
        self._flush()
        self.bus.listen()
        if self.picture is not None:
            self.picture.turn(time.time_ns())
        self._say(self.engine.tick(time.time_ns()))
        for (type_name, channel), count in self._heard.items():
            self.role.meter.count("rsu_messages_received_total", count, type=type_name, channel=channel)
        self._heard.clear()
        self.role.meter.gauge("rsu_queue_depth", len(self._left), queue="outcomes")
        self.role.report()

    def close(self) -> None:
        self._flush()
        self.air.close()
        self.keeping.close()
        self.outcomes.close(linger=1_000)
        self.bus.close()

    def _outcome(self, received: Received, now_ns: int, again: bool) -> Outcome:
        """One step. A fault of ours must not cost the records beside this one: it is told, and the record is kept."""
        try:
            return self.engine.step(received, now_ns, again=again)
        except Exception as error:
            self.role.log.critical("engine fault", octets=received.data.hex(), exc_info=error)
            return quarantined(received, "fault", f"{type(error).__name__}: {error}")

    def _flush(self) -> None:
        if self.picture is not None:
            self._gathered.keep(self.picture)
        if (outcomes := self._gathered.outcomes()) is not None:
            self._left.append(envelope.encode(outcomes))
            self._gathered = Gathered()
        while self._left:
            if not send(self.outcomes, self._left[0]):
                break
            self._left.popleft()
        while len(self._left) > LEFT_FRAMES_MAX:
            self._left.popleft()
            self.role.meter.count("rsu_bus_dropped_total", reason="recorder")

    def _say(self, broadcasts: list[Broadcast]) -> None:
        self.keeping.take(broadcasts, time.time_ns())
        if broadcasts and not send(self.air, envelope.encode(Broadcasts(items=broadcasts))):
            self.role.meter.count("rsu_broadcast_failed_total", len(broadcasts), reason="queue")

    def _note(self, boot: bytes, last: int) -> None:
        """Remembers how far it is; a boot that is long gone is forgotten."""
        if boot not in self._seen and len(self._seen) >= BOOTS_MAX:
            del self._seen[next(iter(self._seen))]
        self._seen[boot] = last

    def _count(self, outcomes: list[Outcome]) -> None:
        meter = self.role.meter
        published_ns = time.time_ns()
        for outcome in outcomes:
            self._heard[outcome.type or "unknown", outcome.channel] += 1
            meter.stage("publish", max(published_ns - outcome.receive_time_ns, 0))
            if isinstance(outcome, Stored):
                meter.sender(outcome.sender, outcome.type)
            elif isinstance(outcome, Quarantined):
                what = f"{outcome.source}: {outcome.type or 'record'}: {outcome.reason}"
                meter.event("reject", what, outcome.receive_time_ns)


class Gathered:
    """Outcomes of one boot on their way to the recorder: of neighbouring batches, so that one frame holds them."""

    def __init__(self) -> None:
        self._head: Records | None = None
        self._last = 0
        self._parts: dict[int, list[Entry]] = {}
        self._counts = Counts()
        self._oldest_ns = 0
        self._entries = 0

    @property
    def full(self) -> bool:
        return self._entries >= GATHERED_MAX

    def add(self, records: Records, outcomes: list[Outcome]) -> bool:
        """Takes a batch; False where it does not follow the one before."""
        if self._head is None:
            self._head = records
        elif records.boot != self._head.boot or records.first != self._last + 1:
            return False
        self._last = records.last
        entries: list[Counted] = [*outcomes, *records.shed] if records.shed else outcomes  # type: ignore[assignment]
        for entry in entries:
            self._parts.setdefault(_class(entry), []).append(entry)
            self._counts.take(entry)
            if not self._oldest_ns or entry.receive_time_ns < self._oldest_ns:
                self._oldest_ns = entry.receive_time_ns
        self._entries += len(entries)
        return True

    def keep(self, picture: LivePicture) -> None:
        """Takes the samples of tracks that wait, under the boot that is gathered; without one they go on waiting."""
        if self._head is not None and (samples := picture.samples(self._head.rsu, self._head.boot, self._last)):
            self._parts.setdefault(PICTURES, []).extend(samples)
            self._entries += len(samples)

    def outcomes(self) -> Outcomes | None:
        """The frame; None where there is nothing."""
        if self._head is None:
            return None
        return Outcomes(
            rsu=self._head.rsu,
            boot=self._head.boot,
            first=self._head.first,
            last=self._last,
            counts=self._counts,
            oldest_ns=self._oldest_ns,
            parts={number: msgspec.Raw(_encoder.encode(entries)) for number, entries in self._parts.items()},
        )


def _without(outcomes: list[Outcome], selftests: list[int]) -> list[Outcome]:
    """The outcomes but those of the unit's own messages, which must be messages."""
    numbers = set(selftests)
    for outcome in outcomes:
        if outcome.sequence in numbers and not isinstance(outcome, Stored):
            detail = outcome.detail if isinstance(outcome, Quarantined) else "it is a duplicate"
            raise RsuError(f"the unit's own message does not decode: {detail}")
    return [outcome for outcome in outcomes if outcome.sequence not in numbers]


def _class(entry: Counted) -> int:
    if not isinstance(entry, Stored):
        return PICTURES
    return EVENTS if entry.aid in EVENT_AIDS else importance(entry.type)


def _settings(role: Role, schemas: dict[str, Schema]) -> Settings:
    config = role.config
    first_msg_cnt = int.from_bytes(os.urandom(1)) % MSG_CNT
    return Settings(
        standard=config.unit.standard,
        duplicate_entries_max=config.pipeline.window_records_max,
        decoded=config.store.decoded,
        first_msg_cnt=first_msg_cnt,
        origin=origin_of(config),
        tell=tell_of(config, first_msg_cnt),
        maps=own_maps(config, schemas),
        first_track_id=time.time_ns() * TRACKS_A_SECOND // SECOND_NS % 2**32,
    )


def _schemas(role: Role) -> dict[str, Schema]:
    """Schemas of all standards, and of the editions that the settings name."""
    config = role.config
    named = {config.unit.standard, *config.compose.standards}
    named |= {*(one.standard for one in config.radio), *(one.standard for one in config.map)}
    named |= {one.standard for one in config.controller}
    return {name: load_schema(name) for name in sorted({*STANDARDS, *named} - {""})}
