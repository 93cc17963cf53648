"""Packet captures with the payloads alone: pcap in nanoseconds, link type 147 (own use), one packet a record.

Octets and times are kept, what identifies a record is not. Text records and damaged ones have no place in a
capture.
"""

from __future__ import annotations

import struct

from rsu.received import Received
from rsu.sinks.base import Sink
from rsu.sources.base import RECORD_OCTETS_MAX

LINK_USER_0 = 147
_FILE_HEADER = struct.Struct("<IHHiIII")
_PACKET_HEADER = struct.Struct("<4I")
_MAGIC_NS = 0xA1B23C4D
_SECONDS_MAX = 2**32 - 1


class PcapSink(Sink):
    """A pcap file."""

    format = "pcap"
    suffixes = (".pcap", ".cap")

    def begin(self) -> None:
        self.put(_FILE_HEADER.pack(_MAGIC_NS, 2, 4, 0, 0, RECORD_OCTETS_MAX, LINK_USER_0))

    def write(self, record: Received) -> None:
        seconds, fraction = divmod(record.receive_time_ns, 1_000_000_000)
        reason = _no_place(record, seconds)
        if reason:
            self.skipped[reason] += 1
            return
        size = len(record.data)
        self.put(_PACKET_HEADER.pack(seconds, fraction, size, size) + record.data)


def _no_place(record: Received, seconds: int) -> str:
    """Why a record cannot stand in a capture, or nothing."""
    if record.damage:
        return "damaged record"
    if record.content != "message":
        return record.record_type
    if not 0 <= seconds <= _SECONDS_MAX:
        return "time outside 1970..2106"
    if len(record.data) > RECORD_OCTETS_MAX:
        return f"more than {RECORD_OCTETS_MAX} octets"
    return ""
