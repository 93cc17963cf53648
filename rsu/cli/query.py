"""`rsu query`: what the database holds, by time, type, sender and area; as a table, JSON or CSV."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rsu.cli import options
from rsu.cli.console import print_json, print_line, print_next, print_table, table
from rsu.cli.exit_codes import UsageError
from rsu.cli.filters import Area, area, time_ns, time_text

if TYPE_CHECKING:
    from rsu.store import Query

NAME = "query"
LIMIT = 100
_POSITION_DECIMALS = 7


def run(
    database: options.Database = options.DATABASE,
    since: options.Since = "",
    until: options.Until = "",
    types: options.Types = None,
    sender: Annotated[str, typer.Option("--sender", metavar="HEX", help="Id of the vehicle or unit that sent it.")] = "",
    near: options.Near = "",
    bbox: options.Bbox = "",
    rsu_id: Annotated[str, typer.Option("--rsu", metavar="ID", help="The unit that heard it.")] = "",
    limit: Annotated[int, typer.Option("--limit", metavar="N", min=0, help="Rows at most; 0: all.")] = LIMIT,
    quarantine: Annotated[bool, typer.Option("--quarantine", help="The records that could not be read, and why.")] = False,
    decoded: Annotated[bool, typer.Option("--decoded", help="With --json: the message of each row, decoded.")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="All columns as CSV.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One object on one line: count, more, rows.")] = False,
) -> None:
    """Find messages in the database, in the order of their reception."""
    from rsu.store import open_store

    if as_csv and as_json:
        raise UsageError("--csv and --json: give one of them")
    if decoded and not as_json:
        raise UsageError("--decoded needs --json")
    where = area(near, bbox)
    if quarantine and any((since, until, types, sender, where, rsu_id, decoded)):
        raise UsageError("--quarantine: only --limit narrows it")
    wanted = _query(time_ns("--since", since), time_ns("--until", until), types, sender, rsu_id, where, limit)
    with open_store(database, create=False) as store:
        found = store.quarantine(limit + 1 if limit else 0) if quarantine else store.messages(wanted)
        rows = _inside(found, where)
        if as_csv:
            _print_csv(islice(rows, limit) if limit else rows, quarantine)
            return
        kept = list(islice(rows, limit + 1) if limit else rows)
    more = bool(limit) and len(kept) > limit
    kept = kept[:limit] if limit else kept
    if as_json:
        print_json({"count": len(kept), "more": more, "rows": [_object(row, decoded) for row in kept]})
    else:
        _print_rows(kept, quarantine, more, database)


def _query(
    since_ns: int | None,
    until_ns: int | None,
    types: list[str] | None,
    sender: str,
    rsu_id: str,
    where: Area | None,
    limit: int,
) -> Query:
    """The question to the database. A circle is narrowed here, so its box has no limit there."""
    from rsu.store import Query

    return Query(
        since_ns=since_ns,
        until_ns=until_ns,
        types=tuple(types or ()),
        sender=sender,
        rsu_id=rsu_id,
        box=(where.south_e7, where.west_e7, where.north_e7, where.east_e7) if where else None,
        limit=limit + 1 if limit and (where is None or where.centre is None) else 0,
    )


def _inside(rows: Iterable[Mapping[str, Any]], where: Area | None) -> Iterator[Mapping[str, Any]]:
    return (row for row in rows if where is None or where.holds(row["lat_e7"], row["lon_e7"]))


def _object(row: Mapping[str, Any], decoded: bool) -> dict[str, Any]:
    plain = {name: value.hex() if isinstance(value, bytes) else value for name, value in row.items()}
    if decoded:
        plain["value"] = _value(row)
    return plain


def _value(row: Mapping[str, Any]) -> Any:
    """The message of a row; None for a record of text, which has no standard."""
    from rsu.cli.reading import Reader
    from rsu.cli.spelling import to_json

    if not row["standard"]:
        return None
    return to_json(Reader(row["standard"], strict=False).read(row["raw"]).value)


def _print_csv(rows: Iterable[Mapping[str, Any]], quarantine: bool) -> None:
    from rsu.store.models import Message, Quarantine

    writer = csv.writer(sys.stdout, lineterminator="\n")
    columns = (Quarantine if quarantine else Message).__table__.columns
    writer.writerow(column.name for column in columns)
    for row in rows:
        writer.writerow(value.hex() if isinstance(value, bytes) else value for value in row.values())


def _print_rows(rows: list[Mapping[str, Any]], quarantine: bool, more: bool, database: str) -> None:
    print_table(_quarantine_table(rows) if quarantine else _message_table(rows))
    print_line(f"{len(rows)} rows" + (", there are more: --limit 0 shows all" if more else ""))
    first = next((row for row in rows if row["raw"]), None)
    if first is not None:
        standard = f" --standard {first['standard']}" if first["standard"] and first["header"] == "none" else ""
        print_next(f"rsu explain{standard} {first['raw'].hex()}")
    else:
        print_next(f"rsu db status --db {database}  for what the database holds")


def _message_table(rows: list[Mapping[str, Any]]) -> Any:
    columns = ("received (UTC)", "type", "sender", "latitude", "longitude", "m/s", "deg", "rsu", "source")
    grid = table("", columns, right=("latitude", "longitude", "m/s", "deg"))
    for row in rows:
        grid.add_row(
            time_text(row["receive_time_ns"]),
            row["type"],
            row["sender"] or "",
            _degrees(row["lat_e7"]),
            _degrees(row["lon_e7"]),
            _number(row["speed_mps"], 2),
            _number(row["heading_deg"], 1),
            row["rsu_id"],
            f"{row['source']} {row['sequence']}",
        )
    return grid


def _quarantine_table(rows: list[Mapping[str, Any]]) -> Any:
    grid = table("", ("received (UTC)", "source", "type", "reason", "place", "bit", "detail"), right=("bit",))
    for row in rows:
        grid.add_row(
            time_text(row["receive_time_ns"]),
            f"{row['source']} {row['sequence']}",
            row["type"],
            row["reason"],
            row["path"],
            str(row["bit_offset"]),
            row["detail"],
        )
    return grid


def _degrees(value_e7: int | None) -> str:
    return "" if value_e7 is None else f"{value_e7 / 1e7:.{_POSITION_DECIMALS}f}"


def _number(value: float | None, decimals: int) -> str:
    return "" if value is None else f"{value:.{decimals}f}"
