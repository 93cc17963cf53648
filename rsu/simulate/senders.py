"""Road users that send of themselves: when, under which id, and what their receivers say of where they are."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from rsu.observe.arrays import VEHICLE
from rsu.simulate.base import MILLISECOND_NS, SECOND_NS
from rsu.simulate.noise import EQUIPMENT, SENDER, Floats, Parameters, delays_s, gauss_markov, lost, stream
from rsu.simulate.paths import Course, Path
from rsu.simulate.place import Place
from rsu.simulate.said import Said
from rsu.simulate.scenes.scene import Area

BSM_PERIOD_MS, PSM_PERIOD_MS = 100, 200  # T/CSAE 53: 10 Hz; J2945/9 allows a person's device less
ID_OCTETS = 8
MSG_CNT = 128
SLOW_MPS = 0.5
"""Below, a receiver keeps the course that it had."""
STANDING_MPS = 0.05
"""Below, an odometer shows zero."""


class Heard(NamedTuple):
    """A statement, and when the unit heard it."""

    receive_ns: int
    said: Said


class _Fixes(NamedTuple):
    """What a receiver gives: the course with its errors, its accuracy as it says it (NaN: not), whether it knows its place."""

    course: Course
    sigma_m: Floats
    known: NDArray[np.bool_]


class Ids:
    """The temporary ids of one road user through the log.

    :param seconds: how long the log is.
    """

    def __init__(self, chance: np.random.Generator, seconds: float, period_s: float) -> None:
        self._period_s = period_s
        self._offset_s = chance.uniform(0.0, period_s)
        epochs = int((seconds + self._offset_s) / period_s) + 2
        self._ids = [chance.bytes(ID_OCTETS) for _ in range(epochs)]
        self._counts = [int(count) for count in chance.integers(MSG_CNT, size=epochs)]

    def epoch(self, time_s: float) -> int:
        return int((time_s + self._offset_s) / self._period_s)

    def at(self, time_s: float) -> bytes:
        """The id at a moment, seconds since the log began."""
        return self._ids[self.epoch(time_s)]

    def first_count(self, time_s: float) -> int:
        """Where msgCnt begins with that id."""
        return self._counts[self.epoch(time_s)]


class Sender:
    """One equipped road user."""

    def __init__(self, path: Path, seconds: float, seed: int, parameters: Parameters) -> None:
        self.path = path
        self._parameters = parameters
        self._chance = stream(seed, SENDER, path.number)
        self.ids = Ids(self._chance, seconds, parameters.id_period_s)

    def heard(self, place: Place, start_ns: int, tunnels: tuple[Area, ...]) -> list[Heard]:
        """All that the unit hears of it, in the order of sending; the unit stands at the reference."""
        period_ms = BSM_PERIOD_MS if self.path.kind.cls == VEHICLE else PSM_PERIOD_MS
        first_ms = self.path.first_ms + int(self._chance.integers(period_ms))
        times_ms = np.arange(first_ms, self.path.last_ms + 1, period_ms, dtype=np.int64)
        if not len(times_ms):
            return []
        times_s = times_ms / 1_000
        true = self.path.at(times_s)
        fixes = self._fixes(true, times_s, _inside(true, tunnels))
        missed = lost(self._chance, np.hypot(true.x, true.y), self._parameters)
        delays_ns = np.rint(delays_s(self._chance, len(times_s), self._parameters) * SECOND_NS).astype(np.int64)
        said = self._said(times_ms, fixes, place, start_ns)
        return [
            Heard(one.time_ns + delay_ns, one)
            for one, delay_ns, away in zip(said, delays_ns.tolist(), missed.tolist(), strict=True)
            if not away
        ]

    def _said(self, times_ms: NDArray[np.int64], fixes: _Fixes, place: Place, start_ns: int) -> Iterator[Said]:
        course = fixes.course
        lat, lon = place.degrees(course.x, course.y)
        count, epoch = 0, -1
        for index, time_ms in enumerate(times_ms.tolist()):
            if self.ids.epoch(time_ms / 1_000) != epoch:
                epoch, count = self.ids.epoch(time_ms / 1_000), self.ids.first_count(time_ms / 1_000)
            count = (count + 1) % MSG_CNT
            known = bool(fixes.known[index])
            yield Said(
                start_ns + time_ms * MILLISECOND_NS,
                count,
                self.ids.at(time_ms / 1_000),
                self.path.kind,
                round(lat[index] * 1e7) if known else None,
                round(lon[index] * 1e7) if known else None,
                place.origin.elevation_m,
                float(fixes.sigma_m[index]),
                float(course.heading[index]),
                float(course.speed[index]),
                float(course.accel[index]),
                float(course.yaw_rate[index]),
            )

    def _fixes(self, true: Course, times_s: Floats, dark: NDArray[np.bool_]) -> _Fixes:
        """:param dark: (n,) bool: where no satellite is heard."""
        chance, noise, count = self._chance, self._parameters, len(times_s)
        error = gauss_markov(chance, times_s, noise.gnss_sigma_m, noise.gnss_tau_s)
        error += noise.gnss_white_m * chance.standard_normal((count, 2))
        astray = chance.uniform(-math.pi, math.pi)
        without_s = outage_s(times_s, dark, noise.reacquire_s)
        drift_m = noise.outage_drift_mps * without_s
        x = true.x + error[:, 0] + drift_m * math.cos(astray)
        y = true.y + error[:, 1] + drift_m * math.sin(astray)
        speed = np.maximum(true.speed + noise.speed_sigma_mps * chance.standard_normal(count), 0.0)
        speed[true.speed < STANDING_MPS] = 0.0
        heading = _held(true.heading + noise.heading_sigma_rad * chance.standard_normal(count), true.speed)
        sigma_m = np.hypot(math.hypot(noise.gnss_sigma_m, noise.gnss_white_m), drift_m) * noise.reported_sigma_factor
        known = without_s <= noise.outage_coasting_s
        course = Course(x, y, heading, speed, true.accel, true.yaw_rate)
        return _Fixes(course, np.where(known, sigma_m, np.nan), known)


def is_equipped(number: int, seed: int, parameters: Parameters) -> bool:
    """Whether it sends of itself; who does at one share does at a higher one too."""
    return bool(stream(seed, EQUIPMENT, number).random() < parameters.equipped_share)


def outage_s(times_s: Floats, dark: NDArray[np.bool_], reacquire_s: float) -> Floats:
    """(n,) float64: seconds since the last satellite, 0 where there are some again for ``reacquire_s``.

    A receiver that was switched on in the dark has been without for ever.
    """
    without = np.zeros(len(times_s))
    since_s = -math.inf if len(dark) and dark[0] else math.nan
    left_s = math.nan
    for index, time_s in enumerate(times_s.tolist()):
        if dark[index]:
            since_s = time_s if math.isnan(since_s) else since_s
            left_s = time_s
        elif not math.isnan(left_s) and time_s - left_s >= reacquire_s:
            since_s = left_s = math.nan
        without[index] = 0.0 if math.isnan(since_s) else min(time_s - since_s, 1e6)
    return without


def _inside(course: Course, areas: tuple[Area, ...]) -> NDArray[np.bool_]:
    inside = np.zeros(len(course.x), bool)
    for west, south, east, north in areas:
        inside |= (course.x >= west) & (course.x <= east) & (course.y >= south) & (course.y <= north)
    return inside


def _held(headings: Floats, speeds: Floats) -> Floats:
    """Each heading, or the last one before that was measured in motion."""
    last = np.maximum.accumulate(np.where(speeds >= SLOW_MPS, np.arange(len(speeds)), -1))
    held: Floats = np.where(last >= 0, headings[np.maximum(last, 0)], headings)
    return held
