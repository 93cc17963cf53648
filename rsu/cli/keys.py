"""`rsu keys`: CURVE keys for tcp:// endpoints, and who may connect to them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rsu.cli import options
from rsu.cli.console import print_json, print_line, print_next, print_table, table

NAME = "keys"

app = typer.Typer(help="Make CURVE keys for tcp:// endpoints, and say who may connect.", no_args_is_help=True)

Folder = Annotated[Path, typer.Argument(metavar="DIR", help="Folder of keys: [pipeline] curve_dir of rsu.toml.")]


@app.command("make")
def make(
    folder: Folder,
    name: Annotated[str, typer.Argument(metavar="NAME", help="server for the unit, a name of its own for each client.")],
    as_json: options.Json = False,
) -> None:
    """Make a pair of keys: NAME.key to hand out, NAME.key_secret (mode 0600) that stays where it is."""
    from rsu.security.keys import SERVER, make_keys

    pair = make_keys(folder, name)
    if as_json:
        print_json({"name": name, "public": str(pair.public), "secret": str(pair.secret)})
        return
    print_line(f"{pair.public}: the public key")
    print_line(f"{pair.secret}: the secret key, which stays on this machine")
    if name == SERVER:
        print_next(f"rsu keys allow {folder} CLIENT.key; give {pair.public} to the clients")
    else:
        print_next(f"rsu keys allow DIR {pair.public}, on the unit; put its {SERVER}.key into {folder}")


@app.command("allow")
def allow(
    folder: Folder,
    key: Annotated[Path, typer.Argument(metavar="CLIENT.key", help="Public key of a client.")],
    as_json: options.Json = False,
) -> None:
    """Let a client connect; a unit that runs sees it at once. To take it off, remove DIR/allowed/CLIENT.key."""
    from rsu.security.keys import allow as allow_key

    allowed = allow_key(folder, key)
    if as_json:
        print_json({"name": allowed.name, "public_key": allowed.public, "file": str(allowed.path)})
        return
    print_line(f"{allowed.name} may connect ({allowed.path})")
    print_next(f"rsu keys list {folder}")


@app.command("list")
def show(folder: Folder, as_json: options.Json = False) -> None:
    """List the keys in a folder, and the clients that may connect."""
    from rsu.security.keys import list_keys

    keys = list_keys(folder)
    if as_json:
        print_json({"keys": [{"name": key.name, "kind": key.kind, "public_key": key.public} for key in keys]})
        return
    grid = table("", ["name", "kind", "public key"])
    for key in keys:
        grid.add_row(key.name, key.kind, key.public)
    print_table(grid)
    print_next(f"rsu keys allow {folder} CLIENT.key")
