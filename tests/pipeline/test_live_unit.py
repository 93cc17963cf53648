"""A unit that runs: what it hears it stores, once, whatever is killed."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from live_unit import EACH_ALONE, ROLES, ROOT, LiveUnit, bsm, free_port, is_balanced, keep_sending, until

from rsu.replay import Options, replay
from rsu.store import open_store

GROUPINGS = {
    "front": (("ingest", "engine"), ("record", "uplink", "broadcast")),
    "engine-alone": (("engine",), ("ingest", "record", "uplink", "broadcast")),
    "one-process": (("ingest", "engine", "record", "uplink", "broadcast"),),
    "each-alone": EACH_ALONE,
}


@pytest.mark.parametrize("processes", GROUPINGS.values(), ids=GROUPINGS.keys())
def test_what_is_heard_is_stored_in_every_grouping_of_the_roles(tmp_path: Path, processes: tuple[tuple[str, ...], ...]) -> None:
    with LiveUnit(tmp_path, processes=processes) as unit:
        numbers = unit.send(1_000)
        unit.send_octets(b"\x00not a message")
        assert unit.stop() == 0
        assert sorted(unit.numbers()) == list(numbers)
        assert unit.rows("SELECT count(*) FROM message WHERE clock_error_us >= 0") == [(1_000,)]
        assert unit.ledger() == {"received": 1_001, "stored": 1_000, "quarantined": 1, "duplicate": 0, "shed": 0}


@pytest.mark.parametrize("role", ["engine", "record", "uplink", "broadcast"])
def test_a_role_that_is_killed_costs_no_record(tmp_path: Path, role: str) -> None:
    draw = random.Random(role)
    with LiveUnit(tmp_path, processes=EACH_ALONE) as unit:
        for _ in range(3):
            sender = threading.Thread(target=unit.send, args=(1_500,))
            sender.start()
            sender.join(draw.uniform(0.05, 0.7))
            unit.kill(role)
            sender.join()
        assert unit.stop() == 0
        assert sorted(unit.numbers()) == list(range(4_500))
        assert unit.ledger()["received"] == 4_500 and is_balanced(unit.ledger())


@pytest.mark.slow
def test_twenty_kills_of_any_role_lose_nothing_that_was_acknowledged_and_store_nothing_twice(tmp_path: Path) -> None:
    draw = random.Random(20)
    with LiveUnit(tmp_path, processes=EACH_ALONE, selftest_s=0) as unit:
        done = threading.Event()
        sender = threading.Thread(target=keep_sending, args=(unit, done))
        sender.start()
        for _ in range(20):
            time.sleep(draw.uniform(0.0, 0.5))
            unit.kill(draw.choice(ROLES))
        done.set()
        sender.join()
        assert unit.stop() == 0
        unit.assert_exactly_once()
        assert len(unit.heads()) > 1 and unit.stored() > 1_000


def test_a_frame_that_two_radios_hear_is_one_message_and_one_duplicate(tmp_path: Path) -> None:
    port = free_port()
    second = f'[[radio]]\nname = "second"\nlisten = ["127.0.0.1:{port}"]\n'
    with LiveUnit(tmp_path, more=second) as unit:
        for number in range(100):
            frame = bsm(number)
            unit.send_octets(frame)
            unit.send_octets(frame, port)
        assert unit.stop() == 0
        assert unit.ledger() == {"received": 200, "stored": 100, "quarantined": 0, "duplicate": 100, "shed": 0}


def test_malformed_datagrams_among_good_ones_are_quarantined_one_by_one(tmp_path: Path) -> None:
    draw = random.Random(7)
    with LiveUnit(tmp_path) as unit:
        for number in range(500):
            unit.send_octets(bsm(number))
            frame = bytearray(bsm(number))
            unit.send_octets(draw.choice([bytes(frame[: draw.randrange(len(frame))]), draw.randbytes(draw.randrange(1, 200))]))
        assert unit.stop() == 0
        ledger = unit.ledger()
        assert ledger["received"] == 1_000 and is_balanced(ledger)
        assert set(unit.numbers()) >= set(range(500))
        assert ledger["quarantined"] >= 400


def test_the_selftest_goes_the_whole_way_and_is_not_stored(tmp_path: Path) -> None:
    with LiveUnit(tmp_path) as unit:
        until(lambda: unit.metrics()["rsu_selftest_passed_total"] >= 2, "two selftests")
        assert unit.stop() == 0
        assert unit.stored() == 0 and unit.ledger()["received"] == 0


@pytest.mark.parametrize("form", ["mcap", "jsonl"])
def test_a_recording_of_the_unit_replays_to_the_digest_of_what_it_stored(tmp_path: Path, form: str) -> None:
    port = free_port()
    more = f'[[radio]]\nname = "second"\nlisten = ["127.0.0.1:{port}"]\n[recording]\ndir = "tape"\nformat = "{form}"\n'
    with LiveUnit(tmp_path, more=more) as unit:
        for number in range(300):
            frame = bsm(number) if number % 10 else bsm(number)[: number % 30]
            unit.send_octets(frame)
            if number % 3 == 0:
                unit.send_octets(frame, port)
        assert unit.stop() == 0
        tapes = sorted((unit.state / "tape").iterdir())
    with open_store(str(unit.state / "rsu.db")) as live, open_store(str(tmp_path / "replayed.db")) as replayed:
        units = {(rsu, bytes(boot)) for rsu, boot in unit.rows("SELECT DISTINCT rsu_id, boot_id FROM message")}
        result = replay(tapes, replayed, Options(standard="csae-157"))
        assert result.digest == live.digest(units)
        assert (result.records, result.stored) == (unit.ledger()["received"], unit.ledger()["stored"])
        assert result.duplicates == unit.ledger()["duplicate"] > 50


def test_the_roles_end_with_their_supervisor_and_the_next_start_goes_on(tmp_path: Path) -> None:
    with LiveUnit(tmp_path, selftest_s=0) as unit:
        unit.send(300)
        until(lambda: sum(unit.heads().values()) == 300, "all on the disk")
        pids = {unit.pid(role) for role in ROLES}
        assert unit.process is not None
        unit.process.kill()
        unit.process.wait()
        until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in pids), "no role is left")
        unit.start()
        unit.send(300)
        assert unit.stop() == 0
        assert sorted(unit.numbers()) == list(range(600))
        unit.assert_exactly_once()


def test_a_second_unit_in_the_same_folder_is_refused_and_the_first_goes_on(tmp_path: Path) -> None:
    with LiveUnit(tmp_path) as unit:
        command = [sys.executable, "-m", "rsu.cli", "run", "-c", str(unit.config)]
        environ = {**os.environ, "PYTHONPATH": str(ROOT)}
        second = subprocess.run(command, cwd=tmp_path, env=environ, capture_output=True, text=True, timeout=60)
        assert second.returncode == 5
        assert f"{unit.state}: another unit runs in this folder: stop it, or give this one a state_dir" in second.stderr
        sent = unit.send(100)
        until(lambda: len(unit.numbers()) == len(sent), "the first one stores")
        assert unit.stop() == 0
