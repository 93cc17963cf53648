"""Records of these tests: what an engine gives, and parcels of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from rsu.engine import Duplicate, Entry, Quarantined, Shed, Stored, TrackSample
from rsu.store.outbox import Outbox
from rsu.store.parcels import Parcel

MINUTE_NS = 60_000_000_000
START_NS = 29_000_000 * MINUTE_NS
BOOT = bytes(range(16))


def heard(sequence: int, **columns: Any) -> Stored:
    """A stored BSM, a tenth of a second after the one before."""
    known: dict[str, Any] = {
        "rsu_id": "Y", "boot_id": BOOT, "sequence": sequence, "channel": "pc5", "source": "radio0", "standard": "sae-j2735",
        "header": "wsmp", "aid": 0x20, "type": "BasicSafetyMessage", "security": "unsecured", "event_time_source": "second",
        "receive_time_ns": START_NS + sequence * 100_000_000, "event_time_ns": START_NS + sequence * 100_000_000 - 7_000_000,
        "sender": "0000abcd", "lat_e7": 411_234_567, "lon_e7": -1_048_765_432, "speed_mps": 12.34, "heading_deg": 90.0125,
        "msg_cnt": sequence % 128, "sec_mark": sequence, "raw": b"\x00\x14" + sequence.to_bytes(4, "big"),
    }  # fmt: skip
    return Stored(**(known | columns))


def refused(sequence: int, **columns: Any) -> Quarantined:
    known: dict[str, Any] = {
        "rsu_id": "Y", "boot_id": BOOT, "sequence": sequence, "channel": "pc5", "source": "radio0", "header": "wsmp",
        "receive_time_ns": START_NS + sequence * 100_000_000, "standard": "sae-j2735", "aid": 0x20,
        "type": "BasicSafetyMessage", "reason": "truncated", "path": "value.BasicSafetyMessage.coreData.lat", "bit_offset": 88,
        "detail": "the input ends in 31 bits", "raw": b"\x00\x14\x05",
    }  # fmt: skip
    return Quarantined(**(known | columns))


def echo(sequence: int, **columns: Any) -> Duplicate:
    known: dict[str, Any] = {
        "rsu_id": "Y", "boot_id": BOOT, "sequence": sequence, "source": "radio1", "of": "radio", "type": "BasicSafetyMessage",
        "receive_time_ns": START_NS + sequence * 100_000_000,
    }  # fmt: skip
    return Duplicate(**(known | columns))


def shed(sequence: int, **columns: Any) -> Shed:
    known: dict[str, Any] = {
        "rsu_id": "Y", "boot_id": BOOT, "sequence": sequence, "source": "radio0", "reason": "window",
        "type": "BasicSafetyMessage", "receive_time_ns": START_NS + sequence * 100_000_000,
    }  # fmt: skip
    return Shed(**(known | columns))


def mixed(sequence: int) -> Entry:
    """One of each kind in turn, most of them messages."""
    kinds = {3: refused, 5: echo, 6: shed}
    return kinds.get(sequence % 7, heard)(sequence)


def parcel(entries: Sequence[Entry], importance: int = 0, **columns: Any) -> Parcel:
    oldest_ns = min(entry.receive_time_ns for entry in entries if not isinstance(entry, TrackSample))
    known: dict[str, Any] = {
        "importance": importance, "rsu": "Y", "boot": BOOT, "records": len(entries),
        "oldest_ns": oldest_ns, "body": msgspec.msgpack.encode(entries),
    }  # fmt: skip
    return Parcel(**(known | columns))


def stock(outbox: Outbox, sequences: Sequence[int], a_parcel: int = 5) -> None:
    """Puts these records, in parcels of so many, each with its head."""
    for start in range(0, len(sequences), a_parcel):
        part = sequences[start : start + a_parcel]
        outbox.put([parcel([mixed(number) for number in part])], {("Y", BOOT): part[-1]}, START_NS)
