"""Parcels into the database, each exactly once in effect: rows, ledger and the last parcel's number in one transaction.

Theory of operation: the database itself remembers the number of the last parcel it has of each outbox, and this number is the
truth. A parcel up to it is passed over; a database that lost its last transactions in a power cut, or was restored from a
backup, says an older number and gets the parcels again that the outbox still keeps. So a commit need not wait for the
database's disk: PostgreSQL's is asynchronous, SQLite's is ``synchronous=NORMAL``.

Three ways to write, each tried when the one before does not hold:

1. all parcels at once, in bulk: right when every record is new, which is the rule;
2. all parcels at once, with a look before each row: some record is there already and becomes a duplicate;
3. in halves, and halves of halves: the database refuses the data of some record (a text it cannot hold). That one goes into
   quarantine with the reason ``refused``; what is refused there too, and parcels that are damaged, are counted and given up.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec
from sqlalchemy import Connection, select, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DataError, IntegrityError

from rsu.engine import Counted, Entry, Quarantined, Stored, TrackSample
from rsu.store.account import Tally
from rsu.store.bulk import write_new
from rsu.store.connect import in_one_line
from rsu.store.models import Delivered
from rsu.store.parcels import Stocked
from rsu.store.store import Store
from rsu.store.writing import write_each

REFUSED = (DataError, IntegrityError, OverflowError, UnicodeError)  # by the database, for what a record holds
REFUSED_REASON = "refused"
TEXT_MAX = 500  # characters of what such a record keeps of its texts

_decoder = msgspec.msgpack.Decoder(list[Entry])

_Opened = tuple[Stocked, list[Entry] | None]
Write = Callable[[Connection, Sequence[Entry]], Tally | None]


class Taken(msgspec.Struct):
    """What became of some parcels.

    :param last: the number of the last parcel that the database has now.
    :param passed: parcels that it had already.
    :param damaged_parcels: not MessagePack of entries; given up.
    :param damaged_records: of such parcels, and records that the database refuses even in quarantine; given up.
    """

    last: int
    tally: Tally = msgspec.field(default_factory=Tally)
    passed: int = 0
    damaged_parcels: int = 0
    damaged_records: int = 0


class Intake:
    """The way of one outbox into one database.

    :param outbox: the identity of the outbox.
    """

    def __init__(self, store: Store, outbox: str) -> None:
        self.url = store.url
        self._store = store
        self._outbox = outbox

    def last(self) -> int:
        """The number of the last parcel that the database has; 0 for none.

        :raises StoreError: when the database cannot be asked.
        """
        with in_one_line(self._store.url), self._store.engine.connect().execution_options(readonly=True) as connection:
            return self._last(connection)

    def _last(self, connection: Connection) -> int:
        query = select(Delivered.parcel).where(Delivered.outbox == self._outbox)
        return int(connection.execute(query).scalar_one_or_none() or 0)

    def take(self, parcels: Sequence[Stocked]) -> Taken:
        """Writes what the database has not yet; parcels come in the order of their numbers, one at least.

        :raises StoreError: when the database is away or full; nothing is written then, and all of it may come again.
        """
        opened = [(parcel, _opened(parcel)) for parcel in parcels]
        with in_one_line(self._store.url):
            self._store.prepare(entry for _, entries in opened for entry in entries or ())
            return self._attempt(opened, write_new) or self._attempt(opened, write_each) or self._divided(opened)

    def _attempt(self, opened: Sequence[_Opened], write: Write) -> Taken | None:
        """All parcels in one way; None where it does not hold for them, and nothing is written."""
        try:
            return self._written(opened, write)
        except REFUSED:
            return None

    def _divided(self, opened: Sequence[_Opened]) -> Taken:
        taken = self._written(opened, write_divided)
        assert taken is not None  # it holds for anything
        return taken

    def _written(self, opened: Sequence[_Opened], write: Write) -> Taken | None:
        with self._store.engine.connect() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(text("SET LOCAL synchronous_commit = off"))
                connection.execute(text("SELECT pg_advisory_xact_lock(hashtext(:outbox))"), {"outbox": self._outbox})
            last = self._last(connection)
            new = [(parcel, entries) for parcel, entries in opened if parcel.id > last]
            entries = [entry for _, inside in new for entry in inside or ()]
            tally = write(connection, entries)
            if tally is None:
                return None
            last = max(last, opened[-1][0].id)
            self._note(connection, last)
            connection.commit()
        damaged = [parcel.records for parcel, inside in new if inside is None]
        lost = sum(damaged) + len(entries) - tally.records - tally.samples
        return Taken(last, tally, len(opened) - len(new), damaged_parcels=len(damaged), damaged_records=lost)

    def _note(self, connection: Connection, last: int) -> None:
        dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
        statement = dialect.insert(Delivered).values(outbox=self._outbox, parcel=last)
        sets = {"parcel": statement.excluded.parcel}
        connection.execute(statement.on_conflict_do_update(index_elements=["outbox"], set_=sets))


def _opened(parcel: Stocked) -> list[Entry] | None:
    """The entries in a parcel; None for octets that are none."""
    try:
        return _decoder.decode(parcel.body)
    except msgspec.DecodeError:
        return None


def write_divided(connection: Connection, entries: Sequence[Entry]) -> Tally:
    """What the database takes of these entries; the tally counts fewer records than came where some are given up."""
    if not entries:
        return Tally()
    tally = _tried(connection, entries)
    if tally is not None:
        return tally
    if len(entries) == 1:
        (entry,) = entries
        return Tally() if isinstance(entry, TrackSample) else _tried(connection, [in_quarantine(entry)]) or Tally()
    middle = len(entries) // 2
    tally = write_divided(connection, entries[:middle])
    tally.add(write_divided(connection, entries[middle:]))
    return tally


def _tried(connection: Connection, entries: Sequence[Entry]) -> Tally | None:
    try:
        with connection.begin_nested():
            return write_each(connection, entries)
    except REFUSED:
        return None


def in_quarantine(entry: Counted) -> Counted:
    """A record whose data the database refuses, in words it takes: no U+0000, nothing longer than its column."""
    if not isinstance(entry, Stored | Quarantined):
        return msgspec.structs.replace(entry, source=_plain(entry.source, 255), type=_plain(entry.type, 64))
    was = entry.type if isinstance(entry, Stored) else f"{entry.type}, {entry.reason}: {entry.detail}"
    return Quarantined(
        rsu_id=entry.rsu_id,
        boot_id=entry.boot_id,
        sequence=entry.sequence,
        channel=_plain(entry.channel, 16),
        source=_plain(entry.source, 255),
        receive_time_ns=entry.receive_time_ns,
        standard=_plain(entry.standard, TEXT_MAX),
        header=_plain(entry.header, 16),
        aid=entry.aid if entry.aid is None or abs(entry.aid) < 2**63 else None,
        type=_plain(entry.type, 64),
        reason=REFUSED_REASON,
        path="",
        bit_offset=0,
        detail=_plain(f"the database refused this record ({was})", TEXT_MAX),
        raw=entry.raw,
    )


def _plain(words: str, most: int) -> str:
    return words.replace("\0", "\N{REPLACEMENT CHARACTER}")[:most]
