"""A reference position and its frame: metres ENU to WGS-84, on the ellipsoid (pymap3d)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pymap3d
from numpy.typing import NDArray

from rsu.observe.arrays import Origin

Floats = NDArray[np.float64]


class Place:
    """One reference position."""

    def __init__(self, origin: Origin) -> None:
        self.origin = origin
        self.lat_e7, self.lon_e7 = round(origin.lat_deg * 1e7), round(origin.lon_deg * 1e7)

    def degrees(self, east_m: Any, north_m: Any) -> tuple[Floats, Floats]:
        """(n,) latitude and longitude, degrees, of (n,) metres east and north on the tangent plane."""
        lat, lon, _ = pymap3d.enu2geodetic(east_m, north_m, 0.0, *self.origin)
        return np.asarray(lat, np.float64), np.asarray(lon, np.float64)

    def wgs84_e7(self, east_m: float, north_m: float) -> tuple[int, int]:
        """Latitude and longitude of one place, 1e-7 degree."""
        lat, lon = self.degrees(east_m, north_m)
        return round(float(lat) * 1e7), round(float(lon) * 1e7)

    def metres(self, lat_e7: int, lon_e7: int) -> tuple[float, float]:
        """East and north of one place, metres."""
        lat_deg, lon_deg, elevation_m = self.origin
        east, north, _ = pymap3d.geodetic2enu(lat_e7 / 1e7, lon_e7 / 1e7, elevation_m, lat_deg, lon_deg, elevation_m)
        return float(east), float(north)

    def moved(self, east_m: float, north_m: float) -> Place:
        """Another reference, so far from this one."""
        lat_e7, lon_e7 = self.wgs84_e7(east_m, north_m)
        return Place(Origin(lat_e7 / 1e7, lon_e7 / 1e7, self.origin.elevation_m))

    def ref_pos(self) -> dict[str, int]:
        """Position3D, the same in both standards."""
        return {"lat": self.lat_e7, "long": self.lon_e7, "elevation": round(self.origin.elevation_m * 10)}
