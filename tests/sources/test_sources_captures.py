"""pcap and pcapng: what dpkt reads in the published capture, every link type, cut and foreign packets."""

from __future__ import annotations

import struct
from pathlib import Path

import dpkt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from log_files import SECOND, block, enhanced, ethernet, interface, ipv4, ipv6, pcap, section, udp

from rsu.errors import SourceError
from rsu.frames import unwrap
from rsu.received import Received
from rsu.sources import RECORD_OCTETS_MAX, open_source, sniff

TIME_US = SECOND * 10**9 + 250_000_000
PAYLOAD = bytes.fromhex("030020020014")
FRAME = ethernet(ipv4(udp(PAYLOAD)))


def read(path: Path, octets: bytes) -> tuple[list[Received], dict[str, int]]:
    path.write_bytes(octets)
    with open_source(path) as source:
        return list(source), dict(source.skipped)


def test_the_published_capture_reads_as_dpkt_reads_it(shared: Path) -> None:
    path = shared / "logs" / "pc5-bsm-in-udp4.pcap"
    expected = []
    with path.open("rb") as file:
        for time, frame in dpkt.pcap.Reader(file):
            datagram = dpkt.ethernet.Ethernet(frame).data.data
            expected.append((time, datagram.sport, datagram.dport, datagram.data))
    with open_source(path) as source:
        records = list(source)
    assert sniff(path) == "pcap"
    assert len(records) == len(expected) == 20
    for record, (time, sport, dport, data) in zip(records, expected, strict=True):
        assert abs(record.receive_time_ns / 1e9 - time) < 1e-6
        assert (record.meta["src_port"], record.meta["dst_port"], record.data, record.damage) == (sport, dport, data, "")
        found = unwrap(record.data)
        # PSID 1 over a BSM: the capture carries it so
        assert (found.header, found.aid, found.security.status) == ("wsmp", 1, "unsecured")
        assert found.payload[:2] == b"\x00\x14"  # MessageFrame 20, BasicSafetyMessage


PACKETS = {
    "Ethernet, IPv4": (1, FRAME),
    "Ethernet, IPv4 with options": (1, ethernet(ipv4(udp(PAYLOAD), options=bytes(8)))),
    "Ethernet, padded": (1, FRAME + bytes(18)),
    "Ethernet, IPv6": (1, ethernet(ipv6(udp(PAYLOAD)), 0x86DD)),
    "IPv6, hop by hop": (1, ethernet(ipv6(b"\x11\x00" + bytes(6) + udp(PAYLOAD), 0), 0x86DD)),
    "VLAN": (1, ethernet(ipv4(udp(PAYLOAD)), tags=[0x8100])),
    "VLAN in VLAN": (1, ethernet(ipv4(udp(PAYLOAD)), tags=[0x88A8, 0x8100])),
    "WSMP on Ethernet": (1, ethernet(PAYLOAD, 0x88DC)),
    "Linux cooked": (113, bytes(14) + b"\x08\x00" + ipv4(udp(PAYLOAD))),
    "Linux cooked 2": (276, b"\x08\x00" + bytes(18) + ipv4(udp(PAYLOAD))),
    "raw IP": (101, ipv6(udp(PAYLOAD))),
    "raw IPv4": (228, ipv4(udp(PAYLOAD))),
    "loopback": (0, b"\x02\x00\x00\x00" + ipv4(udp(PAYLOAD))),
    "own use 147": (147, PAYLOAD),
    "own use 162": (162, PAYLOAD),
}


@pytest.mark.parametrize(("link", "packet"), PACKETS.values(), ids=PACKETS)
@pytest.mark.parametrize("nano", [False, True], ids=["us", "ns"])
@pytest.mark.parametrize("order", ["<", ">"], ids=["little", "big"])
def test_the_payload_is_found_behind_every_link_type(tmp_path: Path, link: int, packet: bytes, nano: bool, order: str) -> None:
    octets = pcap([packet], link, order, nano)
    (record,), skipped = read(tmp_path / "x", octets)
    time_ns = SECOND * 10**9 + (250_000 if nano else 250_000_000)
    assert (record.data, record.damage, record.receive_time_ns, skipped) == (PAYLOAD, "", time_ns, {})


FOREIGN = {
    "ARP": ethernet(bytes(28), 0x0806),
    "TCP": ethernet(ipv4(bytes(20), 6)),
    "ICMP": ethernet(ipv4(bytes(8), 1)),
    "ICMPv6": ethernet(ipv6(bytes(8), 58), 0x86DD),
    "EtherType 1234": ethernet(b"", 0x1234),
    "IP protocol 99": ethernet(ipv4(b"", 99)),
    "IP version 7": ethernet(b"\x70"),
}


def test_packets_that_are_no_reception_are_counted_by_what_they_are(tmp_path: Path) -> None:
    records, skipped = read(tmp_path / "x", pcap([FRAME, *FOREIGN.values(), FRAME]))
    assert skipped == dict.fromkeys(FOREIGN, 1)
    assert [(record.sequence, record.data) for record in records] == [(1, PAYLOAD), (9, PAYLOAD)]


DAMAGED = {
    "first fragment": (ethernet(ipv4(udp(PAYLOAD), fragment=0x2000)), udp(PAYLOAD), "IP fragment"),
    "later fragment": (ethernet(ipv4(PAYLOAD, fragment=5)), PAYLOAD, "IP fragment"),
    "IPv6 fragment": (ethernet(ipv6(b"\x11\x00\x00\x01" + bytes(4) + udp(PAYLOAD), 44), 0x86DD), udp(PAYLOAD), "IP fragment"),
    "UDP too long": (
        ethernet(ipv4(udp(PAYLOAD)[:4] + b"\x00\xff\x00\x00" + PAYLOAD)),
        PAYLOAD,
        "UDP length is 255: must be 8..14",
    ),
    "UDP too short": (ethernet(ipv4(udp(b"")[:4] + b"\x00\x07\x00\x00")), b"", "UDP length is 7"),
    "IPv4 header too short": (ethernet(b"\x44" + bytes(30)), ethernet(b"\x44" + bytes(30)), "IPv4 header"),
    "in the payload": (FRAME[:-2], PAYLOAD[:-2], "packet is cut: 4 octets of 6"),
    "in the UDP header": (FRAME[:36], FRAME[:36], "packet is cut in its UDP header"),
    "in the IP header": (FRAME[:20], FRAME[:20], "packet is cut in its IPv4 header"),
    "in the Ethernet header": (FRAME[:10], FRAME[:10], "packet is cut in its Ethernet header"),
}


@pytest.mark.parametrize(("packet", "kept", "reason"), DAMAGED.values(), ids=DAMAGED)
def test_a_fragment_or_cut_packet_is_a_record_with_its_octets(tmp_path: Path, packet: bytes, kept: bytes, reason: str) -> None:
    records, skipped = read(tmp_path / "x", pcap([packet, FRAME]))
    assert (records[0].data, reason in records[0].damage, skipped) == (kept, True, {})
    assert (records[1].data, records[1].damage, records[1].sequence) == (PAYLOAD, "", 2)


def test_a_packet_of_own_use_cut_by_the_snapshot_length_is_damaged(tmp_path: Path) -> None:
    (record,), _ = read(tmp_path / "x", pcap([PAYLOAD], 147, original=99))
    assert record.damage == "packet is cut: 6 octets of 99 were captured"


def test_a_capture_cut_anywhere_keeps_whole_packets_and_the_octets_of_the_cut_one(tmp_path: Path) -> None:
    octets = pcap([PAYLOAD, PAYLOAD], 147)
    for cut in range(24, len(octets)):
        records, _ = read(tmp_path / "x", octets[:cut])
        whole = (cut - 24) // 22
        assert [record.data for record in records if not record.damage] == [PAYLOAD] * whole
        begun = (cut - 24) % 22
        assert len(records) == whole + bool(begun)
        if begun:
            assert "cut" in records[-1].damage
            assert records[-1].data == octets[24 + 22 * whole + (16 if begun >= 16 else 0) : cut]


@pytest.mark.parametrize("size", [RECORD_OCTETS_MAX, RECORD_OCTETS_MAX + 1])
def test_the_octets_of_a_packet_are_bounded(tmp_path: Path, size: int) -> None:
    records, _ = read(tmp_path / "x", pcap([bytes(size), PAYLOAD], 147))
    if size <= RECORD_OCTETS_MAX:
        assert [len(record.data) for record in records] == [size, 6]
    else:
        assert all(record.damage == "packet header says 262145 octets: must be 0..262144" for record in records)
        assert sum(len(record.data) for record in records) == 16 + size + 16 + 6


def test_a_link_type_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    for octets in (pcap([b"x"], 105), section() + interface(105) + enhanced(b"x")):
        with pytest.raises(SourceError, match=r"x: link type 105 cannot be read: must be 0 \(loopback\), 1 \(Ethernet\)"):
            read(tmp_path / "x", octets)


def test_a_file_that_only_claims_to_be_a_capture_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.pcap"
    path.write_bytes(b"\xd4\xc3\xb2\xa1\x02")
    with (
        pytest.raises(SourceError, match="no pcap file: it begins with d4c3b2a1 and has 5 octets"),
        open_source(path) as source,
    ):
        list(source)


# if_tsresol and if_tsoffset by the pcapng specification: code, length, value, padding
NANO = struct.pack("<HHB3x", 9, 1, 9)
BINARY = struct.pack("<HHB3x", 9, 1, 0x80 | 10)
LATER = struct.pack("<HHq", 14, 8, 1000)
MICROS = SECOND * 10**6
OBSOLETE = struct.pack("<2H4I", 0, 0, MICROS >> 32, MICROS & 0xFFFFFFFF, len(FRAME), len(FRAME))
LONGER = block(6, struct.pack("<5I", 0, 0, 0, 99, 99) + b"abc")
PCAPNG = {
    "microseconds": (interface() + enhanced(FRAME, SECOND * 10**6 + 250_000), TIME_US),
    "nanoseconds": (interface(options=NANO) + enhanced(FRAME, SECOND * 10**9 + 7), SECOND * 10**9 + 7),
    "1/1024 s": (interface(options=BINARY) + enhanced(FRAME, SECOND * 1024 + 256), TIME_US),
    "offset": (interface(options=LATER) + enhanced(FRAME, (SECOND - 1000) * 10**6 + 250_000), TIME_US),
    "second interface": (interface(105) + interface() + enhanced(FRAME, SECOND * 10**6 + 250_000, 1), TIME_US),
    "simple packet": (interface() + block(3, struct.pack("<I", len(FRAME)) + FRAME), 0),
    "obsolete packet": (
        interface() + block(2, OBSOLETE + FRAME),
        SECOND * 10**9,
    ),
    "unknown block before": (interface() + block(0xBAD, b"x" * 400) + enhanced(FRAME), 0),
    "large block before": (interface() + block(4, bytes(400_000)) + enhanced(FRAME), 0),
}  # fmt: skip


@pytest.mark.parametrize(("blocks", "time_ns"), PCAPNG.values(), ids=PCAPNG)
def test_pcapng_gives_payload_and_time(tmp_path: Path, blocks: bytes, time_ns: int) -> None:
    path = tmp_path / "x"
    (record,), skipped = read(path, section() + blocks)
    assert sniff(path) == "pcapng"
    assert (record.data, record.damage, record.receive_time_ns, skipped) == (PAYLOAD, "", time_ns, {})


def test_sections_of_either_byte_order_follow_each_other(tmp_path: Path) -> None:
    octets = b"".join(section(order) + interface(1, order) + enhanced(FRAME, 5, 0, order) for order in "<><")
    records, _ = read(tmp_path / "x", octets)
    assert [(record.data, record.sequence, record.receive_time_ns) for record in records] == [
        (PAYLOAD, sequence, 5000) for sequence in (1, 2, 3)
    ]


def test_pcapng_reads_as_dpkt_wrote_it(tmp_path: Path) -> None:
    path = tmp_path / "x.pcapng"
    with path.open("wb") as file:
        writer = dpkt.pcapng.Writer(file)
        for second in range(5):
            writer.writepkt(FRAME, SECOND + second)
    with open_source(path) as source:
        assert [(r.data, r.receive_time_ns) for r in source] == [(PAYLOAD, (SECOND + second) * 10**9) for second in range(5)]


def test_packets_of_an_interface_that_cannot_be_read_are_counted(tmp_path: Path) -> None:
    records, skipped = read(tmp_path / "x", section() + interface() + interface(105) + enhanced(b"x", 0, 1) + enhanced(FRAME))
    assert (len(records), skipped) == (1, {"link type 105": 1})


PCAPNG_DAMAGE = {
    "cut packet": (section() + interface() + enhanced(FRAME) + enhanced(FRAME)[:-9], 2, "block is cut"),
    "cut block": (section() + interface() + enhanced(FRAME) + block(4, bytes(40))[:-9], 2, "block is cut"),
    "cut block header": (section() + interface() + enhanced(FRAME) + b"\x06\x00", 2, "block header is cut"),
    "size too small": (section() + interface() + enhanced(FRAME) + struct.pack("<II", 6, 8), 2, "block of 8 octets"),
    "size not of four": (section() + interface() + enhanced(FRAME) + struct.pack("<II", 6, 33), 2, "block of 33 octets"),
    "unknown interface": (section() + interface() + enhanced(b"x", 0, 7) + enhanced(FRAME), 1, "packet of interface 7"),
    "packet longer than its block": (
        section() + interface() + LONGER + enhanced(FRAME), 1, "packet is cut: 4 octets of 99"),
    "block too large": (section() + interface() + enhanced(bytes(400_000)) + enhanced(FRAME), 1, "must be 0..327680"),
}  # fmt: skip


@pytest.mark.parametrize(("octets", "damaged", "reason"), PCAPNG_DAMAGE.values(), ids=PCAPNG_DAMAGE)
def test_damage_to_pcapng_is_a_record_and_the_other_packet_is_read(
    tmp_path: Path, octets: bytes, damaged: int, reason: str
) -> None:
    records, _ = read(tmp_path / "x", octets)
    assert [record.sequence for record in records] == [1, 2]
    assert reason in records[damaged - 1].damage
    assert (records[2 - damaged].data, records[2 - damaged].damage) == (PAYLOAD, "")


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_any_octets_changed_give_records_or_a_source_error(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    whole = data.draw(st.sampled_from([pcap([FRAME] * 3), section() + interface() + enhanced(FRAME) * 3]))
    octets = bytearray(whole)
    for _ in range(data.draw(st.integers(1, 4))):
        octets[data.draw(st.integers(4, len(octets) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.mktemp("capture") / "x.pcap"
    try:
        records, skipped = read(path, bytes(octets))
    except SourceError as error:
        assert str(path) in str(error)
    else:
        assert all(len(record.data) <= RECORD_OCTETS_MAX for record in records)
        assert len(records) + sum(skipped.values()) >= 1
