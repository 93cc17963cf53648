"""The outbox: what the unit keeps on its own disk until it is delivered, and some days longer.

One writer, the recorder, puts parcels; each target (``database``, ``mqtt``, ``nats``) reads them in the order of their numbers
from a connection of its own, in any thread or process, and says how far it has come. What is put is on the disk when
:meth:`Outbox.put` returns.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from types import TracebackType
from typing import Self

from rsu.store.boxfile import (
    DiskFullError,
    Durability,
    give_back,
    in_words,
    new_identity,
    octets_used,
    open_box,
    transaction,
    write_back,
)
from rsu.store.eviction import evict_aged, evict_excess, prune_heads
from rsu.store.parcels import Evicted, Parcel, Stocked, Usage
from rsu.store.reserve import RESERVE_OCTETS, RESERVE_SHARE, Reserve

PARCELS_AT_ONCE = 1_024  # of one reading
ROOM_OCTETS = 1_048_576  # evicted when the disk is full, or twice what had no room
ROOM_SHARE = 16  # but of a small outbox only this part

_COLUMNS = "id, importance, rsu, boot, records, oldest_ns, body"
_PARCEL = """
INSERT INTO parcel (importance, rsu, boot, records, oldest_ns, body, octets, put_ns) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"""
_HEAD = """
INSERT INTO head (rsu, boot, last, seen_ns, parcel) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (rsu, boot) DO UPDATE SET last = max(last, excluded.last), seen_ns = excluded.seen_ns, parcel = excluded.parcel"""
_STOCK = """
INSERT INTO stock VALUES (?, 1, ?, ?) ON CONFLICT (importance) DO UPDATE
SET parcels = parcels + 1, records = records + excluded.records, octets = octets + excluded.octets"""
_TARGET = "INSERT INTO target VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET parcel = excluded.parcel"


class Reader:
    """The outbox as a target sees it; made by :meth:`Outbox.reader`."""

    def __init__(self, path: Path, *, create: bool = False, durability: Durability = "NORMAL") -> None:
        self.path = path
        self._connection = open_box(path, create=create, durability=durability)
        with in_words(path):
            (self.identity,) = self._connection.execute("SELECT identity FROM box").fetchone()

    identity: str  # random, of this file: the database remembers it together with the last parcel's number

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Gives the file back."""
        self._connection.close()

    def after(self, parcel_id: int, most_octets: int) -> list[Stocked]:
        """Parcels above ``parcel_id`` by number: one at least where there is one, else not more than ``most_octets``.

        :raises StoreError: for a damaged file.
        """
        found: list[Stocked] = []
        query = f"SELECT {_COLUMNS} FROM parcel WHERE id > ? ORDER BY id LIMIT ?"
        with in_words(self.path), closing(self._connection.execute(query, (parcel_id, PARCELS_AT_ONCE))) as rows:
            for number, importance, rsu, boot, records, oldest_ns, body in rows:
                most_octets -= len(body)
                if found and most_octets < 0:
                    break
                found.append(
                    Stocked(
                        id=number, importance=importance, rsu=rsu, boot=boot, records=records, oldest_ns=oldest_ns, body=body
                    )
                )
        return found

    def head(self, rsu: str, boot: bytes) -> int:
        """The last sequence number of a boot that is on the disk; 0 for an unknown boot."""
        return self._number("SELECT last FROM head WHERE rsu = ? AND boot = ?", (rsu, boot))

    def delivered(self, target: str) -> int:
        """The number of the last parcel that ``target`` has; 0 for none."""
        return self._number("SELECT parcel FROM target WHERE name = ?", (target,))

    def deliver(self, target: str, parcel_id: int) -> None:
        """Notes that ``target`` has all parcels up to and with ``parcel_id``; a database that was reset goes back so."""
        with in_words(self.path), transaction(self._connection):
            self._connection.execute(_TARGET, (target, parcel_id))

    def last(self) -> int:
        """The number of the last parcel that was ever put; 0 for none."""
        return self._number("SELECT seq FROM sqlite_sequence WHERE name = 'parcel'", ())

    def oldest_ns(self, parcel_id: int) -> int:
        """The earliest receive time in the first parcel above ``parcel_id``; 0 where there is none."""
        return self._number("SELECT oldest_ns FROM parcel WHERE id > ? ORDER BY id LIMIT 1", (parcel_id,))

    def renew(self) -> str:
        """A new identity, so that a database takes all of what is here, whatever it remembers of the old one."""
        with in_words(self.path), transaction(self._connection):
            self.identity = new_identity()
            self._connection.execute("UPDATE box SET identity = ?", (self.identity,))
        return self.identity

    def usage(self, targets: Sequence[str] = ()) -> Usage:
        """How full the outbox is.

        :param targets: whose oldest undelivered record is wanted; empty: all that ever took a parcel.
        """
        sums = "SELECT coalesce(sum(parcels), 0), coalesce(sum(records), 0), coalesce(sum(octets), 0) FROM stock"
        with in_words(self.path):
            parcels, records, octets = self._connection.execute(sums).fetchone()
            evicted = {row[0]: Evicted(**dict(zip(Evicted.__struct_fields__, row[1:], strict=True))) for row in self._evicted()}
            names = targets or [name for (name,) in self._connection.execute("SELECT name FROM target").fetchall()]
            return Usage(
                parcels=parcels,
                records=records,
                octets=octets,
                octets_used=octets_used(self._connection),
                octets_file=sum(place.stat().st_size for place in self._files() if place.exists()),
                oldest_ns=self.oldest_ns(0),
                undelivered_ns={name: self.oldest_ns(self.delivered(name)) for name in names},
                evicted=evicted,
            )

    def _evicted(self) -> list[tuple[int, ...]]:
        names = ", ".join(Evicted.__struct_fields__)
        return self._connection.execute(f"SELECT importance, {names} FROM evicted ORDER BY importance").fetchall()

    def _files(self) -> list[Path]:
        return [self.path, self.path.with_name(f"{self.path.name}-wal")]

    def _number(self, query: str, values: tuple[object, ...]) -> int:
        with in_words(self.path):
            row = self._connection.execute(query, values).fetchone()
        return int(row[0]) if row else 0


class Outbox(Reader):
    """The outbox as its recorder sees it: one for a file.

    :param octets_max: quota of the file's pages in use.
    :param keep_ns: how long a parcel is kept, delivered or not.
    :raises StoreError: in one line, for a file that cannot be used.
    """

    def __init__(self, path: str | Path, *, octets_max: int, keep_ns: int) -> None:
        place = Path(path)
        self.octets_max = octets_max
        self.keep_ns = keep_ns
        self._short_octets = 0  # what a put lacked, until room was made
        self._reserve = Reserve(place.with_name(f"{place.name}-reserve"), min(RESERVE_OCTETS, octets_max // RESERVE_SHARE))
        try:
            super().__init__(place, create=True, durability="FULL")
        except DiskFullError:
            self._reserve.give_up()
            super().__init__(place, create=True, durability="FULL")
            self._short_octets = 1
        self._reserve.take()
        with in_words(self.path):
            self._connection.execute(f"PRAGMA wal_autocheckpoint={self._reserve.log_pages_max}")

    @staticmethod
    def reader(path: str | Path) -> Reader:
        """A connection for a target, in any thread or process.

        :raises StoreError: where the recorder has not made the file yet, or it cannot be used.
        """
        return Reader(Path(path))

    def put(self, parcels: Sequence[Parcel], heads: Mapping[tuple[str, bytes], int], now_ns: int) -> None:
        """Parcels and the last numbers of their boots, all or none; on the disk when this returns.

        :raises StoreError: nothing is written then. After "disk is full" :meth:`evict` makes room.
        """
        try:
            with in_words(self.path), transaction(self._connection):
                for parcel in parcels:
                    self._insert(parcel, now_ns)
                last = self.last()
                for (rsu, boot), sequence in heads.items():
                    self._connection.execute(_HEAD, (rsu, boot, sequence, now_ns, last))
        except DiskFullError:
            self._short_octets = 2 * sum(len(parcel.body) for parcel in parcels) + 1
            raise

    def _insert(self, parcel: Parcel, now_ns: int) -> None:
        octets = len(parcel.body)
        values = (parcel.importance, parcel.rsu, parcel.boot, parcel.records, parcel.oldest_ns, parcel.body, octets, now_ns)
        self._connection.execute(_PARCEL, values)
        self._connection.execute(_STOCK, (parcel.importance, parcel.records, octets))

    def evict(self, now_ns: int, targets: Sequence[str], *, spare_owed: bool = False) -> dict[int, Evicted]:
        """Removes what is too old, and above the quota, or after a full disk, what matters least; counts all of it.

        A call removes a bounded number of parcels (:mod:`rsu.store.eviction`): it is for every second, not for once a day.

        :param targets: what some of these do not have yet counts as undelivered.
        :param spare_owed: after a full disk nothing undelivered is removed: the caller can wait for room.
        :returns: class → what was removed now.
        """
        with in_words(self.path):
            owed_after = min((self.delivered(target) for target in targets), default=self.last())
            sums = self._make_room(owed_after, spare_owed) if self._short_octets else {}
            aged = evict_aged(self._connection, now_ns - self.keep_ns, owed_after)
            for gone in (aged, evict_excess(self._connection, self.octets_max, owed_after)):
                for importance, evicted in gone.items():
                    sums.setdefault(importance, Evicted()).add(evicted)
            prune_heads(self._connection, now_ns - self.keep_ns)
        self._reserve.take()
        return sums

    def _make_room(self, owed_after: int, spare_owed: bool) -> dict[int, Evicted]:
        """After a full disk: writes the log back into the reserve's room, evicts, gives the pages back to the disk."""
        kept = self._reserve.give_up()
        write_back(self._connection)
        used = octets_used(self._connection)
        short = max(self._short_octets, min(ROOM_OCTETS, used // ROOM_SHARE))
        gone = evict_excess(self._connection, used - self._reserve.octets - short, owed_after, owed_after)
        wanted = used - short - (0 if kept else self._reserve.octets)
        if not spare_owed:
            for importance, evicted in evict_excess(self._connection, wanted, owed_after).items():
                gone.setdefault(importance, Evicted()).add(evicted)
        give_back(self._connection, short + self._reserve.octets, self._reserve.octets // 4)
        self._short_octets = 0
        return gone
