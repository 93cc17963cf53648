"""`rsu db`: the database's tables brought up to date, and what it holds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import typer

from rsu.cli import options
from rsu.cli.console import print_json, print_line, print_next, print_table, table
from rsu.errors import StoreError

NAME = "db"
STATES = ("received", "stored", "quarantined", "duplicate", "shed")

app = typer.Typer(help="Bring the database's tables up to date, or say what it holds.", no_args_is_help=True)


@app.command("upgrade")
def upgrade(database: options.Database = options.DATABASE, as_json: options.Json = False) -> None:
    """Make the tables, or bring those of an older version up to date; nothing happens when they are."""
    from rsu.store import Store

    with Store(database) as store:
        before, _ = store.revision()
        after = store.upgrade()
    if as_json:
        print_json({"database": _shown(database), "before": before, "after": after})
        return
    if before == after:
        print_line(f"{_shown(database)}: up to date (revision {after})")
    else:
        print_line(f"{_shown(database)}: revision {before or 'none'} became {after}")
    print_next(f"rsu replay LOG --db {_shown(database)}")


@app.command("status")
def status(database: options.Database = options.DATABASE, as_json: options.Json = False) -> None:
    """Say what the database holds, and whether its ledger adds up."""
    from rsu.store import open_store

    with open_store(database, create=False) as store:
        revision, _ = store.revision()
        counts, ledger, unbalanced = store.counts(), store.ledger(), store.unbalanced()
    sums = _by_type(ledger)
    if as_json:
        account = {name: dict(count) for name, count in sums.items()}
        print_json(
            {
                "database": _shown(database),
                "revision": revision,
                "rows": counts,
                "ledger": account,
                "balanced": not unbalanced,
            }
        )
    else:
        _print_status(database, revision, counts, sums, not unbalanced)
    if unbalanced:
        raise StoreError(f"database {_shown(database)}: {len(unbalanced)} rows of the ledger do not add up")


def _by_type(ledger: Iterable[Mapping[str, Any]]) -> dict[str, Counter[str]]:
    sums: dict[str, Counter[str]] = {}
    for row in ledger:
        sums.setdefault(row["type"] or "(not known)", Counter()).update({state: row[state] for state in STATES})
    return dict(sorted(sums.items()))


def _print_status(
    database: str, revision: str, counts: Mapping[str, int], sums: Mapping[str, Counter[str]], balanced: bool
) -> None:
    grid = table(f"{_shown(database)} (revision {revision})", ("type", *STATES), right=STATES)
    for name, count in sums.items():
        grid.add_row(name, *(str(count[state]) for state in STATES))
    print_table(grid)
    rows = ", ".join(f"{count} rows in {name}" for name, count in counts.items())
    print_line(f"{rows}; the ledger {'adds up' if balanced else 'does not add up'}")
    print_next(f"rsu query --db {_shown(database)}")


def _shown(database: str) -> str:
    """The database without its password."""
    from rsu.store.connect import database_url

    return database_url(database).render_as_string(hide_password=True) if "://" in database else database
