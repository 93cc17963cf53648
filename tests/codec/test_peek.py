"""Peeking gives the decoder's values of a few fields, and reads no further than the last of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest
from codec_generate import Budget, generate
from codec_pycrate import Pycrate
from codec_schemas import BUILT_IN, FOLDERS, SMALL
from codec_vectors import message_name, mutated, valid_vectors

import rsu
from rsu.peek import FIELDS, Peek, PeekPaths, read_peek_paths
from rsu.standards import STANDARDS, message_type

SchemaOf = Callable[[str], rsu.Schema]
PycrateOf = Callable[[str], Pycrate]
TYPES = {"msgCnt": ("MsgCount",), "secMark": ("DSecond",), "lat": ("Latitude",), "long": ("Longitude",)}


def value_at(value: Any, path: str) -> Any:
    """The value that a path leads to in a decoded message; None where it is absent or another alternative."""
    for name in path.split("."):
        if isinstance(value, tuple):
            value = value[1] if value[0] == name else None
        else:
            value = value.get(name)
        if value is None:
            return None
    return value


def expected(schema: rsu.Schema, standard: str, value: Any) -> Peek:
    """The same from the decoded frame and the catalogue of standards."""
    message, inner = message_type(STANDARDS[standard], value)
    row = schema.peek_paths.get(message)
    fields = [value_at(inner, getattr(row, field)) if row and getattr(row, field) else None for field in FIELDS]
    if message != "MessageFrame":
        return Peek(message, next(entry.id for entry in STANDARDS[standard].messages if entry.name == message), *fields)
    if standard == "sae-j2735":
        return Peek(message, value["messageId"], *fields)
    return Peek(value[0], value[1]["messageId"] if value[0] == "msgFrameExt" else None, *fields)


@pytest.mark.parametrize("standard", FOLDERS)
def test_every_path_of_the_tables_is_in_its_schema(standard: str, schema_of: SchemaOf) -> None:
    schema = schema_of(standard)
    for message, row in schema.peek_paths.items():
        for field in FIELDS:
            path = getattr(row, field)
            if path is None:
                continue
            info = schema.type_info(message)
            for name in path.split("."):
                (info,) = [member.type for member in info.members if member.name == name and not member.addition]
            if field == "sender":
                assert info.kind == "OCTET STRING", f"{message}.{path}"
            else:
                assert info.name in TYPES[field], f"{message}.{path}"


@pytest.mark.parametrize("standard", FOLDERS)
def test_the_tables_have_every_message_that_has_such_fields(standard: str, schema_of: SchemaOf) -> None:
    """A message whose own components have a counter, a moment or a position has a row that names one of that type."""
    schema = schema_of(standard)
    for message in STANDARDS[standard].messages:
        own = {member.type.name for member in schema.type_info(message.name).members if not member.addition}
        row = schema.peek_paths.get(message.name)
        for field, types in TYPES.items():
            if own & set(types):
                assert row is not None and getattr(row, field), f"{message.name}: {field}"
        if row is not None:
            assert row.at == f"MessageFrame.{message.path}"


@pytest.mark.parametrize("folder", ["csae-53", "csae-157", "sae-j2735"])
def test_each_folder_has_its_table(folder: str) -> None:
    assert read_peek_paths(BUILT_IN / folder / "peek.toml")


def test_published_messages_peek_as_they_decode(shared: Path, schema_of: SchemaOf) -> None:
    seen = set()
    for standard, name, data in valid_vectors(shared):
        if name == "MessageFrame":
            schema = schema_of(standard)
            assert schema.peek(name, data) == expected(schema, standard, schema.decode(name, data)), data.hex()
            seen.add((standard, schema.peek(name, data).message))
    assert {("csae-53", "BasicSafetyMessage"), ("csae-157", "RoadsideCoordination"), ("sae-j2735", "SPAT")} <= seen


@pytest.mark.parametrize("standard", FOLDERS)
def test_generated_messages_peek_as_they_decode(standard: str, schema_of: SchemaOf, pycrate_of: PycrateOf) -> None:
    schema, compiled = schema_of(standard), pycrate_of(standard).object("MessageFrame")
    seen = set()
    for seed in range(600):
        value = generate(compiled, Random(seed), Budget(elements=120))
        data = schema.encode("MessageFrame", value)
        assert schema.peek("MessageFrame", data) == expected(schema, standard, value), data.hex()
        seen.add(message_name(standard, value))
    assert len(seen) >= len(STANDARDS[standard].messages) - 1


@pytest.mark.parametrize("standard", FOLDERS)
def test_each_message_alone_peeks_as_it_decodes(standard: str, schema_of: SchemaOf, pycrate_of: PycrateOf) -> None:
    schema = schema_of(standard)
    for message, row in schema.peek_paths.items():
        for seed in range(10):
            compiled = pycrate_of(standard).object(f"{schema.find_type(message).module}.{message}")
            value = generate(compiled, Random(seed), Budget())
            found = schema.peek(message, schema.encode(message, value))
            wanted = [value_at(value, getattr(row, field)) if getattr(row, field) else None for field in FIELDS]
            assert found == Peek(message, None, *wanted)


def test_damage_on_the_way_is_the_decoders_error_and_damage_behind_is_not_seen(shared: Path, schema_of: SchemaOf) -> None:
    draw, counts = Random(8), {"same error": 0, "not seen": 0}
    for standard, name, good in valid_vectors(shared):
        if name != "MessageFrame":
            continue
        schema, data = schema_of(standard), mutated(good, draw)
        try:
            found = schema.peek(name, data)
        except rsu.DecodeError as error:
            with pytest.raises(rsu.DecodeError) as theirs:
                schema.decode(name, data)
            assert str(error) == str(theirs.value)
            counts["same error"] += 1
            continue
        try:
            assert found == expected(schema, standard, schema.decode(name, data))
        except rsu.DecodeError:
            counts["not seen"] += 1
    assert min(counts.values()) > 5, counts


def test_nothing_behind_the_last_field_is_read(shared: Path, schema_of: SchemaOf) -> None:
    schema = schema_of("csae-53")
    data = next(data for standard, _, data in valid_vectors(shared) if standard == "csae-53" and data[0] < 0x10)  # a BSM
    whole = schema.peek("MessageFrame", data)
    # Frame 4 bits, extension and presence 7, counter 7, id 64, secMark 16, perhaps timeConfidence 6, position 1 + 31 + 32.
    assert schema.peek("MessageFrame", data[:21]) == whole
    with pytest.raises(rsu.DecodeError, match=r"bsmFrame\.pos"):
        schema.peek("MessageFrame", data[:16])


def test_unknown_alternatives_and_ids_are_named(schema_of: SchemaOf) -> None:
    nothing = (None,) * 5
    day_one, day_two, north = (schema_of(name) for name in ("csae-53", "csae-157", "sae-j2735"))
    assert day_one.peek("MessageFrame", day_one.encode("MessageFrame", ("...5", b"\0"))) == Peek("...5", None, *nothing)
    later = day_two.encode("MessageFrame", ("msgFrameExt", {"messageId": 27, "value": b"\0"}))
    assert day_two.peek("MessageFrame", later) == Peek("msgFrameExt", 27, *nothing)
    own = north.encode("MessageFrame", {"messageId": 99, "value": b"\0"})
    assert north.peek("MessageFrame", own) == Peek("MessageFrame", 99, *nothing)


# Schemas without a table ------------------------------------------------------------------------------------------------


def test_a_schema_of_ones_own_says_how_to_give_it_a_table() -> None:
    schema = rsu.load_schema([SMALL / "opentypes.asn"])
    with pytest.raises(rsu.SchemaError, match=r"schema\.peek_paths = "):
        schema.peek("Item", b"\0")
    schema.peek_paths = {"Point": PeekPaths(at="Item.value.Point", msgCnt="y", lat="x")}
    data = schema.encode("Item", {"id": 2, "value": ("Point", {"x": 3, "y": 4})})
    assert schema.peek("Item", data) == Peek("Point", 2, None, 4, None, 3, None)
    other = schema.encode("Item", {"id": 1, "value": ("Speed", 4)})
    assert schema.peek("Item", other) == Peek("Speed", 1, None, None, None, None, None)
    schema.peek_paths = {"Point": PeekPaths(at="Item.value.Point", msgCnt="x")}
    assert schema.peek("Item", data).msgCnt == 3


@pytest.mark.parametrize(
    ("file", "row", "reason"),
    [
        ("opentypes", PeekPaths(at="Item.value.Circle"), "there is no Circle here"),
        ("opentypes", PeekPaths(at="Item", msgCnt="id.x"), "there is no x here"),
        ("opentypes", PeekPaths(at="Items.id"), "there is no id here"),
        ("opentypes", PeekPaths(at="Item.value.Point", msgCnt=""), "there is no  here"),
        ("opentypes", PeekPaths(at="Item", msgCnt="value"), "a field without members is needed here"),
        ("sequences", PeekPaths(at="Extended", msgCnt="b"), "b is an extension addition"),
    ],
    ids=["row", "below a value", "in a list", "empty", "open type", "addition"],
)
def test_a_path_that_cannot_be_planned_is_a_schema_error(file: str, row: PeekPaths, reason: str) -> None:
    schema = rsu.load_schema([SMALL / f"{file}.asn"])
    schema.peek_paths = {"Anything": row}
    with pytest.raises(rsu.SchemaError, match=reason):
        schema.peek(row.at.split(".")[0], b"\0\0\0\0")


def test_a_field_that_also_chooses_an_open_type_is_given(schema_of: SchemaOf) -> None:
    schema = rsu.load_schema([SMALL / "opentypes.asn"])
    schema.peek_paths = {"Item": PeekPaths(at="Item", msgCnt="id"), "Point": PeekPaths(at="Item.value.Point", lat="x")}
    data = schema.encode("Item", {"id": 2, "value": ("Point", {"x": 3, "y": 4})})
    assert schema.peek("Item", data) == Peek("Point", 2, None, 2, None, 3, None)


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_buffers_are_taken_and_other_things_are_not(kind: Any) -> None:
    schema = rsu.load_schema([SMALL / "sequences.asn"])
    schema.peek_paths = {"Plain": PeekPaths(at="Plain", msgCnt="a")}
    assert schema.peek("Plain", kind(b"\xb0")).msgCnt == 5
    with pytest.raises(TypeError):
        schema.peek("Plain", "b0")  # type: ignore[arg-type]
    with pytest.raises(rsu.SchemaError, match="no type"):
        schema.peek("Missing", b"")
