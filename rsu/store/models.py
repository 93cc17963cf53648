"""The tables: messages, what could not be read, the account of both, tracks, the replays and the outboxes that filled them.

Columns as CONTRACTS.md "Rows" says: times in nanoseconds UTC, positions in 1e-7 degree, unavailable is NULL. A record's
identity (rsu id, boot id, sequence) is its primary key, so writing it again changes nothing. On PostgreSQL ``message`` is
partitioned (:mod:`rsu.store.partitions`), and the primary key ends in the receive time, which is the same whenever a record
comes.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Float, Index, Integer, LargeBinary, String, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

BIG = BigInteger().with_variant(Integer, "sqlite")  # SQLite's INTEGER has 64 bits, and only it counts up by itself


class Base(DeclarativeBase):
    """The schema of the database."""


class Message(Base):
    """A record that was read; see :class:`rsu.engine.Stored`."""

    __tablename__ = "message"

    rsu_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    boot_id: Mapped[bytes] = mapped_column(LargeBinary(16), primary_key=True)
    sequence: Mapped[int] = mapped_column(BIG, primary_key=True, autoincrement=False)
    channel: Mapped[str] = mapped_column(String(16))
    source: Mapped[str] = mapped_column(Text)
    standard: Mapped[str] = mapped_column(Text)
    header: Mapped[str] = mapped_column(String(16))
    aid: Mapped[int | None] = mapped_column(BIG)
    type: Mapped[str] = mapped_column(String(64))
    security: Mapped[str] = mapped_column(String(32))
    event_time_ns: Mapped[int] = mapped_column(BIG)
    event_time_source: Mapped[str] = mapped_column(String(16))
    receive_time_ns: Mapped[int] = mapped_column(BIG)
    sender: Mapped[str | None] = mapped_column(String(64))
    lat_e7: Mapped[int | None] = mapped_column(BIG)
    lon_e7: Mapped[int | None] = mapped_column(BIG)
    speed_mps: Mapped[float | None] = mapped_column(Float(53))
    heading_deg: Mapped[float | None] = mapped_column(Float(53))
    msg_cnt: Mapped[int | None] = mapped_column(Integer)
    sec_mark: Mapped[int | None] = mapped_column(Integer)
    raw: Mapped[bytes] = mapped_column(LargeBinary)
    warning: Mapped[str | None] = mapped_column(Text)
    meta: Mapped[str | None] = mapped_column(Text)
    decoded: Mapped[str | None] = mapped_column(Text)
    clock_error_us: Mapped[int | None] = mapped_column(BIG)

    __table_args__ = (
        Index("message_unit_heard_vehicle", "rsu_id", "sender", "receive_time_ns"),
        Index("message_time_type", "receive_time_ns", "type"),
        Index("message_place", "lat_e7", "lon_e7"),
    )


class Quarantine(Base):
    """A record that was not read, with the reason and the place; see :class:`rsu.engine.Quarantined`."""

    __tablename__ = "quarantine"

    rsu_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    boot_id: Mapped[bytes] = mapped_column(LargeBinary(16), primary_key=True)
    sequence: Mapped[int] = mapped_column(BIG, primary_key=True, autoincrement=False)
    channel: Mapped[str] = mapped_column(String(16))
    source: Mapped[str] = mapped_column(Text)
    receive_time_ns: Mapped[int] = mapped_column(BIG)
    standard: Mapped[str] = mapped_column(Text)
    header: Mapped[str] = mapped_column(String(16))
    aid: Mapped[int | None] = mapped_column(BIG)
    type: Mapped[str] = mapped_column(String(64))
    reason: Mapped[str] = mapped_column(String(32))
    path: Mapped[str] = mapped_column(Text)
    bit_offset: Mapped[int] = mapped_column(BIG)
    detail: Mapped[str] = mapped_column(Text)
    raw: Mapped[bytes] = mapped_column(LargeBinary)
    meta: Mapped[str | None] = mapped_column(Text)
    clock_error_us: Mapped[int | None] = mapped_column(BIG)

    __table_args__ = (Index("quarantine_time_reason", "receive_time_ns", "reason"),)


class Ledger(Base):
    """received = stored + quarantined + duplicate + shed, by minute of reception, source and type."""

    __tablename__ = "ledger"

    minute: Mapped[int] = mapped_column(BIG, primary_key=True, autoincrement=False)
    rsu_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    source: Mapped[str] = mapped_column(String(255), primary_key=True)
    type: Mapped[str] = mapped_column(String(64), primary_key=True)
    received: Mapped[int] = mapped_column(BIG)
    stored: Mapped[int] = mapped_column(BIG)
    quarantined: Mapped[int] = mapped_column(BIG)
    duplicate: Mapped[int] = mapped_column(BIG)
    shed: Mapped[int] = mapped_column(BIG)


class Track(Base):
    """A road user as long as it was seen; see :class:`rsu.engine.Track`. ``senders``: JSON, ids of its own messages."""

    __tablename__ = "track"

    rsu_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    boot_id: Mapped[bytes] = mapped_column(LargeBinary(16), primary_key=True)
    track_id: Mapped[int] = mapped_column(BIG, primary_key=True, autoincrement=False)
    cls: Mapped[str] = mapped_column(String(16))
    first_ns: Mapped[int] = mapped_column(BIG)
    last_ns: Mapped[int] = mapped_column(BIG)
    senders: Mapped[str] = mapped_column(Text)
    hits: Mapped[int] = mapped_column(BIG)

    __table_args__ = (Index("track_last", "last_ns"),)


class TrackSampleRow(Base):
    """A track at a moment; see :class:`rsu.engine.TrackSample`."""

    __tablename__ = "track_sample"

    rsu_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    boot_id: Mapped[bytes] = mapped_column(LargeBinary(16), primary_key=True)
    track_id: Mapped[int] = mapped_column(BIG, primary_key=True, autoincrement=False)
    time_ns: Mapped[int] = mapped_column(BIG, primary_key=True, autoincrement=False)
    cls: Mapped[str] = mapped_column(String(16))
    lat_e7: Mapped[int] = mapped_column(BIG)
    lon_e7: Mapped[int] = mapped_column(BIG)
    speed_mps: Mapped[float] = mapped_column(Float(53))
    heading_deg: Mapped[float] = mapped_column(Float(53))
    position_std_m: Mapped[float] = mapped_column(Float(53))
    speed_std_mps: Mapped[float] = mapped_column(Float(53))
    length_m: Mapped[float | None] = mapped_column(Float(53))
    width_m: Mapped[float | None] = mapped_column(Float(53))
    height_m: Mapped[float | None] = mapped_column(Float(53))
    sender: Mapped[str | None] = mapped_column(String(64))
    heard_ns: Mapped[int] = mapped_column(BIG)
    seen_ns: Mapped[int] = mapped_column(BIG)

    __table_args__ = (Index("track_sample_time", "time_ns"),)


class ReplayRun(Base):
    """One `rsu replay`: what it was asked and how it ended. ``finished`` is false while it runs or when it broke off."""

    __tablename__ = "replay_run"

    id: Mapped[int] = mapped_column(BIG, primary_key=True)
    started_ns: Mapped[int] = mapped_column(BIG)
    logs: Mapped[str] = mapped_column(Text)
    finished: Mapped[bool] = mapped_column(Boolean)
    records: Mapped[int] = mapped_column(BIG)
    stored: Mapped[int] = mapped_column(BIG)
    quarantined: Mapped[int] = mapped_column(BIG)
    duplicates: Mapped[int] = mapped_column(BIG)
    digest: Mapped[str] = mapped_column(String(64))


class Delivered(Base):
    """How far an outbox is delivered, written in the transaction of its rows: a parcel that comes again changes nothing."""

    __tablename__ = "delivered"

    outbox: Mapped[str] = mapped_column(String(64), primary_key=True)
    parcel: Mapped[int] = mapped_column(BIG)
