"""The example clients of docs/clients join a unit that runs: inside the box, and over tcp:// with keys of `rsu keys`."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import zmq
from live_unit import DEADLINE_S, ROOT, LiveUnit, bsm, free_port, until

from rsu.engine import Stored
from rsu.pipeline.envelope import Ack, View, encode

CLIENTS = ROOT / "docs" / "clients"
HEADER = Path("/usr/include/zmq.h")
TOPIC = "raw.rsu-t.pc5.BasicSafetyMessage"
# With the sanitizers an octet read past the end of a frame is an error, and not luck.
COMPILE = ["cc", "-std=gnu11", "-Wall", "-Wextra", "-Werror", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover"]


def rsu_keys(*words: str | Path) -> None:
    command = [sys.executable, "-m", "rsu.cli", "keys", *map(str, words)]
    subprocess.run(command, check=True, capture_output=True, env={**os.environ, "PYTHONPATH": str(ROOT)})


class Outside:
    """A unit with tcp:// endpoints, and the keys of a client that it lets in."""

    def __init__(self, folder: Path) -> None:
        self.keys = folder / "client-keys"
        rsu_keys("make", folder / "keys", "server")
        rsu_keys("make", self.keys, "viewer")
        rsu_keys("allow", folder / "keys", self.keys / "viewer.key")
        shutil.copy(folder / "keys" / "server.key", self.keys)
        self.ports = {link: free_port(socket.SOCK_STREAM) for link in ("inlet", "bus")}
        lines = [f'{link} = "tcp://127.0.0.1:{port}"' for link, port in self.ports.items()]
        self.unit = LiveUnit(folder, pipeline="\n".join([*lines, f'curve_dir = "{folder / "keys"}"']))

    def words(self, link: str, transport: str) -> list[str]:
        """What a client's command line says of where to go."""
        if transport == "ipc":
            return [f"ipc://{self.unit.state / 'run' / link}"]
        return ["-k", str(self.keys), "-n", "viewer", f"tcp://127.0.0.1:{self.ports[link]}"]


@pytest.fixture(scope="module")
def outside(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Outside]:
    outside = Outside(tmp_path_factory.mktemp("unit"))
    with outside.unit:
        yield outside


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    if shutil.which("cc") is None or not HEADER.exists():
        pytest.skip("the C client needs cc and zmq.h (Debian: gcc, libzmq3-dev)")
    program = tmp_path_factory.mktemp("c") / "subscribe"
    subprocess.run([*COMPILE, "-o", str(program), str(CLIENTS / "subscribe.c"), "-lzmq"], check=True)
    return [str(program)]


@pytest.fixture(params=["c", "python"])
def subscribe(request: pytest.FixtureRequest) -> list[str]:
    """The subscriber's command."""
    if request.param == "python":
        return [sys.executable, str(CLIENTS / "subscribe.py")]
    return list(request.getfixturevalue("compiled"))


def started(command: list[str]) -> subprocess.Popen[str]:
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.mark.parametrize("transport", ["ipc", "tcp"])
def test_a_subscriber_sees_each_record_with_its_octets(outside: Outside, subscribe: list[str], transport: str) -> None:
    unit = outside.unit
    process = started([*subscribe, "-c", "20", *outside.words("bus", transport), TOPIC])
    try:
        until(lambda: unit.send(1, 200.0) and process.poll() is not None, "20 records at the subscriber")
        output, errors = process.communicate(timeout=DEADLINE_S)
    finally:
        process.kill()
    assert (process.returncode, errors) == (0, "")
    rows = [line.split(" ") for line in output.splitlines()]
    frames = [int(row[1]) for row in rows]
    assert {(row[0], row[3]) for row in rows} == {(TOPIC, "pc5")}
    assert len(rows) >= 20 and frames == sorted(frames)
    sent = [bsm(number).hex() for number in range(unit.sent)]
    assert [row[4] for row in rows] == sent[(begun := sent.index(rows[0][4])) : begun + len(rows)]


@pytest.mark.parametrize("transport", ["ipc", "tcp"])
def test_what_is_pushed_is_stored(outside: Outside, transport: str) -> None:
    first = 2**40 + (transport == "tcp") * 2**20
    lines = "".join(f"{bsm(first + number).hex()}\n" for number in range(300))
    words = ["--source", f"push-{transport}", *outside.words("inlet", transport)]
    done = subprocess.run([sys.executable, str(CLIENTS / "push.py"), *words], input=lines, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "300 pushed\n", "")
    pushed = f"SELECT sender, channel FROM message WHERE source = 'push-{transport}' ORDER BY sequence"
    rows = until(lambda: len(found := outside.unit.rows(pushed)) == 300 and found, "300 rows")
    assert [(int(sender, 16), channel) for sender, channel in rows] == [(first + number, "uu") for number in range(300)]


def test_a_push_where_no_unit_is_ends_with_an_error(tmp_path: Path) -> None:
    words = ["--wait", "0.2", f"ipc://{tmp_path}/nobody"]
    done = subprocess.run([sys.executable, str(CLIENTS / "push.py"), *words], input="00\n", capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr == f"push.py: ipc://{tmp_path}/nobody: no unit takes records there; 0 pushed\n"


class FakeBus:
    """Frames as a bus would send them, and some that it would not."""

    def __init__(self, endpoint: str) -> None:
        self.context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self.socket = self.context.socket(zmq.XPUB)
        self.socket.set(zmq.SNDHWM, 0)
        self.socket.bind(endpoint)

    def send(self, *frames: bytes) -> None:
        self.socket.send_multipart([TOPIC.encode(), *frames])

    def close(self) -> None:
        self.socket.close(1_000)
        self.context.term()


def view(number: int) -> bytes:
    """A frame with one record; what is in it has every MessagePack form that the bus uses."""
    item = Stored(
        rsu_id="rsu-t", boot_id=bytes(16), sequence=2**33 + number, channel="pc5", source="radio0", receive_time_ns=2**60,
        standard="csae-53", aid=111, type="BasicSafetyMessage", event_time_ns=2**60, lat_e7=-295_000_000, lon_e7=-7,
        speed_mps=1.5, raw=bytes(300), warning="w" * 40,
    )  # fmt: skip
    return encode(View(rsu="rsu-t", number=number, sent_ns=time.time_ns(), items=[item]))


def shown(subscribe: list[str], folder: Path, frames: list[list[bytes]], records: int) -> tuple[str, str]:
    """What a subscriber prints of these frames."""
    endpoint = f"ipc://{folder}/bus"
    bus = FakeBus(endpoint)
    process = started([*subscribe, "-c", str(records), endpoint, TOPIC])
    try:
        assert bus.socket.poll(DEADLINE_S * 1_000), "no subscription"
        for each in frames:
            bus.send(*each)
        output, errors = process.communicate(timeout=DEADLINE_S)
    finally:
        process.kill()
        bus.close()
    assert process.returncode == 0, errors
    return output, errors


def test_a_subscriber_tells_gaps_and_a_new_start(subscribe: list[str], tmp_path: Path) -> None:
    output, errors = shown(subscribe, tmp_path, [[view(number)] for number in (3, 4, 7, 8, 1, 2)], 6)
    line = "{} {} {} radio0 {}".format
    lines = [line(TOPIC, number, 2**33 + number, bytes(300).hex()) for number in (3, 4, 7, 8, 1, 2)]
    lines.insert(4, f"restarted {TOPIC}")
    lines.insert(2, f"missed 2 {TOPIC}")
    assert (output.splitlines(), errors) == (lines, "")


def test_a_subscriber_passes_over_what_is_no_view(subscribe: list[str], tmp_path: Path) -> None:
    """Every beginning of a frame, other envelopes, a later version, frames too many and too few."""
    whole = view(1)
    later = whole.replace(b"\xa4kind\xa4view", b"\xa4kind\xa4view\xa1v\x02").replace(whole[:1], bytes([whole[0] + 1]), 1)
    strange = [[whole[:length]] for length in range(len(whole))]
    strange += [
        [encode(Ack(boot=b"", last=1))],
        [later],
        [],
        [whole, whole],
        [b"\xdd\xff\xff\xff\xff"],
        [b"\xdf\xff\xff\xff\xff" * 3],
    ]
    output, errors = shown(subscribe, tmp_path, [*strange, [whole]], 1)
    assert len(output.splitlines()) == 1
    assert len(errors.splitlines()) == len(strange)
