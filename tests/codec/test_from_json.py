"""What `from_json` takes beside its own spelling, and what it says of text that is not a value: one error type, with a path."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest
from codec_rules import ours
from codec_vectors import valid_vectors

import rsu

SchemaOf = Callable[[str], rsu.Schema]

# (small schema, type, text, value that the encoder takes)
TAKEN = [
    ("strings", "Octets2", '"abCD"', b"\xab\xcd"),
    ("strings", "Bits5", '{"value":"B0","length":5}', (b"\xb0", 5)),
    ("strings", "BitsExt", '"A0"', (b"\xa0", 4)),  # as asn1tools and some US DOT tools write it
    ("strings", "NamedRange", '{"length":3,"value":"a0"}', (b"\xa0", 3)),
    ("strings", "Number", "5", 5.0),
    ("strings", "Number", "-25e-1", -2.5),
    ("integers", "Free", "123456789012345678901234567890", 123456789012345678901234567890),
    ("defaults", "Default", "{}", {}),
    ("defaults", "Default", ' {"c" : "y", "a":5, "b":true}\n', {}),
    ("defaults", "DefaultKinds", '{"bits":{"value":"a0","length":4},"bytes":"cafe"}', {}),
    ("defaults", "Nested", '{"list":[],"pair":{"y":true,"x":1}}', {}),
    ("opentypes", "Frame", '{"value":{"Point":{"x":1,"y":2}},"id":2}', {"id": 2, "value": ("Point", {"x": 1, "y": 2})}),
    ("opentypes", "Frame", '{"id":2,"value":"0081 00"}'.replace(" ", ""), {"id": 2, "value": b"\0\x81\0"}),
    ("sequences", "Boxed", '"b0"', b"\xb0"),
    ("sequences", "BoxedBits", '{"value":"B0","length":8}', (b"\xb0", 8)),
]


@pytest.mark.parametrize(("file", "name", "text", "value"), TAKEN, ids=lambda item: str(item)[:40])
def test_other_spellings_are_taken(file: str, name: str, text: str, value: Any) -> None:
    expected = ours(file).encode(name, value)
    for given in (text, text.encode(), bytearray(text.encode()), memoryview(text.encode())):
        assert ours(file).from_json(name, given) == expected


# (small schema, type, text, code, path)
REFUSED = [
    ("integers", "Free", "", "json", ""),
    ("integers", "Free", "1 2", "json", ""),
    ("integers", "Free", "NaN", "json", ""),
    ("integers", "Free", "\ufeff1", "json", ""),
    ("integers", "Free", "1" * 5000, "json", ""),
    ("integers", "Free", "true", "type", ""),
    ("integers", "Free", "1.0", "type", ""),
    ("integers", "Free", '"1"', "type", ""),
    ("strings", "Number", "1e999", "json", ""),
    ("strings", "Number", "1" + "0" * 400, "range", ""),
    ("strings", "Number", '"inf"', "type", ""),
    ("strings", "Number", "true", "type", ""),
    ("strings", "Flag", "1", "type", ""),
    ("strings", "Nothing", "0", "type", ""),
    ("strings", "Octets2", '"ABC"', "encoding", ""),
    ("strings", "Octets2", '"AB CD"', "encoding", ""),
    ("strings", "Octets2", '"ABCG"', "encoding", ""),
    ("strings", "Octets2", '"é"', "encoding", ""),
    ("strings", "Octets2", '"ABCDEF"', "size", ""),
    ("strings", "Octets2", "[171,205]", "type", ""),
    ("strings", "Bits5", '"B4"', "padding", ""),
    ("strings", "Bits5", '"B000"', "size", ""),
    ("strings", "Bits5", '{"value":"B0","length":4}', "size", ""),
    ("strings", "Bits5", '{"value":"B0","length":-4}', "size", ""),
    ("strings", "Bits5", '{"value":"B0","length":9}', "size", ""),
    ("strings", "Bits5", '{"value":"B0","length":true}', "type", ""),
    ("strings", "Bits5", '{"value":"B0","length":99999999999999999999}', "size", ""),
    ("strings", "Bits5", '{"value":"B0"}', "type", ""),
    ("strings", "Bits5", '{"value":"B0","length":5,"more":1}', "type", ""),
    ("strings", "BitsFree", '"B0"', "type", ""),
    ("strings", "Time", '"yesterday"', "encoding", ""),
    ("strings", "Time", '"20261340000000Z"', "encoding", ""),
    ("strings", "Time", '"00010101000000+2359"', "encoding", ""),
    ("strings", "Oid", '"1"', "encoding", ""),
    ("strings", "Oid", "1.2", "type", ""),
    ("strings", "Ia5", '"\\ud800"', "json", ""),
    ("strings", "Ia5", '"\ud800"', "json", ""),
    ("strings", "Ia5", '"é"', "alphabet", ""),
    ("sequences", "Plain", '{"a":1,"b":true,"a":1}', "json", ""),
    ("sequences", "Plain", '{"a":1,"b":true,"c":1}', "type", ""),
    ("sequences", "Plain", '{"a":1}', "missing", "b"),
    ("sequences", "Plain", '{"a":8,"b":true}', "range", "a"),
    ("sequences", "Plain", '{"a":1,"b":null}', "type", "b"),
    ("sequences", "Plain", "[]", "type", ""),
    ("sequences", "Plain", '{"a":1,"b":true,"...":{}}', "type", ""),
    ("sequences", "Extended", '{"a":1,"...":{"x":"00"}}', "index", ""),
    ("sequences", "Extended", '{"a":1,"...":{"01":"00"}}', "index", ""),
    ("sequences", "Extended", '{"a":1,"...":{"1":"00"}}', "index", ""),
    ("sequences", "Extended", '{"a":1,"...":{"7":"0"}}', "encoding", ""),
    ("sequences", "Extended", '{"a":1,"...":["00"]}', "type", ""),
    ("sequences", "ListFree", "{}", "type", ""),
    ("sequences", "ListFree", "[0,1,256]", "range", "[2]"),
    ("sequences", "ListFree", "[0,[]]", "type", "[1]"),
    ("sequences", "Expression", "{}", "type", ""),
    ("sequences", "Expression", '{"number":1,"negated":{}}', "type", ""),
    ("sequences", "Expression", '{"other":1}', "index", ""),
    ("sequences", "Expression", '{"...5":"00"}', "index", ""),
    ("sequences", "Expression", '{"negated":{"number":99}}', "range", "negated.number"),
    ("sequences", "Expression", '{"negated":' * 255 + '{"number":1}' + "}" * 255, "depth", None),
    ("sequences", "Expression", '{"negated":' * 100_000, "depth", ""),
    ("enumerated", "OpenNoAddition", '{"...5":5}', "type", ""),
    ("opentypes", "Frame", '{"id":2,"value":{"Speed":1}}', "unknown-id", "value.Point"),
    ("opentypes", "Frame", '{"id":9,"value":{"Speed":1}}', "unknown-id", "value"),
    ("opentypes", "Frame", '{"id":2,"value":{"Point":{"x":1,"y":300}}}', "range", "value.Point.y"),
    ("opentypes", "Frame", '{"id":2,"value":{}}', "type", "value.Point"),
    ("opentypes", "Frame", '{"id":2,"value":[]}', "type", "value"),
    ("sequences", "Boxed", '{"Plain":{"a":9,"b":true}}', "range", "Plain.a"),
    ("sequences", "Boxed", '{"Other":{}}', "type", ""),
]


@pytest.mark.parametrize(("file", "name", "text", "code", "path"), REFUSED, ids=lambda item: ascii(item)[:40])
def test_what_is_no_value_is_refused_with_its_place(file: str, name: str, text: str, code: str, path: str | None) -> None:
    with pytest.raises(rsu.EncodeError) as caught:
        ours(file).from_json(name, text)
    assert caught.value.code == code
    assert path is None or caught.value.path == path
    assert caught.value.reason and caught.value.type_name == name


def test_octets_that_are_no_utf_8_are_refused() -> None:
    for text in (b'"\xff"', '{"a":1}'.encode("utf-16"), b"\0", b'"\xed\xa0\x80"'):
        with pytest.raises(rsu.EncodeError) as caught:
            ours("strings").from_json("Ia5", text)
        assert caught.value.code == "json"


@pytest.mark.parametrize("given", [None, 5, {"a": 1}, [1]])
def test_what_is_no_text_is_a_type_error(given: Any) -> None:
    with pytest.raises(TypeError):
        ours("strings").from_json("Ia5", given)


PIECES = (*'{}[],:"\\é\0', "null", "true", "-1", "1e5", '"..."', '{"...":{}}', "99999999999999999999")


def test_damaged_text_raises_one_error_type(shared: Path, schema_of: SchemaOf) -> None:
    draw = Random(20261127)
    for standard, name, data in valid_vectors(shared):
        schema = schema_of(standard)
        text = schema.to_json(name, data).decode()
        for _ in range(20):
            start = draw.randrange(len(text))
            damaged = text[:start] + draw.choice(PIECES) + text[start + draw.randrange(4) :]
            taken_or_refused(schema, name, damaged)


def test_values_in_the_wrong_place_raise_one_error_type(shared: Path, schema_of: SchemaOf) -> None:
    draw = Random(7)
    for standard, name, data in valid_vectors(shared):
        schema = schema_of(standard)
        for _ in range(20):
            node = json.loads(schema.to_json(name, data))
            displace(node, draw)
            taken_or_refused(schema, name, json.dumps(node))


SCALARS = (None, True, 1, -1, 2**70, 1.5, "", "x", "00")
CONTAINERS = ([], [1], {}, {"a": 1}, {"...": {"3": "00"}}, {"value": "", "length": 0})


def displace(node: Any, draw: Random) -> None:
    """Puts a value of another kind at a random place."""
    while isinstance(node, (dict, list)) and node:
        key = draw.choice(list(node)) if isinstance(node, dict) else draw.randrange(len(node))
        if not isinstance(node[key], (dict, list)) or not node[key] or draw.randrange(4) == 0:
            node[key] = draw.choice(SCALARS + CONTAINERS)
            return
        node = node[key]


def taken_or_refused(schema: rsu.Schema, name: str, text: str) -> None:
    try:
        data = schema.from_json(name, text)
    except rsu.EncodeError as error:
        assert error.code and error.reason
        return
    try:
        text_again = schema.to_json(name, data)
    except rsu.DecodeError:
        return  # hex for a known row of an open type, or for contents, goes in unread, as octets do in `encode`
    assert schema.from_json(name, text_again) == data
