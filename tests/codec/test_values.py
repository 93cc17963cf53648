"""CONTRACTS.md "Decoded values", line by line."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from codec_rules import ours

import rsu

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

# What the schema does not know, by hand. Extended: extension bit, a (3), count as 0 and six bits of n-1, bitmap, open types.
UNKNOWN = [
    # A fourth addition: 1 011 0 000011 0001 00000010 ABCD.
    ("sequences", "Extended", "b062055798 80"[:8] + "", None),
]


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
