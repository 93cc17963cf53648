"""Frames of perception boxes: from PROJ strings and metres on the map to latitude and longitude.

Transverse Mercator of the WGS-84 ellipsoid, whose figure CGCS2000 and GRS80 share to a tenth of a millimetre: national grids
of China (Gauss-Krüger), UTM, and the small frames that CARMA lays around an intersection. The way back is Krüger's series
(C. F. F. Karney, Transverse Mercator with an accuracy of a few nanometers, J. Geodesy 85, 2011: eq. 11, 14, 15, 19 to 21, 35,
36), good to less than a tenth of a millimetre within :data:`FAR_M_MAX` of the middle meridian.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Literal, NamedTuple

from rsu.observe.enu import ECCENTRICITY2, FLATTENING, SEMI_MAJOR_M

FAR_M_MAX = 400_000.0
"""From the middle meridian: more than half of a UTM zone, 334 km at the equator."""
NORTH_M_MAX = 10_010_000.0
"""From the equator: a pole is 10,002 km away."""

_N = FLATTENING / (2 - FLATTENING)
_E = math.sqrt(ECCENTRICITY2)
_RADIUS_M = SEMI_MAJOR_M / (1 + _N) * (1 + _N**2 / 4 + _N**4 / 64)  # A, eq. 14
_ALPHA = (
    _N / 2 - 2 * _N**2 / 3 + 5 * _N**3 / 16 + 41 * _N**4 / 180,
    13 * _N**2 / 48 - 3 * _N**3 / 5 + 557 * _N**4 / 1_440,
    61 * _N**3 / 240 - 103 * _N**4 / 140,
    49_561 * _N**4 / 161_280,
)  # eq. 35
_BETA = (
    _N / 2 - 2 * _N**2 / 3 + 37 * _N**3 / 96 - _N**4 / 360,
    _N**2 / 48 + _N**3 / 15 - 437 * _N**4 / 1_440,
    17 * _N**3 / 480 - 37 * _N**4 / 840,
    4_397 * _N**4 / 161_280,
)  # eq. 36
_NEWTON_STEPS = 4
_GEOGRAPHIC = frozenset(("longlat", "latlong", "lonlat", "latlon"))
_GEOGRAPHIC_CODES = frozenset(("EPSG:4326", "EPSG:4490"))  # WGS 84, CGCS2000
_FIGURES = frozenset(("", "WGS84", "GRS80", "CGCS2000"))
_PLAIN_WORDS = frozenset(
    "proj lat_0 lon_0 k k_0 x_0 y_0 datum ellps units vunits zone south no_defs type wktext geoidgrids".split()
)
"""Others (towgs84, to_meter, axis …) change what the numbers mean."""


class Projection(NamedTuple):
    """A frame.

    :param kind: ``own``, metres of the unit's own frame; ``degrees``; ``mercator``, whose parameters follow; or ``unknown``.
    """

    kind: Literal["own", "degrees", "mercator", "unknown"]
    lat_0: float = 0.0
    lon_0: float = 0.0
    scale: float = 1.0
    x_0: float = 0.0
    y_0: float = 0.0


UNKNOWN = Projection("unknown")


class Spot(NamedTuple):
    """A point on the Earth.

    :param convergence_deg: by how much the map's north lies clockwise of true north there.
    """

    lat_deg: float
    lon_deg: float
    convergence_deg: float


@lru_cache(maxsize=64)
def projection(text: str) -> Projection:
    """The frame that a PROJ string names; x is the longitude where it is in degrees."""
    text = text.strip()
    if not text:
        return Projection("own")
    if text.upper() in _GEOGRAPHIC_CODES:
        return Projection("degrees")
    words = dict(word.removeprefix("+").partition("=")[::2] for word in text.split())
    if not words.keys() <= _PLAIN_WORDS or not {words.get("datum", ""), words.get("ellps", "")} <= _FIGURES:
        return UNKNOWN
    if words.get("proj") in _GEOGRAPHIC:
        return Projection("degrees")
    try:
        return _mercator(words)
    except ValueError:
        return UNKNOWN


def _mercator(words: dict[str, str]) -> Projection:
    """tmerc or utm.

    :raises ValueError: for a number that is none.
    """
    if words.get("units", "m") != "m":
        return UNKNOWN
    if words.get("proj") == "utm":
        zone = int(words.get("zone", "0"))
        made = Projection("mercator", 0.0, 6.0 * zone - 183.0, 0.9996, 500_000.0, 10_000_000.0 if "south" in words else 0.0)
        return made if 1 <= zone <= 60 else UNKNOWN
    if words.get("proj") != "tmerc":
        return UNKNOWN
    lat_0, lon_0, x_0, y_0 = (float(words.get(name, "0")) for name in ("lat_0", "lon_0", "x_0", "y_0"))
    scale = float(words.get("k", words.get("k_0", "1")))
    sound = all(map(math.isfinite, (x_0, y_0))) and abs(lat_0) <= 90 and abs(lon_0) <= 180 and 0.5 < scale < 2
    return Projection("mercator", lat_0, lon_0, scale, x_0, y_0) if sound else UNKNOWN


def on_earth(x_m: float, y_m: float, frame: Projection) -> Spot | None:
    """Where a point of a ``mercator`` frame is; None outside of the bounds."""
    east, north = (x_m - frame.x_0) / frame.scale, (y_m - frame.y_0) / frame.scale + _meridian_m(frame.lat_0)
    if abs(east) > FAR_M_MAX or abs(north) > NORTH_M_MAX:
        return None
    xi, eta = north / _RADIUS_M, east / _RADIUS_M
    xi_, eta_ = xi, eta
    for j, beta in enumerate(_BETA, 1):
        xi_ -= beta * math.sin(2 * j * xi) * math.cosh(2 * j * eta)
        eta_ -= beta * math.cos(2 * j * xi) * math.sinh(2 * j * eta)
    tau = _geographic(math.sin(xi_) / math.hypot(math.sinh(eta_), math.cos(xi_)))
    lat, lon = math.atan(tau), math.atan2(math.sinh(eta_), math.cos(xi_))
    # γ of the sphere: 3e-5 degree from that of the ellipsoid, far below what a box knows of a direction
    convergence = math.degrees(math.atan2(math.sin(lat) * math.sin(lon), math.cos(lon)))
    return Spot(math.degrees(lat), (math.degrees(lon) + frame.lon_0 + 180) % 360 - 180, convergence)


@lru_cache(maxsize=64)
def _meridian_m(lat_deg: float) -> float:
    """From the equator along the middle meridian; eq. 7 to 11."""
    xi_ = math.atan(_conformal(math.tan(math.radians(lat_deg))))
    return _RADIUS_M * (xi_ + sum(alpha * math.sin(2 * j * xi_) for j, alpha in enumerate(_ALPHA, 1)))


def _conformal(tau: float) -> float:
    """τ′ of τ, tangents of the conformal and the geographic latitude; eq. 7 and 9."""
    sigma = math.sinh(_E * math.atanh(_E * tau / math.hypot(1, tau)))
    return tau * math.hypot(1, sigma) - sigma * math.hypot(1, tau)


def _geographic(conformal: float) -> float:
    """τ of τ′ by Newton's method; eq. 19 to 21."""
    tau = conformal
    for _ in range(_NEWTON_STEPS):
        now = _conformal(tau)
        slope = (1 - ECCENTRICITY2) * math.hypot(1, tau) / (1 + (1 - ECCENTRICITY2) * tau**2) * math.hypot(1, now)
        tau += (conformal - now) / slope
    return tau
