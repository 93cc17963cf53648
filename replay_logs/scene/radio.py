"""From a frame to a capture: UDP over IPv4 over Ethernet, as a PC5 modem hands frames on, in a pcap file."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from typing import BinaryIO, NamedTuple

import dpkt

from .clock import START

# RFC 5737 and locally administered addresses: nobody's.
UNIT_IP, UNIT_MAC = bytes((192, 0, 2, 1)), bytes.fromhex("020000000001")
RADIO_MAC = bytes.fromhex("0200000000ff")
RADIO_NET = bytes((192, 0, 2))
LINKTYPE_ETHERNET = 1
SNAP_OCTETS = 65535


class Datagram(NamedTuple):
    """One frame as the radio hands it on: microseconds of the scene, host number of the sender, UDP port."""

    receive_us: int
    host: int
    port: int
    data: bytes


def _ethernet(datagram: Datagram, number: int) -> bytes:
    port, octets = datagram.port, len(datagram.data)
    udp = dpkt.udp.UDP(sport=port, dport=port, data=datagram.data, ulen=8 + octets)
    ip = dpkt.ip.IP(
        src=RADIO_NET + bytes((datagram.host,)),
        dst=UNIT_IP,
        p=dpkt.ip.IP_PROTO_UDP,
        ttl=64,
        id=number & 0xFFFF,
        data=udp,
        len=28 + octets,
    )
    return bytes(dpkt.ethernet.Ethernet(src=RADIO_MAC, dst=UNIT_MAC, type=dpkt.ethernet.ETH_TYPE_IP, data=ip))


def write_pcap(file: BinaryIO, datagrams: Iterable[Datagram]) -> None:
    """A classic little-endian pcap file with whole microseconds."""
    file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, SNAP_OCTETS, LINKTYPE_ETHERNET))
    begin_s = int(START.timestamp())
    for number, datagram in enumerate(datagrams, 1):
        packet = _ethernet(datagram, number)
        seconds, micros = divmod(datagram.receive_us, 1_000_000)
        file.write(struct.pack("<IIII", begin_s + seconds, micros, len(packet), len(packet)))
        file.write(packet)
