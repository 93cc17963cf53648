"""The bundled log is what its generator makes, obeys its own signals, and comes out of the engine as counted by hand."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import pytest

import rsu
from rsu.engine import Engine, Outcome, Quarantined, Settings, Stored
from rsu.frames import unwrap
from rsu.sources import open_source

LOGS = Path(__file__).resolve().parent.parent / "replay_logs"
LOG = LOGS / "city_minute.pcap"
START_NS = int(datetime(2026, 5, 12, 0, 30, 20, tzinfo=UTC).timestamp()) * 10**9
STANDARDS = ("csae-157", "sae-j2735")

# Sixty seconds. Each rate of the standards less what was damaged on purpose (QUARANTINED below).
ROADSIDE = {
    ("dsmp", "SPAT"): 600 - 1,
    ("wsmp", "SPAT"): 600 - 2,
    ("dsmp", "RoadsideSafetyMessage"): 600 - 1,
    ("dsmp", "MapData"): 60 - 1,
    ("wsmp", "MapData"): 60 - 1,
    # A sign each second, road works every half second.
    ("dsmp", "RoadSideInformation"): 60 + 120 - 1,
}

# The damages in their order, and what a receiver can say of each. A radio header that does not fit the octets exactly is
# no header, so nothing says the standard any more.
QUARANTINED = [
    ("truncated", "BasicSafetyMessage"),
    ("no-standard", ""),
    ("unknown-id", "MessageFrame"),
    ("range", "BasicSafetyMessage"),
    ("no-standard", ""),
    ("trailing", "MessageFrame"),
    ("truncated", "MapData"),
    ("no-standard", ""),
    ("security", ""),
    ("no-standard", ""),
    ("padding", "MessageFrame"),
    ("trailing", "MessageFrame"),
    ("unknown-id", "MessageFrame"),
    ("truncated", "MapData"),
]


@pytest.fixture(scope="module")
def outcomes() -> list[Outcome]:
    """What the engine makes of each record."""
    engine = Engine(Settings(), {name: rsu.load_schema(name) for name in STANDARDS})
    with open_source(LOG) as source:
        return [engine.step(received, received.receive_time_ns) for received in source]


@pytest.fixture(scope="module")
def stored(outcomes: list[Outcome]) -> list[Stored]:
    return [outcome for outcome in outcomes if isinstance(outcome, Stored)]


def test_the_generator_makes_the_same_octets_again(tmp_path: Path) -> None:
    again = tmp_path / "again.pcap"
    subprocess.run([sys.executable, LOGS / "city_minute.py", "-o", again], check=True, stdout=subprocess.DEVNULL)
    assert again.read_bytes() == LOG.read_bytes()


def test_messages_come_at_the_rates_of_the_standards(stored: list[Stored]) -> None:
    counted = Counter((row.header, row.type) for row in stored if row.type != "BasicSafetyMessage")
    assert counted == ROADSIDE


def test_each_damage_is_quarantined_with_its_reason_and_nothing_else(outcomes: list[Outcome]) -> None:
    refused = [outcome for outcome in outcomes if isinstance(outcome, Quarantined)]
    assert [(row.reason, row.type) for row in refused] == QUARANTINED


def test_services_announce_what_they_carry(stored: list[Stored]) -> None:
    assert {row.warning for row in stored} == {None}
    # Vehicle 8 brakes hard from second 39: its BSM then goes out as one with an event.
    with_event = [row for row in stored if row.aid == 112]
    assert {row.sender for row in with_event} == {b"CQ000008".hex()}
    assert {(row.receive_time_ns - START_NS) // 10**9 for row in with_event} <= {39, 40}


def test_each_vehicle_is_heard_ten_times_a_second_where_it_is(stored: list[Stored]) -> None:
    by_sender: dict[str | None, list[Stored]] = {}
    for row in stored:
        if row.type == "BasicSafetyMessage":
            by_sender.setdefault(row.sender, []).append(row)
    assert len(by_sender) == 11 + 3  # csae and sae users of the scene
    for rows in by_sender.values():
        rows.sort(key=lambda row: row.event_time_ns)
        steps = {later.event_time_ns - earlier.event_time_ns for earlier, later in pairwise(rows)}
        # A damaged one is a gap of two.
        assert steps <= {100_000_000, 200_000_000}
        for row in rows:
            # Liangjiang; the air takes 3 to 40 ms.
            assert 296_400_000 < (row.lat_e7 or 0) < 296_800_000 and 1_065_100_000 < (row.lon_e7 or 0) < 1_065_500_000
            assert 3_000_000 <= row.receive_time_ns - row.event_time_ns < 40_000_000


def test_the_signals_of_both_standards_change_when_the_plan_says(stored: list[Stored]) -> None:
    # The scene begins 8 s into the cycle: the north-south green of 18 s has 10 s to go, then come 3 s of yellow,
    # 2 s of all red, and the left turns from second 15.
    csae, sae = (rsu.load_schema(name) for name in STANDARDS)
    shown: dict[str, list[tuple[float, str]]] = {"dsmp": [], "wsmp": []}
    for row in (row for row in stored if row.type == "SPAT"):
        time_s = (row.event_time_ns - START_NS) / 1e9
        payload = unwrap(row.raw).payload
        if row.header == "dsmp":
            phases = csae.decode("MessageFrame", payload)[1]["intersections"][0]["phases"]
            light = phases[0]["phaseStates"][0]["light"], phases[1]["phaseStates"][0]["light"]
        else:
            states = sae.decode("MessageFrame", payload)["value"][1]["intersections"][0]["states"]
            light = states[0]["state-time-speed"][0]["eventState"], states[1]["state-time-speed"][0]["eventState"]
        if not shown[row.header] or shown[row.header][-1][1] != light:
            shown[row.header].append((round(time_s, 1), light))
    green, yellow, red = "protected-green", "yellow", "red"
    assert shown["dsmp"][:5] == [
        (0.0, (green, red)),
        (10.0, (yellow, red)),
        (13.0, (red, red)),
        (15.0, (red, green)),
        (24.0, (red, yellow)),
    ]
    go, clear, stop = "protected-Movement-Allowed", "protected-clearance", "stop-And-Remain"
    assert shown["wsmp"][:4] == [(0.0, (go, stop)), (10.0, (clear, stop)), (13.0, (stop, stop)), (15.0, (stop, go))]
