"""The record role: outcomes into the outbox, many in one commit, acknowledged when they are on the disk.

It takes the next number of each boot and nothing else: what it has already is passed over, and at a gap it asks for everything
that is not acknowledged. The outbox is the source of truth; the database gets it from there, in a thread of its own.
"""

from __future__ import annotations

import time
from collections import defaultdict

import msgspec

from rsu.config import database_url, state_path
from rsu.engine import Entry
from rsu.errors import RsuError, StoreError
from rsu.pipeline import envelope
from rsu.pipeline.envelope import Ack, Again, Counts, Outcomes
from rsu.pipeline.importance import NAMES
from rsu.pipeline.role import POLL_MS, Role, frames, send
from rsu.store.delivery import Delivery
from rsu.store.outbox import Outbox
from rsu.store.parcels import Parcel

MILLISECOND_NS = 1_000_000
SECOND_NS = 1_000_000_000
DAY_NS = 86_400_000_000_000
FRAMES_MAX = 1_024  # taken before the commit is looked at
DRAIN_S = 0.01  # between two looks at what the engine sent: many small frames, few awakenings
PENDING_OCTETS_MAX = 8_388_608  # that wait for a commit; it comes earlier then
AGAIN_NS = 1_000_000_000  # between two requests for records
EVICT_NS = 1_000_000_000
RETRY_NS = 1_000_000_000  # after a commit that failed
DATABASE = "database"
SETTLE_S = 10.0  # how long the database may take what is left at an orderly stop

_entries = msgspec.msgpack.Decoder(list[Entry])
_encoder = msgspec.msgpack.Encoder()

Boot = tuple[str, bytes]


def run(role: Role) -> None:
    """Runs until it is stopped; what came until then is committed, and handed to the database as far as it takes it at once."""
    record = RecordRole(role)
    try:
        while not role.stop.is_set():
            record.turn()
        record.finish()
    finally:
        record.close()


class Pending(msgspec.Struct):
    """What waits for the next commit, of one importance class and boot: bodies of MessagePack lists."""

    bodies: list[msgspec.Raw]
    records: int = 0
    oldest_ns: int = 0


class RecordRole:
    """The outbox and its sockets; :meth:`turn` is one look at them."""

    def __init__(self, role: Role) -> None:
        settings = role.config.store
        self.role = role
        path = state_path(role.config, settings.outbox)
        self.outbox = Outbox(path, octets_max=settings.outbox_octets_max, keep_ns=settings.keep_days * DAY_NS)
        self.outcomes = role.links.pull("outcomes")
        self.ack = role.links.push("ack")
        url = database_url(role.config)
        self.delivery = Delivery(path, url, keep_days=settings.database_keep_days) if url else None
        if self.delivery is not None:
            self.delivery.start()
        targets = {DATABASE: bool(url), "mqtt": role.config.mqtt is not None, "nats": role.config.nats is not None}
        self._targets = [name for name, wanted in targets.items() if wanted]
        self._heads: dict[Boot, int] = {}
        self._pending: defaultdict[tuple[int, str, bytes], Pending] = defaultdict(lambda: Pending([]))
        self._octets = 0
        self._counts: defaultdict[Boot, Counts] = defaultdict(Counts)
        self._told = ""  # what is wrong with the database, as it was last logged
        self._touched: set[Boot] = set()
        self._commit_due_ns = self._again_due_ns = self._evict_due_ns = 0
        role.meter.gauge("rsu_store_up", 1, store="outbox")
        send(self.ack, envelope.encode(Again(role="record")))

    def turn(self) -> None:
        """Waits for outcomes or the commit, whichever comes first."""
        now_ns = time.monotonic_ns()
        wait_ms = max((self._commit_due_ns - now_ns) // MILLISECOND_NS, 0) if self._touched else POLL_MS
        if self.outcomes.poll(min(wait_ms, POLL_MS)):
            for frame in frames(self.outcomes, FRAMES_MAX):
                self._take(frame)
            if self._octets < PENDING_OCTETS_MAX:
                time.sleep(DRAIN_S)
        now_ns = time.monotonic_ns()
        if self._touched and (now_ns >= self._commit_due_ns or self._octets >= PENDING_OCTETS_MAX):
            self._commit(now_ns)
        if now_ns >= self._evict_due_ns:
            self._evict(now_ns)
            self._measure()
        self.role.report()

    def finish(self) -> None:
        """Takes what is there, commits it, and lets the database have it."""
        for frame in frames(self.outcomes, FRAMES_MAX * 16):
            self._take(frame)
        if self._touched:
            self._commit(time.monotonic_ns())
        if self.delivery is not None:
            self.delivery.stop(settle_s=SETTLE_S)

    def close(self) -> None:
        if self.delivery is not None:
            self.delivery.stop()
        self.outcomes.close()
        self.ack.close(linger=1_000)
        self.outbox.close()

    # Taking ----------------------------------------------------------------------------------------------------------

    def _take(self, frame: bytes) -> None:
        outcomes = envelope.decode(frame)
        if not isinstance(outcomes, Outcomes):
            raise RsuError(f"outcomes: {type(outcomes).__name__} came where outcomes are expected")
        boot = (outcomes.rsu, outcomes.boot)
        head = self._heads.get(boot)
        if head is None:
            head = self._heads[boot] = self.outbox.head(*boot)
        if outcomes.last <= head:
            self._touch(boot)  # its acknowledgement may have been lost
            return
        if outcomes.first > head + 1:
            self._ask_again()
            return
        if outcomes.first <= head:
            outcomes = _behind(outcomes, head)
        self._heads[boot] = outcomes.last
        self._touch(boot)
        self._counts[boot].add(outcomes.counts)
        for number, body in outcomes.parts.items():
            pending = self._pending[number, *boot]
            pending.bodies.append(body)
            pending.oldest_ns = min(pending.oldest_ns or outcomes.oldest_ns, outcomes.oldest_ns)
            self._octets += len(bytes(body))

    def _touch(self, boot: Boot) -> None:
        if not self._touched:
            self._commit_due_ns = time.monotonic_ns() + self.role.config.store.commit_ms * MILLISECOND_NS
        self._touched.add(boot)

    def _ask_again(self) -> None:
        now_ns = time.monotonic_ns()
        if now_ns >= self._again_due_ns:
            self._again_due_ns = now_ns + AGAIN_NS
            send(self.ack, envelope.encode(Again(role="record")))

    # On the disk -----------------------------------------------------------------------------------------------------

    def _commit(self, now_ns: int) -> None:
        heads = {boot: self._heads[boot] for boot in self._touched}
        parcels = [_parcel(*key, pending) for key, pending in self._pending.items()]
        begun_ns = time.perf_counter_ns()
        try:
            self.outbox.put(parcels, heads, time.time_ns())
        except StoreError as error:
            self._refused(error, now_ns)
            return
        self.role.meter.stage("commit", time.perf_counter_ns() - begun_ns)
        self.role.meter.gauge("rsu_store_up", 1, store="outbox")
        for boot, last in heads.items():
            send(self.ack, envelope.encode(Ack(boot=boot[1], last=last, counts=self._counts.get(boot))))
        self._forget()
        if parcels and self.delivery is not None:
            self.delivery.wake()

    def _refused(self, error: StoreError, now_ns: int) -> None:
        """The disk takes nothing now: what is pending is kept, nothing is acknowledged, and ingest holds or sheds the rest.

        What the targets do not have yet makes room for it only when no more can be kept.
        """
        self.role.log.error("commit refused", reason=str(error))
        self.role.meter.gauge("rsu_store_up", 0, store="outbox")
        full = self._octets >= PENDING_OCTETS_MAX
        self._evict(now_ns, spare_owed=not full)
        if full:  # let go, to be asked for again
            self._forget()
            self._heads.clear()
        self._commit_due_ns = now_ns + RETRY_NS

    def _forget(self) -> None:
        """Nothing is pending any more."""
        self._pending.clear()
        self._touched.clear()
        self._counts.clear()
        self._octets = 0

    def _evict(self, now_ns: int, *, spare_owed: bool = True) -> None:
        self._evict_due_ns = now_ns + EVICT_NS
        try:
            evicted = self.outbox.evict(time.time_ns(), self._targets, spare_owed=spare_owed)
        except StoreError as error:  # another program took the reserve's room; the next look tries again
            self.role.log.error("eviction refused", reason=str(error))
            return
        for number, gone in evicted.items():
            self.role.meter.count("rsu_outbox_evicted_total", gone.records, importance=NAMES[number])

    def _measure(self) -> None:
        meter, now_ns = self.role.meter, time.time_ns()
        meter.gauge("rsu_queue_depth", sum(len(pending.bodies) for pending in self._pending.values()), queue="commit")
        usage = self.outbox.usage(self._targets)
        meter.gauge("rsu_outbox_octets", usage.octets_used)
        oldest_ns = min(filter(None, usage.undelivered_ns.values()), default=now_ns)
        meter.gauge("rsu_outbox_oldest_age_seconds", max(now_ns - oldest_ns, 0) / SECOND_NS)
        if self.delivery is not None:
            state = self.delivery.state()
            meter.gauge("rsu_store_up", float(state.connected), store=DATABASE)
            meter.gauge("rsu_uplink_up", float(state.connected), target=DATABASE)
            meter.gauge("rsu_upload_lag_seconds", state.lag_s(now_ns), target=DATABASE)
            if state.error != self._told:
                self._told = state.error
                if state.error:
                    self.role.log.warning("database does not take records", reason=state.error)
                    meter.event("fault", state.error, now_ns)


def _behind(outcomes: Outcomes, head: int) -> Outcomes:
    """Those of a frame that are behind ``head``: a frame that begins before it was cut anew when it was sent again."""
    parts: dict[int, msgspec.Raw] = {}
    counts = Counts()
    for number, body in outcomes.parts.items():
        entries = [entry for entry in _entries.decode(body) if entry.sequence > head]
        for entry in entries:
            counts.take(entry)
        if entries:
            parts[number] = msgspec.Raw(_encoder.encode(entries))
    return msgspec.structs.replace(outcomes, first=head + 1, parts=parts, counts=counts)


def _parcel(number: int, rsu: str, boot: bytes, pending: Pending) -> Parcel:
    body, records = joined(pending.bodies)
    return Parcel(importance=number, rsu=rsu, boot=boot, records=records, oldest_ns=pending.oldest_ns, body=body)


def joined(bodies: list[msgspec.Raw]) -> tuple[bytes, int]:
    """Several MessagePack lists as one, and how many entries it has, without reading the entries."""
    items: list[bytes] = []
    total = 0
    for body in bodies:
        octets = bytes(body)
        count, at = _list_head(octets)
        total += count
        items.append(octets[at:])
    return _list_of(total) + b"".join(items), total


def _list_head(octets: bytes) -> tuple[int, int]:
    """(entries, where they begin) of a MessagePack list."""
    first = octets[0]
    if first & 0xF0 == 0x90:
        return first & 0x0F, 1
    if first == 0xDC:
        return int.from_bytes(octets[1:3]), 3
    return int.from_bytes(octets[1:5]), 5


def _list_of(count: int) -> bytes:
    return b"\xdd" + count.to_bytes(4)
