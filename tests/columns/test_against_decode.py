"""Every projection gives, cell for cell, what a plain walk over the decoder's values gives: all types, both layouts.

Values are drawn from pycrate's description of the types; the small schemas have what the built-in ones do not: DEFAULTs of
every kind, groups, wide integers, tables without rows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random

import pytest
from codec_generate import Budget, generate
from codec_pycrate import Pycrate
from codec_schemas import SMALL, every_type
from codec_vectors import mutated, valid_vectors
from columns_reference import assert_same, random_paths, root

import rsu

SchemaOf = Callable[[str], rsu.Schema]
PycrateOf = Callable[[str], Pycrate]
SMALL_FILES = sorted(path.stem for path in SMALL.glob("*.asn"))


def assert_projections(schema: rsu.Schema, name: str, batch: Sequence[bytes | None], draw: Random, projections: int) -> None:
    """Random projections of a few and of many columns."""
    whole = [schema.decode(name, data) for data in batch if data is not None]
    info = root(schema, name)
    for _ in range(projections):
        paths = random_paths(info, draw.choice(whole), draw, draw.choice((1, 3, 12, 40)))
        assert_same(schema, name, paths, batch)


@pytest.mark.parametrize(("standard", "name"), every_type())
def test_every_type(standard: str, name: str, schema_of: SchemaOf, pycrate_of: PycrateOf) -> None:
    schema, draw = schema_of(standard), Random(f"columns {name}")
    compiled = pycrate_of(standard).object(name)
    values = [generate(compiled, draw, Budget(elements=40 + 80 * (place % 2))) for place in range(6)]
    batch = [schema.encode(name, value) for value in values]
    assert_projections(schema, name, batch, draw, 4)


@pytest.mark.parametrize("file", SMALL_FILES)
def test_every_construct_of_the_small_schemas(file: str) -> None:
    schema, draw = rsu.load_schema([SMALL / f"{file}.asn"]), Random(f"columns {file}")
    for name in (name for name in schema.types if "." in name):
        batch = octets_that_decode(schema, name, draw)
        if batch:
            assert_projections(schema, name, [*batch, None], draw, 20)


def octets_that_decode(schema: rsu.Schema, name: str, draw: Random) -> list[bytes]:
    """Random octets that are a value: pycrate cannot read some of the small schemas, and octets reach unknown additions."""
    found = []
    for size in (1, 2, 3, 4, 6, 9, 14) * 60:
        mask = draw.choice((0xFF, 0x8F, 0x80, 0xC0, 0x03))
        data = bytes(octet & mask for octet in draw.randbytes(size))
        for length in range(size + 1):
            try:
                schema.decode(name, data[:length], max_elements=200)
            except rsu.DecodeError:
                continue
            found.append(data[:length])
    return sorted(set(found))[:200]


def test_published_messages(shared: Path, schema_of: SchemaOf) -> None:
    groups: dict[tuple[str, str], list[bytes]] = {}
    for standard, name, data in valid_vectors(shared):
        groups.setdefault((standard, name), []).append(data)
    draw = Random(2026)
    for (standard, name), batch in groups.items():
        assert_projections(schema_of(standard), name, batch, draw, 25)


def test_damaged_messages_among_whole_ones(shared: Path, schema_of: SchemaOf) -> None:
    draw = Random(7)
    for standard in ("csae-53", "csae-157", "sae-j2735"):
        good = [data for other, name, data in valid_vectors(shared) if other == standard and name == "MessageFrame"]
        info = root(schema_of(standard), "MessageFrame")
        for _ in range(25):
            data = draw.choice(good)
            paths = random_paths(info, schema_of(standard).decode("MessageFrame", data), draw, draw.choice((1, 5, 30)))
            batch = [draw.choice((data, mutated(data, draw), mutated(draw.choice(good), draw))) for _ in range(60)]
            assert_same(schema_of(standard), "MessageFrame", paths, [*batch, None, b""])
