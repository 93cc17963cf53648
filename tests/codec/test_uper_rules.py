"""INTEGER, ENUMERATED and CHOICE: rows of (type, value, bits) for each rule of X.691 clauses 11.5–11.9, 13, 14, 23."""

from __future__ import annotations

import pytest
from codec_rules import Rule, Rules, check_codec, check_oracles, ours, parametrized

import rsu

RULES: Rules = {
    "integers": [
        # One value: no bits (11.5.4), and a whole encoding of no bits is one zero octet (11.1.3).
        Rule("One", 7, "00"),
        Rule("Byte", 0, "00"),
        Rule("Byte", 255, "ff"),
        Rule("Bit", 1, "80"),
        # A range of n values takes the fewest bits that hold n-1, above the lower bound (11.5.7.1).
        Rule("Ten", 1, "00"),
        Rule("Ten", 10, "90"),
        Rule("Shifted", -128, "00"),
        Rule("Shifted", 0, "80"),
        Rule("Shifted", 127, "ff"),
        Rule("Named", -5, "00"),
        Rule("Named", 250, "ff"),
        Rule("NamedNumbers", 7, "e0"),
        Rule("Wide", 0, "000000"),
        Rule("Wide", 65536, "800000"),
        Rule("Word", 2**32 - 1, "ffffffff"),
        Rule("Long", 2**64 - 1, "ff" * 8),
        Rule("Long", 2**63, "8000000000000000"),
        Rule("Signed", -(2**63), "00" * 8),
        Rule("Signed", 0, "8000000000000000"),
        Rule("Signed", 2**63 - 1, "ff" * 8),
        Rule("Huge", 1, "00000000000000000001"),
        Rule("Huge", 2**80 - 1, "ff" * 10),
        # Semi-constrained: length, then the distance from the lower bound (11.7). asn1tools writes the value itself.
        Rule("Semi", 5, "0100", "pycrate"),
        Rule("Semi", 260, "01ff", "pycrate"),
        Rule("Semi", 261, "020100", "pycrate"),
        Rule("Semi", 2**64 + 5, "09010000000000000000", "pycrate"),
        Rule("SemiNegative", -1, "0100", "pycrate"),
        Rule("SemiNegative", 254, "01ff", "pycrate"),
        Rule("SemiNegative", 255, "020100", "pycrate"),
        # No lower bound, or none at all: length, then two's complement (11.8).
        Rule("Upper", 5, "0105"),
        Rule("Upper", -129, "02ff7f"),
        Rule("Free", 0, "0100"),
        Rule("Free", 127, "017f"),
        Rule("Free", 128, "020080"),
        Rule("Free", -128, "0180"),
        Rule("Free", -129, "02ff7f"),
        Rule("Free", 2**63, "09008000000000000000"),
        Rule("Free", -(2**63), "088000000000000000"),
        Rule("Free", -(2**63) - 1, "09ff7fffffffffffffff"),
        Rule("Free", 2**71, "0a00800000000000000000"),
        # An extension marker costs a bit; beyond the root the value goes unconstrained (13.1).
        Rule("Extensible", 7, "70"),
        Rule("Extensible", 8, "808400"),
        Rule("Extensible", -1, "80ff80"),
        Rule("Extensible", 200, "81006400"),
        Rule("ExtensibleMore", 3, "30"),
        Rule("ExtensibleMore", 8, "808400"),
        Rule("ExtensibleMore", 15, "808780"),
        # The effective constraint spans a union, holes included, and cuts an intersection (9.3.19, X.680 50).
        Rule("Union", 1, "00"),
        Rule("Union", 9, "80", "pycrate"),
        Rule("Either", 4, "00"),
        Rule("Either", 20, "80", "pycrate"),
        Rule("Intersection", 50, "00", "pycrate"),
        Rule("Intersection", 100, "c8"),
        Rule("Narrowed", 10, "00"),
        Rule("Narrowed", 20, "a0"),
        # A serial constraint takes the marker away (X.680 50.8): two bits for 0..3 and no extension bit.
        Rule("ExtensibleAgain", 3, "c0"),
    ],
    "enumerated": [
        # The index counts the values in the order of their numbers (14.1).
        Rule("Colour", "red", "00"),
        Rule("Colour", "blue", "80"),
        Rule("Single", "only", "00"),
        Rule("Numbered", "low", "00"),
        Rule("Numbered", "middle", "40"),
        Rule("Numbered", "high", "80"),
        # a and c take the least free numbers (X.680 20.3): d 0, b 1, a 2, c 3, e 4 where 0 and 1 are taken.
        Rule("Holes", "d", "00"),
        Rule("Holes", "b", "20"),
        Rule("Holes", "a", "40"),
        Rule("Holes", "c", "60"),
        Rule("Holes", "e", "80"),
        # Additions: bit 1, then a normally small number: 0 and six bits below 64, else 1, length, number (11.6).
        Rule("Growing", "on", "00"),
        Rule("Growing", "off", "40"),
        Rule("Growing", "dimmed", "80"),
        Rule("Growing", "flashing", "81"),
        Rule("OnlyMarker", "b", "40"),
        Rule("Large", "zero", "00"),
        Rule("Large", "x0", "80"),
        Rule("Large", "x63", "bf"),
        Rule("Large", "x64", "c05000"),
        Rule("Large", "x65", "c05040"),
        # The index of a CHOICE follows the tags (23.4 and X.680 8.6); both oracles count in textual order, which only is
        # the same under AUTOMATIC TAGS. By hand: [0] first 00, [1] next 01, [3] last 10.
        Rule("TagOrder", ("first", True), "20", "hand"),  # 00 1
        Rule("TagOrder", ("next", None), "40", "hand"),  # 01
        Rule("TagOrder", ("last", 3), "b0", "hand"),  # 10 11
        # Universal before application before context before private: 00, 01, 10, 11.
        Rule("ClassOrder", ("universal", True), "20", "hand"),  # 00 1
        Rule("ClassOrder", ("application", None), "40", "hand"),
        Rule("ClassOrder", ("context", None), "80", "hand"),
        Rule("ClassOrder", ("private", None), "c0", "hand"),
        # BOOLEAN 1, INTEGER 2, NULL 5, IA5String 22.
        Rule("UniversalOrder", ("flag", True), "20", "hand"),  # 00 1
        Rule("UniversalOrder", ("number", 3), "70", "hand"),  # 01 11
        Rule("UniversalOrder", ("nothing", None), "80", "hand"),  # 10
        Rule("UniversalOrder", ("text", "A"), "e080", "hand"),  # 11 1000001
        # An untagged CHOICE stands where its smallest tag does: one 1, inner 2, five 5.
        Rule("NestedOrder", ("one", None), "00", "hand"),  # 00
        Rule("NestedOrder", ("inner", ("high", None)), "60", "hand"),  # 01 1
        Rule("NestedOrder", ("five", None), "80", "hand"),  # 10
        Rule("OneWay", ("only", 255), "ff"),
        # An added alternative is an open type behind its index (23.8); one without bits is one zero octet, which asn1tools
        # leaves out.
        Rule("Open", ("a", 1), "0040"),
        Rule("Open", ("b", True), "60"),
        Rule("Open", ("c", 513), "80020201"),
        Rule("Open", ("d", None), "810100", "pycrate"),
        Rule("OpenNoAddition", ("b", True), "60"),
        Rule("OpenGroup", ("b", True), "800180"),
        Rule("OpenGroup", ("c", None), "810100", "pycrate"),
        Rule("OpenGroup", ("d", 9), "820190"),
    ],
    "beyond": [
        Rule("IntersectionMark", 50, "00", "hand"),  # 50..100: 51 values, six bits
        Rule("IntersectionMark", 100, "c8", "hand"),  # 50 = 110010
        Rule("Included", 1, "00", "hand"),  # 1..20: five bits
        Rule("Included", 20, "98", "hand"),  # 19 = 10011
    ],
}

# (schema, type, octets, code): bits that stand for no value.
REFUSED = [
    ("integers", "Ten", "f0", "range"),  # 15 above 1 is 16
    ("integers", "Wide", "808000", "range"),  # 65537
    ("integers", "Named", "", "truncated"),
    ("integers", "Huge", "ff" * 9, "truncated"),
    ("integers", "Free", "00", "length"),  # an INTEGER has at least one octet (11.8, X.690 8.3.1)
    ("integers", "Free", "05ff", "truncated"),
    ("integers", "Free", "020001", "non-minimal"),  # 1 in two octets
    ("integers", "Semi", "020001", "non-minimal"),
    ("integers", "Extensible", "808280", "non-minimal"),  # 5, which the root has, behind the extension bit
    ("enumerated", "Colour", "c0", "index"),
    ("enumerated", "Holes", "a0", "index"),
    ("enumerated", "TagOrder", "c0", "index"),
    ("enumerated", "Large", "c04fc0", "non-minimal"),  # x63 in the long form
]


@parametrized(RULES)
def test_bits_are_those_of_the_standard(file: str, row: Rule) -> None:
    check_codec(file, row)


@parametrized(RULES)
def test_the_oracle_of_the_row_says_so(file: str, row: Rule, tmp_path_factory: pytest.TempPathFactory) -> None:
    check_oracles(file, row, tmp_path_factory.getbasetemp())


@pytest.mark.parametrize(("file", "name", "octets", "code"), REFUSED)
def test_bits_without_a_value_are_refused(file: str, name: str, octets: str, code: str) -> None:
    with pytest.raises(rsu.DecodeError) as caught:
        ours(file).decode(name, bytes.fromhex(octets))
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("file", "name", "value", "code"),
    [
        ("integers", "Ten", 0, "range"),
        ("integers", "Ten", 11, "range"),
        ("integers", "One", 8, "range"),
        ("integers", "Semi", 4, "range"),
        ("integers", "Huge", 2**80, "range"),
        ("integers", "Byte", "1", "type"),
        ("integers", "Byte", 1.0, "type"),
        ("enumerated", "Colour", "pink", "index"),
        ("enumerated", "Colour", 0, "type"),
        ("enumerated", "Open", ("e", 1), "index"),
        ("enumerated", "Open", "a", "type"),
    ],
)
def test_values_outside_the_type_are_refused(file: str, name: str, value: object, code: str) -> None:
    with pytest.raises(rsu.EncodeError) as caught:
        ours(file).encode(name, value)
    assert caught.value.code == code
