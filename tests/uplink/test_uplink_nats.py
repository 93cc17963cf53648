"""The uplink against a real nats-server with JetStream: every record once in the stream, also when the hub dies."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import msgspec
import nats
import pytest
from nats.js.api import StreamConfig
from uplink_world import BOOT, START_NS, Daemon, Gate, Load, Running, Shelf, until

from rsu.config.sections import Config, Nats, Unit
from rsu.engine import Duplicate, Entry, Quarantined, Stored
from rsu.errors import ConfigError
from rsu.observability.meter import Meter
from rsu.uplink import Parameters, Uplink, backoff
from rsu.uplink.packing import Subjects
from rsu.uplink.target import Parameters as TargetParameters

QUICK = Parameters(
    backoff=backoff.Parameters(first_s=0.1, most_s=0.2), target=TargetParameters(idle_poll_s=0.02, ack_s_max=2.0)
)
Record = Callable[..., Stored]
Start = Callable[..., Running]


@pytest.fixture
def start(tmp_path: Path, shelf: Shelf, meter: Meter, closing: Callable[..., Any]) -> Start:
    """Starts an uplink of unit R1 to a hub."""

    def started(place: int | str, **settings: Any) -> Running:
        hub = f"127.0.0.1:{place}" if isinstance(place, int) else place
        config = Config(unit=Unit(id="R1", state_dir=str(tmp_path)), nats=Nats(servers=(f"nats://{hub}",), **settings))
        uplink = Uplink(config, shelf, meter, lambda _: None, dict, parameters=QUICK, clock=lambda: START_NS)
        running: Running = closing(Running(uplink))
        return running

    return started


def ask(port: int, question: Callable[[Any], Coroutine[Any, Any, Any]]) -> Any:
    """Ask the hub's JetStream."""

    async def asked() -> Any:
        client = await nats.connect(f"nats://127.0.0.1:{port}")
        try:
            return await question(client.jetstream())
        finally:
            await client.close()

    return asyncio.run(asked())


def stored(port: int, stream: str = "V2X") -> list[Any]:
    """All messages of a stream, in its order."""

    async def read(jetstream: Any) -> list[Any]:
        count = (await jetstream.stream_info(stream)).state.messages
        reader = await jetstream.subscribe("v2x.>", stream=stream, ordered_consumer=True)
        return [await reader.next_msg(timeout=10) for _ in range(count)]

    found: list[Any] = ask(port, read)
    return found


def refused(sequence: int) -> Quarantined:
    return Quarantined(
        rsu_id="R1", boot_id=BOOT, sequence=sequence, channel="pc5", source="radio0", receive_time_ns=START_NS,
        standard="csae-157", header="none", aid=None, type="", reason="truncated", path="", bit_offset=0, detail="",
        raw=b"\x00",
    )  # fmt: skip


def test_each_record_is_a_message_under_its_subject_with_its_identity(
    hub: Daemon, start: Start, shelf: Shelf, record: Record, meter: Meter
) -> None:
    echo = Duplicate(rsu_id="R1", boot_id=BOOT, sequence=4, source="radio1", receive_time_ns=START_NS, of="radio")
    entries: list[Entry] = [record(1), record(2, "MapData", channel="uu"), refused(3), echo]
    last = shelf.put(*entries)
    running = start(hub.port)
    until(lambda: shelf.delivered("nats") == last)
    messages = stored(hub.port)
    assert [message.subject for message in messages] == [
        "v2x.R1.pc5.BasicSafetyMessage", "v2x.R1.uu.MapData", "v2x.R1.pc5.quarantine"
    ]  # fmt: skip
    assert [message.headers["Nats-Msg-Id"] for message in messages] == [f"R1:{BOOT.hex()}:{number}" for number in (1, 2, 3)]
    assert [msgspec.msgpack.decode(message.data, type=Entry) for message in messages] == entries[:3]
    assert running.uplink.report()["nats"]["uploaded"] == 3
    counters = {(name, labels): value for name, labels, value in meter.report(0).counters}
    assert counters["rsu_uplink_passed_over_total", (("reason", "kind"), ("target", "nats"))] == 1


def test_a_hub_killed_under_load_has_every_record_exactly_once(
    hub: Daemon, start: Start, shelf: Shelf, record: Record, closing: Callable[..., Any]
) -> None:
    running = start(hub.port)
    load = closing(Load(shelf, record))
    for _ in range(10):
        begun = shelf.delivered("nats")
        until(lambda begun=begun: shelf.delivered("nats") > begun + 30)  # type: ignore[misc]
        hub.kill()
        hub.start()
    load.close()
    until(lambda: shelf.delivered("nats") == shelf.parcels[-1].id)
    identities = [message.headers["Nats-Msg-Id"] for message in stored(hub.port)]
    assert sorted(identities) == sorted(f"R1:{BOOT.hex()}:{number}" for number in range(1, load.sent + 1))
    moves = [number for _, number in shelf.moves]
    assert moves == sorted(set(moves))
    assert running.uplink.report()["nats"]["uploaded"] == load.sent


def test_a_cut_connection_and_a_lost_cursor_make_no_copies(
    hub: Daemon, start: Start, shelf: Shelf, record: Record, closing: Callable[..., Any]
) -> None:
    gate = closing(Gate(hub.port))
    running = start(gate.port)
    last = [shelf.put(record(number)) for number in range(1, 101)][-1]
    until(lambda: shelf.delivered("nats") > 0)
    gate.shut()
    gate.open()
    until(lambda: shelf.delivered("nats") == last)
    running.close()
    shelf.deliver("nats", 0)  # as from a backup: all is sent again
    start(gate.port)
    until(lambda: shelf.delivered("nats") == last)
    assert len(stored(hub.port)) == 100


def test_a_stream_of_the_administrator_is_used_as_it_is(hub: Daemon, start: Start, shelf: Shelf, record: Record) -> None:
    ask(hub.port, lambda jetstream: jetstream.add_stream(StreamConfig(name="ZONE", subjects=["v2x.>"], max_age=3_600)))
    last = shelf.put(record(1))
    start(hub.port, stream="ZONE")
    until(lambda: shelf.delivered("nats") == last)
    assert ask(hub.port, lambda jetstream: jetstream.stream_info("ZONE")).config.subjects == ["v2x.>"]


def test_a_stream_that_takes_other_subjects_is_explained_and_nothing_counts_as_delivered(
    hub: Daemon, start: Start, shelf: Shelf, record: Record
) -> None:
    ask(hub.port, lambda jetstream: jetstream.add_stream(StreamConfig(name="V2X", subjects=["other.>"])))
    shelf.put(record(1))
    running = start(hub.port)
    until(lambda: running.uplink.report()["nats"]["last_error"])
    reason = "no stream takes v2x.R1.pc5.BasicSafetyMessage: add 'v2x.*.*.*' to V2X"
    assert running.uplink.report()["nats"]["last_error"] == reason
    assert shelf.delivered("nats") == 0


def test_a_hub_without_permission_to_make_the_stream_is_explained(
    tmp_path: Path, hub: Daemon, start: Start, shelf: Shelf, record: Record, closing: Callable[..., Any]
) -> None:
    """An account that may publish, and ask for streams, and not make them."""
    conf = tmp_path / "hub.conf"
    allowed = ["v2x.>", "$JS.API.STREAM.INFO.*"]
    conf.write_text(
        f'jetstream {{ store_dir: "{tmp_path / "closed"}" }}\n'
        f"authorization {{ default_permissions = {{ publish = {json.dumps(allowed)}, subscribe = ['_INBOX.>'] }}\n"
        'users = [ { user: "unit", password: "secret" } ] }\n'
    )
    closed = closing(Daemon(lambda port: [hub.command[0], "-a", "127.0.0.1", "-p", str(port), "-c", str(conf)], tmp_path))
    closed.start()
    shelf.put(record(1))
    running = start(f"unit:secret@127.0.0.1:{closed.port}")
    until(lambda: "nats stream add V2X --subjects 'v2x.*.*.*'" in running.uplink.report()["nats"]["last_error"])
    assert shelf.delivered("nats") == 0


@pytest.mark.parametrize(
    ("template", "subject", "everything"),
    [
        ("v2x.{rsu}.{channel}.{type}", "v2x.R_1.pc5.SPAT", "v2x.*.*.*"),
        ("zone-7.{type}.{rsu}", "zone-7.SPAT.R_1", "zone-7.*.*"),
        ("v2x.{channel}-{type}", "v2x.pc5-SPAT", "v2x.*"),
    ],
)
def test_a_subject_follows_its_template_and_no_name_adds_a_token(template: str, subject: str, everything: str) -> None:
    subjects = Subjects(template)
    assert (subjects.of("R.1", "pc5", "SPAT"), subjects.all) == (subject, everything)


@pytest.mark.parametrize(
    "template", ["", "v2x.{rsu}", "v2x..{type}", "v2x.>.{type}", "v2x.{type}.", "v2x {type}", "v2x.{place}.{type}"]
)
def test_a_template_that_nats_does_not_take_is_refused(template: str) -> None:
    with pytest.raises(ConfigError, match="subject"):
        Subjects(template)
