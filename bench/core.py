"""The core of a basic safety message for the floors: its fields as a straight table, and a batch of distinct messages.

The table is read from the schema, so that it cannot differ from what the codec decodes.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from functools import cache, partial
from typing import Any, NamedTuple

import numpy as np

import rsu
from bench.floors import module
from bench.messages import bsm_core
from rsu.schema import TypeInfo

BATCH = 4096
ROW_GAP = 8  # columns at a distance of whole pages would share the same few cache lines: 46 ns instead of 35 ns at 4,096 rows
SPARE = bytes(8)  # the floors load eight octets at once, behind the last message too
HEAD, TAIL = '{"messageId":20,"value":{"BasicSafetyMessage":{"coreData":', "}}}"
# What an application that follows vehicles reads: the columns of the second block of the table.
WANTED = (
    "msgCnt id secMark lat long elev speed heading angle accelSet.long accelSet.lat accelSet.yaw size.width size.length".split()
)


class Field(NamedTuple):
    """One field: where it is, how it travels, and the JSON text between the value before and its own."""

    path: str
    kind: int
    bits: int
    lo: int
    span: int
    before: str
    names: tuple[str, ...]


class Batch(NamedTuple):
    """Messages one behind the other.

    :param data: their octets, with `SPARE` behind.
    :param offsets: (n + 1,) int64, where each begins and the last ends.
    """

    messages: list[bytes]
    data: np.ndarray
    offsets: np.ndarray


@cache
def fields() -> tuple[tuple[Field, ...], str]:
    """The table, and the JSON text behind the last value."""
    found: list[Field] = []
    text = HEAD
    for path, info, literal in leaves(rsu.load_schema("sae-j2735").type_info("BSMcoreData"), ()):
        text += literal
        if info is None:
            continue
        field = field_of(".".join(path), info, text)
        found.append(field)
        text = '"' if field.kind == module().FieldKind.HEX else ""
    return tuple(found), text + TAIL


def leaves(info: TypeInfo, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], TypeInfo | None, str]]:
    """(path, type, JSON text before it) for each field, and (path, None, text) where only text follows."""
    if not info.members:
        yield path, info, ""
        return
    for place, member in enumerate(info.members):
        if member.optional or member.addition:
            raise ValueError(f"{'.'.join(path)}.{member.name} is not in every message: the table would not be straight")
        yield path, None, f'{"," if place else "{"}"{member.name}":'
        yield from leaves(member.type, (*path, member.name))
    yield path, None, "}"


def field_of(path: str, info: TypeInfo, text: str) -> Field:
    kinds, op = module().FieldKind, info.op
    if op.name == "INT":
        return Field(path, kinds.NUMBER, op.bits, op.lo, op.span, text, ())
    if op.name == "ENUM":
        return Field(path, kinds.NAME, op.bits, 0, op.b - 1, text, tuple(f'"{name}"' for name in info.values))
    if op.name in ("BITSTR", "OCTSTR") and info.size == (op.lo, op.lo):
        bits = op.lo * (1 if op.name == "BITSTR" else 8)
        return Field(path, kinds.HEX, bits, 0, (1 << bits) - 1, text + '"', ())
    raise ValueError(f"{path}: {op.name} has no fixed width")


@cache
def floor() -> Any:
    """The compiled walker over the table."""
    table, tail = fields()
    rows = [(f.kind, f.bits, f.lo, f.span, f.before.encode(), [name.encode() for name in f.names]) for f in table]
    return module().CoreFloor(rows, tail.encode())


def column_floor(batch: Batch) -> tuple[Callable[[], Any], np.ndarray]:
    """A call that fills the wanted columns, and the (14, n) int64 array that it fills."""
    names = [field.path for field in fields()[0]]
    places = [names.index(path) for path in WANTED]
    rows = len(batch.messages)
    into = np.empty((len(places), rows + ROW_GAP), dtype=np.int64)[:, :rows]
    starts, walk = batch.offsets[:-1], floor().columns
    return lambda: walk(batch.data, starts, places, into), into


def json_floor(data: bytes) -> Callable[[], bytes]:
    """A call that writes the JSON text of one message."""
    return partial(floor().json, data + SPARE)


@cache
def batch(count: int = BATCH) -> Batch:
    """Cars that differ in all that a column or a text could profit from."""
    encode, chance = rsu.load_schema("sae-j2735").encode, random.Random(2735)
    found = []
    for number in range(count):
        core = bsm_core()
        core.update(
            msgCnt=number % 128,
            id=chance.randbytes(4),
            secMark=chance.randrange(60_000),
            lat=chance.randrange(-900_000_000, 900_000_001),
            long=chance.randrange(-1_799_999_999, 1_800_000_001),
            elev=chance.randrange(-4_096, 61_440),
            speed=chance.randrange(8_191),
            heading=chance.randrange(28_800),
            angle=chance.randrange(-126, 128),
        )
        core["accelSet"] = {"long": chance.randrange(-2_000, 2_001), "lat": 0, "vert": 1, "yaw": chance.randrange(-999, 999)}
        core["size"] = {"width": chance.randrange(150, 260), "length": chance.randrange(300, 1_900)}
        found.append(encode("MessageFrame", {"messageId": 20, "value": ("BasicSafetyMessage", {"coreData": core})}))
    offsets = np.cumsum([0, *map(len, found)], dtype=np.int64)
    return Batch(found, np.frombuffer(b"".join(found) + SPARE, dtype=np.uint8), offsets)
