"""Frames of signal controllers laid out by hand, without the product: struct, and a CRC by long division."""

from __future__ import annotations

import struct
from collections.abc import Sequence


def remainder(data: bytes, polynomial: int, initial: int) -> int:
    """CRC of 16 bits as polynomial division of the whole number, most significant bit first.

    The initial value is what is added to the first 16 bits.
    """
    number = int.from_bytes(data, "big") << 16
    number ^= initial << (len(data) * 8)
    divisor = 1 << 16 | polynomial
    for place in range(number.bit_length() - 1, 15, -1):
        if number >> place & 1:
            number ^= divisor << (place - 16)
    return number


def gat1743(data: bytes, operation: int = 0x82, kind: int = 0x0103, seconds: int = 1_700_000_000, millis: int = 250) -> bytes:
    """A frame of GA/T 1743 as STACK.md describes it, from sender 01…07 to receiver 11…17."""
    body = struct.pack("<H", 0) + bytes(range(1, 8)) + bytes(range(0x11, 0x18)) + struct.pack("<IH", seconds, millis)
    body += bytes([1, 0x10, operation]) + struct.pack("<H", kind) + b"\x00" + bytes(3) + data
    body += struct.pack("<H", remainder(body, 0x8005, 0xFFFF))
    return b"\xc0" + b"".join({0xC0: b"\xdb\xdc", 0xDB: b"\xdb\xdd"}.get(octet, bytes([octet])) for octet in body) + b"\xc0"


def lamps(*approaches: tuple[int, Sequence[tuple[int, int, int, int]]]) -> bytes:
    """Object 0103: (bearing, [(id, type, colour, seconds)]) for each approach."""
    body = struct.pack("<iihB", 1_065_312_000, 296_583_000, 268, len(approaches))
    for bearing, group in approaches:
        body += struct.pack("<HB", bearing, len(group)) + b"".join(bytes(lamp) for lamp in group)
    return struct.pack("<H", len(body)) + body


def gbt20999(kind: int, values: Sequence[bytes], controller: int = 0x009A2109, junction: int = 1, sequence: int = 5) -> bytes:
    """A frame of GB/T 20999; a value is class, object, attribute, element and its octets."""
    body = struct.pack(">HBIBBBB", 0x0102, 7, controller, junction, sequence, kind, len(values))
    for index, value in enumerate(values, 1):
        body += bytes([index, len(value)]) + value
    body = struct.pack(">H", len(body) + 2) + body
    return b"\x7e" + body + struct.pack(">H", remainder(body, 0x1005, 0)) + b"\x7d"


# The example of mcity/Mcity-V2X-TSCBM: phase 2 red for 5.5 to 30.5 s, phase 4 green for 25 s at most, pedestrians of both wait.
PUBLISHED_STATUS = bytes.fromhex(
    "cd10"
    "01000000000000000000000000" "02003701310037013100000000" "03000000000000000000000000" "04000000fa0000000000000000"
    "05000000000000000000000000" "06000000000000000000000000" "07000000000000000000000000" "08000000000000000000000000"
    "09000000000000000000000000" "0a000000000000000000000000" "0b000000000000000000000000" "0c000000000000000000000000"
    "0d000000000000000000000000" "0e000000000000000000000000" "0f000000000000000000000000" "10000000000000000000000000"
    "000200000008000a00000000000000000000000000000000" "08af00ba2b034b00000002"
)  # fmt: skip
