"""The outbox keeps what is put until it may go, says what it has, and counts what goes."""

from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from store_records import BOOT, heard, parcel

from rsu.errors import StoreError
from rsu.store.eviction import HEADS_AT_ONCE, HEADS_MAX, PARCELS_AT_ONCE, STEPS_AT_ONCE
from rsu.store.outbox import Outbox
from rsu.store.parcels import Parcel, Stocked

DAY_NS = 86_400_000_000_000
NOW_NS = 20_000 * DAY_NS
WEEK_NS = 7 * DAY_NS
PLENTY = 1 << 40


def opened(path: Path, octets_max: int = PLENTY, keep_ns: int = WEEK_NS) -> Outbox:
    return Outbox(path / "outbox.db", octets_max=octets_max, keep_ns=keep_ns)


def filled(octets: int, importance: int = 0, **columns: Any) -> Parcel:
    known: dict[str, Any] = {"rsu": "Y", "boot": BOOT, "records": 2, "oldest_ns": NOW_NS, "body": bytes(octets)}
    return Parcel(importance=importance, **(known | columns))


def as_put(stocked: Stocked) -> Parcel:
    return Parcel(**{name: getattr(stocked, name) for name in Parcel.__struct_fields__})


def classes(outbox: Outbox) -> list[tuple[int, int]]:
    """(number, class) of what is there."""
    return [(stocked.id, stocked.importance) for stocked in outbox.after(0, PLENTY)]


# In and out -------------------------------------------------------------------------------------------------------------


def test_parcels_come_back_in_the_order_of_their_numbers_as_they_were_put(tmp_path: Path) -> None:
    with opened(tmp_path) as outbox:
        given = [parcel([heard(1)], 3), parcel([heard(2), heard(3)], 0), filled(0)]
        outbox.put(given[:1], {("Y", BOOT): 1}, NOW_NS)
        outbox.put(given[1:], {("Y", BOOT): 3}, NOW_NS)
        found = outbox.after(0, PLENTY)
    assert [stocked.id for stocked in found] == [1, 2, 3]
    assert [as_put(stocked) for stocked in found] == given


@pytest.mark.parametrize(("most", "expected"), [(0, [1]), (1_999, [1]), (2_000, [1, 2]), (2_999, [1, 2]), (3_000, [1, 2, 3])])
def test_a_reading_is_bounded_by_octets_and_gives_one_parcel_at_least(tmp_path: Path, most: int, expected: list[int]) -> None:
    with opened(tmp_path) as outbox:
        outbox.put([filled(1_000) for _ in range(3)], {}, NOW_NS)
        assert [stocked.id for stocked in outbox.after(0, most)] == expected
        assert [stocked.id for stocked in outbox.after(3, most)] == []


def test_heads_are_those_of_each_boot_and_never_go_back(tmp_path: Path) -> None:
    with opened(tmp_path) as outbox:
        assert outbox.head("Y", BOOT) == 0
        outbox.put([], {("Y", BOOT): 7, ("Z", BOOT): 2}, NOW_NS)
        outbox.put([], {("Y", BOOT): 5}, NOW_NS)
        assert [outbox.head("Y", BOOT), outbox.head("Z", BOOT), outbox.head("Y", bytes(16))] == [7, 2, 0]


def test_all_of_it_is_there_after_opening_again_with_the_same_identity(tmp_path: Path) -> None:
    with opened(tmp_path) as outbox:
        identity = outbox.identity
        outbox.put([filled(10, 2)], {("Y", BOOT): 4}, NOW_NS)
        outbox.deliver("mqtt", 1)
    with opened(tmp_path) as outbox:
        assert (outbox.identity, outbox.head("Y", BOOT), outbox.delivered("mqtt")) == (identity, 4, 1)
        assert classes(outbox) == [(1, 2)]
    other = tmp_path / "other"
    other.mkdir()
    with opened(other) as outbox:
        assert outbox.identity != identity


def test_a_number_is_not_given_again_when_its_parcel_is_gone(tmp_path: Path) -> None:
    with opened(tmp_path, keep_ns=1) as outbox:
        outbox.put([filled(10)], {}, NOW_NS)
        outbox.evict(NOW_NS + 2, [])
    with opened(tmp_path) as outbox:
        outbox.put([filled(10)], {}, NOW_NS)
        assert (classes(outbox), outbox.last()) == ([(2, 0)], 2)


def test_each_target_reads_for_itself_while_the_recorder_writes(tmp_path: Path) -> None:
    rounds = 60
    with opened(tmp_path) as outbox:

        def carry(target: str) -> list[int]:
            seen: list[int] = []
            with Outbox.reader(outbox.path) as reader:
                while len(seen) < rounds:
                    for stocked in reader.after(reader.delivered(target), 500):
                        seen.append(stocked.id)
                        reader.deliver(target, stocked.id)
            return seen

        with ThreadPoolExecutor(2) as threads:
            carried = [threads.submit(carry, target) for target in ("database", "nats")]
            for _ in range(rounds):
                outbox.put([filled(100)], {}, NOW_NS)
            assert [future.result(timeout=30) for future in carried] == [list(range(1, rounds + 1))] * 2


def test_usage_says_sums_and_what_each_target_has_to_get(tmp_path: Path) -> None:
    with opened(tmp_path) as outbox:
        outbox.put([filled(1_000, oldest_ns=NOW_NS + n) for n in (1, 2, 3)], {}, NOW_NS)
        outbox.deliver("database", 2)
        outbox.deliver("mqtt", 3)
        usage = outbox.usage()
        assert (usage.parcels, usage.records, usage.octets, usage.oldest_ns) == (3, 6, 3_000, NOW_NS + 1)
        assert usage.undelivered_ns == {"database": NOW_NS + 3, "mqtt": 0}
        assert outbox.usage(["nats"]).undelivered_ns == {"nats": NOW_NS + 1}
        assert usage.octets <= usage.octets_used <= usage.octets_file


# Eviction ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("delivered", [0, 3], ids=["undelivered", "delivered"])
def test_after_seven_days_a_parcel_goes_delivered_or_not(tmp_path: Path, delivered: int) -> None:
    with opened(tmp_path) as outbox:
        for day in range(3):
            outbox.put([filled(10, 3)], {}, NOW_NS + day * DAY_NS)
        outbox.deliver("database", delivered)
        assert outbox.evict(NOW_NS + WEEK_NS, ["database"]) == {}  # not a nanosecond earlier
        gone = outbox.evict(NOW_NS + WEEK_NS + 1, ["database"])
        assert classes(outbox) == [(2, 3), (3, 3)]
        assert (gone[3].records, gone[3].undelivered_records) == (2, 0 if delivered else 2)


def test_the_quota_takes_the_least_important_class_and_the_oldest_of_it_first(tmp_path: Path) -> None:
    with opened(tmp_path, octets_max=600_000) as outbox:
        outbox.put([filled(20_000, number % 4) for number in range(40)], {}, NOW_NS)  # 10 of each class, 800 kB
        outbox.evict(NOW_NS, ["database"])
        left = classes(outbox)
        assert outbox.usage().octets_used <= 600_000
        # All of class 0 and the oldest of class 1; not more than it takes: 24 parcels of five pages fit beside the tables.
        assert [importance for _, importance in left].count(0) == 0
        assert [number for number, importance in left if importance == 1] == list(range(42 - 4 * (len(left) - 20), 39, 4))
        assert len(left) >= 26
        assert {importance for _, importance in left if importance > 1} == {2, 3}
    with opened(tmp_path, octets_max=200_000) as outbox:
        outbox.evict(NOW_NS, ["database"])
        assert {importance for _, importance in classes(outbox)} == {3}
        assert outbox.usage().octets_used <= 200_000


def test_events_go_when_nothing_else_is_left_to_go(tmp_path: Path) -> None:
    with opened(tmp_path, octets_max=100_000) as outbox:
        outbox.put([filled(20_000, 3) for _ in range(10)], {}, NOW_NS)
        gone = outbox.evict(NOW_NS, [])
        assert list(gone) == [3]
        assert classes(outbox)[-1] == (10, 3)
        assert outbox.usage().octets_used <= 100_000


def test_evictions_are_counted_by_class_and_by_what_was_owed_and_the_sums_stay(tmp_path: Path) -> None:
    with opened(tmp_path, keep_ns=1) as outbox:
        outbox.put([filled(100, 0), filled(200, 0), filled(300, 2)], {}, NOW_NS)
        outbox.deliver("database", 3)
        outbox.deliver("mqtt", 1)
        gone = outbox.evict(NOW_NS + 2, ["database", "mqtt"])
        assert (gone[0].parcels, gone[0].records, gone[0].octets) == (2, 4, 300)
        assert (gone[0].undelivered_parcels, gone[0].undelivered_records, gone[0].undelivered_octets) == (1, 2, 200)
        assert (gone[2].parcels, gone[2].undelivered_octets) == (1, 300)
        outbox.put([filled(100, 0)], {}, NOW_NS)
        outbox.evict(NOW_NS + 2, ["database", "mqtt"])
    with opened(tmp_path) as outbox:
        usage = outbox.usage()
    assert (usage.parcels, usage.records, usage.octets) == (0, 0, 0)
    assert (usage.evicted[0].parcels, usage.evicted[0].octets, usage.evicted[2].records) == (3, 400, 2)


@pytest.mark.parametrize("targets", [[], ["database"]], ids=["none", "behind"])
def test_a_target_without_a_cursor_has_nothing_yet_and_no_target_is_owed_nothing(tmp_path: Path, targets: list[str]) -> None:
    with opened(tmp_path, keep_ns=1) as outbox:
        outbox.put([filled(100)], {}, NOW_NS)
        assert outbox.evict(NOW_NS + 2, targets)[0].undelivered_parcels == len(targets)


def test_parcels_of_a_clock_that_was_not_set_stay_until_they_are_delivered(tmp_path: Path) -> None:
    with opened(tmp_path) as outbox:
        outbox.put([filled(10), filled(10)], {}, 5 * DAY_NS)  # January 1970
        outbox.deliver("database", 1)
        outbox.evict(NOW_NS, ["database"])
        assert classes(outbox) == [(2, 0)]
        outbox.deliver("database", 2)
        outbox.evict(NOW_NS, ["database"])
        assert classes(outbox) == []


@pytest.mark.parametrize("more", [0, 1], ids=["at-the-bound", "one-past-it"])
def test_one_call_evicts_a_bounded_number(tmp_path: Path, more: int) -> None:
    bound = PARCELS_AT_ONCE * STEPS_AT_ONCE
    with opened(tmp_path, keep_ns=1) as outbox:
        outbox.put([filled(1) for _ in range(bound + more)], {}, NOW_NS)
        outbox.evict(NOW_NS + 2, [])
        assert outbox.usage().parcels == more
        outbox.evict(NOW_NS + 2, [])
        assert outbox.usage().parcels == 0


def test_the_file_does_not_grow_beyond_its_quota_however_long_it_runs(tmp_path: Path) -> None:
    quota = 1_000_000
    with opened(tmp_path, octets_max=quota) as outbox:
        for number in range(400):  # 8 MB in all
            outbox.put([filled(20_000, number % 4)], {}, NOW_NS)
            outbox.evict(NOW_NS, [])
        assert outbox.path.stat().st_size <= quota + 100_000  # what one put is above it


def test_old_boots_are_forgotten_but_never_the_last_one_of_a_unit(tmp_path: Path) -> None:
    with opened(tmp_path) as outbox:
        outbox.put([filled(10)], {("Y", b"1"): 10}, NOW_NS)
        outbox.put([filled(10)], {("Y", b"2"): 20, ("Z", b"3"): 30}, NOW_NS + DAY_NS)
        outbox.evict(NOW_NS + WEEK_NS, [])
        assert outbox.head("Y", b"1") == 10  # a parcel of it is there
        outbox.evict(NOW_NS + 100 * DAY_NS, [])
        assert [outbox.head("Y", b"1"), outbox.head("Y", b"2"), outbox.head("Z", b"3")] == [0, 20, 30]


def test_a_unit_that_starts_again_and_again_does_not_fill_the_table_of_boots(tmp_path: Path) -> None:
    extra = HEADS_AT_ONCE
    with opened(tmp_path) as outbox:
        outbox.put([filled(1)], {("Y", number.to_bytes(4, "big")): 1 for number in range(extra)}, NOW_NS)
        outbox.put([filled(1)], {("Y", number.to_bytes(4, "big")): 2 for number in range(extra, HEADS_MAX + extra)}, NOW_NS)
        outbox.evict(NOW_NS, [])
        assert [outbox.head("Y", number.to_bytes(4, "big")) for number in (0, extra - 1, extra)] == [0, 0, 2]


# Files that cannot be used ----------------------------------------------------------------------------------------------


def one_line(path: Path, **how: Any) -> str:
    with pytest.raises(StoreError) as caught:
        opened(path, **how)
    assert "\n" not in str(caught.value)
    assert "outbox.db" in str(caught.value)
    return str(caught.value)


def test_a_file_that_is_no_database_is_one_line_and_stays_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "outbox.db"
    file.write_bytes(b"\x1f\x8b" * 5_000)
    assert "move the file away" in one_line(tmp_path)
    assert file.read_bytes() == b"\x1f\x8b" * 5_000


def test_a_database_of_another_program_is_left_alone(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "outbox.db") as other:
        other.execute("CREATE TABLE theirs (a)")
    other.close()
    before = (tmp_path / "outbox.db").read_bytes()
    assert "no outbox" in one_line(tmp_path)
    assert (tmp_path / "outbox.db").read_bytes() == before


def test_a_file_of_a_newer_program_says_so(tmp_path: Path) -> None:
    opened(tmp_path).close()
    with sqlite3.connect(tmp_path / "outbox.db") as newer:
        newer.execute("PRAGMA user_version = 99")
    newer.close()
    assert "version 99" in one_line(tmp_path)


@pytest.mark.parametrize("page", [1, 3, 5])  # of the others, 2 says only where pages can be moved
def test_a_damaged_page_is_one_line_wherever_it_is_met(tmp_path: Path, page: int) -> None:
    with opened(tmp_path) as outbox:
        outbox.put([filled(3_000) for _ in range(50)], {}, NOW_NS)
    content = bytearray((tmp_path / "outbox.db").read_bytes())
    content[(page - 1) * 4096 + 100 * (page == 1) : page * 4096] = b"\xff" * (4096 - 100 * (page == 1))
    (tmp_path / "outbox.db").write_bytes(content)
    with pytest.raises(StoreError, match=r"outbox\.db: damaged or no outbox") as caught:
        with opened(tmp_path) as outbox:
            outbox.after(0, PLENTY)
            outbox.put([filled(10)], {("Y", BOOT): 1}, NOW_NS)
            outbox.evict(NOW_NS + 2 * WEEK_NS, ["database"])
            outbox.usage()
    assert "\n" not in str(caught.value)


def test_a_folder_that_is_not_there_and_a_reader_before_the_recorder_are_told(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no folder"):
        Outbox(tmp_path / "none" / "outbox.db", octets_max=1, keep_ns=1)
    with pytest.raises(StoreError, match="the recorder makes it"):
        Outbox.reader(tmp_path / "outbox.db")
    assert list(tmp_path.iterdir()) == []
