"""Which track stands for which object at a tick, inside the region that is scored.

Objects further from the middle than the radius are not asked for, and tracks there are not held against anybody. An object
that crosses the edge must not become a false track for it: first everything is paired, then what belongs to an object outside,
and unpaired tracks outside, are left out; GOSPA is that of the two sets that remain.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from rsu.evaluate import gospa as metric
from rsu.evaluate.gospa import Gospa, assign


class Region(msgspec.Struct, frozen=True, kw_only=True):
    """What is scored.

    :param radius_m: around the frame's origin; 0 is everywhere. The default lies inside the 130 m that a box of docs/fusion.md
        sees, so that who has just come in could have been confirmed.
    :param warmup_s: from the first tick on nothing is scored: no estimator knows yet who was there before.
    """

    radius_m: float = 120.0
    warmup_s: float = 2.0


DEFAULT = Region()


# All ticks of all estimators are kept until the measures are taken: of truth and tracks only what these need, which is a fifth.
OBJECT = np.dtype([("id", "u4"), ("cls", "u1"), ("x", "f8"), ("y", "f8")])
SCORED = np.dtype(
    [
        ("id", "u4"),
        ("cls", "u1"),
        ("x", "f8"),  # metres, ENU
        ("y", "f8"),
        ("cxx", "f8"),  # covariance of the position, m²
        ("cxy", "f8"),
        ("cyy", "f8"),
        ("newest_ns", "i8"),  # event time of its last observation; 0: not known
    ]
)


class Tick(NamedTuple):
    """One scored moment.

    :param truth: (n,) :data:`OBJECT`, the objects inside.
    :param tracks: (m,) :data:`SCORED`, the tracks that are held against them.
    :param gospa: of the two; its pairs are the matches of every other measure but identity's.
    """

    time_ns: int
    truth: NDArray[np.void]
    tracks: NDArray[np.void]
    gospa: Gospa


def match(
    time_ns: int,
    truth: NDArray[np.void],
    tracks: NDArray[np.void],
    region: Region = DEFAULT,
    parameters: metric.Parameters = metric.DEFAULT,
) -> Tick:
    """A tick with what is scored of it.

    :param truth: (n,) :data:`rsu.evaluate.truth.TRUTH`.
    :param tracks: (m,) :data:`rsu.fusion.tracks.TRACK`, confirmed ones.
    """
    tracks = tracks[np.isfinite(tracks["x"]) & np.isfinite(tracks["y"])]
    if region.radius_m:
        truth, tracks = _inside(truth, tracks, region.radius_m, parameters)
    found = metric.gospa(places(truth), places(tracks), parameters)
    return Tick(time_ns, _objects(truth), _scored(tracks), found)


def _objects(truth: NDArray[np.void]) -> NDArray[np.void]:
    made = np.zeros(len(truth), OBJECT)
    for name in OBJECT.names or ():
        made[name] = truth[name]
    return made


def _scored(tracks: NDArray[np.void]) -> NDArray[np.void]:
    made = np.zeros(len(tracks), SCORED)
    for name in ("id", "cls", "x", "y"):
        made[name] = tracks[name]
    made["cxx"], made["cxy"], made["cyy"] = (tracks["cov"][:, row, column] for row, column in ((0, 0), (0, 1), (1, 1)))
    made["newest_ns"] = np.maximum(tracks["self_ns"], tracks["seen_ns"])
    return made


def _inside(
    truth: NDArray[np.void], tracks: NDArray[np.void], radius_m: float, parameters: metric.Parameters
) -> tuple[NDArray[np.void], NDArray[np.void]]:
    truth_in = np.hypot(truth["x"], truth["y"]) <= radius_m
    keep = np.hypot(tracks["x"], tracks["y"]) <= radius_m
    pairs, _ = assign(places(truth), places(tracks), parameters.c_m, parameters.p)
    keep[pairs[:, 1]] = truth_in[pairs[:, 0]]
    return truth[truth_in], tracks[keep]


def places(rows: NDArray[np.void]) -> NDArray[np.float64]:
    """(n, 2) float64, metres, ENU, of truth or tracks."""
    return np.column_stack((rows["x"], rows["y"])).astype(np.float64, copy=False)


def paired(tick: Tick) -> tuple[NDArray[np.void], NDArray[np.void]]:
    """The matched objects and, row by row, their tracks."""
    return tick.truth[tick.gospa.pairs[:, 0]], tick.tracks[tick.gospa.pairs[:, 1]]


def object_seconds(ticks: Sequence[Tick], period_s: float) -> float:
    """For how long there was how much to see."""
    return sum(len(tick.truth) for tick in ticks) * period_s
