"""A perception box at the unit: what it sees of a scene, as the records that :mod:`rsu.sources.live.perception` makes of it."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import msgspec
import numpy as np

from rsu.simulate.base import MILLISECOND_NS, SECOND_NS
from rsu.simulate.noise import BOX, SEEN, Floats, Parameters, box_sigma_m, hidden, stream
from rsu.simulate.paths import Path
from rsu.simulate.place import Place
from rsu.simulate.scenes.fleet import KINDS
from rsu.simulate.sumo import STEP_S

NAME = "box"
SENSOR = "simulated"
FORGOTTEN_TICKS = 5
"""Looks after which the box takes one that it sees again for a new one."""
FALSE_KINDS = ("car", "person")


class Look(NamedTuple):
    """One record: when it was received, the box's own time, its octets, and how many objects it holds."""

    receive_ns: int
    time_ns: int
    octets: bytes
    objects: int


class _Seen(NamedTuple):
    """One object in one look, with its errors; size is relative to the true one."""

    number: int
    path: Path | None
    kind: str
    x: float
    y: float
    vx: float
    vy: float


def looks(paths: list[Path], place: Place, start_ns: int, ticks: int, seed: int, parameters: Parameters) -> list[Look]:
    """Every look of the box, one each step, in which it sees something."""
    by_tick: list[list[_Seen]] = [[] for _ in range(ticks)]
    for path in paths:
        _see(path, by_tick, seed, parameters)
    chance = stream(seed, BOX)
    tracks = _Tracks(place, chance, parameters)
    result = []
    for tick, seen in enumerate(by_tick):
        seen += _false(chance, parameters)
        delay_s = chance.normal(parameters.box_delay_s, parameters.box_delay_sigma_s)
        if seen:
            time_ns = start_ns + tick * round(STEP_S * SECOND_NS)
            octets = msgspec.json.encode([tracks.detected(one, tick, time_ns) for one in seen])
            receive_ns = time_ns + round(max(delay_s, parameters.box_delay_min_s) * SECOND_NS)
            result.append(Look(receive_ns, time_ns, octets, len(seen)))
    return result


def _see(path: Path, by_tick: list[list[_Seen]], seed: int, parameters: Parameters) -> None:
    """Put the successful looks at one road user into the lists of their steps."""
    chance, count, course = stream(seed, SEEN, path.number), len(path.ticks), path.course
    distance = np.hypot(course.x, course.y)
    visible = distance <= parameters.box_radius_m
    visible &= ~hidden(chance, count, STEP_S, parameters) & (chance.random(count) >= parameters.box_miss)
    error = chance.standard_normal((4, count))
    sigma: Floats = box_sigma_m(distance, parameters)
    x, y = course.x + sigma * error[0], course.y + sigma * error[1]
    vx = course.speed * np.cos(course.heading) + parameters.box_velocity_sigma_mps * error[2]
    vy = course.speed * np.sin(course.heading) + parameters.box_velocity_sigma_mps * error[3]
    for index in np.flatnonzero(visible).tolist():
        tick = int(path.ticks[index])
        if tick < len(by_tick):
            by_tick[tick].append(
                _Seen(path.number, path, "", float(x[index]), float(y[index]), float(vx[index]), float(vy[index]))
            )


def _false(chance: np.random.Generator, parameters: Parameters) -> list[_Seen]:
    """Objects that are none, anywhere in the circle, each for one look."""
    result = []
    for _ in range(int(chance.poisson(parameters.false_per_frame))):
        distance = parameters.box_radius_m * math.sqrt(chance.random())
        bearing, kind = chance.uniform(-math.pi, math.pi), FALSE_KINDS[int(chance.integers(len(FALSE_KINDS)))]
        vx, vy = chance.normal(0.0, 2.0, 2)
        result.append(_Seen(0, None, kind, distance * math.cos(bearing), distance * math.sin(bearing), float(vx), float(vy)))
    return result


class _Tracks:
    """The box's own numbers, and the sizes that it keeps with them."""

    def __init__(self, place: Place, chance: np.random.Generator, parameters: Parameters) -> None:
        self._chance, self._parameters = chance, parameters
        self._next = 1
        self._known: dict[int, tuple[int, int, float]] = {}
        """Road user → the box's number for it, step of the last look, relative size."""
        lat_deg, lon_deg = place.lat_e7 / 1e7, place.lon_e7 / 1e7
        self._projection = f"+proj=tmerc +lat_0={lat_deg:.7f} +lon_0={lon_deg:.7f} +k=1 +x_0=0 +y_0=0 +datum=WGS84 +units=m"

    def detected(self, seen: _Seen, tick: int, time_ns: int) -> dict[str, Any]:
        """The object in CARMA's fields."""
        number, size = self._number(seen, tick)
        kind = seen.path.kind if seen.path else KINDS[seen.kind]
        low = 0.6 if seen.path else 0.3
        sigma = float(box_sigma_m(np.hypot(seen.x, seen.y), self._parameters))
        return {
            "type": kind.box_type,
            "confidence": round(float(self._chance.uniform(low, low + 0.39)), 2),
            "sensorId": SENSOR,
            "projString": self._projection,
            "objectId": str(number),
            "position": {"x": round(seen.x, 2), "y": round(seen.y, 2), "z": 0.0},
            "positionCovariance": _diagonal(sigma),
            "velocity": {"x": round(seen.vx, 2), "y": round(seen.vy, 2), "z": 0.0},
            "velocityCovariance": _diagonal(self._parameters.box_velocity_sigma_mps),
            "angularVelocity": {"x": 0.0, "y": 0.0, "z": 0.0},
            "angularVelocityCovariance": _diagonal(0.0),  # it does not measure how somebody turns
            "size": {
                "length": round(kind.length_m * size, 2),
                "width": round(kind.width_m * size, 2),
                "height": round(kind.height_m * size, 2),
            },
            "timestamp": time_ns // MILLISECOND_NS,
        }

    def _number(self, seen: _Seen, tick: int) -> tuple[int, float]:
        known = self._known.get(seen.number) if seen.path else None
        if known is None or tick - known[1] > FORGOTTEN_TICKS:
            known = (self._next, tick, 1.0 + self._parameters.box_size_sigma * float(self._chance.standard_normal()))
            self._next += 1
        if seen.path:
            self._known[seen.number] = (known[0], tick, known[2])
        return known[0], known[2]


def _diagonal(sigma: float) -> list[list[float]]:
    return [[round(sigma**2, 4) if row == column else 0.0 for column in range(3)] for row in range(3)]
