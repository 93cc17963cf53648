"""Seeds: the published messages where they are present, some values of every type of every schema, and what bombs are made of.

Values are drawn by ``tests/codec/codec_generate.py`` from pycrate's description of the built-in schemas. The small schemas of
the codec's tests (``constructs/…``) have what no message standard uses (REAL, SET, recursion); their seeds are drawn octets
that decode. Both are kept in ``build/fuzz``, since compiling the schemas for pycrate takes half a minute.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from random import Random
from typing import NamedTuple

import rsu

from .build import CHECKOUT, build_folder

CODEC_TESTS = CHECKOUT / "tests" / "codec"


def load_codec_tests() -> None:
    """Makes the modules of the codec's and the columns' tests known: they name each other without a package."""
    for folder in (CODEC_TESTS, CHECKOUT / "tests" / "columns"):
        if str(folder) not in sys.path:
            sys.path.insert(0, str(folder))


load_codec_tests()
from codec_schemas import FOLDERS, SMALL, built_in_texts, type_names  # noqa: E402

CONSTRUCTS = "constructs"
STANDARDS = (*FOLDERS, CONSTRUCTS)
VALUES_OF_A_TYPE = 4
VALUES_OF_A_FRAME = 120  # every message of the standard stands in it
DRAWS_OF_A_CONSTRUCT = 400
SEEDS_OF_A_CONSTRUCT = 8
SEED_OCTETS_MAX = 4096
INDEX_IN_PATH = re.compile(r"\[\d+\]")
ROLES = ("value", "presence", "extension", "length", "index", "padding", "raw")  # in the order of seeds.pxi


class Message(NamedTuple):
    """One encoding, of a type of a schema as :func:`schema_of` names it."""

    schema: str
    type_name: str
    data: bytes

    @property
    def standard(self) -> str:
        return self.schema.partition("/")[0]


@cache
def schema_of(name: str) -> rsu.Schema:
    """A built-in schema by name, or ``constructs/integers`` for a small one."""
    standard, _, file = name.partition("/")
    return rsu.load_schema([SMALL / f"{file}.asn"] if standard == CONSTRUCTS else name)


def published() -> list[Message]:
    """The published messages, valid or not; none where they are absent."""
    from codec_vectors import FILES, octets_of, records, top_type

    folder = Path(os.environ.get("RSU_SHARED") or CHECKOUT.parent / "shared")
    if not (folder / "vectors").is_dir():
        return []
    return [
        Message(standard, top_type(standard, record), octets_of(record))
        for standard in FILES
        for record in records(folder, standard)
    ]


def generated() -> list[Message]:
    """Values of every type, encoded: from the cache, which the texts of schemas and generators decide."""
    sources = [Path(__file__), CODEC_TESTS / "codec_generate.py", *sorted(SMALL.glob("*.asn"))]
    texts = [text for standard in FOLDERS for text in built_in_texts(standard)]
    texts += [source.read_text(encoding="utf-8") for source in sources]
    key = hashlib.sha256("\0".join(texts).encode()).hexdigest()[:16]
    kept = build_folder() / f"corpus-{key}.json"
    if not kept.exists():
        messages = [*_of_built_ins(), *_of_constructs()]
        part = kept.with_suffix(f".{os.getpid()}")
        part.write_text(json.dumps([(schema, name, data.hex()) for schema, name, data in messages]), encoding="utf-8")
        part.replace(kept)
    rows = json.loads(kept.read_text(encoding="utf-8"))
    return [Message(schema, name, bytes.fromhex(digits)) for schema, name, digits in rows]


def _of_built_ins() -> Iterator[Message]:
    from codec_generate import Budget, generate
    from codec_pycrate import Pycrate

    for standard in FOLDERS:
        oracle, draw = Pycrate(built_in_texts(standard), build_folder()), Random(standard)
        for name in type_names(standard):
            count = VALUES_OF_A_FRAME if name.endswith(".MessageFrame") else VALUES_OF_A_TYPE
            encodings = {schema_of(standard).encode(name, generate(oracle.object(name), draw, Budget())) for _ in range(count)}
            yield from (Message(standard, name, data) for data in sorted(encodings) if len(data) <= SEED_OCTETS_MAX)


def _of_constructs() -> Iterator[Message]:
    draw = Random(CONSTRUCTS)
    for path in sorted(SMALL.glob("*.asn")):
        name = f"{CONSTRUCTS}/{path.stem}"
        for type_name in (found for found in schema_of(name).types if "." in found):
            yield from (Message(name, type_name, data) for data in _that_decode(schema_of(name), type_name, draw))


def _that_decode(schema: rsu.Schema, type_name: str, draw: Random) -> list[bytes]:
    """Drawn octets that are values; few bits set, so that lengths stay short."""
    found = {b"\0"}
    for _ in range(DRAWS_OF_A_CONSTRUCT):
        mask = draw.choice((0xFF, 0x8F, 0x80, 0xC0, 0x03))
        data = bytes(octet & mask for octet in draw.randbytes(draw.choice((1, 2, 3, 5, 9, 14))))
        try:
            schema.decode(type_name, data)
        except rsu.DecodeError:
            continue
        found.add(data)
    return sorted(found)[:SEEDS_OF_A_CONSTRUCT]


class FieldsOf:
    """Bit ranges of messages for the mutator, with a number for each place that two messages may share.

    A place is the standard, the last two names of the path and the role, so that ``value.Item.lat`` and ``Item.lat`` are one.
    """

    def __init__(self) -> None:
        self.places: dict[tuple[str, str, str], int] = {}

    def __call__(self, message: Message, learn: bool = True) -> list[tuple[int, int, int, int]]:
        """(offset, bits, role, place) of each range.

        :param learn: number places that are new; without it they have -1, and memory does not grow.
        """
        spans, _ = schema_of(message.schema).trace(message.type_name, message.data)
        fields = []
        for span in spans:
            place = (message.standard, ".".join(INDEX_IN_PATH.sub("", span.path).split(".")[-2:]), span.role)
            number = self.places.setdefault(place, len(self.places)) if learn else self.places.get(place, -1)
            fields.append((span.offset, span.bits, ROLES.index(span.role), number))
        return fields


def of_standard(messages: list[Message], standard: str) -> list[Message]:
    """Those of one standard; of all where it is empty."""
    return [message for message in messages if standard in ("", message.standard)]
