"""JSON Lines of our own records: one :class:`rsu.received.Received` a line, octets in base64.

::

    {"rsu_id": "R1", "boot_id": "AAECAwQFBgcICQoLDA0ODw==", "sequence": 7, "channel": "pc5", "source": "pc5",
     "receive_time_ns": 1714550400250000000, "data": "ABQtPw=="}

A line may give ``hex`` in place of ``data``. What identifies a record is kept as it stands; a line without
``boot_id`` or ``sequence`` gets the identity of a record of this file, so that ``{"hex": "00142d3f"}`` is a
record too.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec

from rsu.received import BootId, Channel, Content, Name, Ordinal, Received, SourceName, Text, TimeNs
from rsu.sources.base import RECORD_OCTETS_MAX, Source

LINE_OCTETS_MAX = 2 * RECORD_OCTETS_MAX
"""Octets of one line: a record of the largest size in base64, and its other fields."""


class Line(msgspec.Struct, kw_only=True):
    """A line as it may be written: every field of a record may be missing, the octets in one of two forms."""

    rsu_id: Name = ""
    boot_id: BootId | None = None
    sequence: Ordinal | None = None
    channel: Channel = "file"
    source: SourceName = ""
    receive_time_ns: TimeNs = 0
    data: bytes | None = None
    hex: str | None = None
    content: Content = "message"
    record_type: Name = ""
    header: Name = "auto"
    standard: Text = ""
    damage: Text = ""
    meta: dict[str, str | int | float] = {}


DECODER = msgspec.json.Decoder(Line)


class JsonlSource(Source):
    """A file of such lines."""

    format = "jsonl"
    suffixes = (".jsonl", ".ndjson", ".json")

    @classmethod
    def recognises(cls, path: Path, head: bytes) -> str:
        return cls.format if head.lstrip().startswith(b"{") else ""

    def records(self) -> Iterator[Received]:
        ordinal = 0
        while not self.content.at_end():
            line, longer = self.content.line(LINE_OCTETS_MAX)
            if not line.strip():
                continue
            ordinal += 1
            if longer:
                yield self.received(ordinal, line, damage=f"line is longer than {LINE_OCTETS_MAX} octets")
            else:
                yield record_of(self, line, ordinal)
        yield from self.cut_end(ordinal + 1)


def record_of(source: Source, line: bytes, ordinal: int) -> Received:
    """The record that a line of JSON is, or a damaged one that holds the line."""
    try:
        read = DECODER.decode(line)
        data = bytes.fromhex(read.hex) if read.hex is not None else read.data
    except (msgspec.DecodeError, ValueError) as error:
        return source.received(ordinal, line, damage=f"line is not a record: {error}")
    if data is None:
        return source.received(ordinal, line, damage="line is not a record: it has neither data nor hex")
    return Received(
        rsu_id=read.rsu_id or source.settings.rsu_id,
        boot_id=source.boot_id if read.boot_id is None else read.boot_id,
        sequence=ordinal if read.sequence is None else read.sequence,
        channel=read.channel,
        source=read.source or source.path.name,
        receive_time_ns=read.receive_time_ns,
        data=data,
        content=read.content,
        record_type=read.record_type,
        header=source.settings.header if read.header == "auto" else read.header,
        standard=read.standard or source.settings.standard,
        damage=read.damage,
        meta=read.meta,
    )
