"""BSM and PSM become observations; the numbers in the tables are worked out by hand from the units of the standards."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from observe_messages import (
    CSAE_BSM,
    CSAE_PSM,
    LAT,
    LONG,
    MS,
    ORIGIN,
    RECEIVED_NS,
    SAE_BSM,
    SAE_PSM,
    changed,
)

from rsu.observe.arrays import BICYCLE, OTHER, PEDESTRIAN, SELF, UNKNOWN, VEHICLE
from rsu.observe.observations import observations
from rsu.observe.places import unit_of
from rsu.units import load_units

BSM, PSM = "BasicSafetyMessage", "PersonalSafetyMessage"
MESSAGES = {
    "sae-bsm": ("sae-j2735", BSM, SAE_BSM, "coreData."),
    "csae-bsm": ("csae-53", BSM, CSAE_BSM, ""),
    "sae-psm": ("sae-j2735", PSM, SAE_PSM, ""),
    "csae-psm": ("csae-157", PSM, CSAE_PSM, ""),
}


def one(name: str, path: str = "", code: Any = None, receive_time_ns: int = RECEIVED_NS) -> np.void:
    """The observation of a message, changed at a path."""
    standard, type_name, value, root = MESSAGES[name]
    value = changed(value, root + path, code) if path else value
    (made,) = observations(standard, type_name, value, receive_time_ns, "pc5", ORIGIN)
    return made


@pytest.mark.parametrize("name", ["sae-bsm", "csae-bsm"])
def test_a_vehicle_in_si_units(name: str) -> None:
    made = one(name)
    assert made["event_time_ns"] == RECEIVED_NS - 100 * MS  # 19.9 s in the minute of 22:13:20
    assert (made["kind"], made["cls"], made["sensed_by"]) == (SELF, VEHICLE, 1)
    assert made["speed"] == pytest.approx(13.88)  # 694 × 0.02 m/s
    assert made["heading"] == pytest.approx(math.radians(-0.2))  # 7216 × 0.0125 = 90.2 degrees from north: 0.2 south of east
    assert made["accel"] == pytest.approx(-0.42)
    assert made["yaw_rate"] == pytest.approx(-math.radians(9.05))  # to the right is clockwise
    assert made["length"] == pytest.approx(4.69)
    assert made["width"] == pytest.approx(1.84)
    assert made["height"] == pytest.approx(1.9)  # 38 × 0.05 m
    assert made["source"] == b"pc5"


@pytest.mark.parametrize(
    ("name", "sender", "vehicle_class"), [("sae-bsm", b"1c7e902b", 65), ("csae-bsm", b"53494d3030303037", 54)]
)
def test_a_vehicle_is_called_by_its_temporary_id_in_hex(name: str, sender: bytes, vehicle_class: int) -> None:
    made = one(name)
    assert (made["sender"], made["object"], made["vehicle_class"]) == (sender, sender, vehicle_class)


@pytest.mark.parametrize(
    ("name", "cls", "radius_m"), [("sae-psm", BICYCLE, 0.6), ("csae-psm", PEDESTRIAN, 0.5)], ids=["sae", "csae"]
)
def test_a_person_in_si_units(name: str, cls: int, radius_m: float) -> None:
    made = one(name)
    assert (made["kind"], made["cls"]) == (SELF, cls)
    assert made["speed"] == pytest.approx(4.0)
    assert made["length"] == made["width"] == pytest.approx(2 * radius_m)
    assert math.isnan(made["height"])


@pytest.mark.parametrize("name", MESSAGES)
def test_the_position_agrees_with_pymap3d(name: str) -> None:
    pymap3d = pytest.importorskip("pymap3d", reason="compares with pymap3d, an independent implementation")
    expected = pymap3d.geodetic2enu(LAT / 1e7, LONG / 1e7, 270.0, *ORIGIN)
    made = one(name)
    assert [made["x"], made["y"], made["z"]] == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("name", MESSAGES)
def test_the_covariance_has_the_axes_of_the_ellipse(name: str) -> None:
    made = one(name)
    values, vectors = np.linalg.eigh([[made["cxx"], made["cxy"]], [made["cxy"], made["cyy"]]])
    assert np.sqrt(values) == pytest.approx([0.9, 1.2])  # 18 and 24 × 0.05 m
    # 10922 × 360 / 65535 = 59.997 degrees clockwise from north, either way along the axis
    azimuth = math.degrees(math.atan2(vectors[0, 1], vectors[1, 1])) % 180
    assert azimuth == pytest.approx(59.997, abs=0.001)


@pytest.mark.parametrize(
    ("heading", "expected_deg"),
    [
        (0, 90.0),  # north
        (7_200, 0.0),  # east
        (14_400, -90.0),  # south
        (21_600, -180.0),  # west: the interval is [-π, π)
        (28_799, 90.0125),  # just west of north
        (1, 89.9875),
    ],
    ids=["north", "east", "south", "west", "before-360", "after-0"],
)
@pytest.mark.parametrize("name", MESSAGES)
def test_headings_turn_about_at_the_edges(name: str, heading: int, expected_deg: float) -> None:
    assert math.degrees(one(name, "heading", heading)["heading"]) == pytest.approx(expected_deg, abs=1e-9)


# field of the observation, path of the code, element in units.toml
CODED = {
    "sae-bsm": [
        ("speed", "speed", "Speed"),
        ("heading", "heading", "Heading"),
        ("accel", "accelSet.long", "Acceleration"),
        ("length", "size.length", "VehicleLength"),
        ("width", "size.width", "VehicleWidth"),
        ("z", "elev", "Elevation"),
        ("x", "lat", "Latitude"),
        ("y", "long", "Longitude"),
        ("cxx", "accuracy.semiMajor", "SemiMajorAxisAccuracy"),
    ],
    "csae-bsm": [
        ("speed", "speed", "Speed"),
        ("heading", "heading", "Heading"),
        ("accel", "accelSet.long", "Acceleration"),
        ("length", "size.length", "VehicleLength"),
        ("width", "size.width", "VehicleWidth"),
        ("height", "size.height", "VehicleHeight"),
        ("z", "pos.elevation", "Elevation"),
        ("x", "pos.lat", "Latitude"),
        ("y", "pos.long", "Longitude"),
    ],
    "sae-psm": [
        ("speed", "speed", "Velocity"),
        ("heading", "heading", "Heading"),
        ("accel", "accelSet.long", "Acceleration"),
        ("z", "position.elevation", "Elevation"),
        ("x", "position.lat", "Latitude"),
        ("cyy", "accuracy.semiMajor", "SemiMajorAxisAccuracy"),
    ],
    "csae-psm": [
        ("speed", "speed", "Speed"),
        ("heading", "heading", "Heading"),
        ("accel", "accelSet.long", "Acceleration"),
        ("z", "pos.elevation", "Elevation"),
        ("y", "pos.long", "Longitude"),
        ("cyy", "posAccuracy.semiMajor", "SemiMajorAxisAccuracy"),
    ],
}
CODED_ROWS = [(name, *row) for name, rows in CODED.items() for row in rows]


@pytest.mark.parametrize(("name", "field", "path", "element"), CODED_ROWS)
def test_the_unavailable_code_is_nan_and_the_one_beside_it_is_not(name: str, field: str, path: str, element: str) -> None:
    code = unit_of(load_units(MESSAGES[name][0]), element).unavailable
    assert code is not None
    assert math.isnan(one(name, path, code)[field])
    assert math.isfinite(one(name, path, code - 1 if code > 0 else code + 1)[field])


SCALED = [row for row in CODED_ROWS if row[1] in ("speed", "accel", "length", "width", "height")]


@settings(deadline=None)
@given(st.sampled_from(SCALED), st.integers(-2_000, 8_191))
def test_every_code_has_the_value_of_the_units_table(row: tuple[str, str, str, str], code: int) -> None:
    name, field, path, element = row
    expected = unit_of(load_units(MESSAGES[name][0]), element).value(code)
    got = one(name, path, code)[field]
    assert math.isnan(got) if expected is None else got == pytest.approx(expected, rel=1e-6)


@settings(deadline=None)
@given(st.integers(0, 28_800), st.sampled_from(sorted(MESSAGES)))
def test_every_heading_points_where_the_compass_says(code: int, name: str) -> None:
    heading = one(name, "heading", code)["heading"]
    if code == 28_800:
        assert math.isnan(heading)
        return
    assert -math.pi <= heading < math.pi
    azimuth = math.radians(code / 80)
    assert (math.cos(heading), math.sin(heading)) == pytest.approx((math.sin(azimuth), math.cos(azimuth)), abs=1e-9)


@settings(deadline=None)
@given(st.integers(0, 255), st.integers(0, 255), st.integers(0, 65_535))
def test_every_ellipse_is_a_covariance_or_nothing(major: int, minor: int, orientation: int) -> None:
    accuracy = {"semiMajor": major, "semiMinor": minor, "orientation": orientation}
    made = one("sae-bsm", "accuracy", accuracy)
    cxx, cxy, cyy = (made[name] for name in ("cxx", "cxy", "cyy"))
    if major in (0, 255):
        assert np.isnan([cxx, cxy, cyy]).all()
        return
    assert cxx > 0 and cyy > 0 and cxx * cyy - cxy**2 > 0
    known = minor not in (0, 255) and orientation != 65_535
    assert cxx + cyy == pytest.approx((major / 20) ** 2 + ((minor if known else major) / 20) ** 2)


def test_without_an_ellipse_the_confidence_counts() -> None:
    made = one("csae-bsm", "posAccuracy.semiMajor", 255)
    # a1m: 95 % within 1 m
    assert [made["cxx"], made["cxy"], made["cyy"]] == pytest.approx([(1 / 1.95996) ** 2, 0, (1 / 1.95996) ** 2], rel=1e-5)


def test_without_either_nothing_is_known() -> None:
    value = changed(changed(CSAE_BSM, "posAccuracy.semiMajor", 0), "posConfidence.pos", "unavailable")
    (made,) = observations("csae-53", BSM, value, RECEIVED_NS, "pc5", ORIGIN)
    assert np.isnan([made["cxx"], made["cxy"], made["cyy"]]).all()


@pytest.mark.parametrize(
    ("path", "code", "field", "expected"),
    [
        ("motionCfd.speedCfd", "prec1ms", "speed_std", 1 / 1.95996),
        ("motionCfd.speedCfd", "prec0-01ms", "speed_std", 0.01 / 1.95996),
        ("motionCfd.headingCfd", "prec05deg", "heading_std", math.radians(5) / 1.95996),
        ("motionCfd.headingCfd", "prec0-0125deg", "heading_std", math.radians(0.0125) / 1.95996),
        ("motionCfd.speedCfd", "unavailable", "speed_std", math.nan),
        ("motionCfd.headingCfd", "unavailable", "heading_std", math.nan),
        ("motionCfd.headingCfd", "...9", "heading_std", math.nan),
        ("motionCfd", {}, "speed_std", math.nan),
    ],
)
def test_confidences_are_standard_deviations(path: str, code: Any, field: str, expected: float) -> None:
    assert one("csae-bsm", path, code)[field] == pytest.approx(expected, rel=1e-5, nan_ok=True)


@pytest.mark.parametrize(
    ("code", "cls"),
    [(0, VEHICLE), (10, VEHICLE), (48, VEHICLE), (81, UNKNOWN), (82, PEDESTRIAN), (85, BICYCLE), (86, PEDESTRIAN), (91, OTHER)],
)
def test_a_vehicle_class_says_who_it_is(code: int, cls: int) -> None:
    assert one("csae-bsm", "vehicleClass.classification", code)["cls"] == cls


@pytest.mark.parametrize(
    ("word", "cls"), [("aPEDESTRIAN", PEDESTRIAN), ("aROADWORKER", PEDESTRIAN), ("anANIMAL", OTHER), ("unavailable", UNKNOWN)]
)
def test_a_person_is_what_it_says(word: str, cls: int) -> None:
    assert one("csae-psm", "non-motorData.basicType", word)["cls"] == cls


@pytest.mark.parametrize(
    ("second", "receive_s", "expected_s"),
    [
        (59_950, 40.05, 39.95),  # RECEIVED_NS is at 20 s of its minute: 40 s later a minute begins
        (0, 39.99, 40.0),
        (65_535, 5.0, 5.0),
        (60_500, 40.6, 40.5),  # the leap second is the sixty-first of its minute
    ],
    ids=["before-the-minute", "ahead-of-the-minute", "unavailable", "leap-second"],
)
@pytest.mark.parametrize("name", MESSAGES)
def test_the_time_is_in_the_nearest_minute(name: str, second: int, receive_s: float, expected_s: float) -> None:
    received = RECEIVED_NS + round(receive_s * 1_000) * MS
    made = one(name, "secMark", second, received)
    assert made["event_time_ns"] == RECEIVED_NS + round(expected_s * 1_000) * MS
    assert made["receive_time_ns"] == received


def test_what_is_optional_may_be_absent() -> None:
    bare = {name: code for name, code in CSAE_BSM.items() if name not in ("posAccuracy", "posConfidence", "motionCfd")}
    (made,) = observations("csae-53", BSM, bare, RECEIVED_NS, "pc5", ORIGIN)
    assert np.isnan([made["cxx"], made["speed_std"], made["heading_std"]]).all()
    (made,) = observations("sae-j2735", BSM, {"coreData": SAE_BSM["coreData"]}, RECEIVED_NS, "pc5", ORIGIN)
    assert math.isnan(made["height"]) and made["vehicle_class"] == 0


@pytest.mark.parametrize("standard", ["csae-53", "csae-157", "sae-j2735", "sae-j2735?x=y", "someone-elses"])
def test_a_message_of_no_road_user_gives_none(standard: str) -> None:
    assert len(observations(standard, "MapData", {}, RECEIVED_NS, "pc5", ORIGIN)) == 0
