"""A reader of the bus: views as the engine shows them, gaps counted, strange frames passed over."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import zmq

from rsu.config import Pipeline
from rsu.engine import Quarantined, Stored
from rsu.errors import ConfigError
from rsu.pipeline.bus import Bus
from rsu.pipeline.envelope import Ack, View, encode
from rsu.pipeline.links import Links
from rsu.pipeline.tap import WITH_OCTETS, Tap
from rsu.security.curve import stop_authenticator
from rsu.security.keys import allow, make_keys

WAIT_S = 10


def message(number: int) -> Stored:
    return Stored(
        rsu_id="R1", boot_id=bytes(16), sequence=number, channel="pc5", source="radio0", receive_time_ns=number,
        standard="csae-53", type="SPAT", event_time_ns=number, raw=b"\x01",
    )  # fmt: skip


def reject(number: int) -> Quarantined:
    return Quarantined(
        rsu_id="R1", boot_id=bytes(16), sequence=number, channel="pc5", source="radio0", receive_time_ns=number, standard="",
        header="none", aid=None, type="", reason="truncated", path="", bit_offset=0, detail="", raw=b"\x02",
    )  # fmt: skip


class Unit:
    """The bus of a unit."""

    def __init__(self, folder: Path, settings: Pipeline | None = None) -> None:
        self.context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        links = Links(self.context, folder, settings or Pipeline())
        self.endpoint = links.address("bus")
        self.sockets = links.buses()
        self.bus = Bus(self.sockets, "R1")

    def wait_for(self, tap: Tap) -> None:
        """Until the subscriber's topics are here; it must look at its socket, for only then they are said anew."""
        until = time.monotonic() + WAIT_S
        while len(self.bus._wanted) < len(WITH_OCTETS):
            assert time.monotonic() < until
            assert tap.receive(0.02) == []
            self.bus.listen()

    def close(self) -> None:
        self.bus.close()
        stop_authenticator(self.context)
        self.context.term()


@pytest.fixture
def unit(tmp_path: Path) -> Iterator[Unit]:
    opened = Unit(tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def tap(unit: Unit) -> Iterator[Tap]:
    opened = Tap(unit.endpoint)
    unit.wait_for(opened)
    yield opened
    opened.close()


def views(tap: Tap, count: int) -> list[View]:
    found: list[View] = []
    while len(found) < count and (more := tap.receive(WAIT_S)):
        found += more
    return found


def test_messages_and_rejects_come_with_their_octets(unit: Unit, tap: Tap) -> None:
    unit.bus.show([message(1), reject(2), message(3)])
    items = [item for view in views(tap, 2) for item in view.items]
    assert sorted(items, key=lambda item: item.sequence) == [message(1), reject(2), message(3)]
    assert tap.counts == {"views": 2}


def test_a_gap_in_the_numbers_is_what_was_missed(unit: Unit, tap: Tap) -> None:
    topic = b"raw.R1.pc5.SPAT"
    for number in (1, 2, 5, 6, 1, 2):  # 3 and 4 are missed; then the engine starts again
        frame = encode(View(rsu="R1", number=number, sent_ns=0, items=[]))
        unit.sockets[0].send_multipart([topic, frame])
    assert [view.number for view in views(tap, 6)] == [1, 2, 5, 6, 1, 2]
    assert tap.counts["missed"] == 2


def test_what_is_no_view_is_counted_and_passed_over(unit: Unit, tap: Tap) -> None:
    good = encode(View(rsu="R1", number=1, sent_ns=0, items=[]))
    for frames in ([b"raw.x", b"noise"], [b"raw.x"], [b"raw.x", encode(Ack(boot=b"", last=1))], [b"raw.x", b"", good]):
        unit.sockets[0].send_multipart(frames)
    unit.sockets[0].send_multipart([b"raw.x", good])
    assert len(views(tap, 1)) == 1
    assert tap.counts == {"views": 1, "malformed": 4}


def test_a_unit_that_starts_again_is_heard_again(tmp_path: Path) -> None:
    first = Unit(tmp_path)
    tap = Tap(first.endpoint)
    first.wait_for(tap)
    first.bus.show([message(1)])
    assert len(views(tap, 1)) == 1
    first.close()
    second = Unit(tmp_path)
    second.wait_for(tap)
    second.bus.show([message(2)])
    assert [view.items for view in views(tap, 1)] == [[message(2)]]
    assert tap.counts == {"views": 2}
    tap.close()
    second.close()


def test_a_bus_in_the_network_is_heard_with_keys_that_it_allows(tmp_path: Path) -> None:
    keys = tmp_path / "keys"
    make_keys(keys, "server")
    allow(keys, make_keys(keys, "client").public)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        endpoint = f"tcp://127.0.0.1:{probe.getsockname()[1]}"
    unit = Unit(tmp_path, Pipeline(bus=endpoint, curve_dir=str(keys)))
    tap = Tap(endpoint, curve_dir=str(keys))
    unit.wait_for(tap)
    unit.bus.show([message(1)])
    assert [view.items for view in views(tap, 1)] == [[message(1)]]
    tap.close()
    unit.close()


@pytest.mark.parametrize("endpoint", ["tcp://127.0.0.1:1", "nonsense", "ipc://"])
def test_an_endpoint_that_cannot_be_used_is_refused(endpoint: str) -> None:
    with pytest.raises(ConfigError):
        Tap(endpoint)
