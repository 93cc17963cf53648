"""A unit's status as tables: what `rsu status` prints once and `rsu top` again and again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from rsu.cli.console import table

if TYPE_CHECKING:
    from rich.table import Table

    from rsu.observability.rules import Check
    from rsu.observability.status import Status

BARS = "▁▂▃▄▅▆▇█"
STYLE = {"ok": "green", "warn": "yellow", "fail": "bold red"}
SENDERS_SHOWN = 10
EVENTS_SHOWN = 8


def headline(status: Status) -> str:
    """The unit in one line."""
    unit, health = status.unit, status.health
    ready = "ready" if health.ready else "not ready"
    words = (unit.id, f"rsu {unit.version}", f"up {span(unit.uptime_s)}", f"health {health.level}", ready)
    return " · ".join(words)


def health_table(checks: Iterable[Check]) -> Table:
    from rich.text import Text

    grid = table("", ("check", "is", "found", "what to do"))
    for check in checks:
        grid.add_row(check.name, Text(check.level, style=STYLE[check.level]), check.says, check.do)
    return grid


def role_table(status: Status) -> Table:
    columns = ("role", "up", "pid", "cpu", "memory", "files", "restarts", "report")
    grid = table("", columns, right=columns[2:])
    for role in status.roles:
        cpu = "–" if role.cpu_share is None else f"{role.cpu_share:.0%}"
        age = "–" if role.report_age_s is None else f"{role.report_age_s:.1f} s"
        cells = (str(role.pid or "–"), cpu, octets(role.rss_octets), whole(role.fds), str(role.restarts), age)
        grid.add_row(role.role, "yes" if role.up else "NO", *cells)
    return grid


def type_table(status: Status, lines: bool) -> Table:
    """Rates by type; with a sparkline of the last minute."""
    columns = ("type", "now /s", "1 min /s", "total")
    grid = table("", (*columns, "last minute") if lines else columns, right=columns[1:])
    for row in sorted(status.types, key=lambda row: (-row.minute, row.type)):
        cells = (row.type, f"{row.now:.1f}", f"{row.minute:.1f}", f"{row.total:,}")
        grid.add_row(*cells, *([sparkline(row.line)] if lines else []))
    return grid


def stage_table(status: Status) -> Table:
    grid = table("", ("stage", "p50 ms", "p99 ms", "records /min"), right=("p50 ms", "p99 ms", "records /min"))
    for row in status.stages:
        grid.add_row(row.stage, milliseconds(row.p50_ms), milliseconds(row.p99_ms), f"{row.events:,}")
    return grid


def count_table(name: str, counts: dict[str, int], of: str = "records") -> Table:
    grid = table("", (name, of), right=(of,))
    for key, count in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        grid.add_row(key, f"{count:,}")
    return grid


def target_table(status: Status) -> Table:
    grid = table("", ("target", "connected", "behind"), right=("behind",))
    for row in status.targets:
        grid.add_row(row.target, {None: "–", True: "yes", False: "NO"}[row.up], "–" if row.lag_s is None else span(row.lag_s))
    return grid


def sender_table(status: Status) -> Table:
    grid = table("", ("busiest sender", "type", "now /s"), right=("now /s",))
    for sender, type_name, rate in status.senders[:SENDERS_SHOWN]:
        grid.add_row(sender, type_name, f"{rate:.1f}")
    return grid


def event_table(status: Status) -> Table:
    grid = table("", ("time (UTC)", "kind", "event"))
    for event in status.events[-EVENTS_SHOWN:]:
        moment = datetime.fromtimestamp(event.time_ns / 1e9, UTC)
        grid.add_row(f"{moment:%H:%M:%S}", event.kind, " ".join(event.text.split()))
    return grid


def fact_lines(status: Status) -> Iterator[str]:
    """What needs no table."""
    ledger, outbox, clock, disk, tape = status.ledger, status.outbox, status.clock, status.disk, status.recording
    yield (
        f"ledger     received {ledger.received:,} = stored {ledger.stored:,} + quarantined {ledger.quarantined:,} + duplicate "
        f"{ledger.duplicate:,} + shed {ledger.shed:,} + in flight {ledger.in_flight:,}"
        + (f" + lost {ledger.lost:,}" if ledger.lost else "")
    )
    oldest = "nothing waits" if outbox.oldest_age_s is None else f"oldest {span(outbox.oldest_age_s)}"
    yield f"outbox     {octets(outbox.octets)} of {octets(outbox.octets_max)}, {oldest}, {outbox.evicted:,} evicted"
    kept = "synchronised" if clock.synchronised else "not synchronised"
    jump = "" if clock.last_step_s is None else f", the last by {clock.last_step_s:+.3f} s"
    error = f"error {clock.error_s * 1e3:.1f} ms, at most {clock.bound_s * 1e3:.0f} ms"
    yield f"clock      {kept}, {error}, {clock.steps} jumps{jump}"
    if disk is not None:
        yield f"disk       {octets(disk.free_octets)} free of {octets(disk.total_octets)}"
    if tape.written or tape.lost or tape.removed_files:
        yield f"recording  {tape.written:,} records, {tape.lost:,} left out, {tape.removed_files} files removed"


def sections(status: Status) -> Iterator[Table]:
    """The tables of `rsu status`, those that have rows."""
    yield health_table(status.health.checks)
    yield role_table(status)
    yield from (grid for grid in _with_rows(status) if grid.row_count)


def _with_rows(status: Status) -> Iterable[Table]:
    return (
        type_table(status, lines=False),
        stage_table(status),
        count_table("rejected", status.rejected),
        count_table("shed", status.shed),
        count_table("queue", status.queues),
        count_table("class", status.tracks, "tracks"),
        target_table(status),
    )


# Cells --------------------------------------------------------------------------------------------------------------


def sparkline(rates: Sequence[float]) -> str:
    """One bar a value; the highest is full, nothing is a blank."""
    top = max(rates, default=0)
    if not top:
        return " " * len(rates)
    return "".join(BARS[min(int(rate / top * len(BARS)), len(BARS) - 1)] if rate else " " for rate in rates)


def span(seconds: float) -> str:
    """A time in its two greatest units."""
    whole_s = int(seconds)
    for unit, size, lower, part in (("d", 86_400, "h", 3_600), ("h", 3_600, "min", 60), ("min", 60, "s", 1)):
        if whole_s >= size:
            return f"{whole_s // size} {unit} {whole_s % size // part} {lower}"
    return f"{seconds:.1f} s"


def octets(count: float | None) -> str:
    """Octets in a unit that leaves few digits; decimal, as disks are sold."""
    if count is None:
        return "–"
    for unit, size in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count >= size:
            return f"{count / size:.1f} {unit}"
    return f"{count:.0f} B"


def milliseconds(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def whole(count: int | None) -> str:
    return "–" if count is None else str(count)
