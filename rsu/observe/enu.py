"""Positions in the local frame of a reference: east, north, up on the tangent plane of the WGS-84 ellipsoid.

The closed form from geodetic to Earth-centred coordinates and the rotation to the tangent plane (J. Zhu, IEEE Trans. AES 30(3),
1994, eq. 1 and 4), over whole arrays; what comes out agrees with pymap3d to a nanometre (a test).
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from rsu.observe.arrays import Origin

SEMI_MAJOR_M = 6_378_137.0  # a of WGS-84
FLATTENING = 1 / 298.257223563
ECCENTRICITY2 = FLATTENING * (2 - FLATTENING)

Floats = NDArray[np.float64]


def ecef(lat_rad: Floats, lon_rad: Floats, height_m: Floats) -> Floats:
    """Earth-centred, Earth-fixed coordinates.

    :param lat_rad: (n,) float64, radians, geodetic; likewise ``lon_rad``.
    :param height_m: (n,) float64, metres above the ellipsoid.
    :return: (3, n) float64, metres.
    """
    sine, cosine = np.sin(lat_rad), np.cos(lat_rad)
    radius = SEMI_MAJOR_M / np.sqrt(1 - ECCENTRICITY2 * sine**2)
    across = (radius + height_m) * cosine
    along = (radius * (1 - ECCENTRICITY2) + height_m) * sine
    return np.stack((across * np.cos(lon_rad), across * np.sin(lon_rad), along))


def to_enu(lat_deg: Floats, lon_deg: Floats, height_m: Floats, origin: Origin) -> Floats:
    """Points on the Earth in the frame of ``origin``.

    :param lat_deg: (n,) float64, degrees, WGS-84; likewise ``lon_deg``.
    :param height_m: (n,) float64, metres above the ellipsoid.
    :return: (3, n) float64, metres, ENU.
    """
    middle, rotation = _frame(origin)
    return _turned(rotation, ecef(np.radians(lat_deg), np.radians(lon_deg), height_m) - middle)


def offsets_to_enu(lat_deg: Floats, lon_deg: Floats, height_m: Floats, offsets: Floats, origin: Origin) -> Floats:
    """Points that are told as an offset in the frame of a place of their own, in the frame of ``origin``.

    :param lat_deg: (n,) float64, degrees: the place; likewise ``lon_deg``, and ``height_m`` in metres.
    :param offsets: (3, n) float64, metres, ENU of that place.
    :return: (3, n) float64, metres, ENU of ``origin``.
    """
    rotation = _frame(origin)[1]
    lat, lon = np.radians(lat_deg), np.radians(lon_deg)
    sine, cosine = np.sin(lat), np.cos(lat)
    east, north, up = offsets
    outward = cosine * up - sine * north
    earth = np.stack(
        (
            np.cos(lon) * outward - np.sin(lon) * east,
            np.sin(lon) * outward + np.cos(lon) * east,
            sine * up + cosine * north,
        )
    )
    return to_enu(lat_deg, lon_deg, height_m, origin) + _turned(rotation, earth)


def _turned(rotation: Floats, vectors: Floats) -> Floats:
    """R v for each column, without BLAS, whose sums change in the last bit with the number of columns: a replay must not."""
    x, y, z = vectors
    return np.stack([row[0] * x + row[1] * y + row[2] * z for row in rotation])


@lru_cache(maxsize=64)
def _frame(origin: Origin) -> tuple[Floats, Floats]:
    """Where the origin is, (3, 1) metres ECEF, and the rotation from ECEF to its ENU, (3, 3)."""
    lat, lon = math.radians(origin.lat_deg), math.radians(origin.lon_deg)
    middle = ecef(np.array([lat]), np.array([lon]), np.array([float(origin.elevation_m)]))
    rotation = np.array(
        [
            [-math.sin(lon), math.cos(lon), 0.0],
            [-math.sin(lat) * math.cos(lon), -math.sin(lat) * math.sin(lon), math.cos(lat)],
            [math.cos(lat) * math.cos(lon), math.cos(lat) * math.sin(lon), math.sin(lat)],
        ]
    )
    return middle, rotation
