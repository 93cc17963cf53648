"""Replays: every record accounted for, the same rows however they are read."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from rsu.engine import Outcome
from rsu.errors import SourceError
from rsu.replay import Options, ReplayResult, replay
from rsu.sinks import open_sink
from rsu.sources import open_source
from rsu.store import Query, Store, open_store

LOG = Path(__file__).resolve().parent.parent / "replay_logs" / "city_minute.pcap"


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return open_store(str(tmp_path / "rsu.db"))


@pytest.fixture(scope="module")
def short_log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first 1,500 records of the bundled log: two of them damaged, more than one batch."""
    path = tmp_path_factory.mktemp("logs") / "short.pcap"
    with open_source(LOG) as source, open_sink(path) as sink:
        for received in source:
            if received.sequence > 1500:
                break
            sink.write(received)
    return path


def account(result: ReplayResult) -> tuple[int, int, int, int]:
    return result.records, result.stored, result.quarantined, result.duplicates


def test_replaying_again_adds_no_row_and_gives_the_same_digest(short_log: Path, store: Store) -> None:
    first = replay([short_log], store, Options())
    again = replay([short_log], store, Options())
    assert account(first) == (1500, 1498, 2, 0)
    assert account(again) == (1500, 0, 0, 1500)
    assert again.digest == first.digest
    assert store.counts() == {"message": 1498, "quarantine": 2}
    assert store.unbalanced() == []


def test_rows_do_not_depend_on_the_batch_size(short_log: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    digests = set()
    for size in (7, 1000):
        monkeypatch.setattr("rsu.replay.BATCH_RECORDS", size)
        with open_store(str(tmp_path / f"{size}.db")) as store:
            digests.add(replay([short_log], store, Options()).digest)
            assert store.counts()["message"] == 1498
    assert len(digests) == 1


def test_several_logs_at_once_give_what_one_after_the_other_gives(short_log: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.pcap"
    with open_source(LOG) as source, open_sink(other) as sink:
        for received in source:
            if 1500 < received.sequence <= 2500:
                sink.write(received)
    results = []
    for jobs in (1, 2):
        with open_store(str(tmp_path / f"{jobs}.db")) as store:
            results.append(replay([short_log, other], store, Options(jobs=jobs)))
    assert account(results[0]) == account(results[1])
    assert results[0].digest == results[1].digest
    assert results[0].types == results[1].types


def test_the_same_content_under_another_name_is_the_same_log(short_log: Path, tmp_path: Path, store: Store) -> None:
    copy = tmp_path / "copy.pcap"
    shutil.copy(short_log, copy)
    replay([short_log], store, Options())
    assert account(replay([copy], store, Options())) == (1500, 0, 0, 1500)


def test_a_truncated_log_loses_nothing_that_is_there(short_log: Path, tmp_path: Path, store: Store) -> None:
    cut = tmp_path / "cut.pcap"
    cut.write_bytes(short_log.read_bytes()[:-10])
    result = replay([cut], store, Options())
    assert account(result) == (1500, 1497, 3, 0)
    assert result.reasons["cut-record"] == 1
    assert (result.rejects[-1].log, result.rejects[-1].record) == ("cut.pcap", 1500)


def test_bytes_without_a_header_need_a_standard(tmp_path: Path, store: Store) -> None:
    log = tmp_path / "bare.hex"
    log.write_text("00142518d6b80002539063a916e7d564926f8d3f08070000214603c07e7d07d07f7fff02aa5c8e88\n")
    assert replay([log], store, Options()).reasons == {"no-standard": 1}
    with open_store(str(tmp_path / "other.db")) as other:
        assert account(replay([log], other, Options(standard="sae-j2735"))) == (1, 1, 0, 0)


def test_relaxed_mode_stores_what_strict_mode_refuses(tmp_path: Path) -> None:
    log = tmp_path / "trailing.hex"
    log.write_text("00142518d6b80002539063a916e7d564926f8d3f08070000214603c07e7d07d07f7fff02aa5c8e880000\n")
    counts = []
    for strict in (True, False):
        with open_store(str(tmp_path / f"{strict}.db")) as store:
            result = replay([log], store, Options(standard="sae-j2735", strict=strict))
            counts.append((result.stored, result.reasons, [row["warning"] for row in store.messages(Query())]))
    # The message itself has 40 octets.
    assert counts == [(0, {"trailing": 1}, []), (1, {}, ["MessageFrame: 2 octets after the value (bit 320)"])]


def test_a_paced_replay_waits_as_long_as_the_log_took(tmp_path: Path, store: Store) -> None:
    log = tmp_path / "paced.jsonl"
    with open_source(LOG) as source, open_sink(log) as sink:
        taken = [received for received in source if received.sequence in (1, 800)]
        for received in taken:
            sink.write(received)
    waits: list[float] = []
    replay([log], store, Options(speed=10.0), sleep=waits.append)
    span_s = (taken[1].receive_time_ns - taken[0].receive_time_ns) / 1e9
    assert span_s > 5
    assert span_s / 10 - 1 < sum(waits) <= span_s / 10


def test_a_missing_log_is_named(tmp_path: Path, store: Store) -> None:
    with pytest.raises(SourceError, match=r"none\.pcap"):
        replay([tmp_path / "none.pcap"], store, Options())


def test_an_error_in_a_worker_process_reaches_the_caller(short_log: Path, tmp_path: Path, store: Store) -> None:
    broken = tmp_path / "broken.bin"
    broken.write_bytes(b"\xff" * 64)
    with pytest.raises(SourceError, match=r"broken\.bin"):
        replay([short_log, broken], store, Options(jobs=2))


def test_a_log_named_twice_is_refused(short_log: Path, store: Store) -> None:
    with pytest.raises(SourceError, match="twice"):
        replay([short_log, short_log], store, Options())


def test_the_decoded_form_is_kept_for_the_types_asked_for(short_log: Path, store: Store) -> None:
    seen: list[Outcome] = []
    replay([short_log], store, Options(decoded=("MapData",)), batches=lambda path, outcomes: seen.extend(outcomes))
    kept = {row["type"] for row in store.messages(Query()) if row["decoded"] is not None}
    assert kept == {"MapData"}
    assert len(seen) == 1500
