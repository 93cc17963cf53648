"""The typer app behind `rsu`, and `main`, which turns errors into one line and an exit code.

Commands import what they need inside their functions: `rsu --help` and shell completion answer at once.
"""

from __future__ import annotations

import contextlib
import io
import os
import sys
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from rsu.cli import (
    bench,
    config,
    convert,
    db,
    decode,
    encode,
    evaluate,
    explain,
    inspect,
    keys,
    query,
    record,
    replay,
    run,
    simulate,
    status,
    top,
)
from rsu.cli.console import print_error, print_line
from rsu.cli.exit_codes import ExitCode, UsageError, exit_code_of
from rsu.errors import RsuError


class _Commands(TyperGroup):
    """Ends a command that met an expected error with one line and its exit code."""

    def invoke(self, ctx: Any) -> Any:
        try:
            outcome = super().invoke(ctx)
            sys.stdout.flush()
            return outcome
        except KeyboardInterrupt as stop:
            print_error("stopped")
            raise typer.Exit(ExitCode.INTERRUPTED) from stop
        except BrokenPipeError:
            _close_stdout()
            raise typer.Exit(ExitCode.PIPE_CLOSED) from None
        except (RsuError, OSError) as error:
            print_error(_in_words(error))
            raise typer.Exit(exit_code_of(error)) from error


app = typer.Typer(
    name="rsu",
    cls=_Commands,
    help="Decode, check, log and replay the messages a C-V2X roadside unit hears (CSAE, YD/T and SAE J2735).",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)


def _version(wanted: bool) -> None:
    if wanted:
        import rsu

        print_line(f"rsu {rsu.__version__}")
        raise typer.Exit(ExitCode.FINE)


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and stop.")
    ] = False,
) -> None:
    pass


for _module in (
    run, status, top, record, replay, query, decode, encode, inspect, explain, convert, config, bench, evaluate
):  # fmt: skip
    app.command(_module.NAME)(_module.run)
for _group in (simulate, keys, db):
    app.add_typer(_group.app, name=_group.NAME)


def main() -> None:
    """Run the command line; the entry point of the `rsu` script."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal without the character shows a question mark
    try:
        app(prog_name="rsu")
    except Exception:  # the process's outermost frame: a fault of ours must not look like exit code 1
        import traceback

        traceback.print_exc()
        print_error("this is a fault in rsu, not in your input; please report the lines above")
        raise SystemExit(int(ExitCode.FAULT)) from None


def _close_stdout() -> None:
    """Point a stdout that nobody reads at nothing: Python's own flush at exit would print a second error."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _in_words(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    if isinstance(error, UsageError):
        return f"{error} (see rsu --help)"
    return str(error)
