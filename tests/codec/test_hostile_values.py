"""Garbage given to the encoder raises one error type, and neither codec direction leaks, however many errors it raises."""

from __future__ import annotations

import gc
import math
import resource
import sys
import tracemalloc
from collections.abc import Callable, Iterator
from datetime import datetime
from random import Random
from typing import Any

import pytest
from codec_generate import Budget, generate
from codec_pycrate import Pycrate
from codec_rules import ours
from codec_schemas import FOLDERS, type_names

import rsu

SchemaOf = Callable[[str], rsu.Schema]
PycrateOf = Callable[[str], Pycrate]


class Odd:
    """Answers every question with an error."""

    def __len__(self) -> int:
        raise ValueError("no length")

    def __iter__(self) -> Iterator[Any]:
        raise ValueError("no items")

    def __index__(self) -> int:
        raise ValueError("no number")


GARBAGE: list[Any] = [
    *(None, True, -1, 2**200, 1.5, math.nan),
    *("", "text", "\ud800", "1.2.99999999999999999", "1..2", "...7"),
    *(b"", b"octets"),
    *((), ("a",), ("a", 1, 2), (b"\xff", -1), (b"", 99), (b"\xff", 2**70), ("...", b""), ("...99999999999999999999", b"")),
    *([], [None], [[]] * 3),
    *({}, {"a": {}}, {1: 2}, {"...": {}}, {"...": {0: 0}}, {"...": {2**70: b""}}),
    *(set(), object(), Odd(), datetime(1, 1, 1)),
]


@pytest.mark.parametrize("standard", FOLDERS)
def test_garbage_raises_one_error_type(standard: str, schema_of: SchemaOf) -> None:
    schema = schema_of(standard)
    for name in type_names(standard):
        for value in GARBAGE:
            _encode_or_refuse(schema, name, value)


def test_garbage_inside_a_good_value_raises_one_error_type(schema_of: SchemaOf, pycrate_of: PycrateOf) -> None:
    draw = Random(99)
    for standard in FOLDERS:
        compiled = pycrate_of(standard).object("MessageFrame")
        for _ in range(300):
            value = spoiled(generate(compiled, draw, Budget()), draw)
            _encode_or_refuse(schema_of(standard), "MessageFrame", value)


def spoiled(value: Any, draw: Random) -> Any:
    """`value` with garbage at one place."""
    if draw.randrange(4) == 0 or not isinstance(value, (dict, list, tuple)) or not value:
        return draw.choice(GARBAGE)
    if isinstance(value, dict):
        key = draw.choice(list(value))
        return {**value, key: spoiled(value[key], draw)}
    index = draw.randrange(len(value))
    items = [spoiled(item, draw) if at == index else item for at, item in enumerate(value)]
    return items if isinstance(value, list) else tuple(items)


def _encode_or_refuse(schema: rsu.Schema, name: str, value: Any) -> None:
    try:
        data = schema.encode(name, value)
    except rsu.EncodeError:
        return
    try:
        again = schema.encode(name, schema.decode(name, data))
    except rsu.DecodeError:
        return  # octets are taken for an open type as they are, whatever its row says of them
    assert again == data


# Leaks -----------------------------------------------------------------------------------------------------------------


def workload(schema: rsu.Schema, draw: Random, rounds: int) -> None:
    good = bytes.fromhex("0102fff8")
    for _ in range(rounds):
        schema.decode("Item", good)
        schema.encode("Item", {"id": 1, "value": ("Speed", 8191)})
        for name, data in (("Item", draw.randbytes(6)), ("Both", draw.randbytes(40)), ("Items", good[:2])):
            try:
                schema.decode(name, data)
            except rsu.DecodeError:
                pass
        for value in ({"id": 1, "value": ("Speed", 9999)}, {"id": 2, "value": ("Point", {"x": 1})}, {"id": 9}, [1]):
            with pytest.raises(rsu.EncodeError):
                schema.encode("Item", value)


def test_memory_does_not_grow_over_many_errors() -> None:
    schema, draw = ours("opentypes"), Random(3)
    workload(schema, draw, 2_000)
    gc.collect()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    workload(schema, draw, 20_000)
    gc.collect()
    # 180,000 errors: one leaked object each would be 10 MB and more; the allocator's own steps stay below two.
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 2_048


def test_traced_blocks_and_references_stay_level() -> None:
    schema, draw = ours("opentypes"), Random(4)
    workload(schema, draw, 500)
    shared_objects: list[Any] = [None, True, False, "id", "value", "Speed", "Point", "x", 1, 2]
    gc.collect()
    references = [sys.getrefcount(item) for item in shared_objects]
    tracemalloc.start()
    try:
        first = tracemalloc.get_traced_memory()[0]
        workload(schema, draw, 3_000)
        gc.collect()
        grown = tracemalloc.get_traced_memory()[0] - first
    finally:
        tracemalloc.stop()
    assert grown < 20_000
    drift = [abs(sys.getrefcount(item) - old) for item, old in zip(shared_objects, references, strict=True)]
    assert max(drift) < 500, dict(zip(map(repr, shared_objects), drift, strict=True))
