"""What a role measures stays bounded, whatever names come from outside."""

from __future__ import annotations

import random
from collections import Counter

import msgspec
import pytest

from rsu.observability.busiest import ENTRIES_MAX, SHOWN_MAX, WINDOW_NS, Busiest
from rsu.observability.meter import (
    BOUNDS_NS,
    EVENTS_MAX,
    LABEL_LETTERS_MAX,
    OTHER,
    SERIES_MAX,
    STAGES_MAX,
    Meter,
    Report,
)

RECEIVED = "rsu_messages_received_total"


def values(report: Report) -> dict[tuple[str, str], float]:
    return {(name, dict(labels).get("type", "")): value for name, labels, value in report.counters}


@pytest.mark.parametrize(
    ("types", "own"), [(SERIES_MAX, SERIES_MAX), (SERIES_MAX + 1, SERIES_MAX + 1), (5_000, SERIES_MAX + 1)]
)
def test_past_the_bound_new_types_are_one_series_and_no_count_is_lost(types: int, own: int) -> None:
    meter = Meter("engine", 1, 0)
    for number in range(types):
        meter.count(RECEIVED, type=f"t{number}", channel="pc5")
    meter.count(RECEIVED, type="t0", channel="pc5")
    found = values(meter.report(1))
    assert len(found) == own
    assert sum(found.values()) == types + 1
    assert found[RECEIVED, "t0"] == 2
    assert found.get((RECEIVED, OTHER), 0) == max(types - SERIES_MAX, 0)


def test_a_long_name_is_cut_and_still_counted_once() -> None:
    meter = Meter("engine", 1, 0)
    for _ in range(3):
        meter.count(RECEIVED, type="x" * 10_000, channel="pc5")
    assert values(meter.report(1)) == {(RECEIVED, "x" * LABEL_LETTERS_MAX): 3}


@pytest.mark.parametrize(
    ("time_ns", "bucket"),
    [(0, 0), (10_000, 0), (10_001, 1), (20_000, 1), (5_000_000_000, len(BOUNDS_NS) - 1), (5_000_000_001, len(BOUNDS_NS))],
)
def test_a_time_falls_at_or_under_its_bound(time_ns: int, bucket: int) -> None:
    meter = Meter("engine", 1, 0)
    meter.stage("decode", time_ns, 3)
    stage = meter.report(1).stages["decode"]
    assert [index for index, count in enumerate(stage.buckets) if count] == [bucket]
    assert stage.sum_ns == 3 * time_ns


def test_stages_events_and_their_texts_are_bounded() -> None:
    meter = Meter("engine", 1, 0)
    for number in range(STAGES_MAX + 5):
        meter.stage(f"s{number}", 1)
        meter.event("reject", "x" * 9_999, number)
    report = meter.report(1)
    assert len(report.stages) == STAGES_MAX + 1
    assert sum(report.stages[OTHER].buckets) == 5
    assert len(report.events) == EVENTS_MAX
    assert report.events[-1].time_ns == STAGES_MAX + 4
    assert len(msgspec.msgpack.encode(report)) < 20_000


def test_a_report_goes_through_messagepack() -> None:
    meter = Meter("engine", 1, 0)
    meter.count(RECEIVED, type="SPAT", channel="pc5")
    meter.gauge("rsu_queue_depth", 3, queue="records")
    meter.total("rsu_recording_records_total", 7)
    meter.stage("decode", 5)
    meter.sender("00000007", "SPAT")
    meter.sender(None, "SPAT")
    meter.event("reject", "radio0: truncated", 9)
    report = meter.report(WINDOW_NS)
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(report), type=Report) == report
    assert report.senders == [("00000007", "SPAT", 0.2)]


def test_the_busiest_are_found_among_more_senders_than_there_are_counters() -> None:
    """Misra and Gries: a count is never too high, and too low by at most n / (k + 1)."""
    random.seed(1)
    heard = [f"busy{number}" for number in range(30) for _ in range(400 - 10 * number)]
    heard += [f"once{number}" for number in range(20_000)]
    random.shuffle(heard)
    true = Counter(heard)
    busiest = Busiest(0)
    for sender in heard:
        busiest.count(sender, "BSM")
    top = busiest.top(WINDOW_NS)
    assert len(top) == SHOWN_MAX
    for sender, _, rate in top:
        counted = rate * WINDOW_NS / 1e9
        assert true[sender] - len(heard) / (ENTRIES_MAX + 1) <= counted <= true[sender]
    assert {sender for sender, _, _ in top} <= {f"busy{number}" for number in range(30)}
    assert len(busiest._counts) <= ENTRIES_MAX


def test_the_busiest_are_those_of_the_last_whole_window() -> None:
    busiest = Busiest(0)
    busiest.count("a", "BSM")
    assert busiest.top(1_000_000_000) == [("a", "BSM", 1.0)]  # no whole window yet
    assert busiest.top(WINDOW_NS) == [("a", "BSM", 0.2)]
    busiest.count("b", "BSM")
    assert busiest.top(WINDOW_NS + 1) == [("a", "BSM", 0.2)]
    assert busiest.top(2 * WINDOW_NS) == [("b", "BSM", 0.2)]
    assert busiest.top(3 * WINDOW_NS) == []
