"""What every sink of records is: opened, written to, closed; and the one table of formats, which plug-ins
join.

What a format has no place for (a text record in a capture) is counted in ``skipped`` by its reason; a
record that a format promises to keep whole but cannot raises :class:`rsu.errors.SourceError`. A name that
ends in ``.gz`` is compressed, without a time in it, so that the same records give the same file.

A package adds its own by an entry point in the group ``rsu.sinks``: the name is the format, the object a
subclass of :class:`Sink`.
"""

from __future__ import annotations

import contextlib
import gzip
import os
from abc import ABC, abstractmethod
from collections import Counter
from importlib.metadata import entry_points
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, ClassVar, cast

from rsu.errors import SourceError
from rsu.received import Received

ENTRY_POINTS = "rsu.sinks"


class Sink(ABC):
    """A file that records are written to.

    :param path: the file; one that exists is replaced.
    :param variant: what follows the colon of a format: ``rxMsg`` of ``wyoming:rxMsg``.
    :raises SourceError: for a file that cannot be opened.
    """

    format: ClassVar[str]
    suffixes: ClassVar[tuple[str, ...]] = ()

    def __init__(self, path: Path, variant: str = "") -> None:
        self.path = path
        self.variant = variant
        self.skipped: Counter[str] = Counter()
        try:
            self._file: BinaryIO = path.open("wb")
        except OSError as error:
            raise SourceError(f"{path}: cannot be written: {error.strerror}") from error
        packed = path.suffix == ".gz"
        self.out = cast(BinaryIO, gzip.GzipFile("", "wb", 6, self._file, 0)) if packed else self._file
        self.begin()

    def begin(self) -> None:
        """Write what stands before the first record: here nothing."""
        return

    @abstractmethod
    def write(self, record: Received) -> None:
        """Write one record."""

    def finish(self) -> None:
        """Write what stands after the last record: here nothing."""
        return

    def flush(self) -> None:
        """Hand what was written to the system, so that it survives this process."""
        try:
            self.out.flush()
        except OSError as error:
            raise SourceError(f"{self.path}: cannot be written: {error.strerror}") from error

    @property
    def octets(self) -> int:
        """Written so far, before compression by a ``.gz`` name; a format may hold back a part."""
        return self.out.tell()

    def fileno(self) -> int:
        return self._file.fileno()

    def close(self, *, sync: bool = False) -> None:
        """Finish the file; further calls do nothing.

        :param sync: have it put on the disk before, so that it survives the machine.
        """
        if self._file.closed:
            return
        try:
            self.finish()
            if sync:
                self.out.flush()
                os.fsync(self.fileno())
            self.out.close()
        except OSError as error:
            raise SourceError(f"{self.path}: cannot be written: {error.strerror}") from error
        finally:
            self._file.close()

    def abandon(self) -> None:
        """Close the file as it is, after an error."""
        with contextlib.suppress(OSError):
            self._file.close()

    def put(self, octets: bytes) -> None:
        """Write octets to the file."""
        try:
            self.out.write(octets)
        except OSError as error:
            raise SourceError(f"{self.path}: cannot be written: {error.strerror}") from error

    def __enter__(self) -> Sink:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


def formats(builtin: tuple[type[Sink], ...]) -> dict[str, type[Sink]]:
    """The table of formats: the built-in ones, then those of installed packages."""
    table: dict[str, type[Sink]] = {sink.format: sink for sink in builtin}
    for point in entry_points(group=ENTRY_POINTS):
        table.setdefault(point.name, point.load())
    return table
