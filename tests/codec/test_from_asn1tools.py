"""What docs/from-asn1tools.md says of both codecs, line by line of its tables: asn1tools does that, and so do we.

More departures of asn1tools from X.691, with the clauses, are in `test_against_asn1tools.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import asn1tools
import pytest

import rsu

Pair = Callable[[str], tuple[Any, rsu.Schema]]
TWO_MODULES = (
    "A DEFINITIONS AUTOMATIC TAGS ::= BEGIN T ::= BOOLEAN END B DEFINITIONS AUTOMATIC TAGS ::= BEGIN T ::= INTEGER (0..7) END"
)
CLASS = "K ::= CLASS {&id Id UNIQUE, &C} WITH SYNTAX {&C BY &id} Id ::= INTEGER (0..255) S K ::= {{B BY 1}, ...} B ::= BOOLEAN "
OPEN_TYPE = CLASS + "T ::= SEQUENCE {id K.&id ({S}), c K.&C ({S}{@id})}"
NESTED = "T ::= SEQUENCE {a SEQUENCE OF C} C ::= CHOICE {x SEQUENCE {n INTEGER (0..100)}, y NULL}"

# notation, octets, what asn1tools decodes, what we decode; an error's code begins with "!"
DECODED: dict[str, tuple[str, str, Any, Any]] = {
    "open type": (OPEN_TYPE, "010180", {"id": 1, "c": b"\x80"}, {"id": 1, "c": ("B", True)}),
    "containing": ("T ::= OCTET STRING (CONTAINING B) B ::= INTEGER (0..255)", "0107", b"\x07", ("B", 7)),
    "unknown addition": ("T ::= SEQUENCE {a BOOLEAN, ...}", "c04055c0", {"a": True}, {"a": True, "...": {0: b"\x57"}}),
    "unknown alternative": ("T ::= CHOICE {x NULL, ...}", "8101ff", (None, None), ("...1", b"\xff")),
    "unknown item": ("T ::= ENUMERATED {x, y, ...}", "81", None, "...1"),
    "default behind the marker": (
        "T ::= SEQUENCE {a BOOLEAN, ..., b INTEGER (0..7) DEFAULT 3}", "40", {"a": True}, {"a": True, "b": 3},
    ),
    "default in the root": ("T ::= SEQUENCE {a BOOLEAN DEFAULT TRUE}", "00", {"a": True}, {"a": True}),
    "named number": ("T ::= INTEGER {one(1)} (0..7)", "20", 1, 1),
    "trailing": ("T ::= BOOLEAN", "8000", True, "!trailing"),
    "padding": ("T ::= BOOLEAN", "81", True, "!padding"),
    "number": ("T ::= INTEGER", "020001", 1, "!non-minimal"),
    "length": ("T ::= OCTET STRING", "800107", b"\x07", "!non-minimal"),
    "code above the range": ("T ::= INTEGER (1..10)", "f0", 16, "!range"),
    "count above the size": ("T ::= SEQUENCE (SIZE (1..10)) OF BOOLEAN", "f00000", [False] * 16, "!size"),
    "arc": ("T ::= OBJECT IDENTIFIER", "03883703", "26.39.3", "2.999.3"),
    "ANY": ("T ::= SEQUENCE {a INTEGER, b ANY DEFINED BY a}", "01010107", NotImplementedError, {"a": 1, "b": b"\x07"}),
    "long BIT STRING": ("T ::= BIT STRING (SIZE (4, ...))", "83fc", NotImplementedError, (b"\xf8", 7)),
    "long IA5String": ("T ::= IA5String (SIZE (1..2, ...))", "81e1c384", NotImplementedError, "aaa"),
}  # fmt: skip
# notation, value, octets of asn1tools, our octets
ENCODED: dict[str, tuple[str, Any, Any, str]] = {
    "open type as octets": (OPEN_TYPE, {"id": 1, "c": b"\x80"}, "010180", "010180"),
    "containing as octets": ("T ::= OCTET STRING (CONTAINING B) B ::= INTEGER (0..255)", b"\x07", "0107", "0107"),
    "no bits": ("T ::= NULL", None, "", "00"),
    "NULL behind the marker": ("T ::= SEQUENCE {a BOOLEAN, ..., b NULL}", {"a": True, "b": None}, "c04000", "c0404000"),
    "default behind the marker": (
        "T ::= SEQUENCE {a BOOLEAN, ..., b INTEGER (0..7) DEFAULT 3}", {"a": True, "b": 3}, "c0405800", "40",
    ),
    "tuple": ("T ::= SEQUENCE OF BOOLEAN", (True, False), asn1tools.EncodeError, "0280"),
    "surplus name": ("T ::= SEQUENCE {a INTEGER (0..255)}", {"a": 1, "b": 2}, "01", "!type"),
    "above the range": ("T ::= INTEGER (0..255)", 256, "00", "!range"),
    "above the size": ("T ::= IA5String (SIZE (2))", "abc", "c38b18", "!size"),
    "size that UPER does not see": ("T ::= UTF8String (SIZE (2))", "abc", "03616263", "03616263"),
    "wrong kind": ("T ::= INTEGER (0..255)", "1", TypeError, "!type"),
    "wrong item": ("T ::= ENUMERATED {x, y}", "q", KeyError, "!index"),
    "wrong character": ("T ::= IA5String", "é", UnicodeEncodeError, "!alphabet"),
    "union": ("T ::= INTEGER (1 | 3 | 9)", 3, "", "20"),
    "one range after another": ("T ::= INTEGER (0..9) (2..4)", 3, "30", "40"),
    "range in a class": (OPEN_TYPE.replace("&id Id", "&id INTEGER (0..255)"), {"id": 1, "c": b"\x80"}, "01010180", "010180"),
}  # fmt: skip


@pytest.fixture
def pair(tmp_path: Path) -> Pair:
    """Type definitions → (asn1tools' specification, our schema)."""

    def load(body: str, tags: str = "AUTOMATIC") -> tuple[Any, rsu.Schema]:
        text = body if "DEFINITIONS" in body else f"M DEFINITIONS {tags} TAGS ::= BEGIN {body} END"
        file = tmp_path / "m.asn"
        file.write_text(text, encoding="utf-8")
        return asn1tools.compile_files([str(file)], "uper"), rsu.load_schema([file])

    return load


def agrees(call: Callable[[], Any], wanted: Any) -> None:
    """`call` gives `wanted`, or raises the error that it names."""
    if isinstance(wanted, type):
        with pytest.raises(wanted):
            call()
    elif isinstance(wanted, str) and wanted.startswith("!"):
        with pytest.raises(rsu.CodecError) as caught:
            call()
        assert caught.value.code == wanted[1:]
    else:
        assert call() == wanted


@pytest.mark.parametrize(("body", "data", "theirs", "ours"), DECODED.values(), ids=DECODED.keys())
def test_decoding(body: str, data: str, theirs: Any, ours: Any, pair: Pair) -> None:
    specification, schema = pair(body)
    agrees(lambda: specification.decode("T", bytes.fromhex(data)), theirs)
    agrees(lambda: schema.decode("T", bytes.fromhex(data)), ours)


@pytest.mark.parametrize(("body", "value", "theirs", "ours"), ENCODED.values(), ids=ENCODED.keys())
def test_encoding(body: str, value: Any, theirs: Any, ours: str, pair: Pair) -> None:
    specification, schema = pair(body)
    agrees(lambda: specification.encode("T", value).hex(), theirs)
    agrees(lambda: schema.encode("T", value).hex(), ours)


@pytest.mark.parametrize("case", ["unknown addition", "unknown alternative", "unknown item"])
def test_what_is_not_known_is_written_back(case: str, pair: Pair) -> None:
    body, data, _, value = DECODED[case]
    assert pair(body)[1].encode("T", value).hex() == data


def test_open_types_can_be_had_as_octets(pair: Pair) -> None:
    assert pair(OPEN_TYPE)[1].decode("T", bytes.fromhex("010180"), open_types=False) == {"id": 1, "c": b"\x80"}


@pytest.mark.parametrize("case", ["trailing", "padding", "number", "length"])
def test_relaxed_decoding_takes_what_asn1tools_takes_and_tells(case: str, pair: Pair) -> None:
    body, data, value, code = DECODED[case]
    findings: list[Any] = []
    assert pair(body)[1].decode("T", bytes.fromhex(data), strict=False, findings=findings) == value
    assert [f"!{finding.code}" for finding in findings] == [code]


def test_types_are_checked_also_when_not_asked_for(pair: Pair) -> None:
    specification, schema = pair("T ::= INTEGER (0..255)")
    agrees(lambda: specification.encode("T", "1", False), TypeError)
    agrees(lambda: schema.encode("T", "1", False), "!type")


def test_constraints_that_uper_does_not_see_are_checked_on_request(pair: Pair) -> None:
    specification, schema = pair("T ::= UTF8String (SIZE (2))")
    agrees(lambda: specification.encode("T", "abc", True, True), asn1tools.ConstraintsError)
    agrees(lambda: schema.encode("T", "abc", True, True), "!size")


def test_errors_name_the_place(pair: Pair) -> None:
    specification, schema = pair(NESTED)
    value = {"a": [("y", None), ("x", {})]}
    with pytest.raises(asn1tools.EncodeError) as theirs:
        specification.encode("T", value)
    assert (theirs.value.location_str, theirs.value.message) == ("T.a.x", "Sequence member 'n' not found in {}.")
    with pytest.raises(rsu.EncodeError) as ours:
        schema.encode("T", value)
    assert (ours.value.type_name, ours.value.path, ours.value.offset) == ("T", "a[1].x.n", 10)


def test_types_and_modules_are_reached_in_the_same_way(pair: Pair) -> None:
    for codec in pair("T ::= INTEGER (0..7)"):
        assert codec.types["T"].decode(b"\x60") == codec.modules["M"]["T"].decode(b"\x60") == 3
        assert codec.types["T"].encode(3) == codec.modules["M"]["T"].encode(3) == b"\x60"


def test_a_name_that_two_modules_define(pair: Pair) -> None:
    specification, schema = pair(TWO_MODULES)
    assert "T" not in specification.types
    with pytest.raises(rsu.SchemaError, match=r"A\.T or B\.T"):
        schema.encode("T", 3)
    assert schema.encode("B.T", 3) == specification.modules["B"]["T"].encode(3) == b"\x60"


def test_a_name_that_is_not_there(pair: Pair) -> None:
    specification, schema = pair("T ::= NULL")
    agrees(lambda: specification.encode("U", None), asn1tools.EncodeError)
    agrees(lambda: specification.decode("U", b""), asn1tools.DecodeError)
    agrees(lambda: schema.encode("U", None), rsu.SchemaError)
    agrees(lambda: schema.decode("U", b""), rsu.SchemaError)


@pytest.mark.parametrize(
    ("body", "theirs"),
    [("T ::= Absent", asn1tools.CompileError), ("T ::= SEQUENCE {", asn1tools.ParseError)],
)
def test_modules_that_cannot_be_used(body: str, theirs: type[Exception], tmp_path: Path) -> None:
    file = tmp_path / "m.asn"
    file.write_text(f"M DEFINITIONS ::= BEGIN {body} END")
    agrees(lambda: asn1tools.compile_files([str(file)], "uper"), theirs)
    agrees(lambda: rsu.load_schema([file]), rsu.SchemaError)


def test_files_that_are_not_there(tmp_path: Path) -> None:
    agrees(lambda: asn1tools.compile_files([str(tmp_path / "m.asn")], "uper"), FileNotFoundError)
    agrees(lambda: rsu.load_schema([tmp_path / "m.asn"]), rsu.SchemaError)


def test_asn1tools_has_no_decode_with_length_for_uper_either(pair: Pair) -> None:
    specification, _ = pair("T ::= INTEGER (0..255)")
    agrees(lambda: specification.decode_with_length("T", b"\x07\x08"), NotImplementedError)
    agrees(lambda: specification.decode_length(b"\x07\x08"), asn1tools.DecodeError)


@pytest.mark.parametrize("encoding", ["ber", "der", "per", "oer", "jer", "gser", "xer"])
def test_encodings_that_asn1tools_has(encoding: str) -> None:
    assert asn1tools.compile_string("M DEFINITIONS ::= BEGIN T ::= BOOLEAN END", encoding).encode("T", True)
