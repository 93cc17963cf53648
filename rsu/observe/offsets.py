"""Places in codes: PositionOffsetLLV of T/CSAE 53, an offset to a reference or absolute; and lines of them in metres."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from rsu.observe.arrays import Origin
from rsu.observe.enu import Floats, to_enu

Place = tuple[int | None, int | None, int | None]
"""Latitude, longitude (1e-7 degree) and elevation (0.1 m); None where nothing is said."""

DEGREE_E7, ELEVATION_M = 1e-7, 0.1
LAT_UNAVAILABLE = 900_000_001
LONG_UNAVAILABLE = 1_800_000_001
ELEVATION_UNAVAILABLE = -4_096
"""Scales and codes of Position3D, as units.toml has them in every standard (a test compares)."""


def resolve(place: dict[str, Any], offset: dict[str, Any]) -> Place:
    """The place of a point.

    :param place: Position3D; an offset to a code that says "unavailable" is no place.
    :param offset: PositionOffsetLLV.
    """
    alternative, horizontal = offset["offsetLL"]
    lat, long = horizontal["lat"], horizontal["lon"]
    if alternative != "position-LatLon":
        known = place["lat"] != LAT_UNAVAILABLE and place["long"] != LONG_UNAVAILABLE
        lat, long = (place["lat"] + lat, place["long"] + long) if known else (None, None)
    return lat, long, _elevation(place.get("elevation"), offset.get("offsetV"))


def _elevation(base: int | None, offset: tuple[str, int] | None) -> int | None:
    """Without an offset nothing is said of the point's height; the reference's stands for it where it is known."""
    if offset is not None and offset[0] == "elevation":
        return offset[1]
    if base is None or base == ELEVATION_UNAVAILABLE:
        return None
    return base if offset is None else base + offset[1]


def line(places: Sequence[Place], origin: Origin) -> Floats:
    """Places in the frame of ``origin``: (n, 3) float64, metres, ENU; a row of NaN for what is no place. Where no height is
    told, z is NaN, and x and y are those at the height of the origin."""
    lat, long, elev = np.array(places, np.float64).reshape(-1, 3).T
    lat = np.where(lat == LAT_UNAVAILABLE, np.nan, lat) * DEGREE_E7
    long = np.where(long == LONG_UNAVAILABLE, np.nan, long) * DEGREE_E7
    height = np.where(elev == ELEVATION_UNAVAILABLE, np.nan, elev) * ELEVATION_M
    points = to_enu(lat, long, np.where(np.isnan(height), origin.elevation_m, height), origin)
    points[2, np.isnan(height)] = np.nan
    points[:, np.isnan(points[0])] = np.nan
    return points.T
