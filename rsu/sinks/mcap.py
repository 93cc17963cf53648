"""MCAP files with our own records, as :mod:`rsu.sources.mcap` reads them: nothing of a record is lost.

Tools that read MCAP (Foxglove) show the messages: they are JSON with a JSON Schema. Log time is the receive
time.
"""

from __future__ import annotations

import msgspec
from mcap.writer import CompressionType, Writer

from rsu.errors import SourceError
from rsu.received import Received
from rsu.sinks.base import Sink
from rsu.sinks.jsonl import ENCODER
from rsu.sources.mcap import MESSAGE_ENCODING, SCHEMA_NAME

TOPIC = "/rsu/received"
LIBRARY = "rsu"
_UINT64_MAX = 2**64 - 1


class McapSink(Sink):
    """An MCAP file with one channel."""

    format = "mcap"
    suffixes = (".mcap",)

    def begin(self) -> None:
        self._writer = Writer(self.out, compression=CompressionType.ZSTD)
        self._writer.start(profile="", library=LIBRARY)
        schema = msgspec.json.encode(msgspec.json.schema(Received))
        schema_id = self._writer.register_schema(SCHEMA_NAME, "jsonschema", schema)
        self._channel = self._writer.register_channel(TOPIC, MESSAGE_ENCODING, schema_id)

    def write(self, record: Received) -> None:
        time_ns = min(max(record.receive_time_ns, 0), _UINT64_MAX)
        self._writer.add_message(self._channel, time_ns, ENCODER.encode(record), time_ns, record.sequence & 0xFFFF_FFFF)

    def flush(self) -> None:
        """End the chunk, so that a reader gets it also when the file is never finished."""
        try:
            self._writer.flush()  # type: ignore[no-untyped-call]
        except OSError as error:
            raise SourceError(f"{self.path}: cannot be written: {error.strerror}") from error

    def finish(self) -> None:
        self._writer.finish()  # type: ignore[no-untyped-call]
