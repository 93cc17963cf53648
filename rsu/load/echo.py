"""The echo pipeline: the sockets and processes of a unit without its work, to know what the machine itself costs.

UDP → process A (takes what waits, one MessagePack batch, PUSH) → process B (PULL, PUB) → the listener.
"""

from __future__ import annotations

import gc
import select
import socket
import time
from multiprocessing.connection import Connection
from pathlib import Path

import msgspec
import zmq

from rsu.load.children import Child, started

BATCH_MAX = 256
OCTETS_MAX = 65_535
RECEIVE_BUFFER_OCTETS = 8_388_608
QUEUE_BATCHES = 1_000
TOPIC = b"raw.echo.pc5.any"
POLL_MS = 200


class _Item(msgspec.Struct):
    raw: bytes
    sequence: int
    boot_id: bytes = b"echo"


class _View(msgspec.Struct, tag_field="kind", tag="view"):
    items: list[_Item]
    number: int
    v: int = 1


class Echo:
    """A running echo pipeline.

    :param folder: for its sockets.
    :param stall: (after how many datagrams, seconds) for a test: process A does nothing that long.
    """

    def __init__(self, folder: Path, stall: tuple[int, float] | None = None) -> None:
        self.bus = f"ipc://{folder}/echo.bus"
        between = f"ipc://{folder}/echo.records"
        self._children: list[Child] = [started(_show, between, self.bus)]
        self._children[0].receive()
        self._children.append(started(_take, between, stall))
        self.udp = f"127.0.0.1:{self._children[1].receive()}"

    @property
    def pids(self) -> dict[int, str]:
        show, take = self._children
        return {take.pid: "echo in", show.pid: "echo out"}

    def close(self) -> None:
        for child in self._children:
            child.end()


def _take(between: str, stall: tuple[int, float] | None, pipe: Connection) -> None:
    """Process A."""
    radio = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    radio.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_OCTETS)
    radio.bind(("127.0.0.1", 0))
    radio.setblocking(False)
    push: zmq.Socket[bytes] = zmq.Context.instance().socket(zmq.PUSH)
    push.setsockopt(zmq.SNDHWM, QUEUE_BATCHES)
    push.setsockopt(zmq.LINGER, 0)
    push.connect(between)
    poll = select.poll()
    poll.register(radio, select.POLLIN)
    poll.register(pipe, select.POLLIN)
    pipe.send(radio.getsockname()[1])
    encode = msgspec.msgpack.Encoder().encode
    gc.freeze()
    taken = number = 0
    while not pipe.poll():
        if not poll.poll(POLL_MS):
            continue
        items = _datagrams(radio, taken)
        if not items:
            continue
        taken += len(items)
        number += 1
        push.send(encode(_View(items, number)))
        if stall and taken >= stall[0]:
            time.sleep(stall[1])
            stall = None


def _datagrams(radio: socket.socket, taken: int) -> list[_Item]:
    items: list[_Item] = []
    while len(items) < BATCH_MAX:
        try:
            items.append(_Item(radio.recv(OCTETS_MAX), taken + len(items) + 1))
        except BlockingIOError:
            break
    return items


def _show(between: str, bus: str, pipe: Connection) -> None:
    """Process B."""
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context.instance()
    pull, publish = context.socket(zmq.PULL), context.socket(zmq.PUB)
    for line, endpoint in ((pull, between), (publish, bus)):
        line.setsockopt(zmq.LINGER, 0)
        line.setsockopt(zmq.SNDHWM, QUEUE_BATCHES)
        line.bind(endpoint)
    poller = zmq.Poller()
    poller.register(pull, zmq.POLLIN)
    poller.register(pipe.fileno(), zmq.POLLIN)
    pipe.send("ready")
    gc.freeze()
    while not pipe.poll():
        if any(line is pull for line, _ in poller.poll(POLL_MS)):
            publish.send_multipart([TOPIC, pull.recv()])
