"""Notifications, at a real datagram socket."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from rsu.observability.systemd import Notifier


class Systemd:
    """The other end of $NOTIFY_SOCKET."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind("\0" + path[1:] if path.startswith("@") else path)
        self.socket.settimeout(5)

    def heard(self) -> list[str]:
        return self.socket.recv(4_096).decode().split("\n")


@pytest.fixture(params=["file", "abstract"])
def systemd(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Systemd]:
    path = str(tmp_path / "notify") if request.param == "file" else f"@rsu-test-{os.getpid()}"
    opened = Systemd(path)
    yield opened
    opened.socket.close()


def test_the_life_of_a_unit(systemd: Systemd) -> None:
    notifier = Notifier({"NOTIFY_SOCKET": systemd.path})
    assert notifier.active
    assert notifier.ready("hears\n2 radios")
    assert systemd.heard() == ["READY=1", "STATUS=hears 2 radios"]  # a line break would be a field of its own
    assert notifier.watchdog()
    assert systemd.heard() == ["WATCHDOG=1"]
    assert notifier.status("2,000 messages/s")
    assert systemd.heard() == ["STATUS=2,000 messages/s"]
    assert notifier.status("2,000 messages/s")  # said already
    assert notifier.stopping()
    assert systemd.heard() == ["STOPPING=1"]


@pytest.mark.parametrize("environment", [{}, {"NOTIFY_SOCKET": ""}, {"NOTIFY_SOCKET": "/nowhere/notify"}])
def test_without_systemd_nothing_is_sent_and_nothing_fails(environment: dict[str, str]) -> None:
    notifier = Notifier(environment)
    assert not notifier.ready()
    assert not notifier.watchdog()


def test_a_systemd_that_reads_nothing_does_not_hold_us_up(tmp_path: Path) -> None:
    deaf = Systemd(str(tmp_path / "notify"))
    notifier = Notifier({"NOTIFY_SOCKET": deaf.path})
    assert not all(notifier.watchdog() for _ in range(10_000))  # until its buffer is full
    deaf.socket.close()


@pytest.mark.parametrize(
    ("environment", "seconds"),
    [
        ({"WATCHDOG_USEC": "30000000"}, 10.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": str(os.getpid())}, 10.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "1"}, 0.0),
        ({"WATCHDOG_USEC": "0"}, 0.0),
        ({"WATCHDOG_USEC": "often"}, 0.0),
        ({}, 0.0),
    ],
)
def test_how_often_a_sign_of_life_is_due(environment: dict[str, str], seconds: float) -> None:
    assert Notifier(environment).watchdog_s == seconds
