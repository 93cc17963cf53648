"""What becomes of a received record: the rows of the database, before there is one."""

from __future__ import annotations

import msgspec

from rsu.frames import Unwrapped
from rsu.observe import Summary
from rsu.received import Received

#: Class of :mod:`rsu.observe.arrays` → its name for people and programs.
CLASSES = ("unknown", "vehicle", "pedestrian", "bicycle", "other")


class Stored(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag_field="outcome", tag="message"):
    """A record to keep: its identity, what it is, its summary (see :class:`rsu.observe.Summary`), its bytes."""

    rsu_id: str
    boot_id: bytes
    sequence: int
    channel: str
    source: str
    receive_time_ns: int
    standard: str = ""
    header: str = "none"
    aid: int | None = None
    type: str
    security: str = "none"
    event_time_ns: int
    event_time_source: str = "none"
    sender: str | None = None
    lat_e7: int | None = None
    lon_e7: int | None = None
    speed_mps: float | None = None
    heading_deg: float | None = None
    msg_cnt: int | None = None
    sec_mark: int | None = None
    raw: bytes
    warning: str | None = None
    meta: str | None = None
    decoded: str | None = None
    clock_error_us: int | None = None


class Quarantined(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag_field="outcome", tag="quarantine"):
    """A record that could not be read.

    :param type: as far as it was known, else empty.
    :param reason: the short, stable code.
    :param path: where in the message, with alternatives; the layer for a header.
    :param bit_offset: in the payload, or in the frame for a header.
    :param detail: for people: what was read and what was allowed.
    """

    rsu_id: str
    boot_id: bytes
    sequence: int
    channel: str
    source: str
    receive_time_ns: int
    standard: str
    header: str
    aid: int | None
    type: str
    reason: str
    path: str
    bit_offset: int
    detail: str
    raw: bytes
    meta: str | None = None
    clock_error_us: int | None = None


class Duplicate(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag_field="outcome", tag="duplicate"):
    """A record that is already there.

    :param of: ``identity``, or ``radio``: heard by another source of the unit.
    """

    rsu_id: str
    boot_id: bytes
    sequence: int
    source: str
    receive_time_ns: int
    of: str
    type: str = ""
    channel: str = ""


class Shed(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag_field="outcome", tag="shed"):
    """Records that the unit had no time or room for; only counted.

    :param sequence: of the first; they need not be in a row.
    :param receive_time_ns: of the first, in whose minute they are counted.
    :param type: as far as it is known without decoding.
    :param reason: ``age`` or ``room``, see :mod:`rsu.pipeline.window`.
    """

    rsu_id: str
    boot_id: bytes
    sequence: int
    source: str
    receive_time_ns: int
    type: str = ""
    reason: str
    count: int = 1


class Track(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A road user at a moment.

    :param track_id: the unit's own, the same as long as it is seen.
    :param time_ns: UTC; the moment of all that follows.
    :param cls: of :data:`CLASSES`.
    :param x_m: east of the unit's reference position; ``y_m`` north of it.
    :param position_std_m: along the worst direction; of the filter.
    :param sender: temporary id of its own messages, lower-case hex; None: it is not heard itself.
    :param heard_ns: UTC, when it last said something itself; 0: never; ``seen_ns``: when a box saw it.
    :param hits: observations in it.
    """

    track_id: int
    time_ns: int
    cls: str
    lat_e7: int
    lon_e7: int
    x_m: float
    y_m: float
    speed_mps: float
    heading_deg: float
    position_std_m: float
    speed_std_mps: float
    length_m: float | None = None
    width_m: float | None = None
    height_m: float | None = None
    sender: str | None = None
    heard_ns: int = 0
    seen_ns: int = 0
    first_ns: int
    hits: int


class TrackSample(Track, frozen=True, gc=False, kw_only=True, tag_field="outcome", tag="track"):
    """A track at a moment, to keep. It is no record: nothing counts it, and (rsu id, boot id, track id, time) is its identity.

    :param sequence: of the last record of the boot that was stepped through before; several samples have the same.
    """

    rsu_id: str
    boot_id: bytes
    sequence: int


Outcome = Stored | Quarantined | Duplicate
Counted = Outcome | Shed  # what a live unit's recorder counts
Entry = Counted | TrackSample  # what it keeps


def text_record(received: Received, event_time_ns: int = 0, standard: str = "") -> Stored:
    """A record that is well formed and no message: an alert the driver was shown, a report of one of the unit's devices.

    :param event_time_ns: 0: the receive time.
    """
    return Stored(
        rsu_id=received.rsu_id,
        boot_id=received.boot_id,
        sequence=received.sequence,
        channel=received.channel,
        source=received.source,
        receive_time_ns=received.receive_time_ns,
        standard=standard,
        type=received.record_type or received.content,
        event_time_ns=event_time_ns or received.receive_time_ns,
        event_time_source="report" if event_time_ns else "none",
        raw=received.data,
        meta=meta_of(received),
        clock_error_us=received.clock_error_us,
    )


def quarantined(
    received: Received,
    reason: str,
    detail: str,
    standard: str = "",
    frame: Unwrapped | None = None,
    *,
    type_name: str = "",
    path: str = "",
    bit_offset: int = 0,
) -> Quarantined:
    return Quarantined(
        rsu_id=received.rsu_id,
        boot_id=received.boot_id,
        sequence=received.sequence,
        channel=received.channel,
        source=received.source,
        receive_time_ns=received.receive_time_ns,
        standard=standard,
        header=frame.header if frame else "none",
        aid=frame.aid if frame else None,
        type=type_name,
        reason=reason,
        path=path,
        bit_offset=bit_offset,
        detail=detail,
        raw=received.data,
        meta=meta_of(received),
        clock_error_us=received.clock_error_us,
    )


def stored(
    received: Received,
    frame: Unwrapped,
    standard: str,
    type_name: str,
    summary: Summary,
    warning: str | None,
    decoded: str | None,
) -> Stored:
    """A message that was read."""
    return Stored(
        rsu_id=received.rsu_id,
        boot_id=received.boot_id,
        sequence=received.sequence,
        channel=received.channel,
        source=received.source,
        receive_time_ns=received.receive_time_ns,
        standard=standard,
        header=frame.header,
        aid=frame.aid,
        type=type_name,
        security=frame.security.status,
        event_time_ns=summary.event_time_ns,
        event_time_source=summary.event_time_source,
        sender=summary.sender,
        lat_e7=summary.lat_e7,
        lon_e7=summary.lon_e7,
        speed_mps=summary.speed_mps,
        heading_deg=summary.heading_deg,
        msg_cnt=summary.msg_cnt,
        sec_mark=summary.sec_mark,
        raw=received.data,
        warning=warning,
        meta=meta_of(received),
        decoded=decoded,
        clock_error_us=received.clock_error_us,
    )


def meta_of(received: Received) -> str | None:
    return msgspec.json.encode(received.meta).decode() if received.meta else None
