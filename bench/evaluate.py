"""The grid of docs/evaluation.md: simulate, evaluate, judge, write the table.

    python -m bench.evaluate [--cells PATTERN…] [--seconds S] [--jobs N] [--state DIR] [--no-docs] [--check] [--json]

A cell is called SCENE/EQUIPPED/SIGMA/SEED, with /half behind it where senders report half of their σ: `city/70/1.0/3`.
`--cells 'city/70/*'` runs a part (shell patterns); `--list` names all. What a cell measured is kept in `--state` and not
measured again while the code of the rooms it hangs on is the same, so that the grid can be stopped and gone on with.
"""

from __future__ import annotations

import argparse
import fnmatch
import hashlib
import json
import math
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

CHECKOUT = Path(__file__).resolve().parent.parent
DOCUMENT = CHECKOUT / "docs" / "evaluation.md"
BEGINS, ENDS = "<!-- grid begins -->\n", "<!-- grid ends -->\n"
ROOMS = ("observe", "fusion", "simulate", "draw", "evaluate", "engine", "frames")
"""Whose code decides what a cell measures."""
SEEDS = (1, 2, 3, 4, 5)
EQUIPPED = (0.3, 0.7, 1.0)
SIGMAS_M = (0.3, 1.0, 2.5)
OTHER_SCENES = ("merge", "mountain", "yard", "dense")
HALF_OPTION = ("--reported-sigma", "0.5")  # of `rsu simulate`: what a sender says of its σ, by its true one
SECONDS = 120.0
CELL_SECONDS_MAX = 3_600
SINGLE = ("bsm", "perception")
ESTIMATORS = ("fused", *SINGLE, "naive")
SHOWN = (
    ("fused", "rmse"), ("fused", "nees"), ("fused", "id_switches"), ("perception", "id_switches"), ("fused", "recall"),
    ("fused", "precision"),
)  # fmt: skip

Scores = Mapping[str, Mapping[str, Any]]
Measure = Callable[["Cell", float], Scores]


class Cell(NamedTuple):
    """One simulation.

    :param equipped: share of the vehicles that send.
    :param sigma_m: of the GNSS, each axis.
    :param half: senders report half of it.
    """

    scene: str
    equipped: float
    sigma_m: float
    seed: int
    half: bool = False

    @property
    def name(self) -> str:
        return f"{self.group}/{self.seed}" + ("/half" if self.half else "")

    @property
    def row(self) -> str:
        """Of the table."""
        return self.group + ("/half" if self.half else "")

    @property
    def group(self) -> str:
        """Cells that differ by their seed only are one row of the table."""
        return f"{self.scene}/{self.equipped * 100:.0f}/{self.sigma_m:.1f}"


class Target(NamedTuple):
    """What a cell is judged by.

    :param applies: to which cells.
    :param figure: of its scores, None where there is nothing to judge.
    """

    name: str
    low: float
    high: float
    applies: Callable[[Cell], bool]
    figure: Callable[[Scores], float | None]


def cells() -> list[Cell]:
    """The whole grid."""
    city = [Cell("city", equipped, sigma_m, seed) for equipped in EQUIPPED for sigma_m in SIGMAS_M for seed in SEEDS]
    half = [Cell("city", equipped, sigma_m, SEEDS[0], True) for equipped in EQUIPPED for sigma_m in SIGMAS_M]
    return [*city, *half, *(Cell(scene, 0.7, 1.0, SEEDS[0]) for scene in OTHER_SCENES)]


# Judging ------------------------------------------------------------------------------------------------------------


def gospa_ratio(scores: Scores) -> float | None:
    """Fused GOSPA by that of the best single source."""
    best = min((scores[name]["gospa"] for name in SINGLE if scores[name]["gospa"] is not None), default=None)
    fused = scores["fused"]["gospa"]
    return None if not best or fused is None else fused / best


def switch_ratio(scores: Scores) -> float | None:
    """Fused id switches by those of perception alone; without any there, nothing to beat."""
    alone, fused = scores["perception"]["id_switches"], scores["fused"]["id_switches"]
    return None if not alone or fused is None else fused / alone


def _of_fused(name: str) -> Callable[[Scores], float | None]:
    return lambda scores: scores["fused"][name]


def _city(cell: Cell) -> bool:
    return cell.scene == "city" and not cell.half


def _favourable(cell: Cell) -> bool:
    return not cell.half and cell.sigma_m <= 1.0 and cell.equipped >= 0.7


TARGETS = (
    Target("fused / best single", 0.0, 0.7, _favourable, gospa_ratio),
    Target("fused / best single, any cell", 0.0, 1.0, lambda cell: True, gospa_ratio),
    Target("RMSE m at σ 1 m", 0.0, 0.4, lambda cell: _city(cell) and cell.sigma_m == 1.0, _of_fused("rmse")),
    Target("NEES", 1.6, 2.4, _city, _of_fused("nees")),
    Target("id switches / perception", 0.0, 0.6, _city, switch_ratio),
)
"""Issue 6, `It is done when`."""


def judged(measured: Mapping[Cell, Scores]) -> list[dict[str, Any]]:
    """Each target twice: held against the rows of the table, which are means over the seeds, and against each cell."""
    found = []
    for target in TARGETS:
        applies = {cell: scores for cell, scores in measured.items() if target.applies(cell)}
        rows = {group[0].row: _means([applies[cell] for cell in group]) for group in _grouped(applies)}
        cells = {cell.name: scores for cell, scores in applies.items()}
        found += [_judged(target, "rows", rows), _judged(target, "cells", cells)]
    return found


def _judged(target: Target, of: str, scores: Mapping[str, Scores]) -> dict[str, Any]:
    known = {name: figure for name, each in scores.items() if (figure := target.figure(each)) is not None}
    return {
        "target": target.name,
        "low": target.low,
        "high": target.high,
        "of": of,
        "count": len(known),
        "span": [min(known.values(), default=None), max(known.values(), default=None)],
        "missed": sorted(name for name, figure in known.items() if not target.low <= figure <= target.high),
    }


def _means(scores: Sequence[Scores]) -> Scores:
    """What targets are judged by, as means."""
    members = ("gospa", "rmse", "nees", "id_switches")
    return {name: {member: _mean(each[name][member] for each in scores) for member in members} for name in ESTIMATORS}


# Measuring ----------------------------------------------------------------------------------------------------------


def measure(cell: Cell, seconds: float) -> Scores:
    """Simulates and evaluates one cell, in processes of their own.

    :raises RuntimeError: with the last line of what a command said when it failed.
    """
    with tempfile.TemporaryDirectory(prefix="rsu-evaluate-") as folder:
        log, truth = f"{folder}/cell.jsonl", f"{folder}/cell.npz"
        given = ("--seed", cell.seed, "--seconds", seconds, "--equipped", cell.equipped, "--gnss-sigma", cell.sigma_m)
        _rsu("simulate", cell.scene, "-o", log, "--truth", truth, *given, *(HALF_OPTION if cell.half else ()))
        found: Scores = _rsu("evaluate", log, "--truth", truth)["estimators"]
        return found


def _rsu(*words: object) -> Any:
    command = [sys.executable, "-m", "rsu.cli", *map(str, words), "--json"]
    done = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, timeout=CELL_SECONDS_MAX)
    if done.returncode:
        raise RuntimeError((done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1])
    return json.loads(done.stdout.splitlines()[-1])


def version(rooms: Iterable[str] = ROOMS) -> str:
    """Digest of the code that decides what is measured."""
    digest = hashlib.sha256()
    for room in rooms:
        for file in sorted((CHECKOUT / "rsu" / room).rglob("*.py")):
            digest.update(f"{file.relative_to(CHECKOUT)}\0".encode() + file.read_bytes())
    return digest.hexdigest()[:16]


class State:
    """What was measured, a file a cell."""

    def __init__(self, folder: Path, version: str, seconds: float) -> None:
        self._folder, self._mark = folder, {"version": version, "seconds": seconds}
        folder.mkdir(parents=True, exist_ok=True)

    def get(self, cell: Cell) -> Scores | None:
        """The scores of a cell, if they are of this version and length."""
        try:
            kept = json.loads(self._file(cell).read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):  # a file cut by a kill is measured again
            return None
        return kept["scores"] if {name: kept.get(name) for name in self._mark} == self._mark else None

    def put(self, cell: Cell, scores: Scores) -> None:
        self._file(cell).write_text(json.dumps(self._mark | {"cell": cell.name, "scores": scores}) + "\n", encoding="utf-8")

    def _file(self, cell: Cell) -> Path:
        return self._folder / (cell.name.replace("/", "-") + ".json")


def run(wanted: Sequence[Cell], state: State, seconds: float, jobs: int, measure: Measure = measure) -> dict[str, str]:
    """Measures what is not there yet; gives the cells that failed, and why."""
    failed: dict[str, str] = {}

    def one(cell: Cell) -> None:
        try:
            state.put(cell, measure(cell, seconds))
            said = "measured"
        except (RuntimeError, subprocess.TimeoutExpired) as error:
            said = failed[cell.name] = str(error)
        print(f"{cell.name}: {said}", file=sys.stderr, flush=True)

    with ThreadPoolExecutor(jobs) as pool:
        list(pool.map(one, [cell for cell in wanted if state.get(cell) is None]))
    return failed


# The table ----------------------------------------------------------------------------------------------------------


def table(measured: Mapping[Cell, Scores], whole: int) -> str:
    """The grid in Markdown: means over the seeds, and the worst seed's ratio."""
    heads = (
        "scene", "equipped %", "σ m", "seeds", *(f"GOSPA {name}" for name in ESTIMATORS), "fused / best (worst)",
        "RMSE m", "NEES", "switches fused", "switches perception", "recall", "precision",
    )  # fmt: skip
    lines = [f"| {' | '.join(heads)} |", "|---|" + "--:|" * (len(heads) - 1)]
    lines += [_row(found, [measured[cell] for cell in found]) for found in _grouped(measured)]
    lines += ["", f"{len(measured)} of {whole} cells are measured.", ""]
    lines += ["| target | bounds | of | from … to | missed by |", "|---|---|---|---|---|"]
    for row in judged(measured):
        span, missed = " … ".join(map(_number, row["span"])), ", ".join(row["missed"]) or "none"
        bounds = f"{row['low']:g} … {row['high']:g}"
        lines.append(f"| {row['target']} | {bounds} | {row['count']} {row['of']} | {span} | {missed} |")
    return "\n".join(lines) + "\n"


def _grouped(measured: Iterable[Cell]) -> list[list[Cell]]:
    """The cells of each row, in the order of the grid."""
    there, groups = set(measured), {}
    for cell in cells():
        if cell in there:
            groups.setdefault(cell.row, []).append(cell)
    return list(groups.values())


def _row(found: Sequence[Cell], scores: Sequence[Scores]) -> str:
    first = found[0]
    ratios = [ratio for ratio in map(gospa_ratio, scores) if ratio is not None]
    worst = f"{_number(_mean(ratios))} ({_number(max(ratios, default=None))})"
    figures = [_number(_mean([score[name]["gospa"] for score in scores])) for name in ESTIMATORS]
    figures += [worst, *(_number(_mean([score[name][member] for score in scores])) for name, member in SHOWN)]
    scene = first.scene + (", half σ reported" if first.half else "")
    return f"| {scene} | {first.equipped * 100:.0f} | {first.sigma_m:.1f} | {len(found)} | {' | '.join(figures)} |"


def _mean(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return math.fsum(known) / len(known) if known else None


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"


def write_document(text: str, document: Path = DOCUMENT) -> None:
    """Puts the table between its marks."""
    before, _, rest = document.read_text(encoding="utf-8").partition(BEGINS)
    _, mark, after = rest.partition(ENDS)
    if not mark:
        raise SystemExit(f"{document}: the marks {BEGINS.strip()} and {ENDS.strip()} are not there")
    document.write_text(before + BEGINS + text + ENDS + after, encoding="utf-8")


def main(arguments: Sequence[str] | None = None) -> int:
    given = _parser().parse_args(arguments)
    wanted = [cell for cell in cells() if any(fnmatch.fnmatchcase(cell.name, pattern) for pattern in given.cells)]
    if given.list or not wanted:
        print("\n".join(cell.name for cell in wanted or cells()))
        return 0 if wanted else 2
    state = State(given.state, version(), given.seconds)
    failed = run(wanted, state, given.seconds, given.jobs)
    measured = {cell: scores for cell in cells() if (scores := state.get(cell)) is not None}
    rows = judged(measured)
    if not given.no_docs and measured:
        write_document(table(measured, len(cells())))
    if given.json:
        print(json.dumps({"measured": len(measured), "cells": len(cells()), "failed": failed, "targets": rows}))
    else:
        print(table(measured, len(cells())))
    missed = any(row["missed"] for row in rows)
    return 1 if failed or (given.check and missed) else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.evaluate", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--cells", nargs="+", default=["*"], metavar="PATTERN", help="which, e.g. 'city/70/*'")
    parser.add_argument("--list", action="store_true", help="name the cells and stop")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="of each simulation")
    parser.add_argument("--jobs", type=int, default=1, help="cells at once")
    parser.add_argument("--state", type=Path, default=CHECKOUT / "build" / "evaluate", help="where results are kept")
    parser.add_argument("--no-docs", action="store_true", help="leave docs/evaluation.md as it is")
    parser.add_argument("--check", action="store_true", help="exit code 1 when a target is missed")
    parser.add_argument("--json", action="store_true", help="one object at the end")
    return parser


if __name__ == "__main__":
    sys.exit(main())
