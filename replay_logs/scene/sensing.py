"""What receivers in vehicles and roadside sensors make of the truth: with an error, in units of the air."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from .roads import REF_ELEVATION_M, wgs84_e7
from .traffic import WALKERS, Motion

GNSS_SIGMA_M = 0.4
SENSOR_SIGMA_M = 0.25
SPEED_SIGMA_MPS = 0.05
RANGE_M = 110.0
"""How far the roadside cameras and radars see."""
WALKER_SIZE_M = {"pedestrian": (0.6, 0.6, 1.7), "bicycle": (0.7, 1.8, 1.7)}


Place = tuple[float, float, float]
"""East, north, heading."""


@dataclass(frozen=True)
class Fix:
    """Where and how somebody moves, in the units that both standards share."""

    lat: int  # 1e-7 degree
    lon: int
    elevation: int  # 0.1 m
    speed: int  # 0.02 m/s
    heading: int  # 0.0125 degree
    acceleration: int  # 0.01 m/s²
    yaw: int  # 0.01 degree/s


@dataclass(frozen=True)
class Seen:
    """A road user as the roadside sensors see it, with east and north of the reference position."""

    user_id: int
    kind: str
    radio: str
    fix: Fix


def fix(place: Place, speed_mps: float, chance: Random, sigma_m: float, motion: Motion | None = None) -> Fix:
    """A measured fix of somebody who is really at `place`."""
    east, north, heading = place
    lat, lon = wgs84_e7(east + chance.gauss(0, sigma_m), north + chance.gauss(0, sigma_m))
    measured = max(0.0, speed_mps + chance.gauss(0, SPEED_SIGMA_MPS)) if speed_mps > 0.1 else 0.0
    return Fix(
        lat=lat,
        lon=lon,
        elevation=round(REF_ELEVATION_M * 10 + chance.gauss(0, 3)),
        speed=round(measured / 0.02),
        heading=round(heading / 0.0125) % 28800,
        acceleration=round(motion.acceleration_mps2 * 100) if motion else 0,
        yaw=round(motion.yaw_rate_dps * 100) if motion else 0,
    )


def own_fix(motion: Motion, ahead_s: float, chance: Random) -> Fix:
    """What the vehicle's receiver says, `ahead_s` after the tick of the scene."""
    place = motion.path.at(motion.travelled_m + motion.speed_mps * ahead_s)
    return fix(place, motion.speed_mps, chance, GNSS_SIGMA_M, motion)


def seen_by_roadside(motions: list[Motion], time_s: float, chance: Random) -> list[Seen]:
    """Everybody within range of the roadside sensors, by id."""
    found = []
    for motion in motions:
        place = motion.path.at(motion.travelled_m)
        if motion.in_range and max(abs(place[0]), abs(place[1])) <= RANGE_M:
            what = fix(place, motion.speed_mps, chance, SENSOR_SIGMA_M, motion)
            found.append(Seen(motion.user.user_id, motion.user.kind, motion.user.radio, what))
    for walker in WALKERS:
        east, north, heading, speed = walker.at(time_s)
        what = fix((east, north, heading), speed, chance, SENSOR_SIGMA_M)
        found.append(Seen(walker.user_id, walker.kind, "none", what))
    return sorted(found, key=lambda seen: seen.user_id)
