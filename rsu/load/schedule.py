"""When each message is due: nanoseconds from the start of a turn, and of which kind it is."""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rsu.errors import ConfigError
from rsu.load.mix import NUMBERS_MAX, Mix

SECOND_NS = 1_000_000_000
FIRST_NUMBER = 1_024
"""Running numbers below it are of probes, which ask whether a unit is there."""
Spacing = Literal["even", "poisson"]


class Schedule(NamedTuple):
    """``due_ns``: (n,) int64, nanoseconds after the start, rising. ``kinds``: (n,) uint8, index into the mix's kinds."""

    due_ns: NDArray[np.int64]
    kinds: NDArray[np.uint8]


def schedule(mix: Mix, rate_hz: int, seconds: float, spacing: Spacing = "even", seed: int = 1) -> Schedule:
    """The schedule of ``rate_hz`` messages a second.

    ``even``: each kind at its own even pace, each with its own phase, as periodic senders are. ``poisson``: as many
    senders that know nothing of each other: exponential gaps, kinds by chance.

    :raises ConfigError: for a rate or a time that is none, or more messages than can be numbered.
    """
    if rate_hz < 1 or seconds <= 0:
        raise ConfigError(f"rate {rate_hz}/s for {seconds:g} s: must be at least one message")
    count = max(1, round(rate_hz * seconds))
    if count > NUMBERS_MAX - FIRST_NUMBER:
        most = f"one turn numbers at most {NUMBERS_MAX - FIRST_NUMBER}"
        raise ConfigError(f"{rate_hz}/s for {seconds:g} s: {count} messages, {most}; bench for less time")
    shares = np.array([kind.rate_hz for kind in mix.kinds], dtype=np.float64)
    shares /= shares.sum()
    random = np.random.default_rng(seed)
    if spacing == "poisson":
        due_s = np.cumsum(random.exponential(1 / rate_hz, count))
        kinds = random.choice(len(shares), size=count, p=shares)
    else:
        due_s, kinds = _even(_counts(count, shares), seconds, random)
    return Schedule((due_s * SECOND_NS).astype(np.int64), kinds.astype(np.uint8))


def _counts(count: int, shares: NDArray[np.float64]) -> NDArray[np.int64]:
    """How many of each kind; what rounding leaves goes to the largest share."""
    counts = np.floor(shares * count + 1e-6).astype(np.int64)
    counts[int(shares.argmax())] += count - counts.sum()
    return counts


def _even(
    counts: NDArray[np.int64], seconds: float, random: np.random.Generator
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    times = [(np.arange(count) + random.random()) * seconds / max(1, count) for count in counts]
    due_s, kinds = np.concatenate(times), np.repeat(np.arange(len(counts)), counts)
    order = np.argsort(due_s, kind="stable")
    return due_s[order], kinds[order]
