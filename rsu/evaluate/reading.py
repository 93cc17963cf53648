"""A drive log as observations: decoded by the engine, read by `observe`, handed on tick by tick in the order of reception."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import msgspec
import numpy as np
from numpy.typing import NDArray

from rsu import frames
from rsu.engine import Decoder, Duplicate, Engine, Quarantined, Settings, Stored
from rsu.observe.arrays import OBSERVATION, Origin
from rsu.received import Received
from rsu.schema import load_schema
from rsu.sources import open_source
from rsu.standards import STANDARDS, message_type, parse_standard_name

ROOT = "MessageFrame"
TICK_NS = 100_000_000  # the rate at which a unit puts out RSM and SDSM
TICK_OBSERVATIONS_MAX = 100_000
"""Of one tick: 500 vehicles and 500 detections are 1,000. More are left out, and counted."""

TICKS_EMPTY_MAX = 3_000  # five minutes


class Heard(NamedTuple):
    """One record that the engine let through.

    :param received: as it came; a report of a perception box (``content`` ``objects``) is read from its octets.
    :param outcome: what the engine says of it: standard, type, event time.
    :param value: of its type, decoded; None for what is no message.
    """

    received: Received
    outcome: Stored
    value: Any


class Observe(Protocol):
    """What a record says of moving objects; `observe` has it."""

    def __call__(self, heard: Heard, origin: Origin, /) -> NDArray[np.void]:
        """(n,) OBSERVATION in the frame of ``origin``; none for a record that tells of none."""


class Counts(msgspec.Struct):
    """What was in the log.

    :param untimed: records without a receive time, which belong to no tick.
    :param left_out: observations past :data:`TICK_OBSERVATIONS_MAX`.
    """

    records: int = 0
    quarantined: int = 0
    duplicates: int = 0
    untimed: int = 0
    observations: int = 0
    left_out: int = 0


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """How to read the log, as `rsu replay` does."""

    standard: str = ""
    header: str = "auto"
    format: str = "auto"


DEFAULT = Options()


def heard(log: Path, options: Options, counts: Counts) -> Iterator[Heard]:
    """The records of a log that the engine keeps, decoded."""
    schemas: dict[str, Decoder] = {name: load_schema(name) for name in STANDARDS}
    if options.standard and options.standard not in schemas:
        schemas[options.standard] = load_schema(options.standard)
    engine = Engine(Settings(standard=options.standard), schemas)
    with open_source(log, options.format, standard=options.standard, header=options.header) as source:
        for received in source:
            counts.records += 1
            outcome = engine.step(received, received.receive_time_ns)
            if isinstance(outcome, Duplicate):
                counts.duplicates += 1
            elif isinstance(outcome, Quarantined):
                counts.quarantined += 1
            elif not received.receive_time_ns:
                counts.untimed += 1
            else:
                yield Heard(received, outcome, _value(received, outcome, schemas, options))


def _value(received: Received, outcome: Stored, schemas: Mapping[str, Decoder], options: Options) -> Any:
    """The message once more: an outcome keeps its octets only."""
    if received.content != "message":
        return None
    payload = frames.unwrap(received.data, received.header, standard=received.standard or options.standard).payload
    decoded = schemas[outcome.standard].decode(ROOT, payload)
    return message_type(STANDARDS[parse_standard_name(outcome.standard)[0]], decoded)[1]


def observations_by_tick(
    records: Iterator[Heard], origin: Origin, observe: Observe, first_ns: int, last_ns: int | None, counts: Counts
) -> Iterator[tuple[int, NDArray[np.void]]]:
    """Ticks from ``first_ns`` to ``last_ns``, each with what was received after the one before, up to and at it.

    Without ``last_ns`` the tick after the last record is the last; more than :data:`TICKS_EMPTY_MAX` without a record are a
    pause of the recording, and end it as well. What came before the first tick is left out: it tells of a time without truth.
    A record that stands behind a later one in the log comes with the later one's tick.
    """
    tick_ns = first_ns
    gathered: list[NDArray[np.void]] = []
    for record in records:
        received_ns = record.received.receive_time_ns
        if received_ns <= first_ns - TICK_NS:
            continue
        if last_ns is None and received_ns - tick_ns > TICKS_EMPTY_MAX * TICK_NS:
            break
        while received_ns > tick_ns and (last_ns is None or tick_ns <= last_ns):
            yield tick_ns, _joined(gathered, counts)
            gathered, tick_ns = [], tick_ns + TICK_NS
        if last_ns is not None and tick_ns > last_ns:
            return
        if len(found := observe(record, origin)):
            gathered.append(found)
    end_ns = tick_ns if last_ns is None else last_ns
    while tick_ns <= end_ns:
        yield tick_ns, _joined(gathered, counts)
        gathered, tick_ns = [], tick_ns + TICK_NS


def _joined(gathered: list[NDArray[np.void]], counts: Counts) -> NDArray[np.void]:
    found = np.concatenate([np.zeros(0, OBSERVATION), *gathered])
    counts.left_out += max(len(found) - TICK_OBSERVATIONS_MAX, 0)
    found = found[:TICK_OBSERVATIONS_MAX]
    counts.observations += len(found)
    ordered = found[np.argsort(found["receive_time_ns"], kind="stable")]
    ordered.flags.writeable = False  # all estimators are given the same
    return ordered
