"""The binary form and the topics, against octets written by hand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rsu.errors import ConfigError, SourceError
from rsu.uplink.its0117 import FRAMES_MAX, KINDS, PAYLOAD_OCTETS_MAX, TIME_MS_MAX, read_upload, rsu_number, write_upload
from rsu.uplink.topics import Topics

NUMBER = b"12345\0\0\0"
# 1,600,000,000,000 ms = 0x1748_76E8_000: little-endian 00 80 6E 87 74 01 00 00
TIME_MS = 1_600_000_000_000
HEAD = "313233343500000000806e8774010000"

BYTES = [
    ("BSM", ["aabb", "cc"], HEAD + "02" + "0200aabb" + "0100cc"),
    ("SPAT", ["aabb"], HEAD + "0200aabb"),
    ("RSI", ["aa" * 300], HEAD + "2c01" + "aa" * 300),  # 300 = 0x012C
]


@pytest.mark.parametrize(("kind", "frames", "payload"), BYTES, ids=[row[0] for row in BYTES])
def test_a_payload_is_written_and_read_as_its_octets_say(kind: str, frames: list[str], payload: str) -> None:
    octets = [bytes.fromhex(frame) for frame in frames]
    assert write_upload(KINDS[kind], NUMBER, TIME_MS, octets).hex() == payload
    assert read_upload(KINDS[kind], bytes.fromhex(payload)) == (NUMBER, TIME_MS, tuple(octets))


WRONG = [
    ("MAP", "", "0 octets: rsuId, time take 16"),
    ("BSM", HEAD, "16 octets: rsuId, time and count take 17"),
    ("MAP", HEAD, "octet 16: no frame follows"),
    ("MAP", HEAD + "00", "octet 16: a length takes 2 octets, 1 is left"),
    ("MAP", HEAD + "0000", r"octet 16: length of frame 0 = 0: must be 1\.\.0"),
    ("MAP", HEAD + "0200aa", r"octet 16: length of frame 0 = 2: must be 1\.\.1"),
    ("MAP", HEAD + "0100aa0200bb", r"octet 19: length of frame 1 = 2: must be 1\.\.1"),
    ("BSM", HEAD + "010100aa0100bb", "octet 16: count = 1: 2 frames follow"),
    ("MAP", "00" * 8 + "ff" * 8 + "0100aa", "octet 8: time"),
    ("MAP", HEAD + "0100aa" * (FRAMES_MAX + 1), f"octet {16 + 3 * FRAMES_MAX}: more than 255 frames"),
    ("MAP", HEAD + "00" * (PAYLOAD_OCTETS_MAX - 15), f"{PAYLOAD_OCTETS_MAX + 1} octets: at most"),
]


@pytest.mark.parametrize(("kind", "payload", "reason"), WRONG, ids=[row[2][:24] for row in WRONG])
def test_a_payload_that_does_not_fit_names_the_octet(kind: str, payload: str, reason: str) -> None:
    with pytest.raises(SourceError, match=reason):
        read_upload(KINDS[kind], bytes.fromhex(payload))


def test_the_most_frames_and_the_latest_time_are_taken() -> None:
    frames = [b"a"] * FRAMES_MAX
    payload = write_upload(KINDS["BSM"], NUMBER, TIME_MS_MAX, frames)
    assert read_upload(KINDS["BSM"], payload) == (NUMBER, TIME_MS_MAX, tuple(frames))


@pytest.mark.parametrize(
    ("number", "time_ms", "frames"),
    [(b"1234567", 0, [b"a"]), (NUMBER, -1, [b"a"]), (NUMBER, TIME_MS_MAX + 1, [b"a"]), (NUMBER, 0, []), (NUMBER, 0, [b""]),
     (NUMBER, 0, [b"a"] * (FRAMES_MAX + 1)), (NUMBER, 0, [bytes(65_536)])],
    ids=["number", "before-1970", "too-late", "no-frames", "empty", "too-many", "too-long"],
)  # fmt: skip
def test_what_the_form_cannot_hold_is_not_written(number: bytes, time_ms: int, frames: list[bytes]) -> None:
    with pytest.raises(SourceError):
        write_upload(KINDS["BSM"], number, time_ms, frames)


@given(st.binary(max_size=80), st.sampled_from(sorted(KINDS)))
def test_any_octets_are_refused_or_are_exactly_what_was_read(payload: bytes, kind: str) -> None:
    try:
        upload = read_upload(KINDS[kind], payload)
    except SourceError:
        return
    assert write_upload(KINDS[kind], *upload) == payload


@pytest.mark.parametrize(
    ("setting", "unit", "octets"),
    [("", "rsu-1", b"rsu-1\0\0\0"), ("12345678", "x", b"12345678"),
     ("0011223344556677", "x", bytes.fromhex("0011223344556677")), ("路口", "x", "路口".encode().ljust(8, b"\0"))],
)  # fmt: skip
def test_the_number_is_text_or_hex(setting: str, unit: str, octets: bytes) -> None:
    assert rsu_number(setting, unit) == octets


@pytest.mark.parametrize(("setting", "unit"), [("123456789", "x"), ("001122334455667g", "x"), ("", "a-unit-with-a-long-name")])
def test_a_number_that_does_not_fit_says_what_to_set(setting: str, unit: str) -> None:
    with pytest.raises(ConfigError, match="16 hex digits"):
        rsu_number(setting, unit)


DEPLOYED = Topics("V2X.RSU.{type}.UP", "V2X.RSU.{type}.DOWN", "R1")
OPENV2X = Topics("V2X/RSU/[{rsu}/]{type}/UP", "V2X/RSU/[{rsu}/]{type}/DOWN", "R1")
OWN = Topics("zone7/{rsu}/{type}/UP", "zone7/{rsu}/{type}/DOWN", "R1")


@pytest.mark.parametrize(
    ("topics", "up", "about", "response"),
    [(DEPLOYED, "V2X.RSU.BSM.UP", "V2X.RSU.HB.UP", "V2X.RSU.INFOQuery.Response"),
     (OPENV2X, "V2X/RSU/R1/BSM/UP", "V2X/RSU/HB/UP", "V2X/RSU/INFOQuery/Response"),
     (OWN, "zone7/R1/BSM/UP", "zone7/R1/HB/UP", "zone7/R1/INFOQuery/Response")],
    ids=["deployed", "openv2x", "own"],
)  # fmt: skip
def test_what_goes_up_has_the_topic_of_its_spelling(topics: Topics, up: str, about: str, response: str) -> None:
    assert (topics.up("BSM"), topics.about("HB"), topics.response) == (up, about, response)


@pytest.mark.parametrize(
    ("topics", "topic", "order"),
    [
        (DEPLOYED, "V2X.RSU.MAP.DOWN", ("MAP", "V2X.RSU.MAP.DOWN.ACK")),
        (DEPLOYED, "V2X.RSU.INFO.UP.ACK", ("INFO", "")),
        (DEPLOYED, "V2X.RSU.Log.UP", ("Log", "V2X.RSU.Log.UP.ACK")),
        (DEPLOYED, "V2X.RSU.BSM.UP", None),
        (OPENV2X, "V2X/RSU/R1/MAP/DOWN", ("MAP", "V2X/RSU/R1/MAP/DOWN/ACK")),
        (OPENV2X, "V2X/RSU/MAP/DOWN", ("MAP", "V2X/RSU/R1/MAP/DOWN/ACK")),
        (OPENV2X, "V2X/RSU/R1/INFOQuery", ("INFOQuery", "")),
        (OPENV2X, "V2X/RSU/R2/MAP/DOWN", None),
        (OWN, "zone7/MAP/DOWN", None),
    ],
)
def test_an_order_is_known_by_its_topic(topics: Topics, topic: str, order: tuple[str, str] | None) -> None:
    assert topics.order(topic) == order
    assert (topic in topics.filters()) is (order is not None)


@pytest.mark.parametrize(
    "template",
    ["", "V2X.RSU.UP", "{type}", "V2X/{type}/{rsu}/UP", "V2X/#/{type}/UP", "V2X/+/{type}/UP", "V2X/{rsu}/{rsu}/{type}/UP",
     "V2X/{what}/{type}/UP", "V2X/[x]/{type}/UP", "V2X/{type}/UP" + "x" * 1_100],
)  # fmt: skip
def test_a_template_that_makes_no_topics_is_refused(template: str) -> None:
    with pytest.raises(ConfigError, match="topic_up"):
        Topics(template, "V2X.RSU.{type}.DOWN", "R1")
