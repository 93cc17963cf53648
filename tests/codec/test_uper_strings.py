"""Strings, identifiers, times and REAL: rows of (type, value, bits) for X.691 clauses 12, 15–17, 24–26, 30, 31."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta, timezone

import pytest
from codec_rules import Rule, Rules, check_codec, check_oracles, ours, parametrized

import rsu

RULES: Rules = {
    "strings": [
        Rule("Flag", True, "80"),
        Rule("Flag", False, "00"),
        Rule("Nothing", None, "00"),
        # BIT STRING: a fixed size has no length, a range has one of few bits, else a length octet (16.8–16.11).
        Rule("Bits5", (b"\xa8", 5), "a8"),
        Rule("Bits16", (b"\xab\xcd", 16), "abcd"),
        Rule("Bits20", (b"\xab\xcd\xe0", 20), "abcde0"),
        Rule("BitsW", (b"\xab\xc0", 12), "abc0"),
        Rule("BitsRange", (b"\xc0", 2), "18"),
        Rule("BitsRange", (b"\xff\x80", 9), "fff0"),
        Rule("BitsFree", (b"", 0), "00"),
        Rule("BitsFree", (b"\xa5", 8), "08a5"),
        Rule("BitsFree", (b"\xff" * 20, 160), "80a0" + "ff" * 20),
        Rule("BitsExt", (b"\xa0", 4), "50"),
        Rule("BitsExt", (b"\xa8", 5), "82d4", "pycrate"),
        Rule("BitsExt", (b"\x80", 1), "80c0", "pycrate"),
        Rule("BitsExtRange", (b"\xe0", 3), "5c"),
        Rule("BitsExtRange", (b"\xa8", 5), "82d4", "pycrate"),
        Rule("BitsNone", (b"", 0), "00"),
        Rule("Named", (b"\x80", 1), "0180"),
        Rule("Named", (b"\x20", 3), "0320"),
        Rule("Named", (b"", 0), "00"),
        Rule("NamedFixed", (b"\x80", 4), "80"),
        Rule("NamedRange", (b"\x80", 2), "10"),
        Rule("NamedRange", (b"\x20", 3), "24"),
        # OCTET STRING (17.5–17.8).
        Rule("Octets1", b"\x5a", "5a"),
        Rule("Octets2", b"\x12\x34", "1234"),
        Rule("Octets3", b"\x12\x34\x56", "123456"),
        Rule("OctetsRange", b"\x01", "0020"),
        Rule("OctetsRange", b"12345678", "e626466686a6c6e700"),
        Rule("OctetsExt", b"ab", "30b100"),
        Rule("OctetsExt", b"abc", "81b0b13180"),
        Rule("OctetsExt", b"", "8000"),
        Rule("OctetsFree", b"", "00"),
        Rule("OctetsFree", b"y" * 127, "7f" + "79" * 127),
        Rule("OctetsFree", b"z" * 128, "8080" + "7a" * 128),
        Rule("OctetsSemi", b"abc", "03616263"),
        # 64K values of length: the bounds are no longer used (11.9.3.3, 11.9.4.1), so a length octet.
        Rule("OctetsBig", b"a", "0161"),
        # Character strings: bits a letter from the permitted alphabet, renumbered when that saves bits (30.5).
        Rule("Ia5", "", "00"),
        Rule("Ia5", "Az~", "0383ebf0"),
        Rule("Ia5", "\x7f", "01fe", "asn1tools"),  # pycrate refuses the letter 127
        Rule("Ia5Fixed", "abc", "c38b18"),
        Rule("Ia5Range", "a", "0c20"),
        Rule("Ia5Range", "fifteen letters", "ecda7374cb97720d997a74cbcb98"),
        Rule("Ia5Ext", "abc", "587163"),
        Rule("Ia5Ext", "abcd", "8261c58f20", "pycrate"),
        Rule("Ia5Letters", "a", "00"),
        Rule("Ia5Letters", "dcba", "f900"),
        Rule("Ia5Vowels", "i", "10"),
        Rule("Ia5Vowels", "uuuu", "e490"),
        Rule("Visible", "A", "2080"),
        Rule("Visible", " ~", "507e"),
        Rule("VisibleHex", "0F", "0f"),
        Rule("Printable", "A'z?", "829fd3f0"),
        Rule("PrintableFew", "", "00"),
        Rule("PrintableFew", "ABBA", "0460"),
        Rule("Numeric", "1", "02"),
        Rule("Numeric", "0 9", "210a"),
        Rule("Bmp", "中é", "4e2d00e9"),
        Rule("Universal", "🚗", "0001f697", "pycrate"),
        Rule("Utf8", "é中🚗", "09c3a9e4b8adf09f9a97"),
        Rule("Utf8Sized", "é中", "05c3a9e4b8ad"),
        Rule("Teletex", "ab", "026162"),
        Rule("General", "ab", "026162"),
        Rule("Graphic", "ab", "026162"),
        Rule("Descriptor", "ab", "026162"),
        # Object identifiers: X.690 8.19 behind a length. asn1tools cuts arcs above 39 under 2 in decoding.
        Rule("Oid", "1.2.840.113549", "062a864886f70d"),
        Rule("Oid", "2.5.4.3", "03550403"),
        Rule("Oid", "0.0", "0100"),
        Rule("Oid", "0.39", "0127"),
        Rule("Oid", "1.39.1", "024f01"),
        Rule("Oid", "2.40", "0178"),
        Rule("Oid", "2.47", "017f"),
        Rule("Oid", "2.48", "028100"),
        Rule("Oid", "2.999.3", "03883703"),
        Rule("Oid", f"1.3.6.1.4.1.{2**64}", "0f2b0601040182808080808080808000"),
        Rule("RelativeOid", "8571.3.2", "04c27b0302"),
        Rule("RelativeOid", "0", "0100"),
        Rule("RelativeOid", str(2**64), "0a82808080808080808000"),
        # Times are VisibleStrings in their restricted form (X.690 11.7, 11.8): seven bits a letter.
        Rule("Time", datetime(2026, 11, 23, 14, 30, 15), "0f64c193662c593362d19b062d6d00"),
        Rule("Time", datetime(2026, 11, 23, 14, 30), "0f64c193662c593362d19b060c2d00"),
        Rule("Time", datetime(2026, 1, 2, 3, 4, 5, 500_000), "1164c193660c583260cd83460d5735b4"),
        Rule("Utc", datetime(2026, 11, 23, 14, 30, 15), "0d64d98b164cd8b466c18b5b40"),
        Rule("Utc", datetime(1969, 1, 1), "0d6ce583160c583060c1830b40"),
        # REAL (X.690 8.5, 11.3): 80 = positive, base 2, one exponent octet; the mantissa is odd. pycrate has no floats.
        Rule("Number", 0.0, "00", "asn1tools"),
        Rule("Number", 1.0, "03800001", "asn1tools"),
        Rule("Number", -2.5, "03c0ff05", "asn1tools"),  # -5 × 2^-1
        Rule("Number", 0.1, "0980c90ccccccccccccd", "asn1tools"),
        Rule("Number", 1024.0, "03800a01", "asn1tools"),
        Rule("Number", math.inf, "0140", "asn1tools"),
        Rule("Number", -math.inf, "0141", "asn1tools"),
        Rule("Number", 5e-324, "0481fbce01", "hand"),  # 1 × 2^-1074; 81 = two exponent octets, FBCE = -1074
    ],
    "beyond": [
        Rule("Iso646", "", "00", "hand"),
        Rule("Iso646", "~~", "bf7e", "hand"),  # 10 1111110 1111110
        Rule("NumericFew", "0123", "1b", "hand"),  # four letters: 00 01 10 11
        Rule("BmpFew", "a", "00", "hand"),  # 26 letters: five bits; length 00, letter 00000
        Rule("BmpFew", "az", "4190", "hand"),  # 01 00000 11001
        Rule("Videotex", "ab", "026162", "hand"),
    ],
}


@parametrized(RULES)
def test_bits_are_those_of_the_standard(file: str, row: Rule) -> None:
    check_codec(file, row)


@parametrized(RULES)
def test_the_oracle_of_the_row_says_so(file: str, row: Rule, tmp_path_factory: pytest.TempPathFactory) -> None:
    check_oracles(file, row, tmp_path_factory.getbasetemp())


def test_real_knows_not_a_number() -> None:
    # X.690 8.5.9: 42. It is unequal to itself, so it has no row above.
    assert ours("strings").encode("Number", math.nan).hex() == "0142"
    assert math.isnan(ours("strings").decode("Number", bytes.fromhex("0142")))


def test_trailing_zeros_of_named_bits_are_not_sent() -> None:
    # X.691 16.2, 16.3: down to the least size that the constraint allows; asn1tools gives the same octets.
    assert ours("strings").encode("Named", (b"\xa0", 4)).hex() == "03a0"
    assert ours("strings").encode("NamedRange", (b"\x60", 6)).hex() == "2c"
    assert ours("strings").encode("NamedRange", (b"\x00", 6)).hex() == "00"


def test_times_with_a_zone_are_written_in_utc() -> None:
    east = datetime(2026, 11, 23, 22, 30, 15, tzinfo=timezone(timedelta(hours=8)))
    zulu = datetime(2026, 11, 23, 14, 30, 15, tzinfo=UTC)
    naive = datetime(2026, 11, 23, 14, 30, 15)
    schema = ours("strings")
    for name in ("Time", "Utc"):
        assert schema.encode(name, east) == schema.encode(name, zulu) == schema.encode(name, naive)


@pytest.mark.parametrize(
    ("name", "octets", "code"),
    [
        ("NamedRange", "a0", "size"),  # 2 + 5 bits, where 6 is the most
        ("Ia5Range", "f0" + "00" * 14, "size"),  # 1 + 15 letters
        ("OctetsRange", "e62646", "truncated"),
        ("BitsFree", "80056800", "non-minimal"),  # 5 bits behind a length of two octets
        ("OctetsFree", "800161", "non-minimal"),
        ("OctetsFree", "05616263", "truncated"),
        ("OctetsFree", "c0", "length"),  # a fragment of no items (11.9.3.8.1)
        ("OctetsFree", "c5", "length"),  # more than four times 16K
        ("OctetsExt", "8130b100", "non-minimal"),  # two octets, which the root has, behind the extension bit
        ("OctetsSemi", "0161", "size"),
        ("Ia5Vowels", "28", "alphabet"),  # the sixth of five letters: 00 101
        ("Printable", "80830e3c", "alphabet"),  # 1000000 is @
        ("Numeric", "0b", "alphabet"),
        ("Utf8", "01ff", "encoding"),
        ("Utf8", "02c080", "encoding"),  # overlong
        ("Utf8", "03eda080", "encoding"),  # a surrogate
        ("Bmp", "d83dde97", "alphabet"),  # surrogates are no BMP letters
        ("Universal", "00110000", "alphabet"),  # above 10FFFF
        ("Oid", "00", "encoding"),
        ("Oid", "0180", "encoding"),  # ends in the middle of an arc
        ("Oid", "028001", "encoding"),  # leading zeros of an arc
        ("RelativeOid", "0280ff", "encoding"),
        ("Time", "0f64c193", "truncated"),
        ("Time", "03c3871c", "encoding"),  # "aaa"... no time
        ("Number", "0144", "encoding"),  # 40 to 43 are the infinities, not-a-number and minus zero
        ("Number", "01c0", "encoding"),
    ],
)
def test_octets_without_a_value_are_refused(name: str, octets: str, code: str) -> None:
    with pytest.raises(rsu.DecodeError) as caught:
        ours("strings").decode(name, bytes.fromhex(octets))
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("Bits5", (b"\xf8", 4), "size"),
        ("Bits5", (b"", 5), "size"),
        ("Bits5", b"\xf8", "type"),
        ("OctetsRange", b"", "size"),
        ("OctetsRange", "text", "type"),
        ("Ia5Letters", "e", "alphabet"),
        ("Ia5", "é", "alphabet"),
        ("Ia5", b"a", "type"),
        ("Numeric", "a", "alphabet"),
        ("Oid", "3.1", "encoding"),
        ("Oid", "1.40", "encoding"),
        ("Oid", "1", "encoding"),
        ("Oid", "one.two", "encoding"),
        ("Oid", 1.2, "type"),
        ("Time", "20261123", "type"),
        ("Flag", 1, "type"),
        ("Nothing", 0, "type"),
    ],
)
def test_values_outside_the_type_are_refused(name: str, value: object, code: str) -> None:
    with pytest.raises(rsu.EncodeError) as caught:
        ours("strings").encode(name, value)
    assert caught.value.code == code
