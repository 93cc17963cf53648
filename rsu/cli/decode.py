"""`rsu decode`: messages in hex, base64 or binary become a tree, JSON or Python values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from rsu.cli import options
from rsu.cli.console import print_error, print_json, print_line, print_next, stdout
from rsu.cli.exit_codes import ExitCode, UsageError
from rsu.cli.inputs import SPELLINGS, Given, Spelling, read_given
from rsu.errors import CodecError, DecodeError, FrameError

if TYPE_CHECKING:
    from rsu.cli.reading import Reader, Reading

NAME = "decode"


def run(
    message: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="MESSAGE",
            help="Hex, base64, or a file with a message a line; none or - reads stdin.",
        ),
    ] = None,
    standard: options.Standard = "",
    type_name: options.TypeName = "",
    header: options.Header = "auto",
    schema: options.Schema = None,
    spelling: Annotated[
        str,
        typer.Option("--input", metavar="FORM", help=f"How the octets are written: {', '.join(SPELLINGS)}."),
    ] = "auto",
    relaxed: options.Relaxed = False,
    python: Annotated[bool, typer.Option("--python", help="Print Python literals.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One object a message, a line each; for `rsu encode`.")] = False,
) -> None:
    """Decode messages: headers off, values with their units, text as text.

    A message that does not decode is named on stderr with its place; the exit code is 1 then.
    """
    from rsu.cli.reading import Reader

    if python and as_json:
        raise UsageError("--python and --json: give one of them")
    reader = Reader(standard, type_name, header, schema or [], strict=not relaxed)
    show = _show_json if as_json else _show_python if python else _show_tree
    failed: Given | None = None
    last: Given | None = None
    for given in read_given(message or [], checked_spelling(spelling)):
        last = given
        reading = _try(reader, given, as_json)
        if reading is None:
            failed = given
        else:
            show(given, reading)
    if last is None:
        raise UsageError("no message given")
    if not (as_json or python):
        _say_next(failed or last, reader)
    if failed is not None:
        raise typer.Exit(ExitCode.FOUND)


def checked_spelling(name: str) -> Spelling:
    """The value of `--input`."""
    for spelling in SPELLINGS:
        if name == spelling:
            return spelling
    raise UsageError(f"--input {name}: must be one of {', '.join(SPELLINGS)}")


def _try(reader: Reader, given: Given, as_json: bool) -> Reading | None:
    """The message decoded, or None with its error said."""
    try:
        if given.problem:
            raise DecodeError(given.problem, "encoding")
        return reader.read(given.data)
    except (FrameError, DecodeError) as error:
        print_error(f"{given.place}: {error}")
        if as_json:
            print_json({"place": given.place, "error": error_object(error)})
        return None


def error_object(error: CodecError | FrameError) -> dict[str, Any]:
    """An error for programs: bits for a message, octets for a header."""
    if isinstance(error, FrameError):
        return {"code": error.code, "layer": error.layer, "octet": error.offset, "reason": error.reason}
    return {"code": error.code, "path": error.path, "bit": error.offset, "reason": error.reason}


def _show_json(given: Given, reading: Reading) -> None:
    from rsu.cli.spelling import to_json

    frame = reading.frame
    print_json(
        {
            "standard": reading.vocabulary.name,
            "type": reading.type_name,
            "message": reading.message,
            "header": frame.header,
            "aid": frame.aid,
            "security": frame.security.status,
            "findings": [finding._asdict() for finding in reading.findings],
            "value": to_json(reading.value),
        }
    )


def _show_python(given: Given, reading: Reading) -> None:
    from pprint import pformat

    print_line(pformat(reading.value, sort_dicts=False, width=110))


def _show_tree(given: Given, reading: Reading) -> None:
    from rsu.cli.reading import frame_text
    from rsu.cli.tree import ValueTree, styled

    words = reading.vocabulary
    console = stdout()
    about = (
        reading.message,
        words.name or "own schema",
        f"{len(given.data)} octets",
        frame_text(reading.frame),
    )
    console.print(" · ".join(about), style="bold")
    info = words.schema.type_info(reading.type_name)
    for line in ValueTree(words.units).lines(reading.type_name, reading.value, info):
        console.print(styled(line))
    for finding in reading.findings:
        place = finding.path or "(top)"
        console.print(f"note: {place}: {finding.reason} (bit {finding.offset})", style="yellow")
    print_line("")


def _say_next(given: Given, reader: Reader) -> None:
    """The bits of the message that failed, else of the last one."""
    if given.problem:
        print_next("rsu decode --help  for the ways to write a message")
        return
    chosen = f" --standard {reader.standard}" if reader.standard else ""
    chosen += f" --type {reader.type_name}" if reader.type_name else ""
    print_next(f"rsu explain{chosen} {given.data.hex()}")
