"""What a road user says of itself, or another unit says of it, before it is a message of one standard."""

from __future__ import annotations

import math
from typing import NamedTuple

from rsu.simulate.scenes.fleet import Kind

SPEED_MPS, HEADING_DEG, ACCELERATION_MPS2, YAW_DEG, AXIS_M = 0.02, 0.0125, 0.01, 0.01, 0.05
HEADING_CODES = 28_800
SPEED_LAST, ACCELERATION_LAST, YAW_LAST, AXIS_LAST = 8_190, 2_000, 32_767, 254
AXIS_UNAVAILABLE, ORIENTATION_UNAVAILABLE = 255, 65_535
LAT_UNAVAILABLE, LON_UNAVAILABLE = 900_000_001, 1_800_000_001


class Said(NamedTuple):
    """One statement, in SI units; ``lat_e7`` is None where the position is not known.

    :param id: temporary id, 8 octets; of J2735 the first four.
    :param sigma_m: what is said of the position's accuracy, 1 σ; NaN: nothing.
    :param heading_rad, yaw_rate_rps: counter-clockwise, from east.
    :param number: of the road user, for who numbers them.
    """

    time_ns: int
    msg_cnt: int
    id: bytes
    kind: Kind
    lat_e7: int | None
    lon_e7: int | None
    elevation_m: float
    sigma_m: float
    heading_rad: float
    speed_mps: float
    accel_mps2: float
    yaw_rate_rps: float
    number: int = 0


class Raw(NamedTuple):
    """The same in codes that both standards share."""

    lat: int
    lon: int
    elevation: int
    axis: int
    orientation: int
    heading: int
    speed: int
    accel: int
    yaw: int


def raw(said: Said) -> Raw:
    """Codes; what is out of range is the last value of it, what is not known the code for that."""
    known = said.lat_e7 is not None and said.lon_e7 is not None
    axis = axis_code(said.sigma_m)
    return Raw(
        lat=said.lat_e7 if known and said.lat_e7 is not None else LAT_UNAVAILABLE,
        lon=said.lon_e7 if known and said.lon_e7 is not None else LON_UNAVAILABLE,
        elevation=round(said.elevation_m * 10),
        axis=axis,
        orientation=ORIENTATION_UNAVAILABLE if axis == AXIS_UNAVAILABLE else 0,
        heading=heading_code(said.heading_rad),
        speed=min(max(round(said.speed_mps / SPEED_MPS), 0), SPEED_LAST),
        accel=_within(said.accel_mps2 / ACCELERATION_MPS2, ACCELERATION_LAST),
        # both standards count a turn to the right as positive
        yaw=_within(-math.degrees(said.yaw_rate_rps) / YAW_DEG, YAW_LAST),
    )


def heading_code(heading_rad: float) -> int:
    """Clockwise from north, 0.0125 degree."""
    return round((90.0 - math.degrees(heading_rad)) / HEADING_DEG) % HEADING_CODES


def axis_code(sigma_m: float) -> int:
    """SemiMajorAxisAccuracy: 0.05 m, one σ; 254 is 12.7 m or more. Never 0, which would be no error at all."""
    return AXIS_UNAVAILABLE if math.isnan(sigma_m) else min(max(round(sigma_m / AXIS_M), 1), AXIS_LAST)


def _within(value: float, last: int) -> int:
    return min(max(round(value), -last), last)
