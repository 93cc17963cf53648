"""Benches of several rates: the ladder of a plot and the search for the highest rate, over turns that are made up."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from rsu.errors import SourceError
from rsu.load.latency import histogram
from rsu.load.measure import Pair
from rsu.load.plot import plot
from rsu.load.sender import Load
from rsu.load.target import Ledger
from rsu.load.turn import Bench, Turn

MS = 1_000_000
LOAD = Load("csae-53", 1_000, 20.0)


class MadeUp:
    """Turns with a latency that grows with the rate, and from a rate on losses."""

    def __init__(self, ms_at_1000: float, loses_above: int = 10**9) -> None:
        self.loads: list[Load] = []
        self._ms, self._loses_above = ms_at_1000, loses_above

    def turn(self, load: Load) -> Turn:
        self.loads.append(load)
        latency = histogram(np.array([round(self._ms * MS * load.rate_hz / 1_000)]))
        lost = int(load.rate_hz > self._loses_above)
        ledger = Ledger(100, 100 - lost)
        return Turn(100, 0, 100, ledger, latency, None, latency, {"run": 0.25, "engine": 0.5}, {"decode": latency})


def pair(unit: MadeUp, echo: MadeUp) -> Pair:
    return Pair(cast(Bench, unit), cast(Bench, echo))


def measured(both: Pair, **more: Any) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    wanted: dict[str, Any] = {"find": False, "ladder": False, "say": lambda text: None}
    return both.measured(LOAD, 2, **(wanted | more))


def test_unit_and_echo_take_turns_and_the_difference_is_told() -> None:
    unit, echo = MadeUp(1.0), MadeUp(0.25)
    result, others = measured(pair(unit, echo))
    assert others == []
    assert [(load.seconds, load.seed) for load in unit.loads] == [(20.0, 1), (20.0, 2)]
    assert [(load.seconds, load.seed) for load in echo.loads] == [(10.0, 1), (10.0, 2)]  # the echo's are short
    assert (result["sent"], result["lost"], result["core_share"]) == (200, 0, 0.75)
    assert result["processes"] == {"engine": 0.5, "run": 0.25}
    assert result["over_echo_ms"]["p99"] == pytest.approx(0.75, rel=0.01)
    assert result["stages_ms"]["decode"]["p50"] == pytest.approx(1.0, rel=0.01)


def test_a_loss_in_one_run_is_a_loss() -> None:
    result, _ = measured(pair(MadeUp(1.0, loses_above=999), MadeUp(1.0)))
    assert (result["sent"], result["stored"], result["lost"]) == (200, 198, 2)


@pytest.mark.parametrize(
    ("unit", "rate"),
    [
        (MadeUp(0.1), 50_000),
        (MadeUp(9.0), 555),
        (MadeUp(0.1, loses_above=30_000), 30_000),
        (MadeUp(0.1, loses_above=0), 0),
    ],
    ids=["p99-over-5-ms", "below-the-rate-given", "losses", "never"],
)
def test_the_highest_rate_is_that_of_latency_or_of_loss(unit: MadeUp, rate: int) -> None:
    result, tried = measured(pair(unit, MadeUp(0.01)), find=True)
    assert result["highest_rate"] == pytest.approx(rate, rel=0.06)
    assert result["rate"] == (result["highest_rate"] or LOAD.rate_hz)
    assert [one["rate"] for one in tried] == sorted({one["rate"] for one in tried})


def test_a_plot_shows_lower_rates_too(tmp_path: Path) -> None:
    result, others = measured(pair(MadeUp(1.0), MadeUp(0.25)), ladder=True)
    assert [one["rate"] for one in others] == [125, 250, 500]
    picture = tmp_path / "latency.svg"
    plot([*others, result], picture)
    assert "<svg" in picture.read_text()


def test_a_plot_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    result, _ = measured(pair(MadeUp(1.0), MadeUp(0.25)))
    with pytest.raises(SourceError, match=r"nowhere/a\.svg: cannot be written"):
        plot([result], tmp_path / "nowhere" / "a.svg")
