"""What one walker says of a message, all say: whole or not, and if not the same code, path, bit and reason.

Over published messages, damaged ones, octets of every built-in type, and every construct of the small schemas.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest
from codec_rules import ours
from codec_schemas import FOLDERS, SMALL, type_names
from codec_vectors import mutated, valid_vectors
from codec_walkers import assert_agree

import rsu

SchemaOf = Callable[[str], rsu.Schema]
MASKS = (0xFF, 0x8F, 0x80, 0xC0, 0x03)  # fewer bits set get further: lengths stay short and the padding zero


def masked(draw: Random, size: int) -> bytes:
    mask = draw.choice(MASKS)
    return bytes(octet & mask for octet in draw.randbytes(size))


def test_on_published_messages_and_damaged_ones(shared: Path, schema_of: SchemaOf) -> None:
    draw = Random(20261125)
    for standard, name, data in valid_vectors(shared):
        assert_agree(schema_of(standard), name, data)
        for _ in range(20):
            assert_agree(schema_of(standard), name, mutated(data, draw))


@pytest.mark.parametrize("standard", FOLDERS)
def test_on_octets_of_every_type(standard: str, schema_of: SchemaOf) -> None:
    draw = Random(11)
    for name in type_names(standard):
        for size in (0, 1, 2, 3, 5, 9, 17, 40, 80):
            assert_agree(schema_of(standard), name, masked(draw, size))


@pytest.mark.parametrize("file", sorted(path.stem for path in SMALL.glob("*.asn")))
def test_on_octets_of_every_construct(file: str) -> None:
    schema, draw = ours(file), Random(3)
    for name in (name for name in schema.types if "." in name):
        for _ in range(300):
            assert_agree(schema, name, masked(draw, draw.choice((1, 1, 2, 2, 3, 4, 6, 9, 14))))
        for bomb in (b"\xc4" * 60 + b"\0", b"\xc1" + bytes(20_000), b"\xff" * 3_000):
            assert_agree(schema, name, bomb)
