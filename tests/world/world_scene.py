"""A crossing and tracks by hand, for the tests of the world; no test itself."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rsu.fusion import TRACK
from rsu.observe.arrays import VEHICLE, Origin
from rsu.observe.lanes import Connection, Direction, Intersection, Lane, LaneKind, stop_line
from rsu.observe.signals import IntersectionSignals, LightState, PhaseState
from rsu.world import Parameters, Snapshot, World

NOW_NS = 1_700_000_000_000_000_000
SECOND_NS = 10**9
ORIGIN = Origin(31.0, 121.0, 5.0)
CSAE, SAE = "csae-157", "sae-j2735"

Points = list[tuple[float, float]]


def lane(
    number: int,
    points: Points,
    *,
    kind: LaneKind = "vehicle",
    direction: Direction = "in",
    width_m: float = 3.5,
    limits: list[float] | None = None,
    groups: tuple[int, ...] = (),
    **more: Any,
) -> Lane:
    line = np.column_stack((np.array(points, np.float64), np.zeros(len(points))))
    widths = np.full(len(points), width_m)
    return Lane(
        id=number,
        kind=kind,
        direction=direction,
        points=line,
        widths=widths,
        connections=tuple(Connection(None, None, None, group) for group in groups),
        max_speeds=np.array(limits or [math.nan] * (len(points) - 1)),
        stop_line=stop_line(line, widths) if direction == "in" else None,
        **more,
    )


def crossing(*lanes: Lane, number: int = 1, region: int | None = 7, revision: int = 0) -> Intersection:
    return Intersection(region=region, id=number, revision=revision, reference=np.zeros(3), lanes=lanes)


def track(
    number: int = 1,
    x: float = 0.0,
    y: float = 0.0,
    heading_deg: float = 0.0,
    speed: float = 10.0,
    *,
    sigma_m: float = 0.3,
    heading_std_rad: float = 0.05,
    cls: int = VEHICLE,
    length: float = 4.0,
) -> NDArray[np.void]:
    """One row; headings in degrees counter-clockwise from east."""
    row = np.zeros(1, TRACK)
    row["id"], row["cls"], row["x"], row["y"], row["speed"], row["length"] = number, cls, x, y, speed, length
    row["heading"], row["time_ns"] = math.radians(heading_deg), NOW_NS
    row["cov"][0] = np.diag([sigma_m**2, sigma_m**2, heading_std_rad**2, 0.1, 0.01])
    return row


def tracks(*rows: NDArray[np.void]) -> NDArray[np.void]:
    return np.concatenate(rows) if rows else np.zeros(0, TRACK)


def spat(
    number: int = 1, *phases: PhaseState, time_ns: int = NOW_NS, receive_ns: int | None = None, enabled: tuple[int, ...] = ()
) -> IntersectionSignals:
    received = time_ns if receive_ns is None else receive_ns
    return IntersectionSignals(7, number, time_ns, "minute", received, (), phases, enabled)


def red(phase: int, likely_end_ns: int | None = None, *following: LightState) -> PhaseState:
    return PhaseState(phase, (LightState("red", likely_end_ns=likely_end_ns), *following))


def world(*places: Intersection, standard: str = CSAE, **parameters: Any) -> World:
    """That has heard these maps; they are indexed at each change unless told otherwise."""
    made = World(ORIGIN, Parameters(**{"index_interval_s": 0.0, **parameters}))
    made.hear_map(standard, places, NOW_NS)
    return made


def seen(made: World, *rows: NDArray[np.void]) -> Snapshot:
    return made.step(tracks(*rows), NOW_NS)
