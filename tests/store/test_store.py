"""Outcomes go in once, with their account, or not at all; questions get the rows they ask for. On both databases."""

from __future__ import annotations

import os
import random
import shutil
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import msgspec
import pytest
from store_records import BOOT, MINUTE_NS, START_NS, echo, heard, refused, shed

from rsu.errors import StoreError
from rsu.store import Query, Store, Tally, open_store
from rsu.store.models import Base

NOBODY = 65_534


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    with open_store(url) as opened:
        yield opened


def sequences(store: Store, **narrowed: Any) -> list[int]:
    return [row["sequence"] for row in store.messages(Query(**narrowed))]


# In ---------------------------------------------------------------------------------------------------------------------


def test_every_column_comes_back_as_it_went_in(store: Store) -> None:
    row = heard(1, raw=bytes(range(256)), warning="PSID 1 …", meta='{"a":1}', decoded='{"名":"\\u0000"}', sender="00ff" * 4)
    store.write([row])
    assert list(store.messages(Query())) == [msgspec.structs.asdict(row)]


def test_a_quarantined_record_keeps_its_bytes_place_and_reason(store: Store) -> None:
    row = refused(1, meta='{"a":1}')
    store.write([row])
    assert list(store.quarantine()) == [msgspec.structs.asdict(row)]


def test_what_is_not_known_is_null_and_times_have_64_bits(store: Store) -> None:
    last = 2**63 - 1
    unknown = dict.fromkeys("aid sender lat_e7 lon_e7 speed_mps heading_deg msg_cnt sec_mark".split())
    store.write([heard(1, event_time_ns=last, receive_time_ns=last, **unknown)])
    (row,) = store.messages(Query())
    assert {name: row[name] for name in unknown} == unknown
    assert (row["event_time_ns"], row["receive_time_ns"]) == (last, last)


def test_the_longest_edition_name_and_id_fit(store: Store) -> None:
    standard = "csae-157?LaneEx.laneLineType=mandatory&SetTollDataRq.rndRSU=mandatory"
    store.write([heard(1, standard=standard, rsu_id="R" * 64), refused(2, standard=standard)])
    assert [row["standard"] for row in store.messages(Query())] == [standard]


def test_a_batch_is_counted_by_what_became_of_it(store: Store) -> None:
    assert store.write([heard(1), heard(2), refused(3), echo(4)]) == Tally(4, 2, 1, 1)
    assert store.counts() == {"message": 2, "quarantine": 1}


def test_records_that_are_there_are_duplicates_and_add_no_row(store: Store) -> None:
    batch = [heard(1), heard(2), refused(3)]
    store.write(batch)
    assert store.write([*batch, heard(4)]) == Tally(records=4, stored=1, quarantined=0, duplicates=3)
    assert store.counts() == {"message": 3, "quarantine": 1}


def test_the_same_identity_twice_in_one_batch_is_one_row(store: Store) -> None:
    assert store.write([heard(1), heard(1), refused(1)]) == Tally(3, 1, 0, 2)


def test_a_record_in_quarantine_is_not_stored_beside_it_later(store: Store) -> None:
    store.write([refused(1)])
    assert store.write([heard(1)]) == Tally(1, 0, 0, 1)
    assert store.counts() == {"message": 0, "quarantine": 1}


@pytest.mark.parametrize("other", [{"rsu_id": "Z"}, {"boot_id": bytes(16)}, {"sequence": 2}], ids=str)
def test_another_unit_boot_or_sequence_is_another_record(store: Store, other: dict[str, Any]) -> None:
    assert store.write([heard(1), heard(**({"sequence": 1} | other))]).stored == 2


@pytest.mark.parametrize("count", [499, 500, 501, 1001], ids=str)
def test_batches_at_and_past_the_size_of_one_lookup(store: Store, count: int) -> None:
    batch = [heard(sequence) for sequence in range(1, count + 1)]
    assert store.write(batch).stored == count
    assert store.write(batch).duplicates == count


def test_what_was_shed_is_counted_and_adds_no_row(store: Store) -> None:
    assert store.write([heard(1), shed(2), shed(3, count=40)]) == Tally(42, 1, 0, 0, 41)
    assert store.counts() == {"message": 1, "quarantine": 0}
    assert [(row["received"], row["shed"]) for row in store.ledger()] == [(42, 41)]
    assert store.unbalanced() == []


def test_an_empty_batch_is_nothing(store: Store) -> None:
    assert store.write([]) == Tally()
    assert store.ledger() == []


# Account ----------------------------------------------------------------------------------------------------------------


def test_the_ledger_has_a_row_for_each_minute_source_and_type(store: Store) -> None:
    # 600 records of 100 ms are a minute: sequence 599 is in the first one, 600 in the second.
    store.write([heard(598), heard(599), heard(600), echo(601), refused(602), heard(603, type="SPAT")])
    states = ("received", "stored", "quarantined", "duplicate")
    rows = {(row["minute"], row["source"], row["type"]): tuple(row[name] for name in states) for row in store.ledger()}
    assert rows == {
        (29_000_000, "radio0", "BasicSafetyMessage"): (2, 2, 0, 0),
        (29_000_001, "radio0", "BasicSafetyMessage"): (2, 1, 1, 0),
        (29_000_001, "radio1", "BasicSafetyMessage"): (1, 0, 0, 1),
        (29_000_001, "radio0", "SPAT"): (1, 1, 0, 0),
    }


def test_the_ledger_of_later_batches_adds_up_and_agrees_with_the_tables(store: Store) -> None:
    for first in (1, 50, 90):
        store.write([heard(n) if n % 7 else refused(n) for n in range(first, first + 60)])
    totals = {name: sum(row[name] for row in store.ledger()) for name in ("received", "stored", "quarantined", "duplicate")}
    # 180 records: 1–60, 50–109, 90–149. 50–60 and 90–109 come twice; of 1–149 every seventh, 21, is refused.
    assert totals == {"received": 180, "stored": 128, "quarantined": 21, "duplicate": 31}
    assert store.counts() == {"message": 128, "quarantine": 21}
    assert store.unbalanced() == []


def test_a_row_that_does_not_add_up_is_found(store: Store) -> None:
    store.write([heard(1)])
    with store._engine.begin() as connection:
        connection.exec_driver_sql("UPDATE ledger SET received = 2")
    assert [row["received"] for row in store.unbalanced()] == [2]


def test_a_batch_that_breaks_leaves_neither_rows_nor_account(store: Store) -> None:
    store.write([heard(1)])
    before = (store.counts(), store.ledger())
    with pytest.raises(StoreError) as caught:
        store.write([heard(2), refused(3), heard(4, type=None)])
    assert "\n" not in str(caught.value)
    assert (store.counts(), store.ledger()) == before


def test_two_writers_of_the_same_records_store_each_once(url: str) -> None:
    open_store(url).close()
    batches = [[heard(sequence) for sequence in range(first, first + 20)] for first in range(1, 200, 20)]

    def write(_: int) -> list[Tally]:
        with open_store(url) as own:
            return [own.write(batch) for batch in batches]

    with ThreadPoolExecutor(3) as threads:
        tallies = [tally for written in threads.map(write, range(3)) for tally in written]
    with open_store(url) as store:
        assert store.counts() == {"message": 200, "quarantine": 0}
        assert store.unbalanced() == []
    assert sum(tally.stored for tally in tallies) == 200
    assert sum(tally.duplicates for tally in tallies) == 400


# Out --------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("narrowed", "expected"),
    [
        ({}, [1, 2, 3, 4, 5, 6]),
        ({"limit": 2}, [1, 2]),
        ({"since_ns": START_NS + 200_000_000}, [2, 3, 4, 5, 6]),
        ({"until_ns": START_NS + 200_000_000}, [1]),
        ({"types": ("SPAT", "MapData")}, [5, 6]),
        ({"sender": "0000ABCD"}, [1, 2, 4]),
        ({"rsu_id": "Z"}, [4]),
        ({"rsu_id": "Y", "sender": "0000abcd", "since_ns": START_NS + 150_000_000, "until_ns": START_NS + 450_000_000}, [2]),
        ({"box": (411_000_000, -1_050_000_000, 412_000_000, -1_040_000_000)}, [1, 2, 3, 4]),
        # From 179 degrees east over the 180th meridian to 179 degrees west: only the SPAT, at 179.5 west.
        ({"box": (0, 1_790_000_000, 900_000_000, -1_790_000_000)}, [5]),
    ],
    ids=lambda case: str(case)[:40],
)
def test_queries_narrow_by_time_type_sender_unit_and_area(store: Store, narrowed: dict[str, Any], expected: list[int]) -> None:
    spat = {"type": "SPAT", "sender": None, "lat_e7": 10, "lon_e7": -1_795_000_000}
    rows = [heard(1), heard(2), heard(3, sender="0000abce"), heard(4, rsu_id="Z"), heard(5, **spat)]
    rows.append(heard(6, type="MapData", sender=None, lat_e7=None, lon_e7=None))
    random.Random(3).shuffle(rows)
    store.write(rows)
    assert sequences(store, **narrowed) == expected


def test_what_a_unit_heard_from_a_vehicle_is_read_by_an_index(store: Store) -> None:
    store.write([heard(sequence, sender=f"{sequence:08x}") for sequence in range(1, 400)])
    # A range that holds every row, so that the time alone narrows nothing.
    where = f"rsu_id = 'Y' AND sender = '00000007' AND receive_time_ns BETWEEN {START_NS} AND {START_NS + 2 * MINUTE_NS}"
    explain = "EXPLAIN QUERY PLAN" if store.url.get_backend_name() == "sqlite" else "EXPLAIN"
    with store._engine.begin() as connection:
        connection.exec_driver_sql("ANALYZE")
        plan = connection.exec_driver_sql(f"{explain} SELECT raw FROM message WHERE {where}").all()
    # PostgreSQL names the index of the day's partition, after its columns.
    assert "message_unit_heard_vehicle" in str(plan) or "rsu_id_sender_receive_time_ns_idx" in str(plan)


# Digest -----------------------------------------------------------------------------------------------------------------


def test_the_digest_does_not_depend_on_batches_order_or_identity(store: Store) -> None:
    rows = [heard(n) if n % 5 else refused(n) for n in range(1, 60)]
    store.write(rows)
    copies = [msgspec.structs.replace(row, rsu_id="Q", boot_id=bytes(16), sequence=row.sequence + 1000) for row in rows]
    random.Random(5).shuffle(copies)
    for start in range(0, len(copies), 7):
        store.write(copies[start : start + 7])
    assert store.digest([("Y", BOOT)]) == store.digest([("Q", bytes(16))])


CHANGES = [
    {"raw": b"\x00"}, {"receive_time_ns": START_NS}, {"event_time_ns": START_NS}, {"event_time_source": "minute"},
    {"type": "SPAT"}, {"standard": "csae-53"}, {"aid": None}, {"sender": None}, {"lat_e7": 1}, {"lon_e7": 1},
    {"speed_mps": 12.36}, {"heading_deg": 1.0}, {"msg_cnt": 99}, {"sec_mark": None}, {"security": "signed"},
]  # fmt: skip


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: next(iter(change)))
def test_the_digest_changes_with_any_content(store: Store, change: dict[str, Any]) -> None:
    store.write([heard(1), heard(2)])
    store.write([heard(1, rsu_id="Q"), heard(2, rsu_id="Q", **change)])
    assert store.digest([("Y", BOOT)]) != store.digest([("Q", BOOT)])


@pytest.mark.parametrize("change", [{"reason": "range"}, {"path": "value"}, {"bit_offset": 89}, {"raw": b""}], ids=str)
def test_the_digest_changes_with_a_reject(store: Store, change: dict[str, Any]) -> None:
    store.write([refused(1), refused(1, rsu_id="Q", **change)])
    assert store.digest([("Y", BOOT)]) != store.digest([("Q", BOOT)])


def test_both_databases_give_the_same_digest(postgres: Any, tmp_path: Path) -> None:
    # Octets above 127 and a shorter prefix: where two databases might sort differently. Equal receive times make them sort.
    raws = [b"\xff", b"\x00", b"\x00\x00", b"", b"a", b"B", b"\x80"]
    rows = [heard(n, raw=raw, receive_time_ns=START_NS, speed_mps=0.1 * n) for n, raw in enumerate(raws)]
    digests = set()
    for url in (f"sqlite:///{tmp_path / 'a.db'}", postgres.new_database()):
        with open_store(url) as store:
            store.write(rows)
            digests.add(store.digest([("Y", BOOT)]))
    assert len(digests) == 1


# Opening ----------------------------------------------------------------------------------------------------------------


def test_the_migrations_make_the_tables_of_the_models(store: Store) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    with store._engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []


def test_upgrading_again_changes_nothing(store: Store) -> None:
    store.write([heard(1)])
    head = store.upgrade()
    assert store.revision() == (head, head)
    assert sequences(store) == [1]


def test_a_replay_that_broke_off_is_not_marked_as_finished(store: Store) -> None:
    broken = store.begin_run(["a.gz"], 5)
    whole = store.begin_run(["a.gz"], 6)
    store.end_run(whole, Tally(3, 2, 1, 0), "ab" * 32)
    with store._engine.begin() as connection:
        rows = connection.exec_driver_sql("SELECT id, finished, records FROM replay_run ORDER BY id").all()
    assert [tuple(row) for row in rows] == [(broken, False, 0), (whole, True, 3)]


def one_line(url: str, **how: Any) -> str:
    with pytest.raises(StoreError) as caught:
        open_store(url, **how)
    words = str(caught.value)
    assert "\n" not in words
    return words


def test_a_database_without_tables_says_what_to_run(url: str) -> None:
    if url.startswith("sqlite"):
        Path(url.removeprefix("sqlite:///")).touch()
    assert "rsu db upgrade" in one_line(url, create=False)


def test_a_missing_file_is_not_made_by_a_question(tmp_path: Path) -> None:
    missing = tmp_path / "none.db"
    assert str(missing) in one_line(str(missing), create=False)
    assert not missing.exists()


@pytest.mark.parametrize(
    ("url", "word"),
    [
        ("/no/such/folder/x.db", "/no/such/folder"),
        ("mysql://host/x", "mysql"),
        ("://", "://"),
        ("postgresql://rsu@127.0.0.1:1/x", "127.0.0.1"),
    ],
)
def test_a_database_that_cannot_be_reached_is_one_line(url: str, word: str) -> None:
    assert word in one_line(url)


def test_a_file_that_is_no_database_is_one_line_and_stays_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "log.gz"
    file.write_bytes(b"\x1f\x8b" * 600)
    assert "not a database" in one_line(str(file))
    assert file.read_bytes() == b"\x1f\x8b" * 600


def test_a_password_is_not_shown(postgres: Any) -> None:
    url = postgres.new_database().replace("rsu@", "rsu:hush@")
    assert "hush" not in one_line(url, create=False)


def test_a_read_only_postgresql_is_one_line_and_can_be_asked(postgres: Any) -> None:
    url = postgres.new_database()
    with open_store(url) as store:
        store.write([heard(1)])
    name = url.split("/")[3].partition("?")[0]
    postgres.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    with open_store(url, create=False) as store:
        with pytest.raises(StoreError, match="read-only"):
            store.write([heard(2)])
        assert sequences(store) == [1]


def test_a_read_only_sqlite_file_is_one_line_and_can_be_asked() -> None:
    folder = Path(tempfile.mkdtemp(prefix="rsu-ro-", dir="/tmp"))
    file = folder / "test.db"
    with open_store(str(file)) as store:
        store.write([heard(1)])
    file.chmod(0o444)
    folder.chmod(0o777)  # a reader of WAL makes the -shm file beside it
    root = os.geteuid() == 0
    if root:
        os.seteuid(NOBODY)  # root writes whatever the mode says
    try:
        with open_store(str(file), create=False) as store:
            with pytest.raises(StoreError, match="readonly") as caught:
                store.write([heard(2)])
            assert "\n" not in str(caught.value)
            assert sequences(store) == [1]
    finally:
        if root:
            os.seteuid(0)
        shutil.rmtree(folder)
