"""Loading: by name, by files, from the cache; what a schema answers; what it says when ASN.1 cannot be used."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from codec_rules import ours
from codec_schemas import BUILT_IN, FOLDERS, SMALL

import rsu

SchemaOf = Callable[[str], rsu.Schema]

# 22 names of J2735 stand in two modules (facts/README.md): the module goes in front.
AMBIGUOUS = ["Angle", "Elevation", "ITIScodes", "PartII-Id"]


def module(body: str, name: str = "M") -> str:
    return f"{name} DEFINITIONS AUTOMATIC TAGS ::= BEGIN\n{body}\nEND\n"


@pytest.fixture
def load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., rsu.Schema]:
    """``load(text, …)``: a schema of the modules given, each in a file of its own, with a cache of its own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))

    def from_texts(*texts: str) -> rsu.Schema:
        files = [tmp_path / f"m{number}.asn" for number, _ in enumerate(texts)]
        for file, text in zip(files, texts, strict=True):
            file.write_text(text, encoding="utf-8")
        return rsu.load_schema(files)

    return from_texts


@pytest.mark.parametrize("standard", FOLDERS)
def test_a_built_in_schema_loads_by_name(standard: str) -> None:
    schema = rsu.load_schema(standard)
    assert schema.name == standard
    assert len(schema.digest) >= 16 and int(schema.digest, 16)
    assert "MessageFrame" in schema.types


def test_a_schema_loads_from_a_file_a_path_a_list_and_a_folder(tmp_path: Path) -> None:
    shutil.copy(SMALL / "integers.asn", tmp_path)
    file = tmp_path / "integers.asn"
    for source in (file, str(file), [file], [str(file)], tmp_path):
        assert rsu.load_schema(source).decode("Byte", b"\xff") == 255


def test_the_files_of_a_built_in_schema_give_the_same_schema() -> None:
    by_files = rsu.load_schema(BUILT_IN / "csae-53")
    by_name = rsu.load_schema("csae-53")
    assert by_files.decode("Speed", b"\xff\xf8") == by_name.decode("Speed", b"\xff\xf8") == 8191


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("csae-54", ["csae-54", "csae-53", "sae-j2735"]),
        ("/nowhere/at-all.asn", ["/nowhere/at-all.asn"]),
        (["/nowhere/at-all.asn"], ["/nowhere/at-all.asn"]),
        ([], ["no .asn"]),
    ],
)
def test_a_source_that_is_not_there_is_named(source: str | list[str], words: list[str]) -> None:
    with pytest.raises(rsu.SchemaError) as caught:
        rsu.load_schema(source)
    assert all(word in str(caught.value) for word in words)


def test_an_unknown_type_is_named_with_what_comes_near(schema_of: SchemaOf) -> None:
    schema = schema_of("sae-j2735")
    for call in (lambda: schema.decode("SafetyMessage", b""), lambda: schema.encode("SafetyMessage", {})):
        with pytest.raises(rsu.SchemaError) as caught:
            call()
        assert "SafetyMessage" in str(caught.value) and "BasicSafetyMessage" in str(caught.value)


@pytest.mark.parametrize("name", ["", "Nothing.At.All", "Common.Nothing", None, 5])
def test_a_name_that_is_no_type_raises_a_schema_error(name: str, schema_of: SchemaOf) -> None:
    with pytest.raises(rsu.SchemaError):
        schema_of("sae-j2735").decode(name, b"\0")


@pytest.mark.parametrize("name", AMBIGUOUS)
def test_a_name_in_two_modules_needs_its_module(name: str, schema_of: SchemaOf) -> None:
    schema = schema_of("sae-j2735")
    homes = [key for key in schema.types if key.endswith(f".{name}")]
    assert len(homes) > 1
    with pytest.raises(rsu.SchemaError) as caught:
        schema.decode(name, b"\0\0\0\0")
    assert all(home in str(caught.value) for home in homes)


def test_both_types_of_one_name_have_their_own_bits(schema_of: SchemaOf) -> None:
    # Common.Angle is 0..28800, fifteen bits; AddGrpB.Angle is 0..239, eight bits.
    schema = schema_of("sae-j2735")
    assert schema.encode("Common.Angle", 1).hex() == "0002"
    assert schema.encode("AddGrpB.Angle", 1).hex() == "01"


def test_types_answer_for_themselves(schema_of: SchemaOf) -> None:
    codec = schema_of("csae-53").types["Speed"]
    assert codec.name == "Speed"
    assert codec.encode(8191).hex() == "fff8"
    assert codec.decode(b"\xff\xf8") == 8191


def test_type_info_says_what_a_type_is(schema_of: SchemaOf) -> None:
    schema = schema_of("csae-53")
    speed = schema.type_info("Speed")
    assert (speed.name, speed.kind, speed.text, speed.bits_min, speed.bits_max) == ("Speed", "INTEGER", "(0..8191)", 13, 13)
    frame = schema.type_info("BasicSafetyMessage")
    assert (frame.kind, frame.extensible) == ("SEQUENCE", True)
    assert [member.name for member in frame.members][:3] == ["msgCnt", "id", "secMark"]
    assert {member.name: member.optional for member in frame.members}["safetyExt"]
    assert "red" in ours("enumerated").type_info("Colour").values
    assert schema.type_info("TransmissionState").values[0] == "neutral"


def test_types_that_hold_themselves_can_be_described() -> None:
    info = ours("sequences").type_info("Tree")
    children = {member.name: member.type for member in info.members}["children"]
    assert children.element is not None and children.element.name == "Tree"
    assert info.bits_max is None


def test_object_sets_and_actual_parameters_are_resolved(schema_of: SchemaOf) -> None:
    info = ours("opentypes").type_info("Item")
    value = {member.name: member.type for member in info.members}["value"]
    assert [(number, row.name) for number, row in value.rows] == [(1, "Speed"), (2, "Point"), (3, "Nothing")]
    frame = schema_of("sae-j2735").type_info("MessageFrame")
    rows = dict({member.name: member.type for member in frame.members}["value"].rows)
    assert (rows[18].name, rows[20].name, rows[31].name) == ("MapData", "BasicSafetyMessage", "TravelerInformation")


def test_a_module_and_type_reference_is_accepted(load: Callable[..., rsu.Schema]) -> None:
    # asn1tools' parser refuses `Module.Type`; both modules have a T.
    schema = load(
        module("IMPORTS T FROM B;\nPair ::= SEQUENCE { mine A.Own, theirs B.T }\nOwn ::= INTEGER (0..3)", "A"),
        module("T ::= INTEGER (0..255)", "B"),
    )
    assert schema.encode("Pair", {"mine": 3, "theirs": 255}).hex() == "ffc0"


def test_a_later_module_of_the_same_name_lies_over_the_earlier(schema_of: SchemaOf) -> None:
    # csae-157 has its own MsgFrame over that of csae-53: nine alternatives and more behind the marker.
    assert "msgFrameExt" not in [member.name for member in schema_of("csae-53").type_info("MessageFrame").members]
    assert "msgFrameExt" in [member.name for member in schema_of("csae-157").type_info("MessageFrame").members]


def test_a_changed_file_is_read_again(load: Callable[..., rsu.Schema]) -> None:
    first = load(module("T ::= INTEGER (0..255)"))
    assert load(module("T ::= INTEGER (0..255)")).digest == first.digest
    second = load(module("T ::= INTEGER (0..15)"))
    assert second.digest != first.digest
    assert (first.encode("T", 5).hex(), second.encode("T", 5).hex()) == ("05", "50")
    assert load(module("T ::= INTEGER (0..255)")).encode("T", 5).hex() == "05"


def test_the_cache_lies_in_the_users_cache_folder_and_may_be_damaged(load: Callable[..., rsu.Schema], tmp_path: Path) -> None:
    load(module("T ::= INTEGER (0..255)"))
    kept = [path for path in (tmp_path / "cache").rglob("*") if path.is_file()]
    assert kept
    for path in kept:
        path.write_bytes(path.read_bytes()[:40])
    assert load(module("T ::= INTEGER (0..255)")).decode("T", b"\x07") == 7
    for path in kept:
        path.write_bytes(b"\xff" * 100)
    assert load(module("T ::= INTEGER (0..255)")).decode("T", b"\x07") == 7


def test_a_cache_folder_that_cannot_be_written_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blocked = tmp_path / "cache"
    blocked.write_text("a file where the folder should be")
    monkeypatch.setenv("XDG_CACHE_HOME", str(blocked))
    assert rsu.load_schema(SMALL / "integers.asn").decode("Byte", b"\x07") == 7


# (text, words that the message must hold besides the file's name)
BAD = [
    (module("T ::= INTEGER (0..\nU ::= NULL"), ["line"]),
    (module("T ::= SEQUENCE { a INTEGER (0..7) b BOOLEAN }"), ["line 2"]),
    (module("T ::= SEQUENCE { a Nowhere }"), ["Nowhere"]),
    (module("IMPORTS X FROM Elsewhere;\nT ::= X"), ["Elsewhere"]),
    (module("T ::= T"), ["T"]),
    (module("T ::= INTEGER (0..limit)"), ["limit"]),
    (module("T ::= INTEGER (10..1)"), ["10..1"]),
    (module("T ::= ENUMERATED { a(1), b(1) }"), ["T"]),
    (module("T ::= SEQUENCE { a NULL, a NULL }"), ["a"]),
    ("", []),
    ("no ASN.1 at all", [":1"]),
]


@pytest.mark.parametrize(("text", "words"), BAD, ids=[text.splitlines()[1] if "\n" in text else text for text, _ in BAD])
def test_asn1_that_cannot_be_used_is_named_with_its_place(text: str, words: list[str], load: Callable[..., rsu.Schema]) -> None:
    with pytest.raises(rsu.SchemaError) as caught:
        load(text)
    assert "m0.asn" in str(caught.value)
    assert all(word in str(caught.value) for word in words), str(caught.value)


def test_a_file_that_is_no_text_is_named(tmp_path: Path) -> None:
    file = tmp_path / "latin.asn"
    file.write_bytes(b"M DEFINITIONS ::= BEGIN -- caf\xe9\nEND")
    with pytest.raises(rsu.SchemaError, match=r"latin\.asn.*UTF-8"):
        rsu.load_schema([file])


def test_the_program_of_a_type_can_be_printed(schema_of: SchemaOf) -> None:
    text = schema_of("csae-53").program("Position3D")
    assert all(word in text for word in ("lat", "long", "elevation"))


def test_a_trace_covers_every_bit_once() -> None:
    data = bytes.fromhex("0102fff8")
    spans, error = ours("opentypes").trace("Item", data)
    assert error is None
    covered = sorted((span.offset, span.bits) for span in spans if span.bits)
    place = 0
    for offset, width in covered:
        assert offset == place
        place += width
    assert place == 8 * len(data)
    assert {span.role for span in spans} >= {"value", "length", "padding"}


def test_a_trace_goes_up_to_the_error() -> None:
    spans, error = ours("opentypes").trace("Item", bytes.fromhex("0203ff"))
    assert error is not None and error.code == "truncated"
    assert next(span.path for span in spans if span.role == "value") == "id"


@pytest.mark.parametrize("size", ["0..4294967295", "1..9223372036854775807", "1..99999999999999999999"])
@pytest.mark.parametrize("kind", ["OCTET STRING", "BIT STRING", "IA5String", "UTF8String"])
def test_a_size_beyond_any_message_is_no_upper_bound(kind: str, size: str, tmp_path: Path) -> None:
    file = tmp_path / "Wide.asn"
    file.write_text(f"Wide DEFINITIONS AUTOMATIC TAGS ::= BEGIN T ::= {kind} (SIZE({size})) END")
    value = {"OCTET STRING": b"a", "BIT STRING": (b"\x80", 1)}.get(kind, "a")
    schema = rsu.load_schema([file])
    assert schema.decode("T", schema.encode("T", value)) == value


def test_a_least_size_beyond_any_message_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "Wide.asn"
    file.write_text("Wide DEFINITIONS AUTOMATIC TAGS ::= BEGIN T ::= OCTET STRING (SIZE(4294967296)) END")
    with pytest.raises(rsu.SchemaError, match=r"module Wide: T: a least SIZE of 4294967296"):
        rsu.load_schema([file])
