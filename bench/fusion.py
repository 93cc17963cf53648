"""How good fusion is and how long a tick takes: `python -m bench.fusion` prints both tables.

Accuracy: the scene of tests/fusion, fused against BSM alone and perception alone, over the share of equipped vehicles, the
sigma of their GNSS, and senders that report half of it. Time: 500 BSM and 450 detections every 100 ms, beside a fixed numpy
workload that tells how fast the machine is just then.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rsu.fusion import Fusion, Parameters
from rsu.observe.arrays import DETECTION, SELF, VEHICLE, empty
from tests.fusion.fusion_scene import START_NS, Noise, drive, observe
from tests.fusion.fusion_scores import TICK_NS, Scores, score

EQUIPPED = (0.3, 0.7, 1.0)
SIGMA_M = (0.3, 1.0, 2.5)
REPORTED = (1.0, 0.5)
ABLATIONS: dict[str, dict[str, Any]] = {
    "all": {},
    "no bias states": {"bias_states": False},
    "white BSM": {"white_bsm": True},
    "no lateness": {"lateness": False},
    "no takeover": {"id_takeover": False},
}
VEHICLES, DETECTED, SIDE, PITCH_M = 500, 450, 25, 9.0
WARM, TICKS = 20, 200
REFERENCE_SIZE = 500
HEAD = (
    "| reported | equipped | σ m | fused | BSM | perception | ratio | RMSE m | NEES "
    "| recall | precision | switches | perceived |"
)


def estimators(seed: int, seconds: float, noise: Noise) -> dict[str, Scores]:
    """Scores of one run, the three on the same observations."""
    rng = np.random.default_rng(seed)
    truth = drive(rng, seconds)
    heard = observe(rng, truth, noise)
    parts = {"fused": heard, "bsm": heard[heard["kind"] == SELF], "perception": heard[heard["kind"] == DETECTION]}
    return {name: score(Parameters(), part, truth, seconds) for name, part in parts.items()}


def mean(runs: list[Scores]) -> Scores:
    return Scores(*np.mean(np.array(runs), axis=0).tolist())


def accuracy(seeds: int, seconds: float) -> list[dict[str, Any]]:
    """A row a cell, the mean over the seeds."""
    rows = []
    for reported in REPORTED:
        for equipped in EQUIPPED:
            for sigma_m in SIGMA_M:
                noise = Noise(equipped=equipped, sigma_m=sigma_m, reported=reported)
                runs = [estimators(seed, seconds, noise) for seed in range(1, seeds + 1)]
                means = {name: mean([run[name] for run in runs]) for name in runs[0]}
                row = {"reported": reported, "equipped": equipped, "sigma_m": sigma_m, **means}
                rows.append(row)
                print(line(row), flush=True)
    return rows


def line(row: dict[str, Any]) -> str:
    fused, bsm, seen = row["fused"], row["bsm"], row["perception"]
    ratio = fused.gospa / min(bsm.gospa, seen.gospa)
    return (
        f"| {row['reported']:.1f} | {row['equipped']:4.0%} | {row['sigma_m']:.1f} | {fused.gospa:5.2f} | {bsm.gospa:5.2f} "
        f"| {seen.gospa:5.2f} | {ratio:.2f} | {fused.rmse:.2f} | {fused.nees:.2f} | {fused.recall:.3f} | {fused.precision:.3f} "
        f"| {fused.switches:.2f} | {seen.switches:.2f} |"
    )


def ablation(seeds: int, seconds: float) -> None:
    """The middle cell without one thing each."""
    for name, changed in ABLATIONS.items():
        runs = []
        for seed in range(1, seeds + 1):
            rng = np.random.default_rng(seed)
            truth = drive(rng, seconds)
            runs.append(score(Parameters(**changed), observe(rng, truth, Noise()), truth, seconds))
        one = mean(runs)
        shown = (one.gospa, one.rmse, one.nees, one.precision, one.switches)
        print(f"| {name} | " + " | ".join(f"{value:.2f}" for value in shown) + " |", flush=True)


def crowd(tick: int, rng: np.random.Generator, bias: NDArray[np.float64], phase: NDArray[np.int64]) -> NDArray[np.void]:
    """What 500 vehicles in rows say in a tick, and what a box sees of 450 of them."""
    number = np.arange(VEHICLES)
    start = np.stack([number % SIDE, number // SIDE], axis=1) * PITCH_M - 110.0
    heading = np.where(number // SIDE % 2 == 0, 0.0, np.pi)
    way = np.stack([np.cos(heading), np.sin(heading)], axis=1) * (5.0 + number // SIDE % 7 / 7)[:, None]
    now_ns = START_NS + tick * TICK_NS
    heard, chosen = empty(VEHICLES), rng.permutation(VEHICLES)[:DETECTED]
    heard["event_time_ns"] = now_ns - 145_000_000 + phase
    at = start + way * ((heard["event_time_ns"] - START_NS) / 1e9)[:, None] + bias + rng.normal(0, 0.2, (VEHICLES, 2))
    heard["x"], heard["y"] = at.T
    heard["heading"], heard["speed"], heard["yaw_rate"] = heading, np.hypot(*way.T), 0.0
    heard["sender"], heard["object"], heard["kind"], heard["cls"] = (
        [b"%08x" % one for one in number],
        [b"%08x" % one for one in number],
        SELF,
        VEHICLE,
    )
    seen = empty(DETECTED)
    seen["event_time_ns"] = now_ns - 150_000_000
    at = start[chosen] + way[chosen] * ((now_ns - 150_000_000 - START_NS) / 1e9) + rng.normal(0, 0.3, (DETECTED, 2))
    seen["x"], seen["y"] = at.T
    seen["cxx"], seen["cxy"], seen["cyy"] = 0.09, 0.0, 0.09
    seen["sender"], seen["kind"], seen["cls"] = "box0", DETECTION, VEHICLE
    seen["object"] = [str(one) for one in range(DETECTED)]
    batch = np.concatenate([heard, seen])
    batch["receive_time_ns"] = np.minimum(batch["event_time_ns"] + 45_000_000, now_ns)
    return batch


def reference(work: NDArray[np.float64]) -> float:
    """Milliseconds of a fixed numpy workload: products of 500 matrices of 7 × 7, twenty times."""
    begin = time.perf_counter()
    for _ in range(20):
        work @ work.swapaxes(1, 2)
    return (time.perf_counter() - begin) * 1e3


def ticks() -> dict[str, float]:
    """Milliseconds of a step with its output, and of the reference, taken in turns."""
    rng = np.random.default_rng(1)
    bias, phase = rng.normal(0, 1.0, (VEHICLES, 2)), rng.integers(0, 100, VEHICLES) * 1_000_000
    fusion, work = Fusion(Parameters()), rng.normal(size=(REFERENCE_SIZE, 7, 7))
    steps, outputs, references = [], [], []
    for tick in range(1, WARM + TICKS):
        batch, now_ns = crowd(tick, rng, bias, phase), START_NS + tick * TICK_NS
        begin = time.perf_counter()
        fusion.step(batch, now_ns)
        middle = time.perf_counter()
        tracks = fusion.tracks(now_ns)
        end = time.perf_counter()
        if tick >= WARM:
            steps.append((middle - begin) * 1e3)
            outputs.append((end - middle) * 1e3)
            references.append(reference(work))
    return {
        "tracks": len(tracks),
        "step_ms_p10": float(np.quantile(steps, 0.1)),
        "step_ms_p50": float(np.median(steps)),
        "step_ms_p99": float(np.quantile(steps, 0.99)),
        "output_ms_p50": float(np.median(outputs)),
        "reference_ms_p10": float(np.quantile(references, 0.1)),
        "reference_ms_p50": float(np.median(references)),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=40.0)
    parser.add_argument("--only", choices=("accuracy", "ablation", "time"))
    asked = parser.parse_args()
    if asked.only in (None, "time"):
        print(json.dumps({name: round(value, 2) for name, value in ticks().items()}))
    if asked.only in (None, "accuracy"):
        print(HEAD)
        print("|---" * 13 + "|")
        accuracy(asked.seeds, asked.seconds)
    if asked.only in (None, "ablation"):
        print("| | GOSPA | RMSE m | NEES | precision | switches |")
        print("|---|---|---|---|---|---|")
        ablation(asked.seeds, asked.seconds)
    return 0


if __name__ == "__main__":
    sys.exit(main())
