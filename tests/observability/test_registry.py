"""Totals over restarts, bounds against hostile names, rates and quantiles of the last minute."""

from __future__ import annotations

import msgspec
import pytest
from observed import SECOND_NS, Observed

from rsu.observability.history import quantile_ns
from rsu.observability.meter import BOUNDS_NS, OTHER, STAGES_MAX, Meter, Report, Stage
from rsu.observability.metrics import METRICS, SERIES_OF_A_METRIC_MAX
from rsu.observability.registry import ROLE_SILENT_S, ROLES_MAX, Registry

RECEIVED = "rsu_messages_received_total"
STORED = "rsu_messages_stored_total"


def restart(unit: Observed, role: str) -> None:
    """The role is killed and counts from zero again, as a process of its own."""
    unit.now_ns += SECOND_NS // 10
    unit.meters[role] = unit.meter(role, pid=unit.meters[role].pid + 1)


def test_totals_go_on_where_a_killed_role_had_been() -> None:
    unit = Observed()
    seen = []
    for _ in range(3):
        for _ in range(4):
            unit.meters["record"].count(STORED, 10)
            unit.meters["record"].stage("commit", 15_000)
            unit.report("record")
            seen.append(unit.registry.total(STORED))
        restart(unit, "record")
        unit.report("record")
        seen.append(unit.registry.total(STORED))
    assert seen == sorted(seen)
    assert seen[-1] == 120
    stage = unit.registry.stages()["commit"]
    assert (sum(stage.buckets), stage.sum_ns) == (12, 12 * 15_000)
    assert {state.role: state.restarts for state in unit.registry.roles()} == {"ingest": 0, "engine": 0, "record": 3}


def test_a_role_that_starts_after_the_clock_went_back_is_a_new_run() -> None:
    unit = Observed()
    unit.meters["record"].count(STORED, 5)
    unit.report("record")
    unit.step_clock(-3_600)
    restart(unit, "record")
    unit.meters["record"].count(STORED, 1)
    unit.report("record")
    assert unit.registry.total(STORED) == 6


def test_a_late_report_of_an_older_run_changes_nothing() -> None:
    unit = Observed()
    unit.meters["record"].count(STORED, 5)
    late = unit.meters["record"].report(unit.wall_ns())
    unit.registry.take(late)
    restart(unit, "record")
    unit.report("record")
    unit.registry.take(late)
    assert unit.registry.total(STORED) == 5
    assert unit.registry.refused == {"old run": 1}


@pytest.mark.parametrize("types", [SERIES_OF_A_METRIC_MAX, SERIES_OF_A_METRIC_MAX + 1, 1_000])
def test_hostile_type_names_are_one_series_past_the_bound_also_over_restarts(types: int) -> None:
    unit = Observed()
    for part in range(2):
        for number in range(types):
            unit.meters["engine"].count(RECEIVED, type=f"t{part * 5_000 + number if number else 0}", channel="pc5")
        unit.report("engine")
        restart(unit, "engine")
    by_type = unit.registry.by_label(RECEIVED, "type")
    assert len(by_type) <= SERIES_OF_A_METRIC_MAX + 1
    assert sum(by_type.values()) == 2 * types
    assert by_type["t0"] == 2
    assert by_type[OTHER] == 2 * types - 1 - SERIES_OF_A_METRIC_MAX


def test_a_series_that_is_not_declared_is_left_out_and_counted_and_an_error_in_tests() -> None:
    meter = Meter("engine", 1, 0)
    meter.count("rsu_secret_total")
    meter.count(STORED, reason="a label it does not have")
    meter.gauge(RECEIVED, 1, type="x", channel="pc5")  # a counter
    lenient = Registry(["engine"])
    lenient.take(meter.report(1))
    assert lenient.counters() == {("rsu_reports_refused_total", (("reason", "undeclared"),)): 3}
    with pytest.raises(ValueError, match="rsu_secret_total"):
        Registry(["engine"], strict=True).take(meter.report(1))


def test_roles_are_bounded() -> None:
    registry = Registry()
    for number in range(ROLES_MAX + 1):
        registry.take(Meter(f"r{number}", 1, 0).report(1))
    assert len(registry.roles()) == ROLES_MAX
    assert registry.refused["role"] == 1


def test_a_role_is_up_while_it_reports_and_its_gauges_with_it() -> None:
    unit = Observed()
    assert [state.up for state in unit.registry.roles()] == [False] * 3
    unit.meters["engine"].gauge("rsu_queue_depth", 4, queue="records")
    unit.report()
    unit.pass_s(ROLE_SILENT_S, report=False)
    assert [state.up for state in unit.registry.roles()] == [True] * 3
    assert unit.registry.by_label("rsu_queue_depth", "queue") == {"records": 4}
    unit.now_ns += 1
    assert [state.up for state in unit.registry.roles()] == [False] * 3
    assert unit.registry.by_label("rsu_queue_depth", "queue") == {}


def test_a_role_that_says_it_stops_is_down_at_once() -> None:
    unit = Observed()
    unit.registry.take(unit.meters["engine"].report(unit.wall_ns(), stopping=True))
    assert {state.role: state.up for state in unit.registry.roles()}["engine"] is False


def test_rates_of_now_and_of_the_last_minute() -> None:
    unit = Observed(["engine"])
    unit.report()
    for second in range(90):  # 100 a second for 60 s, then 20
        unit.meters["engine"].count(RECEIVED, 100 if second < 60 else 20, type="SPAT", channel="pc5")
        unit.pass_s(1)
    history = unit.registry.history
    assert history.rate("received:SPAT", unit.now_ns) == 20
    assert history.rate("received:SPAT", unit.now_ns, 60) == (30 * 100 + 30 * 20) / 60
    assert history.grown(RECEIVED, unit.now_ns) == 30 * 100 + 30 * 20
    assert history.line("received:SPAT") == [100] * 30 + [20] * 30
    unit.pass_s(6, report=False)
    assert history.rate("received:SPAT", unit.now_ns) == 0  # nobody reports: nothing is known of now


def test_a_stage_of_the_last_minute() -> None:
    unit = Observed(["engine"])
    unit.meters["engine"].stage("publish", 4_000_000_000, 1_000)  # before the minute
    unit.report()
    unit.pass_s(61)
    unit.meters["engine"].stage("publish", 15_000, 100)
    unit.pass_s(1)
    buckets = unit.registry.history.stage("publish", unit.now_ns)
    assert sum(buckets) == 100
    assert quantile_ns(buckets, 0.5) == 15_000  # half way from 10 µs to 20 µs


@pytest.mark.parametrize(
    ("counts", "share", "expected"),
    [
        ({}, 0.5, None),
        ({0: 4}, 0.5, 5_000),  # half of 0 … 10 µs
        ({0: 1, 1: 1}, 0.5, 10_000),
        ({0: 1, 1: 1}, 0.75, 15_000),
        ({1: 99, 3: 1}, 0.99, 20_000),
        ({1: 98, 3: 2}, 0.99, 75_000),  # half way from 50 µs to 100 µs
        ({len(BOUNDS_NS): 1}, 0.99, 5_000_000_000),  # above all bounds: the last one
    ],
)
def test_quantiles_lie_inside_their_bucket(counts: dict[int, int], share: float, expected: float | None) -> None:
    buckets = [counts.get(index, 0) for index in range(len(BOUNDS_NS) + 1)]
    found = quantile_ns(buckets, share)
    assert found is None if expected is None else found == pytest.approx(expected)


def test_the_selftest_ages_by_a_clock_that_nobody_sets() -> None:
    unit = Observed()
    assert unit.registry.selftest_age_s() is None
    unit.meters["ingest"].count("rsu_selftest_passed_total")
    unit.report("ingest")
    unit.step_clock(3_600)
    unit.pass_s(7)
    assert unit.registry.selftest_age_s() == 7


def test_a_hostile_report_is_read_within_bounds() -> None:
    unit = Observed()
    right = Stage([1] * (len(BOUNDS_NS) + 1))
    stages = {"short": Stage([1, 2]), **{f"s{number}": right for number in range(STAGES_MAX + 1)}}
    senders = [("x", "y", float(number)) for number in range(10_000)]
    for pid in (1, 2):  # also over a restart
        report = msgspec.structs.replace(unit.meters["engine"].report(1), pid=pid, senders=senders, stages=stages)
        unit.registry.take(msgspec.msgpack.decode(msgspec.msgpack.encode(report), type=Report))
    assert len(unit.registry.senders()) == 20
    found = unit.registry.stages()
    assert len(found) == STAGES_MAX and "short" not in found
    assert found["s0"].buckets == [2] * (len(BOUNDS_NS) + 1)


def test_every_metric_says_what_it_is() -> None:
    for name, metric in METRICS.items():
        assert name.startswith("rsu_") and metric.help.endswith(".") and metric.by
        assert name.endswith("_total") == (metric.kind == "counter"), name
