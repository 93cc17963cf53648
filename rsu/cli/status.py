"""`rsu status`: how a running unit is, on one page."""

from __future__ import annotations

from typing import Annotated

import typer

from rsu.cli import options
from rsu.cli.console import print_json, print_line, print_next, print_table, table
from rsu.cli.exit_codes import ExitCode
from rsu.cli.unit_page import ConfigFile, Url, fetch, page_url

NAME = "status"
CODES = {"ok": ExitCode.FINE, "warn": ExitCode.DEGRADED, "fail": ExitCode.FOUND}


def run(
    url: Url = "",
    config: ConfigFile = None,
    explain: Annotated[bool, typer.Option("--explain", help="Say what each figure means; asks no unit.")] = False,
    as_json: options.Json = False,
) -> None:
    """Show how a running unit is: health with what to do, roles, rates, latency, ledger, outbox, clock.

    Exit code 0: all is well; 6: it does its work, and something wants a look; 1: it does not do its work; 3: no answer.
    """
    if explain:
        _explain(as_json)
        return
    import msgspec

    found = fetch(page_url(url, config))
    if as_json:
        print_json(msgspec.to_builtins(found))
    else:
        from rsu.cli.status_tables import fact_lines, headline, sections

        print_line(headline(found))
        for grid in sections(found):
            print_line("")
            print_table(grid)
        print_line("")
        for line in fact_lines(found):
            print_line(line)
        print_next("rsu top; rsu status --explain says what each figure means")
    if CODES[found.health.level]:
        raise typer.Exit(CODES[found.health.level])


def _explain(as_json: bool) -> None:
    from rsu.observability.figures import FIGURES

    if as_json:
        print_json([figure._asdict() for figure in FIGURES])
        return
    grid = table("", ("section", "figure", "field", "meaning"))
    for figure in FIGURES:
        grid.add_row(figure.place, figure.name, figure.field, figure.means)
    print_table(grid)
