"""The disk is full for a while: the unit lives, says so, keeps what it has acknowledged, and goes on when there is room."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
from fault_figures import check, counted
from live_unit import LiveUnit, is_balanced, load, until

RECORDING = '[recording]\ndir = "recordings"\nformat = "jsonl"\nfile_octets_max = 100_000\n'
PIDS = ("ingest", "engine", "record", "uplink", "broadcast")


def fill(path: Path) -> None:
    """A file that takes all the room there is."""
    for octets in (65_536, 512):
        with contextlib.suppress(OSError), path.open("ab", buffering=0) as file:
            while file.write(bytes(octets)):
                pass


@pytest.mark.slow
def test_a_full_disk_costs_nothing_that_was_acknowledged_and_is_told(tmp_path: Path, small_disk: Path) -> None:
    """The window holds what the outbox does not take: 65,536 records, a minute of this load."""
    other = small_disk / "other"
    store = "outbox_octets_max = 40_000_000"  # with its reserve, the database and the recording, half of the disk
    with LiveUnit(tmp_path, store=store, more=RECORDING, selftest_s=0) as unit:
        pids = [unit.pid(role) for role in PIDS]
        with load(unit):
            until(lambda: unit.stored() > 500 and counted(unit, "rsu_recording_records_total") > 0, "records are kept")
            fill(other)
            until(lambda: check(unit, "storage") == ("fail", "the outbox takes no writes"), "the full disk in /status")
            assert check(unit, "disk")[0] == "fail"
            until(lambda: counted(unit, "rsu_recording_lost_total") > 0, "the recording says what it loses")
            fill(other)  # what was evicted meanwhile
            held = unit.sent
            until(lambda: unit.sent > held + 3_000, "load on a full disk")
            written = counted(unit, "rsu_recording_records_total")
            other.unlink()
            until(lambda: check(unit, "storage")[0] == "ok", "writes again")
            until(lambda: unit.stored() > held, "what was held is stored")
            until(lambda: counted(unit, "rsu_recording_records_total") > written + 500, "the recording goes on")
        assert [unit.pid(role) for role in PIDS] == pids
        assert unit.stop() == 0
        unit.assert_exactly_once()
        assert sorted(unit.numbers()) == list(range(unit.sent))
        ledger = unit.ledger()
        assert ledger["shed"] == 0 and is_balanced(ledger)
