"""What has broken UPER decoders (facts/HOSTILE.md), each line as a test: one error type, bounded work, nothing lost.

No test here measures time: a bomb that were not refused would fail on what it returns, or on memory.
"""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest
from codec_pycrate import Pycrate
from codec_rules import ours
from codec_schemas import FOLDERS, type_names
from codec_vectors import mutated, valid_vectors

import rsu

SchemaOf = Callable[[str], rsu.Schema]
PycrateOf = Callable[[str], Pycrate]


def refused(schema: rsu.Schema, name: str, data: bytes, **options: Any) -> rsu.DecodeError:
    with pytest.raises(rsu.DecodeError) as caught:
        schema.decode(name, data, **options)
    return caught.value


def bits(text: str) -> bytes:
    text = text.replace(" ", "")
    text += "0" * (-len(text) % 8)
    return int(text, 2).to_bytes(len(text) // 8, "big")


# Depth and number of elements ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("octets", [100, 200, 20_000])
def test_a_recursion_bomb_is_refused_by_depth(octets: int) -> None:
    assert refused(ours("sequences"), "Chain", b"\xff" * octets).code == "depth"


def test_depth_is_a_limit_and_one_below_it_decodes() -> None:
    def chain(depth: int) -> bytes:
        return bits("1" * (depth - 1) + "0")

    schema = ours("sequences")
    deepest = next(depth for depth in range(200, 0, -1) if _decodes(schema, "Chain", chain(depth), max_depth=100))
    assert 95 <= deepest <= 100
    assert refused(schema, "Chain", chain(deepest + 1), max_depth=100).code == "depth"
    assert refused(schema, "Expression", bits("01" * 500)).code == "depth"


def _decodes(schema: rsu.Schema, name: str, data: bytes, **options: Any) -> bool:
    try:
        schema.decode(name, data, **options)
    except rsu.DecodeError:
        return False
    return True


def test_encoding_a_value_that_holds_itself_is_refused() -> None:
    value: dict[str, Any] = {}
    value["next"] = value
    with pytest.raises(rsu.EncodeError) as caught:
        ours("sequences").encode("Chain", value)
    assert caught.value.code == "depth"


def test_nulls_in_fragments_are_refused_by_number() -> None:
    # 60 fragments of 64K items without a bit each: 61 octets that would be 3.9 million items.
    error = refused(ours("sequences"), "ListNull", b"\xc4" * 60 + b"\0")
    assert error.code == "elements"


def test_the_budget_of_elements_is_a_limit_and_one_below_it_decodes() -> None:
    data = b"\x80\xff" + bytes(255)
    schema = ours("sequences")
    least = next(limit for limit in range(250, 262) if _decodes(schema, "ListFree", data, max_elements=limit))
    assert 255 <= least <= 257
    assert refused(schema, "ListFree", data, max_elements=least - 1).code == "elements"


@pytest.mark.parametrize("count", [200, 201, 255, 256, 9_999, 10_000])
def test_lists_above_200_items_come_back_up_to_the_budget(count: int) -> None:
    data = count.to_bytes(1, "big") if count < 128 else (0x8000 | count).to_bytes(2, "big")
    data += bytes(place & 0xFF for place in range(count))
    value = ours("sequences").decode("ListFree", data)
    assert value == list(data[-count:])
    assert ours("sequences").encode("ListFree", value) == data
    assert refused(ours("sequences"), "ListFree", data, max_elements=count - 1).code == "elements"


def test_letters_without_a_bit_are_counted_as_elements(tmp_path: Path) -> None:
    # A letter of an alphabet of one takes no bit, so that only the budget bounds what a length may ask for.
    path = tmp_path / "one.asn"
    path.write_text('One DEFINITIONS AUTOMATIC TAGS ::= BEGIN Same ::= IA5String (FROM ("x")) END', encoding="utf-8")
    schema = rsu.load_schema([path])
    assert schema.decode("Same", b"\x05") == "xxxxx"
    assert refused(schema, "Same", b"\xc4" * 60 + b"\0").code == "elements"


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("OctetsBig", b"\xc4" + bytes(65_536) + b"\x05" + bytes(5)),  # 65,541 of 1..65,536
        ("OctetsBig", b"\xc4" + bytes(65_536) + b"\xc4" + bytes(65_536) + b"\0"),
    ],
    ids=["rest", "fragment"],
)
def test_a_size_in_fragments_is_held_against_its_bounds(name: str, data: bytes) -> None:
    assert refused(ours("strings"), name, data).code == "size"


def test_a_length_is_held_against_the_bits_that_remain() -> None:
    strings, sequences = ours("strings"), ours("sequences")
    tracemalloc.start()
    try:
        for name, head in (("OctetsFree", b"\xc4"), ("BitsFree", b"\xc4"), ("Ia5", b"\xbf\xff")):
            assert refused(strings, name, head + bytes(9)).code == "truncated"
        assert refused(sequences, "ListFree", b"\xa3\x28" + bytes(9)).code == "truncated"  # 9000
        assert tracemalloc.get_traced_memory()[1] < 100_000
    finally:
        tracemalloc.stop()


# Numbers that are too large --------------------------------------------------------------------------------------------


def test_an_integer_of_16_kb_is_an_int() -> None:
    content = b"\x7f" + b"\xff" * 16_382
    data = b"\xbf\xff" + content
    assert ours("integers").decode("Free", data) == int.from_bytes(content, "big")


@pytest.mark.parametrize("count", [1, 2, 3, 4, 63, 64, 65, 66, 127, 128, 129, 16_383, 16_384, 65_535, 65_536])
def test_bitmaps_of_any_length_come_back_or_are_refused(count: int) -> None:
    # EmptyOpen: extension bit, count, a bitmap with only its last bit set, one octet behind it. From 16K on the bitmap goes in
    # fragments as every length does (11.9.3.4, 11.9.3.8).
    bitmap = "0" * (count - 1) + "1"
    if count <= 64:
        field = f"0{count - 1:06b}{bitmap}"
    elif count < 128:
        field = f"1{count:08b}{bitmap}"
    elif count < 16_384:
        field = f"110{count:014b}{bitmap}"
    else:
        blocks = count // 16_384
        rest = count % 16_384
        tail = f"10{rest:014b}" if rest > 127 else f"{rest:08b}"
        field = f"111{blocks:06b}{bitmap[: blocks * 16_384]}{tail}{bitmap[blocks * 16_384 :]}"
    data = bits("1" + field + "00000001" + "10100101")
    try:
        value = ours("sequences").decode("EmptyOpen", data)
    except rsu.DecodeError:
        assert count >= 16_384
        return
    assert value == {"...": {count - 1: b"\xa5"}}
    assert ours("sequences").encode("EmptyOpen", value) == data


@pytest.mark.parametrize("index", [0, 63, 64, 127, 128, 65_535, 2**31, 2**32, 2**63, 2**64])
def test_alternatives_past_the_table_come_back_or_are_refused(index: int) -> None:
    # OpenNoAddition: extension bit, a normally small number, an open type of one octet.
    width = max(1, (index.bit_length() + 7) // 8)
    number = f"0{index:06b}" if index < 64 else f"1{width:08b}{index:0{8 * width}b}"
    data = bits("1" + number + "00000001" + "01011010")
    try:
        value = ours("enumerated").decode("OpenNoAddition", data)
    except rsu.DecodeError:
        assert index >= 65_536
        return
    assert value == (f"...{index}", b"\x5a")
    assert ours("enumerated").encode("OpenNoAddition", value) == data


def test_a_number_of_a_normally_small_code_in_too_many_octets_is_refused() -> None:
    data = bits("1 1 00000010 00000000 01000000 00000001 01011010")  # 64 in two octets
    assert refused(ours("enumerated"), "OpenNoAddition", data).code == "non-minimal"


@pytest.mark.parametrize("octets", [5, 7, 8, 9, 16, 127])
def test_a_number_that_would_pass_64_bits_is_refused_before_it_is_used(octets: int) -> None:
    # OpenNoAddition: an index in so many octets, all ones; times eight it would not be a bit offset any more.
    data = bits(f"1 1 {octets:08b}" + "11111111" * octets + "00000001" * 9)
    assert refused(ours("enumerated"), "OpenNoAddition", data).code == "length"


@pytest.mark.parametrize("standard", FOLDERS)
def test_empty_input_is_refused_by_every_type(standard: str, schema_of: SchemaOf) -> None:
    # An encoding has one octet at least, that of a type of no bits too (X.691 11.1).
    for name in type_names(standard):
        assert refused(schema_of(standard), name, b"").offset == 0


@pytest.mark.parametrize("text", ["00010101000000+2359", "99991231235959-2359"])
def test_a_time_whose_zone_leads_out_of_the_calendar_is_refused(text: str) -> None:
    letters = "".join(f"{ord(letter):07b}" for letter in text)
    data = bits(f"{len(text):08b}" + letters)
    for strict in (True, False):
        assert refused(ours("strings"), "Time", data, strict=strict).code == "encoding"


# Every cut, every bit, random octets -----------------------------------------------------------------------------------


def few_vectors(shared: Path) -> Iterator[tuple[str, str, bytes]]:
    """A short message of each type."""
    shortest: dict[tuple[str, str, bytes], bytes] = {}
    for standard, name, data in valid_vectors(shared):
        key = (standard, name, data[:2])
        if key not in shortest or len(data) < len(shortest[key]):
            shortest[key] = data
    return ((standard, name, data) for (standard, name, _), data in shortest.items() if len(data) < 400)


def unchanged_or_refused(schema: rsu.Schema, name: str, data: bytes) -> None:
    """The law of strict mode."""
    try:
        value = schema.decode(name, data)
    except rsu.DecodeError as error:
        assert 0 <= error.offset <= 8 * len(data)
        return
    findings: list[Any] = []
    schema.decode(name, data, findings=findings)
    if findings:
        return  # a DEFAULT written out is the one thing that strict mode reports and does not refuse
    assert schema.encode(name, value) == data, f"{name} {data.hex()}"


def test_a_message_cut_at_every_bit_is_refused_or_whole(shared: Path, schema_of: SchemaOf) -> None:
    for standard, name, data in few_vectors(shared):
        schema = schema_of(standard)
        number, total = int.from_bytes(data, "big"), 8 * len(data)
        for kept in range(total):
            octets = (kept + 7) // 8
            cut = (number >> (total - kept) << (8 * octets - kept)).to_bytes(octets, "big")
            if cut != data:
                unchanged_or_refused(schema, name, cut)
            _relaxed_raises_one_type(schema, name, cut)


def test_a_message_with_any_bit_turned_comes_back_or_is_refused(shared: Path, schema_of: SchemaOf) -> None:
    for standard, name, data in few_vectors(shared):
        for bit in range(8 * len(data)):
            turned = bytearray(data)
            turned[bit >> 3] ^= 0x80 >> (bit & 7)
            unchanged_or_refused(schema_of(standard), name, bytes(turned))


def test_mutated_messages_come_back_or_are_refused(shared: Path, schema_of: SchemaOf) -> None:
    draw = Random(20261124)
    for standard, name, data in few_vectors(shared):
        for _ in range(60):
            unchanged_or_refused(schema_of(standard), name, mutated(data, draw))


@pytest.mark.parametrize("standard", FOLDERS)
def test_random_octets_raise_one_error_type(standard: str, schema_of: SchemaOf) -> None:
    schema, draw = schema_of(standard), Random(7)
    for name in type_names(standard):
        for size in (0, 1, 2, 5, 17, 80):
            data = draw.randbytes(size)
            unchanged_or_refused(schema, name, data)
            _relaxed_raises_one_type(schema, name, data)


def _relaxed_raises_one_type(schema: rsu.Schema, name: str, data: bytes) -> None:
    try:
        schema.decode(name, data, strict=False, findings=[])
    except rsu.DecodeError:
        pass


@pytest.mark.parametrize("given", [None, 5, "text", [1], memoryview(b"\0\x14"), bytearray(b"\0\x14"), object()])
def test_input_that_is_no_buffer_is_refused_and_buffers_are_taken(given: Any, schema_of: SchemaOf) -> None:
    expected = rsu.DecodeError if isinstance(given, (memoryview, bytearray)) else (rsu.DecodeError, TypeError)
    with pytest.raises(expected):
        schema_of("sae-j2735").decode("MessageFrame", given)


@pytest.mark.parametrize(
    "file", ["integers", "enumerated", "strings", "sequences", "opentypes", "defaults", "beyond", "annex-a"]
)
def test_random_octets_of_every_construct_come_back_or_are_refused(file: str) -> None:
    schema, draw = ours(file), Random(1)
    for name in (name for name in schema.types if "." in name):
        for _ in range(400):
            data = draw.randbytes(draw.choice((1, 1, 2, 2, 3, 4, 6, 9, 14)))
            # Fewer bits set get further: lengths stay short and the padding zero.
            mask = draw.choice((0xFF, 0x8F, 0x80, 0xC0, 0x03))
            unchanged_or_refused(schema, name, bytes(octet & mask for octet in data))


@pytest.mark.parametrize(("additions", "told"), [(1_000, 1_000), (1_001, 1_001), (9_000, 1_001)])
def test_findings_of_a_message_have_a_bound_and_the_last_says_so(additions: int, told: int) -> None:
    # EmptyOpen: additions that the schema does not know, each an open type of no octets, which relaxed mode accepts and tells.
    blocks, rest = divmod(additions, 16_384)
    assert blocks == 0
    data = bits("1" + f"110{rest:014b}" + "1" * rest + "00000000" * rest)
    findings: list[Any] = []
    ours("sequences").decode("EmptyOpen", data, strict=False, findings=findings)
    assert len(findings) == told
    assert (findings[-1].code == "findings") == (additions > 1_000)
