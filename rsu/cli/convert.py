"""`rsu convert`: a log of any format becomes one of any other, whole or narrowed by time, type and area."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rsu.cli import options
from rsu.cli.console import print_json, print_line, print_next, progress
from rsu.cli.exit_codes import UsageError
from rsu.cli.filters import Area, area, time_ns

if TYPE_CHECKING:
    from rsu.engine import Engine, Stored
    from rsu.received import Received
    from rsu.sources import Source

NAME = "convert"
PROGRESS_RECORDS = 256


def run(
    log: Annotated[Path, typer.Argument(metavar="IN", help="The log to read.")],
    out: Annotated[Path, typer.Argument(metavar="OUT", help="The log to write; one that exists is replaced.")],
    from_format: Annotated[
        str, typer.Option("--from", metavar="FORMAT", autocompletion=options.complete_source_format, help="Format of IN.")
    ] = "auto",
    to_format: Annotated[
        str, typer.Option("--to", metavar="FORMAT", autocompletion=options.complete_sink_format, help="Format of OUT.")
    ] = "auto",
    since: options.Since = "",
    until: options.Until = "",
    types: options.Types = None,
    near: options.Near = "",
    bbox: options.Bbox = "",
    standard: options.Standard = "",
    header: options.Header = "auto",
    rsu_id: Annotated[str, typer.Option("--rsu", metavar="ID", help="The unit that heard IN, where it does not say.")] = "",
    as_json: options.Json = False,
) -> None:
    """Convert a log, or a part of it.

    Without --type, --near or --bbox nothing is decoded: damaged records are kept as they are. With one of them, a
    record that does not decode is left out.
    """
    from rsu.cli.reading import standard_base
    from rsu.sinks import open_sink
    from rsu.sources import open_source

    standard_base(standard)
    wanted = Wanted(time_ns("--since", since), time_ns("--until", until), frozenset(types or ()), area(near, bbox))
    if out.exists() and log.exists() and out.samefile(log):
        raise UsageError(f"{out}: IN and OUT are the same file")
    left_out: Counter[str] = Counter()
    written = 0
    with (
        open_source(log, from_format, rsu_id=rsu_id, standard=standard, header=header) as source,
        open_sink(out, to_format) as sink,
    ):
        for record in _chosen(_watched(source, as_json), wanted, standard, left_out):
            sink.write(record)
            written += 1
    skipped = sum(sink.skipped.values())
    _report(out, written - skipped, left_out + sink.skipped + source.skipped, as_json)


@dataclass(frozen=True)
class Wanted:
    """Which records are kept; ``None`` and empty: all."""

    since_ns: int | None
    until_ns: int | None
    types: frozenset[str]
    where: Area | None

    def in_time(self, receive_time_ns: int) -> bool:
        """From ``since`` on and before ``until``."""
        after = self.since_ns is None or receive_time_ns >= self.since_ns
        return after and (self.until_ns is None or receive_time_ns < self.until_ns)

    @property
    def needs_content(self) -> bool:
        """Whether a record has to be decoded to know."""
        return bool(self.types) or self.where is not None


def _chosen(records: Iterator[Received], wanted: Wanted, standard: str, left_out: Counter[str]) -> Iterator[Received]:
    contents = Contents(standard) if wanted.needs_content else None
    for record in records:
        if not wanted.in_time(record.receive_time_ns):
            left_out["time"] += 1
            continue
        found = contents.of(record) if contents is not None else None
        if contents is not None and found is None:
            left_out["not decoded"] += 1
        elif found is not None and wanted.types and found.type not in wanted.types:
            left_out["type"] += 1
        elif found is not None and wanted.where and not wanted.where.holds(found.lat_e7, found.lon_e7):
            left_out["area"] += 1
        else:
            yield record


class Contents:
    """What records hold, by the same engine that stores them."""

    def __init__(self, standard: str) -> None:
        self._engine = engine_for(standard)
        self._last: Stored | None = None

    def of(self, record: Received) -> Stored | None:
        """The record's summary, or None where it does not decode. An echo is what it repeats: the record before."""
        from rsu.engine import Quarantined, Stored

        outcome = self._engine.step(record, record.receive_time_ns)
        if isinstance(outcome, Stored):
            self._last = outcome
        elif isinstance(outcome, Quarantined):
            self._last = None
        return self._last


def engine_for(standard: str) -> Engine:
    """An engine that remembers one record only, so that it leaves nothing out as a duplicate of an older one."""
    import rsu
    from rsu.engine import Engine, Settings

    names = {*options.STANDARD_NAMES, *filter(None, (standard,))}
    settings = Settings(standard=standard, duplicate_window_ms=0, duplicate_entries_max=1)
    return Engine(settings, {name: rsu.load_schema(name) for name in names})


def _watched(source: Source, quiet: bool) -> Iterator[Received]:
    """The records, with a bar for the octets read."""
    with progress(quiet, octets=True) as bar:
        task = bar.add_task(source.path.name, total=source.size)
        for number, record in enumerate(source):
            if number % PROGRESS_RECORDS == 0:
                bar.update(task, completed=source.position)
            yield record


def _report(out: Path, written: int, left_out: Counter[str], as_json: bool) -> None:
    found: dict[str, Any] = {"out": str(out), "written": written, "left_out": dict(sorted(left_out.items()))}
    if as_json:
        print_json(found)
        return
    reasons = ", ".join(f"{count} {reason}" for reason, count in found["left_out"].items())
    print_line(f"{written} records written to {out}" + (f"; left out: {reasons}" if reasons else ""))
    print_next(f"rsu replay {out}")
