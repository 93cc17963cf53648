"""Questions to the database: rows by time, type, sender and area; the ledger; the digest."""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec
from sqlalchemy import Connection, Select, and_, or_, select, tuple_

from rsu.store.models import Ledger, Message, Quarantine, Track, TrackSampleRow

DIGEST_COLUMNS = (
    "receive_time_ns raw channel standard header aid type security event_time_ns event_time_source sender lat_e7 lon_e7 "
    "speed_mps heading_deg msg_cnt sec_mark warning"
).split()
QUARANTINE_DIGEST_COLUMNS = "receive_time_ns raw channel standard header aid type reason path bit_offset".split()
ROWS_AT_ONCE = 1000  # of a result that is streamed


class Query(msgspec.Struct, frozen=True, kw_only=True):
    """What to look for; what is empty or None does not narrow.

    :param since_ns: receive time, from.
    :param until_ns: receive time, up to but not with.
    :param box: south, west, north, east in 1e-7 degree; west may be greater than east (across the 180th meridian).
    :param limit: rows at most; 0: all.
    """

    since_ns: int | None = None
    until_ns: int | None = None
    types: tuple[str, ...] = ()
    sender: str = ""
    rsu_id: str = ""
    box: tuple[int, int, int, int] | None = None
    limit: int = 0


def message_rows(connection: Connection, query: Query) -> Iterator[Mapping[str, Any]]:
    """Messages in the order of their reception."""
    statement = _narrowed(select(Message.__table__), query)
    statement = statement.order_by(Message.receive_time_ns, Message.boot_id, Message.sequence)
    if query.limit:
        statement = statement.limit(query.limit)
    for row in connection.execute(statement.execution_options(yield_per=ROWS_AT_ONCE)).mappings():
        yield dict(row)


def _narrowed(statement: Select[Any], query: Query) -> Select[Any]:
    if query.since_ns is not None:
        statement = statement.where(Message.receive_time_ns >= query.since_ns)
    if query.until_ns is not None:
        statement = statement.where(Message.receive_time_ns < query.until_ns)
    if query.types:
        statement = statement.where(Message.type.in_(query.types))
    if query.sender:
        statement = statement.where(Message.sender == query.sender.lower())
    if query.rsu_id:
        statement = statement.where(Message.rsu_id == query.rsu_id)
    if query.box is not None:
        south, west, north, east = query.box
        across = or_(Message.lon_e7 >= west, Message.lon_e7 <= east)
        inside = and_(Message.lon_e7 >= west, Message.lon_e7 <= east)
        statement = statement.where(Message.lat_e7.between(south, north), inside if west <= east else across)
    return statement


def quarantine_rows(connection: Connection, limit: int = 0) -> Iterator[Mapping[str, Any]]:
    """Quarantined records in the order of their reception."""
    statement = select(Quarantine.__table__).order_by(Quarantine.receive_time_ns, Quarantine.boot_id, Quarantine.sequence)
    if limit:
        statement = statement.limit(limit)
    for row in connection.execute(statement.execution_options(yield_per=ROWS_AT_ONCE)).mappings():
        yield dict(row)


def track_rows(connection: Connection) -> Iterator[Mapping[str, Any]]:
    """Tracks in the order in which they were first seen."""
    statement = select(Track.__table__).order_by(Track.first_ns, Track.rsu_id, Track.boot_id, Track.track_id)
    for row in connection.execute(statement.execution_options(yield_per=ROWS_AT_ONCE)).mappings():
        yield {**row, "senders": msgspec.json.decode(row["senders"])}


def track_sample_rows(connection: Connection) -> Iterator[Mapping[str, Any]]:
    """Samples of tracks in the order of their times."""
    key = (TrackSampleRow.time_ns, TrackSampleRow.rsu_id, TrackSampleRow.boot_id, TrackSampleRow.track_id)
    statement = select(TrackSampleRow.__table__).order_by(*key)
    for row in connection.execute(statement.execution_options(yield_per=ROWS_AT_ONCE)).mappings():
        yield dict(row)


def ledger_rows(connection: Connection) -> Iterator[Mapping[str, Any]]:
    """The account, minute by minute."""
    statement = select(Ledger.__table__).order_by(Ledger.minute, Ledger.source, Ledger.type, Ledger.rsu_id)
    for row in connection.execute(statement).mappings():
        yield dict(row)


def digest(connection: Connection, units: Iterable[tuple[str, bytes]]) -> str:
    """SHA-256 over the content of the rows of some (rsu id, boot id) pairs, ordered by receive time and raw octets.

    Identity, source names and wordings are no content: the same log gives the same digest under another name.
    """
    wanted = sorted(set(units))
    streams = [
        _content(connection, Message, DIGEST_COLUMNS, wanted),
        _content(connection, Quarantine, QUARANTINE_DIGEST_COLUMNS, wanted),
    ]
    total = hashlib.sha256()
    encoder = msgspec.msgpack.Encoder()
    for row in heapq.merge(*streams, key=lambda row: (row[0], row[1], len(row))):
        total.update(encoder.encode(row))
    return total.hexdigest()


def _content(
    connection: Connection, table: type[Message] | type[Quarantine], columns: list[str], units: list[tuple[str, bytes]]
) -> Iterator[tuple[Any, ...]]:
    if not units:
        return
    chosen = [getattr(table, name) for name in columns]
    statement = select(*chosen).where(tuple_(table.rsu_id, table.boot_id).in_(units))
    statement = statement.order_by(table.receive_time_ns, table.raw, table.type, table.sequence)
    for row in connection.execute(statement.execution_options(yield_per=ROWS_AT_ONCE)):
        yield tuple(row)
