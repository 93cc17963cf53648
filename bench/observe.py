"""What observing costs: microseconds for each road user that a message tells of, in a batch and alone.

    python -m bench.observe [--json]

Decoded messages are given, as the engine has them. ``batch`` is that of a tick of fusion with 500 messages; ``assemble`` is the
part of it that is left when codes come as columns; ``alone`` is a message by itself. Best of many short rounds
(:mod:`bench.measure`).
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping
from random import Random
from typing import Any, NamedTuple

import numpy as np

from bench.measure import QUICK, Call, Effort, take_turns
from bench.messages import messages
from rsu.observe.arrays import Origin
from rsu.observe.observations import READERS, observe_batch, observe_record
from rsu.observe.statements import HEAD, assemble
from rsu.simulate import csae, sae
from rsu.simulate.plan import Plan
from rsu.simulate.site import site
from rsu.simulate.traffic import Traffic
from rsu.standards import STANDARDS, message_type

TARGET_US = 8.0
BATCH = 500
EFFORT = Effort(rounds=15, slice_s=0.02)
START_NS = 1_700_000_020_500_000_000
PLACE = site().place
ORIGIN = Origin(PLACE.lat_e7 / 1e7, PLACE.lon_e7 / 1e7, PLACE.elevation_dm / 10)


class Record(NamedTuple):
    """A record as the engine has it."""

    standard: str
    type: str
    source: str = "pc5"
    receive_time_ns: int = START_NS
    raw: bytes = b""


def cases() -> dict[str, tuple[Record, Any]]:
    """Name → a record and its message."""
    seen = Traffic(16, Plan(), Random(0)).vehicles
    frames = {
        "CSAE BSM": messages()["CSAE BSM"],
        "SAE BSM, part II": messages()["BSM"],
        "CSAE RSM of 16": ("csae-53", csae.rsm(seen, site(), 1, START_NS)),
        "SAE SDSM of 16": ("sae-j2735", sae.sdsm(seen, site(), 1, START_NS)),
    }
    made = {}
    for name, (standard, frame) in frames.items():
        type_name, value = message_type(STANDARDS[standard], frame)
        made[name] = (Record(standard, type_name), value)
    return made


def measure(record: Record, value: Any, effort: Effort) -> dict[str, float]:
    """Microseconds a road user."""
    users = len(observe_record(record, value, ORIGIN))
    batch = [(record, value)] * (BATCH // users)
    in_batch = users * len(batch)
    found = take_turns({"batch": lambda: observe_batch(batch, ORIGIN), "assemble": _columns(record, value, in_batch)}, effort)
    alone = take_turns({"alone": lambda: observe_record(record, value, ORIGIN)}, effort)
    times = {name: found.ns(name) / in_batch for name in found.rounds} | {"alone": alone.ns("alone") / users}
    return {name: round(time_ns / 1_000, 2) for name, time_ns in times.items()}


def _columns(record: Record, value: Any, count: int) -> Call:
    """:func:`assemble` of as many statements in columns."""
    rows = READERS[record.standard][record.type](value, START_NS, b"pc5")
    heads, codes, forms = zip(*(rows * (count // len(rows))), strict=True)
    columns = (np.array(list(heads), HEAD), np.array(list(codes), np.float64), np.array(forms))
    return lambda: assemble(*columns, ORIGIN)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.observe", description="What observing costs.")
    parser.add_argument("--json", action="store_true", help="one object on one line")
    parser.add_argument("--smoke", action="store_true", help="short: shows that it runs")
    options = parser.parse_args(arguments)
    found: Mapping[str, Mapping[str, float]] = {
        name: measure(*case, QUICK if options.smoke else EFFORT) for name, case in cases().items()
    }
    if options.json:
        print(json.dumps({"unit": "us", "target": TARGET_US, "observe": found}))
        return 0
    columns = list(next(iter(found.values())))
    print(f"{'microseconds a road user':<26}" + "".join(f"{name:>10}" for name in columns))
    for name, times in found.items():
        print(f"{name:<26}" + "".join(f"{times[column]:>10.2f}" for column in columns))
    print(f"target: a BSM in a batch at most {TARGET_US:g}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
