"""When the unit is well: a table of checks, each a pure function of what was measured to ok, warn or fail and a sentence.

``warn``: it works, and somebody should look. ``fail``: it does not do its work, or is about to lose records.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Literal, NamedTuple

import msgspec

Level = Literal["ok", "warn", "fail"]
WORSE: Mapping[Level, int] = MappingProxyType({"ok": 0, "warn": 1, "fail": 2})


class Check(msgspec.Struct, frozen=True):
    """One check's answer.

    :param says: what was found.
    :param do: what to do about it; empty when all is well.
    """

    name: str
    level: Level
    says: str
    do: str = ""


class Parameters(msgspec.Struct, frozen=True, kw_only=True):
    """The limits of the checks."""

    selftest_periods_warn: float = 3  # one may be late on a busy box
    selftest_periods_fail: float = 6
    selftest_s_min_warn: float = 10  # with a short period a busy moment would look like a fault
    selftest_s_min_fail: float = 30
    restarts_window_s: float = 600
    outbox_age_s_warn: float = 300
    outbox_share_warn: float = 0.8
    outbox_share_fail: float = 0.98  # at its quota the outbox evicts
    upload_lag_s_warn: float = 300
    clock_step_window_s: float = 600
    shed_share_fail: float = 0.05
    rejected_share_warn: float = 0.2
    disk_share_warn: float = 0.1
    disk_share_fail: float = 0.02
    disk_octets_fail: int = 100_000_000


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What was measured; None: nothing reports it."""

    uptime_s: float
    roles_down: tuple[str, ...] = ()
    restarts_lately: int = 0
    selftest_period_s: float = 0
    selftest_age_s: float | None = None
    outbox_up: bool | None = None
    database_up: bool | None = None
    outbox_age_s: float | None = None
    outbox_octets: float | None = None
    outbox_octets_max: float = 0
    upload_lag_s: Mapping[str, float] = {}
    targets_down: tuple[str, ...] = ()
    clock_synchronised: bool = False
    clock_error_s: float = 0
    clock_error_s_max: float = 0
    clock_step_s: float | None = None
    received_minute: float = 0
    shed_minute: float = 0
    rejected_minute: float = 0
    disk_free_octets: int | None = None
    disk_total_octets: int = 0


class _Answer(NamedTuple):
    level: Level
    says: str
    do: str = ""


def _roles(facts: Facts, limits: Parameters) -> _Answer:
    if facts.roles_down:
        names = ", ".join(facts.roles_down)
        return _Answer("fail", f"silent: {names}", "the supervisor starts it again; its last lines in the log say why it ended")
    if facts.restarts_lately:
        found = f"{facts.restarts_lately} restarts in {limits.restarts_window_s / 60:.0f} min"
        return _Answer("warn", found, "look in the log for the fault before each start")
    return _Answer("ok", "all report")


def _selftest(facts: Facts, limits: Parameters) -> _Answer:
    period = facts.selftest_period_s
    if not period:
        return _Answer("ok", "switched off ([pipeline] selftest_s = 0)")
    age = facts.uptime_s if facts.selftest_age_s is None else facts.selftest_age_s
    found = f"{'not passed since the start' if facts.selftest_age_s is None else 'last passed'} {age:.0f} s ago"
    do = "records do not get through: see roles and queues; systemd restarts a unit that stays so"
    if age > max(limits.selftest_periods_fail * period, limits.selftest_s_min_fail):
        return _Answer("fail", found, do)
    if age > max(limits.selftest_periods_warn * period, limits.selftest_s_min_warn):
        return _Answer("warn", found, do)
    return _Answer("ok", found)


def _storage(facts: Facts, limits: Parameters) -> _Answer:
    if facts.outbox_up is False:
        return _Answer("fail", "the outbox takes no writes", "free the disk, or set [store] outbox to one that can be written")
    if facts.database_up is False:
        return _Answer("warn", "the database cannot be reached", "records wait in the outbox; check [store] url and its server")
    if facts.outbox_up is None:
        return _Answer("warn", "the recorder has not reported yet", "wait; if it stays so, look for the role record in the log")
    return _Answer("ok", "outbox and database take writes" if facts.database_up else "the outbox takes writes")


def _outbox(facts: Facts, limits: Parameters) -> _Answer:
    share = (facts.outbox_octets or 0) / facts.outbox_octets_max if facts.outbox_octets_max else 0
    age = facts.outbox_age_s or 0
    found = f"{share:.0%} of its quota, oldest undelivered {age:.0f} s"
    do = "bring the database or platform back, or raise [store] outbox_octets_max"
    if share >= limits.outbox_share_fail:
        return _Answer("fail", found, f"the least important records are being evicted: {do}")
    if share >= limits.outbox_share_warn or age > limits.outbox_age_s_warn:
        return _Answer("warn", found, do)
    return _Answer("ok", found)


def _uplink(facts: Facts, limits: Parameters) -> _Answer:
    if facts.targets_down:
        names = ", ".join(facts.targets_down)
        return _Answer("warn", f"not connected: {names}", "check the network and the platform; records wait in the outbox")
    late = {name: lag for name, lag in facts.upload_lag_s.items() if lag > limits.upload_lag_s_warn}
    if late:
        name = max(late, key=lambda target: late[target])
        found = f"{name} is {late[name]:.0f} s behind"
        return _Answer("warn", found, "the link is slower than what is heard: lower the upload rates")
    return _Answer("ok", f"none of {len(facts.upload_lag_s)} is behind" if facts.upload_lag_s else "no target")


def _clock(facts: Facts, limits: Parameters) -> _Answer:
    do = "start chrony, ntpd or ptp4l; until then times are marked as uncertain"
    if not facts.clock_synchronised:
        return _Answer("warn", "nothing keeps the clock right", do)
    found = f"error {facts.clock_error_s * 1e3:.1f} ms"
    if facts.clock_error_s > facts.clock_error_s_max:
        found = f"{found}, allowed {facts.clock_error_s_max * 1e3:.0f} ms"
        return _Answer("warn", found, "check the time source of chrony or ptp4l")
    if facts.clock_step_s is not None:
        found = f"the clock jumped by {facts.clock_step_s:+.3f} s"
        return _Answer("warn", found, "records around the jump carry times of both clocks; find out who set it")
    return _Answer("ok", found)


def _load(facts: Facts, limits: Parameters) -> _Answer:
    if not facts.shed_minute:
        return _Answer("ok", "nothing shed in the last minute")
    share = facts.shed_minute / max(facts.received_minute, facts.shed_minute)
    found = f"{facts.shed_minute:.0f} shed in the last minute, {share:.1%}"
    level: Level = "fail" if share >= limits.shed_share_fail else "warn"
    return _Answer(level, found, "more is heard than this box can do: see queues; give the engine a core of its own")


def _content(facts: Facts, limits: Parameters) -> _Answer:
    share = facts.rejected_minute / facts.received_minute if facts.received_minute else 0
    found = f"{facts.rejected_minute:.0f} rejected in the last minute, {share:.0%}"
    if share > limits.rejected_share_warn:
        return _Answer("warn", found, "see the reasons: a wrong [[radio]] standard or header looks like this")
    return _Answer("ok", found)


def _disk(facts: Facts, limits: Parameters) -> _Answer:
    if facts.disk_free_octets is None or not facts.disk_total_octets:
        return _Answer("warn", "its free space cannot be asked", "check [unit] state_dir")
    share = facts.disk_free_octets / facts.disk_total_octets
    found = f"{facts.disk_free_octets / 1e9:.1f} GB free, {share:.0%}"
    do = "free space, or lower the quotas in [store] and [recording]"
    if share < limits.disk_share_fail or facts.disk_free_octets < limits.disk_octets_fail:
        return _Answer("fail", found, do)
    return _Answer("warn", found, do) if share < limits.disk_share_warn else _Answer("ok", found)


#: Name → rule, in the order they are shown.
RULES: Mapping[str, Callable[[Facts, Parameters], _Answer]] = MappingProxyType(
    {
        "roles": _roles,
        "selftest": _selftest,
        "storage": _storage,
        "outbox": _outbox,
        "uplink": _uplink,
        "clock": _clock,
        "load": _load,
        "content": _content,
        "disk": _disk,
    }
)


def judge(facts: Facts, limits: Parameters | None = None) -> list[Check]:
    """The answers of all checks."""
    limits = limits or Parameters()
    return [Check(name, *rule(facts, limits)) for name, rule in RULES.items()]


def worst(checks: list[Check]) -> Level:
    """The level of the unit as a whole."""
    return max((check.level for check in checks), key=lambda level: WORSE[level], default="ok")
