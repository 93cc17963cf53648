"""What `query` and `convert` narrow by: times and areas as people write them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime

from rsu.cli.exit_codes import UsageError

# Mean radius of WGS-84 (IUGG): a distance on the sphere is right to 0.5 %, enough to ask "near here".
EARTH_RADIUS_M = 6_371_008.8
RADIUS_M_MAX = 1_000_000.0
_E7 = 10_000_000


@dataclass(frozen=True)
class Area:
    """A box of WGS-84 positions in 1e-7 degree, and a circle inside it where asked.

    :param west_e7: may be greater than ``east_e7``: the box then crosses the 180th meridian.
    :param centre: latitude and longitude in degrees of the circle, or None.
    """

    south_e7: int
    west_e7: int
    north_e7: int
    east_e7: int
    centre: tuple[float, float] | None = None
    radius_m: float = 0.0

    def holds(self, lat_e7: int | None, lon_e7: int | None) -> bool:
        """Whether a position lies in the area; one that is not known does not."""
        if lat_e7 is None or lon_e7 is None or not self.south_e7 <= lat_e7 <= self.north_e7:
            return False
        if self.west_e7 <= self.east_e7:
            inside = self.west_e7 <= lon_e7 <= self.east_e7
        else:
            inside = lon_e7 >= self.west_e7 or lon_e7 <= self.east_e7
        if not inside or self.centre is None:
            return inside
        return distance_m(self.centre, (lat_e7 / _E7, lon_e7 / _E7)) <= self.radius_m


def distance_m(one: tuple[float, float], other: tuple[float, float]) -> float:
    """Great-circle distance in metres of two positions in degrees (haversine)."""
    lat_1, lon_1, lat_2, lon_2 = (math.radians(degrees) for degrees in (*one, *other))
    half = math.sin((lat_2 - lat_1) / 2) ** 2
    half += math.cos(lat_1) * math.cos(lat_2) * math.sin((lon_2 - lon_1) / 2) ** 2
    return 2 * EARTH_RADIUS_M * math.asin(min(1.0, math.sqrt(half)))


def area(near: str, bbox: str) -> Area | None:
    """The area of `--near` or `--bbox`; None for neither."""
    if near and bbox:
        raise UsageError("--near and --bbox: give one of them")
    if near:
        return _near(near)
    return _bbox(bbox) if bbox else None


def _near(text: str) -> Area:
    lat, lon, radius_m = _numbers("--near", text, ("latitude", "longitude", "radius in metres"))
    _check_position("--near", text, lat, lon)
    if not 0 < radius_m <= RADIUS_M_MAX:
        raise UsageError(f"--near {text}: the radius must be above 0 and at most {RADIUS_M_MAX:.0f} m")
    reach = math.degrees(radius_m / EARTH_RADIUS_M)
    south, north = max(lat - reach, -90.0), min(lat + reach, 90.0)
    if south == -90.0 or north == 90.0:  # around a pole every longitude is near
        return _box(south, -180.0, north, 180.0, (lat, lon), radius_m)
    wide = math.degrees(math.asin(math.sin(math.radians(reach)) / math.cos(math.radians(lat))))
    return _box(south, _turned(lon - wide), north, _turned(lon + wide), (lat, lon), radius_m)


def _bbox(text: str) -> Area:
    south, west, north, east = _numbers("--bbox", text, ("south", "west", "north", "east"))
    _check_position("--bbox", text, south, west)
    _check_position("--bbox", text, north, east)
    if south > north:
        raise UsageError(f"--bbox {text}: south is above north")
    return _box(south, west, north, east)


def _box(
    south: float,
    west: float,
    north: float,
    east: float,
    centre: tuple[float, float] | None = None,
    radius_m: float = 0.0,
) -> Area:
    """Rounded outwards, so that the edge of a circle is not cut off."""
    return Area(
        math.floor(south * _E7),
        math.floor(west * _E7),
        math.ceil(north * _E7),
        math.ceil(east * _E7),
        centre,
        radius_m,
    )


def _turned(lon: float) -> float:
    return (lon + 180.0) % 360.0 - 180.0


def _numbers(option: str, text: str, names: tuple[str, ...]) -> list[float]:
    try:
        numbers = [float(part) for part in text.split(",")]
    except ValueError:
        numbers = []
    if len(numbers) != len(names) or not all(map(math.isfinite, numbers)):
        raise UsageError(f"{option} {text}: must be {len(names)} numbers, {', '.join(names)}")
    return numbers


def _check_position(option: str, text: str, lat: float, lon: float) -> None:
    if not -90 <= lat <= 90 or not -180 <= lon <= 180:
        raise UsageError(f"{option} {text}: latitude must be in -90..90 and longitude in -180..180")


def time_ns(option: str, text: str) -> int | None:
    """UTC nanoseconds of an ISO 8601 time or of Unix seconds; without a zone it is UTC. None for no text."""
    if not text:
        return None
    try:
        if text.replace(".", "", 1).isdigit() and len(text.partition(".")[0]) > 8:
            seconds, _, fraction = text.partition(".")
            return int(seconds) * 1_000_000_000 + int((fraction + "0" * 9)[:9])
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(f"{option} {text}: must be a time like 2026-01-31T12:00:00Z, or Unix seconds") from None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    whole = int((moment.replace(microsecond=0) - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds())
    return whole * 1_000_000_000 + moment.microsecond * 1000


def time_text(time_ns: int | None) -> str:
    """A time for a table: UTC with milliseconds; empty for none."""
    if not time_ns:
        return ""
    seconds, rest = divmod(time_ns, 1_000_000_000)
    moment = datetime.fromtimestamp(seconds, UTC)
    return f"{moment:%Y-%m-%d %H:%M:%S}.{rest // 1_000_000:03d}"
