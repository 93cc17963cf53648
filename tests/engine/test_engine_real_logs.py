"""Published drive logs and captures through the whole picture: no error, and tracks that a vehicle could drive."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("scipy", reason="fusion needs scipy")

from rsu.engine import Engine, Settings, Stored
from rsu.engine.telling import Tell
from rsu.errors import DecodeError
from rsu.observe.arrays import Origin
from rsu.observe.observations import READERS
from rsu.received import Received
from rsu.sources import open_source
from tests.engine.moving import START_NS, heard, schemas

SAE = "sae-j2735"
SPEED_MAX_MPS = 60.0
JUMP_MAX_M = 2.5
"""Between two pictures beyond what it drives: an offset of the GNSS that is learned moves a track by about its σ."""

#: Log → tracks that it has.
LOGS = {
    "bsmLogDuringEvent.gz": 2,
    "bsmLogDuringEvent_commsignia.gz": 1,
    "bsmTx.gz": 0,  # 16 messages, each for itself
    "pc5-bsm-in-udp4.pcap": 1,
    "rxMsg_BSM_and_TIM.gz": 4,  # one vehicle on two drives, with holes of 5 s and more in what was received of it
}
#: Log → what its senders' own positions jump by, metres.
JUMPS_M = {"rxMsg_BSM_and_TIM.gz": 6.9}
#: Standard → a type that tells of road users and is among its captures.
CAPTURED = {"csae-53": "BasicSafetyMessage", "csae-157": "SensorSharingMsg", SAE: "BasicSafetyMessage"}


def first_place(records: list[Received]) -> Origin:
    engine = Engine(Settings(standard=SAE), schemas())
    for record in records:
        outcome = engine.step(record, record.receive_time_ns)
        if isinstance(outcome, Stored) and outcome.type == "BasicSafetyMessage" and outcome.lat_e7 and outcome.lon_e7:
            return Origin(outcome.lat_e7 / 1e7, outcome.lon_e7 / 1e7)
    raise AssertionError("no BSM in it")


@pytest.mark.parametrize("name", sorted(LOGS))
def test_tracks_of_published_logs_drive_as_vehicles_do(name: str, shared: Path) -> None:
    with open_source(shared / "logs" / name) as source:
        records = list(source)
    engine = Engine(Settings(standard=SAE, origin=first_place(records), tell=Tell(standards=(SAE,), rsu_id="rsu-1")), schemas())
    last: dict[int, np.void] = {}
    told = 0
    for record in records:
        while at_ns := engine.picture_due(record.receive_time_ns):
            for track in engine.look(at_ns):
                assert track["speed"] <= SPEED_MAX_MPS
                if (before := last.get(int(track["id"]))) is not None:
                    seconds = (track["time_ns"] - before["time_ns"]) / 1e9
                    way = np.hypot(track["x"] - before["x"], track["y"] - before["y"])
                    jump_m = max(JUMP_MAX_M, JUMPS_M.get(name, 0.0))
                    assert way <= max(track["speed"], before["speed"]) * seconds + jump_m
                last[int(track["id"])] = track
            for message in engine.tell():
                schemas()[SAE].decode("MessageFrame", message.payload)
                told += 1
        engine.step(record, record.receive_time_ns)
    assert len(last) == LOGS[name] and (told > 0) == (len(last) > 0)
    assert engine.scene is not None and not engine.scene.surroundings.faults and not engine.scene.picture.faults


def captures(shared: Path, standard: str) -> Iterator[bytes]:
    """Published messages, those that our strict decoder takes."""
    for line in (shared / "vectors" / f"{'j2735' if standard == SAE else standard}.jsonl").read_text("utf-8").splitlines():
        row = json.loads(line)
        if row.get("valid") is not False and row.get("pdu", "MessageFrame") == "MessageFrame":
            octets = bytes.fromhex(row["hex"])
            try:
                schemas()[standard].decode("MessageFrame", octets)
            except DecodeError:
                continue
            yield octets


@pytest.mark.parametrize("standard", sorted(CAPTURED))
def test_published_captures_are_taken_in_without_an_error(standard: str, shared: Path) -> None:
    types: Counter[str] = Counter()
    for number, octets in enumerate(captures(shared, standard)):
        record = heard(octets, number + 1, START_NS, standard=standard)
        outcome = Engine(Settings(), schemas()).step(record, START_NS)
        assert isinstance(outcome, Stored)
        place = Origin((outcome.lat_e7 or 0) / 1e7, (outcome.lon_e7 or 0) / 1e7)
        engine = Engine(Settings(origin=place, tell=Tell(standards=(standard,), rsu_id="rsu-1")), schemas())
        engine.step(record, START_NS)
        engine.look(START_NS + 100_000_000)
        engine.tell()
        assert engine.scene is not None and not engine.scene.picture.faults
        if outcome.type in READERS[standard]:
            types[outcome.type] += 1
    assert types[CAPTURED[standard]] > 0
