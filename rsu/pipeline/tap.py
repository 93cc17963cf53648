"""A reader of a unit's bus: the numbered live views under some topics, what was missed counted.

A message on the bus has two frames, the topic and the envelope (:class:`rsu.pipeline.envelope.View`). The bus drops for a
reader that is too slow; the numbers tell how many views of a topic that were.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import zmq

from rsu.errors import SourceError
from rsu.pipeline.envelope import ENVELOPE_OCTETS_MAX, View, decode
from rsu.security.curve import connect

WITH_OCTETS = ("raw.", "event.")  # messages, and what is in quarantine
VIEWS_WAITING_MAX = 4_096
TOPICS_MAX = 4_096
VIEWS_AT_ONCE = 256


class Tap:
    """A subscription.

    :param endpoint: of the bus, ``ipc://…`` or ``tcp://…``.
    :param topics: prefixes; those of :data:`WITH_OCTETS` give every record of which the bus carries the octets.
    :param curve_dir: folder with the unit's public key and the pair ``name`` of our own (`rsu keys`), for ``tcp://``.
    :raises ConfigError: for an endpoint or a key that cannot be used.
    """

    def __init__(
        self, endpoint: str, topics: tuple[str, ...] = WITH_OCTETS, *, curve_dir: str = "", name: str = "client"
    ) -> None:
        self.counts: Counter[str] = Counter()  # views, missed, malformed
        self._numbers: dict[bytes, int] = {}
        self._context = zmq.Context()
        self._socket: zmq.Socket[bytes] = self._context.socket(zmq.SUB)
        self._socket.set(zmq.LINGER, 0)
        self._socket.set(zmq.RCVHWM, VIEWS_WAITING_MAX)
        self._socket.set(zmq.MAXMSGSIZE, ENVELOPE_OCTETS_MAX)
        for topic in topics:
            self._socket.subscribe(topic)
        try:
            connect(self._socket, endpoint, curve_dir, name)
        except BaseException:
            self.close()
            raise

    def receive(self, timeout_s: float) -> list[View]:
        """What waits, at most :data:`VIEWS_AT_ONCE`; waits up to ``timeout_s`` for the first."""
        if not self._socket.poll(int(timeout_s * 1e3)):
            return []
        return list(self._drain())

    def _drain(self) -> Iterator[View]:
        for _ in range(VIEWS_AT_ONCE):
            try:
                frames = self._socket.recv_multipart(zmq.NOBLOCK)
            except zmq.Again:
                return
            view = self._view(frames)
            if view is not None:
                yield view

    def _view(self, frames: list[bytes]) -> View | None:
        try:
            envelope = decode(frames[-1])
        except SourceError:
            envelope = None
        if len(frames) != 2 or not isinstance(envelope, View):
            self.counts["malformed"] += 1
            return None
        topic, number = frames[0], envelope.number
        last = self._numbers.get(topic)
        if last is not None and number > last + 1:  # a smaller one: the engine started again
            self.counts["missed"] += number - last - 1
        if last is not None or len(self._numbers) < TOPICS_MAX:
            self._numbers[topic] = number
        self.counts["views"] += 1
        return envelope

    def close(self) -> None:
        self._socket.close(0)
        self._context.term()
