"""Lengths of 16K and more go in fragments (X.691 11.9.3.8): 64K, 48K, 32K or 16K items at a time, then a rest below 16K.

The expected octets are built here from the rule; pycrate says the same for the octets. With items of one bit or one octet all
pieces begin at an octet, since 16K of either are whole octets.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from codec_rules import oracle, ours

import rsu

K16 = 16384
# One below, at and above each step, and the rest of zero that must be written when nothing remains.
SIZES = [K16 - 1, K16, K16 + 1, 2 * K16, 2 * K16 + 5, 3 * K16, 4 * K16, 4 * K16 + 1, 5 * K16, 8 * K16 + 127]


def pieces(items: int) -> Iterator[tuple[bytes, int]]:
    """(length octets, items) of each piece."""
    while items >= K16:
        blocks = min(4, items // K16)
        yield bytes([0xC0 | blocks]), blocks * K16
        items -= blocks * K16
    yield (bytes([items]) if items < 128 else (0x8000 | items).to_bytes(2, "big")), items


def fragmented(content: bytes, items: int, items_per_octet: int = 1) -> bytes:
    """`content` with the lengths of its pieces in between."""
    whole, start = b"", 0
    for head, count in pieces(items):
        end = start + (count + items_per_octet - 1) // items_per_octet
        whole += head + content[start:end]
        start = end
    return whole


def pattern(octets: int) -> bytes:
    return bytes(index * 7 + index // 251 & 0xFF for index in range(octets))


@pytest.mark.parametrize("size", SIZES)
def test_octets(size: int, tmp_path_factory: pytest.TempPathFactory) -> None:
    value = pattern(size)
    data = fragmented(value, size)
    schema = ours("strings")
    assert schema.encode("OctetsFree", value) == data
    assert schema.decode("OctetsFree", data) == value
    assert oracle("pycrate", "strings", tmp_path_factory.getbasetemp()).encode("OctetsFree", value) == data


@pytest.mark.parametrize("size", SIZES)
def test_bits(size: int) -> None:
    octets = (size + 7) // 8
    value = bytearray(pattern(octets))
    value[-1] &= 0xFF << (8 * octets - size) & 0xFF
    data = fragmented(bytes(value), size, items_per_octet=8)
    schema = ours("strings")
    assert schema.encode("BitsFree", (bytes(value), size)) == data
    assert schema.decode("BitsFree", data) == (bytes(value), size)


@pytest.mark.parametrize("size", SIZES)
def test_lists_of_octets(size: int) -> None:
    value = list(pattern(size))
    data = fragmented(bytes(value), size)
    schema = ours("sequences")
    assert schema.encode("ListFree", value) == data
    assert schema.decode("ListFree", data, max_elements=size + 1) == value


@pytest.mark.parametrize("size", SIZES)
def test_lists_of_bits(size: int) -> None:
    octets = (size + 7) // 8
    content = bytearray(pattern(octets))
    content[-1] &= 0xFF << (8 * octets - size) & 0xFF
    value = [bool(content[index >> 3] >> (7 - index % 8) & 1) for index in range(size)]
    data = fragmented(bytes(content), size, items_per_octet=8)
    schema = ours("sequences")
    assert schema.encode("ListBits", value) == data
    assert schema.decode("ListBits", data, max_elements=size + 1) == value


@pytest.mark.parametrize("size", SIZES)
def test_letters_of_seven_bits(size: int) -> None:
    # 16K letters of seven bits are 14336 whole octets, so the pieces stay at octets here too.
    letters = "".join(chr(32 + index % 95) for index in range(size))
    bits = "".join(f"{ord(letter):07b}" for letter in letters)
    bits += "0" * (-len(bits) % 8)
    packed = int(bits or "0", 2).to_bytes(len(bits) // 8, "big")
    data, start = b"", 0
    for head, count in pieces(size):
        end = start + (7 * count + 7) // 8
        data += head + packed[start:end]
        start = end
    schema = ours("strings")
    assert schema.encode("Ia5", letters) == data
    assert schema.decode("Ia5", data) == letters


@pytest.mark.parametrize("size", [K16 - 1, K16, K16 + 1, 4 * K16 + 1])
def test_text_counts_octets_not_letters(size: int) -> None:
    letters = "中" * (size // 3) + "a" * (size % 3)
    data = fragmented(letters.encode(), size)
    assert ours("strings").encode("Utf8", letters) == data
    assert ours("strings").decode("Utf8", data) == letters


@pytest.mark.parametrize("size", [K16 - 1, K16, K16 + 1, 4 * K16 + 1, 5 * K16])
def test_open_types_with_an_unknown_row(size: int) -> None:
    value = {"id": 200, "value": pattern(size)}
    data = bytes([200]) + fragmented(pattern(size), size)
    assert ours("opentypes").encode("Item", value) == data
    assert ours("opentypes").decode("Item", data) == value


@pytest.mark.parametrize("size", [K16 - 1, K16, K16 + 1, 4 * K16 + 1])
def test_integers_as_wide_as_a_fragment(size: int) -> None:
    # The first content octet is 01, so that the number is positive and in its fewest octets.
    content = b"\x01" + pattern(size - 1)
    data = fragmented(content, size)
    value = int.from_bytes(content, "big")
    assert ours("integers").encode("Free", value) == data
    assert ours("integers").decode("Free", data) == value


@pytest.mark.parametrize("size", [K16, K16 + 1, 3 * K16])
def test_unknown_additions_of_that_size_are_kept(size: int) -> None:
    # EmptyOpen: extension bit 1, count 0 000000, bitmap 1, then 7 + 8 bits off an octet: 1 0000000 1 …
    content = pattern(size)
    body = fragmented(content, size)
    bits = "1" + "0000000" + "1" + "".join(f"{octet:08b}" for octet in body)
    bits += "0" * (-len(bits) % 8)
    data = int(bits, 2).to_bytes(len(bits) // 8, "big")
    value = ours("sequences").decode("EmptyOpen", data)
    assert value == {"...": {0: content}}
    assert ours("sequences").encode("EmptyOpen", value) == data


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"\xc1" + bytes(K16), "truncated"),  # exactly 16K, and no rest of zero
        (b"\xc1" + bytes(K16 - 1), "truncated"),
        (b"\xc4" + bytes(4 * K16), "truncated"),
        (b"\xc0" + bytes(10), "length"),  # a fragment of nothing
        (b"\xc5" + bytes(5 * K16) + b"\0", "length"),  # 80K at once
        (b"\xff" + bytes(100), "length"),
        (b"\xc1" + bytes(K16) + b"\xc1" + bytes(K16) + b"\0", "non-minimal"),  # 16K twice, where 32K is due
        (b"\xc1" + bytes(K16) + b"\xc2" + bytes(2 * K16) + b"\0", "non-minimal"),
        (b"\xc1" + bytes(K16) + b"\x80\x05" + bytes(5), "non-minimal"),
    ],
    ids=lambda item: item[:1].hex() + f"…{len(item)}" if isinstance(item, bytes) else item,
)
def test_fragments_against_the_rule_are_refused(data: bytes, code: str) -> None:
    with pytest.raises(rsu.DecodeError) as caught:
        ours("strings").decode("OctetsFree", data)
    assert caught.value.code == code


def test_relaxed_mode_takes_small_fragments_and_says_so() -> None:
    data = b"\xc1" + b"a" * K16 + b"\xc1" + b"b" * K16 + b"\0"
    findings: list[rsu.schema.Finding] = []
    assert ours("strings").decode("OctetsFree", data, strict=False, findings=findings) == b"a" * K16 + b"b" * K16
    assert [finding.code for finding in findings] == ["non-minimal"]
