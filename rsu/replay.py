"""Replay: logs through the engine into a database, the same rows every time.

Each log has an engine of its own, so the result does not depend on how many logs run at once, on the batch size or on the
clock. With several jobs, processes read and decode, and this process alone writes; a bounded queue holds them back when the
database is slower.
"""

from __future__ import annotations

import multiprocessing
import queue
import time
from collections.abc import Callable, Iterator, Sequence
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from rsu.engine import Duplicate, Engine, Outcome, Quarantined, Settings, Stored, TrackSample
from rsu.engine.fused import Fused
from rsu.errors import RsuError, SourceError
from rsu.schema import load_schema
from rsu.sources import open_source
from rsu.standards import STANDARDS, parse_standard_name
from rsu.store import Store, Tally

if TYPE_CHECKING:
    from rsu.engine.film import Film
    from rsu.observe.arrays import Origin

BATCH_RECORDS = 1000  # of a transaction
QUEUE_BATCHES = 8  # decoded and not yet written, of all jobs together
JOIN_TIMEOUT_S = 10

Progress = Callable[[Path, int, int], None]  # log, octets read, octets in all
Batches = Callable[[Path, Sequence[Outcome]], None]


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """How to read the logs.

    :param speed: 0: as fast as it goes; 1: at the pace of the receive times; 2: twice as fast …
    :param jobs: logs read at once; pacing needs 1.
    :param schema_files: .asn files in place of the standard's own.
    :param track_hz: how often a second tracks are stored.
    :param fuse: fuse what is heard, around ``origin``; None: around the position of the first MAP in each log.
    """

    rsu_id: str = ""
    standard: str = ""
    header: str = "auto"
    format: str = "auto"
    schema_files: tuple[str, ...] = ()
    strict: bool = True
    decoded: str | tuple[str, ...] = "none"
    speed: float = 0.0
    jobs: int = 1
    fuse: bool = False
    origin: Origin | None = None
    track_hz: int = 1


class TypeCount(msgspec.Struct):
    """What was heard of one type; times are receive times in nanoseconds, 0 for none."""

    count: int = 0
    rejected: int = 0
    duplicates: int = 0
    first_ns: int = 0
    last_ns: int = 0


class Reject(msgspec.Struct, frozen=True):
    """A quarantined record, as a person looks for it."""

    log: str
    record: int
    type: str
    reason: str
    path: str
    bit_offset: int
    detail: str


class ReplayResult(msgspec.Struct):
    """What a replay did.

    :param rejects: the first ones of each log, :data:`REJECTS_SHOWN` at most.
    :param skipped: what the logs hold besides receptions (TCP packets …), counted.
    :param digest: of the rows these logs stand for in the database.
    :param fused: the tracks; None where nothing was fused.
    """

    records: int = 0
    stored: int = 0
    quarantined: int = 0
    duplicates: int = 0
    types: dict[str, TypeCount] = msgspec.field(default_factory=dict)
    reasons: dict[str, int] = msgspec.field(default_factory=dict)
    rejects: list[Reject] = msgspec.field(default_factory=list)
    skipped: dict[str, int] = msgspec.field(default_factory=dict)
    digest: str = ""
    seconds: float = 0.0
    fused: Fused | None = None


REJECTS_SHOWN = 100


def replay(
    paths: Sequence[Path],
    store: Store,
    options: Options,
    *,
    progress: Progress | None = None,
    batches: Batches | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> ReplayResult:
    """Reads ``paths``, decodes every record and writes all outcomes to ``store``.

    :param progress: called after each batch.
    :param batches: sees the outcomes of each batch in order, decoded messages rendered, before they are written.
    :param sleep: waits, for paced replays.
    :raises SourceError: for a log that cannot be read; what came before it is stored, and the run is not marked finished.
    :raises StoreError: when the database refuses.
    """
    started = time.monotonic()
    names = [str(path) for path in paths]
    if len(set(names)) < len(names):
        raise SourceError("a log is named twice")
    run = store.begin_run([path.name for path in paths], time.time_ns())
    result = ReplayResult()
    units: set[tuple[str, bytes]] = set()
    reading = options if batches is None else msgspec.structs.replace(options, decoded="all")
    for path, outcomes, position, size, samples, skipped, fused in _outcomes(paths, reading, sleep):
        if batches is not None:
            batches(path, outcomes)
            outcomes = [_without_decoded(outcome, options.decoded) for outcome in outcomes]
        tally = store.write([*outcomes, *samples])
        _count(result, path, outcomes, tally)
        units.update((outcome.rsu_id, outcome.boot_id) for outcome in outcomes)
        for reason, count in skipped.items():
            result.skipped[reason] = result.skipped.get(reason, 0) + count
        if fused is not None:
            result.fused = result.fused or Fused()
            result.fused.add(fused)
        if progress is not None:
            progress(path, position, size)
    result.digest = store.digest(units)
    result.seconds = time.monotonic() - started
    store.end_run(run, Tally(result.records, result.stored, result.quarantined, result.duplicates), result.digest)
    return result


def _without_decoded(outcome: Outcome, wanted: str | tuple[str, ...]) -> Outcome:
    """The decoded form that only ``batches`` needs does not go to the database."""
    if not isinstance(outcome, Stored) or wanted == "all" or (wanted != "none" and outcome.type in wanted):
        return outcome
    return msgspec.structs.replace(outcome, decoded=None)


def _count(result: ReplayResult, path: Path, outcomes: Sequence[Outcome], tally: Tally) -> None:
    result.records += tally.records
    result.stored += tally.stored
    result.quarantined += tally.quarantined
    result.duplicates += tally.duplicates
    for outcome in outcomes:
        row = result.types.setdefault(outcome.type or "(unknown)", TypeCount())
        row.count += 1
        if outcome.receive_time_ns:
            row.first_ns = min(row.first_ns or outcome.receive_time_ns, outcome.receive_time_ns)
            row.last_ns = max(row.last_ns, outcome.receive_time_ns)
        if isinstance(outcome, Duplicate):
            row.duplicates += 1
        elif isinstance(outcome, Quarantined):
            row.rejected += 1
            result.reasons[outcome.reason] = result.reasons.get(outcome.reason, 0) + 1
            if len(result.rejects) < REJECTS_SHOWN:
                result.rejects.append(reject_of(path, outcome))


def reject_of(path: Path, outcome: Quarantined) -> Reject:
    """A quarantined record in the words of a report."""
    place = (outcome.type, outcome.reason, outcome.path, outcome.bit_offset, outcome.detail)
    return Reject(path.name, outcome.sequence, *place)


# Reading ------------------------------------------------------------------------------------------------------------


class Part(NamedTuple):
    """What was read of a log since the part before; the last one has what was skipped and fused."""

    path: Path
    outcomes: list[Outcome]
    position: int
    size: int
    samples: list[TrackSample]
    skipped: dict[str, int]
    fused: Fused | None


def _outcomes(paths: Sequence[Path], options: Options, sleep: Callable[[float], None]) -> Iterator[Part]:
    jobs = 1 if options.speed else min(options.jobs, len(paths))
    if jobs > 1:
        yield from _parallel(paths, options, jobs)
        return
    for path in paths:
        yield from _of_log(path, options, sleep)


def _of_log(path: Path, options: Options, sleep: Callable[[float], None]) -> Iterator[Part]:
    """The outcomes of one log, a batch at a time."""
    engine = Engine(_engine_settings(options), _schemas(options))
    pace = _Pace(options.speed, sleep)
    film = _film(engine, options)
    with open_source(path, options.format, rsu_id=options.rsu_id, standard=options.standard, header=options.header) as source:
        outcomes: list[Outcome] = []
        for received in source:
            pace.wait(received.receive_time_ns)
            if film is not None:
                film.advance(received)
            outcomes.append(engine.step(received, received.receive_time_ns))
            if film is not None:
                film.notice(outcomes[-1])
            if len(outcomes) >= (BATCH_RECORDS if not options.speed else 1):
                yield Part(path, outcomes, source.position, source.size, _samples(film), {}, None)
                outcomes = []
        yield Part(path, outcomes, source.size, source.size, _samples(film), dict(source.skipped), film.end() if film else None)


def _film(engine: Engine, options: Options) -> Film | None:
    if not options.fuse:
        return None
    from rsu.engine.film import Film

    return Film(engine, options.origin, options.track_hz)


def _samples(film: Film | None) -> list[TrackSample]:
    return film.samples() if film is not None else []


class _Pace:
    """Waits so that records leave at the pace of their receive times, divided by ``speed``."""

    def __init__(self, speed: float, sleep: Callable[[float], None]) -> None:
        self.speed = speed
        self.sleep = sleep
        self.first_ns = 0
        self.started = 0.0

    def wait(self, time_ns: int) -> None:
        if not self.speed or not time_ns:
            return
        if not self.first_ns:
            self.first_ns, self.started = time_ns, time.monotonic()
        due = self.started + (time_ns - self.first_ns) / 1e9 / self.speed
        ahead = due - time.monotonic()
        if ahead > 0:
            self.sleep(ahead)


def _engine_settings(options: Options) -> Settings:
    return Settings(standard=options.standard, strict=options.strict, decoded=options.decoded)


def _schemas(options: Options) -> dict[str, Any]:
    """Schemas of all standards, and of the edition asked for; the user's files stand for the standard he names."""
    schemas: dict[str, Any] = {name: load_schema(name) for name in STANDARDS}
    if options.standard and options.standard not in schemas:
        parse_standard_name(options.standard)
        schemas[options.standard] = load_schema(options.standard)
    if options.schema_files:
        schemas[options.standard or next(iter(STANDARDS))] = load_schema(options.schema_files)
    return schemas


# Several logs at once -----------------------------------------------------------------------------------------------


def _parallel(paths: Sequence[Path], options: Options, jobs: int) -> Iterator[Part]:
    """The parts of all logs as they come; those of one log in their order."""
    context = multiprocessing.get_context("spawn")
    parts: Any = context.Queue(QUEUE_BATCHES)
    waiting: Any = context.Queue()
    for path in paths:
        waiting.put(path)
    for _ in range(jobs):
        waiting.put(None)
    workers = [context.Process(target=_work, args=(waiting, parts, options), daemon=True) for _ in range(jobs)]
    for worker in workers:
        worker.start()
    try:
        left = jobs
        while left:
            part = _next(parts, workers)
            if part is None:
                left -= 1
            elif isinstance(part, Exception):
                raise part
            else:
                content, rest = part
                yield Part(rest[0], msgspec.msgpack.decode(content, type=list[Outcome]), *rest[1:])
    finally:
        for worker in workers:
            worker.terminate()
            worker.join(JOIN_TIMEOUT_S)


def _next(parts: Any, workers: Sequence[BaseProcess]) -> Any:
    """The next part; a worker that was killed is an error, not an endless wait."""
    while True:
        try:
            return parts.get(timeout=1.0)
        except queue.Empty:
            if any(worker.exitcode not in (None, 0) for worker in workers):
                raise SourceError("a process that read logs was killed; run again with --jobs 1") from None


def _work(waiting: Any, parts: Any, options: Options) -> None:
    """A worker: takes logs until there are none; an expected error goes to the writer as it is."""
    encoder = msgspec.msgpack.Encoder()
    while (path := waiting.get()) is not None:
        try:
            for part in _of_log(path, options, time.sleep):
                parts.put((encoder.encode(part.outcomes), (part.path, *part[2:])))
        except RsuError as error:
            parts.put(error)
            return
    parts.put(None)
