"""A subscriber that never reads stands beside a good one: it costs the unit no memory and the other one nothing."""

from __future__ import annotations

import threading
from collections import Counter
from pathlib import Path

import pytest
import zmq
from fault_figures import rss_octets
from live_unit import LiveUnit, until

from rsu.pipeline import envelope
from rsu.pipeline.envelope import View
from rsu.pipeline.tap import Tap

RATE = 9_000.0
WARM = 16_000
RECORDS = 100_000
GROWTH_OCTETS_MAX = 16_000_000  # held for a subscriber without a bound, the frames of 100,000 records would be 30 MB and more
TOPIC = "raw."


class Good:
    """A subscriber that reads all there is, in a thread."""

    def __init__(self, endpoint: str) -> None:
        self.records: Counter[bytes] = Counter()
        self._done = threading.Event()
        self._tap = Tap(endpoint, (TOPIC,))
        self._thread = threading.Thread(target=self._read)
        self._thread.start()

    def _read(self) -> None:
        while not self._done.is_set():
            for view in self._tap.receive(0.1):
                self.records.update(item.raw for item in view.items if hasattr(item, "raw"))

    def close(self) -> int:
        """Ends it; gives how many views it missed."""
        self._done.set()
        self._thread.join()
        missed = self._tap.counts["missed"]
        self._tap.close()
        return missed


@pytest.mark.slow
def test_a_stalled_subscriber_costs_no_memory_and_the_good_one_misses_nothing(tmp_path: Path) -> None:
    with LiveUnit(tmp_path, pipeline="window_records_max = 8192", store='url = ""') as unit:
        endpoint = f"ipc://{unit.state / 'run' / 'bus'}"
        good = Good(endpoint)
        with zmq.Context() as context, context.socket(zmq.SUB) as stalled:
            stalled.rcvhwm = 1
            stalled.subscribe(TOPIC)
            stalled.connect(endpoint)
            first = first_number(unit, stalled)  # then it reads no more
            unit.send(WARM, RATE)
            until(lambda: len(good.records) >= WARM, "the warm-up")
            before = rss_octets(unit)
            unit.send(RECORDS, RATE)
            until(lambda: len(good.records) == unit.sent, "all records at the good one")
            assert rss_octets(unit) - before < GROWTH_OCTETS_MAX
            kept = [first]
            while stalled.poll(500):
                kept.append(number_of(stalled))
            unit.send(1)
            after = number_of(stalled)
        assert good.close() == 0
        assert set(good.records.values()) == {1}
        assert kept == list(range(first, first + len(kept)))
        assert after > kept[-1] + 1_000
        assert unit.stop() == 0


def first_number(unit: LiveUnit, stalled: zmq.Socket[bytes]) -> int:
    """Sends until both subscribers hear."""
    while not stalled.poll(50):
        unit.send(1)
    return number_of(stalled)


def number_of(stalled: zmq.Socket[bytes]) -> int:
    """The number of the next view."""
    assert stalled.poll(10_000), "no view"
    view = envelope.decode(stalled.recv_multipart()[-1])
    assert isinstance(view, View)
    return view.number
