"""What a line of JSON claims about itself is bounded as the database's columns are; a line past a bound is kept as damaged."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rsu.sources import open_source

GOOD = {"rsu_id": "r" * 64, "boot_id": "AAAAAAAAAAAAAAAAAAAAAA==", "sequence": 2**63 - 1, "receive_time_ns": 0, "hex": "00"}


@pytest.mark.parametrize(
    ("change", "whole"),
    [
        ({}, True),
        ({"rsu_id": "r" * 65}, False),
        ({"rsu_id": "r\x00"}, False),
        ({"boot_id": "AAAAAAAAAAAAAAAAAAAAAAA="}, False),
        ({"sequence": 2**63}, False),
        ({"sequence": 0}, False),
        ({"receive_time_ns": -1}, False),
        ({"receive_time_ns": 2**63}, False),
        ({"source": "s" * 255}, True),
        ({"source": "s" * 256}, False),
        ({"damage": "\x00"}, False),
    ],
    ids=["at-the-bounds", "long-id", "nul", "long-boot-id", "large-sequence", "sequence-0", "before-1970", "far-time",
         "source-at-the-bound", "long-source", "nul-in-text"],
)  # fmt: skip
def test_a_line_past_a_bound_is_damaged_and_kept(tmp_path: Path, change: dict[str, object], whole: bool) -> None:
    log = tmp_path / "log.jsonl"
    line = json.dumps({**GOOD, **change})
    log.write_text(line + "\n")
    with open_source(log) as source:
        (record,) = source
    assert (record.damage == "") is whole
    if not whole:
        assert record.data.rstrip() == line.encode()
