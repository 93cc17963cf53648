"""The table of checks: what is measured at, and just past, each limit; and what Health measures itself."""

from __future__ import annotations

from typing import Any

import pytest
from observed import Observed, well

from rsu.config import Config, Pipeline
from rsu.observability.clock import ClockQuality
from rsu.observability.rules import RULES, Facts, judge, worst

GB = 1_000_000_000
WELL: dict[str, Any] = {
    "uptime_s": 1_000.0,
    "selftest_period_s": 5.0,
    "selftest_age_s": 3.0,
    "outbox_up": True,
    "database_up": True,
    "outbox_age_s": 1.0,
    "outbox_octets": 10.0,
    "outbox_octets_max": 100.0,
    "upload_lag_s": {"database": 1.0},
    "clock_synchronised": True,
    "clock_error_s": 0.001,
    "clock_error_s_max": 0.15,
    "received_minute": 1_000.0,
    "disk_free_octets": 50 * GB,
    "disk_total_octets": 100 * GB,
}


def test_a_unit_that_is_well_has_nothing_to_do() -> None:
    checks = judge(Facts(**WELL))
    assert [check.name for check in checks] == list(RULES)
    assert {check.level for check in checks} == {"ok"}
    assert not any(check.do for check in checks)


@pytest.mark.parametrize(
    ("changed", "name", "level", "says"),
    [
        ({"roles_down": ("engine",)}, "roles", "fail", "silent: engine"),
        ({"restarts_lately": 2}, "roles", "warn", "2 restarts in 10 min"),
        ({"selftest_age_s": 15.0}, "selftest", "ok", "last passed 15 s ago"),
        ({"selftest_age_s": 15.1}, "selftest", "warn", "last passed 15 s ago"),
        ({"selftest_age_s": 30.0}, "selftest", "warn", "last passed 30 s ago"),
        ({"selftest_age_s": 30.1}, "selftest", "fail", "last passed 30 s ago"),
        ({"selftest_age_s": None, "uptime_s": 9.0}, "selftest", "ok", "not passed since the start 9 s ago"),
        ({"selftest_age_s": None, "uptime_s": 31.0}, "selftest", "fail", "not passed since the start 31 s ago"),
        ({"selftest_period_s": 0, "selftest_age_s": None}, "selftest", "ok", "switched off"),
        ({"selftest_period_s": 0.5, "selftest_age_s": 9.0}, "selftest", "ok", "last passed"),
        ({"selftest_period_s": 60.0, "selftest_age_s": 181.0}, "selftest", "warn", "last passed"),
        ({"outbox_up": False}, "storage", "fail", "the outbox takes no writes"),
        ({"database_up": False}, "storage", "warn", "the database cannot be reached"),
        ({"outbox_up": None}, "storage", "warn", "has not reported"),
        ({"outbox_octets": 79.0}, "outbox", "ok", "79% of its quota"),
        ({"outbox_octets": 80.0}, "outbox", "warn", "80% of its quota"),
        ({"outbox_octets": 98.0}, "outbox", "fail", "98% of its quota"),
        ({"outbox_age_s": 301.0}, "outbox", "warn", "oldest undelivered 301 s"),
        ({"targets_down": ("mqtt",)}, "uplink", "warn", "not connected: mqtt"),
        ({"upload_lag_s": {"nats": 301.0, "mqtt": 900.0}}, "uplink", "warn", "mqtt is 900 s behind"),
        ({"upload_lag_s": {}}, "uplink", "ok", "no target"),
        ({"clock_synchronised": False}, "clock", "warn", "nothing keeps the clock right"),
        ({"clock_error_s": 0.15}, "clock", "ok", "error 150.0 ms"),
        ({"clock_error_s": 0.151}, "clock", "warn", "error 151.0 ms, allowed 150 ms"),
        ({"clock_step_s": -3600.0}, "clock", "warn", "jumped by -3600.000 s"),
        ({"shed_minute": 49.0}, "load", "warn", "49 shed in the last minute, 4.9%"),
        ({"shed_minute": 50.0}, "load", "fail", "50 shed in the last minute, 5.0%"),
        ({"rejected_minute": 200.0}, "content", "ok", "200 rejected"),
        ({"rejected_minute": 201.0}, "content", "warn", "201 rejected"),
        ({"disk_free_octets": 10 * GB}, "disk", "ok", "10.0 GB free, 10%"),
        ({"disk_free_octets": 9 * GB}, "disk", "warn", "9.0 GB free, 9%"),
        ({"disk_free_octets": 1 * GB}, "disk", "fail", "1.0 GB free, 1%"),
        ({"disk_free_octets": 99_999_999, "disk_total_octets": 200_000_000}, "disk", "fail", "0.1 GB free"),
        ({"disk_free_octets": None}, "disk", "warn", "cannot be asked"),
    ],
)
def test_each_limit(changed: dict[str, Any], name: str, level: str, says: str) -> None:
    checks = judge(Facts(**(WELL | changed)))
    (check,) = (check for check in checks if check.name == name)
    assert (check.level, worst(checks)) == (level, level)
    assert says in check.says
    assert bool(check.do) == (level != "ok")


def levels(unit: Observed) -> dict[str, str]:
    return {check.name: check.level for check in unit.health.checks() if check.level != "ok"}


def test_a_unit_whose_roles_report_is_alive_and_ready() -> None:
    unit = well()
    assert levels(unit) == {}
    assert (unit.health.alive()[0], unit.health.ready()[0]) == (True, True)


def test_a_unit_that_starts_is_alive_and_not_ready() -> None:
    unit = Observed()
    assert (unit.health.alive()[0], unit.health.ready()[0]) == (True, False)
    unit.report()  # all roles are there, but the recorder has not said that it can write
    assert unit.health.ready()[0] is False


def test_a_role_that_falls_silent_makes_the_unit_not_ready() -> None:
    unit = well()
    for _ in range(6):
        unit.now_ns += 1_000_000_000
        unit.report("ingest", "record")
    assert levels(unit)["roles"] == "fail"
    assert unit.health.ready()[0] is False


def test_records_that_do_not_get_through_end_the_signs_of_life() -> None:
    """All roles report, but the selftest does not come back: the watchdog must not be fed."""
    unit = well(config=Config(pipeline=Pipeline(selftest_s=5)))
    unit.pass_s(30)
    assert unit.health.alive()[0] is True
    unit.pass_s(1)
    assert unit.health.alive()[0] is False
    unit.meters["ingest"].count("rsu_selftest_passed_total")
    unit.report("ingest")
    assert unit.health.alive()[0] is True


@pytest.mark.parametrize("by_s", [3_600, -3_600])
def test_a_step_of_the_clock_is_told_for_ten_minutes_and_changes_no_age(by_s: int) -> None:
    unit = well()
    unit.pass_s(3)
    unit.step_clock(by_s)
    unit.now_ns += 1_000_000_000
    step = unit.health.look()
    assert step is not None and step.by_s == by_s
    unit.report()
    assert levels(unit) == {"clock": "warn"}
    assert unit.health.uptime_s() == 4
    unit.pass_s(601)
    assert "clock" not in levels(unit)


def test_a_restart_is_told_and_shed_records_too() -> None:
    unit = well()
    unit.meters["record"].count("rsu_shed_total", 0, reason="age")
    unit.report()
    unit.pass_s(2)
    unit.meters["record"].count("rsu_shed_total", 7, reason="age")
    unit.pass_s(2)
    unit.meters["engine"] = unit.meter("engine", pid=1)
    unit.report()
    assert levels(unit) == {"roles": "warn", "load": "fail"}
    unit.meters["ingest"].count("rsu_selftest_passed_total")
    unit.pass_s(62)
    assert "load" not in levels(unit)


def test_a_clock_that_nothing_keeps_is_told() -> None:
    unit = well()
    unit.clock = ClockQuality(16.0, False, 16.0)
    unit.now_ns += 1_000_000_000
    assert levels(unit)["clock"] == "warn"
    assert unit.health.ready()[0] is True
