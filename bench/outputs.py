"""The outputs beside Python values, as calls: columns, JSON text, views, peek, patch, check."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, partial
from itertools import accumulate
from operator import setitem
from typing import Any

import numpy as np

from bench.core import WANTED, Batch, batch, column_floor, json_floor
from bench.floors import module
from bench.measure import Call
from bench.messages import Message
from bench.peers import TYPE
from rsu import Schema, load_schema
from rsu.columns import Columns

STANDARD, BSM = "sae-j2735", 20
CORE = "value.BasicSafetyMessage.coreData."
COUNTER = CORE + "msgCnt"
WALK, ONE_OBJECT, JSON_FLOOR = "table walk", "one object", "JSON floor"
BUFFER = "columns((buffer, offsets))"
VIEWS = 1_000  # made in one call


@cache
def projection() -> Columns:
    """The wanted fields of the core."""
    return load_schema(STANDARD).columns(TYPE, {path: CORE + path for path in WANTED})


def has_core(message: Message) -> bool:
    standard, value = message
    return standard == STANDARD and value["messageId"] == BSM


def columns_of(messages: Sequence[bytes]) -> Call:
    """The columns of messages that lie one behind the other."""
    offsets = np.fromiter(accumulate(map(len, messages), initial=0), np.int64)
    return partial(projection().decode, (b"".join(messages), offsets))


def column_calls(made: Batch) -> dict[str, Call]:
    """Each form of a batch with each layout, and the floor, which is checked to give the same."""
    walk, into = column_floor(made)
    walk()
    pair, decode = (made.data, made.offsets), projection().decode
    table = decode(pair)
    for path, row in zip(WANTED, into, strict=True):
        cells = table.values(path)
        if not np.array_equal(cells.view(">u4") if cells.dtype.kind == "V" else cells, row):
            raise RuntimeError(f"the floor has another column {path} than rsu")
    return {
        WALK: walk,
        BUFFER: partial(decode, pair),
        'columns((buffer, offsets), "columns")': partial(decode, pair, "columns"),
        "columns(list)": partial(decode, made.messages),
        'columns(list, "columns")': partial(decode, made.messages, "columns"),
    }


def json_calls(schema: Schema, data: bytes) -> dict[str, Call]:
    """Both directions, and the floor of writing, which is checked to give the same text for many messages."""
    for each in batch().messages:
        if json_floor(each)() != schema.to_json(TYPE, each):
            raise RuntimeError(f"the floor writes another text than rsu for {each.hex()}")
    text = schema.to_json(TYPE, data)
    return {
        JSON_FLOOR: json_floor(data),
        "to_json": partial(schema.to_json, TYPE, data),
        "from_json": partial(schema.from_json, TYPE, text),
    }


def lazy_calls(schema: Schema, value: Any, data: bytes) -> dict[str, Call]:
    """What reads or writes a part of a message, and what does so with all of it."""
    view, template = schema.view, schema.template(TYPE, data)
    return {
        "decode": partial(schema.decode, TYPE, data),
        "encode": partial(schema.encode, TYPE, value),
        "view, one field": lambda: view(TYPE, data).value.BasicSafetyMessage.coreData.lat,
        "peek": partial(schema.peek, TYPE, data),
        "check": partial(schema.check, TYPE, data),
        "patch": partial(schema.patch, TYPE, data, {COUNTER: 5}),
        "template item": partial(setitem, template, COUNTER, 5),
    }


def view_calls(schema: Schema, data: bytes) -> dict[str, Call]:
    """`VIEWS` views made and dropped, by a loop in Python, and as many objects of a view's size, by a loop in C."""
    view = schema.view

    def make_views() -> None:
        for _ in range(VIEWS):
            view(TYPE, data)

    return {ONE_OBJECT: partial(module().allocate, schema, data, VIEWS), "view": make_views}
