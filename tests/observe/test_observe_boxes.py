"""Detected objects of perception boxes become observations, in whatever frame they are told."""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from observe_messages import MS, ORIGIN, RECEIVED_NS

from rsu.observe.arrays import BICYCLE, DETECTION, OTHER, PEDESTRIAN, UNKNOWN, VEHICLE
from rsu.observe.boxes import OWN_M_MAX, box_rows
from rsu.observe.observations import observations
from rsu.observe.statements import assemble_rows

CAR: dict[str, Any] = {
    "type": "CAR",
    "confidence": 0.9,
    "sensorId": "lidar-1",
    "objectId": 42,
    "position": {"x": 12.5, "y": -30.25, "z": 0.5},
    "positionCovariance": [[0.09, 0.01, 0], [0.03, 0.16, 0], [0, 0, 1]],
    "velocity": {"x": 3.0, "y": 4.0, "z": 0.0},
    "velocityCovariance": [[0.04, 0, 0], [0, 0.04, 0], [0, 0, 1]],
    "angularVelocity": {"x": 0, "y": 0, "z": 0.1},
    "size": {"length": 4.6, "width": 1.85, "height": 1.5},
    "timestamp": RECEIVED_NS // MS - 120,
}


def detect(*objects: dict[str, Any]) -> tuple[np.ndarray, Counter[str]]:
    faults: Counter[str] = Counter()
    data = msgspec.json.encode(list(objects))
    return assemble_rows(box_rows(data, RECEIVED_NS, b"box", ORIGIN, faults), ORIGIN), faults


def one(**changes: Any) -> np.void:
    made: np.void = detect({**CAR, **changes})[0][0]
    return made


def test_an_object_in_the_units_own_frame_stands_as_it_is_told() -> None:
    made = one()
    assert (made["kind"], made["cls"], made["source"], made["sender"], made["object"]) == (
        DETECTION,
        VEHICLE,
        b"box",
        b"lidar-1",
        b"42",
    )
    assert [made["x"], made["y"], made["z"]] == pytest.approx([12.5, -30.25, 0.5], abs=1e-6)
    assert [made["cxx"], made["cxy"], made["cyy"]] == pytest.approx([0.09, 0.02, 0.16])
    assert made["speed"] == pytest.approx(5.0)
    assert made["heading"] == pytest.approx(math.atan2(4, 3))
    assert made["speed_std"] == pytest.approx(0.2)
    assert made["heading_std"] == pytest.approx(0.2 / 5)
    assert made["yaw_rate"] == pytest.approx(0.1)
    assert (made["length"], made["width"], made["height"]) == pytest.approx((4.6, 1.85, 1.5))
    assert made["confidence"] == pytest.approx(0.9)
    assert made["event_time_ns"] == RECEIVED_NS - 120 * MS


@pytest.mark.parametrize(
    ("rate", "variance", "said", "std"),
    [
        (0.0, None, math.nan, math.nan),
        (0.0, 0.0, math.nan, math.nan),
        (0.0, 0.01, 0.0, 0.1),
        (-0.3, 0.01, -0.3, 0.1),
        (-0.3, 0.0, -0.3, math.nan),
        (-0.3, -1.0, -0.3, math.nan),
    ],
    ids=["zero", "zero-and-no-variance", "measured-straight", "measured", "without-a-variance", "with-a-wrong-one"],
)
def test_a_turn_rate_of_zero_is_said_only_with_its_variance(
    rate: float, variance: float | None, said: float, std: float
) -> None:
    covariance = None if variance is None else [[0.0, 0, 0], [0, 0.0, 0], [0, 0, variance]]
    made = one(angularVelocity={"x": 0, "y": 0, "z": rate}, angularVelocityCovariance=covariance)
    assert (made["yaw_rate"], made["yaw_rate_std"]) == (pytest.approx(said, nan_ok=True), pytest.approx(std, nan_ok=True))


def test_one_object_and_a_list_of_it_are_the_same() -> None:
    data = msgspec.json.encode(CAR)
    alone = observations("", "DetectedObject", data, RECEIVED_NS, "box", ORIGIN)
    assert alone.tobytes() == detect(CAR)[0].tobytes()


def transverse_mercator(lat_deg: float, lon_deg: float, lat_0: float, lon_0: float) -> tuple[float, float]:
    """Snyder's series (Map Projections, USGS 1395, eq. 8-9, 8-10 and 3-21): metres east and north of the middle, k = 1."""
    a, f = 6_378_137.0, 1 / 298.257223563
    e2 = f * (2 - f)
    ep2 = e2 / (1 - e2)

    def meridian(phi: float) -> float:
        return a * (
            (1 - e2 / 4 - 3 * e2**2 / 64 - 5 * e2**3 / 256) * phi
            - (3 * e2 / 8 + 3 * e2**2 / 32 + 45 * e2**3 / 1_024) * math.sin(2 * phi)
            + (15 * e2**2 / 256 + 45 * e2**3 / 1_024) * math.sin(4 * phi)
            - 35 * e2**3 / 3_072 * math.sin(6 * phi)
        )

    phi = math.radians(lat_deg)
    n, t, c = a / math.sqrt(1 - e2 * math.sin(phi) ** 2), math.tan(phi) ** 2, ep2 * math.cos(phi) ** 2
    b = math.radians(lon_deg - lon_0) * math.cos(phi)
    x = n * (b + (1 - t + c) * b**3 / 6 + (5 - 18 * t + t**2 + 72 * c - 58 * ep2) * b**5 / 120)
    along = b**2 / 2 + (5 - t + 9 * c + 4 * c**2) * b**4 / 24 + (61 - 58 * t + t**2 + 600 * c - 330 * ep2) * b**6 / 720
    return x, meridian(phi) - meridian(math.radians(lat_0)) + n * math.tan(phi) * along


@pytest.mark.parametrize(
    ("projection", "lat_0", "lon_0", "scale", "x_0", "y_0"),
    [
        (
            "+proj=tmerc +lat_0=29.66 +lon_0=106.53 +k=1 +x_0=1000 +y_0=-500 +datum=WGS84 +units=m +no_defs",
            29.66,
            106.53,
            1,
            1_000,
            -500,
        ),
        ("+proj=tmerc +lat_0=0 +lon_0=105 +k=1 +x_0=35500000 +y_0=0 +ellps=GRS80 +units=m", 0, 105, 1, 35_500_000, 0),
        ("+proj=utm +zone=48 +datum=WGS84 +units=m", 0, 105, 0.9996, 500_000, 0),
    ],
    ids=["around-the-crossing", "gauss-krueger", "utm"],
)
@settings(deadline=None)
@given(st.floats(-0.03, 0.03), st.floats(-0.03, 0.03))
def test_a_projected_position_is_where_the_map_has_it(
    projection: str, lat_0: float, lon_0: float, scale: float, x_0: float, y_0: float, dlat: float, dlon: float
) -> None:
    pymap3d = pytest.importorskip("pymap3d", reason="compares with pymap3d, an independent implementation")
    lat, lon = ORIGIN.lat_deg + dlat, ORIGIN.lon_deg + dlon
    x, y = transverse_mercator(lat, lon, lat_0, lon_0)
    made = one(projString=projection, position={"x": scale * x + x_0, "y": scale * y + y_0, "z": 7.0})
    expected = pymap3d.geodetic2enu(lat, lon, ORIGIN.elevation_m, *ORIGIN)
    assert [made["x"], made["y"]] == pytest.approx(expected[:2], abs=0.002)
    assert math.isnan(made["z"])


def test_the_north_of_a_map_is_turned_to_true_north() -> None:
    lat, lon = ORIGIN.lat_deg, ORIGIN.lon_deg
    x, y = transverse_mercator(lat, lon, 0, 105)
    there, further = transverse_mercator(lat, lon, 0, 105), transverse_mercator(lat + 0.001, lon, 0, 105)
    velocity = {"x": 10_000 * (further[0] - there[0]) / 111_000, "y": 10_000 * (further[1] - there[1]) / 111_000}  # true north
    made = one(
        projString="+proj=tmerc +lon_0=105 +x_0=500000 +ellps=GRS80", position={"x": x + 500_000, "y": y}, velocity=velocity
    )
    assert math.degrees(math.atan2(velocity["x"], velocity["y"])) < -0.7  # on the map it goes to the west of north
    assert math.degrees(made["heading"]) == pytest.approx(90, abs=1e-4)


@pytest.mark.parametrize("projection", ["+proj=longlat +datum=WGS84", "EPSG:4326", "epsg:4490", "proj=latlong"])
def test_a_geographic_position_is_in_degrees(projection: str) -> None:
    pymap3d = pytest.importorskip("pymap3d", reason="compares with pymap3d, an independent implementation")
    made = one(projString=projection, position={"x": 106.532, "y": 29.659})
    expected = pymap3d.geodetic2enu(29.659, 106.532, ORIGIN.elevation_m, *ORIGIN)
    assert [made["x"], made["y"]] == pytest.approx(expected[:2], abs=1e-6)
    assert math.isnan(made["z"])


@pytest.mark.parametrize(
    ("projection", "position"),
    [
        ("+proj=utm +zone=61 +datum=WGS84", {"x": 6e5, "y": 3e6}),
        ("+proj=utm +zone=48 +ellps=krass", {"x": 6e5, "y": 3e6}),
        ("+proj=utm +zone=48", {"x": 9e5 + 1, "y": 3e6}),
        ("+proj=utm +zone=48", {"x": 5e5, "y": 1.1e7}),
        ("+proj=lcc +lat_1=29 +lon_0=106", {"x": 1, "y": 1}),
        ("+proj=tmerc +lat_0=29 +lon_0=106 +towgs84=1,2,3", {"x": 1, "y": 1}),
        ("+proj=tmerc +lat_0=29 +lon_0=106 +k=0", {"x": 1, "y": 1}),
        ("+proj=tmerc +lat_0=29 +lon_0=x", {"x": 1, "y": 1}),
        ("+proj=tmerc +lat_0=nan +lon_0=106", {"x": 1, "y": 1}),
        ("+proj=tmerc +lat_0=29 +lon_0=106 +units=ft", {"x": 1, "y": 1}),
        ("", {"x": 0, "y": -OWN_M_MAX - 1}),
        ("+proj=longlat", {"x": 181, "y": 0}),
        ("words", {"x": 1, "y": 1}),
    ],
)
def test_a_frame_that_is_not_known_is_counted(projection: str, position: dict[str, float]) -> None:
    made, faults = detect({**CAR, "projString": projection, "position": position}, CAR)
    assert len(made) == 1
    assert faults == {"projection": 1}


def test_a_position_at_the_bound_is_read() -> None:
    made = one(position={"x": OWN_M_MAX, "y": -OWN_M_MAX})
    assert made["x"] == pytest.approx(OWN_M_MAX, abs=1e-6)


def test_a_damaged_record_is_counted() -> None:
    faults: Counter[str] = Counter()
    assert box_rows(b'{"type": "CAR"}', RECEIVED_NS, b"box", ORIGIN, faults) == []
    assert faults == {"objects": 1}


@pytest.mark.parametrize(
    ("word", "cls"),
    [
        ("CAR", VEHICLE),
        ("bus", VEHICLE),
        ("Motor-cycle", VEHICLE),
        ("PEDESTRIAN", PEDESTRIAN),
        ("cyclist", BICYCLE),
        ("animal", OTHER),
        ("UNKNOWN", UNKNOWN),
        ("", UNKNOWN),
    ],
)
def test_a_box_writes_classes_in_words(word: str, cls: int) -> None:
    assert one(type=word)["cls"] == cls


def test_what_a_box_does_not_say_is_nan() -> None:
    bare = {name: CAR[name] for name in ("type", "confidence", "sensorId", "objectId", "position")}
    made = detect(bare)[0][0]
    unknown = ("cxx", "cxy", "cyy", "speed", "heading", "speed_std", "heading_std", "yaw_rate", "length", "width", "height")
    assert np.isnan([made[name] for name in unknown]).all()
    assert made["event_time_ns"] == RECEIVED_NS


@pytest.mark.parametrize(
    "covariance",
    [
        [[0, 0, 0], [0, 0, 0], [0, 0, 0]],
        [[1, 2, 0], [2, 1, 0], [0, 0, 1]],
        [[-1, 0, 0], [0, 1, 0], [0, 0, 1]],
    ],
    ids=["zeros", "not-positive", "negative"],
)
def test_what_is_no_covariance_is_nan(covariance: list[list[float]]) -> None:
    made = one(positionCovariance=covariance, velocityCovariance=covariance)
    assert np.isnan([made["cxx"], made["cxy"], made["cyy"], made["speed_std"], made["heading_std"]]).all()


def test_what_stands_has_no_heading() -> None:
    made = one(velocity={"x": 0.0, "y": 0.0})
    assert made["speed"] == 0
    assert made["speed_std"] == pytest.approx(0.2)
    assert np.isnan([made["heading"], made["heading_std"]]).all()


@settings(deadline=None)
@given(st.floats(-50, 50), st.floats(-50, 50), st.floats(0.01, 1), st.floats(0.01, 1), st.floats(-0.9, 0.9))
def test_the_errors_of_speed_and_heading_are_those_of_the_velocity(
    vx: float, vy: float, sx: float, sy: float, correlation: float
) -> None:
    if math.hypot(vx, vy) < 0.1:
        return
    covariance = np.array([[sx**2, correlation * sx * sy], [correlation * sx * sy, sy**2]])
    full = [[*row, 0.0] for row in covariance.tolist()] + [[0.0, 0.0, 1.0]]
    made = one(velocity={"x": vx, "y": vy}, velocityCovariance=full)
    # first order: J C Jᵀ with the derivatives of |v| and of atan2(vy, vx)
    speed = math.hypot(vx, vy)
    jacobian = np.array([[vx / speed, vy / speed], [-vy / speed**2, vx / speed**2]])
    expected = jacobian @ covariance @ jacobian.T
    got = [made["speed_std"] ** 2, made["heading_std"] ** 2]
    assert got == pytest.approx([expected[0, 0], expected[1, 1]], rel=1e-6, abs=1e-12)


@pytest.mark.parametrize(("late_ms", "taken"), [(0, True), (60_000, True), (60_001, False), (-60_000, True), (10**9, False)])
def test_a_boxs_time_is_taken_within_a_minute(late_ms: int, taken: bool) -> None:
    made = one(timestamp=RECEIVED_NS // MS - late_ms)
    assert made["event_time_ns"] == (RECEIVED_NS - late_ms * MS if taken else RECEIVED_NS)
