"""What a source hands on: bytes, and where and when they were received."""

from __future__ import annotations

from typing import Literal

import msgspec

Channel = Literal["pc5", "uu", "file"]
Content = Literal["message", "text"]


class Received(msgspec.Struct, frozen=True, kw_only=True):
    """One reception. (rsu_id, boot_id, sequence) identifies it for ever.

    :param rsu_id: the unit that heard it; may be empty for a bare file.
    :param boot_id: 16 octets: random at start of a live unit, SHA-256 prefix of the content for a file.
    :param sequence: from 1; the record's ordinal in a file.
    :param channel: how it came.
    :param source: file name, or the interface's name.
    :param receive_time_ns: UTC nanoseconds; 0 where the source has no clock.
    :param data: the octets as received, headers included.
    :param content: ``text`` for records that are well formed but no message (driverAlert).
    :param record_type: the type's own name for ``text`` records, else empty.
    :param header: header setting of the source: ``auto``, ``none``, ``dsmp``, ``wsmp``.
    :param standard: standard setting of the source, or empty.
    :param damage: why the record could not be read whole; empty for a whole one.
    :param meta: what the log says beside the payload (own position, security result …).
    """

    rsu_id: str
    boot_id: bytes
    sequence: int
    channel: Channel
    source: str
    receive_time_ns: int
    data: bytes
    content: Content = "message"
    record_type: str = ""
    header: str = "auto"
    standard: str = ""
    damage: str = ""
    meta: dict[str, str | int | float] = {}
