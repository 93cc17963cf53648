"""The README's tour of a live unit, word by word: the example's settings, the simulators, no server; on ports of its own."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).resolve().parent.parent
DEADLINE_S = 60.0
UDP, TCP = socket.SOCK_DGRAM, socket.SOCK_STREAM
PORTS = {46800: UDP, 46801: UDP, 41743: UDP, 47100: UDP, 9117: TCP}  # of the example
HEARD = {"BasicSafetyMessage", "SPAT", "RoadsideSafetyMessage", "MapData", "SignalReport", "DetectedObject"}


def tour(document: str, heading: str) -> list[str]:
    """The commands of the first block below a heading, without their comments."""
    text = (CHECKOUT / document).read_text(encoding="utf-8")
    block = re.search(rf"^## {heading}\n.*?^```sh\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    assert block is not None
    return [line.partition("#")[0].strip() for line in block[1].splitlines()]


def sections(status: str) -> set[str]:
    """First words of the tables and lines of `rsu status`."""
    return set(re.findall(r"^ (\w+)  [^\n]*\n ─", status, re.MULTILINE) + re.findall(r"^(\w+)  ", status, re.MULTILINE))


def explained(document: str) -> set[str]:
    """Those that a README explains, in the table that begins with health."""
    text = (CHECKOUT / document).read_text(encoding="utf-8")
    table = re.search(r"^\| health.*?(?=^$)", text, re.MULTILINE | re.DOTALL)
    assert table is not None
    return {word for row in table[0].splitlines() for word in re.findall(r"[a-z]+", row.split("|")[1])}


def types_heard(top: subprocess.CompletedProcess[str]) -> set[str]:
    """The types in a frame of `rsu top` that arrive now."""
    assert top.returncode == 0, top.stderr
    rows = re.findall(r"^ (\w+) +([\d.]+) +[\d.]+ +[\d,]+\b", top.stdout, re.MULTILINE)
    return {name for name, now in rows if float(now) > 0}


def until(holds: Callable[[], Any], what: str) -> Any:
    end = time.monotonic() + DEADLINE_S
    while not (found := holds()):
        assert time.monotonic() < end, f"after {DEADLINE_S} s still not: {what}"
        time.sleep(0.05)
    return found


def free_port(kind: int) -> int:
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Newcomer:
    """A folder, and a shell in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ports = {port: free_port(kind) for port, kind in PORTS.items()}
        self.url = f"http://127.0.0.1:{self.ports[9117]}"
        tools = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        own = {
            "PATH": tools,
            "PYTHONPATH": str(CHECKOUT),
            "RSU_URL": self.url,
            "COLUMNS": "110",
            "LINES": "50",
            "TERM": "xterm",
        }
        self.environ = {**os.environ, **own}

    def runs(self, command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["bash", "-c", command], cwd=self.folder, env=self.environ, capture_output=True, text=True, timeout=DEADLINE_S
        )

    @contextmanager
    def keeps_running(self, command: str) -> Iterator[subprocess.Popen[str]]:
        """The command of a terminal of its own."""
        with (self.folder / "errors.log").open("a") as errors:
            process = subprocess.Popen(
                ["bash", "-c", f"exec {command}"],
                cwd=self.folder,
                env=self.environ,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )
        try:
            yield process
        finally:
            process.kill()
            process.communicate()

    def watches(self, command: str, wanted: str, key: bytes) -> str:
        """What a terminal shows until something stands on it and the key is pressed; the command must then end with 0."""
        main, side = pty.openpty()
        process = subprocess.Popen(
            ["bash", "-c", f"exec {command}"], cwd=self.folder, env=self.environ, stdin=side, stdout=side
        )
        os.close(side)
        shown, end = "", time.monotonic() + DEADLINE_S
        try:
            while wanted not in shown:
                assert time.monotonic() < end, f"not seen: {wanted}\n{shown}"
                if select.select([main], [], [], 1)[0]:
                    shown += os.read(main, 65_536).decode(errors="replace")
            os.write(main, key)
            assert process.wait(DEADLINE_S) == 0
        finally:
            process.kill()
            os.close(main)
        return shown

    def on_ports_of_its_own(self) -> None:
        file = self.folder / "rsu.toml"
        text = file.read_text(encoding="utf-8")
        for port, free in self.ports.items():
            assert f":{port}" in text
            text = text.replace(f":{port}", f":{free}")
        file.write_text(text, encoding="utf-8")

    def is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/readyz", timeout=5) as answer:
                return bool(json.load(answer)["ok"])
        except OSError:
            return False

    def has_rows(self) -> bool:
        try:
            return self.rows() > (0,)
        except sqlite3.OperationalError:  # no file or no table yet
            return False

    def rows(self, query: str = "SELECT count(*) FROM message") -> tuple[int, ...]:
        with closing(sqlite3.connect(self.folder / "state" / "rsu.db", timeout=10)) as connection:
            return tuple(connection.execute(query).fetchone())


def test_the_tour_of_the_readme(tmp_path: Path) -> None:
    example, run, simulate, top, status, query = tour("README.md", "A live unit")
    newcomer = Newcomer(tmp_path)
    assert newcomer.runs(example).returncode == 0
    newcomer.on_ports_of_its_own()
    with newcomer.keeps_running(run) as unit, newcomer.keeps_running(simulate) as simulators:
        until(newcomer.is_ready, "the unit is ready")
        until(newcomer.has_rows, "rows in the database")
        (before,) = newcomer.rows()

        newcomer.watches(top, "BasicSafetyMessage", b"q")
        until(lambda: types_heard(newcomer.runs(f"{top} --once")) >= HEARD, "all that the simulators send, in rsu top")

        said = newcomer.runs(status)
        assert said.returncode in (0, 6), said.stdout  # 6 where nothing keeps the clock right
        assert {"role", "ledger"} <= sections(said.stdout)
        for document in ("README.md", "README.zh-CN.md"):
            assert sections(said.stdout) <= explained(document)
        found = newcomer.runs(query)
        assert found.returncode == 0 and found.stdout.count(" BasicSafetyMessage ") == 3
        until(lambda: newcomer.rows() > (before + 100,), "100 rows more")

        simulators.send_signal(signal.SIGINT)
        assert simulators.wait(DEADLINE_S) == 0
        unit.send_signal(signal.SIGTERM)
        output, _ = unit.communicate(timeout=DEADLINE_S)
        assert unit.returncode == 0
    (stored,) = newcomer.rows()
    assert output.splitlines()[-1] == f"stopped; {stored:,} messages stored"
    assert newcomer.rows("SELECT sum(received) - sum(stored) - sum(quarantined) - sum(duplicate) - sum(shed) FROM ledger") == (
        0,
    )


def test_both_readmes_have_the_same_tour() -> None:
    assert tour("README.md", "A live unit") == tour("README.zh-CN.md", "一台运行中的单元")
