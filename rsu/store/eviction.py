"""What leaves the outbox before or after it was delivered: by age, then by quota.

Rules:

1. A parcel that lies longer than the keeping time goes, delivered or not. The time that counts is that of its commit. A
   parcel that was committed before the unit knew the time (a clock without battery starts in 1970) goes by age only when all
   targets have it.
2. Above the quota the least important class goes first, and the oldest of it first; events are the last.
3. When the disk is full, what all targets have goes first, whatever its class; what is still owed only when the recorder
   can hold no more records back.
4. Each step is one transaction of bounded size, so that the recorder's commits get between.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from rsu.store.boxfile import octets_used, transaction
from rsu.store.parcels import Evicted

PARCELS_AT_ONCE = 128  # of one transaction
STEPS_AT_ONCE = 8  # transactions of one call
HEADS_AT_ONCE = 64
HEADS_MAX = 4_096  # boots that are remembered, however often the unit starts
CLOCK_SET_NS = 1_577_836_800_000_000_000  # 2020-01-01: a clock before it was never set

AGED = """
SELECT id, importance, records, octets FROM parcel
WHERE put_ns < :before AND (put_ns >= :set OR id <= :owed) ORDER BY put_ns, id LIMIT :most"""
LEAST = "SELECT id, importance, records, octets FROM parcel WHERE importance = ? AND id <= ? ORDER BY id LIMIT ?"
ALL = 2**63 - 1  # an id that no parcel passes
# A boot whose parcels are all gone, and that is not the last one of its unit.
IDLE_HEADS = """
DELETE FROM head WHERE (rsu, boot) IN (
    SELECT rsu, boot FROM head AS old
    WHERE seen_ns < :before AND parcel < coalesce((SELECT min(id) FROM parcel), parcel + 1)
    AND EXISTS (SELECT 1 FROM head AS new WHERE new.rsu = old.rsu AND new.parcel > old.parcel)
    LIMIT :most)"""
EXCESS_HEADS = """
DELETE FROM head WHERE (rsu, boot) IN (
    SELECT rsu, boot FROM head ORDER BY parcel DESC, seen_ns DESC LIMIT :most OFFSET :kept)"""

_Row = tuple[int, int, int, int]  # id, importance, records, octets
Sums = dict[int, Evicted]


def evict_aged(connection: sqlite3.Connection, before_ns: int, owed_after: int) -> Sums:
    """Rule 1: parcels put before ``before_ns``.

    :param owed_after: parcels above this number are still owed to some target.
    """
    sums: Sums = {}
    for _ in range(STEPS_AT_ONCE):
        with transaction(connection):
            values = {"before": before_ns, "set": CLOCK_SET_NS, "owed": owed_after, "most": PARCELS_AT_ONCE}
            rows = connection.execute(AGED, values).fetchall()
            _remove(connection, rows, owed_after, sums)
        if len(rows) < PARCELS_AT_ONCE:
            break
    return sums


def evict_excess(connection: sqlite3.Connection, octets_max: int, owed_after: int, last: int = ALL) -> Sums:
    """Rule 2: until the pages in use are within ``octets_max``, or nothing is left.

    :param last: parcels above this number stay.
    """
    sums: Sums = {}
    for _ in range(STEPS_AT_ONCE):
        if (excess := octets_used(connection) - octets_max) <= 0:
            break
        with transaction(connection):
            rows = _least_important(connection, excess, last)
            _remove(connection, rows, owed_after, sums)
        if not rows:
            break
    return sums


def _least_important(connection: sqlite3.Connection, octets: int, last: int) -> list[_Row]:
    """Parcels of the lowest class there is, enough for ``octets`` or as many as go at once."""
    (lowest,) = connection.execute("SELECT min(importance) FROM parcel WHERE id <= ?", (last,)).fetchone()
    chosen: list[_Row] = []
    for row in connection.execute(LEAST, (lowest, last, PARCELS_AT_ONCE)):
        chosen.append(row)
        octets -= row[3]
        if octets <= 0:
            break
    return chosen


def _remove(connection: sqlite3.Connection, rows: Sequence[_Row], owed_after: int, sums: Sums) -> None:
    step: Sums = {}
    for number, importance, records, octets in rows:
        owed = number > owed_after
        step.setdefault(importance, Evicted()).add(
            Evicted(
                parcels=1,
                records=records,
                octets=octets,
                undelivered_parcels=owed,
                undelivered_records=records * owed,
                undelivered_octets=octets * owed,
            )
        )
    connection.executemany("DELETE FROM parcel WHERE id = ?", [(row[0],) for row in rows])
    for importance, gone in step.items():
        _book(connection, importance, gone)
        sums.setdefault(importance, Evicted()).add(gone)


def _book(connection: sqlite3.Connection, importance: int, gone: Evicted) -> None:
    names = gone.__struct_fields__
    amounts = [getattr(gone, name) for name in names]
    connection.execute(
        f"INSERT INTO evicted (importance, {', '.join(names)}) VALUES (?{', ?' * len(names)}) "
        f"ON CONFLICT (importance) DO UPDATE SET {', '.join(f'{name} = {name} + excluded.{name}' for name in names)}",
        (importance, *amounts),
    )
    connection.execute(
        "UPDATE stock SET parcels = parcels - ?, records = records - ?, octets = octets - ? WHERE importance = ?",
        (gone.parcels, gone.records, gone.octets, importance),
    )


def prune_heads(connection: sqlite3.Connection, before_ns: int) -> None:
    """Forgets boots that are over, a bounded number at once."""
    with transaction(connection):
        connection.execute(IDLE_HEADS, {"before": before_ns, "most": HEADS_AT_ONCE})
        connection.execute(EXCESS_HEADS, {"most": HEADS_AT_ONCE, "kept": HEADS_MAX})
