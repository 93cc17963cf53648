"""The command: ``python -m tests.soak kills --count 1000``; exit code 1 where a record was lost, or something grew."""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from . import kills, record, steady


def arguments(words: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description="Long runs of a live unit.")
    commands = parser.add_subparsers(dest="command", required=True)
    killing = commands.add_parser("kills", help="kill -9 of any role at random moments under traffic")
    killing.add_argument("--count", type=int, default=1_000, help="how many kills; a fresh state folder for each 50")
    killing.add_argument("--rate", type=int, default=1_000, help="messages a second meanwhile")
    flowing = commands.add_parser("steady", help="a zone's traffic, watched for what grows")
    flowing.add_argument("--minutes", type=float, default=30.0)
    flowing.add_argument("--rate", type=int, default=4_000, help="messages a second")
    for command in (killing, flowing):
        command.add_argument("--seed", type=int, default=1, help="number of the run: draws the same roles and pauses")
        command.add_argument("--record", type=Path, metavar="FILE", help="append the run to this file (docs/soak-record.json)")
        command.add_argument("--folder", type=Path, help="where the units keep their state (a folder of its own in /tmp)")
    printing = commands.add_parser("report", help="print the tables of the record and run nothing")
    printing.add_argument("--record", type=Path, metavar="FILE", default=record.RECORD)
    printing.add_argument("--write", action="store_true", help="put the tables into docs/soak.md as well")
    return parser.parse_args(words)


def main(words: list[str] | None = None) -> int:
    """Runs the command; gives its exit code."""
    asked = arguments(words)
    if asked.command == "report":
        runs = record.read(asked.record)
        print(record.tables(runs), end="")
        if asked.write:
            record.write_page(runs)
        return 0
    commit = record.commit()  # of what is loaded, whatever becomes of the tree meanwhile
    folder = Path(tempfile.mkdtemp(prefix="rsu-soak-", dir=asked.folder))
    begun = time.monotonic()
    entry, good = (_kills if asked.command == "kills" else _steady)(asked, folder, begun, commit)
    if not good:
        print(f"FAULT: nothing is recorded; what the units left lies in {folder}", file=sys.stderr)
        return 1
    if asked.record:
        record.append(asked.record.resolve(), entry)
    print(record.tables([entry]), end="")
    shutil.rmtree(folder)
    return 0


def _kills(asked: argparse.Namespace, folder: Path, begun: float, commit: str) -> tuple[dict[str, Any], bool]:
    plan = kills.Plan(asked.seed, asked.count, asked.rate)
    turns = kills.run(plan, folder, _say)
    good = not any(turn.lost or turn.twice for turn in turns)
    return record.kills_entry(plan, turns, time.monotonic() - begun, commit), good


def _steady(asked: argparse.Namespace, folder: Path, begun: float, commit: str) -> tuple[dict[str, Any], bool]:
    plan = steady.Plan(asked.seed, asked.minutes, asked.rate)
    outcome = steady.run(plan, folder / "unit", _say)
    if not outcome.is_good:
        print(outcome, file=sys.stderr)
    return record.steady_entry(plan, outcome, time.monotonic() - begun, commit), outcome.is_good


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
