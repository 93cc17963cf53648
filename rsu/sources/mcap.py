"""MCAP files with our own records: schema ``rsu.Received`` (JSON Schema), message encoding ``json``, one
message a record.

A message is the line that :mod:`rsu.sources.jsonl` reads; its log time is the record's receive time.
Messages come in the order of the file, not sorted by time, so that memory grows with a chunk (at most
:data:`CHUNK_OCTETS_MAX`) and never with the file. Messages of other schemas are counted in ``skipped``.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import IO, cast

from mcap.exceptions import McapError
from mcap.records import Channel, Chunk, McapRecord, Message, Schema
from mcap.stream_reader import StreamReader, breakup_chunk
from zstandard import ZstdError

from rsu.received import Received
from rsu.sources.base import Source
from rsu.sources.jsonl import record_of

MAGIC = b"\x89MCAP0\r\n"
SCHEMA_NAME = "rsu.Received"
MESSAGE_ENCODING = "json"
CHUNK_OCTETS_MAX = 64 * 1024 * 1024
"""Octets of one MCAP record, and of a chunk when unpacked."""
DAMAGE = (McapError, ValueError, RuntimeError, EOFError, struct.error, ZstdError)
"""What the mcap library and its decompressors raise on octets that are no MCAP record: it lets theirs through."""


class McapSource(Source):
    """An MCAP file."""

    format = "mcap"
    suffixes = (".mcap",)

    @classmethod
    def recognises(cls, path: Path, head: bytes) -> str:
        return cls.format if head.startswith(MAGIC) else ""

    def records(self) -> Iterator[Received]:
        if self.content.at_end():
            return
        ordinal = 0
        schemas: dict[int, str] = {}
        channels: dict[int, Channel] = {}
        steps = self._read()
        while True:
            try:
                record = next(steps, None)
            except DAMAGE as error:
                yield self.received(ordinal + 1, b"", damage=f"MCAP record cannot be read: {error or type(error).__name__}")
                return
            match record:
                case None:
                    break
                case Schema():
                    schemas[record.id] = record.name
                case Channel():
                    channels[record.id] = record
                case Message():
                    channel = channels.get(record.channel_id)
                    name = schemas.get(channel.schema_id, "") if channel else ""
                    if channel is None or (name, channel.message_encoding) != (SCHEMA_NAME, MESSAGE_ENCODING):
                        self.skipped[f"MCAP schema {name or 'unknown'}"] += 1
                        continue
                    ordinal += 1
                    yield record_of(self, record.data, ordinal)
        yield from self.cut_end(ordinal + 1)

    def _read(self) -> Iterator[McapRecord]:
        """The records of the file, those of a chunk in its place."""
        stream = cast(IO[bytes], self.content)
        reader = StreamReader(stream, emit_chunks=True, validate_crcs=True, record_size_limit=CHUNK_OCTETS_MAX)
        for record in reader.records:
            if not isinstance(record, Chunk):
                yield record
                continue
            if record.uncompressed_size > CHUNK_OCTETS_MAX:
                raise McapError(f"chunk unpacks to {record.uncompressed_size} octets: must be 0..{CHUNK_OCTETS_MAX}")
            yield from breakup_chunk(record, validate_crc=True)
