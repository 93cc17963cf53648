"""A recording that was never finished, because its writer was killed or the disk was full, made whole again.

What was written up to the damage stays, the rest is cut off: of JSON Lines the last line without an end, of MCAP the last
record that is not whole, or whose chunk does not unpack; MCAP then gets an end (without a summary: a reader can do without).
"""

from __future__ import annotations

import os
import struct
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, cast

from mcap.data_stream import ReadDataStream, RecordBuilder
from mcap.opcode import Opcode
from mcap.records import Chunk, DataEnd, Footer
from mcap.stream_reader import breakup_chunk

from rsu.errors import SourceError
from rsu.sources.mcap import CHUNK_OCTETS_MAX, DAMAGE, MAGIC

STEP_OCTETS = 65_536
_RECORD_HEAD = struct.Struct("<BQ")
_AT_END = (Opcode.DATA_END, Opcode.FOOTER)


def repair(path: Path, format: str) -> int:
    """Make an unfinished file readable to its last whole record.

    :param format: ``jsonl`` or ``mcap``.
    :returns: octets that were cut off.
    :raises SourceError: for a file that cannot be read or written.
    """
    try:
        with path.open("r+b") as file:
            size = file.seek(0, os.SEEK_END)
            keep = _lines_end(file, size) if format == "jsonl" else _mcap_end(file, size)
            file.truncate(keep)
            file.seek(keep)
            if format == "mcap" and keep and not _is_finished(file, keep):
                file.write(_mcap_tail())
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise SourceError(f"{path}: cannot be repaired: {error.strerror}") from error
    return size - keep


def _lines_end(file: BinaryIO, size: int) -> int:
    """Behind the last end of a line."""
    end = size
    while end > 0:
        start = max(end - STEP_OCTETS, 0)
        file.seek(start)
        at = file.read(end - start).rfind(b"\n")
        if at >= 0:
            return start + at + 1
        end = start
    return 0


def _mcap_end(file: BinaryIO, size: int) -> int:
    """Behind the last whole record; 0 where not even a chunk is whole."""
    if _is_finished(file, size):
        return size
    file.seek(0)
    if file.read(len(MAGIC)) != MAGIC:
        return 0
    chunks: list[tuple[int, int]] = []
    end = at = len(MAGIC)
    while at + _RECORD_HEAD.size <= size:
        file.seek(at)
        opcode, length = _RECORD_HEAD.unpack(file.read(_RECORD_HEAD.size))
        after = at + _RECORD_HEAD.size + length
        if opcode == 0 or opcode in _AT_END or after > size:
            break
        if opcode == Opcode.CHUNK:
            chunks.append((at, end))
        end = at = after
    while chunks:
        at, before = chunks.pop()
        if _unpacks(file, at):
            return end
        end = before
    return 0


def _unpacks(file: BinaryIO, at: int) -> bool:
    file.seek(at)
    _, length = _RECORD_HEAD.unpack(file.read(_RECORD_HEAD.size))
    if length > CHUNK_OCTETS_MAX:
        return False
    try:
        chunk = Chunk.read(ReadDataStream(cast(BinaryIO, BytesIO(file.read(length)))))
        return chunk.uncompressed_size <= CHUNK_OCTETS_MAX and bool(breakup_chunk(chunk, validate_crc=True))
    except DAMAGE:
        return False


def _is_finished(file: BinaryIO, size: int) -> bool:
    if size < 2 * len(MAGIC):
        return False
    file.seek(size - len(MAGIC))
    return file.read(len(MAGIC)) == MAGIC


def _mcap_tail() -> bytes:
    records = RecordBuilder()
    DataEnd(data_section_crc=0).write(records)
    Footer(summary_start=0, summary_offset_start=0, summary_crc=0).write(records)
    return bytes(records.end()) + MAGIC  # type: ignore[no-untyped-call]
