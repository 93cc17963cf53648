"""Who moves through the crossing, and how: a table of road users, and a simple law of driving.

Every tenth of a second each driver takes the lowest of the speeds that the limit, the turn, the light and the
one ahead allow. What comes out is plausible, not calibrated.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from .roads import STOP_AT_M, STOP_LINE_M, Path, entry_lane, on_leg, through_path
from .signals import group_of, lights

TICK_S = 0.1
LIMIT_MPS = 50 / 3.6
TURN_MPS = {"left": 7.0, "straight": LIMIT_MPS, "right": 5.0}
ACCELERATION_MPS2 = 1.8
BRAKING_MPS2 = 2.5
HARD_BRAKING_MPS2 = 6.5
GAP_M = 2.5
"""Between bumpers, standing."""


@dataclass(frozen=True)
class User:
    """A vehicle of the scene. ``radio``: csae, sae, or none (seen by the roadside sensors only)."""

    user_id: int
    radio: str
    leg: str
    turn: str
    start_m: float
    speed_mps: float
    kind: str = "car"
    brakes_hard_at_s: float | None = None


SIZE_M = {"car": (1.85, 4.65, 1.5), "van": (2.0, 5.6, 2.3), "bus": (2.5, 11.8, 3.1), "truck": (2.4, 8.6, 3.2)}

USERS = (
    User(1, "csae", "north", "straight", 92.0, 13.0),
    User(2, "csae", "north", "straight", 20.0, 13.5, kind="bus"),
    User(3, "csae", "south", "straight", 60.0, 12.5),
    User(4, "csae", "south", "left", 70.0, 11.0),
    User(5, "csae", "east", "straight", 40.0, 13.0),
    User(6, "csae", "east", "left", 10.0, 12.0, kind="van"),
    User(7, "csae", "west", "straight", 75.0, 12.0, kind="truck"),
    User(8, "csae", "west", "right", -330.0, 13.0, brakes_hard_at_s=39.0),
    User(9, "sae", "south", "straight", 10.0, 13.0),
    User(10, "sae", "west", "straight", 45.0, 13.0),
    User(13, "csae", "south", "straight", -170.0, 12.5, kind="van"),
    User(14, "csae", "north", "straight", -260.0, 13.0),
    User(15, "sae", "east", "straight", -250.0, 13.0),
    User(16, "csae", "west", "left", -200.0, 12.0),
    User(11, "none", "north", "left", 40.0, 12.0),
    User(12, "none", "east", "straight", 5.0, 13.0),
)


@dataclass
class Motion:
    """Where a user is; `travelled_m` below zero is out of range."""

    user: User
    path: Path
    travelled_m: float
    speed_mps: float
    acceleration_mps2: float = 0.0
    yaw_rate_dps: float = 0.0
    heading_deg: float = field(init=False)

    def __post_init__(self) -> None:
        self.heading_deg = self.path.at(self.travelled_m)[2]

    @property
    def in_range(self) -> bool:
        return 0.0 <= self.travelled_m <= self.path.length_m


def start() -> list[Motion]:
    """Everybody at the beginning of the scene."""
    return [Motion(u, through_path(u.leg, u.turn), u.start_m, u.speed_mps) for u in USERS]


def advance(motions: list[Motion], time_s: float) -> None:
    """Move everybody by one tick; those ahead move first, so that no gap is used before it is there."""
    for motion in sorted(motions, key=lambda m: -m.travelled_m):
        target = _target_speed(motion, motions, time_s)
        hard = _brakes_hard(motion.user, time_s)
        braking = HARD_BRAKING_MPS2 if hard else BRAKING_MPS2 * 1.4
        wanted = (target - motion.speed_mps) / TICK_S
        motion.acceleration_mps2 = max(-braking, min(ACCELERATION_MPS2, wanted))
        motion.speed_mps = max(0.0, motion.speed_mps + motion.acceleration_mps2 * TICK_S)
        motion.travelled_m += motion.speed_mps * TICK_S
        heading = motion.path.at(motion.travelled_m)[2]
        turned = (heading - motion.heading_deg + 180.0) % 360.0 - 180.0
        motion.yaw_rate_dps = 0.5 * motion.yaw_rate_dps + 0.5 * turned / TICK_S
        motion.heading_deg = heading


def _brakes_hard(user: User, time_s: float) -> bool:
    return user.brakes_hard_at_s is not None and 0.0 <= time_s - user.brakes_hard_at_s < 1.2


def _target_speed(motion: Motion, motions: list[Motion], time_s: float) -> float:
    if _brakes_hard(motion.user, time_s):
        return 0.0
    to_stop = STOP_AT_M - motion.travelled_m
    allowed = [LIMIT_MPS]
    if to_stop > 0 and not _may_go(motion, to_stop, time_s):
        allowed.append(_braking_to(0.0, to_stop - 1.0))
    if motion.travelled_m < STOP_AT_M + 2 * STOP_LINE_M:
        allowed.append(_braking_to(TURN_MPS[motion.user.turn], max(to_stop, 0.0)))
    for other in motions:
        gap = _gap(motion, other)
        if gap is not None:
            allowed.append(_braking_to(other.speed_mps, gap - GAP_M))
    return min(allowed)


def _may_go(motion: Motion, to_stop: float, time_s: float) -> bool:
    """Green, or a yellow that comes too late to stop for."""
    colour = lights(group_of(motion.user.leg, motion.user.turn), time_s)[0].colour
    needed = motion.speed_mps**2 / (2 * BRAKING_MPS2)
    return colour == "green" or (colour == "yellow" and to_stop < needed)


def _braking_to(speed_mps: float, distance_m: float) -> float:
    """The speed from which one comes down to `speed_mps` within the distance."""
    return math.sqrt(speed_mps**2 + 2 * BRAKING_MPS2 * max(distance_m, 0.0))


def _gap(motion: Motion, other: Motion) -> float | None:
    """Metres to the bumper of one ahead in the same lane; None when he is not ahead."""
    same_entry = entry_lane(motion.user.leg, motion.user.turn) == entry_lane(other.user.leg, other.user.turn)
    before_stop = max(motion.travelled_m, other.travelled_m) < STOP_AT_M
    if not same_entry or not (before_stop or motion.user.turn == other.user.turn):
        return None
    lengths = (SIZE_M[motion.user.kind][1] + SIZE_M[other.user.kind][1]) / 2
    ahead = other.travelled_m - motion.travelled_m
    return ahead - lengths if ahead > 0 else None


@dataclass(frozen=True)
class Walker:
    """Somebody on foot or on a bicycle, on a straight line between two points of the crossing."""

    user_id: int
    kind: str
    origin: tuple[float, float]
    goal: tuple[float, float]
    leaves_at_s: float
    speed_mps: float

    def at(self, time_s: float) -> tuple[float, float, float, float]:
        """East, north, heading and speed; he waits at either end."""
        (x0, y0), (x1, y1) = self.origin, self.goal
        length = math.dist(self.origin, self.goal)
        walked = (time_s - self.leaves_at_s) * self.speed_mps
        share = min(max(walked / length, 0.0), 1.0)
        heading = math.degrees(math.atan2(x1 - x0, y1 - y0)) % 360.0
        moving = 0.0 < share < 1.0
        return x0 + share * (x1 - x0), y0 + share * (y1 - y0), heading, self.speed_mps if moving else 0.0


def _across(leg: str, distance_m: float, side_m: float) -> tuple[tuple[float, float], tuple[float, float]]:
    """From one side of a leg to the other."""
    return on_leg(leg, distance_m, side_m), on_leg(leg, distance_m, -side_m)


CROSSWALK_M = STOP_LINE_M - 3.0
WALKERS = (
    Walker(101, "pedestrian", *_across("east", CROSSWALK_M, 9.0), 3.0, 1.3),
    Walker(102, "pedestrian", *_across("east", CROSSWALK_M + 1.0, 9.5), 4.5, 1.1),
    Walker(103, "pedestrian", *_across("north", CROSSWALK_M, -9.0), 27.0, 1.4),
    Walker(104, "bicycle", on_leg("west", 60.0, 8.5), on_leg("east", 60.0, -8.5), 30.0, 4.2),
)
