"""What the bench is tested on: stand-ins of a unit."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from load_units import StandIn, start


@pytest.fixture
def stand_in(tmp_path: Path) -> Iterator[Callable[..., StandIn]]:
    """Starts a stand-in, and ends it with the test: ``stand_in("forget=10")``."""
    started: list[StandIn] = []

    def begin(*words: str) -> StandIn:
        started.append(start(tmp_path, *words))
        return started[-1]

    yield begin
    for one in started:
        one.process.terminate()
        one.process.wait(10)
