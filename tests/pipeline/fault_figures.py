"""What a fault test reads in the pages of a unit."""

from __future__ import annotations

from live_unit import LiveUnit


def check(unit: LiveUnit, name: str) -> tuple[str, str]:
    """The level and the words of a check in /status."""
    found = next(row for row in unit.status()["health"]["checks"] if row["name"] == name)
    return found["level"], found["says"]


def processes(unit: LiveUnit) -> dict[int, dict[str, int]]:
    """Process → what it takes of the machine."""
    return {row["pid"]: {name: row[name] for name in ("rss_octets", "fds")} for row in unit.status()["roles"] if row["up"]}


def rss_octets(unit: LiveUnit) -> int:
    """Memory of all processes that hold roles."""
    return sum(process["rss_octets"] for process in processes(unit).values())


def counted(unit: LiveUnit, metric: str) -> int:
    """The sum of all series of a counter."""
    return int(sum(value for series, value in unit.metrics().items() if series.partition("{")[0] == metric))
