"""RSM, SSM and SDSM become observations: times, places, names and errors of each object."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from observe_messages import (
    ELEV,
    LAT,
    LONG,
    MS,
    OBJECT,
    OBSTACLE,
    ORIGIN,
    PARTICIPANT,
    RECEIVED_NS,
    RSM,
    SDSM,
    SSM,
    changed,
)

from rsu.observe.accuracies import POSITION_M
from rsu.observe.arrays import BICYCLE, OTHER, PEDESTRIAN, SHARED, UNKNOWN, VEHICLE
from rsu.observe.enu import to_enu
from rsu.observe.observations import observations
from rsu.observe.offsets import DEGREE_E7, ELEVATION_M, ELEVATION_UNAVAILABLE, LAT_UNAVAILABLE, LONG_UNAVAILABLE
from rsu.observe.places import unit_of
from rsu.units import load_units

TYPES = {
    "rsm": ("csae-53", "RoadsideSafetyMessage", RSM),
    "ssm": ("csae-157", "SensorSharingMsg", SSM),
    "sdsm": ("sae-j2735", "SensorDataSharingMessage", SDSM),
}
# where the first object's own components stand
FIRST = {"rsm": "participants.0.", "ssm": "participants.0.ptc.", "sdsm": "objects.0.detObjCommon."}
OPTIONAL = "objects.0.detObjOptData"


def all_of(name: str, *changes: tuple[str, Any], receive_time_ns: int = RECEIVED_NS) -> np.ndarray:
    standard, type_name, value = TYPES[name]
    for path, code in changes:
        value = changed(value, path, code)
    return observations(standard, type_name, value, receive_time_ns, "pc5", ORIGIN)


def first(name: str, path: str = "", code: Any = None) -> np.void:
    made: np.void = all_of(name, *([(FIRST[name] + path, code)] if path else []))[0]
    return made


def place(lat: float, long: float, elev: float) -> list[float]:
    """Codes in the frame, one by one."""
    lat_deg, lon_deg, height_m = np.array([lat / 1e7]), np.array([long / 1e7]), np.array([elev / 10])
    return [float(each[0]) for each in to_enu(lat_deg, lon_deg, height_m, ORIGIN)]


@pytest.mark.parametrize("name", TYPES)
def test_an_object_in_si_units(name: str) -> None:
    made = first(name)
    assert made["kind"] == SHARED
    assert made["speed"] == pytest.approx(13.88)
    assert made["heading"] == pytest.approx(math.radians(-0.2))
    assert made["accel"] == pytest.approx(-0.42)
    assert made["yaw_rate"] == pytest.approx(-math.radians(9.05))
    assert (made["length"], made["width"], made["height"]) == pytest.approx((4.69, 1.84, 1.9))


@pytest.mark.parametrize(
    ("name", "sender", "about", "sensed_by"),
    [
        ("rsm", b"53494d5253553031", b"7", 3),
        ("ssm", b"53494d5253553032", b"7", 3),
        ("sdsm", b"51a00000", b"12", 0),
    ],
)
def test_an_object_is_called_by_its_senders_number(name: str, sender: bytes, about: bytes, sensed_by: int) -> None:
    made = first(name)
    assert (made["sender"], made["object"], made["sensed_by"]) == (sender, about, sensed_by)


def test_a_participant_that_was_heard_is_called_by_its_temporary_id() -> None:
    made = all_of("rsm", ("participants.0.id", b"SIM00007"), ("participants.0.source", "v2x"))[0]
    assert (made["object"], made["sensed_by"]) == (b"53494d3030303037", 2)


def test_the_unit_itself_is_no_road_user() -> None:
    unit = {**PARTICIPANT, "ptcType": "rsu", "ptcId": 0, "source": "selfinfo"}
    made = all_of("rsm", ("participants", [unit, PARTICIPANT]))
    assert made["object"].tolist() == [b"7"]


@pytest.mark.parametrize(
    ("offset", "expected"),
    [
        ({"offsetLL": ("position-LL1", {"lon": 2_047, "lat": -2_048})}, (LAT - 2_048, LONG + 2_047, ELEV)),
        ({"offsetLL": ("position-LL2", {"lon": -8_192, "lat": 8_191})}, (LAT + 8_191, LONG - 8_192, ELEV)),
        ({"offsetLL": ("position-LL3", {"lon": 1, "lat": 0}), "offsetV": ("offset1", -64)}, (LAT, LONG + 1, ELEV - 64)),
        ({"offsetLL": ("position-LL4", {"lon": 0, "lat": 1}), "offsetV": ("offset6", 2_047)}, (LAT + 1, LONG, ELEV + 2_047)),
        ({"offsetLL": ("position-LL5", {"lon": 2_097_151, "lat": 0})}, (LAT, LONG + 2_097_151, ELEV)),
        ({"offsetLL": ("position-LL6", {"lon": 0, "lat": -8_388_608})}, (LAT - 8_388_608, LONG, ELEV)),
        (
            {"offsetLL": ("position-LatLon", {"lon": 1_065_000_000, "lat": 296_000_000}), "offsetV": ("elevation", 2_500)},
            (296_000_000, 1_065_000_000, 2_500),
        ),
    ],
    ids=["LL1", "LL2", "LL3", "LL4", "LL5", "LL6", "LatLon"],
)
@pytest.mark.parametrize("name", ["rsm", "ssm"])
def test_each_form_of_an_offset_leads_to_its_place(name: str, offset: dict[str, Any], expected: tuple[int, int, int]) -> None:
    made = first(name, "pos", offset)
    assert [made["x"], made["y"], made["z"]] == pytest.approx(place(*expected), abs=1e-6)


@pytest.mark.parametrize("member", ["lat", "long"])
@pytest.mark.parametrize(("name", "reference"), [("rsm", "refPos"), ("ssm", "sensorPos"), ("sdsm", "refPos")])
def test_an_offset_to_an_unavailable_place_is_no_place(name: str, reference: str, member: str) -> None:
    code = LAT_UNAVAILABLE if member == "lat" else LONG_UNAVAILABLE
    made = all_of(name, (f"{reference}.{member}", code))[0]
    assert np.isnan([made["x"], made["y"]]).all()


@pytest.mark.parametrize(("name", "reference"), [("rsm", "refPos"), ("ssm", "sensorPos"), ("sdsm", "refPos")])
def test_a_height_upon_an_unavailable_one_is_nan_and_the_place_stays(name: str, reference: str) -> None:
    made = all_of(name, (f"{reference}.elevation", ELEVATION_UNAVAILABLE))[0]
    whole = first(name)
    assert math.isnan(made["z"])
    assert [made["x"], made["y"]] == pytest.approx([whole["x"], whole["y"]], abs=0.01)


@pytest.mark.parametrize("standard", ["csae-157", "sae-j2735"])
def test_scales_and_codes_of_positions_are_those_of_the_units_table(standard: str) -> None:
    units = load_units(standard)
    lat, long, elev = (unit_of(units, name) for name in ("Latitude", "Longitude", "Elevation"))
    assert (lat.scale, long.scale, elev.scale) == (DEGREE_E7, DEGREE_E7, ELEVATION_M)
    codes = (LAT_UNAVAILABLE, LONG_UNAVAILABLE, ELEVATION_UNAVAILABLE)
    assert (lat.unavailable, long.unavailable, elev.unavailable) == codes


@settings(deadline=None)
@given(st.integers(-32_767, 32_767), st.integers(-32_767, 32_767), st.integers(-32_767, 32_767))
def test_offsets_of_an_sdsm_agree_with_pymap3d(x: int, y: int, z: int) -> None:
    pymap3d = pytest.importorskip("pymap3d", reason="compares with pymap3d, an independent implementation")
    made = first("sdsm", "pos", {"offsetX": x, "offsetY": y, "offsetZ": z})
    there = pymap3d.enu2geodetic(x / 10, y / 10, z / 10, LAT / 1e7, LONG / 1e7, ELEV / 10)
    expected = pymap3d.geodetic2enu(*there, *ORIGIN)
    assert [made["x"], made["y"], made["z"]] == pytest.approx(expected, abs=1e-5)


def test_an_sdsm_object_without_a_height_has_none() -> None:
    made = first("sdsm", "pos", {"offsetX": 0, "offsetY": 0})
    assert math.isnan(made["z"])
    assert [made["x"], made["y"]] == pytest.approx(place(LAT, LONG, ELEV)[:2], abs=1e-6)


@pytest.mark.parametrize(
    ("second", "receive_s", "expected_s"), [(59_950, 40.05, 39.95), (10, 39.99, 40.01), (65_535, 1.0, 1.0), (61_000, 1.0, 1.0)]
)
@pytest.mark.parametrize("name", ["rsm", "ssm"])
def test_each_participant_has_its_own_moment(name: str, second: int, receive_s: float, expected_s: float) -> None:
    received = RECEIVED_NS + round(receive_s * 1_000) * MS
    made = all_of(name, (FIRST[name] + "secMark", second), receive_time_ns=received)[0]
    assert made["event_time_ns"] == RECEIVED_NS + round(expected_s * 1_000) * MS


@pytest.mark.parametrize("offset_ms", [-1_500, -140, 0, 1_500])
def test_times_of_sdsm_objects_count_back_from_that_of_the_message(offset_ms: int) -> None:
    made = first("sdsm", "measurementTime", offset_ms)
    assert made["event_time_ns"] == RECEIVED_NS - 100 * MS - offset_ms * MS


@pytest.mark.parametrize("confidence", [*POSITION_M, "unavailable", "...16"])
@pytest.mark.parametrize("name", ["rsm", "ssm", "sdsm"])
def test_position_confidence_is_a_circle(name: str, confidence: str) -> None:
    made = first(name, "posConfidence", {"pos": confidence, "elevation": "unavailable"})
    own = 0.1**2 if name == "sdsm" else 0.0  # semiMajor 2: the reference's own 10 cm
    expected = (POSITION_M[confidence] / 1.959964) ** 2 + own if confidence in POSITION_M else math.nan
    assert [made["cxx"], made["cyy"]] == pytest.approx([expected, expected], rel=1e-5, nan_ok=True)
    assert made["cxy"] == pytest.approx(0 if confidence in POSITION_M else math.nan, abs=1e-12, nan_ok=True)


@pytest.mark.parametrize(
    ("type_", "vehicle_class", "cls"),
    [
        ("motor", 10, VEHICLE),
        ("motor", 85, BICYCLE),
        ("motor", 91, OTHER),
        ("non-motor", 10, BICYCLE),
        ("pedestrian", 0, PEDESTRIAN),
        ("unknown", 0, UNKNOWN),
        ("...5", 0, UNKNOWN),
    ],
)
def test_participants_have_classes(type_: str, vehicle_class: int, cls: int) -> None:
    path = "participants.0."
    made = all_of("rsm", (path + "ptcType", type_), (path + "vehicleClass.classification", vehicle_class))[0]
    assert (made["cls"], made["vehicle_class"]) == (cls, vehicle_class)


def test_a_detected_type_is_finer_than_that_of_the_participant() -> None:
    assert first("ssm")["cls"] == BICYCLE
    assert all_of("ssm", ("participants.0.detectedPTCType", "unknown"))[0]["cls"] == VEHICLE


def test_obstacles_are_numbered_apart_from_participants() -> None:
    participant, obstacle = all_of("ssm")
    assert (participant["object"], obstacle["object"]) == (b"7", b"obstacle-7")
    assert (obstacle["cls"], obstacle["sensed_by"]) == (OTHER, 6)
    assert (obstacle["length"], obstacle["width"]) == pytest.approx((1.2, 0.5))
    assert math.isnan(obstacle["height"])  # 0 is no size
    assert obstacle["event_time_ns"] == RECEIVED_NS - 200 * MS
    assert obstacle["confidence"] == pytest.approx(0.8)
    assert math.isnan(obstacle["accel"])


def test_a_ssm_may_have_neither() -> None:
    standard, type_name, value = TYPES["ssm"]
    bare = {name: part for name, part in value.items() if name not in ("participants", "obstacles")}
    assert len(observations(standard, type_name, bare, RECEIVED_NS, "pc5", ORIGIN)) == 0


@pytest.mark.parametrize(
    ("name", "path", "code", "expected"),
    [
        ("ssm", "participants.0.typeConfidence", 180, 0.9),
        ("sdsm", "objects.0.detObjCommon.objTypeCfd", 95, 0.95),
        ("sdsm", "objects.0.detObjCommon.objTypeCfd", 0, math.nan),
        ("sdsm", "objects.0.detObjCommon.objTypeCfd", 101, math.nan),
    ],
)
def test_confidence_is_between_none_and_one(name: str, path: str, code: int, expected: float) -> None:
    assert all_of(name, (path, code))[0]["confidence"] == pytest.approx(expected, nan_ok=True)


@pytest.mark.parametrize(
    ("type_", "optional", "cls", "size"),
    [
        ("vehicle", OBJECT["detObjOptData"], VEHICLE, (4.69, 1.84, 1.9)),
        ("vehicle", None, VEHICLE, (math.nan, math.nan, math.nan)),
        ("vehicle", ("detVeh", {"vehicleClass": 85}), BICYCLE, (math.nan, math.nan, math.nan)),
        ("vru", ("detVRU", {"basicType": "aPEDALCYCLIST", "radius": 7}), BICYCLE, (1.4, 1.4, math.nan)),
        ("vru", ("detVRU", {}), PEDESTRIAN, (math.nan, math.nan, math.nan)),
        ("animal", None, OTHER, (math.nan, math.nan, math.nan)),
        ("unknown", ("detObst", {"obstSize": {"width": 5, "length": 12, "height": 30}}), OTHER, (1.2, 0.5, 3.0)),
        ("unknown", None, UNKNOWN, (math.nan, math.nan, math.nan)),
        ("...4", None, UNKNOWN, (math.nan, math.nan, math.nan)),
    ],
)
def test_objects_of_an_sdsm_have_class_and_size(type_: str, optional: Any, cls: int, size: tuple[float, float, float]) -> None:
    value = changed(SDSM, "objects.0.detObjCommon.objType", type_)
    if optional is None:
        del value["objects"][0]["detObjOptData"]
    else:
        value["objects"][0]["detObjOptData"] = optional
    (made,) = observations("sae-j2735", "SensorDataSharingMessage", value, RECEIVED_NS, "pc5", ORIGIN)
    assert made["cls"] == cls
    assert (made["length"], made["width"], made["height"]) == pytest.approx(size, nan_ok=True)


@pytest.mark.parametrize(
    ("path", "element", "field"),
    [
        ("speed", "Speed", "speed"),
        ("heading", "Heading", "heading"),
        ("accelSet.long", "Acceleration", "accel"),
        ("size.length", "VehicleLength", "length"),
        ("size.width", "VehicleWidth", "width"),
        ("size.height", "VehicleHeight", "height"),
    ],
)
@pytest.mark.parametrize("name", ["rsm", "ssm"])
def test_the_unavailable_codes_of_participants_are_nan(name: str, path: str, element: str, field: str) -> None:
    assert math.isnan(first(name, path, load_units("csae-157")[element].unavailable)[field])


@pytest.mark.parametrize(
    ("path", "element", "field"),
    [("speed", "Speed", "speed"), ("heading", "Heading", "heading"), ("accel4way.long", "Acceleration", "accel")],
)
def test_the_unavailable_codes_of_an_sdsm_are_nan(path: str, element: str, field: str) -> None:
    assert math.isnan(first("sdsm", path, load_units("sae-j2735")[element].unavailable)[field])


def test_objects_keep_the_order_of_their_message() -> None:
    many = [{**PARTICIPANT, "ptcId": number} for number in range(16)]
    assert all_of("rsm", ("participants", many))["object"].tolist() == [b"%d" % number for number in range(16)]
    obstacles = [{**OBSTACLE, "obsId": number} for number in range(3)]
    assert len(all_of("ssm", ("obstacles", obstacles))) == 4
