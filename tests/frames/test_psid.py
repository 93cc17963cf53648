"""PSIDs and AIDs: the tables of IEEE 1609.12 and YD/T 3707, every value there and back, and what lies
beyond."""

from __future__ import annotations

import pytest

from rsu.errors import FrameError
from rsu.frames import decode_aid, decode_psid, encode_aid, encode_psid

# written forms from facts/STACK.md and IEEE 1609.12 table 3
PUBLISHED = [
    (0x20, "20"),
    (0x27, "27"),
    (0x7F, "7f"),
    (0x80, "8000"),
    (0x82, "8002"),
    (0x83, "8003"),
    (0x90, "8010"),
    (0x407F, "bfff"),
    (0x4080, "c00000"),
    (0x20407F, "dfffff"),
    (0x204080, "e0000000"),
    (0x204095, "e0000015"),
    (0x204096, "e0000016"),
    (0x204097, "e0000017"),
    (0x1020407F, "efffffff"),
]
AIDS = [(111, "6f"), (112, "70"), (127, "7f"), (128, "8000"), (3618, "8da2"), (3623, "8da7"), (16511, "bfff")]


@pytest.mark.parametrize(("psid", "written"), PUBLISHED, ids=[written for _, written in PUBLISHED])
def test_a_psid_is_written_as_published(psid: int, written: str) -> None:
    assert encode_psid(psid).hex() == written
    assert decode_psid(bytes.fromhex(written)) == (psid, len(written) // 2)


@pytest.mark.parametrize(("aid", "written"), AIDS, ids=[written for _, written in AIDS])
def test_an_aid_is_written_as_published(aid: int, written: str) -> None:
    assert encode_aid(aid).hex() == written
    assert decode_aid(bytes.fromhex(written)) == (aid, len(written) // 2)


def test_every_value_of_one_and_two_octets_comes_back_and_no_two_are_written_alike() -> None:
    written = [encode_psid(psid) for psid in range(0x4080)]
    assert [decode_psid(octets)[0] for octets in written] == list(range(0x4080))
    assert written == [encode_aid(aid) for aid in range(0x4080)]
    assert len(set(written)) == 0x4080


@pytest.mark.parametrize(("first", "last", "step"), [(0x4080, 0x20407F, 257), (0x204080, 0x1020407F, 65_537)])
def test_values_of_three_and_four_octets_come_back(first: int, last: int, step: int) -> None:
    for psid in [*range(first, last, step), last]:
        assert decode_psid(encode_psid(psid))[0] == psid


@pytest.mark.parametrize("psid", [-1, 0x10204080, 1 << 32])
def test_a_psid_out_of_range_is_refused(psid: int) -> None:
    with pytest.raises(FrameError, match=r"must be 0\.\.270549119") as caught:
        encode_psid(psid)
    assert caught.value.code == "range"


@pytest.mark.parametrize("aid", [-1, 16512])
def test_an_aid_out_of_range_is_refused(aid: int) -> None:
    with pytest.raises(FrameError, match=r"dsmp: AID -?\d+ cannot be written: must be 0\.\.16511"):
        encode_aid(aid)


@pytest.mark.parametrize(
    ("octets", "code"),
    [
        ("", "truncated"),
        ("80", "truncated"),
        ("c000", "truncated"),
        ("e00000", "truncated"),
        ("f0", "range"),
        ("ff", "range"),
    ],
)
def test_a_damaged_psid_is_refused(octets: str, code: str) -> None:
    with pytest.raises(FrameError) as caught:
        decode_psid(bytes.fromhex(octets))
    assert (caught.value.layer, caught.value.code) == ("wsmp", code)


def test_an_aid_of_three_octets_is_refused() -> None:
    with pytest.raises(FrameError, match=r"AID begins with c0: must be 00\.\.bf"):
        decode_aid(bytes.fromhex("c00000"))
