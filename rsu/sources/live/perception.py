"""Perception boxes that send detected objects as JSON, in the fields of CARMA: over UDP, or over ZeroMQ (PULL, bound here,
for boxes with an allowed CURVE key only).

A datagram or frame is one object or a list of them: ``{"type": "CAR", "confidence": 0.7, "position": {"x": …}, …}``. It is
checked whole: a field outside its bounds makes the record a damaged one, kept as it came. Fields that are not known are
passed over, for boxes send more than is read here.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections import Counter
from typing import Annotated, Any

import msgspec
import zmq
from msgspec import Meta

from rsu.config import Perception
from rsu.errors import ConfigError, SourceError
from rsu.security import curve
from rsu.sources.live.base import RECEIVE_MAX, Heard
from rsu.sources.live.controller import CHANNEL
from rsu.sources.live.listener import Listener

RECORD_TYPE = "DetectedObject"
RECORD_OCTETS_MAX = 1_048_576
OBJECTS_MAX = 1_024
QUEUE_MAX = 1_000
PLAUSIBLE_NS = 60_000_000_000
"""How far the box's clock may be from ours for its time to be taken."""
MILLISECOND_NS = 1_000_000

Metres = Annotated[float, Meta(ge=-1e7, le=1e7)]
Metres_s = Annotated[float, Meta(ge=-300, le=300)]
Size_m = Annotated[float, Meta(ge=0, le=100)]
Word = Annotated[str, Meta(max_length=64)]
Row = Annotated[list[float], Meta(min_length=3, max_length=3)]
Covariance = Annotated[list[Row], Meta(min_length=3, max_length=3)]


class Position(msgspec.Struct, frozen=True):
    """Metres in the frame of ``projString``; or degrees, where that is a geographic one."""

    x: Metres
    y: Metres
    z: Metres = 0.0


class Velocity(msgspec.Struct, frozen=True):
    """Metres a second along the same axes."""

    x: Metres_s
    y: Metres_s
    z: Metres_s = 0.0


class Size(msgspec.Struct, frozen=True):
    """Metres."""

    length: Size_m
    width: Size_m
    height: Size_m = 0.0


class DetectedObject(msgspec.Struct, frozen=True):
    """One object, with CARMA's names.

    :param type: CAR, TRUCK, BUS, VAN, PEDESTRIAN, CYCLIST, MOTORCYCLE … as the box writes it.
    :param projString: PROJ string of the frame that positions are in.
    :param timestamp: milliseconds since 1970, or in the box's own count.
    """

    type: Word
    confidence: Annotated[float, Meta(ge=0, le=1)]
    sensorId: Word
    objectId: Word | int
    position: Position
    projString: Annotated[str, Meta(max_length=1_024)] = ""
    positionCovariance: Covariance | None = None
    velocity: Velocity | None = None
    velocityCovariance: Covariance | None = None
    angularVelocity: Velocity | None = None
    angularVelocityCovariance: Covariance | None = None
    size: Size | None = None
    timestamp: Annotated[int, Meta(ge=0, le=2**63 - 1)] | None = None


Objects = Annotated[list[DetectedObject], Meta(min_length=1, max_length=OBJECTS_MAX)]
_decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(DetectedObject)
_list_decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(Objects)


def parse(data: bytes) -> list[DetectedObject]:
    """The objects of a record.

    :raises SourceError: naming the field, what was read and what is allowed.
    """
    if len(data) > RECORD_OCTETS_MAX:
        raise SourceError(f"detected objects: {len(data)} octets: must be 1..{RECORD_OCTETS_MAX}")
    try:
        if data.lstrip()[:1] == b"[":
            objects: list[DetectedObject] = _list_decoder.decode(data)
            return objects
        return [_decoder.decode(data)]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise SourceError(f"detected objects: {error}") from error


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
