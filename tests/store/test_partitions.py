"""PostgreSQL keeps messages by days: made ahead and on demand, moved by the migration, dropped by retention. SQLite deletes."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import psycopg
import pytest
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import Engine, text
from store_records import BOOT, MINUTE_NS, heard, refused

from rsu.errors import StoreError
from rsu.store import Query, Store, open_store
from rsu.store.migrate import _script, upgrade
from rsu.store.partitions import DAY_NS, DAYS_AHEAD, NEW_DAYS_MAX, OTHER, dropped_days, make_days, partition_name, partitions
from rsu.store.retention import ROWS_AT_ONCE, Retention

TODAY = 20_000
NOON_NS = TODAY * DAY_NS + DAY_NS // 2


def on_day(day: int, sequence: int = 0, **columns: Any) -> Any:
    return heard(sequence or day, receive_time_ns=day * DAY_NS + 5, sec_mark=0, **columns)


def names(store: Store) -> set[str]:
    with store.engine.connect() as connection:
        return set(partitions(connection))


def rows_in(store: Store, partition: str) -> int:
    with store.engine.connect() as connection:
        full = partitions(connection)[partition]
        return int(connection.execute(text(f"SELECT count(*) FROM ONLY {full}")).scalar_one())


@pytest.fixture
def store(postgres: Any) -> Any:
    with open_store(postgres.new_database()) as opened:
        yield opened


# Days -------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "name"), [(0, "day_19700101"), (19_782, "day_20240229"), (20_783, "day_20261126"), (106_750, "day_22620410")]
)
def test_partitions_are_named_after_their_day(day: int, name: str) -> None:
    assert partition_name(day) == name


def test_rows_lie_in_the_partition_of_their_day_to_the_nanosecond(store: Store) -> None:
    first, last = TODAY * DAY_NS, (TODAY + 1) * DAY_NS - 1
    store.write([heard(n, receive_time_ns=t, sec_mark=0) for n, t in enumerate((first - 1, first, last, last + 1), 1)])
    assert {name: rows_in(store, name) for name in names(store)} == {
        OTHER: 0,
        partition_name(TODAY - 1): 1,
        partition_name(TODAY): 2,
        partition_name(TODAY + 1): 1,
    }


@pytest.mark.parametrize("time_ns", [0, 2**63 - 1], ids=["no-clock", "the-last-nanosecond"])
def test_times_without_a_whole_day_fall_into_the_other_rows(store: Store, time_ns: int) -> None:
    store.write([heard(1, receive_time_ns=time_ns, sec_mark=0)])
    assert (names(store), rows_in(store, OTHER)) == ({OTHER}, 1)


@pytest.mark.parametrize("more", [0, 1], ids=["at-the-bound", "one-past-it"])
def test_a_log_whose_clock_jumps_makes_a_bounded_number_of_partitions(store: Store, more: int) -> None:
    days = range(TODAY, TODAY + NEW_DAYS_MAX + more)
    store.write([on_day(day) for day in days])
    assert (len(names(store)) - 1, rows_in(store, OTHER)) == (NEW_DAYS_MAX, more)
    assert [row["sequence"] for row in store.messages(Query())] == list(days)


def test_a_day_with_rows_among_the_other_ones_stays_there(store: Store) -> None:
    with store.engine.begin() as connection:
        (full,) = (name for short, name in partitions(connection).items() if short == OTHER)
        row = on_day(TODAY)
        values = {name: getattr(row, name) for name in row.__struct_fields__ if name != "clock_error_us"}  # of 0003
        columns = ", ".join(values)
        marks = ", ".join(f":{name}" for name in values)
        connection.execute(text(f"INSERT INTO {full} ({columns}) VALUES ({marks})"), values)
    store.write([on_day(TODAY, 2)])
    assert (names(store), rows_in(store, OTHER)) == ({OTHER}, 2)


def test_a_long_question_does_not_hold_up_a_writer_that_needs_a_new_day(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rsu.store.partitions.LOCK_TIMEOUT_MS", 50)
    store.write([on_day(TODAY)])
    with store.engine.connect() as asking:
        asking.execute(text("SELECT count(*) FROM message"))  # its lock stays until the transaction ends
        store.write([on_day(TODAY + 1)])
        assert rows_in(store, OTHER) == 1
    assert partition_name(TODAY + 1) not in names(store)


def test_writers_that_need_the_same_day_at_once_all_get_it(postgres: Any) -> None:
    url = postgres.new_database()
    open_store(url).close()
    start = threading.Barrier(4)

    def write(number: int) -> None:
        with open_store(url) as own:
            start.wait(30)
            own.write([on_day(TODAY, number), on_day(TODAY + 1, number + 10)])

    writers = [threading.Thread(target=write, args=(number,)) for number in range(1, 5)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(30)
    with open_store(url) as store:
        assert store.counts()["message"] == 8


def test_a_question_about_a_day_looks_into_its_partition_only(store: Store) -> None:
    store.write([on_day(day) for day in range(TODAY, TODAY + 5)])
    with store.engine.connect() as connection:
        asked = f"EXPLAIN SELECT * FROM message WHERE receive_time_ns BETWEEN {TODAY * DAY_NS} AND {TODAY * DAY_NS + 9}"
        plan = str(connection.execute(text(asked)).all())
    assert partition_name(TODAY) in plan and partition_name(TODAY + 1) not in plan


# Migration --------------------------------------------------------------------------------------------------------------


def test_the_rows_of_an_older_database_are_moved_with_the_same_digest(url: str) -> None:
    rows = [on_day(TODAY + number % 3, number + 1) for number in range(30)]
    rows += [heard(100, receive_time_ns=0, sec_mark=0), refused(101)]
    with Store(url) as store:
        upgrade(store.engine, "0001")
        with store.engine.begin() as connection:
            _insert_as_before(connection, rows)
        before = (store.digest([("Y", BOOT)]), store.counts())
        assert store.revision()[0] == "0001"
        store.upgrade()
        assert (store.digest([("Y", BOOT)]), store.counts()) == before
        assert store.write(rows).duplicates == len(rows)
        if url.startswith("postgresql"):
            days = {partition_name(TODAY + number) for number in range(3)}
            assert names(store) == days | {OTHER}
            assert [rows_in(store, name) for name in sorted(days)] == [10, 10, 10]


def _insert_as_before(connection: Any, rows: list[Any]) -> None:
    for row in rows:
        table = "message" if row.__struct_config__.tag == "message" else "quarantine"
        values = {name: getattr(row, name) for name in row.__struct_fields__ if name != "clock_error_us"}  # of 0003
        columns = ", ".join(values)
        marks = ", ".join(f":{name}" for name in values)
        connection.execute(text(f"INSERT INTO {table} ({columns}) VALUES ({marks})"), values)


def test_a_migration_that_breaks_leaves_the_older_database_as_it_was(postgres: Any) -> None:
    url = postgres.new_database()
    with Store(url) as store:
        upgrade(store.engine, "0001")
        with store.engine.begin() as connection:
            _insert_as_before(connection, [on_day(TODAY)])
            connection.execute(text("CREATE VIEW newest AS SELECT max(receive_time_ns) FROM message"))
        with pytest.raises(StoreError, match="other objects depend on it"):
            store.upgrade()
        assert (store.revision()[0], store.counts()["message"]) == ("0001", 1)
        with store.engine.begin() as connection:
            connection.execute(text("DROP VIEW newest"))
        store.upgrade()
        assert (names(store), store.counts()["message"]) == ({OTHER, partition_name(TODAY)}, 1)


def test_the_revision_can_be_taken_back_with_all_rows(url: str) -> None:
    with open_store(url) as store:
        store.write([on_day(TODAY), on_day(TODAY + 1), heard(3, receive_time_ns=0), refused(4)])
        before = (store.digest([("Y", BOOT)]), store.counts())
        downgrade(store.engine, "0001")
        assert store.revision()[0] == "0001"
        assert (store.digest([("Y", BOOT)]), store.counts()) == before
        store.upgrade()
        assert (store.digest([("Y", BOOT)]), store.counts()) == before


def downgrade(engine: Engine, to: str) -> None:
    """What Alembic's own command would run; ours has none."""
    script = _script()
    with engine.begin() as connection:
        context = MigrationContext.configure(
            connection, opts={"fn": lambda revision, _: script._downgrade_revs(to, revision), "transactional_ddl": False}
        )
        with Operations.context(context):
            context.run_migrations()


# Retention --------------------------------------------------------------------------------------------------------------


def kept(store: Store) -> list[int]:
    return [row["receive_time_ns"] // DAY_NS for row in store.messages(Query())]


def cleaned(engine: Engine, keep_days: int, now_ns: int = NOON_NS) -> Retention:
    retention = Retention(engine, keep_days)
    while retention.step(now_ns):
        pass
    return retention


def test_rows_older_than_the_days_go_with_their_ledger_and_those_without_a_time_stay(url: str) -> None:
    with open_store(url) as store:
        store.write([on_day(TODAY - age, age + 1) for age in range(6)])
        store.write([heard(50, receive_time_ns=0, sec_mark=0), refused(51, receive_time_ns=(TODAY - 4) * DAY_NS)])
        store.write([refused(52, receive_time_ns=TODAY * DAY_NS)])
        cleaned(store.engine, 2)
        # Noon less two days: the row of the day before yesterday is from its first nanoseconds. A partition goes as a whole.
        left = [0, TODAY - 1, TODAY] if url.startswith("sqlite") else [0, TODAY - 2, TODAY - 1, TODAY]
        assert kept(store) == left
        assert [row["sequence"] for row in store.quarantine()] == [52]
        assert {row["minute"] for row in store.ledger()} == {day * DAY_NS // MINUTE_NS for day in (0, TODAY - 1, TODAY)}
        assert store.unbalanced() == []


def test_nothing_goes_where_all_is_to_be_kept(url: str) -> None:
    with open_store(url) as store:
        store.write([on_day(1), on_day(TODAY)])
        cleaned(store.engine, 0)
        assert kept(store) == [1, TODAY]


def test_a_step_deletes_a_bounded_number_and_says_that_there_is_more(tmp_path: Path) -> None:
    with open_store(str(tmp_path / "rsu.db")) as store:
        store.write([heard(n, receive_time_ns=DAY_NS + n, sec_mark=0) for n in range(1, ROWS_AT_ONCE + 2)])
        retention = Retention(store.engine, 1)
        assert retention.step(NOON_NS)
        assert store.counts()["message"] == 1
        assert not retention.step(NOON_NS)
        assert (store.counts()["message"], retention.rows_removed) == (0, ROWS_AT_ONCE + 2)  # one of the ledger


def test_partitions_of_the_coming_days_are_there_before_their_rows(store: Store) -> None:
    Retention(store.engine, 0).step(NOON_NS)
    assert names(store) == {OTHER, *(partition_name(TODAY + ahead) for ahead in range(DAYS_AHEAD + 1))}


def test_a_partition_that_is_being_read_is_dropped_later(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rsu.store.partitions.LOCK_TIMEOUT_MS", 50)
    make_days(store.engine, [TODAY - 5])
    with store.engine.connect() as asking:
        asking.execute(text("SELECT count(*) FROM message"))
        assert list(dropped_days(store.engine, TODAY)) == []
    assert list(dropped_days(store.engine, TODAY)) == [partition_name(TODAY - 5)]


def test_rows_of_a_day_whose_partition_was_dropped_are_still_taken(store: Store) -> None:
    store.write([on_day(TODAY)])
    list(dropped_days(store.engine, TODAY + 1))
    assert store.write([on_day(TODAY, 2)]).stored == 1
    assert rows_in(store, OTHER) == 1


def test_a_role_that_may_not_make_tables_writes_all_the_same(postgres: Any) -> None:
    url = postgres.new_database()
    open_store(url).close()
    name = url.split("/")[3].partition("?")[0]
    with psycopg.connect(postgres.dsn(name), autocommit=True) as connection:
        connection.execute("DROP ROLE IF EXISTS writer")
        connection.execute("CREATE ROLE writer LOGIN")
        connection.execute("GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA public TO writer")
    with Store(url.replace("rsu@", "writer@")) as store:
        assert store.write([on_day(TODAY)]).stored == 1
    with open_store(url) as store:
        assert rows_in(store, OTHER) == 1
    with psycopg.connect(postgres.dsn(name), autocommit=True) as connection:
        connection.execute("DROP OWNED BY writer")
        connection.execute("DROP ROLE writer")
