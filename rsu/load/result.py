"""The turns of a bench as one result: counts summed up, latencies and core shares as medians of the turns."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from typing import Any

from rsu.load.latency import Percentiles, median_of, merged, percentiles_ms
from rsu.load.sender import Load
from rsu.load.target import Ledger
from rsu.load.turn import Turn


def result_of(load: Load, turns: Sequence[Turn], echo: Sequence[Turn]) -> dict[str, Any]:
    """What `rsu bench --json` prints; ``*_ms`` is milliseconds, and None where nothing was measured.

    ``sent`` and what became of it are sums of all turns: a message lost in one of them is lost.
    """
    account = Ledger(*(sum(column) for column in zip(*(turn.ledger for turn in turns), strict=True)))
    ours, theirs = _publish(turns), _publish(echo)
    return {
        "rate": load.rate_hz,
        "seconds": load.seconds,
        "runs": len(turns),
        "standard": load.standard,
        "spacing": load.spacing,
        "sent": sum(turn.sent for turn in turns),
        "stored": account.stored,
        "shed": account.shed,
        "lost": sum(turn.lost for turn in turns),
        "quarantined": account.quarantined,
        "duplicate": account.duplicate,
        "refused": sum(turn.refused for turn in turns),
        "shown": sum(turn.shown for turn in turns),
        "view_gaps": sum(turn.view_gaps for turn in turns),
        "ingest_publish_ms": ours,
        "ingest_stored_ms": median_of(percentiles_ms(turn.stored) for turn in turns if turn.stored),
        "core_share": _median(turn.core_share for turn in turns),
        "processes": _by_name([turn.cores for turn in turns]),
        "stages_ms": _stages(turns),
        "echo": _echo(echo, theirs),
        "over_echo_ms": _difference(ours, theirs),
        "all_runs_ms": percentiles_ms(merged(turn.publish for turn in turns)),
        "sender_late_ms": median_of(percentiles_ms(turn.late) for turn in turns),
    }


def _publish(turns: Sequence[Turn]) -> Percentiles | None:
    return median_of(percentiles_ms(turn.publish) for turn in turns)


def _echo(echo: Sequence[Turn], latencies: Percentiles | None) -> dict[str, Any] | None:
    if not echo:
        return None
    lost = sum(turn.lost for turn in echo)
    return {"ingest_publish_ms": latencies, "core_share": _median(turn.core_share for turn in echo), "lost": lost}


def _difference(ours: Percentiles | None, theirs: Percentiles | None) -> Percentiles | None:
    if ours is None or theirs is None:
        return None
    return {name: round(ours[name] - theirs[name], 3) for name in ours}


def _stages(turns: Sequence[Turn]) -> dict[str, Percentiles]:
    names = sorted({name for turn in turns for name in turn.stages})
    together = {name: merged(turn.stages[name] for turn in turns if name in turn.stages) for name in names}
    found = {name: percentiles_ms(histogram) for name, histogram in together.items()}
    return {name: percentiles for name, percentiles in found.items() if percentiles is not None}


def _by_name(shares: Sequence[dict[str, float]]) -> dict[str, float]:
    names = sorted({name for share in shares for name in share})
    return {name: _median(share.get(name, 0.0) for share in shares) for name in names}


def _median(values: Iterable[float]) -> float:
    return round(statistics.median(values), 4)
