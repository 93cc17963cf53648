"""The record keeps each run, and the page says what the record says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from .record import BEGIN, END, PAGE, RECORD, append, entry_of, read, table
from .session import Outcome, Plan


def run(seed: int, accepted: int, refused: int) -> dict[str, Any]:
    row = (accepted + refused, accepted, refused, 1, 900)
    rss = [900, 900, 950, 950, 960]
    outcome = Outcome(accepted + refused, 2.04, {"csae-53": row}, {"range": refused}, {"decode": 0.5}, {}, rss)
    return {**entry_of(Plan(seed, 10), outcome, "0123456789"), "asan": False}


def test_runs_are_kept_one_a_line(tmp_path: Path) -> None:
    path = tmp_path / "record.json"
    first, second = run(1, 30, 70), run(2, 1000, 2000)
    append(path, first)
    append(path, second)
    assert read(path) == [first, second]
    lines = path.read_text(encoding="utf-8").splitlines()
    assert [json.loads(line.rstrip(",")) for line in lines[1:-1]] == [first, second]


def test_the_table_sums_runs_of_a_kind() -> None:
    rows = table([run(1, 30, 70), run(2, 1000, 2000)]).splitlines()[2:]
    assert len(rows) == 2
    expected = ["`0123456789`", "2", "decode, encode", "3,100", "1,030", "2,070", "4", "0.50", "+60", "no"]
    assert [cell.strip() for cell in rows[0].split("|")[1:-1]] == expected
    assert [cell.strip() for cell in rows[1].split("|")[1:-1]] == ["all", "2", "", *expected[3:-1], ""]


def test_the_page_has_the_table_of_the_record() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert page.partition(BEGIN)[2].partition(END)[0] == table(read(RECORD))


def test_recorded_runs_add_up() -> None:
    for entry in read(RECORD):
        assert entry["accepted"] + entry["refused"] == entry["inputs"]
        assert sum(row["inputs"] for row in entry["by_standard"].values()) == entry["inputs"]
        assert sum(entry["codes"].values()) == entry["refused"]
