"""`rsu config`: what the keys of `rsu.toml` mean, whether a file can be used, and an example to begin with."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rsu.cli import options
from rsu.cli.console import print_json, print_line, print_next, print_note, print_table, table
from rsu.cli.exit_codes import ExitCode, UsageError

if TYPE_CHECKING:
    from rsu.config import Problem
    from rsu.config.keys import Table

NAME = "config"
FILE = Path("rsu.toml")
#: Columns of --explain: how wide each may be; None: as its longest word.
COLUMNS = {"key": None, "type": None, "allowed": 36, "default": 30, "meaning": 64}


def run(
    only: Annotated[
        list[str] | None, typer.Argument(metavar="[TABLE…]", help="With --explain: these tables only, e.g. pipeline.")
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Tell all that is wrong with a file; exit code 5 if it cannot be used.")
    ] = False,
    explain: Annotated[bool, typer.Option("--explain", help="Every key: type, bounds, default, meaning, variable.")] = False,
    example: Annotated[
        bool, typer.Option("--example", help="Print a file with comments that works on loopback without a server.")
    ] = False,
    file: options.ConfigFile = FILE,
    as_json: options.Json = False,
) -> None:
    """Check rsu.toml, explain its keys, or print an example of it.

    A variable of the environment wins over the file: RSU_PIPELINE__QUEUE_BATCHES=32, RSU_RADIO__1__SEND=10.0.0.7:1516.
    """
    if check + explain + example != 1:
        raise UsageError("rsu config: say one of --check, --explain, --example")
    if only and not explain:
        raise UsageError("rsu config: names of tables go with --explain")
    if example:
        _print_example(as_json)
    elif explain:
        _explain(only or [], as_json)
    elif not _checked(file, as_json):
        raise typer.Exit(ExitCode.SCHEMA)


def _print_example(as_json: bool) -> None:
    from rsu.config.example import example

    if as_json:
        print_json({"example": example()})
    else:
        print_line(example().rstrip("\n"))


# --explain ----------------------------------------------------------------------------------------------------------


def _explain(only: list[str], as_json: bool) -> None:
    from rsu.config.keys import tables
    from rsu.config.problems import nearest

    for name in only:
        if name not in tables():
            raise UsageError(f"rsu config --explain {name}: there is no such table: {nearest(name, tables())}")
    wanted = [part for name, part in tables().items() if not only or name in only]
    if as_json:
        print_json({"tables": [_object(part) for part in wanted]})
        return
    for part in wanted:
        _print_keys(part)
    print_next("rsu config --example > rsu.toml && rsu config --check")


def _object(part: Table) -> dict[str, Any]:
    from rsu.config.environment import variable

    keys = [
        {
            "key": key.name,
            "type": key.type,
            "allowed": key.allowed,
            "required": key.required,
            "default": key.default,
            "description": key.description,
            "environment": variable(key, part.repeated),
        }
        for key in part.keys
    ]
    return {
        "table": part.name,
        "repeated": part.repeated,
        "optional": part.optional,
        "description": part.description,
        "keys": keys,
    }


def _print_keys(part: Table) -> None:
    from rsu.config.example import toml

    notes = [f"any number of these, at most {part.most}"] if part.repeated else []
    notes += ["only where it is needed"] if part.optional else []
    grid = table(f"{part.title}  {part.description}" + (f" ({'; '.join(notes)})" if notes else ""), [])
    for column, width in COLUMNS.items():
        grid.add_column(column, no_wrap=width is None, max_width=width)
    for key in part.keys:
        grid.add_row(key.name, key.type, key.allowed, "must be given" if key.required else toml(key.default), key.description)
    print_table(grid)
    print_line("")


# --check ------------------------------------------------------------------------------------------------------------


def _checked(file: Path, as_json: bool) -> bool:
    """Whether the file can be used; says what is wrong."""
    from rsu.config import examine
    from rsu.pipeline.preflight import preflight

    examined = examine(file)
    problems = [*examined.problems, *preflight(examined)]
    if as_json:
        print_json(
            {
                "file": str(file),
                "usable": not problems,
                "problems": [_fields(problem) for problem in problems],
                "warnings": [_fields(warning) for warning in examined.warnings],
            }
        )
        return not problems
    for problem in problems:
        print_line(str(problem))
    for warning in examined.warnings:
        print_note(f"warning: {warning}")
    if problems:
        print_line(f"{file}: cannot be used: {len(problems)} problem{'s' if len(problems) > 1 else ''}")
        print_next("rsu config --explain")
        return False
    print_line(f"{file}: can be used{_with(len(examined.warnings))}")
    print_next(f"rsu run -c {file}")
    return True


def _fields(problem: Problem) -> dict[str, str]:
    return {
        "origin": problem.origin,
        "table": problem.table,
        "key": problem.key,
        "value": problem.value,
        "text": problem.text,
    }


def _with(warnings: int) -> str:
    return f", with {warnings} warning{'s' if warnings > 1 else ''}" if warnings else ""
