"""Servers beside a unit: PostgreSQL as tests/store starts it, brokers as tests/uplink do; small disks."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from postgres_server import Server, running_postgres

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "uplink"))  # its world has the brokers and their subscribers

from fault_brokers import Daemon, mosquitto_daemon, nats_daemon


@pytest.fixture
def own_postgres() -> Iterator[Server]:
    """A running server that a test may kill and start."""
    with running_postgres() as server:
        yield server


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[Daemon]:
    """A running MQTT broker."""
    daemon = mosquitto_daemon(tmp_path / "mosquitto")
    daemon.start()
    yield daemon
    daemon.close()


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Daemon]:
    """A running NATS server with JetStream."""
    daemon = nats_daemon(tmp_path / "nats")
    daemon.start()
    yield daemon
    daemon.close()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 64 MB in memory, where a unit of ``tmp_path`` keeps its state."""
    folder = tmp_path / "state"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", str(folder)], capture_output=True, text=True)
    if mounted.returncode != 0:
        pytest.skip(f"a tmpfs cannot be mounted here: {mounted.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)
