"""The process that reads a unit's bus and notes when each numbered message was shown."""

from __future__ import annotations

import gc
import time
from multiprocessing.connection import Connection
from typing import NamedTuple

import msgspec
import numpy as np
import zmq
from numpy.typing import NDArray

from rsu.load.mix import Numbers, mix_of
from rsu.load.schedule import FIRST_NUMBER

TOPIC = b"raw."
FRAMES_WAITING_MAX = 100_000
FRAMES_AT_ONCE = 64
POLL_MS = 20


class _Item(msgspec.Struct):
    """What is needed of an outcome; the other fields are passed over."""

    raw: bytes = b""
    sequence: int = 0
    boot_id: bytes = b""


class _View(msgspec.Struct):
    items: list[_Item]
    number: int = 0


class State(NamedTuple):
    """How far it is: messages of this turn, probes ever, and the boot id of what was last shown."""

    seen: int
    probes: int
    boot_id: bytes


class Shown(NamedTuple):
    """One turn.

    :param arrived_ns: (n,) int64, CLOCK_MONOTONIC; 0: was not shown.
    :param sequence: (n,) int64, the unit's number of the record.
    :param again: messages shown more than once.
    :param gaps: frames of the bus that this reader missed.
    """

    arrived_ns: NDArray[np.int64]
    sequence: NDArray[np.int64]
    again: int
    gaps: int


def listen(endpoint: str, standard: str, pipe: Connection) -> None:
    """Body of the process. It takes ``("begin", n)``, ``("state",)``, ``("take",)`` and ``("stop",)``, and answers
    with :class:`State` and :class:`Shown` to the second and third."""
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context.instance()
    bus = context.socket(zmq.SUB)
    bus.setsockopt(zmq.RCVHWM, FRAMES_WAITING_MAX)
    bus.setsockopt(zmq.LINGER, 0)
    bus.setsockopt(zmq.SUBSCRIBE, TOPIC)
    bus.connect(endpoint)
    poller = zmq.Poller()
    poller.register(bus, zmq.POLLIN)
    poller.register(pipe.fileno(), zmq.POLLIN)
    ear = Ear(Numbers(mix_of(standard)))
    pipe.send("ready")
    gc.disable()
    try:
        while _obey(pipe, ear):
            if any(fd is bus for fd, _ in poller.poll(POLL_MS)):
                ear.hear(_waiting(bus))
    finally:
        context.destroy(linger=0)


def _obey(pipe: Connection, ear: Ear) -> bool:
    """Does what it is told; False: to stop."""
    while pipe.poll():
        match pipe.recv():
            case ("begin", int(count)):
                ear.begin(count)
            case ("state",):
                pipe.send(ear.state())
            case ("take",):
                pipe.send(ear.take())
            case _:
                return False
    return True


def _waiting(bus: zmq.Socket[bytes]) -> list[tuple[int, list[bytes]]]:
    """The frames that wait, each with the moment it was taken: nothing is decoded between two of them."""
    taken: list[tuple[int, list[bytes]]] = []
    while len(taken) < FRAMES_AT_ONCE:
        try:
            frames = bus.recv_multipart(zmq.DONTWAIT)
        except zmq.Again:
            break
        taken.append((time.monotonic_ns(), frames))
    return taken


class Ear:
    """What was heard in one turn."""

    def __init__(self, numbers: Numbers) -> None:
        self._numbers = numbers
        self._decode = msgspec.msgpack.Decoder(_View).decode
        self._next: dict[bytes, int] = {}
        self._probes = 0
        self._boot_id = b""
        self.begin(0)

    def begin(self, count: int) -> None:
        """A new turn of ``count`` messages."""
        self._arrived = [0] * count
        self._sequence = [0] * count
        self._seen = self._again = self._gaps = 0

    def state(self) -> State:
        return State(self._seen, self._probes, self._boot_id)

    def take(self) -> Shown:
        arrived, sequence = (np.array(column, dtype=np.int64) for column in (self._arrived, self._sequence))
        return Shown(arrived, sequence, self._again, self._gaps)

    def hear(self, taken: list[tuple[int, list[bytes]]]) -> None:
        for time_ns, (topic, *frames) in taken:
            for frame in frames:
                view = self._decode(frame)
                self._count_gap(topic, view.number)
                for item in view.items:
                    self._note(item, time_ns)

    def _note(self, item: _Item, time_ns: int) -> None:
        number = self._numbers.of(item.raw) - FIRST_NUMBER
        self._boot_id = item.boot_id
        if number < 0:
            self._probes += number >= -FIRST_NUMBER
        elif number < len(self._arrived):
            if self._arrived[number]:
                self._again += 1
                return
            self._arrived[number] = time_ns
            self._sequence[number] = item.sequence
            self._seen += 1

    def _count_gap(self, topic: bytes, number: int) -> None:
        expected = self._next.get(topic, number)
        self._gaps += max(0, number - expected)
        self._next[topic] = number + 1
