"""The record of runs (``docs/fuzz-record.json``, one run a line) and the table of it in ``docs/fuzzing.md``."""

from __future__ import annotations

import platform
from typing import Any

from tests.run_record import RunRecord, Runs, read

from .build import CHECKOUT
from .session import Outcome, Plan, is_sanitized

RECORD = CHECKOUT / "docs" / "fuzz-record.json"
PAGE = CHECKOUT / "docs" / "fuzzing.md"
BEGIN, END = "<!-- table of the record -->\n", "<!-- end of the table -->\n"
__all__ = ["BEGIN", "END", "PAGE", "RECORD", "append", "commit", "entry_of", "read", "table", "write_page"]
HEAD = (
    "| commit | seeds | calls | inputs | accepted | refused | CPU s | worst call, ms | memory grew, KiB | sanitizer |",
    "|---|---:|---|---:|---:|---:|---:|---:|---:|---|",
)


def entry_of(plan: Plan, outcome: Outcome, commit: str) -> dict[str, Any]:
    """One run as it is recorded.

    :param commit: that was under test, as :func:`commit` gave it when the run began.
    """
    rows = outcome.counts.values()
    heads = ("inputs", "accepted", "refused")
    return {
        "seed": plan.seed,
        "inputs": outcome.inputs,
        "accepted": sum(row[1] for row in rows),
        "refused": sum(row[2] for row in rows),
        "findings": sum(row[3] for row in rows),
        "octets": sum(row[4] for row in rows),
        "by_standard": {name: dict(zip(heads, row, strict=False)) for name, row in outcome.counts.items()},
        "codes": outcome.codes,
        "calls": ["decode", "encode", *(call.name for call in plan.calls)],
        "cpu_s": round(outcome.cpu_s, 1),
        "worst_ms": outcome.worst_ms,
        "rss_kib": outcome.rss_kib,
        "gc_objects": list(outcome.gc_objects),
        "python": platform.python_version(),
        "commit": commit,
        "asan": is_sanitized(),
    }


def table(runs: Runs) -> str:
    """The runs as a Markdown table: a row for each commit, set of calls and build, and the sum."""
    kinds: dict[tuple[str, str, bool], list[dict[str, Any]]] = {}
    for run in runs:
        kinds.setdefault((run["commit"], ", ".join(run["calls"]), run["asan"]), []).append(run)
    rows = [_row(f"`{name}`", calls, same, "yes" if asan else "no") for (name, calls, asan), same in kinds.items()]
    return "\n".join([*HEAD, *rows, _row("all", "", runs, "")]) + "\n"


def _row(name: str, calls: str, runs: Runs, asan: str) -> str:
    def total(key: str) -> str:
        return f"{sum(run[key] for run in runs):,}"

    worst = max((ms for run in runs if not (run["asan"] and not asan) for ms in run["worst_ms"].values()), default=0.0)
    # The sanitizer keeps freed memory for a while, so its runs say nothing of leaks.
    grown = [run["rss_kib"][-1] - run["rss_kib"][0] for run in runs if not run["asan"]]
    cells = (
        *(name, str(len(runs)), calls, total("inputs"), total("accepted"), total("refused")),
        *(f"{sum(run['cpu_s'] for run in runs):,.0f}", f"{worst:.2f}", f"{max(grown):+,}" if grown else "–", asan),
    )
    return "| " + " | ".join(cells) + " |"


_kept = RunRecord(RECORD, ("rsu", "asn1", "tests/fuzz"), PAGE, BEGIN, END, table)
commit, append, write_page = _kept.commit, _kept.append, _kept.write_page
