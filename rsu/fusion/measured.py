"""Observations become measurements: what is not said of their noise comes from the parameters."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rsu.fusion.parameters import Parameters
from rsu.fusion.state import Floats, Measured
from rsu.observe.arrays import DETECTION, SELF


def reported_sigma(observations: NDArray[np.void]) -> Floats:
    """(n,) float64, metres: semi-major axis of the reported covariance; NaN where it is not said or none."""
    cxx, cxy, cyy = _covariance(observations)
    mean, half = (cxx + cyy) / 2, (cxx - cyy) / 2
    sigma: Floats = np.sqrt(mean + np.hypot(half, cxy))
    return sigma


def _covariance(observations: NDArray[np.void]) -> tuple[Floats, Floats, Floats]:
    """The reported covariance; NaN where it is not one."""
    cxx, cyy = observations["cxx"], observations["cyy"]
    cxy = np.where(np.isnan(observations["cxy"]), 0.0, observations["cxy"])
    good = (cxx > 0) & (cyy > 0) & (cxx < 1e8) & (cyy < 1e8) & (cxy * cxy < cxx * cyy)
    return np.where(good, cxx, np.nan), np.where(good, cxy, np.nan), np.where(good, cyy, np.nan)


def measured(observations: NDArray[np.void], sigma2: Floats, white2: Floats, parameters: Parameters) -> Measured:
    """Of observations of one kind.

    :param sigma2: (n,) float64, m², variance of the senders' offsets, and ``white2`` of what is new each time, for ``SELF``.
    """
    p, count = parameters, len(observations)
    kind = int(observations["kind"][0]) if count else DETECTION
    own = kind == SELF
    z = np.stack([observations[name] for name in ("x", "y", "heading", "speed", "yaw_rate")], axis=1)
    noise = np.zeros((count, 5, 5))
    if own:
        noise[:, 0, 0] = noise[:, 1, 1] = white2 + (sigma2 if p.white_bsm else 0.0)
    else:
        cxx, cxy, cyy = _covariance(observations)
        default = (p.detection_std_m if kind == DETECTION else p.shared_std_m) ** 2
        unsaid = np.isnan(cxx)
        noise[:, 0, 0] = np.where(unsaid, default, cxx) + p.position_std_min_m**2
        noise[:, 1, 1] = np.where(unsaid, default, cyy) + p.position_std_min_m**2
        noise[:, 0, 1] = noise[:, 1, 0] = np.where(unsaid, 0.0, cxy)
    heading_std = p.self_heading_std_rad if own else p.detection_heading_std_rad
    speed_std = p.self_speed_std_mps if own else p.detection_speed_std_mps
    noise[:, 2, 2] = _said(observations["heading_std"], heading_std, p.heading_std_min_rad, np.pi) ** 2
    noise[:, 3, 3] = _said(observations["speed_std"], speed_std, p.speed_std_min_mps, 100.0) ** 2
    noise[:, 4, 4] = _said(observations["yaw_rate_std"], p.yaw_rate_std_radps, p.yaw_rate_std_min_radps, np.pi) ** 2
    return Measured(z, noise, np.full(count, own), observations["event_time_ns"].astype(np.int64))


def _said(std: Floats, default: float, least: float, most: float) -> Floats:
    said: Floats = np.clip(np.where(std >= 0, std, default), least, most)
    return said
