"""Drive logs: the published ones to their last record, every layout and newline variant, and damage at every place."""

from __future__ import annotations

import gzip
import hashlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from log_files import BSM, SECOND, wyoming

from rsu.errors import SourceError
from rsu.received import Received
from rsu.sources import open_source, sniff

# record counts, first receive times and formats by logs/README.md
LOGS = {
    "bsmLogDuringEvent.gz": (222, "wyoming:bsmLogDuringEvent"),
    "bsmLogDuringEvent_commsignia.gz": (511, "wyoming:bsmLogDuringEvent"),
    "bsmTx.gz": (16, "wyoming:bsmTx"),
    "dnMsg.gz": (1, "wyoming:dnMsg"),
    "driverAlert.gz": (50, "wyoming:driverAlert"),
    "rxMsg_BSM_and_TIM.gz": (393, "wyoming:rxMsg"),
    "rxMsg_commsignia_map.gz": (103, "wyoming:rxMsg"),
    "rxMsg_commsignia_tim.gz": (279, "wyoming:rxMsg"),
}
VARIANTS = ("rxMsg", "bsmTx", "bsmLogDuringEvent", "dnMsg", "driverAlert")


def read(path: Path, format: str = "auto") -> list[Received]:
    with open_source(path, format) as source:
        records = list(source)
        assert source.position == source.size == path.stat().st_size
    return records


@pytest.mark.parametrize("name", LOGS)
def test_a_published_log_gives_all_its_records_whole(shared: Path, name: str) -> None:
    path = shared / "logs" / name
    count, format = LOGS[name]
    assert sniff(path) == format
    records = read(path)
    assert [record.sequence for record in records] == list(range(1, count + 1))
    assert not any(record.damage for record in records)
    boot_id = hashlib.sha256(gzip.decompress(path.read_bytes())).digest()[:16]
    assert {record.boot_id for record in records} == {boot_id}
    # header of the table, payload, and the newline of commsignia: nothing else is in the file
    head = {"dnMsg.gz": 25, "driverAlert.gz": 24}.get(name, 26) + ("commsignia" in name)
    assert sum(head + len(record.data) for record in records) == len(gzip.decompress(path.read_bytes()))


@pytest.mark.parametrize("name", LOGS)
def test_a_log_reads_the_same_unpacked_under_another_name(shared: Path, name: str, tmp_path: Path) -> None:
    count, format = LOGS[name]
    copy = tmp_path / "renamed.log"
    copy.write_bytes(gzip.decompress((shared / "logs" / name).read_bytes()))
    seen = read(copy)
    packed = read(shared / "logs" / name)
    essence = [(record.boot_id, record.sequence, record.receive_time_ns, record.data, record.content) for record in packed]
    assert [
        (record.boot_id, record.sequence, record.receive_time_ns, record.data, record.content) for record in seen
    ] == essence
    assert [record.meta for record in read(copy, format)] == [record.meta for record in packed]
    assert len(seen) == count


def test_a_record_says_what_the_log_says(tmp_path: Path) -> None:
    path = tmp_path / "rxMsg_x.bin"
    path.write_bytes(wyoming([BSM], origin=2))
    (record,) = read(path)
    assert record.data == BSM
    assert record.receive_time_ns == SECOND * 10**9 + 701 * 10**6
    assert (record.channel, record.source, record.standard) == ("file", "rxMsg_x.bin", "sae-j2735")
    assert record.meta == {
        "log": "rxMsg", "received_from": 2, "lat_e7": 405_657_881, "lon_e7": -1_050_316_411,
        "elevation": 14_975, "speed": 11, "heading": 16_478, "security_result": 0,
    }  # fmt: skip


def test_a_driver_alert_is_text_and_no_message(tmp_path: Path) -> None:
    path = tmp_path / "driverAlert_x.bin"
    path.write_bytes(wyoming([b"ICW", b"BSW"], "driverAlert"))
    assert [(r.data, r.content, r.record_type) for r in read(path)] == [
        (b"ICW", "text", "driverAlert"),
        (b"BSW", "text", "driverAlert"),
    ]


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("end", [b"", b"\n"], ids=["plain", "newline"])
@settings(max_examples=25, deadline=None)
@given(payloads=st.lists(st.text("AB\nxyz", max_size=40).map(str.encode), max_size=12))
def test_every_layout_is_read_whatever_the_payloads_begin_or_end_with(
    tmp_path_factory: pytest.TempPathFactory, variant: str, end: bytes, payloads: list[bytes]
) -> None:
    path = tmp_path_factory.mktemp("log") / f"{variant}_x.bin"
    path.write_bytes(wyoming(payloads, variant, end))
    records = read(path)
    assert [record.data for record in records] == payloads
    assert not any(record.damage for record in records)


@pytest.mark.parametrize("end", [b"", b"\n"], ids=["plain", "newline"])
def test_a_log_cut_anywhere_gives_whole_records_and_the_octets_of_the_cut_one(tmp_path: Path, end: bytes) -> None:
    octets = wyoming([BSM, b"second", b"third"], end=end)
    size = 26 + len(end)
    ends = [size + len(BSM), 2 * size + len(BSM) + 6, len(octets)]
    path = tmp_path / "rxMsg_x.bin"
    for cut in range(size + len(BSM), len(octets)):
        path.write_bytes(octets[:cut])
        records = read(path)
        whole = [record for record in records if not record.damage]
        assert [r.data for r in whole] == [BSM, b"second", b"third"][: sum(stop <= cut for stop in ends)]
        kept = b"".join(record.data for record in records if record.damage)
        assert kept == octets[max(stop for stop in ends if stop <= cut) : cut]
        assert len(records) == len(whole) + bool(kept)
        assert all("cut" in record.damage for record in records if record.damage)


def test_a_header_that_cannot_be_right_keeps_the_rest_of_the_log(tmp_path: Path) -> None:
    good, bad = wyoming([BSM]), wyoming([b"x" * 1000] * 400, millis=1000)
    path = tmp_path / "rxMsg_x.bin"
    path.write_bytes(good + bad)
    first, *rest = read(path)
    assert (first.data, first.damage) == (BSM, "")
    assert b"".join(record.data for record in rest) == bad
    assert [len(record.data) for record in rest] == [262_144, len(bad) - 262_144]
    assert [record.sequence for record in rest] == [2, 3]
    assert all(record.damage == "record header has 1000 milliseconds: must be 0..999" for record in rest)


def test_a_missing_newline_is_damage_and_nothing_is_lost(tmp_path: Path) -> None:
    good, bad = wyoming([BSM, BSM], end=b"\n"), wyoming([b"payload"], end=b"x")
    path = tmp_path / "rxMsg_x.bin"
    path.write_bytes(good + bad + good)
    records = read(path)
    assert [record.damage for record in records] == ["", "", "octet after the payload is 78: must be 0a"]
    assert records[2].data == bad + good


def test_the_longest_payload_that_a_record_can_hold_is_read(tmp_path: Path) -> None:
    path = tmp_path / "rxMsg_x.bin"
    path.write_bytes(wyoming([b"\x00" * 65_535, BSM], end=b"\n"))
    assert [len(record.data) for record in read(path, "wyoming:rxMsg")] == [65_535, len(BSM)]


def test_an_unknown_variant_names_file_and_choices(tmp_path: Path) -> None:
    path = tmp_path / "x.bin"
    path.write_bytes(wyoming([BSM]))
    with pytest.raises(SourceError, match=r"x\.bin: variant 'rx' is unknown: .*rxMsg, bsmLogDuringEvent"):
        open_source(path, "wyoming:rx")
    path.write_bytes(b"\xff" * 100)
    with pytest.raises(SourceError, match="record layout is not recognised"):
        open_source(path, "wyoming")
