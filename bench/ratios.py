"""rsu beside asn1tools, pycrate and the floors, in one run: nanoseconds, ratios, and the targets met and missed.

Inner open types are decoded and encoded by all. How time is taken is said in :mod:`bench.measure`, what a floor is in
`bench/_floors.pyx`.
"""

from __future__ import annotations

import argparse
import json
import platform
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
if __name__ == "__main__" and str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))  # run as a file, not with -m

from rich.console import Console  # noqa: E402
from rich.table import Table  # noqa: E402

from bench import output_rows, values  # noqa: E402
from bench.measure import QUICK, Effort  # noqa: E402
from bench.peers import versions  # noqa: E402
from bench.reference import all_messages  # noqa: E402

RESULTS = ROOT / "bench" / "results.json"
SCHEMAS = ("csae-53", "csae-157", "sae-j2735")
LOADER = "import time, rsu; start = time.perf_counter(); rsu.load_schema({name!r}); print(time.perf_counter() - start)"
LEFT = ("message", "", "targets", "output", "beside", "target")
OUTPUTS = "outputs"  # what --only calls the second block


def load_times_ms(effort: Effort) -> dict[str, float]:
    """Milliseconds to load each schema in a new process, the first of which only warms the cache."""
    found = {}
    for name in SCHEMAS:
        command = [sys.executable, "-c", LOADER.format(name=name)]
        runs = [subprocess.run(command, capture_output=True, text=True, check=True).stdout for _ in range(effort.loads + 1)]
        found[name] = round(1e3 * min(map(float, runs[1:])), 1)
    return found


def value_table(rows: Sequence[values.Row], judged: bool) -> Table:
    title = "nanoseconds a message (best round), and quotients (median of the rounds' own)"
    return table(title, values.HEAD, [values.cells(row) for row in rows], len(values.HEAD) - (not judged))


def output_table(rows: Sequence[output_rows.OutputRow], judged: bool) -> Table:
    title = "other outputs of a basic safety message, nanoseconds a message; of two threads the quotient is their gain"
    return table(title, output_rows.HEAD, [output_rows.cells(row) for row in rows], len(output_rows.HEAD) - 2 * (not judged))


def table(title: str, head: Sequence[str], rows: Sequence[Sequence[str]], width: int) -> Table:
    """The first ``width`` columns."""
    found = Table(title=title)
    for name in head[:width]:
        found.add_column(name, justify="left" if name in LEFT else "right", no_wrap=True)
    for row in rows:
        found.add_row(*row[:width])
    return found


def machine() -> dict[str, str]:
    return {"python": platform.python_version(), "machine": platform.machine(), **versions()}


def arguments(given: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", "--smoke", action="store_true", help="one short round: only shows that everything runs")
    parser.add_argument("--only", metavar="WORD", default="", help="messages whose name holds WORD, or outputs")
    parser.add_argument("--no-save", action="store_true", help=f"leave {RESULTS.relative_to(ROOT)} as it is")
    return parser.parse_args(given)


def main(given: Sequence[str] | None = None) -> int:
    options = arguments(given)
    effort = QUICK if options.quick else Effort()
    judged = not options.quick
    console = Console(width=None if sys.stdout.isatty() else 130)
    with console.status("measuring …") as status:
        rows = measured_values(options.only.lower(), effort, status.update)
        outputs = output_rows.measure(effort) if options.only.lower() in OUTPUTS else []
        loads = load_times_ms(effort)
    if rows:
        console.print(value_table(rows, judged))
    if outputs:
        console.print(output_table(outputs, judged))
    for line in [*summary(rows), *output_rows.summary(outputs)] if judged else ():
        console.print(line)
    console.print("load, cold process, warm cache: " + ", ".join(f"{name} {spent:.0f} ms" for name, spent in loads.items()))
    if judged and not options.no_save and not options.only:
        made = {"machine": machine(), "load_ms": loads, "rows": values.as_json(rows), OUTPUTS: output_rows.as_json(outputs)}
        save(made)
    return 0


def measured_values(only: str, effort: Effort, say: Callable[[str], None]) -> list[values.Row]:
    rows: list[values.Row] = []
    for name, message in all_messages().items():
        if only in name.lower():
            say(f"measuring {name} …")
            rows += values.measure(name, message, effort)
    return rows


def summary(rows: Sequence[values.Row]) -> list[str]:
    """A line a target: on how many messages it was met, and the worst of them."""
    judged = [(target, value, row.message) for row in rows for target, value in row.verdicts()]
    lines = []
    for target in dict.fromkeys(target for target, _, _ in judged):
        found = [(value, message) for other, value, message in judged if other == target]
        met = sum(target.met(value) for value, _ in found)
        worst, message = min(found) if target.at_least else max(found)
        word = "met" if met == len(found) else "missed"
        lines.append(f"{word:6} {target}: met on {met} of {len(found)} messages, worst {worst:.2f} ({message})")
    return lines


def save(results: dict[str, Any]) -> None:
    RESULTS.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
