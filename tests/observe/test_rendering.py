"""The JSON of the database's ``decoded`` column: each kind of value, and the spelling of `rsu decode --json`."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime
from typing import Any

import pytest

from rsu.observe.rendering import render


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"b": 1, "a": [True, None]}, '{"b":1,"a":[true,null]}'),
        (("entityID", b"\x01\xa2"), '{"entityID":"01a2"}'),
        ((b"\x80", 3), '{"value":"80","length":3}'),
        ({"...": {2: b"\xff"}}, '{"...":{"2":"ff"}}'),
        ({"textGB2312": "路口".encode("gb2312")}, '{"textGB2312":"路口"}'),
        ({"textGB2312": b"\xff\xfe"}, '{"textGB2312":"fffe"}'),
        ({"textGB2312": b"abcd"}, '{"textGB2312":"61626364"}'),
        (2**70, str(2**70)),
        (-(2**70), str(-(2**70))),
        (math.inf, '"INF"'),
        (datetime(2026, 5, 12, tzinfo=UTC), '"2026-05-12T00:00:00+00:00"'),
    ],
    ids=str,
)
def test_each_kind_of_value_has_its_spelling(value: Any, text: str) -> None:
    assert render(value).decode() == text
    json.loads(text)
