"""Perception boxes that send detected objects as JSON, in the fields of CARMA: over UDP, or over ZeroMQ (PULL, bound here,
for boxes with an allowed CURVE key only).

A datagram or frame is one object or a list of them (:mod:`rsu.objects`): ``{"type": "CAR", "confidence": 0.7, "position":
{"x": …}, …}``. A field outside its bounds makes the record a damaged one, kept as it came.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections import Counter

import zmq

from rsu.config import Perception
from rsu.errors import ConfigError, SourceError
from rsu.objects import MILLISECOND_NS, PLAUSIBLE_NS, RECORD_OCTETS_MAX, DetectedObject, parse
from rsu.security import curve
from rsu.sources.live.base import RECEIVE_MAX, Heard
from rsu.sources.live.controller import CHANNEL
from rsu.sources.live.listener import Listener

RECORD_TYPE = "DetectedObject"
QUEUE_MAX = 1_000


class PerceptionSource:
    """One box.

    :param curve_dir: the unit's keys, for tcp://.
    :raises ConfigError: for an address that is none, tcp:// without keys, or tcp:// that cannot be bound.
    :raises SourceError: for an address of datagrams that cannot be bound.
    """

    def __init__(self, perception: Perception, curve_dir: str = "") -> None:
        self.name = perception.name
        self.faults: Counter[str] = Counter()
        key = f"[[perception]] {perception.name}: listen"
        scheme, separator, address = perception.listen.partition("://")
        if not separator or scheme not in ("udp", "tcp"):
            raise ConfigError(f"{key} = {perception.listen!r}: must be udp://host:port or tcp://host:port")
        self._interface: _Datagrams | _Frames = (
            _Datagrams(address, key, self.faults) if scheme == "udp" else _Frames(perception.listen, key, curve_dir)
        )

    @property
    def address(self) -> str:
        """Where it listens, with the port that was given out."""
        return self._interface.address

    def filenos(self) -> list[int]:
        return self._interface.filenos()

    def receive(self, most: int = RECEIVE_MAX) -> list[Heard]:
        return [self._heard(time_ns, data) for time_ns, data in self._interface.drain(most)]

    def tick(self, now_ns: int) -> None:
        """Nothing is asked of a box."""

    def close(self) -> None:
        self._interface.close()

    def _heard(self, time_ns: int, data: bytes) -> Heard:
        try:
            objects = parse(data)
        except SourceError as error:
            self.faults["damaged"] += 1
            cut = data[:RECORD_OCTETS_MAX]
            return Heard(self.name, time_ns, cut, CHANNEL, "objects", RECORD_TYPE, "none", damage=str(error)[:4_096])
        return Heard(self.name, time_ns, data, CHANNEL, "objects", RECORD_TYPE, "none", meta=self._meta(objects, time_ns))

    def _meta(self, objects: list[DetectedObject], time_ns: int) -> dict[str, str | int | float]:
        """How many, of which sensor, and the box's time where it can be true."""
        meta: dict[str, str | int | float] = {"objects": len(objects), "sensor": objects[0].sensorId}
        times = [one.timestamp for one in objects if one.timestamp is not None]
        if times:
            box_ns = max(times) * MILLISECOND_NS
            if abs(box_ns - time_ns) <= PLAUSIBLE_NS:
                meta["box_time_ns"] = box_ns
            else:
                self.faults["box-clock"] += 1
        return meta


class _Datagrams:
    """UDP."""

    def __init__(self, address: str, key: str, faults: Counter[str]) -> None:
        self._listener = Listener(address, key, faults)
        self.address = f"udp://{self._listener.endpoint.text}"
        self.close = self._listener.close

    def filenos(self) -> list[int]:
        return [self._listener.fileno()]

    def drain(self, most: int) -> list[tuple[int, bytes]]:
        return [(time_ns, data) for time_ns, data, _ in self._listener.drain(most)]


class _Frames:
    """ZeroMQ. Its own descriptor tells only that something has come since; what was left waiting is told by a second one.

    The context is its own, since the authenticator of its handshakes ends with it.
    """

    def __init__(self, address: str, key: str, curve_dir: str) -> None:
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self._socket = self._context.socket(zmq.PULL)
        self._socket.setsockopt(zmq.RCVHWM, QUEUE_MAX)
        self._socket.setsockopt(zmq.MAXMSGSIZE, RECORD_OCTETS_MAX)
        self._socket.setsockopt(zmq.LINGER, 0)
        try:
            curve.bind(self._socket, address, curve_dir)
        except ConfigError as error:
            self._end()
            raise ConfigError(f"{key} = {error}") from error
        self.address: str = self._socket.getsockopt_string(zmq.LAST_ENDPOINT)
        self._more = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)

    def filenos(self) -> list[int]:
        return [int(self._socket.getsockopt(zmq.FD)), self._more]

    def drain(self, most: int) -> list[tuple[int, bytes]]:
        with contextlib.suppress(BlockingIOError):
            os.eventfd_read(self._more)
        frames: list[tuple[int, bytes]] = []
        with contextlib.suppress(zmq.Again):
            for _ in range(most):
                parts = self._socket.recv_multipart(zmq.NOBLOCK)
                frames.append((time.time_ns(), parts[-1]))  # a topic may stand first
            if int(self._socket.getsockopt(zmq.EVENTS)) & zmq.POLLIN:
                os.eventfd_write(self._more, 1)
        return frames

    def close(self) -> None:
        if not self._socket.closed:
            self._end()
            os.close(self._more)

    def _end(self) -> None:
        self._socket.close()
        curve.stop_authenticator(self._context)
        self._context.term()
