"""What others have fused already: taken in without counting anything twice.

Covariance intersection: Julier, Uhlmann: A non-divergent estimation algorithm in the presence of unknown correlations, ACC
1997, eq. 2 and 3: an update with ``P / ω`` and ``R / (1 − ω)``, ω for the least determinant of the position, on a grid.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rsu.fusion.state import Floats, Measured, State

#: Variances that a state is not widened beyond: heading (or east velocity), speed (or north velocity), yaw rate. Someone else's
#: picture of a standing vehicle corrects none of them, and would widen them with each message.
WIDEST = (10.0, 100.0, 0.25)
OMEGAS = (1.0, 0.8, 0.6, 0.4, 0.2)
"""1 leaves the track as it is; 0 would forget its speed."""


def intersection(state: State, measured: Measured) -> tuple[State, Measured, Floats]:
    """State and measurement with their covariances as the intersection has them, and ω (n,)."""
    p, r = state.cov[:, :2, :2], measured.noise[:, :2, :2]
    information, shared = np.linalg.inv(p), np.linalg.inv(r)
    dets = np.stack([np.linalg.det(omega * information + (1 - omega) * shared) for omega in OMEGAS])
    omega = np.array(OMEGAS)[np.argmax(dets, axis=0)]  # the first of equals: least change
    wider = state._replace(cov=_widened(state.cov, omega))
    weight = np.maximum(1 - omega, 1e-9)[:, None, None]
    return wider, measured._replace(noise=measured.noise / weight), omega


def _widened(cov: Floats, omega: Floats) -> Floats:
    """``D P D``: the position by 1 / ω, motion by no more than its bound, the offset not at all; correlations stay."""
    variance = np.einsum("nii->ni", cov)
    scale = np.ones_like(variance)
    scale[:, :2] = 1.0 / np.sqrt(omega)[:, None]
    room = np.sqrt(np.array(WIDEST) / np.maximum(variance[:, 2:5], 1e-12))
    scale[:, 2:5] = np.clip(np.minimum(scale[:, :1], room), 1.0, None)
    widened: Floats = cov * scale[:, :, None] * scale[:, None, :]
    return widened


def from_ourselves(senders: NDArray[np.bytes_], own: tuple[str, ...]) -> NDArray[np.bool_]:
    """Which are our own picture heard back."""
    return np.isin(senders, np.array([one.encode() for one in own], "S64"))
