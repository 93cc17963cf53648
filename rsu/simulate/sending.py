"""Simulators on sockets: what is due is sent, what comes back is answered, until the time is over or somebody stops it."""

from __future__ import annotations

import select
import socket
import time
from collections import Counter
from collections.abc import Callable
from typing import Any, NamedTuple

import zmq

from rsu.errors import ConfigError, SourceError
from rsu.security import curve
from rsu.simulate.base import NEVER_NS, SECOND_NS, Message, Simulator
from rsu.sources.live.address import resolve

DATAGRAM_OCTETS_MAX = 65_507
RECEIVE_MAX = 64
POLL_S_MAX = 0.1
BUFFER_OCTETS = 4_194_304
ZMQ_QUEUE_MAX = 1_000
CLIENT = "client"
"""Our pair of keys, where none is named."""


class Second(NamedTuple):
    """What one second has brought, for the line of people."""

    sent: Counter[str]
    received: int


class Totals(NamedTuple):
    """What was sent by type; what the network did not take; datagrams that came in."""

    sent: Counter[str]
    unsent: int
    received: int
    seconds: float


class Outlet:
    """A simulator and where it sends to.

    :param to: ``host:port`` or ``udp://…`` of a datagram, ``tcp://…`` of a ZeroMQ socket.
    :param listen: ``host:port`` that it is asked at; empty: any free port.
    :param keys: folder with the pair ``client`` and the unit's server.key, for ``tcp://``.
    :raises ConfigError: for an address that is none, or ``tcp://`` without keys.
    :raises SourceError: for one that cannot be bound.
    """

    def __init__(
        self, name: str, simulator: Simulator, to: str, listen: str = "", *, keys: str = "", client: str = CLIENT
    ) -> None:
        self.name, self.simulator, self.to = name, simulator, to
        self.sent: Counter[str] = Counter()
        self.unsent = self.received = 0
        self._push: zmq.Socket[bytes] | None = None
        self._socket: socket.socket | None = None
        if to.startswith("tcp://"):
            self._push = _push(to, keys, client)
        else:
            self._endpoint = resolve(to.removeprefix("udp://"), f"{name}: to")
            self._socket = _bound(self._endpoint.family, listen, name)

    def fileno(self) -> int | None:
        """What to poll for questions."""
        return None if self._socket is None else self._socket.fileno()

    def send_due(self, now_ns: int) -> None:
        for message in self.simulator.due(now_ns):
            self._send(message, None)

    def answer(self, now_ns: int) -> None:
        """Take what came in, and answer it."""
        if self._socket is None:
            return
        for _ in range(RECEIVE_MAX):
            try:
                octets, sender = self._socket.recvfrom(DATAGRAM_OCTETS_MAX)
            except BlockingIOError:
                return
            except OSError:  # nobody hears what was sent; that is told by the receiver's counts
                continue
            self.received += 1
            for message in self.simulator.answer(octets, now_ns):
                self._send(message, sender)

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
        if self._push is not None:
            self._push.close()

    def _send(self, message: Message, to: Any) -> None:
        """To whom has asked, else to where everything goes."""
        try:
            if self._socket is not None:
                self._socket.sendto(message.octets, to or self._endpoint.address)
            elif self._push is not None:
                self._push.send(message.octets, zmq.NOBLOCK)
        except (OSError, zmq.ZMQError):
            self.unsent += 1
        else:
            self.sent[message.type] += 1


def run(
    outlets: list[Outlet],
    seconds: float,
    stop: Callable[[], bool],
    each_second: Callable[[Second], None] = lambda _: None,
    clock: Callable[[], int] = time.time_ns,
) -> Totals:
    """Send until ``seconds`` are over (0: for ever) or ``stop`` says so."""
    begin_ns = told_ns = clock()
    end_ns = begin_ns + round(seconds * SECOND_NS) if seconds else NEVER_NS
    told: Counter[str] = Counter()
    told_received = 0
    sources = {fileno: outlet for outlet in outlets if (fileno := outlet.fileno()) is not None}
    while not stop():
        now_ns = clock()
        if now_ns >= end_ns:
            break
        for outlet in outlets:
            outlet.send_due(now_ns)
        if now_ns - told_ns >= SECOND_NS:
            sent, received = _sums(outlets)
            each_second(Second(sent - told, received - told_received))
            told, told_received, told_ns = sent, received, told_ns + SECOND_NS
        for fileno in select.select(list(sources), [], [], _pause_s(outlets, end_ns, clock()))[0]:
            sources[fileno].answer(clock())
    sent, received = _sums(outlets)
    return Totals(sent, sum(outlet.unsent for outlet in outlets), received, (clock() - begin_ns) / SECOND_NS)


def _pause_s(outlets: list[Outlet], end_ns: int, now_ns: int) -> float:
    """Until the next message or the end, and no longer than a stop may take to be seen."""
    next_ns = min([end_ns, *(outlet.simulator.next_ns() for outlet in outlets)])
    return min(max((next_ns - now_ns) / SECOND_NS, 0.0), POLL_S_MAX)


def _sums(outlets: list[Outlet]) -> tuple[Counter[str], int]:
    sent: Counter[str] = Counter()
    for outlet in outlets:
        sent.update(outlet.sent)
    return sent, sum(outlet.received for outlet in outlets)


def _bound(family: socket.AddressFamily, listen: str, name: str) -> socket.socket:
    sender = socket.socket(family, socket.SOCK_DGRAM)
    sender.setblocking(False)
    sender.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
    sender.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BUFFER_OCTETS)
    if listen:
        try:
            sender.bind(resolve(listen, f"{name}: listen").address)
        except OSError as error:
            sender.close()
            raise SourceError(f"{name}: listen = {listen!r}: cannot be bound: {error.strerror}") from error
    return sender


def _push(to: str, keys: str, client: str) -> zmq.Socket[bytes]:
    push: zmq.Socket[bytes] = zmq.Context.instance().socket(zmq.PUSH)
    push.setsockopt(zmq.SNDHWM, ZMQ_QUEUE_MAX)
    push.setsockopt(zmq.LINGER, 0)
    try:
        curve.connect(push, to, keys, client)
    except ConfigError:
        push.close()
        raise
    return push
