"""The long runs, short; what counts as growing; and the page says what the record says."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rsu.frames import unwrap

from .kills import Plan as KillsPlan
from .kills import Turn
from .record import BEGIN, CHECKOUT, END, PAGE, RECORD, append, kills_entry, read, tables
from .steady import Sample, process_of
from .traffic import moments

DEADLINE_S = 300.0
TURNS = [Turn(Counter(ingest=1, engine=2), 900, 800, 0, 0, (1_000, 1_100)), Turn(Counter(engine=1), 90, 80, 0, 0, (900, 1_200))]


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder of a short name, for sockets lie below it."""
    with tempfile.TemporaryDirectory(prefix="soak-") as folder:
        yield Path(folder)


def soak(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tests.soak", *words]
    return subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, timeout=DEADLINE_S)


@pytest.mark.slow
def test_a_unit_bears_a_minute_of_twice_the_traffic_and_neither_loses_nor_grows(place: Path) -> None:
    file = place / "record.json"
    done = soak("steady", "--minutes", "1", "--rate", "4000", "--record", str(file), "--folder", str(place))
    assert done.returncode == 0, done.stderr
    (run,) = read(file)
    assert run["sent"] == run["ledger"]["received"] == run["ledger"]["stored"] >= 200_000
    assert [process["roles"] for process in run["processes"]] == ["supervisor", "ingest, engine", "record, uplink, broadcast"]
    assert max(run["queues_max"].values()) < 20_000


def test_kills_are_counted_by_role_and_recorded(place: Path) -> None:
    file = place / "record.json"
    done = soak("kills", "--count", "3", "--record", str(file), "--folder", str(place))
    assert done.returncode == 0, done.stderr
    (run,) = read(file)
    assert sum(run["by_role"].values()) == run["kills"] == 3 and run["acknowledged"] > 0
    assert (run["lost"], run["twice"]) == (0, 0)
    assert [path.name for path in place.iterdir()] == ["record.json"]


# A process by (seconds, KiB, fds); the run lasts 600 s, so that what it does before 300 s is warming up.
SHAPES = {
    "flat": ([(at, 90_000, 20) for at in range(0, 601, 10)], False),
    "warms-up": ([(at, min(90_000, 40_000 + 200 * at), 20) for at in range(0, 601, 10)], False),
    "one-step": ([(at, 90_000 if at < 450 else 94_000, 20) for at in range(0, 601, 10)], False),
    "leaks-2-mib-a-minute": ([(at, 90_000 + at * 2_048 // 60, 20) for at in range(0, 601, 10)], True),
    "leaks-files": ([(at, 90_000, 20 + at // 60) for at in range(0, 601, 10)], True),
    "files-come-and-go": ([(at, 90_000, 20 + at % 20 // 10) for at in range(0, 601, 10)], False),
}


@pytest.mark.parametrize(("seen", "grows"), SHAPES.values(), ids=SHAPES.keys())
def test_a_process_grows_when_it_goes_on_after_it_is_warm(seen: list[tuple[int, int, int]], grows: bool) -> None:
    samples = [Sample(at, {"engine": kib}, {"engine": fds}, {"engine": at * 0.25}, {}) for at, kib, fds in seen]
    found = process_of("engine", samples)
    assert (found.grows, found.cpu_share, found.rss_kib[0]) == (grows, 0.25, seen[0][1])


def test_the_slope_is_that_of_the_line_through_the_warm_samples() -> None:
    """1 KiB a second: 60 KiB a minute."""
    samples = [Sample(at, {"engine": 1_000 + at}, {"engine": 9}, {"engine": 0.0}, {}) for at in range(0, 601, 10)]
    assert process_of("engine", samples).slope_kib_min == pytest.approx(60.0)


def test_a_zone_sends_its_rate_in_order_and_no_frame_twice() -> None:
    sent = list(itertools.islice(moments(4_000, 1), 8_000))
    times = [at_ns for at_ns, _, _ in sent]
    assert times == sorted(times) and 1.9e9 < times[-1] < 2e9
    # 4,000 a second are 2,000 / 2,022 BSMs, and 10 of each 2,022 RSMs.
    kinds = Counter(kind for _, kind, _ in sent)
    assert kinds["BSM"] == pytest.approx(7_913, abs=10) and kinds["RSM"] == pytest.approx(39.6, abs=3)
    assert len({frame for _, _, frame in sent}) == 8_000 and unwrap(sent[0][2]).header == "dsmp"


def test_runs_are_kept_one_a_line(tmp_path: Path) -> None:
    path = tmp_path / "record.json"
    runs: list[dict[str, Any]] = [kills_entry(KillsPlan(seed, 4, 1_000), TURNS, 61.0, "0123456789") for seed in (1, 2)]
    for run in runs:
        append(path, run)
    assert read(path) == runs
    assert [json.loads(line.rstrip(",")) for line in path.read_text(encoding="utf-8").splitlines()[1:-1]] == runs


def test_a_run_of_kills_is_a_row_of_its_sums_and_its_worst_turn() -> None:
    rows = [line for line in tables([kills_entry(KillsPlan(7, 4, 1_000), TURNS, 90.0, "0123456789")]).splitlines() if line]
    cells = [cell.strip() for cell in rows[2].split("|")[1:-1]]
    assert cells == ["`0123456789`", "7", "4", "engine 3, ingest 1", "1,000", "1.5", "880", "0", "0", "0.9 → 1.2"]


def test_the_page_has_the_tables_of_the_record() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert page.partition(BEGIN)[2].partition(END)[0] == tables(read(RECORD))
