"""The report of a replay: the table by type, rejects by reason, the account, and the object of `--json`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from rsu.cli.console import print_line, print_next, print_table, stdout, table
from rsu.cli.filters import time_text

if TYPE_CHECKING:
    from rsu.engine.fused import Fused
    from rsu.expect import Comparison
    from rsu.replay import Reject, ReplayResult, TypeCount

DIFFERENCES_SHOWN = 20
# Below it the records are those of several drives, and a rate says nothing.
RATE_HZ_MIN = 0.01


class Kept(NamedTuple):
    """Where a run's rows and result went.

    :param database: None when the rows were in memory only.
    :param by_default: no `--db` was given.
    :param recording: the file of `--record`.
    """

    database: str | None
    by_default: bool
    recording: Path | None


def json_object(result: ReplayResult, comparison: Comparison | None) -> dict[str, Any]:
    """The object DESIGN.md names, with the reasons, examples of rejects, and differences where they were asked for."""
    found: dict[str, Any] = {
        "records": result.records,
        "stored": result.stored,
        "quarantined": result.quarantined,
        "duplicates": result.duplicates,
        "types": {name: msgspec.structs.asdict(count) for name, count in sorted(result.types.items())},
        "reasons": dict(sorted(result.reasons.items())),
        "rejects": [msgspec.structs.asdict(reject) for reject in result.rejects],
        "skipped": dict(sorted(result.skipped.items())),
        "digest": result.digest,
        "seconds": round(result.seconds, 3),
    }
    if result.fused is not None:
        found["tracks"] = _tracks_object(result.fused)
    if comparison is not None:
        found["differences"] = comparison.total
        found["first_differences"] = [msgspec.structs.asdict(one) for one in comparison.differences]
    return found


def _tracks_object(fused: Fused) -> dict[str, Any]:
    """What was fused."""
    classes = {name: {**msgspec.structs.asdict(row), "life_s": round(row.life_s, 1)} for name, row in fused.classes.items()}
    return {
        "origins": fused.origins,
        "pictures": fused.pictures,
        "classes": classes,
        "told": dict(sorted(fused.told.items())),
        "digest": fused.digest,
    }


def print_report(result: ReplayResult, logs: Sequence[Path], kept: Kept, comparison: Comparison | None) -> None:
    """For people."""
    _print_types(result, logs)
    _print_rejects(result)
    if result.fused is not None:
        _print_tracks(result.fused)
    _print_account(result)
    if kept.by_default and kept.database is not None:
        print_line(f"stored in {kept.database}, in this folder (--db names another place)")
    if kept.recording is not None:
        print_line(f"result kept in {kept.recording} and the rows beside it")
    if comparison is not None:
        _print_differences(comparison)
    _print_next(result, logs, kept, comparison)


def _print_types(result: ReplayResult, logs: Sequence[Path]) -> None:
    title = logs[0].name if len(logs) == 1 else f"{len(logs)} logs"
    columns = ("type", "count", "rejected", "rate", "first (UTC)", "last (UTC)")
    grid = table(title, columns, right=("count", "rejected", "rate"))
    for name, row in sorted(result.types.items(), key=lambda item: (-item[1].count, item[0])):
        first, last = time_text(row.first_ns), time_text(row.last_ns)
        grid.add_row(name, str(row.count), str(row.rejected), _rate(row), first, last)
    print_table(grid)


def _rate(row: TypeCount) -> str:
    """Records a second between the first and the last; empty where that says nothing."""
    seconds = (row.last_ns - row.first_ns) / 1e9
    rate = (row.count - 1) / seconds if seconds > 0 else 0.0
    return f"{rate:.2f} Hz" if rate >= RATE_HZ_MIN else ""


def _print_rejects(result: ReplayResult) -> None:
    if not result.reasons:
        return
    examples: dict[str, Reject] = {}
    for reject in result.rejects:
        examples.setdefault(reject.reason, reject)
    grid = table("rejected", ("reason", "count", "for example"), right=("count",))
    for reason, count in sorted(result.reasons.items(), key=lambda item: (-item[1], item[0])):
        grid.add_row(reason, str(count), _example(examples.get(reason)))
    print_table(grid)


def _print_tracks(fused: Fused) -> None:
    if not fused.origins:
        print_line("nothing fused: no MAP was heard that says where this is; give --origin LAT,LON")
        return
    place = (
        f"{fused.origins[0][0]:.5f},{fused.origins[0][1]:.5f}" if len(fused.origins) == 1 else f"{len(fused.origins)} places"
    )
    grid = table(
        f"tracks around {place}", ("class", "tracks", "mean life", "first (UTC)", "last (UTC)"), right=("tracks", "mean life")
    )
    for name, row in sorted(fused.classes.items(), key=lambda item: (-item[1].tracks, item[0])):
        life = f"{row.life_s / row.tracks:.1f} s"
        grid.add_row(name, str(row.tracks), life, time_text(row.first_ns), time_text(row.last_ns))
    print_table(grid)
    if fused.told:
        told = ", ".join(f"{count} {name}" for name, count in sorted(fused.told.items()))
        print_line(f"told of them: {told} in {fused.pictures} pictures")


def _example(reject: Reject | None) -> str:
    if reject is None:
        return ""
    place = f"{reject.path} (bit {reject.bit_offset})" if reject.path else reject.type
    return f"{reject.log} record {reject.record}: {': '.join(part for part in (place, reject.detail) if part)}"


def _print_account(result: ReplayResult) -> None:
    rate = f", {result.records / result.seconds:,.0f} records/s" if result.seconds > 0 else ""
    print_line(
        f"ledger: {result.records} received = {result.stored} stored + {result.quarantined} quarantined"
        f" + {result.duplicates} duplicates ({result.seconds:.2f} s{rate})"
    )
    if result.records and result.duplicates == result.records:
        print_line("every record was there before: these logs were replayed into this database already")
    if result.skipped:
        skipped = ", ".join(f"{count} {reason}" for reason, count in sorted(result.skipped.items()))
        print_line(f"no receptions, passed over: {skipped}")
    print_line(f"digest: {result.digest}")
    if result.fused is not None:
        print_line(f"tracks digest: {result.fused.digest}")


def _print_differences(comparison: Comparison) -> None:
    if not comparison.total:
        print_line("as expected")
        return
    console = stdout()
    console.print(f"{comparison.total} differences", style="bold red")
    shown = comparison.differences[:DIFFERENCES_SHOWN]
    for difference in shown:
        about = "" if difference.text.startswith(difference.log) else f"{difference.log} "
        console.print(f"  {about}{difference.text}")
    if comparison.total > len(shown):
        console.print(f"  … and {comparison.total - len(shown)} more; --json holds the first thousand")


def _print_next(result: ReplayResult, logs: Sequence[Path], kept: Kept, comparison: Comparison | None) -> None:
    names = " ".join(map(str, logs[:3])) + (" …" if len(logs) > 3 else "")
    where = "" if kept.database is None else f" --db {kept.database}"
    if comparison is not None and comparison.total:
        print_next(f"rsu replay {names} --record FILE  if this result is the right one")
    elif kept.recording is not None:
        print_next(f"rsu replay {names} --expect {kept.recording}")
    elif not where:
        print_next(f"rsu replay {names} --db FILE  to keep the rows")
    elif result.quarantined:
        print_next(f"rsu query --quarantine{where}")
    else:
        common = max(sorted(result.types), key=lambda name: result.types[name].count, default="")
        print_next(f"rsu query{f' --type {common}' if common else ''} --limit 10{where}")
