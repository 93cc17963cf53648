"""`rsu replay`: logs into the database, and a report of what was in them; with `--expect`, a regression test."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from rsu.cli import options
from rsu.cli.console import print_json, progress
from rsu.cli.exit_codes import ExitCode, UsageError
from rsu.errors import SourceError, StoreError

if TYPE_CHECKING:
    from rsu.observe.arrays import Origin
    from rsu.replay import Options, Progress, ReplayResult
    from rsu.store import Store

NAME = "replay"
SPEED_MAX = 1000.0
JOBS_MAX = 64
LAT_DEG_MAX, LON_DEG_MAX = 90, 180
IN_MEMORY = "sqlite://"


def run(
    logs: Annotated[list[Path], typer.Argument(metavar="LOG", help="Drive logs, captures, MCAP, JSON Lines, hex.")],
    database: Annotated[
        str | None,
        typer.Option(
            "--db",
            metavar="URL",
            envvar="RSU_DB",
            help=f"Database URL or SQLite file; default {options.DATABASE}, with --record or --expect one in memory.",
        ),
    ] = None,
    standard: options.Standard = "",
    header: options.Header = "auto",
    log_format: Annotated[
        str,
        typer.Option("--format", metavar="NAME", autocompletion=options.complete_source_format, help="Format of the logs."),
    ] = "auto",
    schema: options.Schema = None,
    rsu_id: Annotated[str, typer.Option("--rsu", metavar="ID", help="The unit that heard them, where they do not say.")] = "",
    speed: Annotated[
        str, typer.Option("--speed", metavar="SPEED", help="max, or 1x, 2x … of the pace they were heard at.")
    ] = "max",
    jobs: Annotated[
        int, typer.Option("--jobs", metavar="N", min=0, max=JOBS_MAX, help="Logs read at once; 0: one a core.")
    ] = 0,
    relaxed: options.Relaxed = False,
    origin: Annotated[
        str | None,
        typer.Option(
            "--origin",
            metavar="LAT,LON|map",
            help="Fuse what is heard into tracks around this position, or around that of the first MAP in each log.",
        ),
    ] = None,
    track_hz: Annotated[
        int, typer.Option("--track-hz", metavar="N", min=0, max=10, help="With --origin: tracks stored a second; 0: none.")
    ] = 1,
    record: Annotated[Path | None, typer.Option("--record", metavar="FILE", help="Keep the result for --expect.")] = None,
    expect: Annotated[
        Path | None, typer.Option("--expect", metavar="FILE", help="Compare with a kept result; exit code 1 if it differs.")
    ] = None,
    tolerance: Annotated[
        list[str] | None,
        typer.Option("--tolerance", metavar="FIELD=X", help="A number may differ by X in the field's unit; repeat."),
    ] = None,
    junit: Annotated[
        Path | None, typer.Option("--junit", metavar="FILE", help="With --expect: the comparison as JUnit XML.")
    ] = None,
    video: Annotated[
        Path | None, typer.Option("--video", metavar="FILE", help="A film from above: .mp4, .gif, or a folder for PNG files.")
    ] = None,
    as_json: options.Json = False,
) -> None:
    """Replay logs into a database: decode, check and store every record, and explain every reject.

    The same log again adds no row: its records are counted as duplicates.
    """
    from rsu.cli.expectation import Expectation
    from rsu.cli.report import Kept, json_object, print_report
    from rsu.cli.video import Reading, check_video, film
    from rsu.replay import replay
    from rsu.store import open_store

    _check(logs, log_format, standard, schema)
    check_video(video, logs)
    settings = _options(rsu_id, standard, header, log_format, schema, relaxed, _pace(speed), _jobs(jobs))
    settings = msgspec.structs.replace(settings, fuse=origin is not None, origin=_place(origin), track_hz=track_hz)
    with Expectation(record, expect, tolerance or [], junit) as expectation:
        url = database or (IN_MEMORY if expectation.asked else options.DATABASE)
        watch = expectation.batches if expectation.asked else None
        with open_store(url) as store, _bar(logs, as_json) as moved:
            result = replay(logs, store, settings, progress=moved, batches=watch)
            wrong = _not_adding_up(result, store)
        comparison = expectation.finish(result)
    if as_json:
        print_json(json_object(result, comparison))
    else:
        print_report(result, logs, Kept(None if url == IN_MEMORY else url, database is None, record), comparison)
    if video is not None:
        film(logs[0], video, Reading(standard, header, log_format), quiet=as_json)
    if wrong:
        raise StoreError(f"the ledger of {url} does not add up: {wrong}")
    if comparison is not None and comparison.total:
        raise typer.Exit(ExitCode.FOUND)


def _check(logs: list[Path], log_format: str, standard: str, schema: list[Path] | None) -> None:
    """Before a database is made: are the logs there and of a known format, is the standard known?"""
    from rsu.cli.reading import standard_base
    from rsu.sources import known_formats, sniff

    known = known_formats()
    if log_format != "auto" and log_format.partition(":")[0] not in known:
        raise UsageError(f"--format {log_format}: must be auto or one of {', '.join(known)}")
    standard_base(standard)
    for log in logs:
        if not log.exists():
            raise SourceError(f"{log}: there is no such file")
        if log_format == "auto":
            sniff(log)
    if schema and not standard:
        raise UsageError("--schema: say with --standard whose place these modules take")


def _options(
    rsu_id: str,
    standard: str,
    header: str,
    log_format: str,
    schema: list[Path] | None,
    relaxed: bool,
    speed: float,
    jobs: int,
) -> Options:
    from rsu.replay import Options

    return Options(
        rsu_id=rsu_id,
        standard=standard,
        header=header,
        format=log_format,
        schema_files=tuple(map(str, schema or ())),
        strict=not relaxed,
        speed=speed,
        jobs=jobs,
    )


def _place(text: str | None) -> Origin | None:
    """``LAT,LON`` in degrees; None for ``map``."""
    if text is None or text == "map":
        return None
    from rsu.observe.arrays import Origin

    try:
        lat_deg, lon_deg = map(float, text.split(","))
    except ValueError:
        lat_deg = lon_deg = math.nan
    if not (abs(lat_deg) <= LAT_DEG_MAX and abs(lon_deg) <= LON_DEG_MAX):
        raise UsageError(f"--origin {text}: must be LAT,LON in degrees, as 29.6583,106.5312, or map")
    return Origin(lat_deg, lon_deg)


def _pace(text: str) -> float:
    """``max`` is 0; ``1x``, ``0.5x`` and ``10`` are factors."""
    if text == "max":
        return 0.0
    try:
        factor = float(text.removesuffix("x"))
    except ValueError:
        factor = 0.0
    if not 0 < factor <= SPEED_MAX:
        raise UsageError(f"--speed {text}: must be max or a factor like 1x, above 0 and at most {SPEED_MAX:.0f}x")
    return factor


def _jobs(asked: int) -> int:
    import os

    return asked or min(os.cpu_count() or 1, JOBS_MAX)


@contextmanager
def _bar(logs: list[Path], quiet: bool) -> Iterator[Progress]:
    """A bar for each log, in octets read."""
    with progress(quiet, octets=True) as bar:
        tasks = {log: bar.add_task(log.name, total=None) for log in logs}

        def moved(log: Path, done: int, total: int) -> None:
            bar.update(tasks[log], completed=done, total=total)

        yield moved


def _not_adding_up(result: ReplayResult, store: Store) -> str:
    """Why the account is wrong, or nothing."""
    rows = store.unbalanced()
    if rows:
        return f"{len(rows)} of its rows"
    if result.records != result.stored + result.quarantined + result.duplicates:
        return "this run"
    return ""
