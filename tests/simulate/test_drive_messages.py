"""What road users and units say in a simulated drive: right codes, right times over minute and hour, in both standards."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from drive_world import ORIGIN, STANDARDS, outcomes, schema_of, straight

from rsu.compose.moments import d_second
from rsu.frames import unwrap, wrap_payload
from rsu.observe.times import event_time
from rsu.received import Received
from rsu.simulate import messages_csae, messages_sae
from rsu.simulate.neighbour import Neighbour
from rsu.simulate.noise import Parameters
from rsu.simulate.place import Place
from rsu.simulate.said import Said, axis_code, heading_code, raw
from rsu.simulate.scenes.fleet import KINDS
from rsu.simulate.senders import Sender
from rsu.standards import STANDARDS as CATALOGUE
from rsu.standards import message_type

START_NS = 1_778_547_580_000_000_000  # 2026-05-12T00:59:40Z: minute and hour end after 20 s
PLACE = Place(ORIGIN)
ROOMS: dict[str, Any] = {"csae-157": messages_csae, "sae-j2735": messages_sae}
QUIET = Parameters(gnss_sigma_m=0.0, gnss_white_m=0.0, loss_near=0.0, loss_far=0.0)


def received(data: bytes, time_ns: int, sequence: int) -> Received:
    return Received(
        rsu_id="R", boot_id=bytes(16), sequence=sequence, channel="pc5", source="pc5", receive_time_ns=time_ns, data=data
    )


def framed(standard: str, value: Any, aid: int) -> bytes:
    american = standard == "sae-j2735"
    payload = schema_of(standard).encode("MessageFrame", value)
    return wrap_payload(payload, "wsmp" if american else "dsmp", aid, unsecured=american)


def decoded(standard: str, data: bytes) -> tuple[str, Any]:
    return message_type(CATALOGUE[standard], schema_of(standard).decode("MessageFrame", unwrap(data).payload))


@pytest.mark.parametrize("standard", STANDARDS)
@pytest.mark.parametrize("kind", ["car", "bicycle", "person"])
def test_times_and_places_are_right_over_the_end_of_minute_and_hour(standard: str, kind: str) -> None:
    room, path = ROOMS[standard], straight(40.0, kind=kind, speed=4.0)
    heard = Sender(path, 40.0, 1, QUIET).heard(PLACE, START_NS, ())
    make, aid = (room.bsm, room.AID_BSM) if kind == "car" else (room.psm, room.AID_PSM)
    records = [received(framed(standard, make(one.said), aid), one.receive_ns, index) for index, one in enumerate(heard, 1)]
    rows = outcomes(records)
    period_ms = 100 if kind == "car" else 200
    assert len(rows) >= 40_000 // period_ms - 1
    for row, one in zip(rows, heard, strict=True):
        assert row.event_time_ns == one.said.time_ns and row.sec_mark == d_second(one.said.time_ns)
        east_m, north_m = PLACE.metres(row.lat_e7 or 0, row.lon_e7 or 0)
        assert math.hypot(east_m - 4.0 * (row.event_time_ns - START_NS) / 1e9, north_m) < 0.02  # 1e-7 degree is 1.1 cm
        assert row.sender == one.said.id[: room.ID_OCTETS].hex()
        assert row.speed_mps == pytest.approx(4.0, abs=0.6) and row.heading_deg == pytest.approx(90.0, abs=6)
    assert {row.type for row in rows} == {"BasicSafetyMessage" if kind == "car" else "PersonalSafetyMessage"}


@pytest.mark.parametrize(
    ("heading_deg", "code"), [(0, 7_200), (90, 0), (180, 21_600), (-90, 14_400), (89.99, 1), (90.01, 28_799)], ids=str
)
def test_headings_turn_clockwise_from_north_on_the_air(heading_deg: float, code: int) -> None:
    """DE_Heading: 0.0125 degree; 0 is north, 7200 east."""
    assert heading_code(math.radians(heading_deg)) == code


@pytest.mark.parametrize(
    ("sigma_m", "code"), [(1.0, 20), (0.51, 10), (0.0, 1), (12.69, 254), (12.71, 254), (80.0, 254), (math.nan, 255)], ids=str
)
def test_accuracy_is_told_in_twentieths_of_a_metre(sigma_m: float, code: int) -> None:
    """DE_SemiMajorAxisAccuracy: 0.05 m; 254 is 12.7 m or more, 255 unavailable."""
    assert axis_code(sigma_m) == code


def test_what_is_out_of_range_is_told_by_its_last_value() -> None:
    said = Said(0, 0, bytes(8), KINDS["car"], None, None, 0.0, math.nan, 0.0, 400.0, -50.0, 10.0)
    codes = raw(said)
    assert (codes.speed, codes.accel, codes.yaw) == (8_190, -2_000, -32_767)
    assert (codes.lat, codes.lon, codes.axis, codes.orientation) == (900_000_001, 1_800_000_001, 255, 65_535)


@pytest.mark.parametrize("standard", STANDARDS)
def test_who_does_not_know_where_it_is_says_so(standard: str) -> None:
    said = Said(START_NS, 5, bytes(range(8)), KINDS["car"], None, None, 268.4, math.nan, 0.0, 12.0, 0.0, 0.0)
    (row,) = outcomes([received(framed(standard, ROOMS[standard].bsm(said), ROOMS[standard].AID_BSM), START_NS, 1)])
    assert (row.lat_e7, row.lon_e7, row.speed_mps) == (None, None, 12.0)


@pytest.mark.parametrize("standard", STANDARDS)
@pytest.mark.parametrize("clock_s", [0.0, -2.5, 7.25])
def test_a_second_unit_tells_by_its_own_clock_where_road_users_are(standard: str, clock_s: float) -> None:
    """Four cars stand around it, one beyond its 120 m; after 20 s the minute and the hour end."""
    noise, room = Parameters(), ROOMS[standard]
    paths = [straight(30.0, number=number, speed=0.0, x=x) for number, x in enumerate([100, 140, 160, 200, 300], 1)]
    senders = {1: Sender(paths[0], 30.0, 1, noise)}
    messages = list(Neighbour(PLACE, senders, 1, noise, clock_s).told(paths, START_NS, 300, room.SEEN_MAX, room.seen))
    assert len(messages) == 300
    errors: list[tuple[float, float]] = []
    for tick, (receive_ns, value) in enumerate(messages):
        true_ns = START_NS + tick * 100_000_000
        assert receive_ns >= true_ns + 80_000_000
        name, message = decoded(standard, framed(standard, value, room.AID_RSM))
        for number, time_ns, x, y in _objects(name, message, true_ns + round(clock_s * 1e9)):
            assert time_ns == true_ns + round(clock_s * 1e9)
            errors.append((x - float(paths[number - 1].course.x[0]), y))
    assert len(errors) == 4 * 300
    assert np.std(errors) == pytest.approx(0.4, rel=0.1)


def _objects(name: str, message: Any, about_ns: int) -> list[tuple[int, int, float, float]]:
    """Number, time and place of the road users of an RSM or SDSM."""
    reference = Place(ORIGIN._replace(lat_deg=message["refPos"]["lat"] / 1e7, lon_deg=message["refPos"]["long"] / 1e7))
    away = PLACE.metres(reference.lat_e7, reference.lon_e7)
    if name == "RoadsideSafetyMessage":
        found = []
        for one in message["participants"]:
            offset = one["pos"]["offsetLL"][1]
            x, y = PLACE.metres(reference.lat_e7 + offset["lat"], reference.lon_e7 + offset["lon"])
            found.append((one["ptcId"], event_time(about_ns, None, one["secMark"])[0], x, y))
            assert (one["source"] == "integrated") == ("id" in one) == (one["ptcId"] == 1)
        return found
    sent_ns, _ = event_time(about_ns, None, None, message["sDSMTimeStamp"])
    return [
        (
            common["objectID"],
            sent_ns - common["measurementTime"] * 1_000_000,
            away[0] + common["pos"]["offsetX"] / 10,
            away[1] + common["pos"]["offsetY"] / 10,
        )
        for common in (one["detObjCommon"] for one in message["objects"])
    ]
