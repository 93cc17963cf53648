"""The sockets between the roles: where each one is, which side binds, and how much it holds.

All are ``ipc://`` inside the unit's run folder; docs/pipeline.md has the table. Nothing here waits: a socket that is full says
so. What is ``tcp://`` has a socket of its own, for CURVE is a matter of the whole socket.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Literal

import msgspec
import zmq

from rsu.config import Pipeline
from rsu.errors import ConfigError
from rsu.security import curve

Link = Literal["records", "outcomes", "ack", "air", "inlet", "reports"]
SMALL_BATCHES = 4_096  # what a link of small frames holds: an outcome of each frame of records, reports, acknowledgements
STALE_VIEWS = 1_000  # frames kept for a slow subscriber of the bus before it misses some


class Links(msgspec.Struct, frozen=True):
    """Makes the sockets of one process's roles.

    :param run_dir: of mode 0700.
    """

    context: zmq.Context[zmq.Socket[bytes]]
    run_dir: Path
    settings: Pipeline

    def address(self, link: str) -> str:
        return f"ipc://{self.run_dir / link}"

    def push(self, link: Link) -> zmq.Socket[bytes]:
        """The sending side; connects, and keeps what it holds when the other side starts again."""
        socket = self._socket(zmq.PUSH, link)
        socket.connect(self.address(link))
        return socket

    def pull(self, link: Link) -> zmq.Socket[bytes]:
        """The receiving side, of which there is one."""
        socket = self._socket(zmq.PULL, link)
        socket.bind(self.address(link))
        return socket

    def inlets(self) -> list[zmq.Socket[bytes]]:
        """Where other programs push records in: inside the run folder, and where the settings say."""
        inside = self.pull("inlet")
        return [inside, *self._outside(lambda: self._socket(zmq.PULL, "inlet"), "inlet", self.settings.inlet)]

    def buses(self) -> list[zmq.Socket[bytes]]:
        """The live views, likewise; subscriptions can be read from them."""
        inside = self._bus()
        inside.bind(self.address("bus"))
        return [inside, *self._outside(self._bus, "bus", self.settings.bus)]

    def _bus(self) -> zmq.Socket[bytes]:
        socket = self.context.socket(zmq.XPUB)
        socket.setsockopt(zmq.LINGER, 0)
        socket.setsockopt(zmq.SNDHWM, STALE_VIEWS)
        socket.setsockopt(zmq.XPUB_VERBOSER, 1)  # each coming and going, so that they can be counted
        return socket

    def _outside(self, make: Callable[[], zmq.Socket[bytes]], key: str, endpoint: str) -> list[zmq.Socket[bytes]]:
        if not endpoint:
            return []
        socket = make()
        try:
            curve.bind(socket, endpoint, self.settings.curve_dir)
        except zmq.ZMQError as error:
            raise ConfigError(f"[pipeline] {key} = {endpoint}: cannot be bound: {error.strerror}") from error
        return [socket]

    def _socket(self, kind: int, link: Link) -> zmq.Socket[bytes]:
        socket = self.context.socket(kind)
        socket.setsockopt(zmq.LINGER, 0)
        held = self.settings.queue_batches if link == "records" else SMALL_BATCHES
        socket.setsockopt(zmq.SNDHWM if kind == zmq.PUSH else zmq.RCVHWM, held)
        return socket


def bind_folder(run_dir: Path) -> None:
    """Removes the sockets that an earlier run left, so that a new one is not taken for a stranger's."""
    for left in run_dir.iterdir():
        if left.is_socket():
            left.unlink()
