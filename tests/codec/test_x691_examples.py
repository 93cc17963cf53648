"""The four worked examples of X.691 Annex A, as the standard prints their UNALIGNED encodings."""

from __future__ import annotations

from typing import Any

import pytest
from codec_rules import ours


def record(sex: dict[str, str]) -> dict[str, Any]:
    """A.1.2: Mr Smith, Director, and family; in A.3 the second child has a sex."""
    return {
        "name": {"givenName": "John", "initial": "P", "familyName": "Smith"},
        "number": 51,
        "title": "Director",
        "dateOfHire": "19710917",
        "nameOfSpouse": {"givenName": "Mary", "initial": "T", "familyName": "Smith"},
        "children": [
            {"name": {"givenName": "Ralph", "initial": "T", "familyName": "Smith"}, "dateOfBirth": "19571111"},
            {"name": {"givenName": "Susan", "initial": "B", "familyName": "Jones"}, "dateOfBirth": "19590717", **sex},
        ],
    }


EXAMPLES = [
    (
        "Plain",  # A.1.3: 84 octets
        record({}),
        "824adfa3700d005a7b74f4d0026611134f2cb8fa6fe410c5cb762c1cb16e09370f2f20350169edd3d340102d2c3b386801a80b4f6e9e9a"
        "0218b96add8b162c4169f5e787700c20595bf765e610c5cb572c1bb16e",
    ),
    (
        "Sized",  # A.2.3: 61 octets
        record({}),
        "865d51d2888a5125f180998444d3cb2e3e9bf90cb8848b867396e8a88a5125f181089b93d71aa2294497c632ae222222985ce521885d54c170cac838b8",
    ),
    (
        "Marked",  # A.3.3: 65 octets
        record({"sex": "female"}),
        "40cbaa3a5108a5125f180330889a7965c7d37f20cb8848b819ce5ba2a114a24be30113727ae35422"
        "94497c619571111822985ce521842eaa60b832b20e2e020280",
    ),
    (
        "Grouped",  # A.4.3: 8 octets
        {"a": 253, "b": True, "c": ("e", True), "g": "123", "h": True},
        "9e000600040a4690",
    ),
]


@pytest.mark.parametrize(("name", "value", "octets"), EXAMPLES, ids=[name for name, _, _ in EXAMPLES])
def test_annex_a(name: str, value: Any, octets: str) -> None:
    schema = ours("annex-a")
    assert schema.encode(name, value).hex() == octets
    assert schema.decode(name, bytes.fromhex(octets)) == value
