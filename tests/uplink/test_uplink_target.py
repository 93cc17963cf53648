"""The cursor behind the acknowledgements, and the small parts beside it, without a network."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from uplink_world import START_NS, Shelf

from rsu.config.sections import Config, Mqtt, Nats, Unit
from rsu.engine import Stored
from rsu.errors import ConfigError
from rsu.observability.meter import Meter
from rsu.uplink import Uplink, keeping, links, running
from rsu.uplink.backoff import Backoff
from rsu.uplink.backoff import Parameters as BackoffParameters
from rsu.uplink.parcels import Stocked, entries_of
from rsu.uplink.target import LinkError, Message, Parameters, Target

Record = Callable[..., Stored]


def target_of(shelf: Shelf, meter: Meter, **parameters: Any) -> Target:
    """Each record of a parcel is a message with its sequence number as topic."""

    def prepare(parcel: Stocked) -> list[Message]:
        return [Message(str(entry.sequence), b"") for entry in entries_of(parcel)]

    return Target("t", shelf, meter, prepare, lambda: START_NS, Parameters(idle_poll_s=0.001, **parameters))


def forward(target: Target, send: Callable[[Message], Awaitable[None]], lost: Callable[[], None] = lambda: None) -> None:
    """Until it raises; a minute at most."""
    asyncio.run(asyncio.wait_for(target.forward(send, lost), 60))


class Wire:
    """Acknowledges in any order, and breaks when ``breaks_at`` messages went over it."""

    def __init__(self, seed: int, breaks_at: int) -> None:
        self.sent: list[int] = []
        self.acknowledged: set[int] = set()
        self.open = 0
        self.open_most = 0
        self._random = random.Random(seed)
        self._breaks_at = breaks_at

    async def send(self, message: Message) -> None:
        self.sent.append(int(message.topic))
        if len(self.sent) >= self._breaks_at:
            raise LinkError("cut")
        self.open += 1
        self.open_most = max(self.open_most, self.open)
        try:
            for _ in range(self._random.randrange(4)):
                await asyncio.sleep(0)
        finally:
            self.open -= 1
        self.acknowledged.add(int(message.topic))


@given(st.integers(0, 2**32), st.lists(st.integers(1, 40), min_size=1, max_size=8))
def test_whatever_breaks_whenever_the_cursor_is_never_ahead_and_all_is_sent_in_order(seed: int, breaks: list[int]) -> None:
    shelf, meter = Shelf(), Meter("uplink", 1, 0)
    made = [Stored(rsu_id="R1", boot_id=b"", sequence=number, channel="pc5", source="r", receive_time_ns=1, type="T",
                   event_time_ns=1, raw=b"") for number in range(1, 31)]  # fmt: skip
    ends = {shelf.put(*made[first : first + 3]): first + 3 for first in range(0, 30, 3)}
    target = target_of(shelf, meter, messages_in_flight=4, parcels_in_flight=3)
    acknowledged: set[int] = set()
    for breaks_at in [*breaks, *[40] * 31]:
        wire = Wire(seed, breaks_at)

        def lost(wire: Wire = wire, before: frozenset[int] = frozenset(acknowledged)) -> None:
            behind = set(range(1, ends.get(shelf.delivered("t"), 0) + 1))
            assert behind <= before | wire.acknowledged
            if shelf.delivered("t") == shelf.parcels[-1].id:
                raise LinkError("all is delivered")

        with pytest.raises(LinkError):
            forward(target, wire.send, lost)
        assert wire.sent == sorted(wire.sent) and wire.open_most <= 4
        acknowledged |= wire.acknowledged
        if shelf.delivered("t") == shelf.parcels[-1].id:
            break
    assert acknowledged == set(range(1, 31))
    moves = [number for _, number in shelf.moves]
    assert moves == sorted(set(moves)) and set(moves) <= set(ends)
    assert target.uploaded == 30 and not target._prepared


def test_a_parcel_is_made_once_so_that_the_second_sending_is_the_same(shelf: Shelf, meter: Meter, record: Record) -> None:
    calls = []

    def prepare(parcel: Stocked) -> list[Message]:
        calls.append(parcel.id)
        return [Message(f"call {len(calls)}", b"")]

    shelf.put(record(1))
    target = Target("t", shelf, meter, prepare, lambda: START_NS)
    sent = []

    async def breaks(message: Message) -> None:
        sent.append(message.topic)
        raise LinkError("cut")

    for _ in range(2):
        with pytest.raises(LinkError):
            forward(target, breaks)
    assert sent == ["call 1", "call 1"]


def test_a_parcel_that_cannot_be_read_is_counted_and_does_not_hold_up_the_next(
    shelf: Shelf, meter: Meter, record: Record
) -> None:
    shelf.put(body=b"\xc1")
    last = shelf.put(record(2))
    target = target_of(shelf, meter)
    sent = []

    async def send(message: Message) -> None:
        sent.append(message.topic)

    def lost() -> None:
        if shelf.delivered("t") == last:
            raise LinkError("done")

    with pytest.raises(LinkError, match="done"):
        forward(target, send, lost)
    assert sent == ["2"] and "parcel 3 of the outbox" in target.last_error


def test_what_is_never_acknowledged_ends_the_connection(shelf: Shelf, meter: Meter, record: Record) -> None:
    shelf.put(*(record(number) for number in range(3)))

    async def hangs(_: Message) -> None:
        await asyncio.Event().wait()

    with pytest.raises(LinkError, match="nothing was acknowledged"):
        forward(target_of(shelf, meter, messages_in_flight=2, ack_s_max=0.01), hangs)
    assert shelf.delivered("t") == 0


def test_waits_grow_with_jitter_up_to_the_most_and_begin_anew_after_success() -> None:
    backoff = Backoff(BackoffParameters(first_s=1, factor=2, most_s=5, least_s=0.1), lambda: 0.5)
    assert [backoff.wait_s() for _ in range(5)] == [0.5, 1.0, 2.0, 2.5, 2.5]
    backoff.reset()
    assert backoff.wait_s() == 0.5
    assert Backoff(BackoffParameters(least_s=0.1), lambda: 0.0).wait_s() == 0.1


@pytest.mark.parametrize(
    ("sections", "reason"),
    [
        ({"mqtt": Mqtt(host="h", topic_up="x")}, "topic_up"),
        ({"mqtt": Mqtt(host="h", rsu_number="123456789")}, "rsu_number"),
        ({"nats": Nats(servers=())}, "servers is empty"),
        ({"nats": Nats(servers=("nats://h",), subject="x")}, "subject"),
    ],
)
def test_settings_that_cannot_work_are_told_at_the_start(
    tmp_path: Path, shelf: Shelf, meter: Meter, sections: dict[str, Any], reason: str
) -> None:
    config = Config(unit=Unit(state_dir=str(tmp_path)), **sections)
    with pytest.raises(ConfigError, match=reason):
        Uplink(config, shelf, meter, lambda _: None, dict)


def test_damaged_orders_are_counted_and_do_not_keep_the_unit_from_serving(tmp_path: Path, shelf: Shelf, meter: Meter) -> None:
    (tmp_path / keeping.FILE).write_bytes(b"{")
    Uplink(Config(unit=Unit(state_dir=str(tmp_path)), mqtt=Mqtt(host="h")), shelf, meter, lambda _: None, dict)
    assert [name for name, _, _ in meter.report(0).counters] == ["rsu_uplink_errors_total"]


def test_a_secret_is_the_line_of_its_file_and_a_missing_one_names_the_key(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("correct horse\n")
    assert links.read_secret(str(tmp_path / "password"), "[mqtt] password_file") == "correct horse"
    assert links.read_secret("", "[mqtt] password_file") == ""
    with pytest.raises(ConfigError, match="password_file"):
        links.read_secret(str(tmp_path / "none"), "[mqtt] password_file")


@pytest.mark.parametrize("files", [("none", "", ""), ("", "cert", "")], ids=["no-such-ca", "no-ca"])
def test_encryption_that_cannot_be_set_up_names_the_key(files: tuple[str, str, str]) -> None:
    with pytest.raises(ConfigError, match="tls_c"):
        links.tls_context(*files, "[mqtt]")


STAT = "cpu  100 0 50 800 50 0 0 0 0 0\ncpu0 100 0 50 800 50 0 0 0 0 0\n"
NET = "Inter-|\n face |bytes\n    lo: 9 9 0 0 0 0 0 0 9 9 0 0 0 0 0 0\n  eth0: 1000 10 0 0 0 0 0 0 2000 20 0 0 0 0 0 0\n"
DISKS = " 8 0 sda 5 0 100 0 7 0 200 0 0 0 0\n 8 1 sda1 5 0 100 0 7 0 200 0 0 0 0\n 7 0 loop0 9 0 9 0 9 0 9 0 0 0 0\n"


def test_the_figures_of_proc_are_read_as_proc_5_describes_them() -> None:
    assert running.jiffies(STAT) == (150, 1_000)
    assert running.packets(NET) == (1_000, 10, 2_000, 20)
    assert running.transfers(DISKS) == (12, 100, 200)
    memory = "MemTotal: 2048 kB\nMemFree: 100 kB\nMemAvailable: 512 kB\n"
    assert running.memory(memory) == {"total": 2.0, "used": 1.5, "free": 0.5}


def test_figures_that_are_not_there_are_nothing() -> None:
    assert (running.jiffies(""), running.memory("")) == ((0, 0), {})
    assert (running.packets(""), running.transfers("")) == ((0, 0, 0, 0), (0, 0, 0))


def test_rates_are_between_two_measurements() -> None:
    before = running.Counters(0, 100, 1_000, (1_000, 10, 2_000, 20), (12, 100, 200))
    now = running.Counters(2_000_000_000, 150, 1_200, (3_000, 20, 2_000, 26), (16, 104, 208))
    assert running.rates(before, now) == {
        "cpu": {"uti": "25.0%"},
        "disk": {"tps": 2, "read": 1.0, "write": 2.0},
        "net": {"rx": 5.0, "tx": 3.0, "rxByte": 1_000.0, "txByte": 0.0},
    }


def test_a_box_without_proc_reports_what_it_knows(tmp_path: Path) -> None:
    measured = running.Running(tmp_path, tmp_path / "none").measure(1)
    assert (measured["mem"], measured["net"], set(measured["disk"])) == ({}, {}, {"total", "used", "free"})
