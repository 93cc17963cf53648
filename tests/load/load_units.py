"""Starts the stand-in of a unit as a process and tells how to look at it."""

from __future__ import annotations

import os
import socket
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

from rsu.load.cores import family
from rsu.load.sender import Aim
from rsu.load.target import Target, stages_at
from rsu.load.unit import ledger_at

THERE_S_MAX = 60.0
ROOT = Path(__file__).resolve().parents[2]


class StandIn(NamedTuple):
    """A running stand-in, and an rsu.toml that tells where it is."""

    process: subprocess.Popen[bytes]
    target: Target
    settings: Path


class Rows:
    """Numbers on the disk, as the stand-in's database has them."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def head(self, rsu: str, boot: bytes) -> int:
        with sqlite3.connect(f"file:{self._path}?mode=ro", uri=True) as connection:
            row = connection.execute("SELECT max(sequence) FROM message WHERE rsu_id=? AND boot_id=?", (rsu, boot)).fetchone()
        return row[0] or 0


def free_port(kind: int) -> int:
    with socket.socket(socket.AF_INET, kind) as line:
        line.bind(("127.0.0.1", 0))
        return int(line.getsockname()[1])


def start(folder: Path, *words: str) -> StandIn:
    """A stand-in with its files in ``folder``; ``words`` as in :mod:`load_stand_in`. It answers already."""
    heard, pages = free_port(socket.SOCK_DGRAM), free_port(socket.SOCK_STREAM)
    bus, database = f"ipc://{folder}/bus", folder / "rsu.db"
    command = [sys.executable, str(Path(__file__).with_name("load_stand_in.py")), str(heard), bus, str(database), str(pages)]
    process = subprocess.Popen([*command, *words], env=os.environ | {"PYTHONPATH": str(ROOT)})
    target = Target(
        name="stand-in",
        bus=bus,
        aim=Aim("udp", f"127.0.0.1:{heard}"),
        pids=lambda: family(process.pid),
        rsu="bench",
        heads=Rows(database),
        ledger=lambda: ledger_at(f"sqlite:///{database}"),
        stages=stages_at(f"http://127.0.0.1:{pages}/metrics"),
        complaint=lambda: "" if process.poll() is None else "has ended",
    )
    settings = folder / "rsu.toml"
    settings.write_text(
        f'[unit]\nid = "bench"\nstate_dir = "{folder}"\n[pipeline]\nbus = "{bus}"\n'
        f'[observability]\nlisten = "127.0.0.1:{pages}"\n[[radio]]\nname = "bench"\nlisten = ["127.0.0.1:{heard}"]\n'
    )
    _wait(process, pages)
    return StandIn(process, target, settings)


def _wait(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + THERE_S_MAX
    while process.poll() is None and time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except ConnectionRefusedError:
            time.sleep(0.02)
        else:
            return
    raise AssertionError("the stand-in does not answer")
