"""What `bench.instructions` runs under valgrind: every output of every message, N and then 2N times, with marks between."""

from __future__ import annotations

import gc
import json
import sys
from collections.abc import Callable
from functools import partial
from itertools import repeat
from pathlib import Path

import rsu
from bench.floors import module, value_floor
from bench.messages import Message
from bench.outputs import columns_call, json_call
from bench.peers import TYPE
from bench.reference import all_messages

OUTPUTS = ("decode", "encode", "to_json", "columns", "floor")
PLAN_FILE = "plan.json"

Call = Callable[[], object]


def calls(message: Message) -> dict[str, Call]:
    """The outputs that this message and this codec have."""
    standard, value = message
    schema = rsu.load_schema(standard)
    data = schema.encode(TYPE, value)
    decode = partial(schema.decode, TYPE, data)
    found: dict[str, Call | None] = {
        "decode": decode,
        "encode": partial(schema.encode, TYPE, value),
        "to_json": json_call(schema, data),
        "columns": columns_call(schema, value, [data]),
        "floor": partial(value_floor(decode)),
    }
    return {name: call for name, call in found.items() if call is not None}


def run(call: Call, turns: int) -> None:
    for _ in repeat(None, turns):  # a range makes an int object a turn from 257 on
        call()


def main(folder: str, turns: int, only: str) -> None:
    messages = {name: calls(message) for name, message in all_messages().items() if only.lower() in name.lower()}
    plan = [(name, output) for name, found in messages.items() for output in found]
    Path(folder, PLAN_FILE).write_text(json.dumps(plan), encoding="utf-8")
    mark = module().mark
    gc.disable()
    for name, output in plan:
        run(messages[name][output], 2)  # what the first call caches
    mark()
    for name, output in plan:
        for factor in (1, 2):
            run(messages[name][output], factor * turns)
            mark()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3])
