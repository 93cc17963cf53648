"""The bus and the record role over real sockets: who asks gets, numbers tell gaps, and only the next number is taken."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest
import zmq

from rsu.config import Config, Observability, Pipeline, Store, Unit
from rsu.engine import Entry, Quarantined, Stored
from rsu.pipeline import envelope
from rsu.pipeline.bus import Bus
from rsu.pipeline.envelope import Ack, Again, Counts, Outcomes, View
from rsu.pipeline.links import Links
from rsu.pipeline.record import RecordRole
from rsu.pipeline.role import Role
from rsu.store.outbox import Outbox

BOOT = bytes(range(16))
DEADLINE_S = 20


@pytest.fixture
def links(tmp_path: Path) -> Iterator[Links]:
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    (tmp_path / "run").mkdir(mode=0o700)
    yield Links(context, tmp_path / "run", Pipeline())
    context.destroy(linger=0)


def stored(sequence: int, type_name: str = "BasicSafetyMessage") -> Stored:
    return Stored(
        rsu_id="u",
        boot_id=BOOT,
        sequence=sequence,
        channel="pc5",
        source="radio",
        receive_time_ns=1_780_000_000_000_000_000 + sequence,
        type=type_name,
        event_time_ns=1_780_000_000_000_000_000 + sequence,
        raw=b"\x01",
    )


# The bus ----------------------------------------------------------------------------------------------------------------


def subscriber(links: Links, bus: Bus, *topics: str) -> zmq.Socket[bytes]:
    socket = links.context.socket(zmq.SUB)
    socket.connect(links.address("bus"))
    for topic in topics:
        socket.subscribe(topic)
    end = time.monotonic() + DEADLINE_S
    while not all(bus._asks(topic) for topic in topics):
        assert time.monotonic() < end
        time.sleep(0.01)
        bus.listen()
    return socket


def heard(socket: zmq.Socket[bytes]) -> tuple[str, View]:
    assert socket.poll(DEADLINE_S * 1_000)
    topic, frame = socket.recv_multipart()
    view = envelope.decode(frame)
    assert isinstance(view, View)
    return topic.decode(), view


def test_a_subscriber_gets_what_it_asked_for_in_one_frame_a_batch(links: Links) -> None:
    bus = Bus(links.buses(), "u")
    socket = subscriber(links, bus, "raw.u.pc5.SPAT", "obs.u.pc5.BasicSafetyMessage")
    bus.show([stored(1), stored(2, "SPAT"), stored(3)])
    found = dict(heard(socket) for _ in range(2))
    assert [item.sequence for item in found["raw.u.pc5.SPAT"].items] == [2]
    views = found["obs.u.pc5.BasicSafetyMessage"].items
    assert [(item.sequence, item.raw) for item in views if isinstance(item, Stored)] == [(1, b""), (3, b"")]
    assert not socket.poll(50)
    bus.close()
    socket.close()


def test_each_topic_has_numbers_of_its_own(links: Links) -> None:
    bus = Bus(links.buses(), "u")
    socket = subscriber(links, bus, "raw.")
    for batch in ([stored(1)], [stored(2, "SPAT")], [stored(3)]):
        bus.show(batch)
    assert [(topic, view.number) for topic, view in (heard(socket) for _ in range(3))] == [
        ("raw.u.pc5.BasicSafetyMessage", 1),
        ("raw.u.pc5.SPAT", 1),
        ("raw.u.pc5.BasicSafetyMessage", 2),
    ]
    bus.close()
    socket.close()


def test_without_a_subscriber_nothing_is_numbered(links: Links) -> None:
    bus = Bus(links.buses(), "u")
    socket = subscriber(links, bus, "raw.")
    socket.close()
    end = time.monotonic() + DEADLINE_S
    while bus._wanted:
        assert time.monotonic() < end
        time.sleep(0.01)
        bus.listen()
    bus.show([stored(1)])
    assert not bus._numbers
    bus.close()


# The record role --------------------------------------------------------------------------------------------------------


class Recorder:
    """A record role without a database, turned by hand, with the sockets of the roles beside it."""

    def __init__(self, folder: Path, links: Links) -> None:
        config = Config(
            unit=Unit(id="u", state_dir=str(folder)),
            store=Store(url="", outbox=str(folder / "outbox.db"), commit_ms=1),
            observability=Observability(listen=""),
        )
        self.acks = links.pull("ack")
        self.role = RecordRole(Role("record", config, links))
        self.outcomes = links.push("outcomes")
        self.path = folder / "outbox.db"
        assert self.answers(1) == [Again(role="record")]

    def send(self, first: int, last: int, *, rejected: int = 0) -> None:
        entries: list[Entry] = [stored(sequence) for sequence in range(first, last + 1)]
        counts = Counts(stored=len(entries))
        body = msgspec.Raw(msgspec.msgpack.encode(entries))
        self.outcomes.send(
            envelope.encode(Outcomes(rsu="u", boot=BOOT, first=first, last=last, counts=counts, oldest_ns=1, parts={0: body}))
        )

    def answers(self, count: int) -> list[envelope.Envelope]:
        """The next answers to ingest, while the role turns."""
        found: list[envelope.Envelope] = []
        end = time.monotonic() + DEADLINE_S
        while len(found) < count:
            assert time.monotonic() < end, found
            if hasattr(self, "role"):
                self.role.turn()
            if self.acks.poll(5):
                found.append(envelope.decode(self.acks.recv()))
        return found

    def sequences(self) -> list[int]:
        with Outbox.reader(self.path) as reader:
            bodies = [parcel.body for parcel in reader.after(0, 10**9)]
        return [entry.sequence for body in bodies for entry in msgspec.msgpack.decode(body, type=list[Entry])]

    def close(self) -> None:
        self.role.close()
        self.outcomes.close()
        self.acks.close()


@pytest.fixture
def recorder(tmp_path: Path, links: Links) -> Iterator[Recorder]:
    made = Recorder(tmp_path, links)
    yield made
    made.close()


def acknowledged(answers: list[envelope.Envelope]) -> list[tuple[int, int]]:
    """(last, stored) of each acknowledgement."""
    return [(answer.last, answer.counts.stored if answer.counts else 0) for answer in answers if isinstance(answer, Ack)]


def test_what_is_committed_is_acknowledged_with_its_counts(recorder: Recorder) -> None:
    recorder.send(1, 3)
    assert acknowledged(recorder.answers(1)) == [(3, 3)]
    recorder.send(4, 4)
    assert acknowledged(recorder.answers(1)) == [(4, 1)]
    assert recorder.sequences() == [1, 2, 3, 4]


def test_what_is_there_already_is_acknowledged_once_more_and_not_stored(recorder: Recorder) -> None:
    recorder.send(1, 3)
    recorder.answers(1)
    recorder.send(2, 3)
    assert acknowledged(recorder.answers(1)) == [(3, 0)]
    assert recorder.sequences() == [1, 2, 3]


def test_at_a_gap_everything_is_asked_for_and_nothing_taken(recorder: Recorder) -> None:
    recorder.send(1, 2)
    recorder.answers(1)
    recorder.send(4, 5)
    assert recorder.answers(1) == [Again(role="record")]
    recorder.send(3, 5)
    assert acknowledged(recorder.answers(1)) == [(5, 3)]
    assert recorder.sequences() == [1, 2, 3, 4, 5]


def test_of_a_frame_that_begins_before_the_last_number_only_the_rest_is_taken(recorder: Recorder) -> None:
    recorder.send(1, 3)
    recorder.answers(1)
    recorder.send(2, 6)
    assert acknowledged(recorder.answers(1)) == [(6, 3)]
    assert recorder.sequences() == [1, 2, 3, 4, 5, 6]


def test_a_new_recorder_goes_on_where_the_old_one_ended(tmp_path: Path, links: Links) -> None:
    first = Recorder(tmp_path, links)
    first.send(1, 3)
    first.answers(1)
    first.close()
    second = Recorder(tmp_path, links)
    second.send(1, 5)
    assert acknowledged(second.answers(1)) == [(5, 2)]
    assert second.sequences() == [1, 2, 3, 4, 5]
    second.close()


# Envelopes from outside -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("frame", "reason"),
    [
        (b"", "truncated"),
        (b"\xc1", "malformed"),
        (msgspec.msgpack.encode({"kind": "nothing"}), "nothing"),
        (msgspec.msgpack.encode({"kind": "ack", "boot": b"", "last": "3"}), "last"),
        (msgspec.msgpack.encode({"kind": "ack", "v": 2, "boot": b"", "last": 3}), "v = 2"),
    ],
    ids=["empty", "no-messagepack", "unknown-kind", "wrong-type", "another-version"],
)
def test_what_is_no_envelope_is_refused_with_the_place(frame: bytes, reason: str) -> None:
    with pytest.raises(envelope.SourceError, match=reason):
        envelope.decode(frame)


@pytest.mark.parametrize("make", [lambda: stored(7), lambda: Ack(boot=BOOT, last=7)], ids=["outcome", "ack"])
def test_what_is_written_is_read(make: Callable[[], object]) -> None:
    made = make()
    if isinstance(made, Stored | Quarantined):
        made = View(rsu="u", number=1, sent_ns=2, items=[made])
    assert isinstance(made, envelope.Envelope)
    assert envelope.decode(envelope.encode(made)) == made
