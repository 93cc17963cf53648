"""Any value that a schema allows is observed without an error and without a number that is none.

Values are drawn from pycrate's description of the types, with their bounds more often than in a fair draw, and go through our
codec.
"""

from __future__ import annotations

from collections import Counter
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest

import rsu
from rsu.observe.arrays import OBSERVATION, Origin
from rsu.observe.geometry import geometry
from rsu.observe.observations import READERS, observations
from rsu.observe.signals import signals

pytest.importorskip("pycrate_asn1rt", reason="generated values are drawn from pycrate's description of the types")

from codec_generate import Budget, generate
from codec_pycrate import Pycrate
from codec_schemas import built_in_texts

ORIGIN = Origin(29.6583, 106.5312, 268.4)
RECEIVED_NS = 1_700_000_000_000_000_000
VALUES = 150
TEN_HOURS_NS = 36_000_000_000_000
TYPES = [(standard, name) for standard in ("csae-157", "sae-j2735") for name in READERS[standard]]


@pytest.fixture(scope="module")
def values_of(pytestconfig: pytest.Config) -> Any:
    """Standard and type → decoded values."""
    folder = Path(pytestconfig.cache.mkdir("codec"))  # type: ignore[union-attr]
    described = cache(lambda standard: Pycrate(built_in_texts(standard), folder))

    def values(standard: str, name: str) -> list[Any]:
        schema, draw = rsu.load_schema(standard), Random(f"observe {name}")
        compiled = described(standard).object(name)
        drawn = (generate(compiled, draw, Budget(elements=40 + 120 * (place % 2))) for place in range(VALUES))
        return [schema.decode(name, schema.encode(name, value)) for value in drawn]

    return values


@pytest.mark.parametrize(("standard", "name"), TYPES)
def test_any_message_is_observed(standard: str, name: str, values_of: Any) -> None:
    count = 0
    for value in values_of(standard, name):
        made = observations(standard, name, value, RECEIVED_NS, "pc5", ORIGIN)
        count += len(made)
        for field in OBSERVATION.names or ():
            if OBSERVATION[field].kind == "f":
                assert not np.isinf(made[field]).any(), field
        known = np.isfinite(made["cxx"])
        assert (made["cxx"][known] > 0).all() and (made["cyy"][known] > 0).all()
        assert (made["cxx"][known] * made["cyy"][known] >= made["cxy"][known] ** 2).all()
        for field, most in (("speed", 163.8), ("length", 102.3), ("width", 102.3), ("confidence", 1.0)):
            assert not (made[field] < 0).any() and not (made[field] > most + 1e-3).any(), field
        assert not (np.abs(made["heading"]) > np.pi).any()
        assert (made["event_time_ns"] > 0).all()
    assert count > VALUES / 3


@pytest.mark.parametrize("standard", ["csae-157", "sae-j2735"])
def test_any_map_becomes_lanes(standard: str, values_of: Any) -> None:
    faults: Counter[str] = Counter()
    lanes = [
        lane
        for value in values_of(standard, "MapData")
        for one in geometry(standard, value, ORIGIN, faults)
        for lane in one.lanes
    ]
    assert len(lanes) > 20
    for lane in lanes:
        count = len(lane.points)
        assert count >= 2 and lane.points.shape == (count, 3)
        assert (lane.widths.shape, lane.max_speeds.shape) == ((count,), (count - 1,))
        assert np.isfinite(lane.points[:, :2]).all() and np.isfinite(lane.widths).all() and (lane.widths >= 0).all()
        assert lane.stop_line is None or np.isfinite(lane.stop_line).all()
        assert (lane.stop_line is None) == (lane.direction != "in")


@pytest.mark.parametrize("standard", ["csae-157", "sae-j2735"])
def test_any_spat_becomes_phases(standard: str, values_of: Any) -> None:
    count = 0
    for value in values_of(standard, "SPAT"):
        for one in signals(standard, value, RECEIVED_NS):
            for state in (state for phase in one.phases for state in phase.states):
                count += 1
                times = (state.start_ns, state.min_end_ns, state.likely_end_ns, state.max_end_ns, state.next_end_ns)
                assert all(abs(each - one.time_ns) < TEN_HOURS_NS for each in times if each is not None)
                assert state.confidence is None or 0 <= state.confidence <= 1
    assert count > VALUES / 3
