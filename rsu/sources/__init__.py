"""Where records come from: :func:`open_source` gives the records of a file, :func:`sniff` tells its format.

``wyoming`` (drive logs), ``pcap``, ``pcapng``, ``hex``, ``jsonl``, ``mcap``, and what installed packages
add; each may be gzipped. How a source behaves is written in :mod:`rsu.sources.base`.
"""

from __future__ import annotations

import os
from pathlib import Path

from rsu.errors import SourceError
from rsu.sources.base import RECORD_OCTETS_MAX, Settings, Source, formats
from rsu.sources.capture import PcapngSource, PcapSource
from rsu.sources.content import head_of
from rsu.sources.hexlines import HexSource
from rsu.sources.jsonl import JsonlSource
from rsu.sources.mcap import McapSource
from rsu.sources.wyoming import WyomingSource

__all__ = ["RECORD_OCTETS_MAX", "Settings", "Source", "known_formats", "open_source", "sniff"]

# Asked in this order: a magic number says more than text, and text more than the chain of a log's records.
BUILTIN: tuple[type[Source], ...] = (
    PcapngSource,
    PcapSource,
    McapSource,
    JsonlSource,
    HexSource,
    WyomingSource,
)


def known_formats() -> dict[str, type[Source]]:
    """Format name → class, built-in ones first."""
    return formats(BUILTIN)


def open_source(
    path: str | os.PathLike[str],
    format: str = "auto",
    *,
    rsu_id: str = "",
    standard: str = "",
    header: str = "auto",
) -> Source:
    """Open a file of records.

    :param format: ``auto``, or one of :func:`known_formats`, with a variant after a colon where it has some
        (``wyoming:rxMsg``).
    :param rsu_id: the unit that heard it, where the file does not say.
    :param standard: standard of its messages, where neither header nor file says it.
    :param header: header setting of its frames, see :mod:`rsu.frames`.
    :raises SourceError: for a file that cannot be read, or a format that is not known; the message names
        the file and the reason.
    """
    file = Path(path)
    name, _, variant = (sniff(file) if format == "auto" else format).partition(":")
    table = known_formats()
    if name not in table:
        raise SourceError(f"{file}: format {format!r} is unknown: must be auto or one of {', '.join(table)}")
    return table[name](file, Settings(rsu_id, standard, header, variant))


def sniff(path: str | os.PathLike[str]) -> str:
    """The format of a file by its first octets; an empty one by its name.

    :raises SourceError: for a file that cannot be read, or whose format is not recognised.
    """
    file = Path(path)
    head = head_of(file)
    table = known_formats()
    if not head:
        return _by_name(file, table)
    for source in table.values():
        if name := source.recognises(file, head):
            return name
    raise SourceError(f"{file}: format is not recognised, it begins with {head[:8].hex()}: give one of {', '.join(table)}")


def _by_name(file: Path, table: dict[str, type[Source]]) -> str:
    """The format of an empty file: any will do that has no records without octets."""
    suffix = Path(file.name.removesuffix(".gz")).suffix
    named = (name for name, source in table.items() if suffix and suffix in source.suffixes)
    return WyomingSource.recognises(file, b"") or next(named, JsonlSource.format)
