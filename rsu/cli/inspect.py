"""`rsu inspect`: a type as a tree with units and bit widths, or the messages of a standard."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rsu.cli import options
from rsu.cli.console import print_json, print_line, print_next, print_table, stdout, table
from rsu.cli.exit_codes import UsageError

if TYPE_CHECKING:
    from rsu._asn1.info import MemberInfo
    from rsu.cli.reading import Vocabulary
    from rsu.schema import TypeInfo
    from rsu.standards import Standard

NAME = "inspect"
VALUES_SHOWN = 6
DEPTH_MAX = 64
LINES_MAX = 20_000


def run(
    type_name: Annotated[
        str,
        typer.Argument(
            metavar="TYPE",
            autocompletion=options.complete_type,
            help="ASN.1 type; without one: the messages.",
        ),
    ] = "",
    standard: options.Standard = "",
    schema: options.Schema = None,
    depth: Annotated[int, typer.Option("--depth", metavar="N", min=1, max=DEPTH_MAX, help="Levels of the tree.")] = DEPTH_MAX,
    program: Annotated[bool, typer.Option("--program", help="Print the ops that decode the type.")] = False,
    as_json: options.Json = False,
) -> None:
    """Show the schema: members, ranges, units, special codes, and how many bits each takes.

    `?` marks an optional member, `+` an addition after the extension marker, `…` a type that may grow.
    """
    if not type_name:
        if program:
            raise UsageError("--program: of which type?")
        _messages(standard, as_json)
        return
    words = _vocabulary(type_name, standard, schema)
    if program:
        text = words.schema.program(type_name)
        print_json({"type": type_name, "program": text}) if as_json else print_line(text)
        return
    info = words.schema.type_info(type_name)
    if as_json:
        print_json({"standard": words.name, **_object(words, info, depth, ())})
        return
    _print_tree(words, info, depth)
    chosen = f" --standard {words.name}" if words.name else ""
    print_next(f"rsu inspect --program {type_name}{chosen}  for the ops that decode it")


def _vocabulary(type_name: str, standard: str, schema: Any) -> Vocabulary:
    """The schema that has the type: the named one, else the first standard that knows it."""
    from rsu.cli.reading import vocabulary
    from rsu.errors import SchemaError

    if standard or schema:
        return vocabulary(standard, schema or [])
    for name in options.STANDARD_NAMES:
        words = vocabulary(name, [])
        try:
            words.schema.type_info(type_name)
        except SchemaError:
            continue
        return words
    standards = ", ".join(options.STANDARD_NAMES)
    raise SchemaError(f"no type {type_name} in {standards}; `rsu inspect` lists the messages")


def _messages(standard: str, as_json: bool) -> None:
    from rsu.cli.reading import standard_base
    from rsu.standards import STANDARDS

    base = standard_base(standard)
    chosen = [STANDARDS[base]] if base else list(STANDARDS.values())
    if as_json:
        print_json({one.name: [_message_object(message) for message in one.messages] for one in chosen})
        return
    for one in chosen:
        _print_messages(one)
    first = chosen[0]
    print_next(f"rsu inspect {first.messages[0].name} --standard {first.name}")


def _message_object(message: Any) -> dict[str, Any]:
    return {
        "type": message.name,
        "id": message.id,
        "path": message.path,
        "aids": list(message.aids),
        "period_ms": message.period_ms,
    }


def _print_messages(standard: Standard) -> None:
    kind = "AID" if standard.header == "dsmp" else "PSID"
    columns = ("id", "message", "path", kind, "period")
    grid = table(f"{standard.name} ({standard.root})", columns, right=("id", "period"))
    for message in standard.messages:
        aids = ", ".join(str(aid) for aid in message.aids)
        period = f"{message.period_ms} ms" if message.period_ms else ""
        grid.add_row(str(message.id), message.name, message.path, aids, period)
    print_table(grid)


def _print_tree(words: Vocabulary, info: TypeInfo, depth: int) -> None:
    console = stdout()
    console.print(_head(words, info.name, info, "", ""), style="bold")
    for number, line in enumerate(_below(words, info, depth, "", (info.name,))):
        if number == LINES_MAX:
            print_line(f"… more than {LINES_MAX} lines; --depth N shows fewer levels")
            return
        print_line(line)


def _below(words: Vocabulary, info: TypeInfo, depth: int, guide: str, above: tuple[str, ...]) -> Iterator[str]:
    """Lines of what the type holds; a type that is its own ancestor is named and not opened again."""
    if depth == 0:
        return
    rows = list(_parts(info))
    for number, (label, part) in enumerate(rows, 1):
        last = number == len(rows)
        again = bool(part.name) and part.name in above
        line = _head(words, label, part, info.name, label.rstrip("?+")) + ("  (see above)" if again else "")
        yield f"{guide}{'└─ ' if last else '├─ '}{line}"
        if not again:
            yield from _below(words, part, depth - 1, guide + ("   " if last else "│  "), (*above, part.name))
    if not rows:
        yield from _open_rows(info, guide)


def _parts(info: TypeInfo) -> Iterator[tuple[str, TypeInfo]]:
    for member in info.members:
        yield _label(member), member.type
    if info.element is not None:
        yield "[…]", info.element


def _label(member: MemberInfo) -> str:
    optional = member.optional or bool(member.default)
    return member.name + ("?" if optional else "") + ("+" if member.addition else "")


def _open_rows(info: TypeInfo, guide: str) -> Iterator[str]:
    for number, (row, held) in enumerate(info.rows, 1):
        yield f"{guide}{'└─ ' if number == len(info.rows) else '├─ '}{row}: {held.name or held.kind}"


def _head(words: Vocabulary, label: str, info: TypeInfo, owner: str, member: str) -> str:
    """``speed  Speed  INTEGER (0..8191)  13 bits  0.02 m/s; 8191 unavailable``"""
    name = info.name if info.name != label else ""
    kind = f"{info.kind} {info.text}".strip() + (" …" if info.extensible else "")
    parts = [label, name, kind, _width(info), _values(info), _unit(words, info, owner, member)]
    return "  ".join(part for part in parts if part)


def _width(info: TypeInfo) -> str:
    if info.bits_max is None:
        return f"{info.bits_min} bits or more"
    if info.bits_min == info.bits_max:
        return f"{info.bits_min} bit" + ("s" if info.bits_min != 1 else "")
    return f"{info.bits_min} to {info.bits_max} bits"


def _values(info: TypeInfo) -> str:
    names = [name for name in info.values if name]
    if not names:
        return ""
    shown = ", ".join(names[:VALUES_SHOWN])
    more = f", … {len(names)} in all" if len(names) > VALUES_SHOWN else ""
    return f"{{{shown}{more}}}"


def _unit(words: Vocabulary, info: TypeInfo, owner: str, member: str) -> str:
    from rsu.cli.measures import unit_of

    unit = unit_of(words.units, info, owner, member)
    return unit.comment() if unit is not None else ""


def _object(words: Vocabulary, info: TypeInfo, depth: int, above: tuple[str, ...]) -> dict[str, Any]:
    """The same tree for programs; a type that is its own ancestor has no ``members``."""
    found: dict[str, Any] = {
        "type": info.name,
        "module": info.module,
        "kind": info.kind,
        "constraint": info.text,
        "bits": [info.bits_min, info.bits_max],
        "extensible": info.extensible,
    }
    if info.values:
        found["values"] = list(info.values)
    if depth == 0 or (info.name and info.name in above):
        return found
    above = (*above, info.name)
    if info.members:
        found["members"] = [_member_object(words, info, member, depth, above) for member in info.members]
    if info.element is not None:
        found["element"] = _object(words, info.element, depth - 1, above)
    if info.rows:
        found["rows"] = [{"id": row, "type": held.name} for row, held in info.rows]
    return found


def _member_object(
    words: Vocabulary, owner: TypeInfo, member: MemberInfo, depth: int, above: tuple[str, ...]
) -> dict[str, Any]:
    return {
        "name": member.name,
        "optional": member.optional,
        "addition": member.addition,
        "unit": _unit(words, member.type, owner.name, member.name),
        **_object(words, member.type, depth - 1, above),
    }
