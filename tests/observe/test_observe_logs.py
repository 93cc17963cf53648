"""Logs and published messages go through observe without an error and give what can be true."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rsu
from rsu import frames
from rsu.errors import CodecError, FrameError
from rsu.observe import summarise
from rsu.observe.arrays import OBSERVATION, SELF, SHARED, Origin
from rsu.observe.observations import READERS, observations
from rsu.received import Received
from rsu.sources import open_source
from rsu.standards import STANDARDS, message_type

CHECKOUT = Path(__file__).resolve().parent.parent.parent
WYOMING = Origin(41.1, -104.8, 1_900.0)
BUNDLED = Origin(29.6583, 106.5312, 268.4)
SECOND_NS = 1_000_000_000
schema_of = cache(rsu.load_schema)


def decoded(path: Path) -> Iterator[tuple[Received, str, str, Any]]:
    """The messages of a log: record, standard, type, value."""
    with open_source(path) as source:
        for record in source:
            if record.content != "message":
                continue
            try:
                frame = frames.unwrap(record.data, record.header, standard=record.standard)
                standard = "csae-157" if frame.header == "dsmp" else "sae-j2735"
                value = schema_of(standard).decode("MessageFrame", frame.payload)
            except (FrameError, CodecError):
                continue
            yield (record, standard, *message_type(STANDARDS[standard], value))


def observed(path: Path, origin: Origin) -> np.ndarray:
    """All observations; each beside the summary of its message, which reads the same codes another way."""
    made = []
    for record, standard, type_name, value in decoded(path):
        rows = observations(standard, type_name, value, record.receive_time_ns, record.source, origin)
        assert (type_name in READERS[standard]) == bool(len(rows)), type_name
        made.append(rows)
        if len(rows) and rows[0]["kind"] == SELF:
            agrees_with_summary(rows[0], summarise(standard, type_name, value, record.receive_time_ns))
    return np.concatenate(made)


def agrees_with_summary(row: np.void, summary: Any) -> None:
    assert row["event_time_ns"] == summary.event_time_ns
    assert row["sender"].decode() == summary.sender
    assert row["speed"] == pytest.approx(np.nan if summary.speed_mps is None else summary.speed_mps, nan_ok=True)
    heading = np.nan if summary.heading_deg is None else (90 - summary.heading_deg + 180) % 360 - 180
    assert np.degrees(row["heading"]) == pytest.approx(heading, nan_ok=True)
    assert np.isnan(row["x"]) == (summary.lat_e7 is None or summary.lon_e7 is None)


@pytest.mark.parametrize(
    ("name", "least"),
    [("bsmLogDuringEvent.gz", 200), ("bsmLogDuringEvent_commsignia.gz", 300), ("bsmTx.gz", 10), ("rxMsg_BSM_and_TIM.gz", 50)],
)
def test_real_drive_logs_are_plausible(shared: Path, name: str, least: int) -> None:
    made = observed(shared / "logs" / name, WYOMING)
    assert len(made) >= least
    assert (made["kind"] == SELF).all()
    speed = made["speed"][np.isfinite(made["speed"])]
    assert len(speed) and speed.max() < 50
    assert (np.abs(made["accel"][np.isfinite(made["accel"])]) < 20).all()
    # all of them drove on one interstate of Wyoming
    assert np.nanmax(np.hypot(made["x"], made["y"])) < 400_000
    assert (np.abs(made["event_time_ns"] - made["receive_time_ns"]) <= 30 * SECOND_NS).all()
    known = np.isfinite(made["cxx"])
    assert (made["cxx"][known] > 0).all() and (made["cyy"][known] > 0).all()


def test_a_capture_beside_a_pc5_radio_is_plausible(shared: Path) -> None:
    made = observed(shared / "logs" / "pc5-bsm-in-udp4.pcap", WYOMING)
    assert len(made) == 20
    assert len(np.unique(made["sender"])) < 20


def test_the_bundled_log_is_plausible() -> None:
    made = observed(CHECKOUT / "replay_logs" / "city_minute.pcap", BUNDLED)
    assert len(made) > 5_000
    assert {SELF, SHARED} == set(np.unique(made["kind"]).tolist())
    assert np.nanmax(made["speed"]) < 30
    for sender in np.unique(made["sender"][made["kind"] == SELF]):
        one = np.sort(made[(made["sender"] == sender) & (made["kind"] == SELF)], order="event_time_ns")
        step_s = np.diff(one["event_time_ns"]) / SECOND_NS
        moved_m = np.hypot(np.diff(one["x"]), np.diff(one["y"]))
        assert (moved_m <= 30 * step_s + 12).all(), f"{sender!r} jumps"  # GNSS errors on top of what it drives


@pytest.mark.parametrize(
    ("name", "standard", "least"), [("j2735", "sae-j2735", 200), ("csae-53", "csae-53", 3), ("csae-157", "csae-157", 3)]
)
def test_published_messages_are_read_and_bounded(shared: Path, name: str, standard: str, least: int) -> None:
    schema, count = schema_of(standard), 0
    for text in (shared / "vectors" / f"{name}.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(text)
        try:
            value = schema.decode("MessageFrame", bytes.fromhex(row["hex"]))
        except CodecError:
            continue
        type_name, value = message_type(STANDARDS[standard], value)
        made = observations(standard, type_name, value, 1_700_000_000 * SECOND_NS, "file", WYOMING)
        assert made.dtype == OBSERVATION
        assert not np.isinf([made[field] for field in OBSERVATION.names or () if OBSERVATION[field].kind == "f"]).any()
        count += len(made)
    assert count >= least
