"""Parcels go into the database once, whatever comes twice, is refused or is damaged; the ledger adds up. On both databases."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from store_records import BOOT, START_NS, echo, heard, mixed, parcel, refused, shed, stock

from rsu.engine import Engine, Quarantined, Settings, Stored
from rsu.errors import StoreError
from rsu.replay import Options, replay
from rsu.schema import load_schema
from rsu.sources import open_source
from rsu.standards import STANDARDS
from rsu.store import Query, Store, Tally, open_store
from rsu.store.delivery import Delivery, Parameters, wait_s
from rsu.store.intake import Intake
from rsu.store.outbox import Outbox

PLENTY = 1 << 40
LOG = Path(__file__).resolve().parents[2] / "replay_logs" / "city_minute.pcap"
DEADLINE_S = 30.0
QUICK = Parameters(look_s=0.01, wait_s_first=0.01, wait_s_max=0.05)


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[Outbox]:
    with Outbox(tmp_path / "outbox.db", octets_max=PLENTY, keep_ns=10**18) as opened:
        yield opened


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    with open_store(url) as opened:
        yield opened


def until(true: Callable[[], bool]) -> None:
    """Waits for what must come."""
    last = time.monotonic() + DEADLINE_S
    while not true():
        assert time.monotonic() < last, "it did not come"
        time.sleep(0.005)


def account(store: Store) -> Tally:
    """The ledger's sums."""
    rows = store.ledger()
    assert store.unbalanced() == []
    return Tally(*(sum(row[name] for row in rows) for name in ("received", "stored", "quarantined", "duplicate", "shed")))


def settled(outbox: Outbox, url: str, **how: Any) -> Delivery:
    """A delivery that ran until nothing was left."""
    delivery = Delivery(outbox.path, url, parameters=QUICK, **how)
    delivery.start()
    assert delivery.stop(settle_s=DEADLINE_S)
    return delivery


# Once -------------------------------------------------------------------------------------------------------------------


def test_each_kind_of_entry_is_counted_as_a_direct_write_counts_it(outbox: Outbox, store: Store, tmp_path: Path) -> None:
    entries = [mixed(number) for number in range(1, 200)]
    outbox.put([parcel(entries[:90]), parcel(entries[90:], 1)], {}, START_NS)
    taken = Intake(store, outbox.identity).take(outbox.after(0, PLENTY))
    with open_store(str(tmp_path / "direct.db")) as direct:
        assert taken.tally == direct.write(entries) == account(store)
        assert (store.ledger(), store.counts()) == (direct.ledger(), direct.counts())
        assert store.digest([("Y", BOOT)]) == direct.digest([("Y", BOOT)])
        assert list(store.messages(Query())) == list(direct.messages(Query()))
        assert list(store.quarantine()) == list(direct.quarantine())


def test_a_parcel_that_comes_again_changes_nothing(outbox: Outbox, store: Store) -> None:
    stock(outbox, range(1, 41))
    parcels = outbox.after(0, PLENTY)
    intake = Intake(store, outbox.identity)
    intake.take(parcels[:5])
    before = (store.counts(), store.ledger())
    assert (intake.take(parcels[:5]).passed, intake.last()) == (5, 5)
    assert intake.take(parcels[2:4]).last == 5
    assert (store.counts(), store.ledger()) == before
    taken = intake.take(parcels)
    assert (taken.passed, taken.last, account(store).records) == (5, 8, 40)


@pytest.mark.parametrize(
    ("again", "expected"),
    [
        ([heard(1)], Tally(1, 0, 0, 1)),
        ([refused(1)], Tally(1, 0, 0, 1)),
        ([heard(3)], Tally(1, 0, 0, 1)),
        ([heard(9), heard(9)], Tally(2, 1, 0, 1)),
        ([heard(9), refused(9)], Tally(2, 1, 0, 1)),
        ([refused(9), heard(9)], Tally(2, 0, 1, 1)),
        ([heard(1), heard(9), shed(10, count=40), echo(11)], Tally(43, 1, 0, 2, 40)),
    ],
    ids=["stored", "stored-refused", "refused-stored", "twice", "as-both", "as-both-turned", "one-of-four"],
)
def test_records_that_are_there_by_another_way_are_duplicates(
    outbox: Outbox, store: Store, again: list[Any], expected: Tally
) -> None:
    store.write([heard(1), heard(2), refused(3)])
    outbox.put([parcel(again)], {}, START_NS)
    assert Intake(store, outbox.identity).take(outbox.after(0, PLENTY)).tally == expected
    assert account(store).records == 3 + expected.records


def test_two_outboxes_with_the_same_numbers_are_told_apart(store: Store, tmp_path: Path) -> None:
    for name, unit in (("a", "Y"), ("b", "Z")):
        with Outbox(tmp_path / name, octets_max=PLENTY, keep_ns=PLENTY) as outbox:
            outbox.put([parcel([heard(1, rsu_id=unit)])], {}, START_NS)
            assert Intake(store, outbox.identity).take(outbox.after(0, PLENTY)).tally == Tally(1, 1)


def test_the_digest_of_a_live_unit_is_that_of_a_replay_of_its_log(outbox: Outbox, url: str, tmp_path: Path) -> None:
    engine = Engine(Settings(), {name: load_schema(name) for name in STANDARDS})
    with open_source(LOG) as source:
        live = [
            engine.step(msgspec.structs.replace(received, boot_id=BOOT, rsu_id="Y"), received.receive_time_ns)
            for received in source
        ]
    for start in range(0, len(live), 500):
        outbox.put([parcel(live[start : start + 500])], {}, START_NS)
    settled(outbox, url)
    with open_store(url) as store, open_store(str(tmp_path / "replay.db")) as replayed:
        assert store.digest([("Y", BOOT)]) == replay([LOG], replayed, Options()).digest


# Refused and damaged ----------------------------------------------------------------------------------------------------


def test_a_damaged_parcel_is_given_up_counted_and_does_not_hold_up_the_next(outbox: Outbox, store: Store) -> None:
    outbox.put([parcel([heard(1)]), parcel([heard(2), heard(3)], body=b"\x91\x80"), parcel([heard(4)])], {}, START_NS)
    taken = Intake(store, outbox.identity).take(outbox.after(0, PLENTY))
    assert (taken.last, taken.tally, taken.damaged_parcels, taken.damaged_records) == (3, Tally(2, 2), 1, 2)
    assert [row["sequence"] for row in store.messages(Query())] == [1, 4]


def test_a_record_whose_data_the_database_refuses_goes_into_quarantine_with_its_bytes(outbox: Outbox, store: Store) -> None:
    entries = [mixed(number) for number in range(1, 100)]
    entries[36] = heard(37, aid=2**63)  # SQLite's and PostgreSQL's integers end at 2**63 - 1
    entries[51] = refused(52, bit_offset=2**63)
    outbox.put([parcel(entries[:50]), parcel(entries[50:])], {}, START_NS)
    taken = Intake(store, outbox.identity).take(outbox.after(0, PLENTY))
    rows = {row["sequence"]: row for row in store.quarantine()}
    assert (rows[37]["reason"], rows[37]["raw"], rows[37]["type"]) == ("refused", heard(37).raw, "BasicSafetyMessage")
    assert "truncated" in rows[52]["detail"]
    assert (taken.tally.records, taken.damaged_records, account(store).records) == (99, 0, 99)


def test_postgresql_refuses_a_nul_in_a_text_and_all_other_records_are_stored(outbox: Outbox, postgres: Any) -> None:
    with open_store(postgres.new_database()) as store:
        outbox.put([parcel([heard(1), heard(2, meta='{"a\0": 1}'), heard(3), echo(4, source="a\0b")])], {}, START_NS)
        taken = Intake(store, outbox.identity).take(outbox.after(0, PLENTY))
        assert (taken.tally, taken.damaged_records) == (Tally(4, 2, 1, 1), 0)
        assert [row["sequence"] for row in store.quarantine()] == [2]
        assert account(store).records == 4


def test_what_is_refused_in_quarantine_as_well_is_counted_and_given_up(outbox: Outbox, store: Store) -> None:
    outbox.put([parcel([heard(1), msgspec.structs.replace(heard(2), sequence=2**63), heard(3)])], {}, START_NS)
    taken = Intake(store, outbox.identity).take(outbox.after(0, PLENTY))
    assert (taken.tally, taken.damaged_records, taken.last) == (Tally(2, 2), 1, 1)
    assert account(store).records == 2


# The thread -------------------------------------------------------------------------------------------------------------


def test_it_delivers_what_waits_and_what_comes_and_says_how_far_it_is(outbox: Outbox, url: str) -> None:
    stock(outbox, range(1, 21))
    delivery = Delivery(outbox.path, url, parameters=msgspec.structs.replace(QUICK, look_s=DEADLINE_S, batch_octets=1))
    delivery.start()
    until(lambda: delivery.state().records == 20)
    stock(outbox, range(21, 41))
    until(lambda: (delivery.wake(), delivery.state().records == 40)[1])
    state = delivery.state()
    assert (state.connected, state.error, state.failures, state.parcel, state.oldest_ns) == (True, "", 0, 8, 0)
    assert state.lag_s(START_NS) == 0.0
    assert delivery.stop()
    assert outbox.delivered("database") == 8


def test_the_lag_is_the_age_of_the_oldest_record_that_the_database_has_not(outbox: Outbox, tmp_path: Path) -> None:
    stock(outbox, [10, 11])
    delivery = Delivery(outbox.path, str(tmp_path / "none" / "rsu.db"), parameters=QUICK)
    delivery.start()
    until(lambda: delivery.state().attempts >= 3)
    state = delivery.state()
    assert not state.connected and "no folder" in state.error
    assert state.lag_s(START_NS + 6_000_000_000) == 5.0  # record 10 was heard after one second
    (tmp_path / "none").mkdir()
    until(lambda: delivery.state().records == 2)
    assert (delivery.state().error, delivery.state().attempts) == ("", 0)
    assert delivery.state().failures >= 3
    assert delivery.stop()


def test_it_waits_for_a_recorder_that_makes_the_outbox_later(url: str, tmp_path: Path) -> None:
    delivery = Delivery(tmp_path / "outbox.db", url, parameters=QUICK)
    delivery.start()
    until(lambda: "the recorder makes it" in delivery.state().error)
    with Outbox(tmp_path / "outbox.db", octets_max=PLENTY, keep_ns=PLENTY) as outbox:
        stock(outbox, [1])
        until(lambda: delivery.state().records == 1)
    assert delivery.stop()


def test_a_database_that_lost_its_last_parcels_gets_them_again(outbox: Outbox, url: str, tmp_path: Path) -> None:
    stock(outbox, range(1, 51))
    settled(outbox, url)
    replaced = f"sqlite:///{tmp_path / 'empty.db'}"
    delivery = settled(outbox, replaced)
    assert delivery.state().records == 50
    with open_store(url) as before, open_store(replaced) as after:
        assert account(before) == account(after)


def test_an_older_copy_of_the_outbox_is_delivered_under_a_new_identity(outbox: Outbox, url: str, tmp_path: Path) -> None:
    stock(outbox, range(1, 51))
    settled(outbox, url)
    with Outbox(tmp_path / "copy.db", octets_max=PLENTY, keep_ns=PLENTY) as copy:
        copy._connection.execute("UPDATE box SET identity = ?", (outbox.identity,))
        stock(copy, [48, 49, 50, 51, 52])
        assert settled(copy, url).state().records == 5
        assert Outbox.reader(copy.path).identity != outbox.identity
    with open_store(url) as store:
        assert account(store).records == 55  # 48, 49 and 50 came twice, and made their rows once
        assert sum(store.counts().values()) == sum(isinstance(mixed(n), Stored | Quarantined) for n in range(1, 53))


@pytest.mark.parametrize(
    ("attempts", "chance", "expected"),
    [(1, 0, 0.5), (2, 0, 1.0), (6, 0, 16.0), (7, 0, 30.0), (100_000, 0, 30.0), (2, 1, 0.5), (7, 0.5, 22.5)],
)
def test_waits_double_to_a_bound_and_are_shortened_by_chance(attempts: int, chance: float, expected: float) -> None:
    assert wait_s(attempts, Parameters(), chance) == expected


def test_a_full_database_keeps_the_parcels_in_the_outbox(outbox: Outbox, tmp_path: Path) -> None:
    with open_store(str(tmp_path / "rsu.db")) as store:
        raw = bytes(200_000)
        outbox.put([parcel([heard(number, raw=raw)]) for number in range(1, 11)], {}, START_NS)
        intake = Intake(store, outbox.identity)
        with store.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA max_page_count = 300")
        with pytest.raises(StoreError, match="full"):
            intake.take(outbox.after(0, PLENTY))
        assert (store.counts()["message"], store.ledger(), intake.last()) == (0, [], 0)
        with store.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA max_page_count = 100000")
        assert intake.take(outbox.after(0, PLENTY)).tally == Tally(10, 10)
