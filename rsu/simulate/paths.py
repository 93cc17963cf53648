"""The course of each road user through a scene, to be asked at any moment."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from rsu.simulate.scenes.fleet import KINDS, Kind
from rsu.simulate.sumo import KIND_NAMES, STEP_S

Floats = NDArray[np.float64]


class Course(NamedTuple):
    """Arrays of one moment each: (n,) float64, metres ENU, radians counter-clockwise from east and unwrapped, m/s, m/s², rad/s."""

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
    def first_s(self) -> float:
        return float(self.ticks[0]) * STEP_S

    @property
    def last_s(self) -> float:
        return float(self.ticks[-1]) * STEP_S

    def at(self, times_s: Floats) -> Course:
        """Between two steps everything runs on a straight line.

        :param times_s: (n,) float64, seconds since the log began, from ``first_s`` to ``last_s``.
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
    heading = np.unwrap(rows["heading"])
    yaw_rate = np.gradient(heading, STEP_S) if len(heading) > 1 else np.zeros(1)
    course = Course(rows["x"], rows["y"], heading, rows["speed"], rows["accel"], yaw_rate)
    return Path(number, KINDS[KIND_NAMES[int(rows["kind"][0])]], rows["tick"].astype(np.int64), course)
