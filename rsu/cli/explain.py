"""`rsu explain`: each bit of a message beside its field, headers included, and the place of an error."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from rsu.cli import options
from rsu.cli.console import print_error, print_json, print_line, print_next, stdout
from rsu.cli.decode import checked_spelling, error_object
from rsu.cli.exit_codes import ExitCode, UsageError
from rsu.cli.inputs import SPELLINGS, Given, read_given
from rsu.errors import DecodeError, FrameError

if TYPE_CHECKING:
    from rsu.cli.picture import Field
    from rsu.cli.reading import Reader, Vocabulary
    from rsu.frames import Unwrapped
    from rsu.schema import Span

NAME = "explain"
_MARKS = {"presence": "?", "extension": "+", "length": "#", "index": "@"}


def run(
    message: Annotated[list[str] | None, typer.Argument(metavar="MESSAGE", help="As for `rsu decode`.")] = None,
    standard: options.Standard = "",
    type_name: options.TypeName = "",
    header: options.Header = "auto",
    schema: options.Schema = None,
    spelling: Annotated[
        str,
        typer.Option("--input", metavar="FORM", help=f"How the octets are written: {', '.join(SPELLINGS)}."),
    ] = "auto",
    relaxed: options.Relaxed = False,
    picture: Annotated[bool, typer.Option(help="Draw the bits.")] = True,
    as_json: Annotated[bool, typer.Option("--json", help="One object a message: every bit range.")] = False,
) -> None:
    """Show what each bit of a message says, and where the first error is.

    First the headers, then a picture of the message's bits, then a list of its fields. Bits are counted from
    the first of the message.
    """
    from rsu.cli.reading import Reader

    reader = Reader(standard, type_name, header, schema or [], strict=not relaxed)
    failed = False
    count = 0
    for given in read_given(message or [], checked_spelling(spelling)):
        count += 1
        if given.problem:
            print_error(f"{given.place}: {given.problem}")
            failed = True
        else:
            failed |= not _explain(given, reader, picture, as_json)
    if not count:
        raise UsageError("no message given")
    if failed:
        raise typer.Exit(ExitCode.FOUND)


def _explain(given: Given, reader: Reader, picture: bool, as_json: bool) -> bool:
    """True for a message without an error."""
    try:
        frame, words = reader.unwrap(given.data)
    except FrameError as error:
        if as_json:
            print_json({"error": error_object(error)})
        else:
            _draw_header_error(given.data, error)
        print_error(f"{given.place}: {error}")
        return False
    type_name = words.root(reader.type_name)
    spans, problem = words.schema.trace(type_name, frame.payload, strict=reader.strict)
    if as_json:
        print_json(_object(frame, words, type_name, spans, problem))
    else:
        _show(given, frame, words, type_name, spans, problem, picture)
    if problem is not None:
        print_error(f"{given.place}: {problem}")
    return problem is None


def _object(
    frame: Unwrapped, words: Vocabulary, type_name: str, spans: list[Span], problem: DecodeError | None
) -> dict[str, Any]:
    from rsu.cli.spelling import to_json

    return {
        "standard": words.name,
        "type": type_name,
        "layers": [layer._asdict() for layer in frame.layers],
        "spans": [{**span._asdict(), "value": to_json(span.value)} for span in spans],
        "error": None if problem is None else error_object(problem),
    }


def _draw_header_error(data: bytes, error: FrameError) -> None:
    from rsu.cli.picture import draw

    mark = min(error.offset, len(data)) * 8
    row = mark // 64 * 8
    shown = data[row : row + 8]
    stdout().print(f"{error.layer} header, from octet {row} of the frame", style="bold")
    for line in draw(shown, [], mark - row * 8, error.reason):
        stdout().print(line)


def _show(
    given: Given,
    frame: Unwrapped,
    words: Vocabulary,
    type_name: str,
    spans: list[Span],
    problem: DecodeError | None,
    picture: bool,
) -> None:
    from rsu.cli.layers import header_parts
    from rsu.cli.picture import draw
    from rsu.cli.reading import frame_text
    from rsu.cli.spans import SpanList

    console = stdout()
    bits = len(frame.payload) * 8
    about = (type_name, words.name or "own schema", f"{bits} bits", frame_text(frame))
    console.print(" · ".join(about), style="bold")
    for title, lines in header_parts(given.data, frame):
        console.print(f"\n{title}", style="bold")
        for line in lines:
            console.print(line)
    console.print("\nmessage", style="bold")
    if picture:
        mark, says = (None, "") if problem is None else (problem.offset, problem.reason)
        for line in draw(frame.payload, _fields(type_name, spans), mark, says):
            console.print(line)
        console.print("? which are present  + extended  # length  @ alternative", style="dim")
    print_line("")
    for text in SpanList(words.schema.type_info(type_name), words.units).lines(frame.payload, spans):
        console.print(text)
    if problem is not None:
        console.print(f"bit {problem.offset}: {problem.path or '(top)'}: {problem.reason}", style="bold red")
    inner = next((span.path for span in spans if span.path.startswith("value.")), "").split(".")[-1] or type_name
    print_next(f"rsu inspect {inner}" + (f" --standard {words.name}" if words.name else ""))


def _fields(type_name: str, spans: list[Span]) -> list[Field]:
    """The spans for the picture, where each bit belongs to one: a string's length stands before its content."""
    from rsu.cli.picture import Field

    fields: list[Field] = []
    drawn = 0
    for span in spans:
        first, end = max(span.offset, drawn), span.offset + span.bits
        if end > first:
            name = "pad" if span.role == "padding" else span.path.rpartition(".")[2] or type_name
            fields.append(Field(_MARKS.get(span.role, "") + name, first, end - first))
            drawn = end
    return fields
