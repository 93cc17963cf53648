"""PositionOffsetLLV of T/CSAE 53: a point as an offset to a reference position, or absolute, in codes."""

from __future__ import annotations

from typing import Any

LAT_UNAVAILABLE = 900_000_001
LONG_UNAVAILABLE = 1_800_000_001
ELEVATION_UNAVAILABLE = -4_096
"""Codes of Position3D, as units.toml has them in every standard (a test compares)."""


def resolve(place: dict[str, Any], offset: dict[str, Any]) -> tuple[int | None, int | None, int | None]:
    """Latitude, longitude (1e-7 degree) and elevation (0.1 m) of a point.

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
