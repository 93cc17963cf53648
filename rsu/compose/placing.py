"""From the local frame to the standards' codes of place: the reference position, and offsets to it.

T/CSAE 53 tells offsets in latitude and longitude, J3224 in decimetres east and north. Tracks have no height: a point is taken
at the height of the reference position, as :mod:`rsu.observe` reads it, so that what is told is what a receiver of ours gets.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from rsu.errors import ConfigError
from rsu.observe.arrays import Origin
from rsu.observe.enu import ECCENTRICITY2, SEMI_MAJOR_M, to_enu

DEGREES_E7 = 10_000_000
ELEVATION_MIN, ELEVATION_MAX = -4_095, 61_439
"""Elevation, 0.1 m; -4096 is "unavailable"."""
OFFSETS: tuple[tuple[str, int], ...] = (
    ("position-LL1", 11),
    ("position-LL2", 13),
    ("position-LL3", 15),
    ("position-LL4", 17),
    ("position-LL5", 21),
    ("position-LL6", 23),
)
"""Alternatives of PositionOffsetLL but the absolute one, and the bits of each axis beside the sign."""
OFFSET_MAX = (1 << OFFSETS[-1][1]) - 1
DISTANCE_MAX = 32_767
"""ObjectDistance of SDSM, 0.1 m."""
STEPS = 6
"""Of the search below; each leaves of the error about the distance over the Earth's radius; a test bounds what is left."""
FAR_M = 100_000.0
"""OFFSET_MAX in latitude is 93.7 km at a pole."""

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def ref_pos(origin: Origin) -> dict[str, int]:
    """The origin as Position3D of either standard.

    :raises ConfigError: where there is no code for it.
    """
    lat, long = round(origin.lat_deg * DEGREES_E7), round(origin.lon_deg * DEGREES_E7)
    elevation = round(origin.elevation_m * 10)
    if abs(lat) > 90 * DEGREES_E7 or not -180 * DEGREES_E7 < long <= 180 * DEGREES_E7:
        raise ConfigError(f"reference position {origin.lat_deg}, {origin.lon_deg}: must be ±90 and ±180 degrees")
    if not ELEVATION_MIN <= elevation <= ELEVATION_MAX:
        raise ConfigError(f"reference position, elevation {origin.elevation_m} m: must be -409.5..6143.9")
    return {"lat": lat, "long": long, "elevation": elevation}


def degrees_e7(x: Floats, y: Floats, origin: Origin) -> tuple[Ints, Ints, NDArray[np.bool_]]:
    """Offsets from :func:`ref_pos` in 1e-7 degree, and which have a code.

    :param x: (n,) float64, metres, ENU, finite; likewise ``y``.
    :return: longitude, latitude, (n,) int64 each; fits, (n,) bool.
    """
    place = ref_pos(origin)
    near = (np.abs(x) < FAR_M) & (np.abs(y) < FAR_M)
    lat, lon = _geodetic(np.where(near, x, 0.0), np.where(near, y, 0.0), origin)
    east, north = lon * DEGREES_E7 - place["long"], lat * DEGREES_E7 - place["lat"]
    fits = near & (np.abs(east) < OFFSET_MAX) & (np.abs(north) < OFFSET_MAX) & (np.abs(lat) <= 90)
    return _codes(east, fits), _codes(north, fits), fits


def decimetres(x: Floats, y: Floats, origin: Origin) -> tuple[Ints, Ints, NDArray[np.bool_]]:
    """Offsets from :func:`ref_pos` in 0.1 m east and north, and which have a code; as :func:`degrees_e7`."""
    place = ref_pos(origin)
    lat, lon = np.array([place["lat"] / DEGREES_E7]), np.array([place["long"] / DEGREES_E7])
    shift = to_enu(lat, lon, np.array([place["elevation"] / 10]), origin)[:, 0]
    east, north = (x - shift[0]) * 10, (y - shift[1]) * 10
    fits = (np.abs(east) < DISTANCE_MAX) & (np.abs(north) < DISTANCE_MAX)
    return _codes(east, fits), _codes(north, fits), fits


def offset_ll(east: int, north: int) -> dict[str, tuple[str, dict[str, int]]]:
    """PositionOffsetLLV in the smallest alternative that reaches."""
    bits = max((east if east >= 0 else ~east).bit_length(), (north if north >= 0 else ~north).bit_length())
    name = next(name for name, most in OFFSETS if bits <= most)
    return {"offsetLL": (name, {"lon": east, "lat": north})}


def _codes(values: Floats, fits: NDArray[np.bool_]) -> Ints:
    return np.rint(np.where(fits, values, 0)).astype(np.int64)


def _geodetic(x: Floats, y: Floats, origin: Origin) -> tuple[Floats, Floats]:
    """Latitude and longitude, degrees, of the points at the origin's height that :func:`rsu.observe.enu.to_enu` puts at x, y:
    Newton's method with the radii of curvature for the derivative (Zhu 1994, eq. 1)."""
    lat, lon = np.full(x.shape, origin.lat_deg), np.full(x.shape, origin.lon_deg)
    height = np.full(x.shape, float(origin.elevation_m))
    east, north = x, y
    for _ in range(STEPS):
        sine, cosine = np.sin(np.radians(lat)), np.cos(np.radians(lat))
        w2 = 1 - ECCENTRICITY2 * sine**2
        prime = SEMI_MAJOR_M / np.sqrt(w2)
        lat = lat + np.degrees(north / (prime * (1 - ECCENTRICITY2) / w2 + height))
        lon = lon + np.degrees(east / ((prime + height) * np.maximum(cosine, math.ulp(1.0))))
        there = to_enu(lat, lon, height, origin)
        east, north = x - there[0], y - there[1]
    return lat, lon
