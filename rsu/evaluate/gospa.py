"""GOSPA: the distance between a set of objects and a set of tracks, in one number that falls into three parts.

A. S. Rahmathullah, Á. F. García-Fernández, L. Svensson, "Generalized optimal sub-pattern assignment metric", FUSION 2017,
Definition 1 and Proposition 1, with α = 2, the one value for which the number is the sum of its parts::

    d^p = min over assignments  Σ d(x, y)^p  +  c^p/2 · (|X| - |pairs|)  +  c^p/2 · (|Y| - |pairs|)
                                localisation    missed                      false

A pair that is c apart or more costs as much as leaving both alone, so capping distances at c and assigning as many as
possible finds the minimum; such pairs are counted as missed and false.
"""

from __future__ import annotations

from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist


class Parameters(msgspec.Struct, frozen=True, kw_only=True):
    """Of the metric; the values are those of docs/fusion.md's comparison.

    :param c_m: from here on a track is no estimate of an object: about a car's length.
    :param p: how much large errors count.
    """

    c_m: float = 5.0
    p: float = 2.0


DEFAULT = Parameters()


class Gospa(NamedTuple):
    """The metric of one moment.

    :param distance: metres.
    :param localisation: metres to the power of p, as ``missed`` and ``false``; the three add up to ``distance ** p``.
    :param pairs: (k, 2) intp, row in truth and row in tracks of each pair, by row in truth.
    """

    distance: float
    localisation: float
    missed: float
    false: float
    pairs: NDArray[np.intp]


def gospa(truth: NDArray[np.float64], tracks: NDArray[np.float64], parameters: Parameters = DEFAULT) -> Gospa:
    """The GOSPA between two sets of positions.

    :param truth: (n, 2) float64, metres, ENU.
    :param tracks: (m, 2) float64, metres, ENU.
    """
    half = parameters.c_m**parameters.p / 2
    pairs, apart_m = assign(truth, tracks, parameters.c_m, parameters.p)
    localisation = float(np.sum(apart_m**parameters.p))
    missed, false = half * (len(truth) - len(pairs)), half * (len(tracks) - len(pairs))
    return Gospa((localisation + missed + false) ** (1 / parameters.p), localisation, missed, false, pairs)


def assign(
    truth: NDArray[np.float64], tracks: NDArray[np.float64], c_m: float, p: float
) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """The best pairs nearer than ``c_m``, and how far each is apart in metres."""
    if not len(truth) or not len(tracks):
        return np.empty((0, 2), np.intp), np.empty(0)
    distances = cdist(truth, tracks)
    rows, columns = linear_sum_assignment(np.minimum(distances, c_m) ** p)
    near = distances[rows, columns] < c_m
    return np.column_stack((rows[near], columns[near])), distances[rows, columns][near]
