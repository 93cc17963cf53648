"""Motion: constant turn rate and velocity (CTRV), constant velocity while no heading is known, and Gauss–Markov offsets.

CTRV and its Jacobian follow Schubert, Richter, Wanielik: Comparison and evaluation of advanced motion models for vehicle
tracking, FUSION 2008, eq. 7 to 9, written with ``S = sin a / a`` and ``C = (1 − cos a) / a``, ``a = ω Δt``, so that nothing
is divided by a small turn rate. Process noise is the continuous white acceleration of Bar-Shalom, Li, Kirubarajan: Estimation
with Applications to Tracking and Navigation, eq. 6.2.2-12: it adds up over any split of a time step. Offsets: Gelb, Applied
Optimal Estimation, eq. 3.8-11.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from rsu.fusion.parameters import Parameters
from rsu.fusion.state import Bools, Floats, State

KMH_PER_MPS = 3.6
SERIES_BELOW = 1e-4  # rad: the neglected terms are below 1e-13
TURN_RATE_START_STD_RADPS = 0.2
"""Of a track whose heading has just become known: a turn at a crossing has 0.4 rad/s."""
_EYE = np.eye(7)
STANDING_MPS = 0.3
"""A velocity below tells no direction, and a vehicle that slow does not slip."""
CERTAIN = 3.0
"""Standard deviations of a velocity from 0, from which its direction is a heading."""


class Jacobian(NamedTuple):
    """The Jacobian of a motion.

    :param f: (n, 7, 7) float64.
    :param phi: (n,) float64, its last two places on the diagonal: what is left of the offsets.
    """

    f: Floats
    phi: Floats

    def rows(self, matrix: Floats) -> Floats:
        """F·M; matrix: (n, 7, k)."""
        product: Floats = self.f @ matrix
        return product

    def columns(self, matrix: Floats) -> Floats:
        """M·Fᵀ; matrix: (n, k, 7)."""
        product: Floats = matrix @ self.f.swapaxes(1, 2)
        return product

    def around(self, cov: Floats) -> Floats:
        """F·P·Fᵀ."""
        return self.columns(self.rows(cov))


def wrap(angle: Floats) -> Floats:
    """Into −π … π."""
    wrapped: Floats = angle - 2 * np.pi * np.round(angle / (2 * np.pi))
    return wrapped


def velocity(x: Floats, polar: Bools) -> Floats:
    """(n, 2) float64, m/s, ENU."""
    third, fourth = x[:, 2], x[:, 3]
    east = np.where(polar, fourth * np.cos(third), third)
    north = np.where(polar, fourth * np.sin(third), fourth)
    return np.stack([east, north], axis=1)


def predict(state: State, seconds: Floats, parameters: Parameters) -> State:
    """The state so many seconds later, or earlier: the noise grows both ways.

    :param seconds: (n,) float64.
    """
    x, jacobian = move(state, seconds, parameters)
    cov = jacobian.around(state.cov)
    add_noise(cov, state, np.abs(seconds), jacobian.phi, parameters)
    return state._replace(x=x, cov=cov)


def move(state: State, dt: Floats, parameters: Parameters) -> tuple[Floats, Jacobian]:
    """The mean after dt, and the Jacobian."""
    held, polar = state.pinned | state.frozen, state.polar
    heading = np.where(polar, state.x[:, 2], 0.0)
    speed = np.where(polar, state.x[:, 3], 0.0)
    rate = np.where(held | ~polar, 0.0, state.x[:, 4])
    s, c, ds, dc = _arcs(rate * dt)
    cos, sin = np.cos(heading), np.sin(heading)
    along, across = dt * (cos * s - sin * c), dt * (sin * s + cos * c)
    free = np.where(held | ~polar, 0.0, dt)
    x = state.x.copy()
    x[:, 0] += np.where(polar, speed * along, state.x[:, 2] * dt)
    x[:, 1] += np.where(polar, speed * across, state.x[:, 3] * dt)
    x[:, 2] = np.where(polar, wrap(x[:, 2] + rate * dt), x[:, 2])
    phi = np.exp(-np.abs(dt) / parameters.bias_tau_s)
    x[:, 5:] *= phi[:, None]
    f = np.empty((dt.size, 7, 7))
    f[:] = _EYE
    f[:, 0, 2], f[:, 1, 2] = np.where(polar, -speed * across, dt), speed * along
    f[:, 0, 3], f[:, 1, 3] = np.where(polar, along, 0.0), np.where(polar, across, dt)
    f[:, 0, 4] = speed * free * dt * (cos * ds - sin * dc)
    f[:, 1, 4] = speed * free * dt * (sin * ds + cos * dc)
    f[:, 2, 4], f[:, 5, 5], f[:, 6, 6] = free, phi, phi
    return x, Jacobian(f, phi)


def _arcs(a: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """S, C and their derivatives."""
    small = np.abs(a) < SERIES_BELOW
    safe = np.where(small, 1.0, a)
    sin, cos = np.sin(safe), np.cos(safe)
    s = np.where(small, 1.0 - a * a / 6, sin / safe)
    c = np.where(small, a / 2, (1 - cos) / safe)
    ds = np.where(small, -a / 3, (cos - s) / safe)
    dc = np.where(small, 0.5 - a * a / 8, (sin - c) / safe)
    return s, c, ds, dc


def add_noise(cov: Floats, state: State, dt: Floats, phi: Floats, parameters: Parameters) -> None:
    """Process noise over dt ≥ 0 is added to cov: (n, 7, 7)."""
    polar = state.polar
    stands = state.frozen & (np.abs(state.x[:, 3]) < STANDING_MPS)
    accel = np.where(stands, parameters.standing_accel_std_mps2, parameters.accel_std_mps2)
    density = np.where(state.walker, parameters.walker_accel_std_mps2, accel) ** 2
    q1 = density * parameters.noise_interval_s * dt
    q2, q3 = q1 * dt / 2, q1 * dt * dt / 3
    heading = state.x[:, 2]
    cos, sin = np.where(polar, np.cos(heading), 1.0), np.where(polar, np.sin(heading), 1.0)
    speed = np.where(polar, np.abs(state.x[:, 3]), np.hypot(state.x[:, 2], state.x[:, 3]))
    drift = np.where((speed < STANDING_MPS) & ~state.walker, 0.0, parameters.drift_std_mps05**2 * dt)
    cov[:, 0, 0] += q3 * cos * cos + drift
    cov[:, 1, 1] += q3 * sin * sin + drift
    cross = np.where(polar, q3 * cos * sin, 0.0)
    _both(cov, 0, 1, cross)
    _both(cov, 0, 3, np.where(polar, q2 * cos, 0.0))
    _both(cov, 0, 2, np.where(polar, 0.0, q2))
    _both(cov, 1, 3, q2 * sin)
    cov[:, 3, 3] += q1
    turning = polar & ~state.frozen
    w1 = np.where(turning & ~state.pinned, parameters.yaw_accel_std_radps2**2 * parameters.noise_interval_s * dt, 0.0)
    swerve = np.where(turning & state.pinned, parameters.pinned_turn_std_radps05**2 * dt, 0.0)
    swerve += np.where(polar & state.frozen, (parameters.creep_turn_std_radpm * state.x[:, 3]) ** 2 * dt, 0.0)
    cov[:, 2, 2] += np.where(polar, w1 * dt * dt / 3 + swerve, q1)
    _both(cov, 2, 4, w1 * dt / 2)
    cov[:, 4, 4] += w1
    offset = state.sigma2 * (1 - phi * phi)
    cov[:, 5, 5] += offset
    cov[:, 6, 6] += offset


def _both(cov: Floats, row: int, column: int, value: Floats) -> None:
    cov[:, row, column] += value
    cov[:, column, row] += value


def settle(state: State, parameters: Parameters) -> State:
    """After an update: who has a heading now, who is too slow for one, who goes backwards."""
    state = _to_polar(state, parameters)
    x, cov = state.x, state.cov
    x[:, 2] = np.where(state.polar, wrap(x[:, 2]), x[:, 2])
    backwards = state.polar & (x[:, 3] < -parameters.heading_release_kmh / KMH_PER_MPS)
    if backwards.any():
        x[backwards, 2] = wrap(x[backwards, 2] + np.pi)
        x[backwards, 3] *= -1
        cov[backwards, 3, :] *= -1
        cov[backwards, :, 3] *= -1
    kmh = np.abs(x[:, 3]) * KMH_PER_MPS
    limit = np.where(state.frozen, parameters.heading_release_kmh, parameters.heading_freeze_kmh)
    frozen = state.polar & (kmh < limit)
    x[frozen, 4] = 0.0
    return state._replace(frozen=frozen)


def _to_polar(state: State, parameters: Parameters) -> State:
    """Constant velocity becomes CTRV where the velocity tells a heading; not for pedestrians."""
    x, cov = state.x, state.cov
    square = x[:, 2] ** 2 + x[:, 3] ** 2
    fast = (parameters.heading_release_kmh / KMH_PER_MPS) ** 2
    ready: Bools = ~state.polar & ~state.walker & (square > fast)
    ready &= square > CERTAIN**2 * np.maximum(cov[:, 2, 2], cov[:, 3, 3])
    if not ready.any():
        return state
    at = np.flatnonzero(ready)
    east, north, speed = x[at, 2], x[at, 3], np.sqrt(square[at])
    turn = np.zeros((at.size, 7, 7))
    turn[:] = np.eye(7)
    turn[:, 2, 2], turn[:, 2, 3] = -north / square[at], east / square[at]
    turn[:, 3, 2], turn[:, 3, 3] = east / speed, north / speed
    cov[at] = turn @ cov[at] @ turn.swapaxes(1, 2)
    x[at, 2], x[at, 3], x[at, 4] = np.arctan2(north, east), speed, 0.0
    cov[at, 4, :] = cov[at, :, 4] = 0.0
    cov[at, 4, 4] = np.where(state.pinned[at], 0.0, TURN_RATE_START_STD_RADPS**2)
    return state._replace(polar=state.polar | ready)
