"""Notifications to systemd (``Type=notify``): ready, status line, watchdog, stopping. Without systemd nothing is sent.

sd_notify(3): datagrams of ``NAME=value`` lines to the socket that ``$NOTIFY_SOCKET`` names; ``@`` is the abstract namespace.
"""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Mapping

WATCHDOG_PARTS = 3  # systemd recommends at least two signs of life in each interval


class Notifier:
    """The unit's voice to systemd.

    :param environment: of the process; ``NOTIFY_SOCKET``, ``WATCHDOG_USEC`` and ``WATCHDOG_PID`` count.
    """

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        path = environment.get("NOTIFY_SOCKET", "")
        self._address = "\0" + path[1:] if path.startswith("@") else path
        self._status = ""
        self.watchdog_s = _watchdog_s(environment)

    @property
    def active(self) -> bool:
        """Whether somebody listens."""
        return bool(self._address)

    def ready(self, status: str = "") -> bool:
        """The unit does its work."""
        return self._send("READY=1", status)

    def status(self, status: str) -> bool:
        """The line of `systemctl status`; sent only when it changes."""
        return status == self._status or self._send("", status)

    def watchdog(self) -> bool:
        """A sign of life; to be given every :attr:`watchdog_s` while the selftest passes."""
        return self._send("WATCHDOG=1")

    def stopping(self, status: str = "") -> bool:
        return self._send("STOPPING=1", status)

    def _send(self, line: str, status: str = "") -> bool:
        """Whether it was sent; a supervisor that is away is no reason to fail."""
        if not self._address:
            return False
        said = " ".join(status.split())
        lines = [part for part in (line, f"STATUS={said}" if said else "") if part]
        self._status = said or self._status
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as out:
            out.setblocking(False)
            out.sendto("\n".join(lines).encode(), self._address)
            return True
        return False


def _watchdog_s(environment: Mapping[str, str]) -> float:
    """How often a sign of life is due, in seconds; 0: nobody asks for one."""
    try:
        interval_us = int(environment.get("WATCHDOG_USEC", "0"))
        pid = int(environment.get("WATCHDOG_PID", "0") or 0)
    except ValueError:
        return 0.0
    if interval_us <= 0 or (pid and pid != os.getpid()):
        return 0.0
    return interval_us / 1e6 / WATCHDOG_PARTS
