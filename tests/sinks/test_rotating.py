"""Recordings: files by size and age, quotas, kills, a full disk, and that what is replayed is what was stored."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import rsu
from rsu.config import Recording
from rsu.engine import Engine, Settings
from rsu.errors import ConfigError
from rsu.received import Received
from rsu.replay import Options, replay
from rsu.sinks.background import BackgroundRecording
from rsu.sinks.recording import ECHO_NS, PART, RecordingFile, recover
from rsu.sinks.rotating import DAY_NS, RotatingSink
from rsu.sources import open_source
from rsu.store import open_store

CHECKOUT = Path(__file__).resolve().parents[2]
BOOT = bytes.fromhex("00112233445566778899aabbccddeeff")
SECOND_NS = 1_000_000_000
START_NS = 1_790_000_000 * SECOND_NS  # 2026-09-21T14:13:20Z
FORMATS = ("jsonl", "mcap")


class Clock:
    """Both clocks, moved by hand."""

    def __init__(self) -> None:
        self.now_ns = START_NS

    def __call__(self) -> int:
        return self.now_ns

    def pass_s(self, seconds: float) -> None:
        self.now_ns += int(seconds * SECOND_NS)


@pytest.fixture
def clock() -> Clock:
    return Clock()


def sink_of(folder: Path, clock: Clock, format: str = "jsonl", **bounds: float) -> RotatingSink:
    return RotatingSink(folder, format, unit="R1", boot_id=BOOT, wall=clock, steady=clock, **bounds)  # type: ignore[arg-type]


def record(number: int, size: int = 100, source: str = "radio0", data: bytes | None = None) -> Received:
    return Received(
        rsu_id="R1",
        boot_id=BOOT,
        sequence=number,
        channel="pc5",
        source=source,
        receive_time_ns=START_NS + number,
        data=number.to_bytes(size, "big") if data is None else data,
        header="dsmp",
        standard="csae-53",
        meta={"a": number},
    )


def read(path: Path) -> list[Received]:
    with open_source(path) as source:
        return list(source)


def read_all(sink: RotatingSink) -> list[Received]:
    return [found for file in sink.finished() for found in read(file.path)]


@pytest.mark.parametrize("format", FORMATS)
def test_files_are_named_by_unit_start_and_boot_and_give_every_record_back(tmp_path: Path, clock: Clock, format: str) -> None:
    records = [record(number) for number in range(1, 50)]
    with sink_of(tmp_path, clock, format) as sink:
        for one in records:
            sink.write(one)
        (part,) = tmp_path.iterdir()
        assert part.name == f"R1_20260921T141320Z_00112233_0001.{format}{PART}"
    (path,) = tmp_path.iterdir()
    assert path.name == f"R1_20260921T141320Z_00112233_0001.{format}"
    assert read(path) == records
    assert sink.counts == {"written": 49, "finished": 1}


def test_a_new_file_begins_at_the_size_and_no_record_is_lost(tmp_path: Path, clock: Clock) -> None:
    records = [record(number) for number in range(1, 201)]
    with sink_of(tmp_path, clock, file_octets_max=10_000) as sink:
        for one in records:
            sink.write(one)
            clock.pass_s(0.05)
    files = sink.finished()
    assert len(files) > 2
    assert [file.number for file in files] == list(range(1, len(files) + 1))
    for file in files[:-1]:
        assert 10_000 <= file.octets < 10_000 + 6_000  # what comes while it listens for echoes
    assert sorted(read_all(sink), key=lambda one: one.sequence) == records


def test_a_new_file_begins_at_the_age_also_when_nothing_is_heard(tmp_path: Path, clock: Clock) -> None:
    with sink_of(tmp_path, clock, file_s_max=60) as sink:
        sink.write(record(1))
        clock.pass_s(59.9)
        sink.tick()
        assert not sink.finished()
        clock.pass_s(0.1)
        for _ in range(3):  # listens, leaves, is left
            sink.tick()
            clock.pass_s(ECHO_NS / SECOND_NS)
        assert [read(file.path) for file in sink.finished()] == [[record(1)]]


def test_a_frame_and_its_echo_by_another_radio_are_in_one_file(tmp_path: Path, clock: Clock) -> None:
    frame = b"the same frame"
    with sink_of(tmp_path, clock, file_s_max=60) as sink:
        sink.write(record(1))
        clock.pass_s(60)
        sink.write(record(2))  # the age is reached: listens from here
        clock.pass_s(0.2)
        sink.write(record(3, data=frame))
        clock.pass_s(0.06)
        sink.write(record(4))  # it has listened long enough; the next file begins
        sink.write(record(5))
        sink.write(record(6, source="radio1", data=frame))
        clock.pass_s(1)
        sink.write(record(7, data=frame))  # no echo any more, after a second
    first, second = (read(file.path) for file in sink.finished())
    assert [one.sequence for one in first] == [1, 2, 3, 6]
    assert [one.sequence for one in second] == [4, 5, 7]


def test_the_oldest_files_are_removed_above_the_quota(tmp_path: Path, clock: Clock) -> None:
    other = tmp_path / "R2_20200101T000000Z_00000000_0001.jsonl"
    other.write_text("another unit's")
    mine = tmp_path / "notes.jsonl"
    mine.write_text("not a recording")
    for number in range(1, 6):
        with sink_of(tmp_path, clock, keep_octets_max=1_200) as sink:
            sink.write(record(number, 200))  # about 500 octets in JSON
        clock.pass_s(1)
    files = sink.finished()
    assert sum(file.octets for file in files) <= 1_200
    assert [read(file.path)[0].sequence for file in files] == [4, 5]
    assert other.exists() and mine.exists()


def test_files_past_their_days_are_removed_and_younger_ones_are_not(tmp_path: Path, clock: Clock) -> None:
    for number in (1, 2):
        with sink_of(tmp_path, clock) as sink:
            sink.write(record(number))
        clock.pass_s(3_600)
    clock.now_ns = START_NS + 7 * DAY_NS + 1_800 * SECOND_NS
    sink = sink_of(tmp_path, clock, keep_days=7)
    assert [read(file.path)[0].sequence for file in sink.finished()] == [2]
    assert sink.counts["removed_age"] == 1


WRITER = """
import sys, time
from pathlib import Path
sys.path.insert(0, sys.argv[3])
from test_rotating import BOOT, record
from rsu.sinks.rotating import RotatingSink
sink = RotatingSink(Path(sys.argv[1]), sys.argv[2], unit="R1", boot_id=BOOT)
number = 0
while True:
    for _ in range(50):
        number += 1
        sink.write(record(number))
    sink.tick()
    print(number, sink.counts["written"], flush=True)
    time.sleep(0.01)
"""


@pytest.mark.parametrize("format", FORMATS)
def test_what_was_flushed_survives_kill_9_and_the_next_writer_makes_the_file_whole(tmp_path: Path, format: str) -> None:
    environment = {**os.environ, "PYTHONPATH": str(CHECKOUT)}
    arguments = [sys.executable, "-c", WRITER, str(tmp_path), format, str(Path(__file__).parent)]
    process = subprocess.Popen(arguments, stdout=subprocess.PIPE, env=environment, text=True)
    assert process.stdout is not None
    flushed = 0
    until = time.monotonic() + 30
    while not flushed and time.monotonic() < until:
        flushed = int(process.stdout.readline().split()[1])
    process.send_signal(signal.SIGKILL)
    process.wait(10)
    process.stdout.close()
    (part,) = tmp_path.glob(f"*{PART}")
    survived = [one.sequence for one in read(part) if not one.damage]
    sink = RotatingSink(tmp_path, format, unit="R1", boot_id=BOOT)
    (file,) = sink.finished()
    records = read(file.path)
    assert records == [record(number) for number in range(1, len(records) + 1)]
    assert len(records) >= max(flushed, len(survived)) > 0
    assert sink.counts["recovered"] == 1


@pytest.mark.parametrize("format", FORMATS)
def test_a_file_cut_anywhere_is_made_whole_to_its_last_whole_records(tmp_path: Path, format: str) -> None:
    path = tmp_path / f"R1_20260921T141320Z_00112233_0001.{format}"
    file = RecordingFile.begin(path, format, 0)
    assert file is not None
    for number in range(1, 4):
        file.write(record(number, 20))
        file.flush(0)
    whole = (tmp_path / f"{path.name}{PART}").read_bytes()
    file.abandon()
    counts = set()
    part = tmp_path / f"{path.name}{PART}"
    for at in (*range(0, len(whole), 7), len(whole)):
        part.write_bytes(whole[:at])
        if recover(part):
            records = read(path)
            assert records == [record(number, 20) for number in range(1, len(records) + 1)]
            counts.add(len(records))
            path.unlink()
        assert not part.exists()
    assert counts == {1, 2, 3}


def test_a_damaged_chunk_at_the_end_is_cut_off(tmp_path: Path) -> None:
    """After a power cut the last octets may be zeros."""
    path = tmp_path / "R1_20260921T141320Z_00112233_0001.mcap"
    file = RecordingFile.begin(path, "mcap", 0)
    assert file is not None
    for number in (1, 2):
        file.write(record(number))
        file.flush(0)
    part = tmp_path / f"{path.name}{PART}"
    size = part.stat().st_size
    file.write(record(3))
    file.flush(0)
    file.abandon()
    with part.open("r+b") as damaged:
        damaged.seek(size + 40)
        damaged.write(bytes(part.stat().st_size - size - 40))
    assert recover(part)
    assert read(path) == [record(1), record(2)]


def test_a_file_that_is_being_written_is_not_touched(tmp_path: Path, clock: Clock) -> None:
    with sink_of(tmp_path, clock) as first:
        first.write(record(1))
        second = sink_of(tmp_path, clock)
        second.write(record(2))
        second.close()
        assert second.counts["recovered"] == 0
        first.write(record(3))
    assert {tuple(one.sequence for one in read(file.path)) for file in first.finished()} == {(1, 3), (2,)}


@contextmanager
def files_at_most(octets: int) -> Iterator[None]:
    """A disk that is full: the kernel lets no file of this process grow beyond that."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (octets, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("format", FORMATS)
def test_a_full_disk_is_counted_and_the_recording_goes_on_when_there_is_space(
    tmp_path: Path, clock: Clock, format: str
) -> None:
    with sink_of(tmp_path, clock, format) as sink:
        for number in range(1, 11):
            sink.write(record(number))
        clock.pass_s(1)
        sink.tick()
        assert sink.counts["written"] == 10
        size = next(tmp_path.iterdir()).stat().st_size
        with files_at_most(size):
            for number in range(11, 300):
                sink.write(record(number, data=os.urandom(300)))
            clock.pass_s(1)
            sink.tick()
            assert sink.counts["lost_disk"] == 289
        clock.pass_s(1)
        sink.write(record(300))
    assert sink.counts["written"] == 11
    sequences = [one.sequence for one in read_all(sink) if not one.damage]
    assert sequences[:10] == list(range(1, 11)) and sequences[-1] == 300
    assert not any(one.damage for one in read_all(sink))
    assert not list(tmp_path.glob(f"*{PART}"))


def test_the_last_room_of_a_disk_is_left_to_others(tmp_path: Path, clock: Clock) -> None:
    disk = os.statvfs(tmp_path)
    free = disk.f_bavail * disk.f_frsize
    with sink_of(tmp_path, clock, free_octets_min=2 * free) as sink:
        sink.write(record(1))
        assert sink.counts["lost_disk"] == 1 and not list(tmp_path.iterdir())
        sink._free_octets_min = free // 2
        clock.pass_s(1)
        sink.write(record(2))
        sink._free_octets_min = 2 * free
        clock.pass_s(1)
        sink.tick()
        sink.write(record(3))
        assert sink.counts["written"] == 1 and sink.counts["lost_disk"] == 2
    assert [one.sequence for one in read_all(sink)] == [2]


def test_what_cannot_be_used_is_refused(tmp_path: Path, clock: Clock) -> None:
    with pytest.raises(ConfigError, match="must be one of mcap, jsonl"):
        sink_of(tmp_path, clock, "pcap")
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match=r"\[recording\] dir"):
        sink_of(tmp_path / "file", clock)


def test_the_bounds_of_the_settings_are_those_of_the_sink(tmp_path: Path) -> None:
    settings = Recording(dir="x", format="jsonl", file_octets_max=1, file_s_max=1, keep_octets_max=10**9, keep_days=1)
    sink = RotatingSink.of(tmp_path, settings, "R1", BOOT)
    sink.write(record(1))
    sink.close()
    (file,) = sink.finished()
    assert file.path.suffix == ".jsonl"


def test_a_record_without_a_standard_gets_that_of_the_unit_so_that_its_replay_needs_no_option(tmp_path: Path) -> None:
    with RotatingSink.of(tmp_path, Recording(), "R1", BOOT, standard="csae-157") as sink:
        sink.write(record(1))
        sink.write(_with(record(2), standard=""))
    assert [one.standard for one in read_all(sink)] == ["csae-53", "csae-157"]


# In the background ----------------------------------------------------------------------------------------------------


def test_the_background_writes_all_that_finds_room_and_counts_the_rest(tmp_path: Path) -> None:
    sink = RotatingSink(tmp_path, "jsonl", unit="R1", boot_id=BOOT)
    recording = BackgroundRecording(sink, records_max=1_000)
    records = [record(number) for number in range(1, 1_501)]
    recording.offer(records)  # more than its queue holds, in one piece
    recording.close()
    counts = recording.counts()
    assert counts["lost_queue"] == 500
    assert counts["written"] == 1_000
    assert read_all(sink) == records[:1_000]


def test_the_background_bounds_octets_as_well(tmp_path: Path) -> None:
    sink = RotatingSink(tmp_path, "jsonl", unit="R1", boot_id=BOOT)
    recording = BackgroundRecording(sink, octets_max=1_000)
    recording.offer([record(number, 100) for number in range(1, 12)])
    recording.close()
    assert recording.counts()["lost_queue"] == 1


# The same rows again --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("format", FORMATS)
def test_a_recording_in_several_files_replays_to_the_digest_of_the_live_run(tmp_path: Path, format: str) -> None:
    """Two radios hear the bundled log; rows as the engine gave them against those of the replayed files."""
    with open_source(CHECKOUT / "replay_logs" / "city_minute.pcap", rsu_id="R1") as source:
        heard = list(source)[:600]
    records = []
    for one in heard:
        for source_name, late_ns in (("radio0", 0), ("radio1", 3_000_000)):
            changed = {"source": source_name, "receive_time_ns": one.receive_time_ns + late_ns, "channel": "pc5"}
            records.append(_with(one, boot_id=BOOT, sequence=len(records) + 1, **changed))
    engine = Engine(Settings(), {name: rsu.load_schema(name) for name in ("csae-53", "csae-157", "sae-j2735")})
    clock = Clock()
    clock.now_ns = records[0].receive_time_ns
    with open_store("sqlite://") as live, sink_of(tmp_path, clock, format, file_s_max=2) as sink:
        for one in records:
            clock.now_ns = one.receive_time_ns
            live.write([engine.step(one, one.receive_time_ns)])
            sink.write(one)
        digest = live.digest([("R1", BOOT)])
    paths = [file.path for file in sink.finished()]
    assert len(paths) > 2
    with open_store("sqlite://") as store:
        result = replay(paths, store, Options())
    assert result.digest == digest
    assert result.duplicates == len(heard)


def _with(one: Received, **changed: object) -> Received:
    import msgspec

    return msgspec.structs.replace(one, **changed)
