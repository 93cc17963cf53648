"""The record of long runs (``docs/soak-record.json``, one run a line) and the tables of it in ``docs/soak.md``."""

from __future__ import annotations

import platform
from collections import Counter
from collections.abc import Sequence
from typing import Any

from tests.run_record import CHECKOUT, RunRecord, read

from . import kills, steady

RECORD = CHECKOUT / "docs" / "soak-record.json"
UNDER_TEST = ("rsu", "asn1", "tests/soak", "tests/pipeline")
PAGE = CHECKOUT / "docs" / "soak.md"
BEGIN, END = "<!-- tables of the record -->\n", "<!-- end of the tables -->\n"
__all__ = ["BEGIN", "CHECKOUT", "END", "PAGE", "RECORD", "append", "commit", "kills_entry", "read", "steady_entry"]
__all__ += ["tables", "write_page"]
KILLS_HEAD = (
    "| commit | seed | kills | by role | messages/s | minutes | acknowledged | lost | twice | supervisor's memory, MiB |",
    "|---|---:|---:|---|---:|---:|---:|---:|---:|---:|",
)
STEADY_HEAD = (
    "| commit | messages/s | minutes | sent | stored | shed | lost | twice | process | memory, MiB | KiB/min | fds | core |",
    "|---|---:|---:|---:|---:|---:|---:|---:|---|---:|---:|---:|---:|",
)


def kills_entry(plan: kills.Plan, turns: Sequence[kills.Turn], seconds: float, commit: str) -> dict[str, Any]:
    """A run of kills as it is recorded; memory is that of the turn in which it grew most."""
    by_role = sum((turn.by_role for turn in turns), Counter[str]())
    return {
        "kind": "kills",
        "seed": plan.seed,
        "kills": by_role.total(),
        "by_role": dict(sorted(by_role.items())),
        "rate_hz": plan.rate_hz,
        "seconds": round(seconds),
        "sent": sum(turn.sent for turn in turns),
        "acknowledged": sum(turn.acknowledged for turn in turns),
        "lost": sum(turn.lost for turn in turns),
        "twice": sum(turn.twice for turn in turns),
        "rss_kib": list(max(turns, key=lambda turn: turn.rss_kib[1] - turn.rss_kib[0]).rss_kib),
        **_machine(commit),
    }


def steady_entry(plan: steady.Plan, outcome: steady.Outcome, seconds: float, commit: str) -> dict[str, Any]:
    """A steady run as it is recorded."""
    head = {"kind": "steady", "seed": plan.seed, "rate_hz": plan.rate_hz, "seconds": round(seconds)}
    return {**head, **steady.entry_of(outcome), **_machine(commit)}


def _machine(commit: str) -> dict[str, Any]:
    return {"python": platform.python_version(), "commit": commit}


def tables(runs: Sequence[dict[str, Any]]) -> str:
    """The runs as Markdown: a row for each run of kills and their sum; a row for each process of each steady run."""
    killed = [run for run in runs if run["kind"] == "kills"]
    steadily = [run for run in runs if run["kind"] == "steady"]
    lines = ["", *KILLS_HEAD, *map(_kills_row, killed), "", *STEADY_HEAD]
    lines += [row for run in steadily for row in _steady_rows(run)]
    return "\n".join([*lines, "", ""])


def _kills_row(run: dict[str, Any]) -> str:
    by_role = ", ".join(f"{role} {count}" for role, count in run["by_role"].items())
    rss = f"{_mib(run['rss_kib'][0])} → {_mib(run['rss_kib'][1])}"
    return _row(
        f"`{run['commit']}`", run["seed"], run["kills"], by_role, run["rate_hz"], _minutes(run),
        run["acknowledged"], run["lost"], run["twice"], rss,
    )  # fmt: skip


def _steady_rows(run: dict[str, Any]) -> list[str]:
    ledger = run["ledger"]
    whole = (
        f"`{run['commit']}`", run["rate_hz"], _minutes(run), run["sent"], ledger["stored"], ledger["shed"], run["lost"],
        run["twice"],
    )  # fmt: skip
    rows = []
    for place, process in enumerate(run["processes"]):
        (rss, rss_last), (fds, fds_last) = process["rss_kib"], process["fds"]
        own = (
            process["roles"], f"{_mib(rss)} → {_mib(rss_last)}", f"{process['slope_kib_min']:+.1f}", f"{fds} → {fds_last}",
            f"{process['cpu_share']:.1%}",
        )  # fmt: skip
        rows.append(_row(*(whole if place == 0 else ("",) * len(whole)), *own))
    return rows


def _row(*cells: object) -> str:
    return "| " + " | ".join(f"{cell:,}" if isinstance(cell, int) else str(cell) for cell in cells) + " |"


def _minutes(run: dict[str, Any]) -> str:
    return f"{run['seconds'] / 60:.1f}"


def _mib(kib: int) -> str:
    return f"{kib / 1024:.1f}"


_kept = RunRecord(RECORD, UNDER_TEST, PAGE, BEGIN, END, tables)
commit, append, write_page = _kept.commit, _kept.append, _kept.write_page
