"""How good tracks are against the truth: GOSPA, RMSE, NEES, recall, precision, id switches.

GOSPA: Rahmathullah, García-Fernández, Svensson: Generalized optimal sub-pattern assignment metric, FUSION 2017, eq. 1 with
α = 2; c = 5 m, p = 2. NEES: Bar-Shalom, Li, Kirubarajan, eq. 5.4.2-1, of the position: 2 is ideal.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from rsu.fusion import Fusion, Parameters
from tests.fusion.fusion_scene import START_NS, Truth

CUT_M = 5.0
TICK_NS = 100_000_000
WITHIN_M = 120.0
WARM_S = 3.0


class Scores(NamedTuple):
    """Of one run."""

    gospa: float
    rmse: float
    nees: float
    recall: float
    precision: float
    switches: float  # by 100 object-seconds


def run(fusion: Fusion, observations: NDArray[np.void], seconds: float) -> Iterator[tuple[int, NDArray[np.void]]]:
    """Ticks of 100 ms: what was received since goes in, the tracks of the moment come out."""
    received = observations["receive_time_ns"]
    for tick in range(1, int(seconds * 10)):
        now_ns = START_NS + tick * TICK_NS
        begin, end = np.searchsorted(received, [now_ns - TICK_NS, now_ns])
        fusion.step(observations[begin:end], now_ns)
        yield now_ns, fusion.tracks(now_ns)


def gospa(truth: NDArray[np.float64], estimate: NDArray[np.float64]) -> tuple[float, NDArray[np.int64], NDArray[np.int64]]:
    """The distance of two sets of positions (n, 2), and who belongs to whom."""
    if not len(truth) or not len(estimate):
        none = np.empty(0, np.int64)
        return float(np.sqrt(CUT_M**2 / 2 * (len(truth) + len(estimate)))), none, none
    distance = np.hypot(*(truth[:, None] - estimate[None]).transpose(2, 0, 1))
    i, j = linear_sum_assignment(np.minimum(distance, CUT_M) ** 2)
    near = distance[i, j] < CUT_M
    i, j = i[near], j[near]
    total = float((distance[i, j] ** 2).sum()) + CUT_M**2 / 2 * (len(truth) + len(estimate) - 2 * len(i))
    return float(np.sqrt(total)), i, j


def score(parameters: Parameters, observations: NDArray[np.void], truth: Truth, seconds: float) -> Scores:
    """Run fusion over the observations."""
    metric, errors, nees, last = [], [], [], {}
    there = found = switches = shown = 0
    for now_ns, tracks in run(Fusion(parameters), observations, seconds):
        if now_ns < START_NS + WARM_S * 1e9:
            continue
        state = truth.at(now_ns)
        present = np.flatnonzero(np.hypot(state[:, 0], state[:, 1]) < WITHIN_M)
        tracks = tracks[np.hypot(tracks["x"], tracks["y"]) < WITHIN_M]
        at = np.stack([tracks["x"], tracks["y"]], axis=1)
        value, i, j = gospa(state[present, :2], at)
        metric.append(value)
        step = at[j] - state[present[i], :2]
        errors.append((step**2).sum(axis=1))
        nees.append(np.einsum("ni,nij,nj->n", step, np.linalg.inv(tracks["cov"][j, :2, :2]), step))
        there, found, shown = there + present.size, found + i.size, shown + len(tracks)
        for one, track in zip(present[i].tolist(), tracks["id"][j].tolist(), strict=True):
            switches += last.get(one, track) != track
            last[one] = track
    square = np.concatenate(errors)
    return Scores(
        float(np.mean(metric)),
        float(np.sqrt(square.mean())),
        float(np.concatenate(nees).mean()),
        found / max(there, 1),
        found / max(shown, 1),
        100 * switches / max(there / 10, 1),
    )
