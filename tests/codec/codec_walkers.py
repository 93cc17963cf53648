"""The walkers that read, as calls that give what they say of a message: nothing where it is whole, else the error's fields.

Every walker must say the same of every input. A new one is a row here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from codec_views import walked

import rsu

Verdict = tuple[str, str, int, str, str] | None

WALKERS: dict[str, Callable[[rsu.Schema, str, bytes, bool], Any]] = {
    "decode": lambda schema, name, data, strict: schema.decode(name, data, strict=strict),
    "check": lambda schema, name, data, strict: schema.check(name, data, strict=strict),
    "to_json": lambda schema, name, data, strict: schema.to_json(name, data, strict=strict),
    "view": lambda schema, name, data, strict: walked(schema.view(name, data, strict=strict)),
}


def verdict(walker: str, schema: rsu.Schema, name: str, data: bytes, strict: bool = True) -> Verdict:
    """What one walker says of ``data``."""
    try:
        WALKERS[walker](schema, name, data, strict)
    except rsu.DecodeError as error:
        return error.code, error.path, error.offset, error.reason, error.type_name
    return None


def assert_agree(schema: rsu.Schema, name: str, data: bytes) -> None:
    """All walkers say what the decoder says, in both modes."""
    for strict in (True, False):
        first = verdict("decode", schema, name, data, strict)
        for walker in WALKERS:
            assert verdict(walker, schema, name, data, strict) == first, f"{walker}, strict={strict}: {name} {data.hex()}"
