"""Records there and back through every format, and what a format has no place for."""

from __future__ import annotations

import gzip
import struct
from pathlib import Path

import dpkt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rsu.errors import SourceError
from rsu.received import Received
from rsu.sinks import open_sink
from rsu.sources import open_source, sniff

NAMES = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=5)  # NUL is past a bound
LOGS = (
    "bsmLogDuringEvent",
    "bsmLogDuringEvent_commsignia",
    "bsmTx",
    "dnMsg",
    "driverAlert",
    "rxMsg_BSM_and_TIM",
    "rxMsg_commsignia_map",
)
RECORDS = st.builds(
    Received,
    rsu_id=NAMES,
    boot_id=st.binary(min_size=16, max_size=16),
    sequence=st.integers(1, 2**40),
    channel=st.sampled_from(["pc5", "uu", "file"]),
    source=st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1, max_size=5),
    receive_time_ns=st.integers(0, 2**62),
    data=st.binary(max_size=60),
    content=st.sampled_from(["message", "text"]),
    record_type=NAMES,
    header=st.sampled_from(["auto", "none", "wsmp"]),
    standard=st.sampled_from(["", "csae-53"]),
    damage=NAMES,
    meta=st.dictionaries(st.text(max_size=3), st.one_of(st.integers(-(2**40), 2**40), st.text(max_size=3)), max_size=3),
)


def read(path: Path, format: str = "auto") -> list[Received]:
    with open_source(path, format) as source:
        return list(source)


def write(path: Path, records: list[Received], format: str = "auto") -> dict[str, int]:
    with open_sink(path, format) as sink:
        for record in records:
            sink.write(record)
    return dict(sink.skipped)


@pytest.mark.parametrize("suffix", [".jsonl", ".mcap", ".jsonl.gz", ".mcap.gz"])
@settings(max_examples=40, deadline=None)
@given(records=st.lists(RECORDS, max_size=5))
def test_jsonl_and_mcap_give_every_record_back(
    tmp_path_factory: pytest.TempPathFactory, suffix: str, records: list[Received]
) -> None:
    path = tmp_path_factory.mktemp("sink") / f"x{suffix}"
    assert write(path, records) == {}
    assert read(path) == records


@pytest.mark.parametrize("name", LOGS)
def test_a_published_log_goes_through_every_format(shared: Path, name: str, tmp_path: Path) -> None:
    log = shared / "logs" / f"{name}.gz"
    records = read(log)
    for suffix in ("jsonl", "mcap"):
        write(tmp_path / f"x.{suffix}", records)
        assert read(tmp_path / f"x.{suffix}") == records
    write(tmp_path / "x.bin", records, "wyoming")
    assert (tmp_path / "x.bin").read_bytes() == gzip.decompress(log.read_bytes())
    messages = [(record.receive_time_ns, record.data) for record in records if record.content == "message"]
    for suffix in ("hex", "pcap"):
        skipped = write(tmp_path / f"x.{suffix}", records)
        assert [(record.receive_time_ns, record.data) for record in read(tmp_path / f"x.{suffix}")] == messages
        assert sum(skipped.values()) == len(records) - len(messages)


def test_the_same_records_give_the_same_compressed_file(shared: Path, tmp_path: Path) -> None:
    records = read(shared / "logs" / "bsmTx.gz")
    write(tmp_path / "a.jsonl.gz", records)
    write(tmp_path / "b.jsonl.gz", records)
    assert (tmp_path / "a.jsonl.gz").read_bytes() == (tmp_path / "b.jsonl.gz").read_bytes()


RECORD = Received(
    rsu_id="",
    boot_id=bytes(16),
    sequence=1,
    channel="file",
    source="x",
    receive_time_ns=1_500_000_000_123_456_789,
    data=b"\x00\x14",
)


def test_a_capture_reads_as_dpkt_reads_it(tmp_path: Path) -> None:
    write(tmp_path / "x.pcap", [RECORD])
    with (tmp_path / "x.pcap").open("rb") as file:
        reader = dpkt.pcap.Reader(file)
        ((time, data),) = list(reader)
        assert (reader.datalink(), data) == (147, b"\x00\x14")
        assert abs(float(time) - 1_500_000_000.123456789) < 1e-6
    assert struct.unpack("<4I", (tmp_path / "x.pcap").read_bytes()[24:40]) == (1_500_000_000, 123_456_789, 2, 2)


@pytest.mark.parametrize(
    ("name", "format", "reason"),
    [
        ("x.bin", "wyoming", "record 1 is of no Wyoming log"),
        ("x.bin", "wyoming:dnMsg", "time has parts of a millisecond"),
        ("x.bin", "wyoming:other", "variant 'other' is unknown"),
        ("x.bin", "auto", "no format has the suffix '.bin'"),
        ("x.bin", "other", "format 'other' is unknown"),
        ("missing/x.hex", "auto", "cannot be written: No such file or directory"),
    ],
)
def test_a_sink_that_cannot_hold_the_record_says_so(tmp_path: Path, name: str, format: str, reason: str) -> None:
    with pytest.raises(SourceError) as caught:
        write(tmp_path / name, [RECORD], format)
    assert reason in str(caught.value)
    assert str(tmp_path / name) in str(caught.value)


def test_an_empty_sink_is_an_empty_log(tmp_path: Path) -> None:
    for suffix in ("jsonl", "mcap", "hex", "pcap"):
        write(tmp_path / f"x.{suffix}", [])
        assert read(tmp_path / f"x.{suffix}") == []
        assert sniff(tmp_path / f"x.{suffix}") == suffix


def test_a_damaged_mcap_file_gives_its_records_up_to_the_damage(tmp_path: Path) -> None:
    path = tmp_path / "x.mcap"
    write(path, [RECORD] * 3)
    octets = path.read_bytes()
    for at in range(8, len(octets), 7):
        for damaged in (octets[:at], octets[:at] + bytes([octets[at] ^ 0xFF]) + octets[at + 1 :]):
            path.write_bytes(damaged)
            records = read(path)
            assert [record for record in records if not record.damage] == [RECORD] * sum(not r.damage for r in records)
            assert sum(not record.damage for record in records) in (0, 3)
    path.write_bytes(octets[: len(octets) // 2])
    assert read(path)[-1].damage.startswith("MCAP record cannot be read")
