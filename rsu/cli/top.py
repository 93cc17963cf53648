"""`rsu top`: a running unit, live: rates with their last minute, latency, queues, senders, the latest events."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from rsu.cli import options
from rsu.cli.console import print_json, print_line, print_table, stdout
from rsu.cli.unit_page import ConfigFile, Url, fetch, page_url
from rsu.errors import SourceError

if TYPE_CHECKING:
    from rich.console import Group
    from rich.table import Table

    from rsu.observability.status import Status

NAME = "top"
EVERY_S = 1.0
SILENT_FETCHES_MAX = 30  # a unit that is started again is waited for so long


def run(
    url: Url = "",
    config: ConfigFile = None,
    once: Annotated[bool, typer.Option("--once", help="Print one frame and stop.")] = False,
    as_json: options.Json = False,
) -> None:
    """Watch a running unit; q or Ctrl-C ends.

    With --json one object a line each second, the whole of /status. Where stdout is no terminal, one frame is printed.
    """
    page = page_url(url, config)
    if as_json:
        _lines(page, once)
    elif once or not sys.stdout.isatty():
        _print(fetch(page))
    else:
        _live(page)


def _lines(page: str, once: bool) -> None:
    import msgspec

    while True:
        print_json(msgspec.to_builtins(fetch(page)))
        sys.stdout.flush()
        if once:
            return
        time.sleep(EVERY_S)


def _print(status: Status) -> None:
    from rsu.cli import status_tables as tables

    print_line(tables.headline(status))
    print_line(_facts(status))
    for grid in _grids(status):
        print_line("")
        print_table(grid)


def _facts(status: Status) -> str:
    ledger = status.ledger
    counts = f"stored {ledger.stored:,}  quarantined {ledger.quarantined:,}  duplicate {ledger.duplicate:,}"
    queues = "  ".join(f"{name} {depth:,}" for name, depth in status.queues.items())
    words = f"{counts}  shed {ledger.shed:,}  in flight {ledger.in_flight:,}   queues: {queues or 'none'}"
    tracks = "  ".join(f"{name} {count:,}" for name, count in status.tracks.items() if count)
    return f"{words}   tracks: {tracks or 'none'}" if status.tracks else words


def _grids(status: Status) -> list[Table]:
    from rsu.cli import status_tables as tables

    grids = (
        tables.health_table(check for check in status.health.checks if check.level != "ok"),
        tables.type_table(status, lines=True),
        tables.stage_table(status),
        tables.role_table(status),
        tables.sender_table(status),
        tables.event_table(status),
    )
    return [grid for grid in grids if grid.row_count]


def _live(page: str) -> None:
    from rich.live import Live

    frame: Group | str = f"asking {page} …"
    silent = 0
    with _keys() as pressed, Live(frame, console=stdout(), screen=True, auto_refresh=False) as screen:
        while True:
            try:
                frame, silent = _frame(fetch(page)), 0
            except SourceError as error:
                silent += 1
                if silent > SILENT_FETCHES_MAX:
                    raise
                frame = f"{error}\nasking again …  q ends"
            screen.update(frame, refresh=True)
            if pressed(EVERY_S):
                return


def _frame(status: Status) -> Group:
    from rich.console import Group
    from rich.text import Text

    from rsu.cli.status_tables import STYLE, headline

    head = Text(headline(status), style=STYLE[status.health.level])
    return Group(head, Text(_facts(status)), *_grids(status), Text("q ends", style="dim"))


@contextmanager
def _keys() -> Iterator[Callable[[float], bool]]:
    """A function that waits so many seconds, and says whether q was pressed."""
    if not sys.stdin.isatty():

        def wait(seconds: float) -> bool:
            time.sleep(seconds)
            return False

        yield wait
        return
    import select
    import termios
    import tty

    descriptor = sys.stdin.fileno()
    before = termios.tcgetattr(descriptor)

    def pressed(seconds: float) -> bool:
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            if select.select([descriptor], [], [], left)[0] and os.read(descriptor, 16).lower().startswith(b"q"):
                return True
        return False

    try:
        tty.setcbreak(descriptor)
        yield pressed
    finally:
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)
