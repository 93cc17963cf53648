"""The process that sends a schedule: open loop, each message at its moment or, when it is late, at once."""

from __future__ import annotations

import ctypes
import gc
import socket
import time
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection
from typing import Literal, NamedTuple

import numpy as np
import zmq
from numpy.typing import NDArray

from rsu.errors import SourceError
from rsu.load.mix import frames_of, mix_of, vehicles_of
from rsu.load.schedule import FIRST_NUMBER, Schedule, Spacing, schedule
from rsu.pipeline import envelope

LINGER_MS = 5_000
BATCH_MAX = 256  # messages of one push through the inlet, and sent before the clock is read again
SOURCE = "bench"
_PR_SET_TIMERSLACK = 29  # prctl(2)


class Aim(NamedTuple):
    """Where a load goes: ``udp`` to ``host:port``, ``inlet`` to a ZeroMQ endpoint."""

    way: Literal["udp", "inlet"]
    address: str


class Load(NamedTuple):
    """What is sent in one turn."""

    standard: str
    rate_hz: int
    seconds: float
    spacing: Spacing = "even"
    seed: int = 1

    def schedule(self) -> Schedule:
        return schedule(mix_of(self.standard), self.rate_hz, self.seconds, self.spacing, self.seed)


class Sent(NamedTuple):
    """What became of a load.

    :param refused: messages that the socket did not take.
    :param late_ns: (n,) int64: how long after its moment each message went to the socket.
    """

    sent: int
    refused: int
    late_ns: NDArray[np.int64]


def send(aim: Aim, load: Load, pipe: Connection) -> None:
    """Body of the process: makes the messages, says so, waits for the moment of the start (CLOCK_MONOTONIC, ns), sends and
    tells what was sent."""
    mix, (due_ns, kinds) = mix_of(load.standard), load.schedule()
    due = due_ns.tolist()
    frames = frames_of(mix, kinds.tolist(), due, vehicles_of(load.rate_hz), FIRST_NUMBER)
    push, close = opened(aim)
    wake_in_time()
    gc.collect()
    gc.freeze()
    gc.disable()
    pipe.send("ready")
    pipe.send(send_all(push, frames, due, pipe.recv()))
    close()


def send_all(push: Callable[[Sequence[bytes]], int], frames: Sequence[bytes], due_ns: Sequence[int], start_ns: int) -> Sent:
    """Sends each frame when it is due; what is due already goes together."""
    total = len(frames)
    late_ns = np.zeros(total, dtype=np.int64)
    first = sent = 0
    clock, sleep = time.monotonic_ns, time.sleep
    while first < total:
        now_ns = clock() - start_ns
        if due_ns[first] > now_ns:
            sleep((due_ns[first] - now_ns) / 1e9)
            now_ns = clock() - start_ns
        last = first
        while last < total and due_ns[last] <= now_ns and last - first < BATCH_MAX:
            last += 1
        sent += push(frames[first:last])
        late_ns[first:last] = clock() - start_ns
        first = last
    late_ns -= np.asarray(due_ns, dtype=np.int64)
    return Sent(sent, total - sent, late_ns)


def opened(aim: Aim) -> tuple[Callable[[Sequence[bytes]], int], Callable[[], None]]:
    """What sends frames and gives how many were taken, and what closes it.

    :raises SourceError: for an address that cannot be reached.
    """
    return _udp(aim.address) if aim.way == "udp" else _inlet(aim.address)


def _udp(address: str) -> tuple[Callable[[Sequence[bytes]], int], Callable[[], None]]:
    host, _, port = address.rpartition(":")
    line = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM)
    try:
        line.connect((host.strip("[]"), int(port)))
    except (OSError, ValueError) as error:
        line.close()
        raise SourceError(f"udp {address}: cannot be sent to: {error}; give host:port") from error
    take = line.send

    def push(frames: Sequence[bytes]) -> int:
        taken = 0
        for frame in frames:
            try:
                take(frame)
            except ConnectionRefusedError:  # said of the one before it: nobody listens
                continue
            taken += 1
        return taken

    return push, line.close


def _inlet(endpoint: str) -> tuple[Callable[[Sequence[bytes]], int], Callable[[], None]]:
    line: zmq.Socket[bytes] = zmq.Context.instance().socket(zmq.PUSH)
    line.setsockopt(zmq.LINGER, LINGER_MS)
    try:
        line.connect(endpoint)
    except zmq.ZMQError as error:
        line.close()
        raise SourceError(f"inlet {endpoint}: {error}") from error

    def push(frames: Sequence[bytes]) -> int:
        items = [envelope.Heard(source=SOURCE, data=frame, channel="pc5") for frame in frames]
        line.send(envelope.encode(envelope.Inlet(items=items)))
        return len(frames)

    return push, line.close


def wake_in_time() -> None:
    """The kernel lets a sleep be 50 µs longer, to save power; not that of this thread."""
    libc = ctypes.CDLL(None)
    if hasattr(libc, "prctl"):
        libc.prctl(_PR_SET_TIMERSLACK, 1, 0, 0, 0)
