"""Text with one message a line, as :mod:`rsu.sources.hexlines` reads it: the time where there is one, then
hex.

Octets and times are kept, what identifies a record is not. Text records and damaged ones become comments.
"""

from __future__ import annotations

from rsu.received import Received
from rsu.sinks.base import Sink


class HexSink(Sink):
    """A file of such lines."""

    format = "hex"
    suffixes = (".hex", ".txt")

    def write(self, record: Received) -> None:
        kind = record.damage or record.record_type or ("" if record.data else "no octets")
        if kind:
            self.skipped["damaged record" if record.damage else kind] += 1
            self.put(f"# {record.sequence}: {' '.join(kind.split())}: {record.data.hex()}\n".encode())
            return
        self.put(time_prefix(record.receive_time_ns).encode() + record.data.hex().encode() + b"\n")


def time_prefix(time_ns: int) -> str:
    """The time in seconds with nine decimals and a space; nothing for 0, which means none."""
    if time_ns <= 0:
        return ""
    return f"{time_ns // 1_000_000_000}.{time_ns % 1_000_000_000:09d} "
