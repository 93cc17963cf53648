"""Log files laid out by hand, from logs/README.md and the formats' specifications, without the product."""

from __future__ import annotations

import struct
from collections.abc import Sequence

SECOND = 1_544_018_697
BSM = bytes.fromhex("0380020014")


def wyoming(payloads: Sequence[bytes], variant: str = "rxMsg", end: bytes = b"", origin: int = 1, millis: int = 701) -> bytes:
    """A drive log; the place is 40.5657881, -105.0316411, the clock the same for all."""
    place = struct.pack("<iiiHH", 405_657_881, -1_050_316_411, 14_975, 11, 16_478) + struct.pack("<IH", SECOND, millis)
    head = place if variant in ("dnMsg", "driverAlert") else bytes([origin]) + place
    head += b"" if variant == "driverAlert" else b"\x00"
    return b"".join(head + struct.pack("<H", len(payload)) + payload + end for payload in payloads)


def udp(payload: bytes, source: int = 1234, target: int = 5678) -> bytes:
    return struct.pack(">4H", source, target, 8 + len(payload), 0) + payload


def ipv4(body: bytes, protocol: int = 17, fragment: int = 0, options: bytes = b"") -> bytes:
    size = 20 + len(options)
    head = struct.pack(
        ">BBHHHBBH4s4s",
        0x40 | size // 4,
        0,
        size + len(body),
        1,
        fragment,
        64,
        protocol,
        0,
        b"\x0a\x00\x00\x01",
        b"\x0a\x00\x00\x02",
    )
    return head + options + body


def ipv6(body: bytes, kind: int = 17) -> bytes:
    return struct.pack(">IHBB16s16s", 6 << 28, len(body), kind, 64, bytes(15) + b"\x01", bytes(15) + b"\x02") + body


def ethernet(body: bytes, kind: int = 0x0800, tags: Sequence[int] = ()) -> bytes:
    return bytes(12) + b"".join(struct.pack(">HH", tag, 7) for tag in tags) + struct.pack(">H", kind) + body


def pcap(packets: Sequence[bytes], link: int = 1, order: str = "<", nano: bool = False, original: int = 0) -> bytes:
    head = struct.pack(order + "IHHiIII", 0xA1B23C4D if nano else 0xA1B2C3D4, 2, 4, 0, 0, 262_144, link)
    return head + b"".join(
        struct.pack(order + "4I", SECOND, 250_000, len(packet), original or len(packet)) + packet for packet in packets
    )


def block(kind: int, body: bytes, order: str = "<") -> bytes:
    body += bytes(-len(body) % 4)
    size = struct.pack(order + "I", 12 + len(body))
    return struct.pack(order + "I", kind) + size + body + size


def section(order: str = "<") -> bytes:
    return block(0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1), order)


def interface(link: int = 1, order: str = "<", options: bytes = b"", snap: int = 0) -> bytes:
    return block(1, struct.pack(order + "HHI", link, 0, snap) + options, order)


def enhanced(packet: bytes, ticks: int = 0, number: int = 0, order: str = "<", original: int = 0) -> bytes:
    fixed = struct.pack(order + "5I", number, ticks >> 32, ticks & 0xFFFFFFFF, len(packet), original or len(packet))
    return block(6, fixed + packet, order)
