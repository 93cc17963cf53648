"""What `bench.instructions` runs under valgrind: every output of every message, N and then 2N times, with marks between."""

from __future__ import annotations

import gc
import json
import sys
from functools import partial
from itertools import repeat
from pathlib import Path

import rsu
from bench.floors import module, value_floor
from bench.measure import Call
from bench.messages import Message
from bench.outputs import columns_of, has_core
from bench.peers import TYPE
from bench.reference import all_messages

OUTPUTS = ("decode", "encode", "to_json", "from_json", "columns", "check", "view", "floor")
PLAN_FILE = "plan.json"
BATCH = 128  # messages of a call for columns: what a call costs whatever it is given is spread over so many


def calls(message: Message) -> dict[str, Call]:
    """The outputs of this message."""
    standard, value = message
    schema = rsu.load_schema(standard)
    data = schema.encode(TYPE, value)
    decode = partial(schema.decode, TYPE, data)
    return {
        "decode": decode,
        "encode": partial(schema.encode, TYPE, value),
        "to_json": partial(schema.to_json, TYPE, data),
        "from_json": partial(schema.from_json, TYPE, schema.to_json(TYPE, data)),
        **({"columns": columns_of([data] * BATCH)} if has_core(message) else {}),
        "check": partial(schema.check, TYPE, data),
        "view": partial(schema.view, TYPE, data),
        "floor": partial(value_floor(decode)),
    }


def run(call: Call, turns: int) -> None:
    for _ in repeat(None, turns):  # a range makes an int object a turn from 257 on
        call()


def main(folder: str, turns: int, only: str) -> None:
    messages = {name: calls(message) for name, message in all_messages().items() if only.lower() in name.lower()}
    plan = [(name, output, BATCH if output == "columns" else 1) for name, found in messages.items() for output in found]
    Path(folder, PLAN_FILE).write_text(json.dumps(plan), encoding="utf-8")
    mark = module().mark
    gc.disable()
    for name, output, _ in plan:
        run(messages[name][output], 2)  # what the first call caches
    mark()
    for name, output, _ in plan:
        for factor in (1, 2):
            run(messages[name][output], factor * turns)
            mark()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3])
