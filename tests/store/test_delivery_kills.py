"""`kill -9` at random moments, a server that goes away under load: what was acknowledged is there, and nothing is twice."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import time
from collections.abc import Callable
from ctypes import c_longlong
from pathlib import Path
from typing import Any

import pytest
from store_records import BOOT, START_NS, mixed, parcel

from rsu.engine import Quarantined, Stored
from rsu.store import open_store
from rsu.store.delivery import Delivery, Parameters
from rsu.store.outbox import Outbox

PLENTY = 1 << 40
DEADLINE_S = 30.0
KILLS = int(os.environ.get("RSU_KILLS", "20"))  # more of them once, by hand: RSU_KILLS=1000
LONGEST_LIFE_S = 0.08
A_PARCEL = 3
#: One parcel a transaction, no waiting: a kill meets every step of the way.
BUSY = Parameters(batch_octets=1, look_s=0.001, wait_s_first=0.001, wait_s_max=0.01)


def opened(path: Path) -> Outbox:
    return Outbox(path, octets_max=PLENTY, keep_ns=10**18)


def record(path: Path, url: str, acknowledged: Any) -> None:
    """A recorder: goes on after the last number on the disk, puts and delivers, and never ends by itself."""
    delivery = Delivery(path, url, parameters=BUSY)
    with opened(path) as outbox:
        delivery.start()
        last = outbox.head("Y", BOOT)
        while True:
            part = [mixed(number) for number in range(last + 1, last + 1 + A_PARCEL)]
            outbox.put([parcel(part)], {("Y", BOOT): part[-1].sequence}, START_NS)
            last = acknowledged.value = part[-1].sequence
            delivery.wake()


def until(true: Callable[[], bool]) -> None:
    last = time.monotonic() + DEADLINE_S
    while not true():
        assert time.monotonic() < last, "it did not come"
        time.sleep(0.002)


def assert_each_once(path: Path, url: str, last: int) -> None:
    """Delivers the rest; then each record up to ``last`` was received once, and is a row once if it is to be one."""
    delivery = Delivery(path, url)
    delivery.start()
    assert delivery.stop(settle_s=DEADLINE_S)
    assert delivery.state().error == ""
    with open_store(url) as store:
        ledger = store.ledger()
        assert store.unbalanced() == []
        assert sum(row["received"] for row in ledger) == last
        kinds = [mixed(number) for number in range(1, last + 1)]
        rows = {"message": sum(isinstance(kind, Stored) for kind in kinds)}
        rows["quarantine"] = sum(isinstance(kind, Quarantined) for kind in kinds)
        assert store.counts() == rows
        assert sum(row["duplicate"] for row in ledger) == sum(number % 7 == 5 for number in range(1, last + 1))


def test_a_recorder_killed_at_random_moments_loses_nothing_and_stores_nothing_twice(url: str, tmp_path: Path) -> None:
    chance = random.Random(20)
    path = tmp_path / "outbox.db"
    open_store(url).close()
    processes = multiprocessing.get_context("fork")
    acknowledged = processes.Value(c_longlong, 0, lock=False)
    for _ in range(KILLS):
        before = acknowledged.value
        process = processes.Process(target=record, args=(path, url, acknowledged))
        process.start()
        until(lambda: acknowledged.value > before or not process.is_alive())  # noqa: B023
        time.sleep(chance.uniform(0, LONGEST_LIFE_S))
        process.kill()
        process.join()
        assert process.exitcode == -signal.SIGKILL
        with opened(path) as outbox:
            # The put that the kill met may be there as a whole.
            assert outbox.head("Y", BOOT) in (acknowledged.value, acknowledged.value + A_PARCEL)
            assert outbox.last() == outbox.head("Y", BOOT) // A_PARCEL
            acknowledged.value = outbox.head("Y", BOOT)
    assert acknowledged.value >= KILLS * A_PARCEL
    assert_each_once(path, url, acknowledged.value)


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGQUIT], ids=["stopped", "crashed"])
def test_a_server_that_goes_and_comes_back_under_load_gets_each_record_once(
    own_postgres: Any, tmp_path: Path, how: signal.Signals
) -> None:
    url = own_postgres.new_database()
    delivery = Delivery(tmp_path / "outbox.db", url, parameters=BUSY)
    with opened(tmp_path / "outbox.db") as outbox:
        delivery.start()
        last = 0

        def load(until_true: Callable[[], bool]) -> None:
            nonlocal last
            deadline = time.monotonic() + DEADLINE_S
            while not until_true():
                assert time.monotonic() < deadline, delivery.state()
                part = [mixed(number) for number in range(last + 1, last + 1 + A_PARCEL)]
                last = part[-1].sequence
                outbox.put([parcel(part)], {("Y", BOOT): last}, START_NS)
                time.sleep(0.002)

        for _ in range(2):
            records = delivery.state().records
            load(lambda: delivery.state().records > records + 50)  # noqa: B023
            own_postgres.stop(how)
            failures = delivery.state().failures
            load(lambda: delivery.state().failures > failures + 2)  # noqa: B023
            assert not delivery.state().connected and delivery.state().error
            own_postgres.start()
        load(lambda: delivery.state().connected)
    assert delivery.stop(settle_s=DEADLINE_S)
    assert_each_once(tmp_path / "outbox.db", url, last)
