"""CONTRACTS.md "Decoded values", line by line."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from codec_rules import ours

import rsu
from rsu.schema import Finding

# An asn1tools user sees the same Python types.
FORMS = [
    ("sequences", "Plain", "b0", {"a": 5, "b": True}),
    ("enumerated", "TagOrder", "b0", ("last", 3)),
    ("enumerated", "Colour", "80", "blue"),
    ("strings", "Bits20", "abcde0", (b"\xab\xcd\xe0", 20)),
    ("strings", "Octets2", "1234", b"\x12\x34"),
    ("integers", "Byte", "ff", 255),
    ("strings", "Oid", "03550403", "2.5.4.3"),
    ("strings", "Time", "0f64c193662c593362d19b062d6d00", datetime(2026, 11, 23, 14, 30, 15)),
    ("strings", "Nothing", "00", None),
    ("strings", "Ia5Fixed", "c38b18", "abc"),
    ("sequences", "ListRange", "38", [7]),
]

# Extended knows three additions: extension bit, a (3), a count as 0 and six bits of n-1, the bitmap, an open type for each.
# A bitmap of another length than the schema's, or one without a bit set, is kept as {last index: None}.
ADDITIONS = [
    # 1 011 0000011 0001 00000010 10101011 11001101
    ("a fourth one alone", "Extended", "b06205579a", {"a": 3, "...": {3: b"\xab\xcd"}}),
    # 1 011 0000011 0101 00000001 10000000 00000001 01010101
    ("a fourth one beside a known one", "Extended", "b06a030002aa", {"a": 3, "c": True, "...": {3: b"\x55"}}),
    # 1 011 0000000 1 00000001 11001000: an older sender, which knew one
    ("a shorter bitmap", "Extended", "b0101c80", {"a": 3, "b": 200, "...": {0: None}}),
    # 1 011 0000101 010000 00000001 10000000
    ("a longer bitmap, none unknown set", "Extended", "b0a800c000", {"a": 3, "c": True, "...": {5: None}}),
    # 1 011 0000010 000
    ("a bitmap of zeros", "Extended", "b040", {"a": 3, "...": {2: None}}),
    # 1 011 0000000 0
    ("one zero", "Extended", "b000", {"a": 3, "...": {0: None}}),
    # 1 011 0111111 0… 1 00000001 11111111
    ("the 64th", "Extended", "b7e000000000000000203fe0", {"a": 3, "...": {63: b"\xff"}}),
    # 1 011 1 01000001 0… 1 00000001 11111111: above 64 a whole length
    ("the 65th", "Extended", "ba08000000000000000407fc", {"a": 3, "...": {64: b"\xff"}}),
]

ALTERNATIVES = [
    ("enumerated", "Open", "820102", ("...2", b"\x02")),
    ("enumerated", "Open", "bf0102", ("...63", b"\x02")),
    ("enumerated", "Open", "c050004080", ("...64", b"\x02")),  # 1 1 00000001 01000000 00000001 00000010
    ("enumerated", "Growing", "82", "...2"),
    ("enumerated", "OnlyMarker", "80", "...0"),
    ("enumerated", "Growing", "c05000", "...64"),
]

SPEED = {"id": 1, "value": ("Speed", 8191)}


@pytest.mark.parametrize(("file", "name", "octets", "value"), FORMS)
def test_values_have_the_types_of_asn1tools(file: str, name: str, octets: str, value: Any) -> None:
    decoded = ours(file).decode(name, bytes.fromhex(octets))
    assert decoded == value
    assert type(decoded) is type(value)


def test_a_dict_is_in_the_order_of_the_standard() -> None:
    schema = ours("sequences")
    assert list(schema.decode("Optional", bytes.fromhex("f8"))) == ["a", "b", "c"]
    shuffled = {"c": None, "b": False, "a": 7}
    assert schema.encode("Optional", shuffled).hex() == "f8"


@pytest.mark.parametrize(("name", "octets", "value"), [row[1:] for row in ADDITIONS], ids=[row[0] for row in ADDITIONS])
def test_unknown_additions_are_kept_for_a_relay(name: str, octets: str, value: Any) -> None:
    data = bytes.fromhex(octets)
    assert ours("sequences").decode(name, data) == value
    assert ours("sequences").encode(name, value) == data


@pytest.mark.parametrize(("file", "name", "octets", "value"), ALTERNATIVES)
def test_unknown_alternatives_and_items_are_kept(file: str, name: str, octets: str, value: Any) -> None:
    data = bytes.fromhex(octets)
    assert ours(file).decode(name, data) == value
    assert ours(file).encode(name, value) == data


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Extended", {"a": 3, "...": {-1: b"x"}}),
        ("Extended", {"a": 3, "...": {1: b"x"}}),  # one that the schema knows
        ("Extended", {"a": 3, "...": {3: "x"}}),
        ("Extended", {"a": 3, "...": {70_000: b"x"}}),
        ("Extended", {"a": 3, "...": [b"x"]}),
        ("Extended", {"a": 3, "...": {"3": b"x"}}),
        ("Plain", {"a": 5, "b": True, "...": {0: b"x"}}),  # a type without a marker
    ],
)
def test_unknown_additions_that_cannot_be_are_refused(name: str, value: Any) -> None:
    with pytest.raises(rsu.EncodeError):
        ours("sequences").encode(name, value)


@pytest.mark.parametrize("value", [("...x", b"a"), ("...0", b"a"), ("...2", "a"), ("...-1", b"a"), ("...", b"a"), ("...2",)])
def test_unknown_alternatives_that_cannot_be_are_refused(value: Any) -> None:
    with pytest.raises(rsu.EncodeError):
        ours("enumerated").encode("Open", value)


def test_an_absent_default_is_filled_in_and_left_out_again() -> None:
    schema = ours("beyond")
    assert schema.decode("DefaultReference", b"\x00") == {"free": 300}
    assert schema.encode("DefaultReference", {"free": 300}) == schema.encode("DefaultReference", {}) == b"\x00"


def test_a_default_written_out_decodes_and_is_reported() -> None:
    # 1 00000010 00000001 00101100: the component is there, and 300.
    findings: list[Finding] = []
    assert ours("beyond").decode("DefaultReference", bytes.fromhex("81009600"), findings=findings) == {"free": 300}
    assert [(finding.code, finding.path) for finding in findings] == [("non-canonical", "free")]


@pytest.mark.parametrize(("octets", "path"), [("94", "a"), ("50", "b"), ("30", "c")])
def test_a_default_of_any_type_written_out_is_reported(octets: str, path: str) -> None:
    # Three presence bits, then a 5, b TRUE or c y: 100 101, 010 1, 001 1.
    findings: list[Finding] = []
    schema = ours("defaults")
    assert schema.decode("Default", bytes.fromhex(octets), findings=findings) == schema.decode("Default", b"\0")
    assert [(finding.code, finding.path) for finding in findings] == [("non-canonical", path)]


def test_a_known_row_is_a_type_name_and_a_value_and_an_unknown_row_is_octets() -> None:
    schema = ours("opentypes")
    assert schema.decode("Item", bytes.fromhex("0102fff8")) == SPEED
    assert schema.decode("Item", bytes.fromhex("09020102")) == {"id": 9, "value": b"\x01\x02"}


def test_the_encoder_takes_octets_for_a_known_row() -> None:
    assert ours("opentypes").encode("Item", {"id": 1, "value": b"\xff\xf8"}).hex() == "0102fff8"


@pytest.mark.parametrize("value", [("Point", {"x": 1, "y": 2}), ("Nowhere", 1), ("Speed", 8192), "text", None, ("Speed",)])
def test_a_row_that_its_id_does_not_name_is_refused(value: Any) -> None:
    with pytest.raises(rsu.EncodeError):
        ours("opentypes").encode("Item", {"id": 1, "value": value})


def test_plain_octets_of_open_types_on_request() -> None:
    plain = ours("opentypes").decode("Item", bytes.fromhex("0102fff8"), open_types=False)
    assert plain == {"id": 1, "value": b"\xff\xf8"}


def test_an_open_type_of_no_bits_is_one_zero_octet() -> None:
    schema = ours("opentypes")
    assert schema.encode("Item", {"id": 3, "value": ("Nothing", None)}).hex() == "030100"
    assert schema.decode("Item", bytes.fromhex("030100"), open_types=False) == {"id": 3, "value": b"\x00"}


# (type, octets, strict code, what relaxed mode gives, what it reports)
RELAXED = [
    ("Item", "0102fff8ff", "trailing", SPEED, ("trailing", "", 32)),
    ("Item", "0102fffc", "padding", SPEED, ("padding", "value.Speed", 29)),
    ("Item", "810102fff8", "trailing", {"id": 129, "value": b"\x02"}, ("trailing", "", 24)),
    ("Item", "018002fff8", "non-minimal", SPEED, ("non-minimal", "value", 8)),
    ("Item", "0101ff", "truncated", {"id": 1, "value": b"\xff"}, ("truncated", "value.Speed", 16)),
]


@pytest.mark.parametrize(("name", "octets", "code", "value", "finding"), RELAXED)
def test_relaxed_mode_accepts_and_reports(name: str, octets: str, code: str, value: Any, finding: tuple[str, str, int]) -> None:
    data = bytes.fromhex(octets)
    with pytest.raises(rsu.DecodeError) as caught:
        ours("opentypes").decode(name, data)
    assert caught.value.code == code
    findings: list[Finding] = []
    assert ours("opentypes").decode(name, data, strict=False, findings=findings) == value
    assert [(found.code, found.path, found.offset) for found in findings] == [finding]
    assert all(isinstance(found, Finding) and found.reason for found in findings)


def test_relaxed_mode_still_refuses_what_has_no_value() -> None:
    for octets in ("", "01", "0105ff", "010201"):
        with pytest.raises(rsu.DecodeError):
            ours("opentypes").decode("Frame", bytes.fromhex(octets), strict=False)


def test_check_constraints_adds_the_ranges_that_uper_does_not_see() -> None:
    # (1..2 | 5..9) has a hole that the bits have not: 3 is 0010 above 1.
    schema = ours("integers")
    assert schema.decode("Union", b"\x20") == 3
    with pytest.raises(rsu.DecodeError) as caught:
        schema.decode("Union", b"\x20", check_constraints=True)
    assert caught.value.code == "range"
    assert schema.encode("Union", 3) == b"\x20"
    with pytest.raises(rsu.EncodeError):
        schema.encode("Union", 3, check_constraints=True)
    with pytest.raises(rsu.EncodeError):
        ours("strings").encode("Utf8Sized", "four", check_constraints=True)


def test_an_error_names_the_path_with_alternatives_and_the_bit() -> None:
    # sum → second → negated → number 9 is cut: 10, 00 0001, 01 00 10|01
    with pytest.raises(rsu.DecodeError) as caught:
        ours("sequences").decode("Expression", bytes.fromhex("81"))
    error = caught.value
    assert (error.path, error.offset, error.code) == ("sum[1]", 8, "truncated")
    assert "sum[1]" in str(error) and "bit 8" in str(error)
    with pytest.raises(rsu.DecodeError) as inside:
        ours("opentypes").decode("Item", bytes.fromhex("0203ffff40"))
    assert inside.value.path.startswith("value.Point.")


def test_the_marking_of_a_lane_is_mandatory_in_the_edition_that_says_so(schema_of: Any) -> None:
    patched = schema_of("csae-157?LaneEx.laneLineType=mandatory")
    plain = schema_of("csae-157")
    member = {item.name: item for item in patched.type_info("LaneEx").members}["laneLineType"]
    assert not member.optional
    assert {item.name: item for item in plain.type_info("LaneEx").members}["laneLineType"].optional
    assert patched.digest != plain.digest


@pytest.mark.parametrize(
    "name", ["csae-157?LaneEx.nothing=mandatory", "csae-157?Nothing.x=mandatory", "csae-157?LaneEx", "csae-157?LaneEx.laneID=x"]
)
def test_a_patch_that_fits_nothing_is_refused(name: str) -> None:
    with pytest.raises(rsu.SchemaError):
        rsu.load_schema(name)
