"""What the world costs: milliseconds a step of 500 tracks on 100 lanes.

    python -m bench.world [--json]

Lanes lie on ten slanted legs, each of ten pieces, with crosswalks; tracks drive on them. The target is one of processor time,
which other work on the machine changes little; the yardstick is a fixed piece of work that tells how fast the machine is.
"""

from __future__ import annotations

import argparse
import json
import math
import time

import numpy as np
from numpy.typing import NDArray

from rsu.fusion import TRACK
from rsu.observe.arrays import VEHICLE, Origin
from rsu.observe.lanes import Connection, Floats, Intersection, Lane, LaneKind, stop_line
from rsu.observe.signals import IntersectionSignals, LightState, PhaseState
from rsu.world import World

TARGET_MS = 5.0
TRACKS, LEGS, LANES_A_LEG, PIECES = 500, 10, 10, 10
ROUNDS, WARM_UP = 200, 20
NOW_NS = 1_700_000_000_000_000_000
TICK_NS = 100_000_000


def crossing() -> Intersection:
    """Ten legs of nine lanes in and a crosswalk."""
    lanes = []
    for leg in range(LEGS):
        angle = 2 * math.pi * leg / LEGS + 0.05
        out, left = np.array([math.cos(angle), math.sin(angle)]), np.array([-math.sin(angle), math.cos(angle)])
        away = np.linspace(250.0, 25.0, PIECES + 1)[:, None]
        for place in range(LANES_A_LEG - 1):
            lanes.append(_lane(len(lanes), "vehicle", out * away + left * (place - 4) * 3.5, leg))
        across = out * 22.0 + left * np.linspace(-18.0, 18.0, PIECES + 1)[:, None]
        lanes.append(_lane(len(lanes), "crosswalk", across, leg))
    return Intersection(region=1, id=1, revision=1, reference=np.zeros(3), lanes=tuple(lanes))


def _lane(number: int, kind: LaneKind, line: Floats, leg: int) -> Lane:
    points, widths = np.column_stack((line, np.zeros(len(line)))), np.full(len(line), 3.5)
    drives = kind == "vehicle"
    return Lane(
        id=number,
        kind=kind,
        direction="in" if drives else "none",
        link=leg,
        points=points,
        widths=widths,
        connections=(Connection(None, None, None, leg + 1),) if drives else (),
        max_speeds=np.full(len(line) - 1, 16.7),
        stop_line=stop_line(points, widths) if drives else None,
    )


def traffic(lanes: tuple[Lane, ...]) -> NDArray[np.void]:
    """Tracks beside the centre lines of the lanes for vehicles."""
    random = np.random.default_rng(6)
    driven = [lane for lane in lanes if lane.kind == "vehicle"]
    made = np.zeros(TRACKS, TRACK)
    made["id"], made["cls"], made["length"] = np.arange(TRACKS) + 1, VEHICLE, 4.5
    for row in range(TRACKS):
        points = driven[int(random.integers(len(driven)))].points[:, :2]
        made["x"][row], made["y"][row] = points[0] + (points[-1] - points[0]) * random.random() + random.normal(0, 0.5, 2)
        made["heading"][row] = math.atan2(*(points[-1] - points[0])[::-1]) + random.normal(0, 0.05)
        made["cov"][row] = np.diag(np.array([random.uniform(0.2, 1.5), random.uniform(0.2, 1.5), 0.05, 0.3, 0.05]) ** 2)
    made["speed"] = np.where(random.random(TRACKS) < 0.4, 0.0, random.uniform(2, 15, TRACKS))
    return made


def measure() -> dict[str, float]:
    """Times of a step after which the signals have changed; the map was told again and is the same."""
    place, world = crossing(), World(Origin(31.0, 121.0))
    tracks, times, worked = traffic(place.lanes), [], []
    for number in range(WARM_UP + ROUNDS):
        now_ns = NOW_NS + number * TICK_NS
        phases = tuple(PhaseState(leg + 1, (LightState("red", likely_end_ns=now_ns + TICK_NS),)) for leg in range(LEGS))
        told = IntersectionSignals(1, 1, now_ns, "minute", now_ns, (), phases)
        begin, work = time.perf_counter(), time.process_time()
        world.hear_map("csae-157", [place], now_ns)
        world.hear_signals("csae-157", [told])
        world.step(tracks, now_ns)
        times.append((time.perf_counter() - begin) * 1e3)
        worked.append((time.process_time() - work) * 1e3)
    kept = np.array(times[WARM_UP:])
    begin = time.perf_counter()
    world.geojson()
    geojson_ms = (time.perf_counter() - begin) * 1e3
    placed = world.snapshot().placed
    return {
        "tracks": TRACKS,
        "lanes": len(place.lanes),
        "in_a_lane": int((placed["lane"] >= 0).sum()),
        "step_ms_p50": round(float(np.median(kept)), 3),
        "step_ms_p99": round(float(np.quantile(kept, 0.99)), 3),
        "step_cpu_ms_p50": round(float(np.median(worked[WARM_UP:])), 3),
        "yardstick_cpu_ms": round(yardstick_ms(), 3),
        "geojson_ms": round(geojson_ms, 1),
        "target_ms": TARGET_MS,
    }


def yardstick_ms() -> float:
    """The median of sorting and weighing 100,000 numbers."""
    numbers, taken = np.random.default_rng(1).random(100_000), []
    for _ in range(20):
        begin = time.process_time()
        np.exp(-(np.sort(numbers) ** 2)).cumsum()
        taken.append((time.process_time() - begin) * 1e3)
    return float(np.median(taken))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--json", action="store_true")
    result = measure()
    if parser.parse_args().json:
        print(json.dumps(result))
    else:
        for name, value in result.items():
            print(f"{name:16} {value:10}")


if __name__ == "__main__":
    main()
