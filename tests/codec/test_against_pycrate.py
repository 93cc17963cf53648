"""Every type of every schema says the same as pycrate: generated values, both directions, and the published messages.

pycrate follows X.691 for all that these schemas hold; nothing is left out of the values. It differs in two ways that these
tests do not touch: it accepts trailing octets, and it refuses the letter 127 in an IA5String.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest
from codec_counts import Count
from codec_generate import Budget, generate
from codec_pycrate import Pycrate, known_part
from codec_schemas import FOLDERS, every_type, type_names
from codec_vectors import message_name, mutated, valid_vectors
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import rsu

EXAMPLES = settings(
    max_examples=4,
    deadline=None,
    database=None,
    derandomize=True,
    phases=[Phase.generate, Phase.shrink],
    suppress_health_check=list(HealthCheck),
)
SchemaOf = Callable[[str], rsu.Schema]
PycrateOf = Callable[[str], Pycrate]


@pytest.mark.parametrize("standard", FOLDERS)
def test_the_table_of_types_is_complete(standard: str, pycrate_of: PycrateOf) -> None:
    assert sorted(type_names(standard)) == sorted(f"{module}.{name}" for module, name in pycrate_of(standard).names())


@pytest.mark.parametrize(("standard", "name"), every_type())
def test_generated_values_agree(standard: str, name: str, schema_of: SchemaOf, pycrate_of: PycrateOf) -> None:
    ours, theirs = schema_of(standard), pycrate_of(standard)
    compiled = theirs.object(name)

    @EXAMPLES
    @given(st.randoms(use_true_random=False))
    def agree(draw: Random) -> None:
        value = generate(compiled, draw, Budget())
        expected = theirs.encode(name, value)
        assert ours.encode(name, value).hex() == expected.hex()
        assert ours.decode(name, expected) == value

    agree()


@pytest.mark.parametrize(("standard", "name"), every_type())
def test_large_values_agree(standard: str, name: str, schema_of: SchemaOf, pycrate_of: PycrateOf, count: Count) -> None:
    ours, theirs = schema_of(standard), pycrate_of(standard)
    compiled = theirs.object(name)
    for seed in range(3):
        value = generate(compiled, Random(f"{name} {seed}"), Budget(elements=400, depth=20, longest=40))
        expected = theirs.encode(name, value)
        assert ours.encode(name, value).hex() == expected.hex()
        assert theirs.decode(name, ours.encode(name, value)) == value
        assert ours.decode(name, expected) == value
        count("Generated values that agree with pycrate and are large", standard)


def test_published_messages_agree(shared: Path, schema_of: SchemaOf, pycrate_of: PycrateOf) -> None:
    for standard, name, data in valid_vectors(shared):
        theirs, ours = pycrate_of(standard), schema_of(standard)
        value = ours.decode(name, data)
        assert known_part(value) == theirs.decode(name, data), f"{name} {data.hex()}"
        # pycrate drops unknown additions and bitmaps without a bit set, so that it is compared without them.
        assert ours.encode(name, known_part(value)) == theirs.encode(name, known_part(value))


def test_damaged_messages_that_pass_mean_what_pycrate_reads(
    shared: Path, schema_of: SchemaOf, pycrate_of: PycrateOf, count: Count
) -> None:
    # pycrate passes over trailing octets, padding and surplus codes, so it reads all that strict mode lets through.
    draw = Random(77)
    vectors = [row for row in valid_vectors(shared) if len(row[2]) < 200]
    for _ in range(20_000):
        standard, name, good = draw.choice(vectors)
        data = mutated(good, draw)
        try:
            value = schema_of(standard).decode(name, data)
        except rsu.DecodeError:
            continue
        if data != good:
            assert known_part(value) == pycrate_of(standard).decode(name, data), f"{name} {data.hex()}"
            count("Damaged messages that pass and agree with pycrate", standard)


def test_messages_without_a_published_vector_are_generated(
    shared: Path, schema_of: SchemaOf, pycrate_of: PycrateOf, count: Count
) -> None:
    published = {
        (standard, message_name(standard, pycrate_of(standard).decode(name, data)))
        for standard, name, data in valid_vectors(shared)
        if name == "MessageFrame"
    }
    for standard in FOLDERS:
        ours, theirs = schema_of(standard), pycrate_of(standard)
        compiled = theirs.object("MessageFrame")
        for seed in range(400):
            value = generate(compiled, Random(seed), Budget(elements=120, unknown_rows=False))
            message = message_name(standard, value)
            if (standard, message) in published:
                continue
            data = theirs.encode("MessageFrame", value)
            assert ours.decode("MessageFrame", data) == value
            assert ours.encode("MessageFrame", value) == data
            count("Messages of types without a published vector, generated", f"{standard} {message}")
