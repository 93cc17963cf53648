"""The ingest role: polls everything the unit hears, numbers it, and holds it until it is on the disk."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Callable, Iterable

import zmq

from rsu.config import Config, state_path
from rsu.errors import SourceError
from rsu.observability.clock import clock_quality
from rsu.pipeline import envelope
from rsu.pipeline.envelope import Ack, Again, Counts, Inlet, Records
from rsu.pipeline.importance import classify
from rsu.pipeline.patience import Patience
from rsu.pipeline.role import POLL_MS, Role, send
from rsu.pipeline.role import frames as waiting_frames
from rsu.pipeline.selftest import SOURCE as OWN
from rsu.pipeline.selftest import SelfTest
from rsu.pipeline.window import Batch, Parameters, Window
from rsu.received import Received
from rsu.sinks.background import BackgroundRecording
from rsu.sinks.rotating import RotatingSink
from rsu.sources.live import open_live_sources
from rsu.sources.live.base import RECEIVE_MAX, Heard, LiveSource

MILLISECOND_NS = 1_000_000
TICK_NS = 100 * MILLISECOND_NS
CLOCK_NS = 1_000 * MILLISECOND_NS  # between two looks at how good the clock is
BOOT_OCTETS = 16
INLET_FRAMES_MAX = 64  # taken from the inlet before the radios are looked at again
BATCHES_MAX = 64  # sent before the radios are looked at again
DRAIN_S = 5.0  # how long an orderly stop waits for the recorder


def run(role: Role) -> None:
    """Runs until it is stopped and everything received is on the disk, or the recorder does not answer."""
    records = role.links.push("records")
    ingest = Ingest(role, lambda found: send(records, envelope.encode(found)), records)
    try:
        while not role.stop.is_set():
            ingest.turn(POLL_MS)
        ingest.drain()
    finally:
        ingest.close()
        records.close()


class Ingest:
    """Its sockets and its window; :meth:`turn` is one look at everything.

    :param hand_on: gives records to the engine; False where it takes none now.
    :param records: the socket behind ``hand_on``, which becomes writable again; None where it always takes them.
    """

    def __init__(self, role: Role, hand_on: Callable[[Records], bool], records: zmq.Socket[bytes] | None) -> None:
        settings = role.config.pipeline
        self.role = role
        self.rsu = role.config.unit.id
        self.boot = os.urandom(BOOT_OCTETS)
        self.window = Window(self.rsu, self.boot, _parameters(role), classify)
        self._patience = Patience(time.monotonic_ns())
        self.selftest = SelfTest(settings.selftest_s)
        self.recording = _recording(role.config, self.boot)
        self._hand_on = hand_on
        self._records_socket = records
        # With the engine in this thread the radios are looked at between two batches: what is too much is shed here, by rule.
        self._batches_a_turn = BATCHES_MAX if records is not None else 1
        self.ack = role.links.pull("ack")
        self.inlets = role.links.inlets()
        self.sources: list[LiveSource] = open_live_sources(role.config)
        self._by_fileno = {fileno: source for source in self.sources for fileno in source.filenos()}
        self._faults = {source.name: dict(source.faults) for source in self.sources}
        self._tick_due_ns = self._clock_due_ns = 0
        self._clock_error_us: int | None = None
        self._blocked = False
        self._poller = zmq.Poller()
        for readable in (self.ack, *self.inlets, *self._by_fileno):
            self._poller.register(readable, zmq.POLLIN)

    def turn(self, timeout_ms: int) -> None:
        """Waits until something is there, and takes all that is; not while records wait that the engine would take."""
        for ready, _ in self._poller.poll(0 if self.window.ready and not self._blocked else timeout_ms):
            if ready is self.ack:
                self._take_acks()
            elif ready in self.inlets:
                self._take_inlet(ready)
            elif ready in self._by_fileno:
                source = self._by_fileno[ready]
                self._take(source.receive(RECEIVE_MAX))
        now_ns = time.monotonic_ns()
        if now_ns >= self._tick_due_ns:
            self._tick(now_ns)
        self._send()

    def drain(self, beside: Callable[[], None] = lambda: None) -> None:
        """Takes what the kernel holds already, then waits until the recorder has everything.

        :param beside: called between two looks.
        """
        until = time.monotonic() + DRAIN_S
        last_ns = time.time_ns()
        for source in self.sources:
            heard = source.receive(RECEIVE_MAX)
            while heard and time.monotonic() < until:
                self._take(heard)
                self.turn(0)
                beside()
                heard = source.receive(RECEIVE_MAX) if heard[-1].receive_time_ns <= last_ns else []
        for fileno in self._by_fileno:
            self._poller.unregister(fileno)
        self._by_fileno.clear()
        while self.window.acknowledged < self.window.last and time.monotonic() < until:
            self.turn(POLL_MS // 10)
            beside()

    def close(self) -> None:
        for source in self.sources:
            source.close()
        if self.recording is not None:
            self.recording.close()
        for socket in (self.ack, *self.inlets):
            socket.close()
        self._measure()

    # What comes in -----------------------------------------------------------------------------------------------

    def _take(self, heard: Iterable[Heard]) -> None:
        since_ns = self._patience.turn(time.monotonic_ns(), waiting=self._blocked)
        records = []
        for item in heard:
            record = Received(
                rsu_id=self.rsu,
                boot_id=self.boot,
                sequence=self.window.last + 1,
                channel=item.channel,
                source=item.source,
                receive_time_ns=item.receive_time_ns,
                data=item.data,
                content=item.content,
                record_type=item.record_type,
                header=item.header,
                standard=item.standard,
                damage=item.damage,
                clock_error_us=self._clock_error_us,
                meta=item.meta or {},
            )
            self.window.add(record, since_ns)
            records.append(record)
        for source, count in Counter(record.source for record in records).items():
            self.role.meter.count("rsu_source_records_total", count, source=source)
        if self.recording is not None:
            self.recording.offer(records)

    def _take_inlet(self, inlet: zmq.Socket[bytes]) -> None:
        for frame in waiting_frames(inlet, INLET_FRAMES_MAX):
            try:
                pushed = envelope.decode(frame)
                if not isinstance(pushed, Inlet):
                    raise SourceError(f"envelope: kind {type(pushed).__name__} is not taken here, only heard")
            except SourceError:
                self.role.meter.count("rsu_source_faults_total", source="inlet", fault="envelope")
                continue
            now_ns = time.time_ns()
            self._take(
                Heard(
                    source=item.source,
                    receive_time_ns=item.receive_time_ns or now_ns,
                    data=item.data,
                    channel=item.channel,
                    content=item.content,
                    record_type=item.record_type,
                    header=item.header,
                    standard=item.standard,
                    meta=item.meta,
                )
                for item in pushed.items
            )

    def _take_acks(self) -> None:
        for frame in waiting_frames(self.ack, RECEIVE_MAX):
            answer = envelope.decode(frame)
            if isinstance(answer, Ack):
                if answer.boot == self.boot:
                    self.window.acknowledge(answer.last)
                    self._count(answer.counts)
                    if passed := self.selftest.acknowledge(answer.last):
                        self.role.meter.count("rsu_selftest_passed_total", passed)
            elif isinstance(answer, Again):
                self._take_again(answer.role)

    def _take_again(self, asking: str) -> None:
        if self.window.acknowledged == self.window.last:
            return
        what = f"the {asking} role asks for unacknowledged records again"
        if (poison := self.window.again(died=asking == "engine")) is not None:
            self.role.log.critical("poison", source=poison.source, header=poison.header, octets=poison.data.hex())
            what = f"{poison.source}: the engine dies of a record; it is shed, and its octets are in the log"
        self.role.meter.event("event", what, time.time_ns())

    def _count(self, counts: Counts | None) -> None:
        """The ledger is kept here, where it is known what was received: it holds in each report."""
        if counts is None:
            return
        meter = self.role.meter
        meter.count("rsu_messages_stored_total", counts.stored)
        meter.count("rsu_messages_duplicate_total", counts.duplicates)
        for reason, count in counts.rejected.items():
            meter.count("rsu_messages_rejected_total", count, reason=reason)
        for reason, count in counts.shed.items():
            meter.count("rsu_shed_total", count, reason=reason)

    # What goes on ------------------------------------------------------------------------------------------------

    def _send(self) -> None:
        now_ns = time.monotonic_ns()
        if self.window.waiting:
            self.window.shed_aged(self._patience.turn(now_ns, waiting=self._blocked))
        for _ in range(self._batches_a_turn):
            batch = self.window.next_batch()
            if batch is None:
                break
            if not self._hand_on(self._records(batch)):
                self.window.take_back(batch)
                self._watch(True)
                return
            self._patience.taken(now_ns)
            self.window.sent()
        self._watch(False)

    def _watch(self, blocked: bool) -> None:
        """Wakes up when the engine takes records again, but only while it does not."""
        if blocked == self._blocked or self._records_socket is None:
            return
        self._blocked = blocked
        if blocked:
            self._poller.register(self._records_socket, zmq.POLLOUT)
        else:
            self._poller.unregister(self._records_socket)

    def _records(self, batch: Batch) -> Records:
        return Records(
            rsu=self.rsu,
            boot=self.boot,
            first=batch.first,
            last=batch.last,
            items=batch.items,
            shed=[shed for shed in batch.shed if shed.source != OWN],
            selftests=self.selftest.among(batch.first, batch.last),
        )

    # Every 100 ms ------------------------------------------------------------------------------------------------

    def _tick(self, now_ns: int) -> None:
        self._tick_due_ns = now_ns + TICK_NS
        wall_ns = time.time_ns()
        if now_ns >= self._clock_due_ns:
            self._clock_due_ns = now_ns + CLOCK_NS
            self._clock_error_us = round(clock_quality().error_s * 1_000_000)
        for source in self.sources:
            source.tick(wall_ns)
        if not self.role.stop.is_set() and self.selftest.due(now_ns):
            self.selftest.sent(self.window.last + 1, now_ns)
            record = self.selftest.record(self.rsu, self.boot, self.window.last + 1, wall_ns)
            self.window.add(record, self._patience.time_ns)
        self._measure()
        self.role.report()

    def _measure(self) -> None:
        meter = self.role.meter
        if self.recording is not None:
            self.recording.measure(meter)
        meter.gauge("rsu_queue_depth", self.window.waiting, queue="records")
        meter.gauge("rsu_queue_depth", self.window.records, queue="window")
        in_flight = self.window.last - self.window.acknowledged - self.selftest.waiting
        meter.gauge("rsu_records_in_flight", in_flight)
        for source in self.sources:
            told = self._faults[source.name]
            for fault, count in source.faults.items():
                if count != told.get(fault, 0):
                    meter.count("rsu_source_faults_total", count - told.get(fault, 0), source=source.name, fault=fault)
                    told[fault] = count


def _recording(config: Config, boot: bytes) -> BackgroundRecording | None:
    """The unit's own recording, where the settings want one."""
    if not config.recording.dir:
        return None
    folder = state_path(config, config.recording.dir)
    return BackgroundRecording(RotatingSink.of(folder, config.recording, config.unit.id, boot, config.unit.standard))


def _parameters(role: Role) -> Parameters:
    settings = role.config.pipeline
    return Parameters(
        records_max=settings.window_records_max,
        octets_max=settings.window_octets_max,
        age_ns_max=settings.age_ms_max * MILLISECOND_NS,
        batch_records_max=settings.batch_records_max,
    )
