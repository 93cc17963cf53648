"""A message that does not decode has the decoder's error code in ``errors`` and in every cell of its one row."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random

import pytest
from codec_schemas import FOLDERS, SMALL, type_names
from codec_vectors import mutated, valid_vectors
from columns_reference import ABSENT, error_of, list_paths, parts_of, random_path, root, text_of

import rsu
from rsu.columns import Columns

SchemaOf = Callable[[str], rsu.Schema]
MASKS = (0xFF, 0x8F, 0x80, 0xC0, 0x03)  # fewer bits set get further: lengths stay short and the padding zero
BOMBS = (b"\xc4" * 60 + b"\0", b"\xc1" + bytes(20_000), b"\xff" * 3_000)


def projections(schema: rsu.Schema, name: str, draw: Random) -> list[Columns]:
    """The value itself, which skips all there is; one path; and all paths two deep with a few deeper ones."""
    info = root(schema, name)
    single = random_path(info, ABSENT, draw)
    two_deep = [(outer, inner) for outer, below in parts_of(info).items() for inner in parts_of(below)]
    many = [(), *((part,) for part in parts_of(info)), *two_deep, *(random_path(info, ABSENT, draw) for _ in range(20))]
    chain = max((list_paths(path) for path in many), key=len, default=[])
    fit = [path for path in dict.fromkeys(many) if list_paths(path) == chain[: path.count("[]")]]
    return [schema.columns(name, {f"{text_of(path)}, {place}": text_of(path) for place, path in enumerate(paths)})
            for paths in ([()], [single], fit)]  # fmt: skip


def assert_verdicts(schema: rsu.Schema, name: str, batch: Sequence[bytes], draw: Random) -> None:
    wanted = [error_of(schema, name, data) for data in batch]
    for columns in projections(schema, name, draw):
        table = columns.decode(batch)
        for data, want, got in zip(batch, wanted, table.errors.tolist(), strict=True):
            assert table.REASONS[got] == table.REASONS[want], f"{name} {data.hex()[:200]} {columns}"
        for row in table.message[table.errors[table.message] != 0].tolist():
            assert (table.message == row).sum() == 1
        failed = table.errors[table.message] != 0
        assert (table.why[failed] == table.errors[table.message[failed]][:, None]).all()


def test_of_published_messages_and_damaged_ones(shared: Path, schema_of: SchemaOf) -> None:
    draw = Random(31)
    groups: dict[tuple[str, str], list[bytes]] = {}
    for standard, name, data in valid_vectors(shared):
        groups.setdefault((standard, name), []).extend([data, *(mutated(data, draw) for _ in range(20))])
    for (standard, name), batch in groups.items():
        for _ in range(3):
            assert_verdicts(schema_of(standard), name, batch, draw)


@pytest.mark.parametrize("standard", FOLDERS)
def test_of_octets_of_every_type(standard: str, schema_of: SchemaOf) -> None:
    draw = Random(12)
    for name in type_names(standard):
        batch = [masked(draw, size) for size in (0, 1, 2, 3, 5, 9, 17, 40, 80)]
        assert_verdicts(schema_of(standard), name, batch, draw)


@pytest.mark.parametrize("file", sorted(path.stem for path in SMALL.glob("*.asn")))
def test_of_octets_of_every_construct(file: str) -> None:
    schema, draw = rsu.load_schema([SMALL / f"{file}.asn"]), Random(4)
    for name in (name for name in schema.types if "." in name):
        batch = [masked(draw, draw.choice((0, 1, 1, 2, 2, 3, 4, 6, 9, 14))) for _ in range(300)]
        for _ in range(3):
            assert_verdicts(schema, name, [*batch, *BOMBS], draw)


def masked(draw: Random, size: int) -> bytes:
    mask = draw.choice(MASKS)
    return bytes(octet & mask for octet in draw.randbytes(size))


DEEP = """Deep DEFINITIONS AUTOMATIC TAGS ::= BEGIN
Top ::= SEQUENCE { far Far, ..., [[ late Far, low INTEGER (0..5) ]] }
Far ::= SEQUENCE { near SEQUENCE { number INTEGER (0..5), flag BOOLEAN }, after INTEGER (0..5) }
END"""


@pytest.mark.parametrize("depth", range(1, 6))
def test_depth_counts_sequences_that_are_drawn_into_their_parent(depth: int, tmp_path: Path) -> None:
    (tmp_path / "deep.asn").write_text(DEEP)
    schema, draw = rsu.load_schema(tmp_path / "deep.asn"), Random(depth)
    columns = [schema.columns("Top", [path]) for path in ("far.near.number", "late.near.flag", "low", "late")]
    for _ in range(500):
        data = draw.randbytes(draw.randrange(1, 6))
        try:
            schema.decode("Top", data, max_depth=depth)
            want = ""
        except rsu.DecodeError as error:
            want = error.code
        for each in columns:
            table = each.decode([data], max_depth=depth)
            assert table.REASONS[table.errors[0]] == want, f"{data.hex()} {each}"


@pytest.mark.parametrize("limit", [0, 1, 2, 5, 6, 100])
def test_element_budget_is_the_decoders(limit: int) -> None:
    schema = rsu.load_schema([SMALL / "sequences.asn"])
    whole = schema.encode("ListOfList", [[True, False], [True]])  # five elements: two lists, three bits
    for path in ("[][]", "[]", ""):
        table = schema.columns("ListOfList", {"it": path}).decode([whole], max_elements=limit)
        assert table.REASONS[table.errors[0]] == ("" if limit >= 5 else "elements")
