"""CRC of 16 bits by polynomial: a table of 256 entries is made for each one asked for."""

from __future__ import annotations

from functools import cache

MASK = 0xFFFF


def crc16(data: bytes, polynomial: int, initial: int, *, reflected: bool = False) -> int:
    """The remainder over ``data``.

    :param polynomial: without its highest term, most significant bit first: 0x8005 is x^16 + x^15 + x^2 + 1.
    :param reflected: each octet, and the remainder, least significant bit first.
    """
    table = _table(polynomial, reflected)
    crc = initial
    if reflected:
        for octet in data:
            crc = crc >> 8 ^ table[(crc ^ octet) & 0xFF]
    else:
        for octet in data:
            crc = (crc << 8 & MASK) ^ table[crc >> 8 ^ octet]
    return crc


@cache
def _table(polynomial: int, reflected: bool) -> tuple[int, ...]:
    if reflected:
        return tuple(_shifted_right(octet, int(f"{polynomial:016b}"[::-1], 2)) for octet in range(256))
    return tuple(_shifted_left(octet << 8, polynomial) for octet in range(256))


def _shifted_left(crc: int, polynomial: int) -> int:
    for _ in range(8):
        crc = (crc << 1 ^ polynomial) & MASK if crc & 0x8000 else crc << 1
    return crc


def _shifted_right(crc: int, polynomial: int) -> int:
    for _ in range(8):
        crc = crc >> 1 ^ polynomial if crc & 1 else crc >> 1
    return crc
