"""The octets of a file, with gzip taken off, read in pieces: memory grows with what is asked for, never
with the file."""

from __future__ import annotations

import hashlib
import zlib
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

from rsu.errors import SourceError

CHUNK_OCTETS = 65_536
HEAD_OCTETS = 262_144
"""Octets at the start of a file that tell its format: more than the longest record of a drive log."""
GZIP_MAGIC = b"\x1f\x8b"
BOOT_ID_OCTETS = 16


class Content:
    """A file opened for reading.

    A gzip stream that is cut or damaged ends where it can no longer be read, and ``damage`` says why.

    :raises SourceError: for a file that cannot be opened or read.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.damage = ""
        self.position = 0
        try:
            self._file: BinaryIO = path.open("rb")
            self.size = path.stat().st_size
        except OSError as error:
            raise SourceError(f"{path}: cannot be read: {error.strerror}") from error
        self._ahead = b""
        self._at = 0
        self._ended = False
        self._compressed = b""
        head = self._raw()
        self._inflate = zlib.decompressobj(wbits=31) if head.startswith(GZIP_MAGIC) else None
        if self._inflate is None:
            self._ahead = head
        else:
            self._compressed = head

    def read(self, count: int) -> bytes:
        """The next ``count`` octets; fewer only at the end."""
        parts: list[bytes] = []
        while count > 0 and self._fill():
            part = self._ahead[self._at : self._at + count]
            self._at += len(part)
            count -= len(part)
            parts.append(part)
        return b"".join(parts)

    def line(self, limit: int) -> tuple[bytes, bool]:
        """The next line without its end, and whether it was longer than ``limit``; its rest is then passed
        over."""
        parts: list[bytes] = []
        size = 0
        while self._fill():
            stop = self._ahead.find(b"\n", self._at)
            part = self._ahead[self._at : stop if stop >= 0 else len(self._ahead)]
            self._at += len(part) + (stop >= 0)
            if size <= limit:
                parts.append(part)
            size += len(part)
            if stop >= 0:
                break
        return b"".join(parts)[:limit], size > limit

    def at_end(self) -> bool:
        return not self._fill()

    def close(self) -> None:
        self._file.close()

    def __enter__(self) -> Content:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def _raw(self) -> bytes:
        try:
            octets = self._file.read(CHUNK_OCTETS)
        except OSError as error:
            raise SourceError(f"{self.path}: cannot be read: {error.strerror}") from error
        self.position += len(octets)
        return octets

    def _fill(self) -> bool:
        """Whether there is at least one octet ahead."""
        while self._at >= len(self._ahead) and not self._ended:
            self._at = 0
            self._ahead = self._raw() if self._inflate is None else self._inflated()
            self._ended = not self._ahead
        return self._at < len(self._ahead)

    def _inflated(self) -> bytes:
        """The next piece of the gzip stream; nothing at its end or where it is damaged."""
        assert self._inflate is not None
        while True:
            if self._inflate.eof and not self._next_member():
                return b""
            if not self._compressed:
                self._compressed = self._raw()
            if not self._compressed:
                self.damage = "gzip stream is cut"
                return b""
            try:
                octets = self._inflate.decompress(self._compressed, CHUNK_OCTETS)
            except zlib.error as error:
                self.damage = f"gzip stream is damaged: {error}"
                return b""
            self._compressed = self._inflate.unconsumed_tail or self._inflate.unused_data
            if octets:
                return octets

    def _next_member(self) -> bool:
        """Whether another gzip member follows; zero octets between members are padding."""
        self._compressed = self._compressed.lstrip(b"\0")
        while len(self._compressed) < len(GZIP_MAGIC):
            more = self._raw()
            if not more:
                break
            self._compressed = (self._compressed + more).lstrip(b"\0")
        if not self._compressed:
            return False
        if not self._compressed.startswith(GZIP_MAGIC):
            self.damage = "gzip stream is followed by octets of another kind"
            return False
        self._inflate = zlib.decompressobj(wbits=31)
        return True


def boot_id_of(path: Path) -> bytes:
    """The identity of a log: the first octets of SHA-256 over its content, gzip taken off, so that a log
    and its compressed copy are one."""
    digest = hashlib.sha256()
    with Content(path) as content:
        while octets := content.read(CHUNK_OCTETS):
            digest.update(octets)
    return digest.digest()[:BOOT_ID_OCTETS]


def head_of(path: Path, count: int = HEAD_OCTETS) -> bytes:
    """The first octets of a file's content."""
    with Content(path) as content:
        return content.read(count)
