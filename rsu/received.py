"""What a source hands on: bytes, and where and when they were received."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

Channel = Literal["pc5", "uu", "file"]
Content = Literal["message", "text", "signals", "objects"]


# Bounds of what a record of a file may claim; they are those of the database's columns, and hold when a record is read.
INT64_MAX = 2**63 - 1
Name = Annotated[str, msgspec.Meta(max_length=64, pattern="^[^\\x00]*$")]
SourceName = Annotated[str, msgspec.Meta(max_length=255, pattern="^[^\\x00]*$")]
Text = Annotated[str, msgspec.Meta(max_length=4096, pattern="^[^\\x00]*$")]
BootId = Annotated[bytes, msgspec.Meta(max_length=16)]
Ordinal = Annotated[int, msgspec.Meta(ge=1, le=INT64_MAX)]
ClockError = Annotated[int, msgspec.Meta(ge=0, le=INT64_MAX)]
TimeNs = Annotated[int, msgspec.Meta(ge=0, le=INT64_MAX)]


class Received(msgspec.Struct, frozen=True, kw_only=True):
    """One reception. (rsu_id, boot_id, sequence) identifies it for ever.

    :param rsu_id: the unit that heard it; may be empty for a bare file.
    :param boot_id: 16 octets: random at start of a live unit, SHA-256 prefix of the content for a file.
    :param sequence: from 1; the record's ordinal in a file.
    :param channel: how it came.
    :param source: file name, or the interface's name.
    :param receive_time_ns: UTC nanoseconds; 0 where the source has no clock.
    :param data: the octets as received, headers included.
    :param content: ``text`` for records that are well formed but no message (driverAlert); ``signals`` for a report
        of a signal controller (:mod:`rsu.signals`), ``objects`` for one of a perception box, both in JSON.
    :param record_type: the type's own name for records that are no message, else empty.
    :param header: header setting of the source: ``auto``, ``none``, ``dsmp``, ``wsmp``.
    :param standard: standard setting of the source, or empty.
    :param damage: why the record could not be read whole; empty for a whole one.
    :param clock_error_us: how wrong the clock that gave the receive time may have been, as the kernel knew; None: not known.
    :param meta: what the log says beside the payload (own position, security result …).
    """

    rsu_id: Name
    boot_id: BootId
    sequence: Ordinal
    channel: Channel
    source: SourceName
    receive_time_ns: TimeNs
    data: bytes
    content: Content = "message"
    record_type: Name = ""
    header: Name = "auto"
    standard: Text = ""
    damage: Text = ""
    clock_error_us: ClockError | None = None
    meta: dict[str, str | int | float] = {}
