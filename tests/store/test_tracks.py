"""Samples of tracks in the database: each once, with a row for each track, by a replay and by way of the outbox."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from store_records import BOOT, START_NS, echo, heard, parcel

from rsu.engine import TrackSample
from rsu.store import Store, open_store
from rsu.store.intake import Intake
from rsu.store.outbox import Outbox
from rsu.store.partitions import DAY_NS
from rsu.store.retention import Retention
from rsu.store.tracks import SENDERS_MAX

SECOND_NS = 1_000_000_000
PLENTY = 1_000_000


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    with open_store(url) as store:
        yield store


def sample(second: int, track_id: int = 1, **columns: Any) -> TrackSample:
    known: dict[str, Any] = {
        "rsu_id": "Y", "boot_id": BOOT, "sequence": second, "track_id": track_id, "time_ns": START_NS + second * SECOND_NS,
        "cls": "vehicle", "lat_e7": 411_234_567, "lon_e7": -1_048_765_432, "x_m": 1.5, "y_m": -2.25, "speed_mps": 12.34,
        "heading_deg": 90.25, "position_std_m": 0.3, "speed_std_mps": 0.2, "length_m": 4.5, "sender": "0000abcd",
        "heard_ns": START_NS, "first_ns": START_NS - SECOND_NS, "hits": 10 * second,
    }  # fmt: skip
    return TrackSample(**(known | columns))


def test_a_track_grows_with_its_samples(store: Store) -> None:
    store.write([sample(1, sender=None, cls="unknown"), sample(2)])
    store.write([sample(3, sender="0000ef01"), sample(2, track_id=7, cls="bicycle")])
    first, second = store.tracks()
    assert first == {
        "rsu_id": "Y", "boot_id": BOOT, "track_id": 1, "cls": "vehicle", "first_ns": START_NS - SECOND_NS,
        "last_ns": START_NS + 3 * SECOND_NS, "senders": ["0000abcd", "0000ef01"], "hits": 30,
    }  # fmt: skip
    assert (second["track_id"], second["cls"], second["last_ns"]) == (7, "bicycle", START_NS + 2 * SECOND_NS)
    rows = list(store.track_samples())
    assert [(row["track_id"], row["time_ns"]) for row in rows] == [
        (track_id, START_NS + second * SECOND_NS) for track_id, second in ((1, 1), (1, 2), (7, 2), (1, 3))
    ]
    assert (rows[0]["lat_e7"], rows[0]["length_m"], rows[0]["width_m"], rows[0]["sender"]) == (411_234_567, 4.5, None, None)


def test_a_sample_that_comes_again_or_late_changes_nothing_that_is_known(store: Store) -> None:
    store.write([sample(1), sample(3)])
    before = (list(store.tracks()), list(store.track_samples()))
    store.write([sample(3), sample(1, cls="bicycle", hits=1)])
    assert (list(store.tracks()), list(store.track_samples())) == before


def test_samples_are_no_records(store: Store) -> None:
    tally = store.write([heard(1), sample(1), sample(2), echo(3)])
    assert (tally.records, tally.stored, tally.duplicates, tally.samples) == (2, 1, 1, 2)
    assert sum(row["received"] for row in store.ledger()) == 2 and store.unbalanced() == []


def test_the_ids_of_a_track_are_bounded(store: Store) -> None:
    store.write([sample(second, sender=f"{second:08x}") for second in range(SENDERS_MAX + 1)])
    (row,) = store.tracks()
    assert row["senders"] == [f"{second:08x}" for second in range(SENDERS_MAX)]


def test_tracks_of_other_boots_and_units_are_others(store: Store) -> None:
    store.write([sample(1), sample(1, boot_id=bytes(16)), sample(1, rsu_id="Z")])
    assert len(list(store.tracks())) == len(list(store.track_samples())) == 3


@pytest.mark.parametrize("again", [False, True], ids=["all-new", "beside-a-record-that-is-there"])
def test_the_outbox_brings_what_a_direct_write_brings(again: bool, store: Store, tmp_path: Path) -> None:
    entries = [heard(1), sample(1), heard(2), sample(2), sample(2, track_id=2)]
    if again:
        store.write([heard(1)])
    with Outbox(tmp_path / "outbox.db", octets_max=10_000_000, keep_ns=DAY_NS) as outbox:
        outbox.put([parcel(entries)], {}, START_NS)
        intake = Intake(store, outbox.identity)
        taken = intake.take(outbox.after(0, PLENTY))
        assert intake.take(outbox.after(0, PLENTY)).passed == 1
    assert (taken.tally.records, taken.tally.samples, taken.damaged_records) == (2, 3, 0)
    with open_store(str(tmp_path / "direct.db")) as direct:
        direct.write(entries)
        assert list(store.tracks()) == list(direct.tracks())
        assert list(store.track_samples()) == list(direct.track_samples())


def test_a_sample_that_the_database_refuses_is_given_up_and_counted(store: Store, tmp_path: Path) -> None:
    with Outbox(tmp_path / "outbox.db", octets_max=10_000_000, keep_ns=DAY_NS) as outbox:
        outbox.put([parcel([heard(1), sample(1, lat_e7=2**64 - 1), sample(2)])], {}, START_NS)
        taken = Intake(store, outbox.identity).take(outbox.after(0, PLENTY))
    assert (taken.tally.records, taken.tally.samples, taken.damaged_records) == (1, 1, 1)
    assert len(list(store.track_samples())) == 1


def test_tracks_go_with_their_days(store: Store) -> None:
    store.write([sample(1), sample(1, track_id=2), sample(DAY_NS // SECOND_NS, track_id=2)])
    Retention(store.engine, keep_days=1).step(START_NS + DAY_NS + 2 * SECOND_NS)
    assert [row["track_id"] for row in store.tracks()] == [2]
    assert [(row["track_id"], row["time_ns"]) for row in store.track_samples()] == [(2, START_NS + DAY_NS)]


def test_a_replay_stores_its_tracks_once_a_second(store: Store, tmp_path: Path) -> None:
    pytest.importorskip("scipy", reason="fusion needs scipy")
    from rsu.replay import Options, replay
    from rsu.sinks import open_sink
    from tests.engine.moving import ORIGIN, drive

    log = tmp_path / "drive.jsonl"
    with open_sink(log) as sink:
        for received in drive(4):
            sink.write(received)
    for _ in range(2):  # the second adds nothing
        replay([log], store, Options(fuse=True, origin=ORIGIN))
        (track,) = store.tracks()
        samples = list(store.track_samples())
        assert [row["time_ns"] % SECOND_NS for row in samples[1:]] == [0] * (len(samples) - 1) and 3 <= len(samples) <= 5
        assert {row["sender"] for row in samples} == {"01020304"} and track["senders"] == ["01020304"]
        assert track["last_ns"] == samples[-1]["time_ns"] and track["cls"] == "vehicle"
    with open_store("sqlite://") as other:
        replay([log], other, Options(fuse=True, origin=ORIGIN, track_hz=10))
        assert 30 <= len(list(other.track_samples())) <= 40
