"""Updates: a measurement corrects a track, in Joseph's form, also when it is a little late.

Joseph's form: Bar-Shalom, Li, Kirubarajan, eq. 5.2.3-18; it holds for any gain, so that rows of the gain can be set to 0 for
what is held (Schmidt 1966: considered, not estimated). A detection sees ``x, y``; a BSM sees ``x + bx, y + by``. A late
measurement is shifted by the track's own motion: it is compared with the state moved back to its time, ``H F(Δt)``
takes the place of H and the process noise between is added to its own.
"""

from __future__ import annotations

import numpy as np

from rsu.fusion import motion
from rsu.fusion.inverse import inverse_2, inverse_5
from rsu.fusion.parameters import Parameters
from rsu.fusion.state import Bools, Floats, Measured, State


def in_terms_of(state: State, measured: Measured) -> tuple[Floats, Floats, Bools]:
    """z, noise and what is said, in the track's own terms: heading and speed become a velocity where it has no heading.

    What is seen from outside is a velocity with its noise, and its length alone is never 0: of one who stands, σ √(π/2). Where
    the track has a heading, the speed is the part along it. One who tells of himself has a speed from his wheels.
    """
    z, noise = measured.z.copy(), measured.noise.copy()
    said = ~np.isnan(z)
    seen = np.flatnonzero(state.polar & ~measured.own & said[:, 2])
    if seen.size:
        z[seen, 3] *= np.cos(z[seen, 2] - state.x[seen, 2])
    plain = np.flatnonzero(~state.polar)
    if plain.size:
        heading, speed = z[plain, 2], z[plain, 3]
        cos, sin = np.cos(heading), np.sin(heading)
        across2, along2 = (speed**2) * noise[plain, 2, 2], noise[plain, 3, 3]
        z[plain, 2], z[plain, 3] = speed * cos, speed * sin
        noise[plain, 2, 2] = along2 * cos**2 + across2 * sin**2
        noise[plain, 3, 3] = along2 * sin**2 + across2 * cos**2
        noise[plain, 2, 3] = noise[plain, 3, 2] = (along2 - across2) * cos * sin
        said[plain, 2:4] = (said[plain, 2] & said[plain, 3])[:, None]
        noise[plain, 2, 2] += 0.01  # a speed of 0 tells of both directions, though not for certain: (0.1 m/s)²
        noise[plain, 3, 3] += 0.01
        unsaid = plain[~said[plain, 2]]
        noise[unsaid, 2:4, 2:4] = np.eye(2)
    said[:, 2] &= ~state.frozen
    said[:, 4] &= state.polar & ~state.frozen & ~state.pinned
    return z, noise, said


def innovation(state: State, core: Floats, z: Floats, noise: Floats, said: Bools, own: Bools) -> tuple[Floats, Floats]:
    """Residual (n, k) and its covariance S (n, k, k) of the first k = 2 or 5 of what is measured; 0 and 1 for what is not said.

    :param core: (n, k, k) float64, H·P·Hᵀ.
    """
    width = core.shape[2]
    said = said[:, :width]
    ahead = state.x[:, :width].copy()
    s = core + noise[:, :width, :width]
    if own.any():
        ahead[:, :2] += own[:, None] * state.x[:, 5:]
    residual = z[:, :width] - ahead
    if width > 2:
        residual[:, 2] = np.where(state.polar, motion.wrap(residual[:, 2]), residual[:, 2])
    if not said.all():
        residual = np.where(said, residual, 0.0)
        s = np.where(said[:, :, None] & said[:, None, :], s, np.eye(width))
    return residual, s


def width_of(said: Bools) -> int:
    """2 where nobody says more than a position, else 5."""
    return 5 if said[:, 2:].any() else 2


def seen_by(cov: Floats, own: Bools, width: int) -> Floats:
    """P·Hᵀ: (n, 7, k)."""
    product = cov[:, :, :width]
    if own.any():
        product = product.copy()
        product[:, :, :2] += own[:, None, None] * cov[:, :, 5:]
    return product


def core_of(seen: Floats, own: Bools) -> Floats:
    """H·P·Hᵀ: (n, k, k), of P·Hᵀ."""
    core = seen[:, : seen.shape[2]]
    if own.any():
        core = core.copy()
        core[:, :2] += own[:, None, None] * seen[:, 5:]
    return core


def update(state: State, measured: Measured, seconds: Floats, parameters: Parameters) -> State:
    """The track after the measurement.

    :param seconds: (n,) float64, ≤ 0, measurement time less the time of the state.
    """
    z, noise, said = in_terms_of(state, measured)
    own, width = measured.own, width_of(said)
    if not (seconds < 0).any():
        seen = seen_by(state.cov, own, width)
        residual, s = innovation(state, core_of(seen, own), z, noise, said, own)
        gain = _gain(state, seen, s, said, parameters)
        return _joseph(state, residual, gain, seen, s, parameters)
    past_x, jacobian = motion.move(state, seconds, parameters)
    past = state._replace(x=past_x)
    slack = np.zeros_like(state.cov)
    motion.add_noise(slack, state, -seconds, jacobian.phi, parameters)
    noise = noise.copy()
    noise[:, :width, :width] += core_of(seen_by(slack, own, width), own)
    across = seen_by(jacobian.f.swapaxes(1, 2), own, width)  # (H F)ᵀ
    seen = state.cov @ across
    residual, s = innovation(past, across.swapaxes(1, 2) @ seen, z, noise, said, own)
    gain = _gain(state, seen, s, said, parameters)
    return _joseph(state, residual, gain, seen, s, parameters)


def _gain(state: State, seen: Floats, s: Floats, said: Bools, parameters: Parameters) -> Floats:
    """K = P Hᵀ S⁻¹, (n, 7, k), with rows of 0 for what is held."""
    width = seen.shape[2]
    inverse = inverse_2(s) if width == 2 else inverse_5(s)
    if width > 2 and not said.all():
        seen = seen * said[:, None, :]
    gain: Floats = seen @ inverse
    gain[state.frozen, 2] = 0.0
    gain[state.frozen | state.pinned | ~state.polar, 4] = 0.0
    if not parameters.bias_states or parameters.white_bsm:
        gain[:, 5:] = 0.0
    return gain


def _joseph(state: State, residual: Floats, gain: Floats, seen: Floats, s: Floats, parameters: Parameters) -> State:
    """Joseph's form multiplied out: ``(I − K H) P (I − K H)ᵀ + K R Kᵀ = P + M + Mᵀ``, ``M = K (S Kᵀ / 2 − (P Hᵀ)ᵀ)``.

    It holds for any gain as the product does, is symmetric to the last bit, and costs a third.
    """
    x = state.x + (gain @ residual[:, :, None])[:, :, 0]
    half = gain @ ((s / 2) @ gain.swapaxes(1, 2) - seen.swapaxes(1, 2))
    half += state.cov / 2
    cov = half + half.swapaxes(1, 2)
    return motion.settle(state._replace(x=x, cov=cov), parameters)
