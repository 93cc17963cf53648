"""Whole frames: what ``auto`` recognises, what each setting allows, and that nothing but FrameError
escapes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from rsu.errors import FrameError
from rsu.frames import HEADERS, Layer, unwrap, wrap, wrap_payload

# frame, header, AID or PSID, security, standard, payload, layers; laid out by hand from facts/STACK.md
FRAMES = {
    "bare": ("0014 aabb", "none", None, "none", None, "0014aabb", [("payload", 0, 4)]),
    "DSMP": (
        "04 00 6f 0002 aabb",
        "dsmp",
        111,
        "none",
        "csae",
        "aabb",
        [("adaptation", 0, 7), ("dsmp", 1, 6), ("payload", 5, 2)],
    ),
    "DSMP, unsecured unit": (
        "04 00 8da2 0005 038002 aabb",
        "dsmp",
        3618,
        "unsecured",
        "csae",
        "aabb",
        [("adaptation", 0, 11), ("dsmp", 1, 10), ("ieee1609.2", 6, 5), ("payload", 9, 2)],
    ),
    "WSMP": ("03 00 20 02 0014", "wsmp", 32, "none", "sae", "0014", [("wsmp", 0, 6), ("payload", 4, 2)]),
    "WSMP, unsecured unit": (
        "03 00 8003 05 038002 001f",
        "wsmp",
        131,
        "unsecured",
        "sae",
        "001f",
        [("wsmp", 0, 10), ("ieee1609.2", 5, 5), ("payload", 8, 2)],
    ),
    "WSMP beside a PC5 radio": (
        "01 03 00 20 05 038002 0014",
        "wsmp",
        32,
        "unsecured",
        "sae",
        "0014",
        [("pc5-prefix", 0, 10), ("wsmp", 1, 9), ("ieee1609.2", 5, 5), ("payload", 8, 2)],
    ),
    "unsecured unit": (
        "038002 0014",
        "none",
        None,
        "unsecured",
        None,
        "0014",
        [("ieee1609.2", 0, 5), ("payload", 3, 2)],
    ),
    "WSMP with a length that does not fit": (
        "03 00 20 03 0014",
        "none",
        None,
        "none",
        None,
        "030020030014",
        [("payload", 0, 6)],
    ),
    "DSMP without adaptation octet": (
        "00 6f 0002 aabb",
        "none",
        None,
        "none",
        None,
        "006f0002aabb",
        [("payload", 0, 6)],
    ),
    "unit with a length that does not fit": (
        "038003 0014",
        "none",
        None,
        "none",
        None,
        "0380030014",
        [("payload", 0, 5)],
    ),
    "DSMP, damaged unit": (
        "04 00 6f 0005 038003 aabb",
        "dsmp",
        111,
        "none",
        "csae",
        "038003aabb",
        [("adaptation", 0, 10), ("dsmp", 1, 9), ("payload", 5, 5)],
    ),
    "nothing": ("", "none", None, "none", None, "", [("payload", 0, 0)]),
}


@pytest.mark.parametrize(("octets", "header", "aid", "status", "standard", "payload", "layers"), FRAMES.values(), ids=FRAMES)
def test_auto_recognises_headers_that_fit_and_nothing_else(
    octets: str,
    header: str,
    aid: int | None,
    status: str,
    standard: str | None,
    payload: str,
    layers: list[tuple[str, int, int]],
) -> None:
    frame = bytes.fromhex(octets)
    found = unwrap(frame)
    assert (found.header, found.aid, found.security.status, found.standard) == (header, aid, status, standard)
    assert found.payload == bytes.fromhex(payload)
    assert list(found.layers) == [Layer(*layer) for layer in layers]
    assert wrap(found) == frame


def test_every_published_radio_payload_has_its_message_where_the_vectors_say(shared: Path) -> None:
    lines = (shared / "vectors" / "wrapped.jsonl").read_text().splitlines()
    for line in lines:
        vector = json.loads(line)
        frame = bytes.fromhex(vector["payload_hex"])
        found = unwrap(frame)
        start, size = vector["frame_offset"], vector["frame_len"]
        assert found.layers[-1] == Layer("payload", start, size), vector["log"]
        assert found.payload == frame[start : start + size]
        assert found.security.status == vector["dot2"].split("(")[0]
        assert (found.header == "wsmp") == (vector["wsmp_psid_bytes"] is not None)
        assert wrap(found) == frame
    assert len(lines) >= 6


SIGNED_START = "0381 00 40 0380"


@pytest.mark.parametrize(
    ("octets", "header", "standard", "layer", "offset"),
    [
        ("03 00 20 05 038003 0014", "auto", "", "ieee1609.2", 6),
        ("03 00 20 05 038003 0014", "wsmp", "", "ieee1609.2", 6),
        ("038003 0014", "auto", "sae-j2735", "ieee1609.2", 2),
        (SIGNED_START + "02 0014 00 01 20", "auto", "", "ieee1609.2", 12),
        ("04 00 6f 0009" + SIGNED_START + "01 aa 00", "auto", "csae-53", "ieee1609.2", 14),
        ("04 00 6f 0004 028001 aa", "auto", "csae-53", "ieee1609.2", 5),
        ("04 00 6f 0003 aabb", "dsmp", "", "dsmp", 3),
        ("0014 aabb", "wsmp", "", "wsmp", 0),
        ("03 00 20 02 0014", "dsmp", "", "dsmp", 0),
        ("0014 aabb", "ieee1609dot2", "", "ieee1609.2", 0),
        ("03 00 20 02 0014", "ieee1609dot2", "", "ieee1609.2", 1),
        ("0014", "WSMP", "", "frame", 0),
    ],
)
def test_a_damaged_or_missing_header_names_layer_and_octet(
    octets: str, header: str, standard: str, layer: str, offset: int
) -> None:
    with pytest.raises(FrameError) as caught:
        unwrap(bytes.fromhex(octets), header, standard=standard)
    assert (caught.value.layer, caught.value.offset) == (layer, offset)


def test_the_setting_none_leaves_the_octets_alone() -> None:
    frame = bytes.fromhex("03 00 20 02 0014")
    assert unwrap(frame, "none").payload == frame


def test_dsmp_without_its_adaptation_octet_is_taken_where_the_setting_says_dsmp() -> None:
    frame = bytes.fromhex("00 6f 0002 aabb")
    found = unwrap(frame, "dsmp")
    assert (found.aid, found.payload, found.layers[0]) == (111, b"\xaa\xbb", Layer("dsmp", 0, 6))
    assert wrap(found) == frame


@pytest.mark.parametrize("size", [65_535, 65_536])
def test_the_octets_of_a_frame_are_bounded(size: int) -> None:
    if size <= 65_535:
        assert len(unwrap(bytes(size)).payload) == size
    else:
        with pytest.raises(FrameError, match=r"frame has 65536 octets: must be 0\.\.65535"):
            unwrap(bytes(size))


STARTS = st.sampled_from(["", "0400", "0410", "0300", "0b", "010300", "0380", "0381004003800", "02", "030020"])
OCTETS = st.builds(lambda start, rest: bytes.fromhex(start[: len(start) // 2 * 2]) + rest, STARTS, st.binary(max_size=120))


@settings(max_examples=600, deadline=None)
@given(OCTETS, st.sampled_from(HEADERS), st.sampled_from(["", "csae-53", "sae-j2735"]))
@example(b"\x03\x81" + b"\xff" * 100, "auto", "")
def test_any_octets_give_a_frame_that_is_written_again_or_a_frame_error(octets: bytes, header: str, standard: str) -> None:
    try:
        found = unwrap(octets, header, standard=standard)
    except FrameError as error:
        assert error.layer in ("frame", "dsmp", "wsmp", "ieee1609.2")
        assert 0 <= error.offset <= len(octets)
    else:
        assert wrap(found) == octets


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_a_real_frame_with_octets_changed_gives_a_frame_that_is_written_again_or_a_frame_error(
    shared: Path, data: st.DataObject
) -> None:
    lines = (shared / "vectors" / "wrapped.jsonl").read_text().splitlines()
    frame = bytearray.fromhex(json.loads(data.draw(st.sampled_from(lines)))["payload_hex"])
    for _ in range(data.draw(st.integers(1, 3))):
        frame[data.draw(st.integers(0, len(frame) - 1))] = data.draw(st.integers(0, 255))
    try:
        assert wrap(unwrap(bytes(frame))) == bytes(frame)
    except FrameError as error:
        assert 0 <= error.offset <= len(frame)


@pytest.mark.parametrize(
    ("header", "aid", "unsecured", "octets"),
    [
        ("none", None, False, "0014"),
        ("none", None, True, "0380020014"),
        ("wsmp", 0x204097, False, "0300e0000017020014"),
        ("wsmp", 32, True, "030020050380020014"),
        ("dsmp", 111, False, "04006f00020014"),
        ("dsmp", 3623, True, "04008da700050380020014"),
    ],
)
def test_a_new_frame_is_written_as_the_layouts_say(header: str, aid: int | None, unsecured: bool, octets: str) -> None:
    assert wrap_payload(b"\x00\x14", header, aid, unsecured=unsecured).hex() == octets


def test_a_new_frame_needs_an_aid_and_a_header_that_exists() -> None:
    with pytest.raises(FrameError, match="AID or PSID is missing"):
        wrap_payload(b"", "wsmp")
    with pytest.raises(FrameError, match="must be none, dsmp or wsmp"):
        wrap_payload(b"", "ieee1609dot2", 32)


def test_another_payload_in_the_same_headers_gets_new_lengths() -> None:
    found = unwrap(bytes.fromhex("01 03 00 20 05 038002 0014"))
    assert wrap(replace(found, payload=b"\x00\x12\x00")).hex() == "01030020060380030012" + "00"
