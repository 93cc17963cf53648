"""What was heard already: the same record again, or the same transmission by another radio of the unit."""

from __future__ import annotations

from typing import Any

import msgspec

from rsu.received import Received


class Echoes:
    """What was heard lately, bounded: identities, and frames with the sources that heard each transmission."""

    def __init__(self, window_ns: int, entries_max: int) -> None:
        self._window_ns = window_ns
        self._entries_max = entries_max
        self._identities: dict[tuple[str, bytes, int], str] = {}
        self._frames: dict[tuple[str, bytes, bytes], _Transmission] = {}

    def of(self, received: Received, time_ns: int) -> tuple[str, str] | None:
        """``identity`` or ``radio``, and the type, where the record is one already heard; it is remembered."""
        identity = (received.rsu_id, received.boot_id, received.sequence)
        if identity in self._identities:
            return "identity", self._identities[identity]
        self._identities[identity] = ""
        _bound(self._identities, self._entries_max)
        if received.damage or not received.data:
            return None
        key = (received.rsu_id, received.boot_id, received.data)
        sent = self._frames.get(key)
        if sent and abs(time_ns - sent.first_ns) <= self._window_ns and received.source not in sent.sources:
            sent.sources.add(received.source)
            self._identities[identity] = sent.type
            return "radio", sent.type
        self._frames.pop(key, None)  # re-inserted last: the dict's order is that of age
        self._frames[key] = _Transmission(time_ns, {received.source})
        _bound(self._frames, self._entries_max)
        return None

    def settle(self, received: Received, type_name: str) -> None:
        """Remember what the record turned out to be."""
        self._identities[received.rsu_id, received.boot_id, received.sequence] = type_name
        sent = self._frames.get((received.rsu_id, received.boot_id, received.data))
        if sent:
            sent.type = type_name


class _Transmission(msgspec.Struct):
    """One sending of a frame: when it was first heard, who heard it, what it is."""

    first_ns: int
    sources: set[str]
    type: str = ""


def _bound(entries: dict[Any, Any], most: int) -> None:
    if len(entries) > most:
        del entries[next(iter(entries))]
