"""A full disk: nothing is half written, and after an eviction, or when there is room again, it goes on."""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from store_records import BOOT

from rsu.errors import StoreError
from rsu.store.outbox import Outbox
from rsu.store.parcels import Parcel

NOW_NS = 1_700_000_000_000_000_000
PLENTY = 1 << 40


def batch(octets: int = 50_000) -> list[Parcel]:
    """One of each class, their bodies not to be compressed away by any file system."""
    return [
        Parcel(importance=level, rsu="Y", boot=BOOT, records=1, oldest_ns=NOW_NS, body=os.urandom(octets)) for level in range(4)
    ]


def fill(outbox: Outbox, last: int = 0) -> int:
    """Puts until the disk is full; the last head that was acknowledged."""
    for number in range(last + 1, last + 1_000):
        try:
            outbox.put(batch(), {("Y", BOOT): number}, NOW_NS)
        except StoreError as error:
            assert "the disk is full" in str(error) and "\n" not in str(error)
            return number - 1
    raise AssertionError("the disk was never full")


def assert_whole(outbox: Outbox, last: int) -> None:
    """What was acknowledged is there, and nothing of what was refused."""
    stocked = outbox.after(0, PLENTY)
    assert outbox.head("Y", BOOT) == last
    assert stocked[-1].id == 4 * last
    assert {len(one.body) for one in stocked} == {50_000}
    assert outbox.usage().parcels == len(stocked)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 4 MB in memory."""
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(tmp_path)], capture_output=True, text=True)
    if mounted.returncode != 0:
        pytest.skip(f"a tmpfs cannot be mounted here: {mounted.stderr.strip()}")
    yield tmp_path
    subprocess.run(["umount", "-l", str(tmp_path)], check=True)


def test_a_full_disk_refuses_whole_puts_and_an_eviction_makes_room(small_disk: Path) -> None:
    with Outbox(small_disk / "outbox.db", octets_max=8_000_000, keep_ns=10**18) as outbox:
        last = 0
        for _ in range(5):
            last = fill(outbox, last)
            assert_whole(outbox, last)
            gone = outbox.evict(NOW_NS, ["database"])
            assert min(gone) == 0 and gone[0].records > 0
            last += 1
            outbox.put(batch(), {("Y", BOOT): last}, NOW_NS)
            assert_whole(outbox, last)
    with Outbox(small_disk / "outbox.db", octets_max=8_000_000, keep_ns=10**18) as outbox:
        assert_whole(outbox, last)


def test_room_that_another_program_gives_back_is_used_again(small_disk: Path) -> None:
    other = small_disk / "other"
    other.write_bytes(bytes(2_000_000))
    with Outbox(small_disk / "outbox.db", octets_max=8_000_000, keep_ns=10**18) as outbox:
        last = fill(outbox)
        other.unlink()
        outbox.put(batch(), {("Y", BOOT): last + 1}, NOW_NS)
        assert_whole(outbox, last + 1)


def test_an_outbox_opens_on_a_disk_that_is_full_already(small_disk: Path) -> None:
    with Outbox(small_disk / "outbox.db", octets_max=8_000_000, keep_ns=10**18) as outbox:
        last = fill(outbox)
    with contextlib.suppress(OSError), (small_disk / "other").open("wb", buffering=0) as other:
        while other.write(bytes(4_096)):
            pass
    with Outbox(small_disk / "outbox.db", octets_max=8_000_000, keep_ns=10**18) as outbox:
        assert_whole(outbox, last)


def test_the_reserve_is_made_again_when_there_is_room(tmp_path: Path) -> None:
    with Outbox(tmp_path / "outbox.db", octets_max=1_600_000, keep_ns=PLENTY) as outbox:
        reserve = tmp_path / "outbox.db-reserve"
        assert reserve.stat().st_size == 100_000  # a sixteenth of the quota
        reserve.unlink()
        outbox.evict(NOW_NS, [])
        assert reserve.stat().st_size == 100_000


def test_a_file_that_must_not_grow_is_a_full_disk(tmp_path: Path) -> None:
    with Outbox(tmp_path / "outbox.db", octets_max=PLENTY, keep_ns=10**18) as outbox:
        outbox._connection.execute("PRAGMA max_page_count = 500")
        last = 0
        for _ in range(3):
            last = fill(outbox, last)
            assert_whole(outbox, last)
            outbox.evict(NOW_NS, [])
            last += 1
            outbox.put(batch(), {("Y", BOOT): last}, NOW_NS)
            assert_whole(outbox, last)
