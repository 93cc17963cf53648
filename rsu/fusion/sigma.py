"""How far a sender's GNSS is off: what it reports, made larger, until residuals of the bound id tell.

A sender's variance is the mean of a prior and of its residuals, by weight (scaled inverse χ², Gelman et al., Bayesian Data
Analysis, eq. 2.13). Residuals are as old as the offset lives (τ): one counts for the part of τ since the one before. The prior
is what is claimed times what the residuals of all senders of the unit tell of such claims.

Beside the offset a sender's positions have a part that is new each time. A receiver that repeats its last position under a
new stamp, as published logs have them, is off by what it drove since: how much, the innovations tell (Mehra 1970, On the
identification of variances and adaptive Kalman filtering), as a mean that forgets.
"""

from __future__ import annotations

import numpy as np

from rsu.fusion.parameters import Parameters
from rsu.fusion.state import Floats, Ints, Measured, State

PRIOR, LEARNED, WEIGHT, JITTER = range(4)


class Sigmas:
    """Variances of the senders' offsets."""

    def __init__(self, parameters: Parameters) -> None:
        self._p = parameters
        self._senders = np.zeros((parameters.senders_max, 4))
        self._innovation = np.zeros((parameters.senders_max, 2))  # the last of each sender
        self._fleet, self._fleet_weight = 0.0, 0.0

    def forget(self, rows: Ints) -> None:
        self._senders[rows], self._innovation[rows] = 0.0, 0.0

    def pass_on(self, before: Ints, after: Ints) -> None:
        """The same vehicle under another id."""
        self._senders[after, LEARNED:] = self._senders[before, LEARNED:]

    def claim(self, rows: Ints, reported_m: Floats) -> None:
        """:param reported_m: (n,) float64, semi-major axis; NaN where it is not said."""
        p = self._p
        reported = np.where(np.isnan(reported_m), 0.0, reported_m)
        self._senders[rows, PRIOR] = np.clip(p.sigma_factor * reported, p.sigma_start_m, p.sigma_max_m) ** 2

    def variance(self, rows: Ints) -> Floats:
        """(n,) float64, m², by axis."""
        p = self._p
        prior, learned, weight = self._senders[rows, :JITTER].T
        ratio = (p.fleet_prior_weight + self._fleet) / (p.fleet_prior_weight + self._fleet_weight)
        mean = (p.sigma_prior_weight * prior * ratio + learned) / (p.sigma_prior_weight + weight)
        variance: Floats = np.clip(mean, p.sigma_min_m**2, p.sigma_max_m**2)
        return variance

    def white(self, rows: Ints) -> Floats:
        """(n,) float64, m², by axis, of what is new with each position."""
        white: Floats = self._p.self_white_std_m**2 + np.maximum(self._senders[rows, JITTER], 0.0)
        return white

    def innovations(self, rows: Ints, state: State, measured: Measured) -> None:
        """What the positions of bound senders tell of their white part; state: of their tracks, at the time measured.

        By how an innovation differs from the one before: in a bend that the filter does not know they are alike.
        """
        p, cov = self._p, state.cov
        step = measured.z[:, :2] - state.x[:, :2] - state.x[:, 5:]
        change = ((step - self._innovation[rows]) ** 2).sum(axis=1) / 2
        self._innovation[rows] = step
        known = sum(cov[:, i, i] + cov[:, i + 5, i + 5] + 2 * cov[:, i, i + 5] for i in (0, 1))
        excess = np.clip((change - known) / 2 - p.self_white_std_m**2, -(p.jitter_max_m**2), p.jitter_max_m**2)
        self._senders[rows, JITTER] += p.jitter_gain * (excess - np.maximum(self._senders[rows, JITTER], 0.0))

    def residuals(self, rows: Ints, state: State, measured: Measured, seconds: Floats) -> None:
        """What bound senders whose tracks are seen tell of their offset; seconds: (n,) float64, since the one before."""
        square = ((measured.z[:, :2] - state.x[:, :2]) ** 2).sum(axis=1)
        known = state.cov[:, 0, 0] + state.cov[:, 1, 1] + measured.noise[:, 0, 0] + measured.noise[:, 1, 1]
        self.learn(rows, (square - known) / 2, seconds)

    def expected(self, rows: Ints) -> Floats:
        """(n,) float64, m², by axis, of an offset before anything was learned from the sender's own residuals."""
        p = self._p
        ratio = (p.fleet_prior_weight + self._fleet) / (p.fleet_prior_weight + self._fleet_weight)
        expected: Floats = np.clip(self._senders[rows, PRIOR] * ratio, p.sigma_min_m**2, p.sigma_max_m**2)
        return expected

    def learn(self, rows: Ints, square: Floats, seconds: Floats) -> None:
        """:param square: (n,) float64, m², a residual's by axis, less what is not the offset's.
        :param seconds: (n,) float64, since the residual before.
        """
        p = self._p
        weight = 2 * np.clip(seconds / p.bias_tau_s, 0.0, 1.0)  # two axes
        self._senders[rows, LEARNED] += weight * square
        self._senders[rows, WEIGHT] += weight
        fade = min(1.0, p.fleet_weight_max / (self._fleet_weight + float(weight.sum()) + 1e-9))
        self._fleet = max(0.0, (self._fleet + float((weight * square / self._senders[rows, PRIOR]).sum())) * fade)
        self._fleet_weight = (self._fleet_weight + float(weight.sum())) * fade
