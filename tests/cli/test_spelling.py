"""The JSON spelling of values goes both ways without losing an octet."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import rsu
from rsu.cli.spelling import chinese_text, from_json, to_json
from rsu.errors import EncodeError

KINDS = """
Kinds DEFINITIONS AUTOMATIC TAGS ::= BEGIN
Kinds ::= SEQUENCE {
  number INTEGER, flag BOOLEAN, nothing NULL, real REAL, item ENUMERATED { one, two, ... }, oid OBJECT IDENTIFIER,
  octets OCTET STRING, fixed BIT STRING (SIZE(12)), bits BIT STRING, text UTF8String, time GeneralizedTime,
  list SEQUENCE OF INTEGER (0..7), choice CHOICE { a INTEGER, b NULL, ... }, inside OCTET STRING (CONTAINING Inner), ... }
Inner ::= SEQUENCE { x INTEGER (0..7) }
Longer ::= SEQUENCE { x INTEGER (0..7), ..., y INTEGER (0..7) }
Shorter ::= SEQUENCE { x INTEGER (0..7), ... }
Wide ::= CHOICE { a INTEGER, ..., c INTEGER }
Narrow ::= CHOICE { a INTEGER, ... }
END
"""
# By hand, from the table in rsu/cli/spelling.py and X.697.
WRITTEN: dict[str, Any] = {
    "number": 123456789012345678901234567890,
    "flag": True,
    "nothing": None,
    "real": 1.5,
    "item": "two",
    "oid": "1.2.840.113549",
    "octets": "00ff",
    "fixed": {"value": "abc0", "length": 12},
    "bits": {"value": "80", "length": 1},
    "text": "中文",
    "time": "2026-01-31T12:00:00",
    "list": [1, 7],
    "choice": {"b": None},
    "inside": {"Inner": {"x": 5}},
}


@pytest.fixture(scope="module")
def kinds(tmp_path_factory: pytest.TempPathFactory) -> rsu.Schema:
    file = tmp_path_factory.mktemp("schema") / "kinds.asn"
    file.write_text(KINDS)
    return rsu.load_schema([file])


def test_each_kind_of_value_as_the_table_says(kinds: rsu.Schema) -> None:
    value = from_json(WRITTEN, kinds.type_info("Kinds"))
    assert (value["octets"], value["fixed"], value["choice"]) == (b"\x00\xff", (b"\xab\xc0", 12), ("b", None))
    octets = kinds.encode("Kinds", value)
    assert to_json(kinds.decode("Kinds", octets)) == WRITTEN


@pytest.mark.parametrize("word", ["INF", "-INF"])
def test_reals_beyond_json(kinds: rsu.Schema, word: str) -> None:
    value = from_json(WRITTEN | {"real": word}, kinds.type_info("Kinds"))
    assert to_json(kinds.decode("Kinds", kinds.encode("Kinds", value)))["real"] == word


def test_a_bit_string_of_fixed_size_may_be_plain_hex(kinds: rsu.Schema) -> None:
    assert from_json(WRITTEN | {"fixed": "abc0"}, kinds.type_info("Kinds"))["fixed"] == (b"\xab\xc0", 12)


@pytest.mark.parametrize(
    ("sender", "receiver", "value"),
    [("Longer", "Shorter", {"x": 1, "y": 2}), ("Wide", "Narrow", ("c", 300))],
    ids=["extension addition", "alternative"],
)
def test_what_the_schema_does_not_know_survives(kinds: rsu.Schema, sender: str, receiver: str, value: Any) -> None:
    octets = kinds.encode(sender, value)
    written = json.loads(json.dumps(to_json(kinds.decode(receiver, octets))))
    assert kinds.encode(receiver, from_json(written, kinds.type_info(receiver))) == octets


@pytest.mark.parametrize(
    ("change", "path", "wanted"),
    [
        ({"octets": "0g"}, "octets", "hex digits"),
        ({"octets": 5}, "octets", "hex digits"),
        ({"bits": "80"}, "bits", "length"),
        ({"list": {"a": 1}}, "list", "an array"),
        ({"choice": {"a": 1, "b": None}}, "choice", "one alternative"),
        ({"choice": {"z": 1}}, "choice.z", "there are a, b"),
        ({"inside": {"Outer": {}}}, "inside.Outer", "there are Inner"),
        ({"numbre": 1}, "numbre", "no member of this name; there are number"),
        ({"time": "noon"}, "time", "a time like"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_what_does_not_fit_is_named(kinds: rsu.Schema, change: dict[str, Any], path: str, wanted: str) -> None:
    with pytest.raises(EncodeError, match=wanted) as caught:
        from_json(WRITTEN | change, kinds.type_info("Kinds"))
    assert caught.value.path == path


@pytest.mark.parametrize(
    ("octets", "text"),
    [
        (bytes.fromhex("c7b0b7bdcaa9b9a4"), "前方施工"),  # iconv -t GB2312 gives these octets
        (b"\xc7", None),
        (b"\xff\xff", None),
        (b"a\x00", None),
    ],
)
def test_chinese_text(octets: bytes, text: str | None) -> None:
    assert chinese_text(octets) == text


@pytest.mark.parametrize(
    ("octets", "written"),
    [
        (bytes.fromhex("c7b0b7bdcaa9b9a4"), "前方施工"),
        (b"ab12", "61623132"),  # text of hex digits only is written as hex, or it could not be told from octets
        (b"\xff\xfe", "fffe"),
    ],
)
def test_description_in_gb2312(octets: bytes, written: str) -> None:
    schema = rsu.load_schema("csae-53")
    value = ("textGB2312", octets)
    assert to_json(value) == {"textGB2312": written}
    assert from_json({"textGB2312": written}, schema.type_info("Description")) == value


def test_a_person_may_write_ascii_text_too() -> None:
    schema = rsu.load_schema("csae-53")
    assert from_json({"textGB2312": "slow!"}, schema.type_info("Description")) == ("textGB2312", b"slow!")


VECTORS = [("j2735.jsonl", "sae-j2735"), ("csae-53.jsonl", "csae-53"), ("csae-157.jsonl", "csae-157")]


@pytest.mark.parametrize(("name", "standard"), VECTORS, ids=[standard for _, standard in VECTORS])
def test_published_messages_come_back_octet_for_octet(shared: Path, name: str, standard: str) -> None:
    schema = rsu.load_schema(standard)
    tried = 0
    for line in (shared / "vectors" / name).read_text(encoding="utf-8").splitlines():
        vector = json.loads(line)
        type_name = vector["type"].split("/")[0]
        type_name = "MessageFrame" if vector.get("pdu") == "MessageFrame" else type_name
        if type_name not in schema.types:
            continue
        octets = bytes.fromhex(vector["hex"])
        try:
            value = schema.decode(type_name, octets)
        except rsu.DecodeError:
            continue
        written = json.loads(json.dumps(to_json(value)))
        assert schema.encode(type_name, from_json(written, schema.type_info(type_name))) == octets
        tried += 1
    assert tried >= {"sae-j2735": 520, "csae-53": 7, "csae-157": 6}[standard]
