"""A unit of its own for a test: `rsu run` in a process, datagrams into it, and what it says, stores and acknowledges."""

from __future__ import annotations

import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import rsu
from rsu.frames import wrap_payload

ROOT = Path(__file__).resolve().parent.parent.parent
DEADLINE_S = 60.0
ROLES = ("ingest", "engine", "record", "uplink", "broadcast")
EACH_ALONE = tuple((role,) for role in ROLES)


def until(holds: Callable[[], Any], what: str, deadline_s: float = DEADLINE_S) -> Any:
    """Waits until something is true; gives what it is."""
    end = time.monotonic() + deadline_s
    while not (found := holds()):
        assert time.monotonic() < end, f"after {deadline_s} s still not: {what}"
        time.sleep(0.02)
    return found


def free_port(kind: int = socket.SOCK_DGRAM) -> int:
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@cache
def _template() -> tuple[bytes, int]:
    """A BSM in DSMP, and where its id stands."""
    schema = rsu.load_schema("csae-53")
    frames = []
    for number in (0, 2**64 - 1):
        value = {
            "msgCnt": 0,
            "id": number.to_bytes(8, "big"),
            "secMark": 100,
            "pos": {"lat": 295_000_000, "long": 1_065_000_000},
            "transmission": "park",
            "speed": 1_000,
            "heading": 0,
            "accelSet": {"long": 0, "lat": 0, "vert": 0, "yaw": 0},
            "brakes": {},
            "size": {"width": 180, "length": 480},
            "vehicleClass": {"classification": 10},
        }
        frames.append(schema.encode("MessageFrame", ("bsmFrame", value)))
    return frames[0], (int.from_bytes(frames[0], "big") ^ int.from_bytes(frames[1], "big")).bit_length() - 64


def bsm(number: int) -> bytes:
    """A frame like no other: a BSM whose sender's id is the number."""
    payload, shift = _template()
    octets = (int.from_bytes(payload, "big") | number << shift).to_bytes(len(payload), "big")
    return wrap_payload(octets, "dsmp", 111)


class LiveUnit:
    """`rsu run` with one radio.

    :param more: lines of its rsu.toml; ``pipeline`` and ``store`` those of these tables.
    """

    def __init__(
        self,
        folder: Path,
        *,
        processes: tuple[tuple[str, ...], ...] = (("ingest", "engine"), ("record", "uplink", "broadcast")),
        pipeline: str = "",
        store: str = "",
        more: str = "",
        selftest_s: float = 0.5,
        environ: Mapping[str, str] | None = None,
        wrap: tuple[str, ...] = (),
    ) -> None:
        self.folder = folder
        self.port = free_port()
        self.page = free_port(socket.SOCK_STREAM)
        self.state = folder / "state"
        self.config = folder / "rsu.toml"
        self.config.write_text(
            f"""
[unit]
id = "rsu-t"
standard = "csae-157"
lat_deg = 29.5
lon_deg = 106.5
state_dir = "{self.state}"
[[radio]]
name = "pc5"
listen = ["127.0.0.1:{self.port}"]
[pipeline]
processes = {json.dumps(processes)}
selftest_s = {selftest_s}
restart_s_max = 0.5
{pipeline}
[store]
commit_ms = 50
{store}
[observability]
listen = "127.0.0.1:{self.page}"
{more}
""",
            encoding="utf-8",
        )
        self.log = folder / "unit.log"
        self._wrap = wrap
        self._environ = dict(environ or {})
        self.sent = 0
        self._radio = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> LiveUnit:
        try:
            self.start()
        except BaseException:  # a unit that does not get ready must not run on behind the next tests
            if self.process is not None:
                self.process.kill()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        if self.process is not None and self.process.poll() is None:
            self.stop()
        self._radio.close()

    def start(self) -> None:
        environ = {**os.environ, "PYTHONPATH": str(ROOT), **self._environ}
        with self.log.open("ab") as log:
            command = [*self._wrap, sys.executable, "-m", "rsu.cli", "run", "-c", str(self.config)]
            self.process = subprocess.Popen(command, cwd=self.folder, env=environ, stdout=log, stderr=log)
        until(self.ready, f"ready\n{self.log.read_text(errors='replace')[-2000:]}")

    def stop(self, deadline_s: float = DEADLINE_S) -> int:
        """An orderly end; gives the exit code."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(deadline_s)

    def kill(self, role: str) -> None:
        """``kill -9`` of the process that has the role, and waits until another one has it."""
        pid = int(until(lambda: self.pid(role), f"{role} is up"))  # 0 would be our own process group
        os.kill(pid, signal.SIGKILL)
        until(lambda: self.pid(role) not in (0, pid), f"{role} runs again")

    # Sending ---------------------------------------------------------------------------------------------------------

    def send(self, count: int, rate: float = 2_000.0) -> range:
        """So many frames, each with a number of its own; gives the numbers."""
        numbers = range(self.sent, self.sent + count)
        begun = time.monotonic()
        for place, number in enumerate(numbers):
            ahead = begun + place / rate - time.monotonic()
            if ahead > 0.001:
                time.sleep(ahead)
            self.send_octets(bsm(number))
        self.sent += count
        return numbers

    def send_octets(self, octets: bytes, port: int = 0) -> None:
        self._radio.sendto(octets, ("127.0.0.1", port or self.port))

    def in_kernel(self) -> tuple[int, int]:
        """Octets that the radio's socket holds and the unit has not taken yet, datagrams it had no room for (/proc/net/udp)."""
        lines = [line.split() for line in Path("/proc/net/udp").read_text(encoding="ascii").splitlines()[1:]]
        ours = [line for line in lines if line[1].endswith(f":{self.port:04X}")]
        return sum(int(line[4].partition(":")[2], 16) for line in ours), sum(int(line[-1]) for line in ours)

    # What it says ----------------------------------------------------------------------------------------------------

    def get(self, page: str) -> bytes:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.page}{page}", timeout=5) as answer:
            return bytes(answer.read())

    def ready(self) -> bool:
        assert self.process is not None and self.process.poll() is None, self.log.read_text(errors="replace")[-3000:]
        try:
            return bool(json.loads(self.get("/readyz"))["ok"])
        except (OSError, ValueError):
            return False

    def status(self) -> dict[str, Any]:
        return dict(json.loads(self.get("/status")))

    def pid(self, role: str) -> int:
        return next((int(row["pid"] or 0) for row in self.status()["roles"] if row["role"] == role and row["up"]), 0)

    def metrics(self) -> dict[str, float]:
        lines = self.get("/metrics").decode().splitlines()
        return {line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in lines if line and line[0] != "#"}

    # What it stored --------------------------------------------------------------------------------------------------

    def rows(self, query: str) -> list[Any]:
        with closing(sqlite3.connect(self.state / "rsu.db", timeout=10)) as connection:
            return connection.execute(query).fetchall()

    def numbers(self) -> list[int]:
        """The numbers of the frames in the database."""
        return [int(sender, 16) for (sender,) in self.rows("SELECT sender FROM message WHERE type = 'BasicSafetyMessage'")]

    def stored(self) -> int:
        try:
            return int(self.rows("SELECT count(*) FROM message")[0][0])
        except sqlite3.OperationalError:
            return 0

    def ledger(self) -> dict[str, int]:
        names = ("received", "stored", "quarantined", "duplicate", "shed")
        sums = ", ".join(f"coalesce(sum({name}), 0)" for name in names)
        return dict(zip(names, self.rows(f"SELECT {sums} FROM ledger")[0], strict=True))

    def heads(self) -> dict[bytes, int]:
        """Boot → the last number that the recorder has acknowledged."""
        with closing(sqlite3.connect(self.state / "outbox.db", timeout=10)) as connection:
            return dict(connection.execute("SELECT boot, last FROM head").fetchall())

    def lost_and_twice(self) -> tuple[int, int]:
        """How many acknowledged numbers have no row, and how many rows have no number of their own, over all boots."""
        lost = twice = 0
        for boot, last in self.heads().items():
            tables = ("message", "quarantine")
            select = " UNION ALL ".join(f"SELECT sequence FROM {name} WHERE boot_id = x'{boot.hex()}'" for name in tables)
            within = f"count(DISTINCT CASE WHEN sequence BETWEEN 1 AND {last} THEN sequence END)"
            ((rows, numbers),) = self.rows(f"SELECT count(*), {within} FROM ({select})")
            lost, twice = lost + last - numbers, twice + rows - numbers
        return lost, twice

    def assert_exactly_once(self) -> None:
        """Of each boot every acknowledged number has one row, and nothing else has; for a unit without selftests."""
        assert self.lost_and_twice() == (0, 0)
        assert len(set(self.numbers())) == len(self.numbers())
        ledger = self.ledger()
        assert is_balanced(ledger) and ledger["received"] == sum(self.heads().values())


def keep_sending(unit: LiveUnit, done: threading.Event, rate: float = 1_000.0) -> None:
    """Sends until it is told to end; for a thread."""
    while not done.is_set():
        unit.send(round(rate / 10), rate)


def is_balanced(ledger: dict[str, int]) -> bool:
    return ledger["received"] == ledger["stored"] + ledger["quarantined"] + ledger["duplicate"] + ledger["shed"]


@contextmanager
def load(unit: LiveUnit, rate: float = 1_000.0) -> Iterator[None]:
    """Sends at a rate all the while."""
    done = threading.Event()
    sender = threading.Thread(target=keep_sending, args=(unit, done, rate))
    sender.start()
    try:
        yield
    finally:
        done.set()
        sender.join()
