"""What others have fused already: taken in without counting anything twice.

Covariance intersection: Julier, Uhlmann: A non-divergent estimation algorithm in the presence of unknown correlations, ACC
1997, eq. 2 and 3: an update with ``P / ω`` and ``R / (1 − ω)``, ω for the least determinant of the position, on a grid. What
the measurement does not say (the heading of a car that stands) cannot be counted twice and is not widened; else it grew at
each update, without end.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rsu.fusion.association import neighbours
from rsu.fusion.lifecycle import common, like
from rsu.fusion.parameters import Parameters
from rsu.fusion.state import Bools, Floats, Ints, Measured, State, Table
from rsu.fusion.update import in_terms_of
from rsu.observe.arrays import VEHICLE

OMEGAS = (1.0, 0.8, 0.6, 0.4, 0.2)
"""1 leaves the track as it is; 0 would forget its speed."""


def intersection(state: State, measured: Measured) -> tuple[State, Measured, Floats]:
    """State and measurement with their covariances as the intersection has them, and ω (n,)."""
    p, r = state.cov[:, :2, :2], measured.noise[:, :2, :2]
    information, shared = np.linalg.inv(p), np.linalg.inv(r)
    dets = np.stack([np.linalg.det(omega * information + (1 - omega) * shared) for omega in OMEGAS])
    omega = np.array(OMEGAS)[np.argmax(dets, axis=0)]  # the first of equals: least change
    said = in_terms_of(state, measured)[2]
    widen = np.ones(state.x.shape)
    widen[:, :5] = np.where(said, 1 / np.sqrt(omega)[:, None], 1.0)
    wider = state._replace(cov=state.cov * widen[:, :, None] * widen[:, None, :])
    weight = np.maximum(1 - omega, 1e-9)[:, None, None]
    return wider, measured._replace(noise=measured.noise / weight), omega


def at_one_place(
    table: Table, heard: Ints, observations: NDArray[np.void], measured: Measured, parameters: Parameters
) -> Bools:
    """Which are told of to be inside somebody who is heard himself, and so are he: two cannot be at one place.

    Pictures of others are a little late, and their filters lag where one brakes: it need not fit him.

    :param heard: rows of those who are heard.
    """
    inside = np.zeros(len(observations), np.bool_)
    if not heard.size or not inside.size:
        return inside
    at = common(table, heard, int(np.median(measured.time_ns)))
    i, j = neighbours(measured.z[:, :2], at, parameters.shared_inside_m)
    apart = np.hypot(*(measured.z[i, :2] - at[j]).T)
    most = np.where(table.cls[heard[j]] == VEHICLE, parameters.shared_inside_m, parameters.shared_inside_walker_m)
    inside[i[(apart <= most) & like(observations["cls"][i], table.cls[heard[j]])]] = True
    return inside


def from_ourselves(senders: NDArray[np.bytes_], own: tuple[str, ...]) -> NDArray[np.bool_]:
    """Which are our own picture heard back."""
    return np.isin(senders, np.array([one.encode() for one in own], "S64"))
