"""The account of what was written: sums for the caller, and the ledger by minute, unit, source and type."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import msgspec
from sqlalchemy import Connection
from sqlalchemy.dialects import postgresql, sqlite

from rsu.engine import Counted, Shed
from rsu.store.models import Ledger

MINUTE_NS = 60_000_000_000
STATES = ("received", "stored", "quarantined", "duplicate", "shed")

Key = tuple[int, str, str, str]  # minute, rsu id, source, type
Account = dict[Key, Counter[str]]


class Tally(msgspec.Struct):
    """What became of the entries of one or more batches; ``samples`` of tracks are no records."""

    records: int = 0
    stored: int = 0
    quarantined: int = 0
    duplicates: int = 0
    shed: int = 0
    samples: int = 0

    def add(self, other: Tally) -> None:
        for name in self.__struct_fields__:
            setattr(self, name, getattr(self, name) + getattr(other, name))


def book(account: Account, entries: Iterable[Counted], state: str) -> None:
    """Adds entries that all became ``state``."""
    if state == "shed":
        keys: Counter[Key] = Counter()
        for entry in entries:
            keys[_key(entry)] += records_of(entry)
    else:
        keys = Counter(map(_key, entries))
    for key, count in keys.items():
        account.setdefault(key, Counter()).update({"received": count, state: count})


def records_of(entry: Counted) -> int:
    """How many records an entry stands for: those that were shed are counted together."""
    return entry.count if isinstance(entry, Shed) else 1


def tally_of(kinds: Iterable[Sequence[Counted]], samples: int = 0) -> Tally:
    """The sums of stored, quarantined, duplicate and shed entries, in this order."""
    stored, quarantined, duplicates, shed = kinds
    gone = sum(map(records_of, shed))
    whole = len(stored) + len(quarantined) + len(duplicates)
    return Tally(whole + gone, len(stored), len(quarantined), len(duplicates), gone, samples)


def _key(entry: Counted) -> Key:
    return entry.receive_time_ns // MINUTE_NS, entry.rsu_id, entry.source, entry.type


def write_account(connection: Connection, account: Mapping[Key, Counter[str]]) -> None:
    """Adds the account to the ledger, in the transaction of its rows."""
    if not account:
        return
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    statement = dialect.insert(Ledger)
    sums = {name: getattr(Ledger, name) + getattr(statement.excluded, name) for name in STATES}
    statement = statement.on_conflict_do_update(index_elements=["minute", "rsu_id", "source", "type"], set_=sums)
    values = [
        {"minute": minute, "rsu_id": rsu_id, "source": source, "type": type_name, **{name: counts[name] for name in STATES}}
        for (minute, rsu_id, source, type_name), counts in sorted(account.items())
    ]
    connection.execute(statement, values)
