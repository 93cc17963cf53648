"""What the engine costs: microseconds a record of `Engine.step`, and where they go.

    python -m bench.engine [--json]

Each record is of another sender, and more are used than the engine remembers, so that none is a duplicate and the memory of
what was heard is full, as it is on a unit that runs for a minute. Best of many short rounds (:mod:`bench.measure`).
"""

from __future__ import annotations

import argparse
import itertools
import json
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import msgspec

import rsu
from bench.measure import QUICK, Call, Effort, take_turns
from bench.messages import messages
from rsu import frames
from rsu.engine import Engine, Settings, Stored
from rsu.engine.echoes import Echoes
from rsu.observe import observer
from rsu.received import Received
from rsu.standards import STANDARDS, message_type

TARGET_US = 10.0
RECORDS = 2 * Settings().duplicate_entries_max
EFFORT = Effort(rounds=15, slice_s=0.02)
START_NS = 1_700_000_020_500_000_000
ROOT = "MessageFrame"


@dataclass(frozen=True)
class Case:
    """A message in its radio header; ``sender`` is the path of the id that makes each record another one."""

    name: str
    message: str
    header: str
    aid: int
    sender: str
    sender_octets: int


CASES = (
    Case("csae-53 BSM in DSMP", "CSAE BSM", "dsmp", 111, "bsmFrame.id", 8),
    Case("sae-j2735 BSM in WSMP", "BSM", "wsmp", 0x20, "value.BasicSafetyMessage.coreData.id", 4),
)


def records_of(case: Case) -> list[Received]:
    """Records of as many senders, in the order in which a unit would number them."""
    standard, value = messages()[case.message]
    schema = rsu.load_schema(standard)
    template = schema.template(ROOT, schema.encode(ROOT, value))
    records = []
    for number in range(1, RECORDS + 1):
        template[case.sender] = number.to_bytes(case.sender_octets, "big")
        records.append(
            Received(
                rsu_id="rsu-1",
                boot_id=bytes(16),
                sequence=number,
                channel="pc5",
                source="pc5",
                receive_time_ns=START_NS + 50_000 * number,
                data=frames.wrap_payload(bytes(template), case.header, case.aid),
                standard=standard,
            )
        )
    return records


def measure(case: Case, effort: Effort) -> dict[str, float]:
    """Microseconds a record: ``step``, its parts, and what is left of it."""
    records = records_of(case)
    turns = take_turns(_calls(records), effort)
    found = {name: turns.ns(name) / 1_000 for name in turns.rounds}
    parts = sum(time_us for name, time_us in found.items() if name != "step")
    return {name: round(time_us, 2) for name, time_us in (found | {"rest": max(0.0, found["step"] - parts)}).items()}


def _calls(records: list[Received]) -> dict[str, Call]:
    standard = records[0].standard
    schema = rsu.load_schema(standard)
    engine = Engine(Settings(), {standard: schema})
    heard = Echoes(100_000_000, Settings().duplicate_entries_max)
    payload = frames.unwrap(records[0].data, standard=standard).payload
    type_name, value = message_type(STANDARDS[standard], schema.decode(ROOT, payload))
    summarise = observer(standard)
    row = engine.step(records[0], START_NS)
    if not isinstance(row, Stored):
        raise SystemExit(f"the measured message is not stored: {row}")
    row_fields = msgspec.structs.asdict(row)

    def echoes(record: Received) -> None:
        heard.of(record, record.receive_time_ns)
        heard.settle(record, type_name)

    return {
        "step": _over(records, lambda record: engine.step(record, START_NS)),
        "echoes": _over(records, echoes),
        "unwrap": _over(records, lambda record: frames.unwrap(record.data, record.header, standard=standard)),
        "decode": lambda: schema.decode(ROOT, payload, strict=True, findings=None, max_elements=10_000, max_depth=64),
        "summary": lambda: summarise(type_name, value, START_NS),
        "Stored": lambda: Stored(**row_fields),
    }


def _over(records: Iterable[Received], call: Callable[[Received], Any]) -> Call:
    """One call for each turn, each with the next record, round and round."""
    following = itertools.cycle(records).__next__
    return lambda: call(following())


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.engine", description="What the engine costs.")
    parser.add_argument("--json", action="store_true", help="one object on one line")
    parser.add_argument("--smoke", action="store_true", help="short: shows that it runs")
    options = parser.parse_args(arguments)
    found = {case.name: measure(case, QUICK if options.smoke else EFFORT) for case in CASES}
    if options.json:
        print(json.dumps({"unit": "us", "target": TARGET_US, "engine": found}))
        return 0
    columns = list(next(iter(found.values())))
    print(f"{'microseconds a record':<24}" + "".join(f"{name:>9}" for name in columns))
    for name, times in found.items():
        print(f"{name:<24}" + "".join(f"{times[column]:>9.2f}" for column in columns))
    print(f"target: step at most {TARGET_US:g}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
