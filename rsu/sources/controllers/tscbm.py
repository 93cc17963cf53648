"""The signal status blob of North American controllers (NTCIP 1202 with the SPAT extension, also called TSCBM)::

    CD | blocks 1 (16) | 16 × {number 1 | vehicle min 2 | vehicle max 2 | pedestrian min 2 | max 2 | overlap min 2 | max 2} |
    phases: red 2 | yellow 2 | green 2 | don't walk 2 | pedestrian clear 2 | walk 2 | overlaps: red 2 | yellow 2 | green 2 |
    flashing phases 2 | flashing overlaps 2 | status 1 | action plan 1 | change flag 1 | counter 1 |
    seconds of the day 3 | milliseconds 2 | pedestrian calls 2 | pedestrian detections 2

245 octets, big-endian; times are tenths of a second that are left, 0 where the controller says none; bit 0 of a group is
phase 1. Some programs write hour, minute and second where others write the seconds of the day: nothing is taken from there.
"""

from __future__ import annotations

import struct
from typing import Any, NamedTuple

from rsu.errors import SourceError
from rsu.signals import Light

HEADER = 0xCD
BLOCKS = 16
OCTETS = 245
_BLOCK = struct.Struct(">B6H")
_TAIL = struct.Struct(">11H4B3sH2H")


class Block(NamedTuple):
    """The times of one phase and of the overlap of the same number, in tenths of a second; 0: none is said."""

    number: int = 0
    vehicle_min: int = 0
    vehicle_max: int = 0
    pedestrian_min: int = 0
    pedestrian_max: int = 0
    overlap_min: int = 0
    overlap_max: int = 0


class Status(NamedTuple):
    """One blob. The groups are bits: 1 is phase (or overlap) 1, 2 is phase 2, 4 is phase 3."""

    blocks: tuple[Block, ...]
    reds: int = 0
    yellows: int = 0
    greens: int = 0
    dont_walks: int = 0
    pedestrian_clears: int = 0
    walks: int = 0
    overlap_reds: int = 0
    overlap_yellows: int = 0
    overlap_greens: int = 0
    flashing: int = 0
    overlap_flashing: int = 0
    intersection: int = 0
    action_plan: int = 0
    change: int = 0
    counter: int = 0
    second_of_the_day: int = 0
    millisecond: int = 0
    pedestrian_calls: int = 0
    pedestrian_detections: int = 0


class Shown(NamedTuple):
    """What one signal shows, and tenths of a second until it changes (0: none is said).

    :param key: as ``phases`` of the configuration has it: ``2``, ``ped2``, ``overlap2``.
    """

    key: str
    light: Light
    min_tenths: int
    max_tenths: int


def parse(datagram: bytes) -> Status:
    """The blob that is a datagram.

    :raises SourceError: for octets that are none.
    """
    if len(datagram) != OCTETS:
        raise SourceError(f"signal status: {len(datagram)} octets: must be {OCTETS}")
    if datagram[0] != HEADER or datagram[1] != BLOCKS:
        raise SourceError(f"signal status: begins with {datagram[:2].hex()}: must be {HEADER:02x}{BLOCKS:02x}")
    blocks = tuple(Block(*_BLOCK.unpack_from(datagram, 2 + place * _BLOCK.size)) for place in range(BLOCKS))
    for block in blocks:
        if block.number > BLOCKS:
            raise SourceError(f"signal status: a block is of phase {block.number}: must be 0..{BLOCKS}")
    fields = list(_TAIL.unpack_from(datagram, 2 + BLOCKS * _BLOCK.size))
    fields[15] = int.from_bytes(fields[15], "big")
    return Status(blocks, *fields)


def build(status: Status) -> bytes:
    """The 245 octets.

    :raises SourceError: for values that its fields cannot hold.
    """
    blocks = (*status.blocks, *(Block() for _ in range(BLOCKS - len(status.blocks))))
    fields: list[Any] = list(status[1:])
    try:
        fields[15] = fields[15].to_bytes(3, "big")
        octets = b"".join(_BLOCK.pack(*block) for block in blocks) + _TAIL.pack(*fields)
    except (struct.error, OverflowError) as error:
        raise SourceError(f"signal status: {error}") from error
    if len(blocks) != BLOCKS:
        raise SourceError(f"signal status: {len(status.blocks)} blocks: must be 0..{BLOCKS}")
    return bytes([HEADER, BLOCKS]) + octets


def shown(status: Status) -> list[Shown]:
    """Every signal of which the blob says something."""
    found: list[Shown] = []
    for block in status.blocks:
        if block.number:
            found += (*_vehicle(status, block), *_pedestrian(status, block), *_overlap(status, block))
    return found


def _vehicle(status: Status, block: Block) -> list[Shown]:
    bit = 1 << block.number - 1
    light = _light(bit, status.reds, status.yellows, status.greens, status.flashing)
    return [Shown(str(block.number), light, block.vehicle_min, block.vehicle_max)] if light else []


def _overlap(status: Status, block: Block) -> list[Shown]:
    bit = 1 << block.number - 1
    light = _light(bit, status.overlap_reds, status.overlap_yellows, status.overlap_greens, status.overlap_flashing)
    return [Shown(f"overlap{block.number}", light, block.overlap_min, block.overlap_max)] if light else []


def _pedestrian(status: Status, block: Block) -> list[Shown]:
    bit = 1 << block.number - 1
    light = _light(bit, status.dont_walks, status.pedestrian_clears, status.walks, 0)
    return [Shown(f"ped{block.number}", light, block.pedestrian_min, block.pedestrian_max)] if light else []


def _light(bit: int, reds: int, yellows: int, greens: int, flashing: int) -> Light | None:
    """A green phase may have conflicting turns: which ones, only the MAP knows, so it is the permissive green."""
    if reds & bit:
        return "flashing-red" if flashing & bit else "red"
    if yellows & bit:
        return "flashing-yellow" if flashing & bit else "yellow"
    return "permissive-green" if greens & bit else None
