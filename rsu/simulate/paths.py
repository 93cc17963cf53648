"""The course of each road user through a scene, to be asked at any moment.

SUMO moves people on foot from lane to lane, and turns vehicles at the corners of a lane's shape and about their front bumper,
within one step: the middle of a long one slides aside at 45°. What is taken for the truth is its course smoothed by local
parabolas (Savitzky and Golay, 1964), with the speed, acceleration and heading of that, so that all of it belongs together.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.signal import savgol_filter

from rsu.observe.arrays import PEDESTRIAN
from rsu.simulate.scenes.fleet import KINDS, Kind
from rsu.simulate.sumo import KIND_NAMES, STEP_S

Floats = NDArray[np.float64]
STEP_MS = round(STEP_S * 1_000)
WINDOW_TICKS, WINDOW_TICKS_ON_FOOT = 7, 15
"""Steps that a parabola is laid through: 0.7 s for what has wheels; people jump by a metre, which takes longer to walk."""
FACING_MPS = 0.3
"""Slower than that one faces where one last went."""


class Course(NamedTuple):
    """Values at n moments: (n,) float64 each; metres ENU, radians counter-clockwise from east, unwrapped, m/s, m/s², rad/s."""

    x: Floats
    y: Floats
    heading: Floats
    speed: Floats
    accel: Floats
    yaw_rate: Floats


class Path(NamedTuple):
    """One road user.

    :param ticks: (n,) int64, steps since the log began, without a gap.
    :param course: at those.
    """

    number: int
    kind: Kind
    ticks: NDArray[np.int64]
    course: Course

    @property
    def first_ms(self) -> int:
        return int(self.ticks[0]) * STEP_MS

    @property
    def last_ms(self) -> int:
        return int(self.ticks[-1]) * STEP_MS

    def at(self, times_s: Floats) -> Course:
        """Between two steps everything runs on a straight line.

        :param times_s: (n,) float64, seconds since the log began, from its first step to its last.
        """
        steps_s = self.ticks * STEP_S
        return Course(*(np.interp(times_s, steps_s, values) for values in self.course))


def paths_of(states: NDArray[np.void]) -> list[Path]:
    """The paths in a run of SUMO, ordered by number.

    :param states: (n,) STATE, ordered by tick.
    """
    order = np.argsort(states["number"], kind="stable")
    numbers, starts = np.unique(states["number"][order], return_index=True)
    parts = np.split(states[order], starts[1:]) if len(numbers) else []
    return [_path(int(number), rows) for number, rows in zip(numbers, parts, strict=True)]


def _path(number: int, rows: NDArray[np.void]) -> Path:
    kind = KINDS[KIND_NAMES[int(rows["kind"][0])]]
    heading = np.unwrap(rows["heading"])
    if len(rows) < 3:
        course = Course(rows["x"], rows["y"], heading, rows["speed"], rows["accel"], np.zeros(len(rows)))
    else:
        course = _smooth(rows["x"], rows["y"], heading, kind.cls == PEDESTRIAN)
    return Path(number, kind, rows["tick"].astype(np.int64), course)


def _smooth(x: Floats, y: Floats, heading: Floats, on_foot: bool) -> Course:
    window = min(WINDOW_TICKS_ON_FOOT if on_foot else WINDOW_TICKS, (len(x) - 1) // 2 * 2 + 1)

    def fitted(values: Floats, derivative: int = 0) -> Floats:
        return np.asarray(savgol_filter(values, window, 2, deriv=derivative, delta=STEP_S), np.float64)

    vx, vy = fitted(x, 1), fitted(y, 1)
    speed = np.hypot(vx, vy)
    faced = _faced(vx, vy, speed, heading)
    return Course(fitted(x), fitted(y), faced, speed, np.gradient(speed, STEP_S), np.gradient(faced, STEP_S))


def _faced(vx: Floats, vy: Floats, speed: Floats, heading: Floats) -> Floats:
    """Where somebody faces: along his way, or as before while he stands; as SUMO has it until he first moves."""
    last = np.maximum.accumulate(np.where(speed >= FACING_MPS, np.arange(len(speed)), -1))
    ways = np.where(last >= 0, np.arctan2(vy, vx)[np.maximum(last, 0)], heading)
    return np.unwrap(ways)
