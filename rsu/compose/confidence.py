"""From standard deviations to the standards' confidence classes, the way back of :mod:`rsu.observe.accuracies`.

The class told is the finest one that is not finer than the truth: who reads it takes no error for smaller than it is. A
deviation of 0 or NaN, and one beyond the coarsest class, is "unavailable".
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from rsu.observe.accuracies import HEADING_DEG, POSITION_M, SIGMAS_OF_95_PERCENT, SPEED_MPS

UNAVAILABLE = "unavailable"
DUST = 1 - 1e-9
"""A class that was read and is told again stays the same."""
YAW_DPS: Mapping[str, float] = {
    "prec100deg": 100.0,
    "prec10deg": 10.0,
    "prec5deg": 5.0,
    "prec1deg": 1.0,
    "prec0-1deg": 0.1,
    "prec0-05deg": 0.05,
    "prec0-01deg": 0.01,
}
"""DE_AngularVConfidence of T/CSAE 157, degrees a second."""
SAE_YAW: Mapping[str, str] = {
    UNAVAILABLE: UNAVAILABLE,
    "prec100deg": "degSec-100-00",
    "prec10deg": "degSec-010-00",
    "prec5deg": "degSec-005-00",
    "prec1deg": "degSec-001-00",
    "prec0-1deg": "degSec-000-10",
    "prec0-05deg": "degSec-000-05",
    "prec0-01deg": "degSec-000-01",
}
"""The same steps as DE_YawRateConfidence of J2735 spells them."""

TIME_S: Mapping[str, float] = {
    "time-100-000": 100.0,
    "time-050-000": 50.0,
    "time-020-000": 20.0,
    "time-010-000": 10.0,
    "time-002-000": 2.0,
    "time-001-000": 1.0,
    "time-000-500": 0.5,
    "time-000-200": 0.2,
    "time-000-100": 0.1,
    "time-000-050": 0.05,
    "time-000-020": 0.02,
    "time-000-010": 0.01,
    "time-000-005": 0.005,
    "time-000-002": 0.002,
    "time-000-001": 0.001,
}
"""DE_TimeConfidence down to the resolution of the time that is told."""

Floats = NDArray[np.float64]


def of_position(cov: Floats) -> list[str]:
    """PositionConfidence: of the longer axis of the error ellipse.

    :param cov: (n, m, m) float64, m ≥ 2, x and y first, m².
    """
    a, b, c = cov[:, 0, 0], cov[:, 0, 1], cov[:, 1, 1]
    with np.errstate(invalid="ignore", over="ignore"):
        longest = (a + c) / 2 + np.hypot((a - c) / 2, b)
    return _classes(_std(longest), POSITION_M)


def of_speed(variance: Floats) -> list[str]:
    """SpeedConfidence; variance: (n,) float64, (m/s)²."""
    return _classes(_std(variance), SPEED_MPS)


def of_heading(variance: Floats) -> list[str]:
    """HeadingConfidence; variance: (n,) float64, rad²."""
    return _classes(np.degrees(_std(variance)), HEADING_DEG)


def of_yaw_rate(variance: Floats) -> list[str]:
    """AngularVConfidence; variance: (n,) float64, (rad/s)²."""
    return _classes(np.degrees(_std(variance)), YAW_DPS)


def of_time(std_s: float) -> str:
    """TimeConfidence."""
    return _classes(_std(np.array([std_s**2])), TIME_S)[0]


def _std(variance: Floats) -> Floats:
    std: Floats = np.sqrt(np.where(variance > 0, variance, np.nan))
    return std


def _classes(std: Floats, table: Mapping[str, float]) -> list[str]:
    steps = sorted(table.items(), key=lambda step: step[1])
    names = [name for name, _ in steps] + [UNAVAILABLE]
    limits = np.array([limit for _, limit in steps])
    places = np.searchsorted(limits, std * SIGMAS_OF_95_PERCENT * DUST)  # NaN stands behind all
    return [names[place] for place in places.tolist()]
