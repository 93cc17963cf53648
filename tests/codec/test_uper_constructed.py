"""SEQUENCE, SET, lists, open types, parameters and recursion: rows of (type, value, bits) for X.691 clauses 11.2, 18–23."""

from __future__ import annotations

import pytest
from codec_rules import Rule, Rules, check_codec, check_oracles, ours, parametrized

import rsu

PAIR = {"left": True, "right": (b"\xc0", 2), "count": 2}

RULES: Rules = {
    "sequences": [
        Rule("Empty", {}, "00"),
        Rule("EmptyOpen", {}, "00"),
        Rule("Plain", {"a": 5, "b": True}, "b0"),
        # A bit for each OPTIONAL component, then the components (19.2–19.4).
        Rule("Optional", {"b": True}, "20"),
        Rule("Optional", {"a": 7, "b": False, "c": None}, "f8"),
        Rule("Optional", {"b": False, "c": None}, "40"),
        # Additions: extension bit, count as a normally small length, a bit for each, each as an open type (19.7–19.9).
        Rule("Extended", {"a": 3}, "30"),
        Rule("Extended", {"a": 3, "c": True}, "b0480600"),
        Rule("Extended", {"a": 3, "b": 200, "c": False}, "b05807200400"),
        # asn1tools sends no octet for the NULL; an open type has one (11.2.1).
        Rule("Extended", {"a": 3, "b": 1, "c": True, "d": None}, "b05c040406000400", "pycrate"),
        # The root goes on behind the second marker; pycrate takes `z` for an addition.
        Rule("ExtendedRoot2", {"a": 3, "z": 1}, "34", "asn1tools"),
        Rule("ExtendedRoot2", {"a": 3, "b": True, "z": 1}, "b4040600", "asn1tools"),
        # A group is one addition with a SEQUENCE inside.
        Rule("Grouped", {"a": True}, "40"),
        Rule("Grouped", {"a": True, "b": 9}, "c0c02900"),
        Rule("Grouped", {"a": True, "b": 9, "c": True}, "c0c03980"),
        Rule("Grouped", {"a": True, "b": 9, "c": False, "d": 200}, "c0e039003900"),
        Rule("Grouped", {"a": True, "d": 200}, "c0a03900", "pycrate"),
        Rule("GroupedOptional", {"a": False}, "00"),
        Rule("GroupedOptional", {"a": False, "b": 1}, "80406100"),
        Rule("GroupedOptional", {"a": False, "c": True}, "80405800"),
        Rule("GroupedDefault", {"a": False, "b": 3, "c": True}, "80405000"),
        Rule("GroupedDefault", {"a": False, "b": 4, "c": True}, "80406900"),
        Rule("AdditionDefault", {"a": True, "b": 9}, "c0406400"),
        # SET: components and their presence bits in the order of their tags (21); additions as written. pycrate leaves the
        # presence bits in textual order.
        Rule("SetPlain", {"a": True, "b": 5, "c": None}, "b0"),
        Rule("SetUniversal", {"text": "A", "flag": True, "number": 5}, "83a0", "hand"),
        Rule("SetOptional", {"a": 5, "b": True}, "f4"),
        Rule("SetOptional", {"a": 5}, "68", "asn1tools"),
        Rule("SetOptional", {"b": True}, "a0", "asn1tools"),
        Rule("SetExtended", {"b": True, "a": 5}, "58"),
        Rule("SetExtended", {"b": True, "a": 5, "y": None}, "d8180400", "pycrate"),
        Rule("SetExtended", {"b": True, "a": 5, "y": None, "x": 2}, "d81c04000600", "pycrate"),
        # Lists: a count as a string's length is one (20).
        Rule("ListFixed", [1, 2, 3], "2980"),
        Rule("ListRange", [7], "38"),
        Rule("ListRange", [1, 2, 3, 4], "ca70"),
        Rule("ListExt", [5], "28"),
        Rule("ListExt", [1, 2], "4a"),
        Rule("ListExt", [1, 2, 3], "8194c0"),
        Rule("ListExt", [], "8000"),
        Rule("ListFree", [], "00"),
        Rule("ListFree", [1, 2], "020102"),
        Rule("ListFree", [9] * 128, "8080" + "09" * 128),
        Rule("ListBits", [True, False, True], "03a0"),
        Rule("ListNull", [None] * 3, "03"),
        Rule("ListOfList", [[], [True], [False, True, True]], "c7b0"),
        # The order of a SET OF carries no meaning; a relay must not change it (22.1 leaves it to the sender in BASIC-PER).
        Rule("SetOf", [2, 1], "020201"),
        # COMPONENTS OF brings the root alone (X.680 25.4): presence of y, first, x, y, last = 1 1 10 0 1. pycrate brings z too.
        Rule("Common", {"x": 2}, "20"),
        Rule("Common", {"x": 2, "y": True, "z": None}, "e8080800", "pycrate"),
        Rule("Composed", {"first": True, "x": 2, "y": False, "last": True}, "e4", "asn1tools"),
        Rule("Composed", {"first": True, "x": 2, "last": False}, "60", "asn1tools"),
        # Parameters; asn1tools loses a parameter inside a constraint.
        Rule("PairOfBits", PAIR, "e4", "pycrate"),
        Rule("PairNested", {"left": PAIR, "right": None, "count": 3}, "e580", "pycrate"),
        Rule("SizedSeven", [True, False], "50"),
        # Recursion; pycrate fails on a value with children.
        Rule("Tree", {"value": 1}, "0080"),
        Rule("Tree", {"value": 1, "children": [{"value": 2}, {"value": 3, "children": []}]}, "80c02818", "asn1tools"),
        Rule("Chain", {}, "00"),
        Rule("Chain", {"next": {"next": {}}}, "c0"),
        Rule("Expression", ("number", 9), "24"),
        Rule("Expression", ("negated", ("negated", ("number", 1))), "5040"),
        Rule("Expression", ("sum", [("number", 1), ("negated", ("number", 2))]), "8142"),
    ],
    "opentypes": [
        # id in eight bits, octets of the row behind their number. asn1tools loses the range of `&id` and adds a length.
        Rule("Item", {"id": 1, "value": ("Speed", 8191)}, "0102fff8", "pycrate"),
        Rule("Item", {"id": 2, "value": ("Point", {"x": 1, "y": 2})}, "0203008100", "pycrate"),
        Rule("Item", {"id": 2, "value": ("Point", {"x": 1, "y": 2, "label": "A"})}, "020480810820", "pycrate"),
        Rule("Item", {"id": 3, "value": ("Nothing", None)}, "030100", "pycrate"),
        Rule("Item", {"id": 9, "value": b"\x01\x02"}, "09020102", "pycrate"),
        Rule("Frame", {"id": 1, "value": ("Speed", 1)}, "0081000400", "pycrate"),
        Rule("Items", [{"id": 1, "value": ("Speed", 0)}, {"id": 3, "value": ("Nothing", None)}], "4020400000602000", "pycrate"),
        # The same id means another row in another set: the actual parameter decides.
        Rule("Both", {"kinds": [{"id": 1, "value": ("Speed", 0)}]}, "8008100000", "pycrate"),
        Rule("Both", {"others": [{"id": 1, "value": ("Point", {"x": 1, "y": 2})}]}, "400818040800", "pycrate"),
        Rule("Both", {"none": [{"id": 1, "value": b"\x05"}]}, "20080828", "pycrate"),
    ],
    "beyond": [
        Rule("DefaultReference", {"free": 300}, "00", "hand"),
        Rule("DefaultReference", {"free": 301}, "81009680", "hand"),  # 1, 00000010, 00000001 00101101
    ],
    # A component equal to its DEFAULT is not sent (19.5). asn1tools sends strings and lists that are.
    "defaults": [
        Rule("Default", {"a": 5, "b": True, "c": "y"}, "00"),
        Rule("Default", {"a": 6, "b": True, "c": "x"}, "b8"),
        Rule("Default", {"a": 5, "b": False, "c": "y"}, "40"),
        Rule("DefaultKinds", {"text": "abc", "bits": (b"\xa0", 4), "bytes": b"\xca\xfe", "free": 300}, "00", "pycrate"),
        Rule("DefaultKinds", {"text": "ab", "bits": (b"\xb0", 4), "bytes": b"\xca\xff", "free": 301}, "f58715e57f81009680"),
        Rule("Nested", {"pair": {"x": 1, "y": True}, "list": []}, "00", "pycrate"),
        Rule("Nested", {"pair": {"x": 1, "y": False}, "list": [7]}, "d3c0"),
    ],
}

CONTAINED = [
    # A contained value is a complete encoding, so whole octets, in a BIT STRING too (11.1; pycrate gives the same). The encoder
    # takes the value inside or the octets, which are asn1tools' form; the decoder gives the value inside.
    ("Boxed", ("Plain", {"a": 5, "b": True}), b"\xb0", "01b0"),
    ("BoxedBits", ("Plain", {"a": 5, "b": True}), (b"\xb0", 8), "08b0"),
]


@parametrized(RULES)
def test_bits_are_those_of_the_standard(file: str, row: Rule) -> None:
    check_codec(file, row)


@parametrized(RULES)
def test_the_oracle_of_the_row_says_so(file: str, row: Rule, tmp_path_factory: pytest.TempPathFactory) -> None:
    check_oracles(file, row, tmp_path_factory.getbasetemp())


@pytest.mark.parametrize(("name", "value", "raw", "octets"), CONTAINED)
def test_contained_values_are_opened_and_taken_both_ways(name: str, value: object, raw: object, octets: str) -> None:
    schema = ours("sequences")
    assert schema.decode(name, bytes.fromhex(octets)) == value
    assert schema.encode(name, value).hex() == octets
    assert schema.encode(name, raw).hex() == octets


def test_a_contained_value_in_fewer_bits_is_no_clean_value() -> None:
    # Four bits hold Plain, but its complete encoding has eight; what is accepted in strict mode must come back bit by bit.
    with pytest.raises(rsu.DecodeError):
        ours("sequences").decode("BoxedBits", bytes.fromhex("04b0"))


@pytest.mark.parametrize(
    ("file", "name", "octets", "code"),
    [
        ("sequences", "Extended", "b0480200", "truncated"),  # an addition of no octets where a BOOLEAN is due
        ("sequences", "Extended", "b0480e000000", "open-type"),  # three octets around a BOOLEAN
        ("sequences", "Extended", "b0480700", "padding"),  # bits set behind the BOOLEAN
        ("sequences", "ListRange", "3c", "padding"),
        ("sequences", "ListExt", "808a80", "non-minimal"),
        ("sequences", "Boxed", "02b000", "open-type"),
        ("opentypes", "Item", "0103fff800", "open-type"),
        ("opentypes", "Item", "0101ff", "truncated"),
        ("opentypes", "Item", "0102ffff", "padding"),
        ("opentypes", "Item", "0300", "open-type"),  # no octet, where a NULL has one (11.2.1)
    ],
)
def test_octets_without_a_value_are_refused(file: str, name: str, octets: str, code: str) -> None:
    with pytest.raises(rsu.DecodeError) as caught:
        ours(file).decode(name, bytes.fromhex(octets))
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("name", "value", "code", "path"),
    [
        ("Plain", {"a": 5}, "missing", "b"),
        ("Plain", {"a": 8, "b": True}, "range", "a"),
        ("Plain", [5, True], "type", ""),
        ("ListFixed", [1, 2], "size", ""),
        ("ListFixed", [1, 2, 9], "range", "[2]"),
        ("ListFixed", "123", "type", ""),
        ("ListOfList", [[], [True, 1]], "type", "[1][1]"),
        ("Expression", ("sum", [("number", 1), ("negated", ("number", 16))]), "range", "sum[1].negated.number"),
        ("Grouped", {"a": True, "c": True}, "missing", "b"),
    ],
)
def test_values_outside_the_type_are_refused_with_their_path(name: str, value: object, code: str, path: str) -> None:
    with pytest.raises(rsu.EncodeError) as caught:
        ours("sequences").encode(name, value)
    assert (caught.value.code, caught.value.path) == (code, path)
