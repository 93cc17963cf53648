"""What was heard already: the same record again, or the same transmission by another radio of the unit."""

from __future__ import annotations

from collections import OrderedDict

import msgspec

from rsu.received import Received


class Echoes:
    """What was heard lately, bounded: identities, and frames with the sources that heard each transmission.

    The oldest is found at the front of an OrderedDict; a dict passes over all that was deleted there (3 µs a record).
    """

    def __init__(self, window_ns: int, entries_max: int) -> None:
        self._window_ns = window_ns
        self._entries_max = entries_max
        self._identities: OrderedDict[tuple[str, bytes, int], tuple[str, str]] = OrderedDict()  # → echo of what, type
        self._frames: OrderedDict[tuple[str, bytes, bytes], _Transmission] = OrderedDict()

    def of(self, received: Received, time_ns: int, again: bool = False) -> tuple[str, str] | None:
        """``identity`` or ``radio``, and the type, where the record is one already heard; it is remembered.

        :param again: the record is handed in once more because its outcome was lost: the answer is the one of the first time.
        """
        identity = (received.rsu_id, received.boot_id, received.sequence)
        known = self._identities.get(identity)
        if known is not None:
            if again:
                return known if known[0] else None
            return "identity", known[1]
        self._identities[identity] = ("", "")
        if len(self._identities) > self._entries_max:
            self._identities.popitem(last=False)
        if received.damage or not received.data:
            return None
        return self._heard(received, identity, time_ns)

    def _heard(self, received: Received, identity: tuple[str, bytes, int], time_ns: int) -> tuple[str, str] | None:
        key = (received.rsu_id, received.boot_id, received.data)
        sent = self._frames.get(key)
        if sent is None:
            self._frames[key] = _Transmission(time_ns, (received.source,))
            if len(self._frames) > self._entries_max:
                self._frames.popitem(last=False)
        elif abs(time_ns - sent.first_ns) <= self._window_ns and received.source not in sent.sources:
            sent.sources += (received.source,)
            verdict = self._identities[identity] = ("radio", sent.type)
            return verdict
        else:
            self._frames[key] = _Transmission(time_ns, (received.source,))
            self._frames.move_to_end(key)  # the order is that of age
        return None

    def settle(self, received: Received, type_name: str) -> None:
        """Remember what the record turned out to be."""
        self._identities[received.rsu_id, received.boot_id, received.sequence] = ("", type_name)
        sent = self._frames.get((received.rsu_id, received.boot_id, received.data))
        if sent is not None:
            sent.type = type_name


class _Transmission(msgspec.Struct, gc=False):
    """One sending of a frame: when it was first heard, who heard it, what it is."""

    first_ns: int
    sources: tuple[str, ...]
    type: str = ""
