"""The live views: what was just heard, by topic, numbered, and made only for those who ask.

Topics: ``raw.<rsu>.<channel>.<type>`` with the octets, ``obs.…`` likewise without them, ``event.<rsu>.quarantine`` and
``event.<rsu>.duplicate``; ``track.<rsu>``, all road users at one moment; ``world.<rsu>``, they and what is around them. A
subscriber that is too slow misses frames, and sees it by their numbers.
"""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Callable

import msgspec
import zmq

from rsu.engine import Duplicate, Outcome, Quarantined, Stored, Track
from rsu.pipeline import envelope
from rsu.pipeline.envelope import Tracks, View, WorldView
from rsu.pipeline.role import frames

SUBSCRIPTIONS_MAX = 1_024
SUBSCRIPTION_OCTETS_MAX = 256
TOPICS_MAX = 4_096  # whose numbers are remembered
SUBSCRIBE = 1


class Bus:
    """The bus of one unit.

    :param sockets: XPUB, bound.
    """

    def __init__(self, sockets: list[zmq.Socket[bytes]], rsu: str) -> None:
        self.sockets = sockets
        self._rsu = rsu
        self._wanted: Counter[bytes] = Counter()
        self._asked: dict[str, bool] = {}
        self._numbers: dict[str, int] = {}

    def listen(self) -> None:
        """Takes subscriptions that came or went."""
        for frame in (frame for socket in self.sockets for frame in frames(socket, SUBSCRIPTIONS_MAX)):
            prefix = frame[1 : SUBSCRIPTION_OCTETS_MAX + 1]
            if frame[:1] == bytes([SUBSCRIBE]):
                if prefix in self._wanted or len(self._wanted) < SUBSCRIPTIONS_MAX:
                    self._wanted[prefix] += 1
            elif frame and self._wanted[prefix] <= 1:
                del self._wanted[prefix]
            else:
                self._wanted[prefix] -= 1
            self._asked.clear()

    def show(self, outcomes: list[Outcome]) -> None:
        """Publishes a batch to those who asked for some of it."""
        if not self._wanted:
            return
        views: defaultdict[str, list[Outcome]] = defaultdict(list)
        for outcome in outcomes:
            if isinstance(outcome, Stored):
                place = f"{self._rsu}.{outcome.channel}.{outcome.type}"
                if self._asks(raw := f"raw.{place}"):
                    views[raw].append(outcome)
                if self._asks(seen := f"obs.{place}"):
                    views[seen].append(msgspec.structs.replace(outcome, raw=b""))
            elif isinstance(outcome, Quarantined):
                if self._asks(event := f"event.{self._rsu}.quarantine"):
                    views[event].append(outcome)
            elif isinstance(outcome, Duplicate) and self._asks(event := f"event.{self._rsu}.duplicate"):
                views[event].append(outcome)
        for topic, items in views.items():
            self._send(topic, items)

    def show_tracks(self, time_ns: int, told: Callable[[], list[Track]]) -> None:
        """Publishes all road users at a moment; they are put in words only where somebody asks."""
        topic = f"track.{self._rsu}"
        if self._wanted and self._asks(topic):
            number = self._next(topic)
            frame = Tracks(rsu=self._rsu, number=number, sent_ns=time.time_ns(), time_ns=time_ns, items=told())
            self._publish(topic, envelope.encode(frame))

    def show_world(self, time_ns: int, told: Callable[[], str]) -> None:
        """Publishes lanes, signals and road users at a moment, likewise."""
        topic = f"world.{self._rsu}"
        if self._wanted and self._asks(topic):
            number = self._next(topic)
            frame = WorldView(rsu=self._rsu, number=number, sent_ns=time.time_ns(), time_ns=time_ns, geojson=told())
            self._publish(topic, envelope.encode(frame))

    def close(self) -> None:
        for socket in self.sockets:
            socket.close()

    def _asks(self, topic: str) -> bool:
        asked = self._asked.get(topic)
        if asked is None:
            octets = topic.encode()
            asked = any(octets.startswith(prefix) for prefix in self._wanted)
            if len(self._asked) < TOPICS_MAX:
                self._asked[topic] = asked
        return asked

    def _send(self, topic: str, items: list[Outcome]) -> None:
        view = View(rsu=self._rsu, number=self._next(topic), sent_ns=time.time_ns(), items=items)
        self._publish(topic, envelope.encode(view))

    def _next(self, topic: str) -> int:
        """The number of the topic's next frame."""
        number = self._numbers.get(topic, 0) + 1
        if number > 1 or len(self._numbers) < TOPICS_MAX:
            self._numbers[topic] = number
        return number

    def _publish(self, topic: str, frame: bytes) -> None:
        for socket in self.sockets:
            socket.send_multipart([topic.encode(), frame], zmq.NOBLOCK)
