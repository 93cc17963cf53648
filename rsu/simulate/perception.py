"""A perception box over the crossing: the vehicles it sees, as detected objects in CARMA's fields, with an error."""

from __future__ import annotations

import math
from collections.abc import Iterator
from random import Random

import msgspec

from rsu.errors import ConfigError
from rsu.simulate.base import MILLISECOND_NS, SECOND_NS, Message, Schedule
from rsu.simulate.plan import Plan
from rsu.simulate.site import Site
from rsu.simulate.traffic import Traffic, Vehicle

HZ_MAX = 50.0
STEP_NS = 100 * MILLISECOND_NS
SEEN_WITHIN_M = 120.0
POSITION_SIGMA_M = 0.3
VELOCITY_SIGMA_MPS = 0.2


class PerceptionScene:
    """One box, whose frame is east, north, up of the crossing's middle.

    :param hz: how often each object is told.
    :raises ConfigError: for a rate or number outside its bounds.
    """

    def __init__(self, site: Site, plan: Plan, start_ns: int, *, vehicles: int = 40, hz: float = 10.0, seed: int = 0) -> None:
        if not 0.1 <= hz <= HZ_MAX:
            raise ConfigError(f"{hz:g} looks a second: must be 0.1..{HZ_MAX:g}")
        self._chance = Random(seed)
        self._traffic = Traffic(vehicles, plan, self._chance)
        lat_deg, lon_deg = site.place.lat_e7 / 1e7, site.place.lon_e7 / 1e7
        self._projection = f"+proj=tmerc +lat_0={lat_deg:.7f} +lon_0={lon_deg:.7f} +k=1 +x_0=0 +y_0=0 +datum=WGS84 +units=m"
        self._schedule = Schedule(start_ns)
        self._schedule.every(STEP_NS, self._step)
        self._schedule.every(round(SECOND_NS / hz), self._look, MILLISECOND_NS)
        self.due, self.next_ns = self._schedule.due, self._schedule.next_ns

    def answer(self, octets: bytes, now_ns: int) -> list[Message]:
        """It does not listen."""
        return []

    def _step(self, time_ns: int) -> list[Message]:
        self._traffic.step(time_ns, STEP_NS / SECOND_NS)
        return []

    def _look(self, time_ns: int) -> Iterator[Message]:
        for vehicle in self._traffic.within(SEEN_WITHIN_M):
            yield Message("DetectedObject", msgspec.json.encode(self._object(vehicle, time_ns)))

    def _object(self, vehicle: Vehicle, time_ns: int) -> dict[str, object]:
        error, heading = self._chance.gauss, math.radians(vehicle.heading_deg)
        east, north = vehicle.speed_mps * math.sin(heading), vehicle.speed_mps * math.cos(heading)
        return {
            "type": "CAR",
            "confidence": 0.9,
            "sensorId": "simulated",
            "projString": self._projection,
            "objectId": str(vehicle.number),
            "position": {
                "x": round(vehicle.east_m + error(0, POSITION_SIGMA_M), 3),
                "y": round(vehicle.north_m + error(0, POSITION_SIGMA_M), 3),
                "z": 0.0,
            },
            "positionCovariance": _diagonal(POSITION_SIGMA_M),
            "velocity": {
                "x": round(east + error(0, VELOCITY_SIGMA_MPS), 3),
                "y": round(north + error(0, VELOCITY_SIGMA_MPS), 3),
                "z": 0.0,
            },
            "velocityCovariance": _diagonal(VELOCITY_SIGMA_MPS),
            "angularVelocity": {"x": 0.0, "y": 0.0, "z": 0.0},
            "angularVelocityCovariance": _diagonal(0.0),  # it does not measure how somebody turns
            "size": {"length": 4.6, "width": 1.85, "height": 1.5},
            "timestamp": time_ns // MILLISECOND_NS,
        }


def _diagonal(sigma: float) -> list[list[float]]:
    return [[round(sigma**2, 6) if row == column else 0.0 for column in range(3)] for row in range(3)]
