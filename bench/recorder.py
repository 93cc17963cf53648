"""`python -m bench.recorder`: the rate of outbox → database beside that of the raw driver into the same table.

Both write the same records of the bundled log, under a new boot each round, into databases of their own that grow alike, with
the same indexes and the same number of rows in a transaction. The raw driver gets tuples that are ready; ours gets parcels:
MessagePack that it decodes, counts into the ledger and binds to the parcel's number. The ways take turns in each round, and
`× raw` is the median of the rounds' own quotients, as the disk and the clock of a shared machine change from round to round.
The garbage collector is off while a way is measured, for all alike.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import Dialect

from bench.measure import quiet
from bench.postgres import NoServerError, server
from bench.targets import Target
from rsu.engine import Engine, Entry, Quarantined, Settings, Stored
from rsu.schema import load_schema
from rsu.sources import open_source
from rsu.standards import STANDARDS
from rsu.store import Store, open_store
from rsu.store.bulk import COLUMNS, TABLES, copy_types
from rsu.store.intake import Intake
from rsu.store.outbox import Outbox
from rsu.store.parcels import Parcel, Stocked

LOG = Path(__file__).resolve().parent.parent / "replay_logs" / "city_minute.pcap"
RECORDS_A_PARCEL = 200  # 100 ms of 2,000 messages/s
BATCH_OCTETS = 4_194_304
RECORDER = Target("delivery / raw driver", "recorder", 0.7, at_least=True)
RAW, DELIVERY, WITH_OUTBOX = "raw driver", "delivery", "outbox and delivery"

Batch = list[Stocked]
Rows = dict[type[Stored] | type[Quarantined], list[tuple[Any, ...]]]
Way = Callable[[Sequence[Batch]], float]  # parcels by transactions → seconds


@dataclass(frozen=True)
class Measured:
    """One way into one database.

    :param times_raw: median of the rounds' quotients with the raw driver's rate.
    :param records_per_s: median over the rounds.
    """

    database: str
    way: str
    records_per_s: int
    times_raw: float


# What is written ----------------------------------------------------------------------------------------------------------


def entries_of_log() -> list[Entry]:
    engine = Engine(Settings(), {name: load_schema(name) for name in STANDARDS})
    with open_source(LOG, rsu_id="bench") as source:
        return [engine.step(received, received.receive_time_ns) for received in source]


def batches(entries: Sequence[Entry], boot: bytes, first_id: int) -> list[Batch]:
    """The records as a recorder stocks them and a delivery takes them."""
    encode = msgspec.msgpack.Encoder().encode
    found: list[Batch] = [[]]
    octets = 0
    for place, start in enumerate(range(0, len(entries), RECORDS_A_PARCEL)):
        part = [msgspec.structs.replace(entry, boot_id=boot) for entry in entries[start : start + RECORDS_A_PARCEL]]
        body = encode(part)
        if octets + len(body) > BATCH_OCTETS:
            found.append([])
            octets = 0
        octets += len(body)
        known = {"importance": place % 4, "rsu": "bench", "boot": boot, "records": len(part)}
        found[-1].append(Stocked(id=first_id + place, oldest_ns=part[0].receive_time_ns, body=body, **known))
    return found


# The ways -----------------------------------------------------------------------------------------------------------------


def raw(store: Store) -> Way:
    """sqlite3.executemany, or psycopg COPY and INSERT, by hand, of tuples that are ready."""
    dialect = store.engine.dialect
    write = partial(_raw_postgresql, dialect) if dialect.name == "postgresql" else _raw_sqlite

    def way(given: Sequence[Batch]) -> float:
        ready = [_ready(batch) for batch in given]
        connection = store.engine.raw_connection()
        with quiet():
            start = time.perf_counter()
            for rows in ready:
                write(connection.driver_connection, rows)
            spent = time.perf_counter() - start
        connection.close()
        return spent

    return way


def _ready(batch: Batch) -> Rows:
    entries = [entry for parcel in batch for entry in msgspec.msgpack.decode(parcel.body, type=list[Entry])]
    return {kind: [msgspec.structs.astuple(entry) for entry in entries if type(entry) is kind] for kind in TABLES}


def _raw_sqlite(connection: Any, rows: Rows) -> None:
    connection.execute("BEGIN")
    for kind, ready in rows.items():
        marks = ", ".join("?" * len(kind.__struct_fields__))
        connection.executemany(f"INSERT INTO {TABLES[kind].__tablename__} ({COLUMNS[kind]}) VALUES ({marks})", ready)
    connection.execute("COMMIT")


def _raw_postgresql(dialect: Dialect, connection: Any, rows: Rows) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL synchronous_commit = off")  # as ours does
        for kind, ready in rows.items():
            table, columns = TABLES[kind].__tablename__, COLUMNS[kind]
            cursor.execute(f"CREATE TEMP TABLE IF NOT EXISTS {table}_staging (LIKE {table}) ON COMMIT DELETE ROWS")
            with cursor.copy(f"COPY {table}_staging ({columns}) FROM STDIN (FORMAT BINARY)") as copy:
                copy.set_types(copy_types(kind, dialect))
                for row in ready:
                    copy.write_row(row)
            cursor.execute(f"INSERT INTO {table} ({columns}) SELECT {columns} FROM {table}_staging ON CONFLICT DO NOTHING")
    connection.commit()


def delivery(store: Store) -> Way:
    """Ours, from the parcels on."""
    intake = Intake(store, "bench")

    def way(given: Sequence[Batch]) -> float:
        with quiet():
            start = time.perf_counter()
            for batch in given:
                intake.take(batch)
            return time.perf_counter() - start

    return way


def with_outbox(store: Store, folder: Path) -> Way:
    """Ours, with each parcel put on the disk first and read from it."""
    outbox = Outbox(folder / "outbox.db", octets_max=1 << 40, keep_ns=1 << 60)
    reader = Outbox.reader(outbox.path)
    intake = Intake(store, outbox.identity)

    def way(given: Sequence[Batch]) -> float:
        names = Parcel.__struct_fields__
        parcels = [Parcel(**{name: getattr(stocked, name) for name in names}) for batch in given for stocked in batch]
        with quiet():
            start = time.perf_counter()
            for place, parcel in enumerate(parcels):
                outbox.put([parcel], {("bench", parcel.boot): place}, time.time_ns())
            while batch := reader.after(reader.delivered("bench"), BATCH_OCTETS):
                reader.deliver("bench", intake.take(batch).last)
            return time.perf_counter() - start

    return way


# The measurement ----------------------------------------------------------------------------------------------------------


def measure(database: str, urls: dict[str, str], entries: Sequence[Entry], rounds: int, folder: Path) -> list[Measured]:
    """All ways into databases of their own, in turns; a round that is not counted comes first."""
    with contextlib.ExitStack() as closing:
        stores = {name: closing.enter_context(open_store(url)) for name, url in urls.items()}
        spent = _in_turns(stores, entries, rounds, folder)
    return [_measured(database, name, spent[name], spent[RAW], len(entries)) for name in spent]


def _in_turns(stores: dict[str, Store], entries: Sequence[Entry], rounds: int, folder: Path) -> dict[str, list[float]]:
    ways = {
        RAW: raw(stores[RAW]),
        DELIVERY: delivery(stores[DELIVERY]),
        WITH_OUTBOX: with_outbox(stores[WITH_OUTBOX], folder),
    }
    stores[RAW].prepare(entries)
    spent: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(rounds + 1):
        given = batches(entries, number.to_bytes(16, "big"), 1 + number * len(entries))
        for name in sorted(ways, key=lambda name: (list(ways).index(name) + number) % len(ways)):
            spent[name].append(ways[name](given))
    assert len({store.counts()["message"] for store in stores.values()}) == 1
    return {name: seconds[1:] for name, seconds in spent.items()}


def _measured(database: str, way: str, spent: Sequence[float], raw_spent: Sequence[float], records: int) -> Measured:
    quotient = statistics.median(base / ours for base, ours in zip(raw_spent, spent, strict=True))
    return Measured(database, way, round(records / statistics.median(spent)), round(quotient, 2))


def run(rounds: int) -> tuple[list[Measured], dict[str, str]]:
    """Measures each kind of database; those that are not there come with the reason."""
    entries = entries_of_log()
    names = (RAW, DELIVERY, WITH_OUTBOX)
    with tempfile.TemporaryDirectory(prefix="rsu-bench-") as place:
        folder = Path(place)
        urls = {name: str(folder / f"{number}.db") for number, name in enumerate(names)}
        found = measure("SQLite", urls, entries, rounds, folder)
        try:
            with server() as new_database:
                (folder / "postgresql").mkdir()
                urls = {name: new_database() for name in names}
                found += measure("PostgreSQL", urls, entries, rounds, folder / "postgresql")
        except NoServerError as reason:
            return found, {"PostgreSQL": str(reason)}
    return found, {}


def main(given: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.recorder", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=15, help="of all ways in turns, after one that is not counted")
    parser.add_argument("--json", action="store_true", help="one object on one line")
    options = parser.parse_args(given)
    found, skipped = run(options.rounds)
    if options.json:
        print(json.dumps({"target": RECORDER.limit, "rows": [asdict(row) for row in found], "skipped": skipped}))
        return 0
    print(f"{'database':12} {'way':22} {'records/s':>10} {'× raw':>7}")
    for row in found:
        verdict = f"  {RECORDER.bound}: {RECORDER.verdict(row.times_raw)}" if row.way == DELIVERY else ""
        print(f"{row.database:12} {row.way:22} {row.records_per_s:>10,} {row.times_raw:>7.2f}{verdict}")
    for database, reason in skipped.items():
        print(f"{database:12} skipped: {reason}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
