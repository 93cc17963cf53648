"""The outputs beside Python values, as calls: columns, JSON text, views, peek and patch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from bench.core import WANTED
from bench.peers import TYPE
from rsu import Schema

Call = Callable[[], object]
CORE = "value.BasicSafetyMessage.coreData."


def has_outputs(schema: Schema) -> bool:
    """Whether this codec has them yet; their rows are left out where it has not."""
    return hasattr(schema, "columns")


def json_call(schema: Any, data: bytes) -> Call | None:
    return partial(schema.to_json, TYPE, data) if has_outputs(schema) else None


def columns_call(schema: Any, value: Any, batch: Sequence[bytes]) -> Call | None:
    """The columns of the core for messages that have one."""
    is_bsm = isinstance(value, dict) and value["messageId"] == 20
    if not (has_outputs(schema) and is_bsm):
        return None
    return partial(schema.columns(TYPE, {path: CORE + path for path in WANTED}).decode, batch)
