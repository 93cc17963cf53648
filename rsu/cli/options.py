"""Options that several commands have, with their help and their shell completion: the same everywhere."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

STANDARD_NAMES = ("csae-53", "csae-157", "sae-j2735")
HEADER_NAMES = ("auto", "none", "dsmp", "wsmp", "ieee1609dot2")
DATABASE = "rsu.db"


def complete_standard(incomplete: str) -> list[str]:
    """Names of the built-in standards."""
    return [name for name in STANDARD_NAMES if name.startswith(incomplete)]


def complete_header(incomplete: str) -> list[str]:
    """Settings of `--header`."""
    return [name for name in HEADER_NAMES if name.startswith(incomplete)]


def complete_type(ctx: typer.Context, incomplete: str) -> list[str]:
    """Type names of the chosen standard, of all of them when none is chosen."""
    import rsu
    from rsu.errors import RsuError

    chosen = ctx.params.get("standard")
    names: set[str] = set()
    for standard in (chosen,) if chosen else STANDARD_NAMES:
        try:
            names.update(rsu.load_schema(standard).types)
        except RsuError:  # half a name on the line: nothing to offer yet
            continue
    return sorted(name for name in names if name.startswith(incomplete))


def complete_message(ctx: typer.Context, incomplete: str) -> list[str]:
    """Names of messages, as `--type` of `query` and `convert` takes them."""
    from rsu.standards import STANDARDS

    names = {message.name for standard in STANDARDS.values() for message in standard.messages}
    return sorted(name for name in names if name.startswith(incomplete))


def complete_source_format(incomplete: str) -> list[str]:
    """Names of the log formats that can be read."""
    from rsu.sources import known_formats

    return sorted(name for name in ("auto", *known_formats()) if name.startswith(incomplete))


def complete_sink_format(incomplete: str) -> list[str]:
    """Names of the log formats that can be written."""
    from rsu.sinks import known_formats

    return sorted(name for name in ("auto", *known_formats()) if name.startswith(incomplete))


Standard = Annotated[
    str,
    typer.Option(
        "--standard",
        metavar="NAME",
        autocompletion=complete_standard,
        help="csae-53, csae-157 or sae-j2735 (an edition patch may follow a ?). A radio header wins over it.",
    ),
]
Schema = Annotated[
    list[Path] | None,
    typer.Option("--schema", metavar="FILE", help="Your own .asn file in place of the built-in ones; repeat."),
]
Header = Annotated[
    str,
    typer.Option("--header", metavar="NAME", autocompletion=complete_header, help=f"{', '.join(HEADER_NAMES)}."),
]
TypeName = Annotated[
    str,
    typer.Option(
        "--type",
        metavar="TYPE",
        autocompletion=complete_type,
        help="ASN.1 type; default: the standard's frame.",
    ),
]
Relaxed = Annotated[bool, typer.Option("--relaxed", help="Accept and report trailing octets, padding, long lengths.")]
Json = Annotated[bool, typer.Option("--json", help="For programs: one object on one line at the end.")]
ConfigFile = Annotated[Path, typer.Option("-c", "--config", metavar="FILE", envvar="RSU_CONFIG", help="The unit's settings.")]
Database = Annotated[
    str,
    typer.Option("--db", metavar="URL", envvar="RSU_DB", help="Database URL, or the path of an SQLite file."),
]
Since = Annotated[
    str, typer.Option("--since", metavar="TIME", help="Heard at this time or later: 2026-01-31T12:00:00Z or Unix seconds.")
]
Until = Annotated[str, typer.Option("--until", metavar="TIME", help="Heard before this time.")]
Types = Annotated[
    list[str] | None,
    typer.Option(
        "--type", metavar="TYPE", autocompletion=complete_message, help="Message type, e.g. BasicSafetyMessage; repeat."
    ),
]
Near = Annotated[str, typer.Option("--near", metavar="LAT,LON,RADIUS", help="Within RADIUS metres of a position in degrees.")]
Bbox = Annotated[str, typer.Option("--bbox", metavar="S,W,N,E", help="In a box of south, west, north and east, in degrees.")]
