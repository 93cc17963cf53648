"""Records made again from what became of them: the engine judges them as it judged the first time."""

from __future__ import annotations

import itertools
from typing import Any

import msgspec
import pytest

import rsu
from rsu.engine import Duplicate, Engine, Outcome, Quarantined, Settings, Stored
from rsu.frames import HEADERS, wrap_payload
from rsu.pipeline.rebuild import Rebuilder
from rsu.received import Received
from rsu.schema import Schema

TIME_NS = 1_700_000_020_500_000_000
STANDARDS = ("csae-53", "csae-157", "sae-j2735")


@pytest.fixture(scope="module")
def schemas() -> dict[str, Schema]:
    return {name: rsu.load_schema(name) for name in STANDARDS}


@pytest.fixture(scope="module")
def payloads(schemas: dict[str, Schema]) -> dict[str, bytes]:
    """Frames as radios hear them, whole and broken."""
    request = {"second": 40_400, "sequenceNumber": 9, "requestor": {"id": ("stationID", 7)}}
    sae = schemas["sae-j2735"].encode("MessageFrame", {"messageId": 29, "value": ("SignalRequestMessage", request)})
    day_two = {"messageId": 0, "value": ("TestMsg", {"msgCnt": 1, "userData": b"hello"})}
    csae = schemas["csae-157"].encode("MessageFrame", ("msgFrameExt", day_two))
    wsmp = wrap_payload(sae, "wsmp", 0x204096, unsecured=True)
    dsmp = wrap_payload(csae, "dsmp", 111)
    return {
        "bare sae": sae,
        "bare csae": csae,
        "wsmp": wsmp,
        "dsmp": dsmp,
        "dsmp behind its adaptation octet": b"\x04" + dsmp,
        "dot2": b"\x03\x80" + bytes([len(sae)]) + sae,
        "wsmp cut": wsmp[:-3],
        "dsmp cut": dsmp[:-3],
        "wsmp with a byte changed": wsmp[:-6] + bytes([wsmp[-6] ^ 0xFF]) + wsmp[-5:],
        "bare cut": sae[:-2],
        "dot2 cut": b"\x03\x80" + bytes([len(sae)]) + sae[:-1],
        "signed, cut": bytes.fromhex("0381004003800500142c"),
        "noise": bytes.fromhex("ffee0102030405060708"),
        "nothing": b"",
        "too long": bytes(70_000),
    }


def record(data: bytes, **more: Any) -> Received:
    known: dict[str, Any] = {
        "rsu_id": "R1", "boot_id": b"\x07" * 16, "sequence": 5, "channel": "pc5", "source": "radio0",
        "receive_time_ns": TIME_NS, "data": data,
    }  # fmt: skip
    return Received(**(known | more))


def judged(schemas: dict[str, Schema], received: Received) -> Outcome:
    return Engine(Settings(), schemas).step(received, received.receive_time_ns)


def content(outcome: Outcome) -> dict[str, Any]:
    """All of a row but the words for people."""
    return {key: value for key, value in msgspec.to_builtins(outcome).items() if key != "detail"}


def test_every_setting_and_frame_gives_the_same_row_again(schemas: dict[str, Schema], payloads: dict[str, bytes]) -> None:
    rebuilder = Rebuilder(rsu.load_schema)
    kinds = set()
    for (name, data), header, standard in itertools.product(payloads.items(), HEADERS, ("", *STANDARDS)):
        before = judged(schemas, record(data, header=header, standard=standard, meta={"rssi": -70}))
        (again,) = rebuilder.records([before])
        assert content(judged(schemas, again)) == content(before), (name, header, standard)
        assert again.data == data
        kinds.add((type(before), getattr(before, "reason", "")))
    assert rebuilder.counts == {}
    assert {kind for kind, _ in kinds} == {Stored, Quarantined}
    assert len(kinds) > 5  # several reasons for quarantine, not one


@pytest.mark.parametrize(
    "received",
    [
        record(b"turn left", content="text", record_type="driverAlert"),
        record(b"turn left", content="text"),
        record(b"\x01\x02", damage="record is cut: 2 of 9 octets"),
        record(b'{"objects": []}', content="objects", record_type="detectedObjects"),
        record(b'{"controller": "c1", "time_ns": 5, "intersection": 1, "phases": []}', content="signals"),
        record(
            b'{"controller": "c1", "time_ns": 5, "intersection": 1, "phases": [], "standard": "csae-53"}',
            content="signals",
            record_type="SignalReport",
        ),
        record(b"no report", content="signals"),
        record(b"\x00\x14", channel="uu", source="mqtt", standard="csae-157"),
    ],
    ids=["alert", "text", "cut", "objects", "signals", "signals with a standard", "signals broken", "handed down"],
)
def test_what_is_no_message_of_a_radio_gives_the_same_row_again(schemas: dict[str, Schema], received: Received) -> None:
    before = judged(schemas, received)
    rebuilder = Rebuilder(rsu.load_schema)
    (again,) = rebuilder.records([before])
    assert content(judged(schemas, again)) == content(before)
    assert rebuilder.counts == {}


def test_duplicates_hold_no_octets_and_are_counted() -> None:
    rebuilder = Rebuilder(rsu.load_schema)
    duplicate = Duplicate(rsu_id="R1", boot_id=b"", sequence=2, source="radio1", receive_time_ns=1, of="radio")
    assert list(rebuilder.records([duplicate])) == []
    assert rebuilder.counts == {"duplicate": 1}


def test_a_row_that_no_setting_gives_is_uncertain_and_keeps_its_octets(schemas: dict[str, Schema]) -> None:
    strange = judged(schemas, record(b"\xff\xee", standard="csae-53"))
    assert isinstance(strange, Quarantined)
    rebuilder = Rebuilder(rsu.load_schema)
    (again,) = rebuilder.records([msgspec.structs.replace(strange, reason="of-a-newer-unit")])
    assert again.data == b"\xff\xee"
    assert rebuilder.counts["uncertain"] == 1


def test_a_standard_that_is_not_known_is_no_error(schemas: dict[str, Schema]) -> None:
    strange = judged(schemas, record(b"\xff\xee", standard="csae-53"))
    rebuilder = Rebuilder(rsu.load_schema)
    list(rebuilder.records([msgspec.structs.replace(strange, standard="of-tomorrow")]))
    assert rebuilder.counts["unknown standard"] == 1
