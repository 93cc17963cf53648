"""A minute at twice the rate of 200 vehicles: nothing lost, and nothing that grows."""

from __future__ import annotations

import statistics
import threading
import time
from pathlib import Path

import pytest
from fault_figures import processes
from live_unit import LiveUnit, until

RATE = 4_000.0
SECONDS = 60
SETTLED_S = 20.0  # caches of the engine (65,536 frames) and of the databases are full then
EVERY_S = 2.0
GROWTH_OCTETS_S_MAX = 400_000  # of a process: 100 octets of each record; one that is kept has 400 and more
PATIENT = "age_ms_max = 30_000"  # a machine that others use stands still for more than the second after which BSMs are shed
WAITING_MAX = 4_000  # a second's records; the window also holds those that the disk has not confirmed yet


@pytest.mark.slow
def test_a_minute_at_4000_messages_a_second_loses_nothing_and_nothing_grows(tmp_path: Path) -> None:
    with LiveUnit(tmp_path, pipeline=PATIENT) as unit:
        sender = threading.Thread(target=unit.send, args=(round(RATE * SECONDS), RATE))
        begun = time.monotonic()
        sender.start()
        samples = []
        while sender.is_alive():
            sender.join(EVERY_S)
            if (at_s := time.monotonic() - begun) > SETTLED_S:
                samples.append((at_s, processes(unit), unit.status()["queues"]))
        until(lambda: unit.status()["ledger"]["in_flight"] == 0, "all is stored")
        assert unit.stop(deadline_s=30) == 0
    assert len(samples) > 10
    times_s = [at_s for at_s, _, _ in samples]
    for pid in samples[0][1]:
        found = [by_pid[pid] for _, by_pid, _ in samples]
        growth = statistics.linear_regression(times_s, [one["rss_octets"] for one in found]).slope
        assert growth < GROWTH_OCTETS_S_MAX, f"{growth:.0f} octets a second"
        assert max(one["fds"] for one in found) - min(one["fds"] for one in found) <= 2
    depths = {name: statistics.median(queues[name] for _, _, queues in samples) for name in ("records", "outcomes", "window")}
    assert max(depths.values()) < WAITING_MAX
    count = round(RATE * SECONDS)
    assert unit.ledger() == {"received": count, "stored": count, "quarantined": 0, "duplicate": 0, "shed": 0}
    assert sorted(unit.numbers()) == list(range(count))
