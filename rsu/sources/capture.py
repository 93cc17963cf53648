"""Packet captures, pcap and pcapng: the UDP payload of each packet, or the packet itself on the link types
for own use (147 to 162).

A record's sequence is the packet's ordinal in the file, the number that capture tools show. Packets that
are no V2X reception are counted in
``skipped`` by what they are. The containers are read here and not with ``dpkt``: that trusts a packet's
length before it reads, gives times as floats, and takes a cut packet for a whole one. The tests compare
with it.
"""

from __future__ import annotations

import struct
from abc import abstractmethod
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from rsu.errors import SourceError
from rsu.received import Received
from rsu.sources import datagram
from rsu.sources.base import RECORD_OCTETS_MAX, Source

PCAP_MAGICS = {
    b"\xd4\xc3\xb2\xa1": ("<", 1_000),
    b"\xa1\xb2\xc3\xd4": (">", 1_000),
    b"\x4d\x3c\xb2\xa1": ("<", 1),
    b"\xa1\xb2\x3c\x4d": (">", 1),
}
"""Magic number: byte order, and nanoseconds in a unit of the sub-second field."""
PCAPNG_MAGIC = b"\x0a\x0d\x0d\x0a"
_BYTE_ORDERS = {b"\x4d\x3c\x2b\x1a": "<", b"\x1a\x2b\x3c\x4d": ">"}
BLOCK_OCTETS_MAX = RECORD_OCTETS_MAX + 65_536
"""Octets of a pcapng block that is read; larger ones are passed over."""
INTERFACES_MAX = 4_096
_SECTION, _INTERFACE, _OBSOLETE_PACKET, _SIMPLE_PACKET, _ENHANCED_PACKET = 0x0A0D0D0A, 1, 2, 3, 6
_PACKETS = frozenset({_OBSOLETE_PACKET, _SIMPLE_PACKET, _ENHANCED_PACKET})
_OPTION_RESOLUTION, _OPTION_OFFSET = 9, 14


class Packet(NamedTuple):
    """A packet of a capture; ``damage`` says why it is not whole."""

    link: int
    time_ns: int
    octets: bytes
    original: int
    damage: str = ""


class CaptureSource(Source):
    """What pcap and pcapng share: from packets to records."""

    @abstractmethod
    def packets(self) -> Iterator[Packet]:
        """The packets of the file, in its order."""

    def records(self) -> Iterator[Received]:
        ordinal, damaged = 0, False
        for ordinal, packet in enumerate(self.packets(), 1):
            damaged = bool(packet.damage)
            if damaged:
                yield self.received(ordinal, packet.octets, packet.time_ns, self.content.damage or packet.damage)
            elif (record := self._record(ordinal, packet)) is not None:
                yield record
        if not damaged:
            yield from self.cut_end(ordinal + 1)

    def _record(self, ordinal: int, packet: Packet) -> Received | None:
        if packet.link not in datagram.SUPPORTED:
            self.skipped[f"link type {packet.link}"] += 1
            return None
        found = datagram.read(packet.octets, packet.link)
        if found.other:
            self.skipped[found.other] += 1
            return None
        damage = found.damage
        if not damage and packet.link in datagram.USER and packet.original > len(packet.octets):
            damage = f"packet is cut: {len(packet.octets)} octets of {packet.original} were captured"
        names = ("src", "dst", "src_port", "dst_port")
        meta = {name: getattr(found, name) for name in names} if found.src else {}
        return self.received(ordinal, found.payload, packet.time_ns, damage, meta=meta)


class PcapSource(CaptureSource):
    """A pcap file, times in microseconds or nanoseconds, either byte order."""

    format = "pcap"
    suffixes = (".pcap", ".cap", ".dump")

    @classmethod
    def recognises(cls, path: Path, head: bytes) -> str:
        return cls.format if head[:4] in PCAP_MAGICS else ""

    def packets(self) -> Iterator[Packet]:
        head = self.content.read(24)
        if not head:
            return
        if head[:4] not in PCAP_MAGICS or len(head) < 24:
            raise SourceError(f"{self.path}: no pcap file: it begins with {head[:4].hex()} and has {len(head)} octets")
        order, unit_ns = PCAP_MAGICS[head[:4]]
        link = int(struct.unpack(order + "I", head[20:24])[0]) & 0xFFFF
        if link not in datagram.SUPPORTED:
            raise unsupported(self.path, [link])
        while head := self.content.read(16):
            if len(head) < 16:
                yield Packet(link, 0, head, 16, f"packet header is cut: {len(head)} octets of 16")
                return
            seconds, fraction, size, original = struct.unpack(order + "4I", head)
            time_ns = seconds * 1_000_000_000 + fraction * unit_ns
            if size > RECORD_OCTETS_MAX:
                damage = f"packet header says {size} octets: must be 0..{RECORD_OCTETS_MAX}"
                for record in self.rest(0, head, damage, time_ns):
                    yield Packet(link, time_ns, record.data, original, damage)
                return
            octets = self.content.read(size)
            cut = f"packet is cut: {len(octets)} octets of {size}" if len(octets) < size else ""
            yield Packet(link, time_ns, octets, original, cut)


class Interface(NamedTuple):
    """An interface of a pcapng section: link type, ticks a second, and seconds to add."""

    link: int
    ticks: int = 1_000_000
    offset_s: int = 0
    snap: int = 0

    def time_ns(self, ticks: int) -> int:
        return self.offset_s * 1_000_000_000 + ticks * 1_000_000_000 // self.ticks


class PcapngSource(CaptureSource):
    """A pcapng file: sections of either byte order, several interfaces, each with its own resolution of
    time."""

    format = "pcapng"
    suffixes = (".pcapng", ".ntar")

    @classmethod
    def recognises(cls, path: Path, head: bytes) -> str:
        return cls.format if head[:4] == PCAPNG_MAGIC else ""

    def packets(self) -> Iterator[Packet]:
        order, interfaces = "<", list[Interface]()
        while head := self.content.read(8):
            if len(head) == 8 and head[:4] == PCAPNG_MAGIC:
                mark = self.content.read(4)
                order, interfaces, head = _BYTE_ORDERS.get(mark, ""), [], head + mark
            if len(head) < 8 or not order:
                yield Packet(-1, 0, head, 0, f"block header is cut or not one: {head.hex()}")
                return
            kind, size = struct.unpack(order + "2I", head[:8])
            if size < len(head) + 4 or size % 4:
                for record in self.rest(0, head, f"block of {size} octets: must be a multiple of 4, 12 or more"):
                    yield Packet(-1, 0, record.data, 0, record.damage)
                return
            body, cut = self._body(size - len(head))
            if kind == _INTERFACE and not cut and len(interfaces) < INTERFACES_MAX:
                interfaces.append(interface_of(body, order))
            elif kind in _PACKETS:
                yield self._packet(kind, body, order, interfaces, cut)
            if cut.startswith("block is cut"):
                if kind not in _PACKETS:
                    yield Packet(-1, 0, head + body, 0, cut)
                return

    def _body(self, size: int) -> tuple[bytes, str]:
        """A block's octets after its header, and what is wrong with them; of a block too large only the
        first are kept."""
        body = self.content.read(min(size, BLOCK_OCTETS_MAX))
        left = size - len(body)
        if left and len(body) == BLOCK_OCTETS_MAX:
            while left and (passed := self.content.read(min(left, BLOCK_OCTETS_MAX))):
                left -= len(passed)
            return body[:RECORD_OCTETS_MAX], f"block has {size} octets: must be 0..{BLOCK_OCTETS_MAX}"
        return (body, f"block is cut: {len(body)} octets of {size}") if left else (body[:-4], "")

    def _packet(self, kind: int, body: bytes, order: str, interfaces: list[Interface], damage: str) -> Packet:
        fixed = {_ENHANCED_PACKET: "5I", _OBSOLETE_PACKET: "2H4I", _SIMPLE_PACKET: "I"}[kind]
        first = struct.calcsize(order + fixed)
        if damage or len(body) < first:
            return Packet(-1, 0, body, 0, damage or f"packet block has {len(body)} octets: must be {first} or more")
        values = list(struct.unpack_from(order + fixed, body))
        if kind == _OBSOLETE_PACKET:
            del values[1]  # drop count
        index = 0 if kind == _SIMPLE_PACKET else values[0]
        if index >= len(interfaces):
            return Packet(-1, 0, body, 0, f"packet of interface {index}: the file describes {len(interfaces)}")
        interface = interfaces[index]
        if not any(other.link in datagram.SUPPORTED for other in interfaces):
            raise unsupported(self.path, [other.link for other in interfaces])
        original = values[-1]
        size = min(original, interface.snap or original) if kind == _SIMPLE_PACKET else values[3]
        ticks = 0 if kind == _SIMPLE_PACKET else values[1] << 32 | values[2]
        octets = body[first : first + size]
        cut = f"packet is cut: {len(octets)} octets of {size}" if len(octets) < size else ""
        return Packet(interface.link, interface.time_ns(ticks) if ticks else 0, octets, original, cut)


def interface_of(body: bytes, order: str) -> Interface:
    """An interface description block; one too short to say its link type is of none."""
    if len(body) < 8:
        return Interface(-1)
    link, _, snap = struct.unpack_from(order + "2HI", body)
    ticks, offset_s, at = 1_000_000, 0, 8
    while at + 4 <= len(body):
        code, length = struct.unpack_from(order + "2H", body, at)
        value = body[at + 4 : at + 4 + length]
        if code == _OPTION_RESOLUTION and len(value) == 1:
            ticks = 1 << (value[0] & 0x7F) if value[0] & 0x80 else 10 ** min(value[0], 18)
        elif code == _OPTION_OFFSET and len(value) == 8:
            offset_s = int(struct.unpack(order + "q", value)[0])
        at += 4 + (length + 3) // 4 * 4
    return Interface(link, ticks, offset_s, snap)


def unsupported(path: Path, links: list[int]) -> SourceError:
    read = ", ".join(str(link) for link in links)
    names = ", ".join(f"{link} ({name})" for link, name in sorted(datagram.LINK_NAMES.items()))
    return SourceError(f"{path}: link type {read} cannot be read: must be {names}, 12, 14, 108, 228, 229 or 147..162")
