"""The database dies under load: the unit stays ready and says how far it is behind, and in the end every row is there once."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest
from fault_figures import check
from live_unit import LiveUnit, is_balanced, load, until
from postgres_server import Server

from rsu.store import open_store

OUTAGES = 2
LAG_S = 1.5  # that an outage reaches, at least
AWAY = ("warn", "the database cannot be reached")
STATES = ("received", "stored", "quarantined", "duplicate", "shed")


@pytest.mark.slow
def test_a_database_killed_under_load_has_every_record_once_and_the_unit_stays_ready(
    tmp_path: Path, own_postgres: Server
) -> None:
    url = own_postgres.new_database()
    name = url.partition("?")[0].rpartition("/")[2]

    def senders() -> list[str]:
        with psycopg.connect(own_postgres.dsn(name)) as connection:
            return [str(sender) for (sender,) in connection.execute("SELECT sender FROM message").fetchall()]

    with LiveUnit(tmp_path, store=f'url = "{url}"') as unit:
        until(lambda: check(unit, "storage") == ("ok", "outbox and database take writes"), "the database is reached")
        with load(unit):
            for _ in range(OUTAGES):
                before = len(senders())
                until(lambda before=before: len(senders()) > before + 300, "rows in the database")  # type: ignore[misc]
                own_postgres.kill()
                until(lambda: check(unit, "storage") == AWAY, "the database is told as away")
                until(lambda: lag_s(unit) > LAG_S, "the lag in /status")
                assert check(unit, "storage") == AWAY
                assert unit.ready()
                held = unit.sent
                own_postgres.start()
                until(lambda held=held: len(senders()) > held, "what the outbox held")  # type: ignore[misc]
        until(lambda: len(senders()) == unit.sent, "all rows")
        until(lambda: lag_s(unit) == 0, "no lag")
        until(lambda: check(unit, "storage")[0] == "ok", "the database is told as reached")
        assert unit.stop() == 0
    assert sorted(int(sender, 16) for sender in senders()) == list(range(unit.sent))
    with open_store(url) as store:
        assert store.unbalanced() == []
        ledger = {state: sum(row[state] for row in store.ledger()) for state in STATES}
    assert ledger["received"] == ledger["stored"] == unit.sent and is_balanced(ledger)


def lag_s(unit: LiveUnit) -> float:
    return next((row["lag_s"] or 0.0 for row in unit.status()["targets"] if row["target"] == "database"), 0.0)
