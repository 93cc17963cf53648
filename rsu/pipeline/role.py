"""What every role is: a loop that polls, works on what waits, and reports once a second.

A role is a function ``run(role: Role)`` in its own thread. It ends when ``role.stop`` is set and its work is done; an error
that it does not handle ends the process, and the supervisor starts it again.
"""

from __future__ import annotations

import os
import threading
import time
from dataclasses import dataclass, field

import msgspec
import structlog
import zmq

from rsu.config import Config
from rsu.observability.meter import Meter
from rsu.pipeline.links import Links

POLL_MS = 100  # how long a role waits before it looks whether it is to stop
REPORT_NS = 1_000_000_000


@dataclass
class Role:
    """A role's settings, its sockets, its measures.

    :param reports: PUSH to the supervisor.
    """

    name: str
    config: Config
    links: Links
    stop: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.meter = Meter(self.name, os.getpid(), time.time_ns())
        self.log = structlog.get_logger().bind(role=self.name)
        self._reports: zmq.Socket[bytes] | None = None
        self._due_ns = 0

    def report(self, *, stopping: bool = False) -> None:
        """Sends what was measured, at most once a second."""
        now_ns = time.monotonic_ns()
        if now_ns < self._due_ns and not stopping:
            return
        self._due_ns = now_ns + REPORT_NS
        if self._reports is None:
            self._reports = self.links.push("reports")
        frame = msgspec.msgpack.encode(self.meter.report(time.time_ns(), stopping=stopping))
        send(self._reports, frame)

    def close(self) -> None:
        self.report(stopping=True)
        if self._reports is not None:
            self._reports.close(linger=1_000)


def send(socket: zmq.Socket[bytes], frame: bytes) -> bool:
    """Sends without waiting; False where the socket holds all it may."""
    try:
        socket.send(frame, zmq.NOBLOCK)
    except zmq.Again:
        return False
    return True


def frames(socket: zmq.Socket[bytes], most: int) -> list[bytes]:
    """What waits in a socket, at most ``most`` frames."""
    found: list[bytes] = []
    try:
        while len(found) < most:
            found.append(socket.recv(zmq.NOBLOCK))
    except zmq.Again:
        pass
    return found
