"""What a unit has to reach at which message rate: the one table, and how a result stands to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple


class TargetRow(NamedTuple):
    """At up to ``rate_hz`` messages a second, ``measure`` is at most ``most``; ``rate_hz`` 0: at any rate."""

    rate_hz: int
    measure: str
    most: float
    unit: str


TARGETS: tuple[TargetRow, ...] = (
    TargetRow(2_000, "ingest_publish_ms.p50", 0.3, "ms"),
    TargetRow(2_000, "ingest_publish_ms.p99", 2.0, "ms"),
    TargetRow(2_000, "ingest_publish_ms.p999", 5.0, "ms"),
    TargetRow(2_000, "core_share", 0.15, "cores"),
    TargetRow(10_000, "ingest_publish_ms.p99", 5.0, "ms"),
    TargetRow(20_000, "lost", 0.0, "messages"),
    TargetRow(20_000, "shed", 0.0, "messages"),
    TargetRow(0, "ingest_stored_ms.p99", 500.0, "ms"),
)

HIGHEST_P99_MS = 5.0
"""What `--find` holds p99 under: the target of a full 20 MHz channel."""


OVER_ECHO = {"ingest_publish_ms": "over_echo_ms"}
"""Latencies of which the echo pipeline's part is known."""


class Verdict(NamedTuple):
    """A row against what was measured; ``met`` is None where nothing was measured.

    :param over_echo: what is left of a latency without the echo pipeline's: the machine's share, and its other users'.
    """

    row: TargetRow
    measured: float | None
    met: bool | None
    over_echo: float | None = None

    @property
    def word(self) -> str:
        """For people."""
        if self.met is None:
            return "not measured"
        if self.met:
            return "met"
        return "NOT MET" if self.over_echo is None or self.over_echo > self.row.most else "met over the echo"


def verdicts(result: dict[str, Any]) -> list[Verdict]:
    """The rows that apply to a result, as `rsu bench --json` gives it: of each measure the one of the lowest rate at or above
    the measured."""
    found = []
    for row in _applying(result["rate"]):
        measured = _at(result, row.measure)
        name, _, percentile = row.measure.partition(".")
        over_echo = _at(result, f"{OVER_ECHO[name]}.{percentile}") if name in OVER_ECHO else None
        found.append(Verdict(row, measured, None if measured is None else measured <= row.most, over_echo))
    return found


def holds(result: dict[str, Any], p99_ms: float = HIGHEST_P99_MS) -> bool:
    """Whether p99 and loss hold at the rate of a result."""
    p99 = _at(result, "ingest_publish_ms.p99")
    return p99 is not None and p99 <= p99_ms and result["lost"] == 0 and result["shed"] == 0 and result["refused"] == 0


def highest(holds_at: Callable[[int], bool], first: int, most: int, resolution: float = 0.05) -> int:
    """The highest rate that holds, to ``resolution`` of itself: doubled until one does not, then bisected. 0: not even the
    lowest tried."""
    good, bad = 0, 0
    rate = first
    while not bad and good < most:
        if holds_at(rate):
            good, rate = rate, min(2 * rate, most)
        else:
            bad = rate
    while bad and bad - good > max(1, resolution * bad):
        rate = (good + bad) // 2
        if holds_at(rate):
            good = rate
        else:
            bad = rate
    return good


def _applying(rate_hz: int) -> Iterator[TargetRow]:
    for row in TARGETS:
        nearest = min(
            (other.rate_hz for other in TARGETS if other.measure == row.measure and other.rate_hz >= rate_hz), default=0
        )
        if row.rate_hz in (0, nearest):
            yield row


def _at(result: dict[str, Any], measure: str) -> float | None:
    value: Any = result
    for part in measure.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return None if value is None else float(value)
