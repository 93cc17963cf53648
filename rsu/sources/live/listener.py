"""A UDP socket that is heard: drained without waiting, each datagram with the kernel's time of its arrival.

The kernel says when a datagram came (SO_TIMESTAMPNS) and how many it has dropped because nobody took them (SO_RXQ_OVFL); where
it does not, the time is that of taking it. Measured: 2.2 µs a datagram, from the kernel to what a source gives.
"""

from __future__ import annotations

import contextlib
import socket
import struct
import time
from collections import Counter
from typing import Any

from rsu.errors import ConfigError, SourceError
from rsu.sources.live.address import Endpoint, resolve

DATAGRAM_OCTETS_MAX = 65_535
"""No datagram is larger: IPv4 carries 65,507 octets of it, IPv6 20 more."""
BUFFER_OCTETS = 1_048_576
# Numbers of Linux that the socket module does not name (asm-generic/socket.h); the same on x86-64 and arm64.
SO_TIMESTAMPNS, SO_RXQ_OVFL, SO_RCVBUFFORCE = 35, 40, 33
_TIMESPEC, _DROPS = struct.Struct("@qq"), struct.Struct("@I")
_CONTROL_OCTETS = socket.CMSG_SPACE(_TIMESPEC.size) + socket.CMSG_SPACE(_DROPS.size)
_SECOND_NS = 1_000_000_000
_COUNTER = 1 << 32

Arrival = tuple[int, bytes, Any]
"""Time in nanoseconds UTC, octets, address of the sender."""


class Listener:
    """One bound UDP socket.

    :param listen: ``host:port``.
    :param key: what the setting is called, for errors.
    :param faults: where ``kernel-drop``, ``unsent`` and ``socket`` are counted.
    :raises ConfigError: for an address that is none.
    :raises SourceError: for one that cannot be bound.
    """

    def __init__(self, listen: str, key: str, faults: Counter[str], buffer_octets: int = BUFFER_OCTETS) -> None:
        self.faults = faults
        endpoint = resolve(listen, key)
        self._socket = socket.socket(endpoint.family, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        for option in (SO_TIMESTAMPNS, SO_RXQ_OVFL):
            with contextlib.suppress(OSError):  # another kernel: the time is that of taking it, drops are not told
                self._socket.setsockopt(socket.SOL_SOCKET, option, 1)
        self.buffer_octets = _grow(self._socket, buffer_octets)
        self._dropped = 0
        try:
            self._socket.bind(endpoint.address)
        except OSError as error:
            self._socket.close()
            raise SourceError(f"{key} = {listen!r}: cannot be bound: {error.strerror}") from error
        self.endpoint = Endpoint(endpoint.family, self._socket.getsockname())

    def fileno(self) -> int:
        return self._socket.fileno()

    def drain(self, most: int) -> list[Arrival]:
        """What waits, at most ``most``."""
        arrivals: list[Arrival] = []
        receive = self._socket.recvmsg
        try:
            for _ in range(most):
                data, control, _, sender = receive(DATAGRAM_OCTETS_MAX, _CONTROL_OCTETS)
                arrivals.append((self._time_ns(control), data, sender))
        except BlockingIOError:
            pass
        except OSError:  # an answer of the network to something sent, e.g. port unreachable; the next call goes on
            self.faults["socket"] += 1
        return arrivals

    def send(self, data: bytes, receiver: Any) -> None:
        """One datagram out of the port that is heard; one that cannot be sent now is counted as ``unsent``."""
        try:
            self._socket.sendto(data, receiver)
        except OSError:
            self.faults["unsent"] += 1

    def close(self) -> None:
        self._socket.close()

    def _time_ns(self, control: list[tuple[int, int, bytes]]) -> int:
        time_ns = 0
        for _, kind, value in control:
            if kind == SO_TIMESTAMPNS and len(value) == _TIMESPEC.size:
                seconds, nanoseconds = _TIMESPEC.unpack(value)
                time_ns = seconds * _SECOND_NS + nanoseconds
            elif kind == SO_RXQ_OVFL and len(value) == _DROPS.size:
                self._count_drops(_DROPS.unpack(value)[0])
        return time_ns or time.time_ns()

    def _count_drops(self, dropped: int) -> None:
        """The kernel counts since the socket was made, in 32 bits."""
        self.faults["kernel-drop"] += (dropped - self._dropped) % _COUNTER
        self._dropped = dropped


def _grow(receiver: socket.socket, octets: int) -> int:
    """Ask for a receive buffer, past the system's bound where that is allowed; what was granted.

    :raises ConfigError: for a size that the call cannot take.
    """
    for option in (SO_RCVBUFFORCE, socket.SO_RCVBUF):
        try:
            receiver.setsockopt(socket.SOL_SOCKET, option, octets)
        except OverflowError as error:
            raise ConfigError(f"receive_buffer_octets = {octets}: must be 1..{2**31 - 1}") from error
        except OSError:  # not allowed to this user
            continue
        break
    # Linux grants double for its own books, and says so.
    return receiver.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF) // 2
