"""What every source of records is: opened, iterated, closed; and the one table of formats, which plug-ins
join.

A source yields :class:`rsu.received.Received` in the order of the file. Nothing that was received is lost:
a record that cannot be read whole comes with ``damage`` set and the octets that are there. What is no
reception (a TCP packet, another MCAP channel) is counted in
``skipped``. A file that cannot be read at all raises :class:`rsu.errors.SourceError`.

A package adds its own by an entry point in the group ``rsu.sources``: the name is the format, the object a
subclass of :class:`Source`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterator
from importlib.metadata import entry_points
from pathlib import Path
from types import TracebackType
from typing import Any, ClassVar, NamedTuple

from rsu.received import Received
from rsu.sources.content import Content, boot_id_of

RECORD_OCTETS_MAX = 262_144
"""Octets of one record, and of what is kept of a damaged one: the default snapshot length of capture
tools."""
ENTRY_POINTS = "rsu.sources"


class Settings(NamedTuple):
    """What the caller says about a source.

    :param rsu_id: the unit that heard it, where the file does not say.
    :param standard: e.g. ``sae-j2735``; empty where a header or the file says it.
    :param header: header setting, see :mod:`rsu.frames`.
    :param variant: what follows the colon of a format: ``rxMsg`` of ``wyoming:rxMsg``.
    """

    rsu_id: str = ""
    standard: str = ""
    header: str = "auto"
    variant: str = ""


class Source(ABC):
    """A file of received records.

    :param path: the file, gzip or plain.
    :param settings: what the caller says about it.
    """

    format: ClassVar[str]
    suffixes: ClassVar[tuple[str, ...]] = ()

    def __init__(self, path: Path, settings: Settings) -> None:
        self.path = path
        self.settings = settings
        self.skipped: Counter[str] = Counter()
        self.boot_id = boot_id_of(path)
        self.content = Content(path)

    @classmethod
    @abstractmethod
    def recognises(cls, path: Path, head: bytes) -> str:
        """The format name, with its variant, if these first octets of the content are of this format; else
        empty."""

    @abstractmethod
    def records(self) -> Iterator[Received]:
        """The records of the file, in its order."""

    def __iter__(self) -> Iterator[Received]:
        return self.records()

    @property
    def position(self) -> int:
        """Octets of the file read so far, for a progress bar; ``size`` is all of them."""
        return self.content.position

    @property
    def size(self) -> int:
        return self.content.size

    def close(self) -> None:
        self.content.close()

    def __enter__(self) -> Source:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def received(self, sequence: int, data: bytes, time_ns: int = 0, damage: str = "", **more: Any) -> Received:
        """A record of this file."""
        fields: dict[str, Any] = {
            "rsu_id": self.settings.rsu_id,
            "boot_id": self.boot_id,
            "sequence": sequence,
            "channel": "file",
            "source": self.path.name,
            "receive_time_ns": time_ns,
            "data": data,
            "header": self.settings.header,
            "standard": self.settings.standard,
            "damage": damage,
        }
        return Received(**(fields | more))

    def rest(self, sequence: int, begun: bytes, damage: str, time_ns: int = 0) -> Iterator[Received]:
        """All octets that are left, in damaged records of bounded size, for formats that give no place to
        go on from."""
        data = begun + self.content.read(RECORD_OCTETS_MAX - len(begun))
        while data:
            yield self.received(sequence, data, time_ns, damage)
            sequence, data = sequence + 1, self.content.read(RECORD_OCTETS_MAX)

    def cut_end(self, sequence: int) -> Iterator[Received]:
        """One damaged record without octets, where a gzip stream broke off between two records."""
        if self.content.damage:
            yield self.received(sequence, b"", damage=self.content.damage)


def formats(builtin: tuple[type[Source], ...]) -> dict[str, type[Source]]:
    """The table of formats: the built-in ones, then those of installed packages."""
    table: dict[str, type[Source]] = {source.format: source for source in builtin}
    for point in entry_points(group=ENTRY_POINTS):
        table.setdefault(point.name, point.load())
    return table
