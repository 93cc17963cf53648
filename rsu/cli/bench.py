"""`rsu bench`: load on a unit at a rate, its latencies beside those of an echo pipeline, losses, and what cores it takes."""

from __future__ import annotations

import contextlib
import sys
import tempfile
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rsu.cli import options
from rsu.cli.console import print_json, print_line, print_next, print_note, print_table, table
from rsu.cli.exit_codes import ExitCode, UsageError
from rsu.errors import SourceError

if TYPE_CHECKING:
    from rsu.load.sender import Load
    from rsu.load.target import Target
    from rsu.load.targets import Verdict

NAME = "bench"
RUNS_MAX = 100
SECONDS_MAX = 3_600
STANDARD = "csae-53"


class Way(StrEnum):
    """How the load comes in."""

    UDP = "udp"
    INLET = "inlet"


class Spacing(StrEnum):
    EVEN = "even"
    POISSON = "poisson"


def run(
    rate: Annotated[
        int, typer.Option("--rate", metavar="N", min=1, help="Messages a second; 2000 is a zone of 200 vehicles.")
    ] = 2_000,
    seconds: Annotated[float, typer.Option("--seconds", metavar="S", min=0.1, max=SECONDS_MAX, help="Of each run.")] = 10.0,
    runs: Annotated[int, typer.Option("--runs", metavar="N", min=1, max=RUNS_MAX, help="Medians of so many runs.")] = 5,
    config: Annotated[
        Path | None, typer.Option("-c", "--config", metavar="FILE", help="Settings of the unit that is started for it.")
    ] = None,
    unit: Annotated[
        Path | None, typer.Option("--unit", metavar="FILE", help="Measure the unit that runs with this rsu.toml instead.")
    ] = None,
    through: Annotated[Way, typer.Option("--through", help="As radio datagrams, or pushed into the ZeroMQ inlet.")] = Way.UDP,
    spacing: Annotated[
        Spacing, typer.Option("--spacing", help="Each sender at its even pace, or gaps by chance.")
    ] = Spacing.EVEN,
    standard: Annotated[
        str, typer.Option("--standard", metavar="NAME", help="csae-53 in DSMP or sae-j2735 in WSMP.")
    ] = STANDARD,
    find: Annotated[
        bool, typer.Option("--find", help="The highest rate at which p99 and loss hold, looked for around --rate.")
    ] = False,
    plot_file: Annotated[
        Path | None, typer.Option("--plot", metavar="FILE.svg", help="Latency by rate, the unit's and the echo's.")
    ] = None,
    check: Annotated[bool, typer.Option("--check", help="Exit code 1 when a target is not met.")] = False,
    as_json: options.Json = False,
) -> None:
    """Measure a unit under load.

    Every message has a moment at which it is due; latency counts from there, so that a stall counts against every message it
    delays. A unit of its own is started in a temporary folder, with the settings of -c but without its devices and platforms;
    its outbox and database are written to that folder's disk (TMPDIR says which). An echo pipeline, the same sockets and
    processes without work, takes turns with it: the difference is the unit's.
    """
    if config and unit:
        raise UsageError("-c starts a unit, --unit measures a running one: give one of them")
    pair, kind = _room()
    load = kind(standard, rate, seconds, spacing.value)
    load.schedule()
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="rsu-bench-")))
        target = stack.enter_context(_target(folder, standard, config, unit, through))
        both = stack.enter_context(pair(target, standard, folder, _say))
        result, others = both.measured(load, runs, find=find, ladder=plot_file is not None, say=_say)
    if plot_file is not None:
        from rsu.load.plot import plot

        plot([*others, result], plot_file)
        print_note(f"wrote {plot_file}")
    met = _report(result, as_json)
    if check and not met:
        raise typer.Exit(ExitCode.FOUND)


def _room() -> tuple[Any, type[Load]]:
    """What measures, where its libraries are there."""
    try:
        from rsu.load.measure import pair
        from rsu.load.sender import Load
    except ModuleNotFoundError as error:
        raise SourceError(f"`rsu bench` needs {error.name}: pip install 'rsu[load]'") from error
    return pair, Load


@contextlib.contextmanager
def _target(folder: Path, standard: str, config: Path | None, unit: Path | None, through: Way) -> Iterator[Target]:
    from rsu.load.unit import own_unit, running_unit

    if unit is not None:
        yield running_unit(unit, through.value)
        return
    with own_unit(folder, standard, config, through.value) as target:
        yield target


def _say(text: str) -> None:
    """How far it is, for who watches."""
    if sys.stderr.isatty():
        print_note(f"{text} …")


def _report(result: dict[str, Any], as_json: bool) -> bool:
    """Prints a result; whether all targets that apply are met."""
    from rsu.load.targets import verdicts

    judged = verdicts(result)
    if as_json:
        rows = [
            {"measure": row.measure, "most": row.most, "measured": measured, "met": met, "over_echo": over_echo}
            for row, measured, met, over_echo in judged
        ]
        print_json(result | {"targets": rows})
        return all(one.met for one in judged)
    print_line("{rate} messages/s for {seconds:g} s, {runs} runs, {standard}, {spacing}".format_map(result))
    _print_latencies(result)
    _print_counts(result)
    _print_verdicts(judged)
    if "highest_rate" in result:
        print_line(f"highest rate at which p99 and loss hold: {result['highest_rate'] or 'none'}")
    print_next("rsu bench --rate 2000 --find --plot latency.svg")
    return all(one.met for one in judged)


def _print_verdicts(judged: list[Verdict]) -> None:
    names = ("measure", "most", "measured", "over echo", "unit", "")
    grid = table("targets at this rate", names, right=names[1:4])
    for one in judged:
        figures = ("-" if figure is None else f"{figure:g}" for figure in (one.row.most, one.measured, one.over_echo))
        grid.add_row(one.row.measure, *figures, one.row.unit, one.word)
    print_table(grid)


def _print_latencies(result: dict[str, Any]) -> None:
    echo = result["echo"] or {}
    rows = {
        "scheduled → shown": result["ingest_publish_ms"],
        "  echo pipeline": echo.get("ingest_publish_ms"),
        "  difference": result["over_echo_ms"],
        "scheduled → on the disk": result["ingest_stored_ms"],
        "scheduled → sent (the bench itself)": result["sender_late_ms"],
        **{f"stage {name} (upper bounds)": found for name, found in result["stages_ms"].items()},
    }
    grid = table("latency, ms, medians of runs", ("", "p50", "p99", "p99.9"), right=("p50", "p99", "p99.9"))
    for name, found in rows.items():
        grid.add_row(name, *(f"{found[key]:.3f}" if found else "-" for key in ("p50", "p99", "p999")))
    print_table(grid)


def _print_counts(result: dict[str, Any]) -> None:
    names = ("sent", "stored", "quarantined", "duplicate", "shed", "lost")
    grid = table("messages, all runs", names, right=names)
    grid.add_row(*(str(result[name]) for name in names))
    print_table(grid)
    grid = table("cores while the load went on, medians", ("process", "cores"), right=("cores",))
    for name, share in result["processes"].items():
        grid.add_row(name, f"{share:.3f}")
    grid.add_row("the unit", f"{result['core_share']:.3f}")
    if result["echo"]:
        grid.add_row("echo pipeline", f"{result['echo']['core_share']:.3f}")
    print_table(grid)
