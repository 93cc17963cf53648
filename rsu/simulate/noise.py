"""How what a unit hears differs from the truth: the noise model of docs/simulation.md, with its numbers, and the draws.

Every road user and every device has a random stream of its own, keyed by the seed and its number, so that one more of them
changes nothing for the others. All draws are made with numpy's PCG64.
"""

from __future__ import annotations

import math

import msgspec
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
#: What a stream is for, beside the number it belongs to.
SENDER, SEEN, BOX, NEIGHBOUR, EQUIPMENT = range(5)


class Parameters(msgspec.Struct, frozen=True, kw_only=True):
    """The noise model; the defaults are those the fusion was designed with (docs/simulation.md).

    :param equipped_share: of road users that send of themselves.
    :param gnss_sigma_m: of a receiver's slowly changing offset, each axis; ``gnss_tau_s`` is its time constant.
    :param gnss_white_m: of what changes from fix to fix, each axis.
    :param reported_sigma_factor: what senders say of their σ, divided by what it is; 0.5: half.
    :param id_period_s: how long a temporary id lives (T/CSAE 53 and J2945/1 change it for privacy).
    :param loss_near, loss_far: share of messages lost beside the unit and ``loss_far_m`` away; linear, also beyond.
    :param range_m: beyond that nothing is heard.
    :param delay_mean_s, delay_shape: of the gamma law from a message's moment to its reception.
    :param outage_coasting_s: after the last satellite a receiver still gives positions by odometry, which drift by
        ``outage_drift_mps``; then none until ``reacquire_s`` after the outage.
    :param box_radius_m: how far the perception box sees.
    :param box_sigma_m, box_sigma_per_m: σ of its positions, each axis: constant, and growing with the distance.
    :param box_miss: share of single looks at an object that fail.
    :param occluded_share, occluded_mean_s: of a two-state Markov chain: how much of the time an object is hidden, and how long.
    :param false_per_frame: objects that are none, a Poisson law.
    :param neighbour_east_m, neighbour_north_m: where a second roadside unit stands; it sees ``neighbour_radius_m`` far and
        needs ``neighbour_delay_s`` to make its message.
    :param box_delay_s, box_delay_sigma_s, box_delay_min_s: from the look to the record; normal, cut off below.
    """

    equipped_share: float = 0.7
    gnss_sigma_m: float = 1.0
    gnss_tau_s: float = 30.0
    gnss_white_m: float = 0.2
    reported_sigma_factor: float = 1.0
    speed_sigma_mps: float = 0.1  # of a vehicle's odometry
    heading_sigma_rad: float = math.radians(0.8)  # of a moving receiver's course
    id_period_s: float = 60.0
    loss_near: float = 0.05
    loss_far: float = 0.30
    loss_far_m: float = 250.0
    range_m: float = 800.0  # of PC5 in the open
    delay_mean_s: float = 0.045
    delay_shape: float = 3.0
    outage_coasting_s: float = 5.0
    outage_drift_mps: float = 0.5
    reacquire_s: float = 2.0
    box_radius_m: float = 130.0
    box_sigma_m: float = 0.25
    box_sigma_per_m: float = 0.004
    box_velocity_sigma_mps: float = 0.3
    box_size_sigma: float = 0.05  # relative, constant while the box keeps its number for the object
    box_miss: float = 0.05
    occluded_share: float = 0.08
    occluded_mean_s: float = 1.2
    false_per_frame: float = 0.5
    box_delay_s: float = 0.150
    box_delay_sigma_s: float = 0.030
    box_delay_min_s: float = 0.020
    neighbour_east_m: float = 150.0
    neighbour_north_m: float = 20.0
    neighbour_radius_m: float = 120.0
    neighbour_sigma_m: float = 0.4
    neighbour_delay_s: float = 0.080


#: Parameters a caller may set, with their bounds.
BOUNDS = {
    "equipped_share": (0.0, 1.0),
    "gnss_sigma_m": (0.0, 50.0),
    "reported_sigma_factor": (0.01, 10.0),
}


def stream(seed: int, purpose: int, number: int = 0) -> np.random.Generator:
    """The random stream of one road user or device."""
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(entropy=seed, spawn_key=(purpose, number))))


def gauss_markov(chance: np.random.Generator, times_s: Floats, sigma: float, tau_s: float) -> Floats:
    """A stationary first-order Gauss–Markov process b at given times.

    b_k = ρ b_{k-1} + σ √(1 − ρ²) w, ρ = e^(−Δt/τ), w ~ N(0, 1) (Gelb, Applied Optimal Estimation, eq. 3.8-8).

    :param times_s: (n,) float64, seconds, rising.
    :returns: (n, 2) float64, two independent axes.
    """
    white = chance.standard_normal((len(times_s), 2))
    values = np.empty_like(white)
    if len(values):
        values[0] = sigma * white[0]
    for index, step_s in enumerate(np.diff(times_s), 1):
        rho = math.exp(-step_s / tau_s)
        values[index] = rho * values[index - 1] + sigma * math.sqrt(1.0 - rho * rho) * white[index]
    return values


def lost(chance: np.random.Generator, distances_m: Floats, parameters: Parameters) -> Bools:
    """(n,) bool: which messages are not heard over these distances."""
    slope = (parameters.loss_far - parameters.loss_near) / parameters.loss_far_m
    drawn = chance.random(len(distances_m))
    missed: Bools = (drawn < parameters.loss_near + slope * distances_m) | (distances_m > parameters.range_m)
    return missed


def delays_s(chance: np.random.Generator, count: int, parameters: Parameters) -> Floats:
    """(n,) float64, seconds from a message's moment to its reception."""
    return chance.gamma(parameters.delay_shape, parameters.delay_mean_s / parameters.delay_shape, count)


def hidden(chance: np.random.Generator, ticks: int, step_s: float, parameters: Parameters) -> Bools:
    """(n,) bool: in which looks an object stands behind another; a stationary two-state Markov chain."""
    leave = min(step_s / parameters.occluded_mean_s, 1.0)
    enter = min(leave * parameters.occluded_share / (1.0 - parameters.occluded_share), 1.0)
    drawn = chance.random(ticks)
    states = np.zeros(ticks, bool)
    state = bool(ticks) and bool(drawn[0] < parameters.occluded_share)
    for tick in range(ticks):
        if tick:
            state = bool(drawn[tick] >= leave) if state else bool(drawn[tick] < enter)
        states[tick] = state
    return states


def box_sigma_m(distances_m: Floats, parameters: Parameters) -> Floats:
    """(n,) float64: σ of the box's positions at these distances, metres, each axis."""
    return parameters.box_sigma_m + parameters.box_sigma_per_m * distances_m
