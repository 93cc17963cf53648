"""`python -m pytest bench/codec`: a group for each message and direction, with each codec and each of its outputs in it."""

from __future__ import annotations

from functools import cache, partial
from typing import Any, NamedTuple

import pytest

from bench.core import json_floor
from bench.floors import value_floor
from bench.measure import Call
from bench.messages import Message, messages
from bench.outputs import columns_of, has_core
from bench.peers import TYPE, codecs
from rsu import load_schema

COLUMNS_BATCH = 256  # messages of one call for columns


class Case(NamedTuple):
    message: str
    direction: str
    codec: str
    output: str


def cases() -> list[Case]:
    """What there is to measure, without compiling a schema."""
    found = []
    for name, message in messages().items():
        for direction, outputs in (("decode", decode_outputs(message)), ("encode", ["values", "json"])):
            found += [Case(name, direction, "rsu", output) for output in outputs]
            found += [Case(name, direction, peer, "values") for peer in ("asn1tools", "pycrate")]
        found += [Case(name, "decode", "floor", output) for output in floor_outputs(name)]
    return found


def decode_outputs(message: Message) -> list[str]:
    return ["values", "json", "view", "check", *(["columns"] if has_core(message) else [])]


def floor_outputs(name: str) -> list[str]:
    """The JSON floor knows the message only that has a core and nothing else."""
    return ["values", "json"] if name == "BSM" else ["values"]


@cache
def calls_of(name: str) -> dict[Case, Call]:
    message = messages()[name]
    standard, value = message
    schema = load_schema(standard)
    data = schema.encode(TYPE, value)
    found = {
        Case(name, direction, codec.name, "values"): getattr(codec, direction)
        for codec in codecs(message)
        for direction in ("decode", "encode")
    }
    found |= {
        Case(name, "decode", "rsu", "json"): partial(schema.to_json, TYPE, data),
        Case(name, "encode", "rsu", "json"): partial(schema.from_json, TYPE, schema.to_json(TYPE, data)),
        Case(name, "decode", "rsu", "view"): partial(schema.view, TYPE, data),
        Case(name, "decode", "rsu", "check"): partial(schema.check, TYPE, data),
        Case(name, "decode", "rsu", "columns"): columns_of([data] * COLUMNS_BATCH),
        Case(name, "decode", "floor", "values"): value_floor(partial(schema.decode, TYPE, data)),
        Case(name, "decode", "floor", "json"): json_floor(data),
    }
    return found


@pytest.mark.parametrize("case", cases(), ids="-".join)
def test_codec(benchmark: Any, case: Case) -> None:
    call = calls_of(case.message)[case]
    benchmark.group = f"{case.message}, {case.direction}"
    benchmark.extra_info |= {**case._asdict(), "messages": COLUMNS_BATCH if case.output == "columns" else 1}
    benchmark(call)
