"""Where records go: :func:`open_sink` writes them to a file in a format that :mod:`rsu.sources` reads.

``jsonl`` and ``mcap`` keep all of a record; ``hex`` and ``pcap`` keep octets and times; ``wyoming`` keeps a
drive log as it was.
"""

from __future__ import annotations

import os
from pathlib import Path

from rsu.errors import SourceError
from rsu.sinks.base import Sink, formats
from rsu.sinks.hexlines import HexSink
from rsu.sinks.jsonl import JsonlSink
from rsu.sinks.mcap import McapSink
from rsu.sinks.pcap import PcapSink
from rsu.sinks.wyoming import WyomingSink

__all__ = ["Sink", "known_formats", "open_sink"]

BUILTIN: tuple[type[Sink], ...] = (JsonlSink, McapSink, HexSink, PcapSink, WyomingSink)


def known_formats() -> dict[str, type[Sink]]:
    """Format name → class, built-in ones first."""
    return formats(BUILTIN)


def open_sink(path: str | os.PathLike[str], format: str = "auto") -> Sink:
    """Open a file for records.

    :param format: ``auto`` (by the suffix), or one of :func:`known_formats`, with a variant after a colon
        where it has some.
    :raises SourceError: for a file that cannot be written, or a format that is not known.
    """
    file = Path(path)
    table = known_formats()
    name, _, variant = format.partition(":")
    if format == "auto":
        suffix = Path(file.name.removesuffix(".gz")).suffix
        name = next((name for name, sink in table.items() if suffix and suffix in sink.suffixes), "")
        if not name:
            raise SourceError(f"{file}: no format has the suffix {suffix!r}: give one of {', '.join(table)}")
    if name not in table:
        raise SourceError(f"{file}: format {format!r} is unknown: must be auto or one of {', '.join(table)}")
    return table[name](file, variant)
