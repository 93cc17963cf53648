"""What is measured, and the four ways to look at it: its bus, its outbox, its ledger and its stage times."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from rsu.errors import SourceError
from rsu.load.sender import Aim

STAGES = "rsu_stage_seconds"
METRICS_S_MAX = 5.0
METRICS_OCTETS_MAX = 16_777_216


class Ledger(NamedTuple):
    """What became of records: received = stored + quarantined + duplicate + shed."""

    received: int = 0
    stored: int = 0
    quarantined: int = 0
    duplicate: int = 0
    shed: int = 0

    def since(self, before: Ledger) -> Ledger:
        return Ledger(*(now - then for now, then in zip(self, before, strict=True)))


class Heads(Protocol):
    """The newest number on the disk of a boot of the unit."""

    def head(self, rsu: str, boot: bytes) -> int:
        """The last sequence number that is committed, 0 for none."""


class Buckets(NamedTuple):
    """A Prometheus histogram: upper bounds in seconds, and how many fell between each and the one before."""

    bounds_s: Sequence[float]
    counts: Sequence[int]

    def since(self, before: Buckets | None) -> Buckets:
        if before is None:
            return self
        return Buckets(self.bounds_s, [now - then for now, then in zip(self.counts, before.counts, strict=True)])


@dataclass
class Target:
    """A unit, or the echo pipeline.

    :param bus: endpoint of its XPUB.
    :param aim: where its load goes.
    :param pids: asked before and after a load: its processes and their names.
    :param ledger: None where nothing counts what became of a record: then what was shown counts as stored.
    :param complaint: why it is not there any more; empty while it is.
    """

    name: str
    bus: str
    aim: Aim
    pids: Callable[[], Mapping[int, str]]
    rsu: str = ""
    heads: Heads | None = None
    ledger: Callable[[], Ledger] | None = None
    stages: Callable[[], Mapping[str, Buckets]] | None = None
    complaint: Callable[[], str] = field(default=str)


def stages_at(url: str) -> Callable[[], Mapping[str, Buckets]]:
    """What reads the stage times at a unit's `/metrics`."""
    return lambda: stages_in(_text_at(url))


def stages_in(text: str) -> dict[str, Buckets]:
    """The stage histograms in a Prometheus text, those of all roles added up."""
    from prometheus_client.parser import text_string_to_metric_families

    sums: dict[str, dict[float, float]] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            if sample.name == f"{STAGES}_bucket" and "le" in sample.labels:
                of_stage = sums.setdefault(sample.labels.get("stage", ""), {})
                bound = float(sample.labels["le"])
                of_stage[bound] = of_stage.get(bound, 0.0) + sample.value
    return {stage: _buckets(cumulative) for stage, cumulative in sums.items()}


def _buckets(cumulative: Mapping[float, float]) -> Buckets:
    bounds = sorted(cumulative)
    upto = [int(cumulative[bound]) for bound in bounds]
    return Buckets(bounds, [here - before for here, before in zip(upto, [0, *upto], strict=False)])


def _text_at(url: str) -> str:
    try:
        with urllib.request.urlopen(url, timeout=METRICS_S_MAX) as answer:
            octets: bytes = answer.read(METRICS_OCTETS_MAX)
    except (urllib.error.URLError, OSError) as error:
        raise SourceError(f"{url}: cannot be read: {error}; is [observability] listen set, and the unit running?") from error
    return octets.decode("utf-8", "replace")
