"""`rsu encode`: JSON or Python values become octets; reads what `rsu decode` writes."""

from __future__ import annotations

import ast
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from rsu.cli import options
from rsu.cli.console import print_error, print_json, print_line, print_next
from rsu.cli.exit_codes import ExitCode, UsageError
from rsu.errors import EncodeError, FrameError, SourceError

if TYPE_CHECKING:
    from rsu.cli.reading import Vocabulary

NAME = "encode"
FORMS = ("hex", "base64", "binary")
WRAPS = ("none", "dsmp", "wsmp")
TEXT_OCTETS_MAX = 64 << 20


class Written(NamedTuple):
    """One value as it was given, and what stands beside it in the output of `rsu decode --json`."""

    place: str
    value: Any
    spelled_json: bool
    standard: str = ""
    type_name: str = ""
    aid: int | None = None
    problem: str = ""


def run(
    value: Annotated[
        str,
        typer.Argument(metavar="VALUE", help="JSON, a Python literal, or a file of them; none or - reads stdin."),
    ] = "-",
    standard: options.Standard = "",
    type_name: options.TypeName = "",
    schema: options.Schema = None,
    form: Annotated[str, typer.Option("--output", metavar="FORM", help=f"{', '.join(FORMS)}.")] = "hex",
    wrap: Annotated[str, typer.Option("--wrap", metavar="HEADER", help=f"Radio header: {', '.join(WRAPS)}.")] = "none",
    aid: Annotated[
        int | None,
        typer.Option("--aid", metavar="N", help="AID or PSID of the header; else the message's own."),
    ] = None,
    unsecured: Annotated[bool, typer.Option("--unsecured", help="Put it into an unsecured IEEE 1609.2 unit.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One object a message, each on one line.")] = False,
) -> None:
    """Encode values to UPER.

    Reads what `rsu decode --json` writes (it names standard and type), bare values in the same spelling, and
    Python literals.
    """
    from rsu.cli.reading import vocabulary

    _check(form, wrap, as_json)
    loaded: dict[str, Vocabulary] = {}
    failed = False
    count = 0
    for written in _read(value):
        count += 1
        name = standard or written.standard
        if not name and not schema:
            raise UsageError(f"{written.place}: a bare value names no standard: give --standard")
        words = loaded.get(name) or loaded.setdefault(name, vocabulary(name, schema or []))
        try:
            octets = _encode(written, words, type_name or written.type_name)
            _put(_wrapped(octets, words, written, wrap, aid, unsecured), words.name, form, as_json)
        except (EncodeError, FrameError) as error:
            failed = True
            print_error(f"{written.place}: {error}")
    if not count:
        raise UsageError("no value given")
    if form == "hex" and sys.stdout.isatty() and not as_json:
        print_next("rsu encode … | rsu decode")
    if failed:
        raise typer.Exit(ExitCode.FOUND)


def _check(form: str, wrap: str, as_json: bool) -> None:
    if form not in FORMS:
        raise UsageError(f"--output {form}: must be one of {', '.join(FORMS)}")
    if wrap not in WRAPS:
        raise UsageError(f"--wrap {wrap}: must be one of {', '.join(WRAPS)}")
    if form == "binary" and as_json:
        raise UsageError("--output binary and --json: give one of them")


def _read(argument: str) -> Iterator[Written]:
    """The values of an argument, a file or stdin: JSON texts one after the other, or Python literals."""
    place, text = _text(argument)
    try:
        json.JSONDecoder().raw_decode(text.lstrip())
    except json.JSONDecodeError as no_json:
        yield from _python_literals(place, text, no_json)
    else:
        yield from _json_texts(place, text)


def _text(argument: str) -> tuple[str, str]:
    try:
        if argument == "-":
            return "stdin", sys.stdin.buffer.read(TEXT_OCTETS_MAX).decode("utf-8")
        if argument.lstrip()[:1] not in ("{", "[", "(", '"') and Path(argument).is_file():
            with Path(argument).open("rb") as file:
                return argument, file.read(TEXT_OCTETS_MAX).decode("utf-8")
    except UnicodeDecodeError as error:
        raise SourceError(f"{argument}: octet {error.start} is no UTF-8 text; is the file binary?") from error
    return "argument", argument


def _json_texts(place: str, text: str) -> Iterator[Written]:
    decoder = json.JSONDecoder()
    at, number = _skip_space(text, 0), 0
    while at < len(text):
        try:
            value, end = decoder.raw_decode(text, at)
        except json.JSONDecodeError as error:
            where = f"{place} line {error.lineno}, column {error.colno}"
            raise SourceError(f"{where}: no JSON: {error.msg}") from error
        number += 1
        yield _from_envelope(f"{place} value {number}", value)
        at = _skip_space(text, end)


def _skip_space(text: str, at: int) -> int:
    while at < len(text) and text[at].isspace():
        at += 1
    return at


def _from_envelope(place: str, value: Any) -> Written:
    if isinstance(value, dict) and {"standard", "type", "value"} <= set(value):
        return Written(place, value["value"], True, value["standard"], value["type"], value.get("aid"))
    if isinstance(value, dict) and "error" in value and "value" not in value:
        return Written(place, None, True, problem="nothing to encode: this message did not decode")
    return Written(place, value, True)


def _python_literals(place: str, text: str, no_json: json.JSONDecodeError) -> Iterator[Written]:
    try:
        expressions = (line.value for line in ast.parse(text).body if isinstance(line, ast.Expr))
        values = [ast.literal_eval(expression) for expression in expressions]
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise UsageError(
            f"{place} is no file, no Python literal and no JSON (line {no_json.lineno}, column {no_json.colno}: {no_json.msg})"
        ) from None
    for number, value in enumerate(values, 1):
        yield Written(f"{place} value {number}", value, False)


def _encode(written: Written, words: Vocabulary, type_name: str) -> bytes:
    from rsu.cli.spelling import from_json

    if written.problem:
        raise EncodeError(written.problem, "missing")
    root = words.root(type_name)
    value = written.value
    if written.spelled_json:
        value = from_json(value, words.schema.type_info(root))
    return words.schema.encode(root, value)


def _wrapped(octets: bytes, words: Vocabulary, written: Written, wrap: str, aid: int | None, unsecured: bool) -> bytes:
    from rsu.frames import wrap_payload

    number = aid if aid is not None else written.aid
    if wrap != "none" and number is None:
        number = _usual_aid(octets, words)
    return wrap_payload(octets, wrap, number, unsecured=unsecured)


def _usual_aid(octets: bytes, words: Vocabulary) -> int | None:
    """The first AID or PSID the catalogue has for the message."""
    if words.standard is None:
        return None
    from rsu.cli.reading import message_name

    root = words.standard.root
    name = message_name(words, root, words.schema.decode(root, octets))
    return next((one.aids[0] for one in words.standard.messages if one.name == name and one.aids), None)


def _put(octets: bytes, standard: str, form: str, as_json: bool) -> None:
    import base64

    if form == "binary":
        sys.stdout.buffer.write(octets)
        return
    text = octets.hex() if form == "hex" else base64.b64encode(octets).decode("ascii")
    if as_json:
        print_json({"standard": standard, "octets": len(octets), form: text})
    else:
        print_line(text)
