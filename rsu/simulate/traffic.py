"""Vehicles that drive through the crossing for ever, by a simple law: plausible, not calibrated.

Every step each driver takes the lowest of the speeds that the limit, the turn, the light and the one ahead allow. Who has
left begins anew at the end of the queue of his lane, so that there are always as many.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from random import Random

from rsu.errors import ConfigError
from rsu.simulate.crossing import LEGS, STOP_LINE_M, TURNS, Way
from rsu.simulate.plan import Plan

VEHICLES_MAX = 2_000
LIMIT_MPS = 50 / 3.6
TURN_MPS = {"left": 7.0, "straight": LIMIT_MPS, "right": 5.0}
ACCELERATION_MPS2 = 1.8
BRAKING_MPS2 = 2.5
HARDEST_BRAKING_MPS2 = 6.0
GAP_M = 2.5
LENGTH_M = 4.6
SPACING_M = 22.0
"""Between vehicles at the start."""
FIRST_M = (45.0, 80.0)
"""From the stop line of the first in a lane, so that he can still stop."""
LEG_M = 250.0


class Vehicle:
    """One vehicle. Positive yaw turns to the right."""

    __slots__ = ("acceleration_mps2", "east_m", "heading_deg", "north_m", "number", "speed_mps", "travelled_m", "way")

    def __init__(self, number: int, way: Way, travelled_m: float, speed_mps: float) -> None:
        self.number, self.way = number, way
        self.travelled_m, self.speed_mps, self.acceleration_mps2 = travelled_m, speed_mps, 0.0
        self.east_m, self.north_m, self.heading_deg = way.at(travelled_m)


class Traffic:
    """All vehicles.

    :param vehicles: how many.
    :raises ConfigError: for more than are driven.
    """

    def __init__(self, vehicles: int, plan: Plan, chance: Random) -> None:
        if not 0 <= vehicles <= VEHICLES_MAX:
            raise ConfigError(f"{vehicles} vehicles: must be 0..{VEHICLES_MAX}")
        self.plan = plan
        ways = [Way(leg, turn, LEG_M) for turn in TURNS for leg in LEGS]
        chance.shuffle(ways)
        self._lanes: dict[int, list[Vehicle]] = {way.lane: [] for way in ways}
        self.vehicles: list[Vehicle] = []
        for number in range(vehicles):
            way = ways[number % len(ways)]
            lane = self._lanes[way.lane]
            travelled_m = way.stop_m - chance.uniform(*FIRST_M) if not lane else lane[-1].travelled_m - SPACING_M
            vehicle = Vehicle(number, way, travelled_m, chance.uniform(8.0, LIMIT_MPS))
            lane.append(vehicle)
            self.vehicles.append(vehicle)

    def step(self, time_ns: int, seconds: float) -> None:
        """Move everybody on; those ahead move first, so that no gap is used before it is there."""
        green = {group: self._may_go(group, time_ns) for group in {vehicle.way.group for vehicle in self.vehicles}}
        for lane in self._lanes.values():
            ahead: Vehicle | None = None
            for vehicle in lane:
                _drive(vehicle, ahead, green[vehicle.way.group], seconds)
                # who turns otherwise and is past the stop line is in nobody's way
                ahead = vehicle
            self._let_in(lane)

    def within(self, radius_m: float) -> Iterator[Vehicle]:
        """Who is so near to the middle."""
        return (one for one in self.vehicles if max(abs(one.east_m), abs(one.north_m)) <= radius_m)

    def _may_go(self, group: int, time_ns: int) -> tuple[bool, bool]:
        light = self.plan.shown(group, time_ns).light
        return light == "green", light == "yellow"

    def _let_in(self, lane: list[Vehicle]) -> None:
        for vehicle in [one for one in lane if one.travelled_m > one.way.length_m]:
            lane.remove(vehicle)
            vehicle.travelled_m = min(0.0, lane[-1].travelled_m - SPACING_M if lane else 0.0)
            vehicle.speed_mps = min(vehicle.speed_mps, LIMIT_MPS)
            lane.append(vehicle)
            vehicle.east_m, vehicle.north_m, vehicle.heading_deg = vehicle.way.at(vehicle.travelled_m)


def _drive(vehicle: Vehicle, ahead: Vehicle | None, light: tuple[bool, bool], seconds: float) -> None:
    wanted = (_allowed_mps(vehicle, ahead, light) - vehicle.speed_mps) / seconds
    vehicle.acceleration_mps2 = max(-HARDEST_BRAKING_MPS2, min(ACCELERATION_MPS2, wanted))
    vehicle.speed_mps = max(0.0, vehicle.speed_mps + vehicle.acceleration_mps2 * seconds)
    vehicle.travelled_m += vehicle.speed_mps * seconds
    vehicle.east_m, vehicle.north_m, vehicle.heading_deg = vehicle.way.at(vehicle.travelled_m)


def _allowed_mps(vehicle: Vehicle, ahead: Vehicle | None, light: tuple[bool, bool]) -> float:
    to_stop_m = vehicle.way.stop_m - vehicle.travelled_m
    allowed = LIMIT_MPS
    green, yellow = light
    too_late = yellow and to_stop_m < vehicle.speed_mps**2 / (2 * BRAKING_MPS2)
    if to_stop_m > 0 and not green and not too_late:
        allowed = min(allowed, _braking_to(0.0, to_stop_m - 1.0))
    if to_stop_m > -2 * STOP_LINE_M:
        allowed = min(allowed, _braking_to(TURN_MPS[vehicle.way.turn], max(to_stop_m, 0.0)))
    if ahead is not None and (ahead.way is vehicle.way or ahead.travelled_m < ahead.way.stop_m):
        gap_m = ahead.travelled_m - vehicle.travelled_m - LENGTH_M - GAP_M
        allowed = min(allowed, _braking_to(ahead.speed_mps, gap_m))
    return allowed


def _braking_to(speed_mps: float, distance_m: float) -> float:
    """The speed from which one comes down to ``speed_mps`` within the distance."""
    return math.sqrt(speed_mps**2 + 2 * BRAKING_MPS2 * max(distance_m, 0.0))
