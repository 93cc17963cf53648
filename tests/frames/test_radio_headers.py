"""DSMP and WSMP as lists of (octets, header, data), read in both directions, and the damage that is
refused."""

from __future__ import annotations

import pytest

from rsu.errors import FrameError
from rsu.frames import Dsmp, Element, Wsmp, dsmp, wsmp
from rsu.frames.elements import ELEMENTS_MAX

# laid out by hand from facts/STACK.md
DSMP = {
    "BSM, AID 111": ("04 00 6f 0003 aabbcc", Dsmp(111), "aabbcc"),
    "RSM, AID 3623": ("04 00 8da7 0001 aa", Dsmp(3623), "aa"),
    "no data": ("04 00 6f 0000", Dsmp(111), ""),
    "extension elements": (
        "04 10 02 04 01 1e 05 00 8da2 0001 aa",
        Dsmp(3618, (Element(4, b"\x1e"), Element(5, b""))),
        "aa",
    ),
    "adaptation octet taken off": ("00 6f 0001 aa", Dsmp(111, (), False), "aa"),
}
WSMP = {
    "BSM": ("03 00 20 03 aabbcc", Wsmp(0x20), "aabbcc"),
    "TIM": ("03 00 8003 01 aa", Wsmp(0x83), "aa"),
    "MAP": ("03 00 e0000017 01 aa", Wsmp(0x204097), "aa"),
    "beside a PC5 radio": ("01 03 00 20 01 aa", Wsmp(0x20, prefix=True), "aa"),
    "extension elements": (
        "0b 03 0f 01 ac 10 01 0c 04 01 9f 00 20 01 aa",
        Wsmp(0x20, (Element(15, b"\xac"), Element(16, b"\x0c"), Element(4, b"\x9f"))),
        "aa",
    ),
    "127 octets": ("03 00 20 7f" + "aa" * 127, Wsmp(0x20), "aa" * 127),
    "128 octets": ("03 00 20 8080" + "aa" * 128, Wsmp(0x20), "aa" * 128),
    "short data, long length": ("03 00 20 8001 aa", Wsmp(0x20, long=True), "aa"),
    "16383 octets": ("03 00 20 bfff" + "aa" * 16383, Wsmp(0x20), "aa" * 16383),
}


@pytest.mark.parametrize(("octets", "header", "data"), DSMP.values(), ids=DSMP)
def test_dsmp_is_read_and_written(octets: str, header: Dsmp, data: str) -> None:
    frame, inner = bytes.fromhex(octets), bytes.fromhex(data)
    read, first = dsmp.unwrap(frame, adaptation_required=False)
    assert (read, frame[first:]) == (header, inner)
    assert dsmp.wrap(inner, header) == frame


@pytest.mark.parametrize(("octets", "header", "data"), WSMP.values(), ids=WSMP)
def test_wsmp_is_read_and_written(octets: str, header: Wsmp, data: str) -> None:
    frame, inner = bytes.fromhex(octets), bytes.fromhex(data)
    read, first = wsmp.unwrap(frame)
    assert (read, frame[first:]) == (header, inner)
    assert wsmp.wrap(inner, header) == frame


@pytest.mark.parametrize(
    ("octets", "offset", "code", "reason"),
    [
        ("", 0, "truncated", "adaptation octet is missing"),
        ("05 00", 0, "header", "adaptation octet is 5 (IPv4): must be 4 (DSMP)"),
        ("04 20 6f 0000", 1, "header", "version is 1: must be 0"),
        ("04 01 6f 0000", 1, "header", "reserved bits are 1: must be 0"),
        ("04 00", 2, "truncated", "AID is missing"),
        ("04 00 8d", 2, "truncated", "AID takes 2 octets, 1 are left"),
        ("04 00 6f 00", 3, "truncated", "length takes 2 octets, 1 are left"),
        ("04 00 6f 0002 aa", 3, "truncated", "length is 2, 1 octets follow"),
        ("04 00 6f 0001 aabb", 3, "trailing", "length is 1, 2 octets follow"),
        ("04 10 00 6f 0000", 2, "elements", "0 extension elements: must be 1..16"),
        ("04 10 01 04 05 00", 5, "truncated", "extension element 4 takes 5 octets, 1 are left"),
    ],
)
def test_damage_to_dsmp_is_named(octets: str, offset: int, code: str, reason: str) -> None:
    with pytest.raises(FrameError) as caught:
        dsmp.unwrap(bytes.fromhex(octets))
    assert (caught.value.layer, caught.value.offset, caught.value.code) == ("dsmp", offset, code)
    assert reason in caught.value.reason


@pytest.mark.parametrize(
    ("octets", "offset", "code", "reason"),
    [
        ("", 0, "truncated", "version is missing"),
        ("01", 1, "truncated", "version is missing"),
        ("02 00 20 00", 0, "header", "version octet is 02: must be 03 or 0b"),
        ("13 00 20 00", 0, "header", "version octet is 13: must be 03 or 0b"),
        ("03 01 20 00", 1, "header", "TPID is 1: must be 0"),
        ("03 00 f0 00", 2, "range", "PSID begins with f0"),
        ("03 00 20", 3, "truncated", "length is missing"),
        ("03 00 20 80", 4, "truncated", "second octet of the length is missing"),
        ("03 00 20 c000", 3, "length", "length begins with c0"),
        ("03 00 20 02 aa", 3, "truncated", "length is 2, 1 octets follow"),
        ("03 00 20 01 aabb", 3, "trailing", "length is 1, 2 octets follow"),
    ],
)
def test_damage_to_wsmp_is_named(octets: str, offset: int, code: str, reason: str) -> None:
    with pytest.raises(FrameError) as caught:
        wsmp.unwrap(bytes.fromhex(octets))
    assert (caught.value.layer, caught.value.offset, caught.value.code) == ("wsmp", offset, code)
    assert reason in caught.value.reason


@pytest.mark.parametrize("count", [ELEMENTS_MAX, ELEMENTS_MAX + 1])
def test_extension_elements_are_bounded(count: int) -> None:
    elements = tuple(Element(4, b"x") for _ in range(count))
    octets = bytes([0x04, 0x10, count]) + b"\x04\x01x" * count + b"\x6f\x00\x00"
    if count <= ELEMENTS_MAX:
        assert dsmp.wrap(b"", Dsmp(111, elements)) == octets
        assert dsmp.unwrap(octets)[0].elements == elements
    else:
        with pytest.raises(FrameError, match=r"must be 1\.\.16"):
            dsmp.wrap(b"", Dsmp(111, elements))
        with pytest.raises(FrameError, match=r"must be 1\.\.16"):
            dsmp.unwrap(octets)


def test_data_longer_than_the_length_can_say_is_refused() -> None:
    assert len(wsmp.wrap(bytes(0x3FFF), Wsmp(0x20))) == 5 + 0x3FFF
    with pytest.raises(FrameError, match=r"data has 16384 octets: must be 0\.\.16383"):
        wsmp.wrap(bytes(0x4000), Wsmp(0x20))
    assert len(dsmp.wrap(bytes(0xFFFF), Dsmp(111))) == 5 + 0xFFFF
    with pytest.raises(FrameError, match=r"data has 65536 octets: must be 0\.\.65535"):
        dsmp.wrap(bytes(0x10000), Dsmp(111))


def test_an_element_that_two_octets_cannot_describe_is_refused() -> None:
    with pytest.raises(FrameError, match="extension element 4 of 256 octets"):
        wsmp.wrap(b"", Wsmp(0x20, (Element(4, bytes(256)),)))
