"""The grid of docs/evaluation.md: its cells, what it goes on with, how it judges, its table."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

grid = pytest.importorskip("bench.evaluate", reason="bench/ is not on the path: run python -m pytest in the checkout")


def scores(fused: float = 3.0, **of_fused: float | None) -> dict[str, dict[str, Any]]:
    def score(gospa: float, **more: float | None) -> dict[str, Any]:
        usual = {"gospa": gospa, "rmse": 0.3, "nees": 2.0, "id_switches": 1.0, "recall": 0.9, "precision": 0.9}
        return usual | more

    return {
        "fused": score(fused, **of_fused),
        "bsm": score(9.0),
        "perception": score(5.0, id_switches=2.0),
        "naive": score(8.0),
    }


CITY = grid.Cell("city", 0.7, 1.0, 1)


def test_the_grid_is_that_of_the_issue() -> None:
    names = [cell.name for cell in grid.cells()]
    assert len(set(names)) == len(names) == 5 * 3 * 3 + 9 + 4
    assert {"city/30/0.3/1", "city/100/2.5/5", "city/70/1.0/1/half", "dense/70/1.0/1"} <= set(names)


def test_what_is_measured_is_not_measured_again(tmp_path: Path) -> None:
    wanted = grid.cells()[:3]
    asked: list[str] = []

    def measure(cell: Any, seconds: float) -> Any:
        asked.append(cell.name)
        if len(asked) == 2:
            raise RuntimeError("rsu: no such scene")
        return scores()

    state = grid.State(tmp_path, "v1", 120.0)
    assert grid.run(wanted, state, 120.0, 1, measure) == {wanted[1].name: "rsu: no such scene"}
    assert grid.run(wanted, state, 120.0, 1, measure) == {}
    assert asked == [wanted[0].name, wanted[1].name, wanted[2].name, wanted[1].name]


@pytest.mark.parametrize(("version", "seconds", "kept"), [("v1", 120.0, True), ("v2", 120.0, False), ("v1", 60.0, False)])
def test_what_another_version_or_length_measured_does_not_count(
    tmp_path: Path, version: str, seconds: float, kept: bool
) -> None:
    grid.State(tmp_path, "v1", 120.0).put(CITY, scores())
    assert (grid.State(tmp_path, version, seconds).get(CITY) is not None) is kept


def test_a_file_that_a_kill_cut_is_measured_again(tmp_path: Path) -> None:
    state = grid.State(tmp_path, "v1", 120.0)
    state.put(CITY, scores())
    (file,) = tmp_path.iterdir()
    file.write_text(file.read_text()[:40])
    assert state.get(CITY) is None


@pytest.mark.parametrize(
    ("cell", "found", "missed"),
    [
        (CITY, scores(), set()),
        (CITY, scores(fused=3.5), set()),  # 0.70 of perception's 5
        (CITY, scores(fused=3.51), {"fused / best single"}),
        (CITY, scores(fused=5.01), {"fused / best single", "fused / best single, any cell"}),
        (CITY._replace(equipped=0.3), scores(fused=4.9), set()),
        (CITY._replace(half=True), scores(fused=5.01, nees=9.0, rmse=0.9), {"fused / best single, any cell"}),
        (CITY, scores(rmse=0.41), {"RMSE m at σ 1 m"}),
        (CITY._replace(sigma_m=0.3), scores(rmse=0.41), set()),
        (CITY, scores(nees=1.59), {"NEES"}),
        (CITY, scores(nees=2.41), {"NEES"}),
        (CITY, scores(id_switches=1.3), {"id switches / perception"}),  # 0.65 of perception's 2
        (grid.Cell("yard", 0.7, 1.0, 1), scores(rmse=0.9, nees=4.0), set()),
        (grid.Cell("dense", 0.7, 1.0, 1), scores(fused=3.51), {"fused / best single"}),
        (CITY, scores(nees=None), set()),
    ],
)
def test_each_target_is_held_against_the_cells_it_is_for(cell: Any, found: Any, missed: set[str]) -> None:
    judged = grid.judged({cell: found})
    for of, name in (("cells", cell.name), ("rows", cell.row)):
        rows = [row for row in judged if row["of"] == of]
        assert {row["target"] for row in rows if row["missed"] == [name]} == missed
        assert all(row["missed"] in ([], [name]) for row in rows)


def test_a_row_is_judged_by_the_mean_of_its_seeds() -> None:
    measured = {CITY: scores(nees=1.4, id_switches=1.4), CITY._replace(seed=2): scores(nees=2.0, id_switches=0.8)}
    found = {(row["target"], row["of"]): row for row in grid.judged(measured)}
    assert found["NEES", "cells"]["missed"] == found["id switches / perception", "cells"]["missed"] == [CITY.name]
    assert found["NEES", "rows"]["span"] == [pytest.approx(1.7)] * 2 and not found["NEES", "rows"]["missed"]
    assert found["id switches / perception", "rows"]["span"] == [pytest.approx(0.55)] * 2


def test_the_table_has_the_mean_of_the_seeds_and_the_worst(tmp_path: Path) -> None:
    measured = {CITY: scores(fused=3.0), CITY._replace(seed=2): scores(fused=4.0)}
    text = grid.table(measured, 58)
    (row,) = (line for line in text.splitlines() if line.startswith("| city"))
    assert row.startswith("| city | 70 | 1.0 | 2 | 3.50 | 9.00 | 5.00 | 8.00 | 0.70 (0.80) | 0.30 | 2.00 |")
    assert "2 of 58 cells are measured." in text
    assert "| fused / best single | 0 … 0.7 | 2 cells | 0.60 … 0.80 | city/70/1.0/2 |" in text
    assert "| fused / best single | 0 … 0.7 | 1 rows | 0.70 … 0.70 | none |" in text


def test_the_table_stands_between_its_marks(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"before\n{grid.BEGINS}old\n{grid.ENDS}after\n")
    for _ in range(2):
        grid.write_document("new\n", page)
    assert page.read_text() == f"before\n{grid.BEGINS}new\n{grid.ENDS}after\n"
    page.write_text("no marks\n")
    with pytest.raises(SystemExit, match="are not there"):
        grid.write_document("new\n", page)
    assert grid.BEGINS in grid.DOCUMENT.read_text(encoding="utf-8")


def test_commands_are_called_as_they_are_written_down(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, ...]] = []

    def fake(*words: object) -> Any:
        asked.append(tuple(map(str, words)))
        return {"estimators": scores()}

    monkeypatch.setattr(grid, "_rsu", fake)
    assert grid.measure(CITY._replace(half=True), 60.0) == scores()
    simulate, evaluate = asked
    assert simulate[:3] == ("simulate", "city", "-o")
    assert dict(zip(simulate[2::2], simulate[3::2], strict=True)) == {
        "-o": evaluate[1], "--truth": evaluate[3], "--seed": "1", "--seconds": "60.0", "--equipped": "0.7",
        "--gnss-sigma": "1.0", "--reported-sigma": "0.5",
    }  # fmt: skip
    assert evaluate[::2] == ("evaluate", "--truth")


def test_cells_can_be_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert grid.main(["--list", "--cells", "city/70/1.0/*"]) == 0
    assert capsys.readouterr().out.split() == [f"city/70/1.0/{seed}" for seed in range(1, 6)] + ["city/70/1.0/1/half"]
    assert grid.main(["--cells", "moon/*"]) == 2


def test_a_run_ends_with_one_object(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fake(*words: object) -> Any:
        return {"estimators": scores(fused=4.0)}

    monkeypatch.setattr(grid, "_rsu", fake)
    arguments = ["--cells", "city/70/1.0/1", "--state", str(tmp_path), "--no-docs", "--json"]
    assert grid.main(arguments) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["measured"], found["failed"]) == (1, {})
    assert grid.main([*arguments, "--check"]) == 1
