"""New tracks from observations that belong to none."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rsu.fusion.motion import KMH_PER_MPS, TURN_RATE_START_STD_RADPS
from rsu.fusion.parameters import Parameters
from rsu.fusion.state import Floats, Ints, Measured, Table
from rsu.observe.arrays import BICYCLE, PEDESTRIAN

SPEED_START_STD_MPS = 8.0
"""Of what was seen once and may be a vehicle: 50 km/h is within two."""
WALKER_START_STD_MPS = 1.5


def born(table: Table, observations: NDArray[np.void], measured: Measured, sigma2: Floats, parameters: Parameters) -> Ints:
    """Rows of the new tracks, of the first observations where the table is full.

    :param sigma2: (n,) float64, m², of the offset in a sender's position; 0 where there is none.
    """
    rows = table.take(len(observations))
    observations, measured, sigma2 = observations[: rows.size], measured.only(np.arange(rows.size)), sigma2[: rows.size]
    cls = observations["cls"]
    table.cls[rows], table.pinned[rows], table.walker[rows] = cls, np.isin(cls, (PEDESTRIAN, BICYCLE)), cls == PEDESTRIAN
    table.first[rows] = measured.time_ns
    begin(table, rows, measured, sigma2, parameters)
    return rows


def begin(table: Table, rows: Ints, measured: Measured, sigma2: Floats, parameters: Parameters) -> None:
    """The states of tracks of which one measurement is known; the past is forgotten."""
    table.time[rows], table.sigma2[rows], table.ring_count[rows] = measured.time_ns, sigma2, 0
    z, noise = measured.z, measured.noise
    x, cov = np.zeros((rows.size, 7)), np.zeros((rows.size, 7, 7))
    x[:, :2] = z[:, :2]
    cov[:, :2, :2] = noise[:, :2, :2]
    for axis in (0, 1):
        cov[:, axis, axis] += sigma2
        cov[:, axis + 5, axis + 5] = sigma2
        cov[:, axis, axis + 5] = cov[:, axis + 5, axis] = -sigma2
    _velocities(table, rows, x, cov, measured, parameters)
    table.x[rows], table.cov[rows] = x, cov
    table.remember(rows, table.state(rows), table.time[rows], measured)


def _velocities(table: Table, rows: Ints, x: Floats, cov: Floats, measured: Measured, parameters: Parameters) -> None:
    heading, speed, rate = measured.z[:, 2], measured.z[:, 3], measured.z[:, 4]
    told = ~np.isnan(heading) & ~np.isnan(speed)
    release = parameters.heading_release_kmh / KMH_PER_MPS
    polar = told & ~table.walker[rows] & (measured.own | (speed > release))
    table.polar[rows] = polar
    table.frozen[rows] = polar & (np.abs(speed) < release)
    start = np.where(table.walker[rows], WALKER_START_STD_MPS, SPEED_START_STD_MPS) ** 2
    heading_var, speed_var = measured.noise[:, 2, 2], measured.noise[:, 3, 3]
    x[:, 2] = np.where(polar, heading, np.where(told, speed * np.cos(heading), 0.0))
    x[:, 3] = np.where(polar, speed, np.where(told, speed * np.sin(heading), 0.0))
    known = np.where(told, speed_var + (speed**2) * heading_var, start)
    cov[:, 2, 2] = np.where(polar, heading_var, known)
    cov[:, 3, 3] = np.where(polar, speed_var, known)
    turns = polar & ~table.pinned[rows]
    x[:, 4] = np.where(turns & ~table.frozen[rows] & ~np.isnan(rate), rate, 0.0)
    cov[:, 4, 4] = np.where(turns, TURN_RATE_START_STD_RADPS**2, 0.0)


def described(table: Table, rows: Ints, observations: NDArray[np.void], now_ns: int, sure: bool) -> None:
    """What an observation says of its track beside the state: class, size, that it was hit.

    :param sure: the observation's class goes before the track's: who tells of himself knows.
    """
    cls = observations["cls"]
    changed = (cls != 0) & ((table.cls[rows] == 0) | sure)
    table.cls[rows] = np.where(changed, cls, table.cls[rows])
    known = table.cls[rows]
    walks = (known == PEDESTRIAN) | (known == BICYCLE)
    table.pinned[rows], table.walker[rows] = walks, (known == PEDESTRIAN) & ~table.polar[rows]
    held = rows[walks]
    if held.size:
        table.x[held, 4] = np.where(table.polar[held], 0.0, table.x[held, 4])
        table.cov[held, 4, :] = table.cov[held, :, 4] = 0.0
    for column, name in enumerate(("length", "width", "height")):
        told = observations[name]
        there = told > 0
        table.size[rows[there], column] = told[there]
    table.hits[rows] += 1
    table.touched[rows] = now_ns
