"""What the accuracy and confidence codes of a message say in standard deviations.

=============================  ===============================================================================================
code                           standard deviation
=============================  ===============================================================================================
semiMajor, semiMinor           their value: J2735 DE_SemiMajorAxisAccuracy speaks of one sigma. 0 is taken for "not said": no
                               receiver is within 2.5 cm, and senders that know nothing write 0 (seen in CSAE captures). 254 is
                               12.7 m or more: 12.7 m
orientation                    of the semi-major axis, clockwise from north; unavailable: a circle of the semi-major axis
PositionConfidence             each axis: metres / 1.96. J2735 and T/CSAE 53 speak of 95 % confidence; 1.96 and not 2.45 (that
                               of a radius in the plane), for an error that is stated too large costs fusion less
SpeedConfidence                m/s / 1.96
HeadingConfidence              degrees / 1.96
unavailable, or a new item     NaN
=============================  ===============================================================================================
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from rsu.units import load_units

SIGMAS_OF_95_PERCENT = 1.959963984540054

POSITION_M: Mapping[str, float] = {
    "a500m": 500.0,
    "a200m": 200.0,
    "a100m": 100.0,
    "a50m": 50.0,
    "a20m": 20.0,
    "a10m": 10.0,
    "a5m": 5.0,
    "a2m": 2.0,
    "a1m": 1.0,
    "a50cm": 0.5,
    "a20cm": 0.2,
    "a10cm": 0.1,
    "a5cm": 0.05,
    "a2cm": 0.02,
    "a1cm": 0.01,
}
"""DE_PositionConfidence, the same in all standards."""
SPEED_MPS: Mapping[str, float] = {
    "prec100ms": 100.0,
    "prec10ms": 10.0,
    "prec5ms": 5.0,
    "prec1ms": 1.0,
    "prec0-1ms": 0.1,
    "prec0-05ms": 0.05,
    "prec0-01ms": 0.01,
}
"""DE_SpeedConfidence."""
HEADING_DEG: Mapping[str, float] = {
    "prec10deg": 10.0,
    "prec05deg": 5.0,
    "prec01deg": 1.0,
    "prec0-1deg": 0.1,
    "prec0-05deg": 0.05,
    "prec0-01deg": 0.01,
    "prec0-0125deg": 0.0125,
}
"""DE_HeadingConfidence."""

POSITION_VARIANCE_M2 = {name: (metres / SIGMAS_OF_95_PERCENT) ** 2 for name, metres in POSITION_M.items()}
SPEED_STD_MPS = {name: mps / SIGMAS_OF_95_PERCENT for name, mps in SPEED_MPS.items()}
HEADING_STD_RAD = {name: math.radians(degrees) / SIGMAS_OF_95_PERCENT for name, degrees in HEADING_DEG.items()}

Floats = NDArray[np.float64]


def ellipse(semi_major_m: Floats, semi_minor_m: Floats, orientation_deg: Floats) -> tuple[Floats, Floats, Floats]:
    """The covariance of an error ellipse: C = a² u uᵀ + b² v vᵀ, u along the semi-major axis and v across it.

    :param semi_major_m: (n,) float64, metres, one sigma; NaN or 0 where it is not said; likewise ``semi_minor_m``.
    :param orientation_deg: (n,) float64, degrees clockwise from north.
    :return: cxx, cxy, cyy, (n,) float64 each, m², ENU; NaN where the semi-major axis is not said.
    """
    major = np.where(semi_major_m > 0, semi_major_m, np.nan) ** 2
    minor = np.where((semi_minor_m > 0) & np.isfinite(orientation_deg), semi_minor_m**2, major)
    azimuth = np.radians(np.nan_to_num(orientation_deg))
    sine, cosine = np.sin(azimuth), np.cos(azimuth)
    return (
        major * sine**2 + minor * cosine**2,
        (major - minor) * sine * cosine,
        major * cosine**2 + minor * sine**2,
    )


def ellipse_of(semi_major: int, semi_minor: int, orientation: int, standard: str) -> tuple[float, float, float]:
    """The covariance (cxx, cxy, cyy, m²) that the codes of one PositionalAccuracy tell; zeros where it is not said."""
    units = load_units(standard)
    names = ("SemiMajorAxisAccuracy", "SemiMinorAxisAccuracy", "SemiMajorAxisOrientation")
    said = (units[name].value(code) for name, code in zip(names, (semi_major, semi_minor, orientation), strict=True))
    covariance = ellipse(*(np.array([math.nan if value is None else value]) for value in said))
    cxx, cxy, cyy = (float(each[0]) for each in covariance)
    return (0.0, 0.0, 0.0) if math.isnan(cxx) else (cxx, cxy, cyy)
