"""Far more than the box can do: the unit sheds by rule, its memory stays flat, the ledger holds, and then it is as before."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from fault_figures import counted, rss_octets
from live_unit import LiveUnit, bsm, is_balanced, until

import rsu
from rsu.frames import unwrap, wrap_payload

FLOOD = Path(__file__).with_name("fault_flood.py")
SECONDS = 5
SENDERS = 2
RATE = 60_000.0  # of each
WARM = 5_000
AGE_MS = 5  # a fast machine works off 50,000 a second within the default of a second, and would shed nothing
GROWTH_OCTETS_MAX = 120_000_000  # a full window of 64 MB, twice as objects of Python
CALM_MS = 100.0  # publish, median, when the flood is over; in it a record waits a second before it is shed
BEACONS = 16  # for each of the others: a zone, exaggerated


def others() -> dict[int, bytes]:
    """One frame of each AID that matters more than a BSM's."""
    schema = rsu.load_schema("csae-157")
    position = {"lat": 295_000_000, "long": 1_065_000_000}
    participant = {
        "ptcType": "motor", "ptcId": 1, "source": "video", "secMark": 0,
        "pos": {"offsetLL": ("position-LatLon", {"lon": position["long"], "lat": position["lat"]})},
        "posConfidence": {"pos": "unavailable"}, "speed": 0, "heading": 0, "size": {"width": 0, "length": 0},
    }  # fmt: skip
    phase = {"id": 1, "phaseStates": [{"light": "red"}]}
    intersection = {"intersectionId": {"region": 1, "id": 1}, "status": (b"\x05\x00", 16), "phases": [phase]}
    rsm = {"msgCnt": 1, "id": b"rsu-0001", "refPos": position, "participants": [participant]}
    payloads = {
        112: unwrap(bsm(1), "dsmp").payload,
        3619: schema.encode("MessageFrame", ("spatFrame", {"msgCnt": 1, "intersections": [intersection]})),
        3623: schema.encode("MessageFrame", ("rsmFrame", rsm)),
    }
    return {aid: wrap_payload(payload, "dsmp", aid) for aid, payload in payloads.items()}


def flood(unit: LiveUnit, frames: list[bytes]) -> int:
    """Programs that send frames in turn; how many datagrams that were."""
    lines = unit.folder / "frames"
    lines.write_text("\n".join(frame.hex() for frame in frames), encoding="ascii")
    command = [sys.executable, str(FLOOD), str(unit.port), str(SECONDS), str(RATE), str(lines)]
    senders = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(SENDERS)]
    return sum(int(count) for sender in senders for count in sender.communicate()[0].split())


def publish_ms(unit: LiveUnit) -> tuple[int, float]:
    """Events and sum of the stage since the start."""
    metrics = unit.metrics()
    return int(metrics['rsu_stage_seconds_count{stage="publish"}']), 1e3 * metrics['rsu_stage_seconds_sum{stage="publish"}']


@pytest.mark.slow
def test_overload_sheds_the_least_important_and_leaves_no_trace(tmp_path: Path) -> None:
    with LiveUnit(tmp_path, pipeline=f"age_ms_max = {AGE_MS}") as unit:
        unit.send(WARM)
        until(lambda: unit.stored() == WARM, "the warm-up")
        before = rss_octets(unit)
        sent = WARM + flood(unit, [*([bsm(1)] * BEACONS), *others().values()])
        most = rss_octets(unit)
        until(lambda: unit.status()["queues"]["window"] < 1_000, "the window is empty again")
        unit.send(1)  # with it the kernel tells the last drops
        sent += 1
        until(lambda: settled(unit) == sent, "all is accounted for")
        assert max(most, rss_octets(unit)) - before < GROWTH_OCTETS_MAX
        events, sum_ms = publish_ms(unit)
        unit.send(2_000)
        until(lambda: publish_ms(unit)[0] >= events + 2_000, "records after the flood")
        later, later_ms = publish_ms(unit)
        assert (later_ms - sum_ms) / (later - events) < CALM_MS
        dropped = kernel_drops(unit)
        assert unit.stop() == 0
    ledger = unit.ledger()
    assert is_balanced(ledger) and ledger["received"] == sent + 2_000 - dropped
    assert ledger["shed"] > 10_000  # by rule, and not only by the kernel
    query = "SELECT type, sum(shed), sum(received) FROM ledger WHERE source = 'pc5' GROUP BY type"
    share = {name: shed / received for name, shed, received in unit.rows(query)}
    events_stored = unit.rows("SELECT count(*) FROM message WHERE aid = 112")[0][0]
    spat_received = unit.rows("SELECT sum(received) FROM ledger WHERE type = 'SPAT'")[0][0]
    assert share["SPAT"] < 0.1 * share["BasicSafetyMessage"]
    assert share["RoadsideSafetyMessage"] < share["BasicSafetyMessage"]
    # Vehicles with an event are BSMs in the ledger; as many were sent as SPATs, and the kernel drops without looking.
    assert events_stored == pytest.approx(spat_received, rel=0.1)


def kernel_drops(unit: LiveUnit) -> int:
    return int(unit.metrics().get('rsu_source_faults_total{fault="kernel-drop",source="pc5"}', 0))


def settled(unit: LiveUnit) -> int:
    """Records that have their end, and those that the kernel dropped; without the unit's own."""
    names = ("rsu_messages_stored_total", "rsu_shed_total")
    return sum(counted(unit, name) for name in names) + kernel_drops(unit)
