"""The octets that stand for a unit in its own messages."""

from __future__ import annotations

import hashlib

import pytest

from rsu.compose.names import unit_octets


@pytest.mark.parametrize(
    ("unit", "setting", "octets"),
    [
        ("rsu-1", "", b"rsu-1\0\0\0"),
        ("12345678", "", b"12345678"),
        ("rsu-1", "R0000042", b"R0000042"),
        ("rsu-1", "00112233445566ff", bytes.fromhex("00112233445566ff")),
        ("0123456789abcdef", "", bytes.fromhex("0123456789abcdef")),
        ("chongqing-jinfu-2", "", hashlib.sha256(b"chongqing-jinfu-2").digest()[:8]),
        ("0123456789abcdeg", "", hashlib.sha256(b"0123456789abcdeg").digest()[:8]),
        ("路口一", "", hashlib.sha256("路口一".encode()).digest()[:8]),
    ],
    ids=["text", "eight", "setting", "hex", "id-in-hex", "too-long", "no-hex", "nine-octets-of-utf-8"],
)
def test_in_china_it_is_the_text_where_it_fits(unit: str, setting: str, octets: bytes) -> None:
    assert unit_octets("csae-53", unit, setting) == unit_octets("csae-157", unit, setting) == octets


def test_in_north_america_units_whose_ids_begin_alike_differ() -> None:
    found = {unit_octets("sae-j2735", f"rsu-{number}") for number in range(200)}
    assert len(found) == 200 and {len(one) for one in found} == {4}
