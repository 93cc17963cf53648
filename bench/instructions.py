"""Instructions a message, counted by valgrind: figures that do not change with the machine's clock or its other work.

`python -m bench.instructions` counts and records them in `bench/instructions.json`; with `--check` it compares with that file
and ends with 1 where a count grew by more than 2 %, with 3 where nothing can be compared: no valgrind, or the record is of
another Python or compiler.

One process does it all: `bench.counted` runs every call N and then 2N times with a mark before and after, at which callgrind
writes a dump; the difference of the two dumps, divided by N, has neither start-up nor loop set-up in it.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

import rsu._codec
from bench.counted import OUTPUTS, PLAN_FILE
from bench.floors import MARK, module

ROOT = Path(__file__).resolve().parent.parent
RECORD = ROOT / "bench" / "instructions.json"
GROWTH_MAX = 1.02
COMPILER = re.compile(rb"GCC: \([^)]*\) [\d.]+|clang version [\d.]+")
CANNOT = 3

Counts = dict[str, dict[str, int]]  # message → output → instructions


def count(turns: int, only: str) -> Counts:
    """Instructions of each output of each message."""
    module()  # compiled before valgrind, which would run the compiler as well
    with tempfile.TemporaryDirectory() as folder:
        command = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={folder}/out", f"--dump-before={MARK}"]
        command += [sys.executable, "-m", "bench.counted", folder, str(turns), only]
        run = subprocess.run(command, env={**os.environ, "PYTHONHASHSEED": "0"}, cwd=ROOT, capture_output=True, text=True)
        if run.returncode:
            raise RuntimeError(f"valgrind ended with {run.returncode}:\n{run.stderr[-2000:]}")
        plan = json.loads(Path(folder, PLAN_FILE).read_text(encoding="utf-8"))
        return differences(plan, [total(Path(folder, f"out.{number}")) for number in range(2, 2 * len(plan) + 2)], turns)


def total(dump: Path) -> int:
    """Instructions from the dump before to this one."""
    for line in dump.read_text(encoding="utf-8", errors="replace").splitlines():
        if line.startswith(("summary:", "totals:")):
            return int(line.split()[1])
    raise RuntimeError(f"{dump}: has no total")


def differences(plan: Sequence[tuple[str, str, int]], totals: Sequence[int], turns: int) -> Counts:
    """``totals`` has two numbers for each entry of the plan (message, output, messages a call): of N and of 2N calls."""
    counts: Counts = {}
    for place, (message, output, units) in enumerate(plan):
        spent = totals[2 * place + 1] - totals[2 * place]
        counts.setdefault(message, {})[output] = round(spent / (turns * units))
    return counts


def circumstances() -> dict[str, str]:
    """What the counts depend on beside our code."""
    found = COMPILER.search(Path(rsu._codec.__file__).read_bytes())
    return {
        "python": platform.python_version(),
        "machine": platform.machine(),
        "compiler": found[0].decode("ascii") if found else "unknown",
    }


def table(counts: Counts) -> Table:
    found = Table(title="instructions a message")
    found.add_column("message", no_wrap=True)
    for name in (*OUTPUTS, "decode / floor"):
        found.add_column(name, justify="right")
    for message, row in counts.items():
        quotient = f"{row['decode'] / row['floor']:.2f}"
        found.add_row(message, *(f"{row[name]:,}" if name in row else "" for name in OUTPUTS), quotient)
    return found


def grown(now: Counts, before: Counts) -> list[tuple[str, str, int, int]]:
    """(message, output, before, now) of what takes more instructions than the record allows; the floor is not ours."""
    pairs = [
        (message, output, before[message][output], number)
        for message, row in now.items()
        for output, number in row.items()
        if output != "floor" and output in before.get(message, {})
    ]
    return [pair for pair in pairs if pair[3] > GROWTH_MAX * pair[2]]


def check(console: Console, counts: Counts, record: dict[str, Any]) -> int:
    found = grown(counts, record["counts"])
    if not found:
        console.print(f"no count grew by more than {GROWTH_MAX - 1:.0%} over {RECORD.relative_to(ROOT)}")
        return 0
    head = Table(title=f"grown by more than {GROWTH_MAX - 1:.0%}")
    for name in ("message", "output", "recorded", "now", "grew by"):
        head.add_column(name, justify="left" if name in ("message", "output") else "right", no_wrap=True)
    for message, output, old, new in found:
        head.add_row(message, output, f"{old:,}", f"{new:,}", f"{new / old - 1:+.1%}")
    console.print(head)
    console.print("mend it, or record the new counts and say why in the commit: make instructions")
    return 1


def obstacle(checking: bool) -> str:
    """Why counting or comparing is not possible here; empty where it is."""
    if not shutil.which("valgrind"):
        return "valgrind is missing: apt install valgrind"
    if not checking:
        return ""
    if not RECORD.exists():
        return f"{RECORD.relative_to(ROOT)} is missing: make instructions"
    made = json.loads(RECORD.read_text(encoding="utf-8"))["made_with"]
    here = circumstances()
    if made != here:
        return f"the record is of {', '.join(made.values())}, this is {', '.join(here.values())}: counts do not compare"
    return ""


def arguments(given: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.instructions", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--check", action="store_true", help=f"compare with {RECORD.relative_to(ROOT)}, record nothing")
    parser.add_argument("--turns", type=int, default=50, metavar="N", help="calls of the shorter run (default 50)")
    parser.add_argument("--only", metavar="WORD", default="", help="messages whose name holds WORD; records nothing")
    return parser.parse_args(given)


def main(given: Sequence[str] | None = None) -> int:
    options = arguments(given)
    reason = obstacle(options.check)
    if reason:
        print(reason, file=sys.stderr)
        return CANNOT
    console = Console(width=None if sys.stdout.isatty() else 130)
    with console.status("counting …"):
        counts = count(options.turns, options.only)
    console.print(table(counts))
    if options.check:
        return check(console, counts, json.loads(RECORD.read_text(encoding="utf-8")))
    if not options.only:
        record = {"made_with": circumstances(), "turns": options.turns, "counts": counts}
        RECORD.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
