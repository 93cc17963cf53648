"""Rows of truth and tracks as the tests of this folder write them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from rsu.evaluate.matching import Region, Tick, match
from rsu.evaluate.truth import TRUTH
from rsu.fusion.tracks import CONFIRMED, TRACK
from rsu.observe.arrays import VEHICLE

EVERYWHERE = Region(radius_m=0.0, warmup_s=0.0)
START_NS = 1_700_000_000_000_000_000
TENTH_NS = 100_000_000

Place = tuple[int, float, float]  # id, x, y


def truth_rows(places: Sequence[Place], time_ns: int = START_NS, cls: int = VEHICLE) -> NDArray[np.void]:
    rows = np.zeros(len(places), TRUTH)
    for row, (number, x, y) in zip(rows, places, strict=True):
        row["id"], row["x"], row["y"] = number, x, y
    rows["time_ns"], rows["cls"] = time_ns, cls
    return rows


def track_rows(places: Sequence[Place], time_ns: int = START_NS, variance: float = 1.0, cls: int = VEHICLE) -> NDArray[np.void]:
    rows = np.zeros(len(places), TRACK)
    for row, (number, x, y) in zip(rows, places, strict=True):
        row["id"], row["x"], row["y"] = number, x, y
    rows["time_ns"], rows["status"], rows["cls"] = time_ns, CONFIRMED, cls
    rows["cov"] = np.eye(5) * variance
    return rows


def tick(truth: Sequence[Place], tracks: Sequence[Place], number: int = 0, region: Region = EVERYWHERE) -> Tick:
    """The tick ``number`` tenths of a second after the start."""
    time_ns = START_NS + number * TENTH_NS
    return match(time_ns, truth_rows(truth, time_ns), track_rows(tracks, time_ns), region)
