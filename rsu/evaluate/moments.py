"""A drive log as moments to draw: what the unit's own fusion made of it, ten a second."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Protocol

from rsu.draw.aerial import Moment
from rsu.draw.ground import Ground
from rsu.errors import SourceError
from rsu.evaluate.estimators import Estimator, confirmed
from rsu.evaluate.reading import DEFAULT, Counts, Heard, Observe, Options, heard, observations_by_tick
from rsu.observe.arrays import Origin

LOOK_AHEAD_RECORDS = 20_000
"""Read before the first picture, to find the crossing: ten seconds of 2,000 a second, where a MAP comes each second."""
MAP = "MapData"


class Scenery(Protocol):
    """What stands around the tracks, learned from MAP and SPAT."""

    def take(self, record: Heard, origin: Origin, /) -> None:
        """Learn from a record."""

    def ground(self) -> Ground:
        """Lanes and crosswalks known so far."""

    def signals(self, at_ns: int, /) -> Mapping[int, str]:
        """Colour of each signal group, see :class:`rsu.draw.aerial.Moment`."""


def find_origin(log: Path, options: Options = DEFAULT) -> Origin:
    """Where the crossing of a log is: the position of its first MAP, or of the first message that has one.

    :raises SourceError: for a log that cannot be read, or without a position at its beginning.
    """
    first: Origin | None = None
    for number, record in enumerate(heard(log, options, Counts())):
        if number >= LOOK_AHEAD_RECORDS:
            break
        outcome = record.outcome
        if outcome.lat_e7 is None or outcome.lon_e7 is None:
            continue
        place = Origin(outcome.lat_e7 / 1e7, outcome.lon_e7 / 1e7)
        if outcome.type == MAP:
            return place
        first = first or place
    if first is None:
        raise SourceError(f"{log}: none of its first {LOOK_AHEAD_RECORDS} records has a position: there is nothing to draw")
    return first


def learn(log: Path, origin: Origin, scenery: Scenery, options: Options = DEFAULT) -> Ground:
    """The ground of a log, from the records at its beginning."""
    for number, record in enumerate(heard(log, options, Counts())):
        if number >= LOOK_AHEAD_RECORDS:
            break
        scenery.take(record, origin)
    return scenery.ground()


def moments(
    log: Path,
    origin: Origin,
    observe: Observe,
    fusion: Estimator,
    scenery: Scenery | None = None,
    options: Options = DEFAULT,
) -> Iterator[Moment]:
    """Ten a second, from the log's first record to its last."""
    counts = Counts()
    records = heard(log, options, counts)
    first = next(records, None)
    if first is None:
        return
    first_ns = first.received.receive_time_ns
    seen = _watched(_again(first, records), origin, scenery)
    for time_ns, observations in observations_by_tick(seen, origin, observe, first_ns, None, counts):
        fusion.step(observations, time_ns)
        signals = scenery.signals(time_ns) if scenery is not None else {}
        yield Moment(time_ns, confirmed(fusion, time_ns), observations, signals)


def _again(first: Heard, records: Iterator[Heard]) -> Iterator[Heard]:
    yield first
    yield from records


def _watched(records: Iterator[Heard], origin: Origin, scenery: Scenery | None) -> Iterator[Heard]:
    for record in records:
        if scenery is not None:
            scenery.take(record, origin)
        yield record
