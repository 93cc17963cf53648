"""Hex lines, JSON Lines, MCAP, gzip, and files that are of no format."""

from __future__ import annotations

import gzip
import hashlib
from pathlib import Path

import pytest

from rsu.errors import SourceError
from rsu.received import Received
from rsu.sources import open_source, sniff
from rsu.sources.hexlines import LINE_OCTETS_MAX

MESSAGE = bytes.fromhex("00142d3f")
NS = 1_714_550_400_250_000_000  # 2024-05-01 08:00:00.25 UTC


def read(path: Path, octets: bytes, format: str = "auto") -> list[Received]:
    path.write_bytes(octets)
    with open_source(path, format) as source:
        return list(source)


@pytest.mark.parametrize(
    ("line", "time_ns"),
    [
        ("00142d3f", 0),
        ("0x00142D3F", 0),
        ("00 14 2d 3f  # a comment", 0),
        ("00:14:2d:3f", 0),
        ("ABQtPw==", 0),
        ("2024-05-01T08:00:00.25Z 00142d3f", NS),
        ("2024-05-01T16:00:00.250+08:00 00142d3f", NS),
        ("1714550400.250 00142d3f", NS),
        ("1714550400250 00142d3f", NS),
        ("1714550400250000000 ABQtPw==", NS),
    ],
)
def test_each_way_to_write_a_line_is_read(tmp_path: Path, line: str, time_ns: int) -> None:
    (record,) = read(tmp_path / "x", f"# head\n\n{line}\r\n".encode())
    assert (record.data, record.receive_time_ns, record.sequence, record.damage) == (MESSAGE, time_ns, 1, "")


def test_a_line_that_cannot_be_read_is_damage_and_the_next_is_read(tmp_path: Path) -> None:
    octets = b"00142d3f\n00142d3\nno message!\n" + b"0" * (LINE_OCTETS_MAX + 1) + b"\n" + b"0" * LINE_OCTETS_MAX + b"\n00142d3f"
    records = read(tmp_path / "x", octets)
    assert [bool(record.damage) for record in records] == [False, True, True, True, False, False]
    assert records[1].data == b"00142d3"
    assert len(records[3].data) == LINE_OCTETS_MAX
    assert records[4].data == bytes(LINE_OCTETS_MAX // 2)
    assert records[5].data == MESSAGE


def test_json_lines_keep_their_identity_and_lend_one_where_it_is_missing(tmp_path: Path) -> None:
    octets = (
        b'{"hex": "00142d3f"}\n{"data": "ABQtPw==", "boot_id": "AAAAAAAAAAAAAAAAAAAAAA==", "sequence": 9}\n{"hex": 1}\n{}\n{'
    )
    records = read(tmp_path / "x", octets)
    assert [record.sequence for record in records] == [1, 9, 3, 4, 5]
    assert (records[0].data, records[0].boot_id) == (MESSAGE, hashlib.sha256(octets).digest()[:16])
    assert (records[1].data, records[1].boot_id) == (MESSAGE, bytes(16))
    assert [record.data for record in records if record.damage] == [b'{"hex": 1}', b"{}", b"{"]


def test_a_log_and_its_compressed_copy_are_one_log(tmp_path: Path) -> None:
    octets = b"00142d3f\n" * 3
    plain, packed = read(tmp_path / "a.hex", octets), read(tmp_path / "a.hex.gz", gzip.compress(octets))
    assert [(r.boot_id, r.sequence, r.data) for r in plain] == [(r.boot_id, r.sequence, r.data) for r in packed]
    two = read(tmp_path / "b.gz", gzip.compress(octets[:9]) + gzip.compress(octets[9:]) + bytes(8))
    assert [(r.boot_id, r.data, r.damage) for r in two] == [(r.boot_id, r.data, r.damage) for r in plain]


def test_a_cut_gzip_stream_ends_in_damage(tmp_path: Path) -> None:
    packed = gzip.compress(b"00142d3f\n" * 3)
    records = read(tmp_path / "x.gz", packed[:-4], "hex")
    assert [record.data for record in records] == [MESSAGE] * 3 + [b""]
    assert records[-1].damage == "gzip stream is cut"
    records = read(tmp_path / "x.gz", packed + b"other", "hex")
    assert records[-1].damage == "gzip stream is followed by octets of another kind"


@pytest.mark.parametrize("name", ["x", "x.hex", "x.pcap", "x.pcapng", "x.mcap", "x.jsonl", "rxMsg_x.gz"])
def test_an_empty_file_has_no_records(tmp_path: Path, name: str) -> None:
    assert read(tmp_path / name, b"") == []


def test_a_file_that_cannot_be_read_names_itself_and_the_reason(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"missing: cannot be read: No such file"):
        open_source(tmp_path / "missing")
    with pytest.raises(SourceError, match="cannot be read: Is a directory"):
        sniff(tmp_path)
    (tmp_path / "x").write_bytes(b"\xff" * 64)
    with pytest.raises(SourceError, match=r"format is not recognised, it begins with ffff.*one of pcapng, pcap, mcap, jsonl"):
        open_source(tmp_path / "x")
    with pytest.raises(SourceError, match="format 'other' is unknown: must be auto or one of pcapng"):
        open_source(tmp_path / "x", "other")
