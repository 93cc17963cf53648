"""Parcels become payloads: headers off, BSMs together up to the bounds, filters looked up in the message itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from uplink_bench import R1, Frame, Record
from uplink_world import Shelf

from rsu.frames import wrap_payload
from rsu.uplink.forms import ConfigDown, KindConfig
from rsu.uplink.its0117 import FRAMES_MAX, KINDS, read_upload
from rsu.uplink.packing import PAYLOAD_OCTETS, Platform, bare
from rsu.uplink.sampling import Sampler
from rsu.uplink.target import Message
from rsu.uplink.topics import Topics

Pack = Callable[..., list[Message]]


@pytest.fixture
def left() -> Counter[str]:
    """Why records were left out."""
    return Counter()


@pytest.fixture
def pack(shelf: Shelf, left: Counter[str]) -> Pack:
    def packed(*records: Any, config: ConfigDown = ConfigDown()) -> list[Message]:  # noqa: B008
        topics = Topics("V2X.RSU.{type}.UP", "V2X.RSU.{type}.DOWN", "R1")
        shelf.put(*records)
        return Platform(topics, R1, Sampler(config), lambda reason: left.update([reason]))(shelf.parcels[-1])

    return packed


def counts(messages: list[Message]) -> list[int]:
    return [len(read_upload(KINDS["BSM"], message.payload).frames) for message in messages]


@pytest.mark.parametrize(
    ("header", "security", "unsecured"),
    [("dsmp", "none", False), ("dsmp", "unsecured", True), ("wsmp", "unsecured", True), ("none", "none", False),
     ("none", "unsecured", True)],
)  # fmt: skip
def test_radio_and_security_headers_stay_on_the_unit(
    record: Record, frame: Frame, header: str, security: str, unsecured: bool
) -> None:
    payload = frame("SPAT")
    raw = wrap_payload(payload, header, 3_619 if header == "dsmp" else 0x82, unsecured=unsecured)
    assert bare(record(1, "SPAT", raw=raw, header=header, security=security)) == payload


def test_a_record_whose_header_does_not_come_off_is_counted(record: Record, pack: Pack, left: Counter[str]) -> None:
    assert pack(record(1, raw=b"\xff", header="dsmp"), record(2, raw=b"")) == []
    assert left == {"unreadable": 2}


@pytest.mark.parametrize(("records", "expected"), [(1, [1]), (FRAMES_MAX, [FRAMES_MAX]), (FRAMES_MAX + 1, [FRAMES_MAX, 1])])
def test_a_payload_has_as_many_bsms_as_its_count_can_say(record: Record, pack: Pack, records: int, expected: list[int]) -> None:
    messages = pack(*(record(number) for number in range(records)))
    assert counts(messages) == expected == [message.records for message in messages]


def test_a_payload_ends_before_it_is_larger_than_the_bound(record: Record, pack: Pack) -> None:
    """Octets that are no message do: nothing here decodes them."""
    half = bytes(PAYLOAD_OCTETS // 2)
    assert counts(pack(record(1, raw=half), record(2, raw=half), record(3, raw=b"a"))) == [2, 1]
    assert counts(pack(record(1, raw=half), record(2, raw=half + b"a"))) == [1, 1]
    assert counts(pack(record(1, raw=bytes(PAYLOAD_OCTETS + 1)))) == [1]


def test_a_filter_looks_into_the_message(record: Record, frame: Frame, pack: Pack, left: Counter[str]) -> None:
    crossing, node = KindConfig(upFilters=[{"intersectionId": "33"}]), KindConfig(upFilters=[{"id": "1"}])
    config = ConfigDown(spatConfig=crossing, mapConfig=node)
    messages = pack(record(1, "SPAT"), record(2, "MapData"), record(3, "SPAT", raw=b"\x60"), config=config)
    assert [message.topic for message in messages] == ["V2X.RSU.SPAT.UP"]
    assert left == {"filter": 2}
