"""JSON Lines of our own records, as :mod:`rsu.sources.jsonl` reads them: nothing of a record is lost."""

from __future__ import annotations

import msgspec

from rsu.received import Received
from rsu.sinks.base import Sink

ENCODER = msgspec.json.Encoder()


class JsonlSink(Sink):
    """A file of such lines."""

    format = "jsonl"
    suffixes = (".jsonl", ".ndjson", ".json")

    def write(self, record: Received) -> None:
        self.put(ENCODER.encode(record) + b"\n")
