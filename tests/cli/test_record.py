"""`rsu record`: from a unit's bus and from UDP ports, to the digest of what was stored."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import zmq
from cli_calls import CHECKOUT, Run

import rsu
from rsu.config import Config, Unit, run_dir
from rsu.engine import Engine, Outcome, Settings
from rsu.pipeline.bus import Bus
from rsu.pipeline.links import Links
from rsu.pipeline.tap import WITH_OCTETS
from rsu.received import Received
from rsu.replay import Options, replay
from rsu.sources import open_source
from rsu.store import open_store

BOOT = b"\x05" * 16
WAIT_S = 30
LOG = CHECKOUT / "replay_logs" / "city_minute.pcap"


class Recording:
    """`rsu record` as a process of its own."""

    def __init__(self, *arguments: str | Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "rsu.cli", "record", "--json", *map(str, arguments)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(CHECKOUT)},
        )

    def result(self) -> dict[str, Any]:
        out, errors = self.process.communicate(timeout=WAIT_S)
        assert self.process.returncode == 0, errors.decode()
        found: dict[str, Any] = json.loads(out)
        return found


@pytest.fixture
def context() -> Iterator[zmq.Context[zmq.Socket[bytes]]]:
    opened: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    yield opened
    opened.destroy(0)


def heard() -> list[Received]:
    """Frames of the bundled log as a unit with settings of its own hears them, and what is no message."""
    records: list[Received] = []
    with open_source(LOG, rsu_id="R1") as source:
        for one in list(source)[:400]:
            records.append(_as_live(one, len(records) + 1))
            if len(records) % 10 == 0:
                records.append(_as_live(one, len(records) + 1, data=one.data[:-4]))
            if len(records) % 50 == 0:
                records.append(_as_live(one, len(records) + 1, data=b"turn left", content="text", record_type="driverAlert"))
    return records


def _as_live(one: Received, number: int, **more: Any) -> Received:
    changed = {"boot_id": BOOT, "sequence": number, "channel": "pc5", "source": "radio0", **more}
    return msgspec.structs.replace(one, **changed)


def test_a_recording_of_the_bus_replays_to_the_digest_of_what_the_unit_stored(
    tmp_path: Path, context: zmq.Context[zmq.Socket[bytes]]
) -> None:
    config = tmp_path / "rsu.toml"
    state = tmp_path / "s"
    config.write_text(f'[unit]\nid = "R1"\nstate_dir = "{state}"\n')
    settings = Config(unit=Unit(id="R1", state_dir=str(state)))
    bus = Bus(Links(context, run_dir(settings), settings.pipeline).buses(), "R1")
    records = heard()
    recording = Recording("-o", tmp_path / "out", "-c", config, "--records", str(len(records)), "--format", "jsonl")
    while len(bus._wanted) < len(WITH_OCTETS):
        assert bus.sockets[0].poll(WAIT_S * 1000)
        bus.listen()
    engine = Engine(Settings(), {name: rsu.load_schema(name) for name in ("csae-53", "csae-157", "sae-j2735")})
    outcomes: list[Outcome] = [engine.step(one, one.receive_time_ns) for one in records]
    for at in range(0, len(outcomes), 64):
        bus.show(outcomes[at : at + 64])
    result = recording.result()
    assert (result["written"], result["lost"], result["missed_views"], result["uncertain"]) == (len(records), 0, 0, 0)
    with open_store("sqlite://") as live:
        tally = live.write(outcomes)
        digest = live.digest([("R1", BOOT)])
    with open_store("sqlite://") as store:
        replayed = replay(sorted((tmp_path / "out").iterdir()), store, Options())
    assert replayed.digest == digest
    assert (replayed.stored, replayed.quarantined) == (tally.stored, tally.quarantined)
    assert replayed.quarantined > 20
    bus.close()


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


def send_until_heard(port: int, frames: list[bytes], folder: Path) -> None:
    """The port is open when a first datagram does not come back as an ICMP error, which a connected socket tells."""
    until = time.monotonic() + WAIT_S
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
        out.connect(("127.0.0.1", port))
        while time.monotonic() < until:
            try:
                out.send(frames[0])
                time.sleep(0.02)
                out.send(frames[0])
                break
            except ConnectionRefusedError:
                time.sleep(0.05)
        for frame in frames[1:]:
            out.send(frame)


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_ports_are_recorded_until_a_signal_ends_it(tmp_path: Path, stop: signal.Signals) -> None:
    port = free_port()
    out = tmp_path / "out"
    recording = Recording(
        "-o", out, "--listen", f"127.0.0.1:{port}", "--rsu", "R7", "--standard", "sae-j2735", "--file-seconds", "3600"
    )
    frames = [bytes([0, 20, number]) for number in range(20)]
    send_until_heard(port, frames, out)
    until = time.monotonic() + WAIT_S
    while not _octets(out) and time.monotonic() < until:  # flushed after a second
        time.sleep(0.05)
    recording.process.send_signal(stop)
    result = recording.result()
    (file,) = out.iterdir()
    assert file.name.startswith("R7_") and file.suffix == ".mcap"
    with open_source(file) as source:
        records = list(source)
    assert {one.data for one in records} == set(frames)
    assert [one.sequence for one in records] == list(range(1, len(records) + 1))
    assert {(one.rsu_id, one.channel, one.source, one.standard) for one in records} == {
        ("R7", "pc5", f"udp:{port}", "sae-j2735")
    }
    assert result["written"] == len(records)


def _octets(folder: Path) -> int:
    return sum(path.stat().st_size > 1_000 for path in folder.iterdir()) if folder.exists() else 0


def test_it_ends_after_its_seconds_and_leaves_no_empty_file(tmp_path: Path, rsu_run: Run) -> None:
    result = rsu_run("record", "-o", tmp_path / "out", "--listen", "127.0.0.1:0", "--seconds", "0.1")
    assert result.exit_code == 0
    assert "0 records in" in result.stdout
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ([], 2),
        (["--listen", "127.0.0.1:0", "--bus", "ipc:///tmp/x"], 2),
        (["--listen", "nowhere"], 5),
        (["--listen", "127.0.0.1:99999"], 5),
        (["--bus", "tcp://127.0.0.1:1"], 5),
        (["-c", "missing.toml"], 5),
        (["--listen", "127.0.0.1:0", "--format", "pcap"], 2),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_cannot_be_recorded_is_refused(tmp_path: Path, rsu_run: Run, arguments: list[str], code: int) -> None:
    assert rsu_run("record", "-o", tmp_path, *arguments).exit_code == code
