"""Samples of tracks into the database: each once, and a row for each track that grows with them.

A sample that comes again changes nothing. A track's row is read, widened and written back in the transaction of its samples;
writers of one unit take turns (:func:`rsu.store.writing.take_turns`), so none is lost.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, select
from sqlalchemy.dialects import postgresql, sqlite

from rsu.engine.outcomes import TrackSample
from rsu.store.models import Track, TrackSampleRow

SENDERS_MAX = 32  # ids remembered of a track, the first ones: an id changes every minute or five
TRACKS_AT_ONCE = 500  # of one look-up
KEY = ("rsu_id", "boot_id", "track_id")
SAMPLE = tuple(column.name for column in TrackSampleRow.__table__.columns)
GROWING = ("cls", "first_ns", "last_ns", "senders", "hits")

Unit = tuple[str, bytes]


def write_samples(connection: Connection, samples: Sequence[TrackSample]) -> None:
    """Samples that are not there yet, and their tracks."""
    if not samples:
        return
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    rows = [{name: getattr(sample, name) for name in SAMPLE} for sample in samples]
    connection.execute(dialect.insert(TrackSampleRow).on_conflict_do_nothing(), rows)
    units: defaultdict[Unit, dict[int, dict[str, Any]]] = defaultdict(dict)
    for unit, track_ids in _tracks_of(samples).items():
        units[unit] = _present(connection, unit, sorted(track_ids))
    for sample in samples:
        _widen(units[sample.rsu_id, sample.boot_id], sample)
    statement = dialect.insert(Track)
    statement = statement.on_conflict_do_update(
        index_elements=list(KEY), set_={name: statement.excluded[name] for name in GROWING}
    )
    values = [
        {**row, "senders": msgspec.json.encode(row["senders"]).decode()}
        for _, tracks in sorted(units.items())
        for _, row in sorted(tracks.items())
    ]
    connection.execute(statement, values)


def _tracks_of(samples: Iterable[TrackSample]) -> dict[Unit, set[int]]:
    found: defaultdict[Unit, set[int]] = defaultdict(set)
    for sample in samples:
        found[sample.rsu_id, sample.boot_id].add(sample.track_id)
    return found


def _present(connection: Connection, unit: Unit, track_ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    """Track id → its row, senders as a list."""
    found = {}
    for start in range(0, len(track_ids), TRACKS_AT_ONCE):
        part = track_ids[start : start + TRACKS_AT_ONCE]
        same = (Track.rsu_id == unit[0], Track.boot_id == unit[1], Track.track_id.in_(part))
        for row in connection.execute(select(Track.__table__).where(*same)).mappings():
            found[int(row["track_id"])] = {**row, "senders": msgspec.json.decode(row["senders"])}
    return found


def _widen(tracks: dict[int, dict[str, Any]], sample: TrackSample) -> None:
    """The track with one sample more."""
    row = tracks.setdefault(
        sample.track_id,
        {
            **{name: getattr(sample, name) for name in KEY},
            "cls": sample.cls,
            "first_ns": sample.first_ns,
            "last_ns": sample.time_ns,
            "senders": [],
            "hits": 0,
        },
    )
    if sample.time_ns >= row["last_ns"]:
        row["cls"], row["last_ns"] = sample.cls, sample.time_ns
    row["first_ns"], row["hits"] = min(row["first_ns"], sample.first_ns), max(row["hits"], sample.hits)
    if sample.sender and sample.sender not in row["senders"] and len(row["senders"]) < SENDERS_MAX:
        row["senders"].append(sample.sender)
