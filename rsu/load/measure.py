"""A whole bench: the unit and the echo pipeline take turns; one rate, several, or the highest that holds."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from rsu.load.echo import Echo
from rsu.load.result import result_of
from rsu.load.sender import Aim, Load
from rsu.load.target import Target
from rsu.load.targets import highest, holds
from rsu.load.turn import Bench

RATE_MAX = 200_000
ECHO_S_MAX = 10.0
"""The echo pipeline takes no longer turns: it has no memory that fills."""
TRIES = 2
"""Of a rate that does not hold: on a shared machine a neighbour may have taken the core."""
PLOT_SHARES = (0.125, 0.25, 0.5)
"""Of the measured rate: the other points of a plot."""

Said = Callable[[str], None]


def echo_target(echo: Echo) -> Target:
    """The echo pipeline as a target: it stores and counts nothing, so what it shows counts as stored."""
    return Target("echo pipeline", echo.bus, Aim("udp", echo.udp), lambda: echo.pids)


class Pair:
    """A unit and the echo pipeline beside it."""

    def __init__(self, unit: Bench, echo: Bench) -> None:
        self._unit, self._echo = unit, echo

    def result(self, load: Load, runs: int, say: Said) -> dict[str, Any]:
        """``runs`` turns of each, one after the other."""
        short = load._replace(seconds=min(load.seconds, ECHO_S_MAX))
        ours, theirs = [], []
        for run in range(runs):
            seeded = load._replace(seed=load.seed + run)
            say(f"{load.rate_hz}/s, run {run + 1} of {runs}: unit")
            ours.append(self._unit.turn(seeded))
            say(f"{load.rate_hz}/s, run {run + 1} of {runs}: echo")
            theirs.append(self._echo.turn(short._replace(seed=seeded.seed)))
        return result_of(load, ours, theirs)

    def measured(
        self, load: Load, runs: int, *, find: bool, ladder: bool, say: Said
    ) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        """The result at the load's rate or, found around it, the highest that holds (``highest_rate``, 0: none);
        and the results at other rates."""
        if not find:
            others = self.ladder(load, say) if ladder else []
            return self.result(load, runs, say), others
        rate_hz, others = self.highest(load, say)
        result = self.result(load._replace(rate_hz=rate_hz or load.rate_hz), runs, say)
        return result | {"highest_rate": rate_hz}, others

    def highest(self, load: Load, say: Said) -> tuple[int, list[dict[str, Any]]]:
        """The highest rate at which p99 and loss hold, and the result of each rate that was tried."""
        tried: dict[int, dict[str, Any]] = {}

        def held(rate_hz: int) -> bool:
            for _ in range(TRIES):
                tried[rate_hz] = self.result(load._replace(rate_hz=rate_hz), 1, say)
                if holds(tried[rate_hz]):
                    return True
            return False

        return highest(held, load.rate_hz, RATE_MAX), [tried[rate] for rate in sorted(tried)]

    def ladder(self, load: Load, say: Said) -> list[dict[str, Any]]:
        """Results at lower rates, for a plot."""
        rates = sorted({max(1, int(load.rate_hz * share)) for share in PLOT_SHARES} - {load.rate_hz})
        return [self.result(load._replace(rate_hz=rate), 1, say) for rate in rates]


@contextlib.contextmanager
def pair(target: Target, standard: str, folder: Path, say: Said) -> Iterator[Pair]:
    """The target, once it is there, and an echo pipeline with its sockets in ``folder``.

    :raises SourceError: where the target is not there in time.
    """
    with contextlib.ExitStack() as stack:
        echo = Echo(folder)
        stack.callback(echo.close)
        benches = [Bench(target, standard), Bench(echo_target(echo), standard)]
        for bench in benches:
            stack.callback(bench.close)
        for bench in benches:
            say(f"waiting for {bench.target.name}")
            bench.wait_until_there()
        yield Pair(*benches)
