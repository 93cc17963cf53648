"""What lies still under a picture: lanes, crosswalks, and where the signals stand."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

LANE_WIDTH_M = 3.5  # where a MAP does not say


class Lane(NamedTuple):
    """One lane.

    :param points: (n, 2) float64, metres, ENU: its centre line; a lane towards the crossing ends at the stop line.
    :param group: the signal group that stands at its end; 0: none.
    """

    points: NDArray[np.float64]
    width_m: float = LANE_WIDTH_M
    group: int = 0


class Ground(NamedTuple):
    """A crossing.

    :param crosswalks: (n, 2) float64 each, metres, ENU: corners of an area.
    """

    lanes: tuple[Lane, ...] = ()
    crosswalks: tuple[NDArray[np.float64], ...] = ()


BARE = Ground()


def outline(lane: Lane) -> NDArray[np.float64]:
    """(2n, 2) float64, metres, ENU: the lane's area, up its left edge and down its right one.

    At a bend the edge lies on the mean of the two normals: the width is exact on straight parts, and near enough in a picture.
    """
    along = np.gradient(lane.points, axis=0)
    length = np.maximum(np.hypot(along[:, 0], along[:, 1]), 1e-9)
    aside = np.column_stack((-along[:, 1], along[:, 0])) / length[:, None] * (lane.width_m / 2)
    return np.concatenate((lane.points + aside, (lane.points - aside)[::-1]))


def box(positions: NDArray[np.float64], heading_rad: float, length_m: float, width_m: float) -> NDArray[np.float64]:
    """(4, 2) float64, metres, ENU: the corners of something seen from above.

    :param positions: (2,) float64, metres, ENU: its middle.
    """
    ahead = np.array([np.cos(heading_rad), np.sin(heading_rad)]) * (length_m / 2)
    left = np.array([-np.sin(heading_rad), np.cos(heading_rad)]) * (width_m / 2)
    return np.array([positions + ahead + left, positions - ahead + left, positions - ahead - left, positions + ahead - left])


def ellipse_axes(covariances: NDArray[np.float64], sigmas: float) -> NDArray[np.float64]:
    """(n, 3) float64: both whole axes in metres, the longer first, and the angle of the longer in degrees, counter-clockwise.

    :param covariances: (n, 2, 2) float64, m², symmetric; a row that is no covariance gives NaN.
    """
    made = np.full((len(covariances), 3), np.nan)
    usable = np.asarray(np.isfinite(covariances).all((1, 2)))
    values, vectors = np.linalg.eigh(covariances[usable])
    usable[usable] = (values > 0).all(1)
    positive = (values > 0).all(1)
    values, vectors = values[positive], vectors[positive]
    made[usable, :2] = 2 * sigmas * np.sqrt(values[:, ::-1])
    made[usable, 2] = np.degrees(np.arctan2(vectors[:, 1, 1], vectors[:, 0, 1]))
    return made
