"""A second roadside unit whose clock is behind: what it sends is stored like everybody's, and keeps the time it says."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from live_unit import LiveUnit

import rsu
from rsu.frames import wrap_payload
from rsu.schema import Schema

MINUTE_NS = 60_000_000_000
ROUNDS = 50
POSITION = {"lat": 295_000_000, "long": 1_065_000_000}
FIRST, SECOND = b"rsu-0001", b"rsu-0002"
AIDS = {"RoadsideSafetyMessage": 3623, "SPAT": 3619, "BasicSafetyMessage": 111}
SPEAKERS = {FIRST: 1, SECOND: 2}


@cache
def schema() -> Schema:
    return rsu.load_schema("csae-157")


def frames(number: int, speaker: bytes, time_ns: int) -> dict[str, bytes]:
    """An RSM, a SPAT and a BSM that were made when the speaker's clock said this."""
    moment = datetime.fromtimestamp(time_ns / 1e9, UTC)
    millisecond = moment.second * 1_000 + moment.microsecond // 1_000
    minute = int((moment - datetime(moment.year, 1, 1, tzinfo=UTC)).total_seconds() // 60)
    participant = {
        "ptcType": "motor", "ptcId": 1, "source": "video", "secMark": millisecond,
        "pos": {"offsetLL": ("position-LatLon", {"lon": POSITION["long"], "lat": POSITION["lat"]})},
        "posConfidence": {"pos": "unavailable"}, "speed": number, "heading": 0, "size": {"width": 0, "length": 0},
    }  # fmt: skip
    intersection = {
        "intersectionId": {"region": 1, "id": SPEAKERS[speaker]}, "status": (b"\x05\x00", 16), "moy": minute,
        "timeStamp": millisecond, "phases": [{"id": 1, "phaseStates": [{"light": "red"}]}],
    }  # fmt: skip
    vehicle = {
        "msgCnt": number % 128, "id": speaker, "secMark": millisecond, "pos": POSITION, "transmission": "park",
        "speed": number, "heading": 0, "accelSet": {"long": 0, "lat": 0, "vert": 0, "yaw": 0}, "brakes": {},
        "size": {"width": 180, "length": 480}, "vehicleClass": {"classification": 10},
    }  # fmt: skip
    values: dict[str, tuple[str, Any]] = {
        "RoadsideSafetyMessage": (
            "rsmFrame", {"msgCnt": number % 128, "id": speaker, "refPos": POSITION, "participants": [participant]}
        ),
        "SPAT": ("spatFrame", {"msgCnt": number % 128, "intersections": [intersection]}),
        "BasicSafetyMessage": ("bsmFrame", vehicle),
    }  # fmt: skip
    return {name: wrap_payload(schema().encode("MessageFrame", value), "dsmp", AIDS[name]) for name, value in values.items()}


@pytest.mark.parametrize("behind_min", [2, 61], ids=lambda minutes: f"{minutes}-min")
def test_second_rsu_with_an_older_clock_is_not_dropped(tmp_path: Path, behind_min: int) -> None:
    with LiveUnit(tmp_path) as unit:
        begun_ns = time.time_ns()
        for number in range(ROUNDS):
            now_ns = time.time_ns()
            first = frames(number, FIRST, now_ns)
            second = frames(number, SECOND, now_ns - behind_min * MINUTE_NS)
            for name in AIDS:
                unit.send_octets(first[name])
                unit.send_octets(second[name])
        ended_ns = time.time_ns()
        assert unit.stop() == 0
    assert dict(unit.rows("SELECT type, count(*) FROM message GROUP BY type")) == dict.fromkeys(AIDS, 2 * ROUNDS)
    assert unit.ledger() == {"received": 6 * ROUNDS, "stored": 6 * ROUNDS, "quarantined": 0, "duplicate": 0, "shed": 0}
    assert unit.rows("SELECT count(*) FROM message WHERE warning IS NOT NULL") == [(0,)]
    times = unit.rows("SELECT event_time_ns, receive_time_ns FROM message WHERE type = 'SPAT' ORDER BY sequence")
    lags = [received_ns - event_ns for event_ns, received_ns in times]
    spent_ns = ended_ns - begun_ns
    assert all(0 <= lag <= spent_ns for lag in lags[0::2])
    assert all(0 <= lag - behind_min * MINUTE_NS <= spent_ns for lag in lags[1::2])
    bsms = unit.rows("SELECT event_time_ns, receive_time_ns FROM message WHERE type = 'BasicSafetyMessage'")
    # Whole minutes do not show in secMark.
    assert all(abs(received_ns - event_ns) <= spent_ns for event_ns, received_ns in bsms)
