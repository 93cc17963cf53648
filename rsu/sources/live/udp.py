"""PC5 radios, and whoever else speaks in UDP datagrams: one datagram, one frame, octets as they came.

Headers are the engine's business (:mod:`rsu.frames`). One form is taken apart here, because it is no frame but a text about
one: RSU 4.1 immediate forward, whose payload is handed on.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from rsu.config import Radio
from rsu.errors import SourceError
from rsu.received import Channel
from rsu.sources import immediate_forward
from rsu.sources.live.base import RECEIVE_MAX, Heard
from rsu.sources.live.listener import Arrival, Listener

_FIRST = frozenset(b"V#")
_TYPE_CHARACTERS_MAX = 32


class UdpSource:
    """All addresses of a radio: one source.

    :raises ConfigError: for an address that is none.
    :raises SourceError: for one that cannot be bound.
    """

    def __init__(self, radio: Radio) -> None:
        self.name = radio.name
        self.faults: Counter[str] = Counter()
        self.channel: Channel = radio.channel
        self.header = radio.header
        self.standard = radio.standard
        self.listeners: list[Listener] = []
        self._next = 0
        try:
            for listen in radio.listen:
                key = f"[[radio]] {radio.name}: listen"
                self.listeners.append(Listener(listen, key, self.faults, radio.receive_buffer_octets))
        except BaseException:
            self.close()
            raise

    def filenos(self) -> list[int]:
        return [listener.fileno() for listener in self.listeners]

    def receive(self, most: int = RECEIVE_MAX) -> list[Heard]:
        """What waits on all addresses; another one comes first each time, so that a loud one leaves room for the others."""
        heard: list[Heard] = []
        self._next += 1
        for step in range(len(self.listeners)):
            listener = self.listeners[(self._next + step) % len(self.listeners)]
            for arrival in listener.drain(most - len(heard)):
                heard.append(self._heard(arrival))
            if len(heard) >= most:
                break
        return heard

    def tick(self, now_ns: int) -> None:
        """Nothing is asked of a radio."""

    def close(self) -> None:
        for listener in self.listeners:
            listener.close()

    def _heard(self, arrival: Arrival) -> Heard:
        time_ns, data, _ = arrival
        if data[:1] and data[0] in _FIRST and self.header == "auto" and immediate_forward.looks_like_it(data):
            return self._forwarded(time_ns, data)
        return Heard(self.name, time_ns, data, self.channel, header=self.header, standard=self.standard)

    def _forwarded(self, time_ns: int, data: bytes) -> Heard:
        try:
            forward = immediate_forward.parse(data)
        except SourceError as error:
            self.faults["immediate-forward"] += 1
            return Heard(self.name, time_ns, data, self.channel, standard=self.standard, damage=str(error))
        meta: dict[str, Any] = {"forward": forward.type[:_TYPE_CHARACTERS_MAX], "psid": forward.psid}
        return Heard(
            self.name,
            time_ns,
            forward.payload,
            self.channel,
            standard=self.standard or "sae-j2735",  # the text is of North America
            meta=meta,
        )
