"""What composing costs: milliseconds a tick of `Composer.due`, with more tracks than fit and with as many as do.

    python -m bench.compose [--json]

Half of the tracks are equipped and all of them move, over 400 by 400 m: each pair of them is looked at for a conflict, which a
real intersection, where many stand, does not ask for. Each call is the next tick. Best of many short rounds
(:mod:`bench.measure`).
"""

from __future__ import annotations

import argparse
import itertools
import json
import sys
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

import rsu
from bench.measure import QUICK, Call, Effort, take_turns
from rsu.compose.composer import Composer
from rsu.compose.parameters import Parameters
from rsu.fusion import CONFIRMED, TRACK
from rsu.observe.arrays import Origin

TARGET_MS = 5.0  # 500 tracks, all messages of a standard
EFFORT = Effort(rounds=15, slice_s=0.05)
ORIGIN = Origin(31.23, 121.47, 12.0)
START_NS = 1_700_000_020_500_000_000
TICK_NS = 100_000_000


@dataclass(frozen=True)
class Case:
    """A standard, what is told, and of how many."""

    name: str
    standard: str
    unit_id: bytes
    messages: tuple[str, ...]
    tracks: int


CASES = (
    Case("RSM, 60 tracks", "csae-53", b"RSU00001", (), 60),
    Case("RSM, 500 tracks", "csae-53", b"RSU00001", (), 500),
    Case("RSM and SSM, 500 tracks", "csae-157", b"RSU00001", ("RoadsideSafetyMessage", "SensorSharingMsg"), 500),
    Case("SDSM, 500 tracks", "sae-j2735", b"RSU1", (), 500),
)


def tracks_of(count: int) -> NDArray[np.void]:
    """Moving road users of all classes, half of them equipped."""
    generator = np.random.default_rng(7)
    made = np.zeros(count, TRACK)
    made["id"], made["status"], made["cls"] = np.arange(1, count + 1), CONFIRMED, generator.integers(1, 4, count)
    made["x"], made["y"] = generator.uniform(-200, 200, (2, count))
    made["heading"], made["speed"] = generator.uniform(-3.14, 3.14, count), generator.uniform(1, 15, count)
    made["yaw_rate"], made["cov"] = generator.normal(0, 0.1, count), np.diag([0.1, 0.1, 1e-3, 0.05, 1e-3])
    made["length"], made["width"], made["height"] = 4.6, 1.85, 1.5
    made["sender"][::2] = [b"%016x" % number for number in range(0, count, 2)]
    return made


def _ticks(case: Case) -> Call:
    """The next tick, each call."""
    composer = Composer(case.standard, ORIGIN, case.unit_id, rsu.load_schema(case.standard), Parameters(messages=case.messages))
    tracks, number = tracks_of(case.tracks), itertools.count().__next__

    def tick() -> None:
        now_ns = START_NS + number() * TICK_NS
        tracks["time_ns"] = tracks["seen_ns"] = now_ns
        tracks["self_ns"][::2] = now_ns
        if not composer.due(tracks, now_ns):
            raise SystemExit(f"{case.name}: nothing was told")

    return tick


def measure(effort: Effort) -> dict[str, float]:
    """Milliseconds a tick."""
    turns = take_turns({case.name: _ticks(case) for case in CASES}, effort)
    return {name: round(turns.ns(name) / 1e6, 2) for name in turns.rounds}


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.compose", description="What composing costs.")
    parser.add_argument("--json", action="store_true", help="one object on one line")
    parser.add_argument("--smoke", action="store_true", help="short: shows that it runs")
    options = parser.parse_args(arguments)
    found = measure(QUICK if options.smoke else EFFORT)
    if options.json:
        print(json.dumps({"unit": "ms", "target": TARGET_MS, "compose": found}))
        return 0
    print("milliseconds a tick")
    for name, time_ms in found.items():
        print(f"{name:<28}{time_ms:>8.2f}")
    print(f"target: at most {TARGET_MS:g}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
