"""Writing with a look before each row: the exact way, for replays and for parcels some of whose records are there already.

A record whose identity is in ``message`` or ``quarantine`` is a duplicate, whatever it comes as. Writers of the same unit and
boot take turns: SQLite has one writer anyway, PostgreSQL takes an advisory lock.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, insert, select, text

from rsu.engine import Counted, Duplicate, Entry, Quarantined, Shed, Stored, TrackSample
from rsu.store.account import Account, Tally, book, tally_of, write_account
from rsu.store.models import Message, Quarantine
from rsu.store.tracks import write_samples

IDENTITIES_AT_ONCE = 500  # of one look-up: SQLite takes 32,766 parameters, old ones 999

Identity = tuple[str, bytes, int]


def take_turns(connection: Connection, units: Iterable[tuple[str, bytes]]) -> None:
    """Holds other writers of these (rsu id, boot id) pairs back until the transaction ends."""
    if connection.dialect.name == "postgresql":
        for unit in sorted(set(units)):
            connection.execute(text("SELECT pg_advisory_xact_lock(hashtext(:unit))"), {"unit": repr(unit)})


def write_each(connection: Connection, entries: Sequence[Entry]) -> Tally:
    """Rows that are not there yet, and the account of all entries."""
    take_turns(connection, {(entry.rsu_id, entry.boot_id) for entry in entries})
    samples = [entry for entry in entries if isinstance(entry, TrackSample)]
    records = [entry for entry in entries if not isinstance(entry, TrackSample)]
    there = present(connection, records)
    by_state: dict[str, list[Counted]] = {"stored": [], "quarantined": [], "duplicate": [], "shed": []}
    for entry in records:
        state = _state(entry, there)
        by_state[state].append(entry)
        if state in ("stored", "quarantined"):
            there.add((entry.rsu_id, entry.boot_id, entry.sequence))
    for table, state in ((Message, "stored"), (Quarantine, "quarantined")):
        if by_state[state]:
            rows: list[dict[str, Any]] = [msgspec.structs.asdict(entry) for entry in by_state[state]]
            connection.execute(insert(table), rows)
    account: Account = {}
    for state, same in by_state.items():
        book(account, same, state)
    write_account(connection, account)
    write_samples(connection, samples)
    return tally_of(by_state.values(), len(samples))


def _state(entry: Counted, there: set[Identity]) -> str:
    if isinstance(entry, Shed):
        return "shed"
    if isinstance(entry, Duplicate) or (entry.rsu_id, entry.boot_id, entry.sequence) in there:
        return "duplicate"
    return "stored" if isinstance(entry, Stored) else "quarantined"


def present(connection: Connection, entries: Iterable[Entry]) -> set[Identity]:
    """Identities of these records that the database has."""
    units: defaultdict[tuple[str, bytes], list[Stored | Quarantined]] = defaultdict(list)
    for entry in entries:
        if isinstance(entry, Stored | Quarantined):
            units[entry.rsu_id, entry.boot_id].append(entry)
    found: set[Identity] = set()
    for (rsu_id, boot_id), records in units.items():
        for start in range(0, len(records), IDENTITIES_AT_ONCE):
            part = records[start : start + IDENTITIES_AT_ONCE]
            for table in (Message, Quarantine):
                there = connection.execute(select(table.sequence).where(*_same(connection, table, rsu_id, boot_id, part)))
                found.update((rsu_id, boot_id, sequence) for sequence in there.scalars())
    return found


def _same(
    connection: Connection,
    table: type[Message] | type[Quarantine],
    rsu_id: str,
    boot_id: bytes,
    part: Sequence[Stored | Quarantined],
) -> list[Any]:
    """An identity comes with one receive time, so that PostgreSQL need not look into the partitions of other days."""
    same = [table.rsu_id == rsu_id, table.boot_id == boot_id, table.sequence.in_([record.sequence for record in part])]
    if table is Message and connection.dialect.name == "postgresql":
        times = [record.receive_time_ns for record in part]
        same.append(table.receive_time_ns.between(min(times), max(times)))
    return same
