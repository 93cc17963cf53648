"""Drive logs of the Wyoming layout, as :mod:`rsu.sources.wyoming` reads them, octet for octet.

The layout is the one of the first record, or the variant of the format (``wyoming:rxMsg``). A record needs
what the layout writes: place and security result in ``meta``, a time of whole milliseconds. One that lacks
them is refused: it could not be read back the same.
"""

from __future__ import annotations

import struct

from rsu.errors import SourceError
from rsu.received import Received
from rsu.sinks.base import Sink
from rsu.sources.wyoming import LAYOUTS, NEWLINE, Layout

_NS_PER_MS = 1_000_000


class WyomingSink(Sink):
    """A log of one layout."""

    format = "wyoming"

    def begin(self) -> None:
        if self.variant and self.variant not in LAYOUTS:
            raise self._refusal(f"variant {self.variant!r} is unknown: must be one of {', '.join(LAYOUTS)}")
        self._layout: Layout | None = LAYOUTS.get(self.variant)
        self._newline: object = None

    def write(self, record: Received) -> None:
        if record.damage:
            self.put(record.data)
            return
        layout = self._layout_of(record)
        try:
            head = layout.struct.pack(*self._fields(record, layout))
        except struct.error as error:
            raise self._refusal(f"record {record.sequence}: {error}") from error
        self.put(head + record.data + (NEWLINE if self._newline else b""))

    def _layout_of(self, record: Received) -> Layout:
        newline = record.meta.get("newline", 0)
        if self._newline is None:
            self._newline = newline
        if self._layout is None:
            self._layout = LAYOUTS.get(str(record.meta.get("log", "")))
        if self._layout is None:
            raise self._refusal(f"record {record.sequence} is of no Wyoming log: write jsonl or mcap")
        own = record.meta.get("log", self._layout.variant)
        if newline != self._newline or own != self._layout.variant:
            raise self._refusal(f"record {record.sequence} is of another layout: write each log to its own file")
        return self._layout

    def _fields(self, record: Received, layout: Layout) -> list[int]:
        millis, rest = divmod(record.receive_time_ns, _NS_PER_MS)
        if rest:
            raise self._refusal(f"record {record.sequence}: time has parts of a millisecond: write jsonl or mcap")
        known = {**record.meta, "seconds": millis // 1000, "millis": millis % 1000, "length": len(record.data)}
        missing = [name for name in layout.names if name not in known]
        if missing:
            raise self._refusal(f"record {record.sequence} has no {', '.join(missing)}: write jsonl or mcap")
        return [int(known[name]) for name in layout.names]

    def _refusal(self, reason: str) -> SourceError:
        return SourceError(f"{self.path}: {reason}")
