"""Where a command's words go: results to stdout, errors and progress to stderr.

Nothing here prints colour or a bar unless its stream is a terminal, so a pipe or a CI log holds plain text.
"""

from __future__ import annotations

import json
import sys
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from rich.console import Console
    from rich.progress import Progress
    from rich.table import Table

# A table in a pipe is as wide as its content; rich would squeeze it into 80 columns.
PIPE_COLUMNS = 200


def stdout() -> Console:
    """A console on today's ``sys.stdout`` (tests exchange it, so it is not kept)."""
    return _console(stderr=False)


def stderr() -> Console:
    """A console on today's ``sys.stderr``."""
    return _console(stderr=True)


def _console(*, stderr: bool) -> Console:
    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() else PIPE_COLUMNS
    kind = _console_class()
    return kind(file=stream, highlight=False, markup=False, emoji=False, width=width, soft_wrap=True)


@cache
def _console_class() -> type[Console]:
    from rich.console import Console

    class Ours(Console):
        """Leaves a reader that went away to `rsu.cli.app`; rich would end with exit code 1."""

        def on_broken_pipe(self) -> None:
            raise BrokenPipeError

    return Ours


def print_line(text: str) -> None:
    """One line of a result, as it is: no wrapping, no colour."""
    sys.stdout.write(text + "\n")


def print_json(value: Any) -> None:
    """One object on one line. Chinese text stays readable where the terminal can show it."""
    readable = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
    print_line(json.dumps(value, ensure_ascii=not readable, separators=(",", ":"), allow_nan=False))


def print_error(text: str) -> None:
    """The one line of an expected error: ``rsu: …`` on stderr."""
    sys.stdout.flush()
    sys.stderr.write(f"rsu: {' '.join(text.split())}\n")


def print_note(text: str) -> None:
    """Something worth knowing that is no result: on stderr, so that a pipe stays clean."""
    sys.stderr.write(text + "\n")


def print_next(command: str) -> None:
    """The last line of a result for people: what to try next."""
    stdout().print(f"next: {command}", style="dim")


@cache
def _table_box() -> Any:
    from rich import box

    return box.SIMPLE_HEAD


def table(title: str, columns: Iterable[str], right: Iterable[str] = ()) -> Table:
    """A table in the house's looks; ``right`` names the columns that hold numbers."""
    from rich.table import Table

    grid = Table(title=title or None, box=_table_box(), title_justify="left", title_style="bold", pad_edge=False)
    numeric = set(right)
    for name in columns:
        grid.add_column(name, justify="right" if name in numeric else "left", no_wrap=True)
    return grid


def print_table(grid: Table) -> None:
    """The table, without the spaces rich leaves at the end of each line."""
    console = stdout()
    console.width = max(console.width, PIPE_COLUMNS)  # a narrow terminal breaks lines, and loses nothing
    with console.capture() as capture:
        console.print(grid, soft_wrap=False)
    for line in _trimmed(capture.get().splitlines()):
        print_line(line)


def _trimmed(lines: Iterable[str]) -> Iterator[str]:
    for line in lines:
        if stripped := line.rstrip():
            yield stripped


def progress(quiet: bool, octets: bool = False) -> Progress:
    """A progress bar on stderr; invisible unless stderr is a terminal and the command is not ``quiet``."""
    from rich.progress import BarColumn, DownloadColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn() if octets else MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=stderr(),
        transient=True,
        disable=quiet or not sys.stderr.isatty(),
    )
