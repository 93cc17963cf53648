"""What lies in the outbox, and what is said about it: parcels, sums, the tables of its file."""

from __future__ import annotations

import msgspec

APPLICATION_ID = 0x52535542  # "RSUB": an SQLite file of another program is not taken for an outbox
FILE_VERSION = 1


class Parcel(msgspec.Struct, frozen=True, kw_only=True):
    """Entries of one boot and one importance class, as they are committed together.

    :param importance: its class, 0 first to go (:mod:`rsu.pipeline.importance` names them).
    :param records: entries in it.
    :param oldest_ns: their earliest receive time.
    :param body: MessagePack of ``list[rsu.engine.Entry]``.
    """

    importance: int
    rsu: str
    boot: bytes
    records: int
    oldest_ns: int
    body: bytes


class Stocked(Parcel, frozen=True, kw_only=True):
    """A parcel that is on the disk.

    :param id: counts the parcels of the file; never given twice.
    """

    id: int


class Evicted(msgspec.Struct, kw_only=True):
    """What was removed of one class; the ``undelivered`` part of it was still owed to some target."""

    parcels: int = 0
    records: int = 0
    octets: int = 0
    undelivered_parcels: int = 0
    undelivered_records: int = 0
    undelivered_octets: int = 0

    def add(self, other: Evicted) -> None:
        for name in self.__struct_fields__:
            setattr(self, name, getattr(self, name) + getattr(other, name))


class Usage(msgspec.Struct, frozen=True, kw_only=True):
    """How full the outbox is.

    :param octets: of the parcels' bodies.
    :param octets_used: pages of the file that hold something: what the quota bounds.
    :param octets_file: of the file and its log on the disk; freed pages are used again, not given back.
    :param oldest_ns: of the oldest parcel; 0 for none.
    :param undelivered_ns: target → receive time of the oldest record it still has to get; 0 for none.
    :param evicted: class → what was ever evicted.
    """

    parcels: int
    records: int
    octets: int
    octets_used: int
    octets_file: int
    oldest_ns: int
    undelivered_ns: dict[str, int]
    evicted: dict[int, Evicted]


# The body stands last in its row, so that a look at the columns before it reads no further page.
TABLES = """
CREATE TABLE box (identity TEXT NOT NULL);
CREATE TABLE parcel (
    id INTEGER PRIMARY KEY AUTOINCREMENT, importance INTEGER NOT NULL, records INTEGER NOT NULL, octets INTEGER NOT NULL,
    oldest_ns INTEGER NOT NULL, put_ns INTEGER NOT NULL, rsu TEXT NOT NULL, boot BLOB NOT NULL, body BLOB NOT NULL);
CREATE INDEX parcel_class ON parcel (importance, id);
CREATE INDEX parcel_age ON parcel (put_ns);
CREATE TABLE head (
    rsu TEXT NOT NULL, boot BLOB NOT NULL, last INTEGER NOT NULL, seen_ns INTEGER NOT NULL, parcel INTEGER NOT NULL,
    PRIMARY KEY (rsu, boot)) WITHOUT ROWID;
CREATE TABLE target (name TEXT PRIMARY KEY, parcel INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE stock (
    importance INTEGER PRIMARY KEY, parcels INTEGER NOT NULL, records INTEGER NOT NULL, octets INTEGER NOT NULL);
CREATE TABLE evicted (
    importance INTEGER PRIMARY KEY, parcels INTEGER NOT NULL, records INTEGER NOT NULL, octets INTEGER NOT NULL,
    undelivered_parcels INTEGER NOT NULL, undelivered_records INTEGER NOT NULL, undelivered_octets INTEGER NOT NULL);
"""
