"""Detected objects of perception boxes become observations, in whatever frame they are told."""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from observe_messages import MS, ORIGIN, RECEIVED_NS

from rsu.observe.arrays import BICYCLE, DETECTION, OTHER, PEDESTRIAN, UNKNOWN, VEHICLE
from rsu.observe.boxes import PLANE_M_MAX, box_rows
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


def test_one_object_and_a_list_of_it_are_the_same() -> None:
    data = msgspec.json.encode(CAR)
    alone = observations("", "DetectedObject", data, RECEIVED_NS, "box", ORIGIN)
    assert alone.tobytes() == detect(CAR)[0].tobytes()


def transverse_mercator(lat_deg: float, lon_deg: float, lat_0: float, lon_0: float) -> tuple[float, float]:
    """Krüger's series to n³ (Karney, J. Geodesy 85, 2011, eq. 7 to 9 and 35): metres east and north of the middle, k = 1."""
    f = 1 / 298.257223563
    n, e = f / (2 - f), math.sqrt(f * (2 - f))
    radius = 6_378_137 / (1 + n) * (1 + n**2 / 4 + n**4 / 64)
    alpha = (n / 2 - 2 * n**2 / 3 + 5 * n**3 / 16, 13 * n**2 / 48 - 3 * n**3 / 5, 61 * n**3 / 240)

    def project(lat: float, lon: float) -> tuple[float, float]:
        tau = math.tan(lat)
        sigma = math.sinh(e * math.atanh(e * tau / math.hypot(1, tau)))
        tau = tau * math.hypot(1, sigma) - sigma * math.hypot(1, tau)
        xi, eta = math.atan2(tau, math.cos(lon)), math.asinh(math.sin(lon) / math.hypot(tau, math.cos(lon)))
        east = eta + sum(a * math.cos(2 * j * xi) * math.sinh(2 * j * eta) for j, a in enumerate(alpha, 1))
        north = xi + sum(a * math.sin(2 * j * xi) * math.cosh(2 * j * eta) for j, a in enumerate(alpha, 1))
        return radius * east, radius * north

    east, north = project(math.radians(lat_deg), math.radians(lon_deg - lon_0))
    return east, north - project(math.radians(lat_0), 0.0)[1]


@given(st.floats(-0.03, 0.03), st.floats(-0.03, 0.03))
def test_a_projected_position_is_where_the_projection_has_it(dlat: float, dlon: float) -> None:
    pymap3d = pytest.importorskip("pymap3d", reason="compares with pymap3d, an independent implementation")
    lat_0, lon_0 = 29.66, 106.53
    x, y = transverse_mercator(lat_0 + dlat, lon_0 + dlon, lat_0, lon_0)
    projection = f"+proj=tmerc +lat_0={lat_0} +lon_0={lon_0} +k=1 +x_0=1000 +y_0=-500 +datum=WGS84 +units=m +no_defs"
    made = one(projString=projection, position={"x": x + 1_000, "y": y - 500, "z": 0.0})
    expected = pymap3d.geodetic2enu(lat_0 + dlat, lon_0 + dlon, ORIGIN.elevation_m, *ORIGIN)
    assert [made["x"], made["y"]] == pytest.approx(expected[:2], abs=0.002)


@pytest.mark.parametrize("projection", ["+proj=longlat +datum=WGS84", "EPSG:4326", "proj=latlong"])
def test_a_geographic_position_is_in_degrees(projection: str) -> None:
    pymap3d = pytest.importorskip("pymap3d", reason="compares with pymap3d, an independent implementation")
    made = one(projString=projection, position={"x": 106.532, "y": 29.659})
    expected = pymap3d.geodetic2enu(29.659, 106.532, ORIGIN.elevation_m, *ORIGIN)
    assert [made["x"], made["y"]] == pytest.approx(expected[:2], abs=1e-6)
    assert math.isnan(made["z"])


@pytest.mark.parametrize(
    ("projection", "position"),
    [
        ("+proj=utm +zone=48 +datum=WGS84", {"x": 6e5, "y": 3e6}),
        ("+proj=tmerc +lat_0=29 +lon_0=106 +k=0.9996", {"x": 1, "y": 1}),
        ("+proj=tmerc +lat_0=29 +lon_0=x", {"x": 1, "y": 1}),
        ("+proj=tmerc +lat_0=nan +lon_0=106", {"x": 1, "y": 1}),
        ("+proj=tmerc +lat_0=29 +lon_0=106 +units=ft", {"x": 1, "y": 1}),
        ("+proj=tmerc +lat_0=29 +lon_0=106", {"x": PLANE_M_MAX + 1, "y": 1}),
        ("", {"x": 0, "y": -PLANE_M_MAX - 1}),
        ("+proj=longlat", {"x": 181, "y": 0}),
        ("words", {"x": 1, "y": 1}),
    ],
)
def test_a_frame_that_is_not_known_is_counted(projection: str, position: dict[str, float]) -> None:
    made, faults = detect({**CAR, "projString": projection, "position": position}, CAR)
    assert len(made) == 1
    assert faults == {"projection": 1}


def test_a_position_at_the_bound_is_read() -> None:
    made = one(position={"x": PLANE_M_MAX, "y": -PLANE_M_MAX})
    assert made["x"] == pytest.approx(PLANE_M_MAX, abs=1e-6)


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
