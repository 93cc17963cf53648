"""The clock is set by an hour while the unit runs: nothing is shed, lost or stored twice, and /status tells of it."""

from __future__ import annotations

import os
import shutil
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import zmq
from fault_figures import counted
from live_unit import LiveUnit, bsm, load, until

from rsu.pipeline import envelope
from rsu.pipeline.envelope import Heard, Inlet

HOUR_S = 3_600
SHIM = Path(__file__).with_name("fault_clock.c")
SECOND_NS = 1_000_000_000
PUSHED = 100


class Clock:
    """A system clock that can be set, for processes started with :attr:`environ`."""

    def __init__(self, folder: Path) -> None:
        library, self._file = folder / "clock.so", folder / "clock"
        subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", str(library), str(SHIM)], check=True)
        self.set(0)
        self.environ = {"LD_PRELOAD": str(library), "RSU_TEST_CLOCK": str(self._file)}

    def set(self, ahead_s: int) -> None:
        """So far ahead of the real one, from now on."""
        with self._file.open("r+b" if self._file.exists() else "w+b") as file:
            file.write(struct.pack("=d", ahead_s))


@pytest.fixture
def clock(tmp_path: Path) -> Iterator[Clock]:
    if shutil.which("cc") is None:
        pytest.skip("no C compiler: apt install gcc")
    yield Clock(tmp_path)


def ahead_s(clock: Clock) -> float:
    """How far ahead Python's clock is in a process of its own."""
    ask = [sys.executable, "-c", "import time; print(time.time_ns())"]
    answer = subprocess.run(ask, env={**os.environ, **clock.environ}, capture_output=True, check=True).stdout
    return (int(answer) - time.time_ns()) / SECOND_NS


def test_the_clock_that_is_set_is_the_one_that_python_reads(clock: Clock) -> None:
    for hours in (0, 1, -1):
        clock.set(hours * HOUR_S)
        assert ahead_s(clock) == pytest.approx(hours * HOUR_S, abs=5)


@pytest.mark.slow
@pytest.mark.parametrize("step_s", [HOUR_S, -HOUR_S], ids=["forward", "back"])
def test_a_clock_that_is_set_by_an_hour_costs_no_record_and_is_told(tmp_path: Path, clock: Clock, step_s: int) -> None:
    """Datagrams carry the kernel's time, which the shim does not move; what comes by the inlet carries the unit's own."""
    begun_ns = time.time_ns()
    with LiveUnit(tmp_path, environ=clock.environ, selftest_s=0) as unit:
        with load(unit):
            until(lambda: unit.stored() > 300, "records before")
            push(unit, range(1_000_000, 1_000_000 + PUSHED))
            until(lambda: pushed(unit) == PUSHED, "what was pushed before")
            clock.set(step_s)
            until(lambda: unit.status()["clock"]["steps"] == 1, "the step in /status")
            assert unit.status()["clock"]["last_step_s"] == pytest.approx(step_s, abs=1)
            push(unit, range(2_000_000, 2_000_000 + PUSHED))
            held = unit.sent
            until(lambda: unit.stored() > held + 1_000, "records behind the step")
            assert unit.ready() and counted(unit, "rsu_role_restarts_total") == 0
        assert unit.stop() == 0
    unit.assert_exactly_once()
    assert unit.ledger() == {
        "received": unit.sent + 2 * PUSHED, "stored": unit.sent + 2 * PUSHED, "quarantined": 0, "duplicate": 0, "shed": 0,
    }  # fmt: skip
    heard = [row[0] for row in unit.rows("SELECT receive_time_ns FROM message WHERE source = 'pc5' ORDER BY sequence")]
    assert begun_ns <= min(heard) and max(heard) <= time.time_ns()
    own = [row[0] for row in unit.rows("SELECT receive_time_ns FROM message WHERE source = 'box' ORDER BY sequence")]
    assert own[PUSHED] - own[PUSHED - 1] == pytest.approx(step_s * SECOND_NS, abs=60 * SECOND_NS)
    assert len(own) == 2 * PUSHED


def push(unit: LiveUnit, numbers: range) -> None:
    """Messages by the inlet, without a time of their own."""
    items = [Heard(source="box", data=bsm(number), standard="csae-157") for number in numbers]
    with zmq.Context() as context, context.socket(zmq.PUSH) as inlet:
        inlet.connect(f"ipc://{unit.state / 'run' / 'inlet'}")
        inlet.send(envelope.encode(Inlet(items=items)))
        inlet.linger = 5_000


def pushed(unit: LiveUnit) -> int:
    return int(unit.rows("SELECT count(*) FROM message WHERE source = 'box'")[0][0])
