"""What the tests of simulated drives share: a made-up road user, and what an engine makes of a log."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from pathlib import Path as FilePath
from typing import Any

import numpy as np

import rsu
from rsu.engine import Engine, Settings, Stored
from rsu.observe.arrays import Origin
from rsu.received import Received
from rsu.simulate.paths import Course, Path
from rsu.simulate.scenes.fleet import KINDS

REPLAY_LOGS = FilePath(__file__).resolve().parents[2] / "replay_logs"
STANDARDS = ("csae-157", "sae-j2735")
ORIGIN = Origin(29.6583, 106.5312, 268.4)


@cache
def schema_of(standard: str) -> Any:
    return rsu.load_schema(standard)


def straight(seconds: float, *, number: int = 1, kind: str = "car", speed: float = 10.0, x: float = 0.0) -> Path:
    """Somebody who goes east at an even speed, through x at the log's begin."""
    ticks = np.arange(round(seconds * 10) + 1)
    same = np.zeros(len(ticks))
    return Path(number, KINDS[kind], ticks, Course(x + speed * ticks / 10, same, same, same + speed, same, same))


def outcomes(records: Iterable[Received]) -> list[Stored]:
    """All records through an engine, strictly; each must be kept."""
    engine = Engine(Settings(), {name: schema_of(name) for name in STANDARDS})
    kept = []
    for record in records:
        outcome = engine.step(record, record.receive_time_ns)
        assert isinstance(outcome, Stored), outcome
        kept.append(outcome)
    return kept
