"""Recordings: the same for the same logs, and differences in words when something changed."""

from __future__ import annotations

import gzip
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from pathlib import Path

import pytest

from rsu.errors import SourceError
from rsu.expect import Recorder, Recording, compare, junit_xml, load
from rsu.replay import Options, replay
from rsu.sinks import open_sink
from rsu.sources import open_source
from rsu.store import open_store

LOGS = Path(__file__).resolve().parent.parent / "replay_logs"
BUNDLED = LOGS / "city_minute.pcap"


def record(paths: list[Path], target: Path, jobs: int = 1) -> Recording:
    with Recorder() as recorder, open_store("sqlite://") as store:
        replay(paths, store, Options(jobs=jobs), batches=recorder.batch)
        return recorder.finish(target)


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first 800 records of the bundled log; record 757 is cut on purpose."""
    path = tmp_path_factory.mktemp("log") / "log.pcap"
    with open_source(BUNDLED) as source, open_sink(path) as sink:
        for received in source:
            if received.sequence > 800:
                break
            sink.write(received)
    return path


@pytest.fixture(scope="module")
def kept(log: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("kept") / "expected.json"
    record([log], path)
    return path


@pytest.fixture
def changed(kept: Path, tmp_path: Path) -> Callable[..., Recording]:
    """The kept recording after a change of its rows, digests included."""

    def change(old: bytes, new: bytes) -> Recording:
        rows = gzip.decompress(kept.with_name("expected.rows.jsonl.gz").read_bytes())
        assert old in rows
        (tmp_path / "expected.rows.jsonl.gz").write_bytes(gzip.compress(rows.replace(old, new, 1)))
        recording = load(kept)
        recording.folder = str(tmp_path)
        recording.logs["log.pcap"].digests = {}
        return recording

    return change


def test_the_bundled_log_gives_what_is_checked_in(tmp_path: Path) -> None:
    expected = load(LOGS / "city_minute.expected.json")
    comparison = compare(expected, record([BUNDLED], tmp_path / "now.json"))
    assert [difference.text for difference in comparison.differences] == []
    # Counted in the generator: 7,393 frames, 14 of them damaged.
    counts = expected.logs["city_minute.pcap"]
    assert (counts.records, counts.stored, counts.quarantined) == (7393, 7379, 14)


def test_a_recording_is_the_same_however_many_logs_run_at_once(log: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.pcap"
    other.write_bytes(log.read_bytes())
    folders = [tmp_path / "one", tmp_path / "two"]
    for jobs, folder in enumerate(folders, 1):
        folder.mkdir()
        record([log, other], folder / "expected.json", jobs)
    for name in ("expected.json", "expected.rows.jsonl.gz"):
        assert (folders[0] / name).read_bytes() == (folders[1] / name).read_bytes()


def test_nothing_differs_from_itself(kept: Path) -> None:
    assert compare(load(kept), load(kept)).total == 0


@pytest.mark.parametrize(
    ("old", "new", "text"),
    [
        (
            b'"speed_mps":12.5,',
            b'"speed_mps":12.52,',
            "record 1, BSM 4351303030303033: speed was 12.52 m/s, is 12.5 m/s",
        ),
        (b'"height":30', b'"height":31', "record 1, BSM 4351303030303033: size.height was 31, is 30"),
        (
            b'"reason":"truncated"',
            b'"reason":"range"',
            "record 757, BSM: was rejected (range at bsmFrame.accelSet.yaw, bit 282), "
            "is rejected (truncated at bsmFrame.accelSet.yaw, bit 282)",
        ),
    ],
    ids=["column", "component", "reject"],
)
def test_a_difference_is_said_in_words(
    changed: Callable[..., Recording], kept: Path, old: bytes, new: bytes, text: str
) -> None:
    comparison = compare(changed(old, new), load(kept))
    assert [difference.text for difference in comparison.differences] == [text]


@pytest.mark.parametrize(
    ("tolerances", "total"),
    [({}, 1), ({"speed": 0.02}, 0), ({"speed_mps": 0.05}, 0), ({"speed": 0.01}, 1), ({"heading": 9.0}, 1)],
    ids=["none", "at-the-bound", "column", "below", "another-field"],
)
def test_a_tolerance_allows_as_much_as_it_says(
    changed: Callable[..., Recording], kept: Path, tolerances: dict[str, float], total: int
) -> None:
    assert compare(changed(b'"speed_mps":12.5,', b'"speed_mps":12.52,'), load(kept), tolerances).total == total


def test_a_tolerance_of_a_component_counts_in_its_own_steps(changed: Callable[..., Recording], kept: Path) -> None:
    recording = changed(b'"height":30', b'"height":32')
    assert compare(recording, load(kept), {"size.height": 2}).total == 0
    assert compare(recording, load(kept), {"height": 1}).total == 1


def test_a_missing_record_and_a_missing_log_are_named(log: Path, kept: Path, tmp_path: Path) -> None:
    short = tmp_path / "log.pcap"
    with open_source(log) as source, open_sink(short) as sink:
        for received in source:
            if received.sequence < 800:
                sink.write(received)
    texts = [item.text for item in compare(load(kept), record([short], tmp_path / "now.json")).differences]
    assert "log.pcap: records was 800, is 799" in texts
    assert any(text.startswith("record 800, ") and text.endswith("is missing") for text in texts)
    other = tmp_path / "other.pcap"
    other.write_bytes(log.read_bytes())
    texts = [item.text for item in compare(load(kept), record([other], tmp_path / "other.json")).differences]
    assert texts == [
        "log.pcap is expected and was not replayed",
        "other.pcap was replayed and is not in the expected result",
    ]


def test_junit_has_a_case_for_each_check(changed: Callable[..., Recording], kept: Path) -> None:
    comparison = compare(changed(b'"speed_mps":12.5,', b'"speed_mps":12.52,'), load(kept))
    root = ElementTree.fromstring(junit_xml(comparison, 1.5))
    cases = {case.get("name"): case.find("failure") is not None for case in root.iter("testcase")}
    assert cases == {"counts": False, "rejects": False, "rows": True}
    suite = root.find("testsuite")
    assert suite is not None and (suite.get("name"), suite.get("tests"), suite.get("failures")) == ("log.pcap", "3", "1")


@pytest.mark.parametrize(
    ("content", "words"),
    [(None, "--record"), (b"{}", "no recording"), (b'{"version":99,"logs":{},"rows":"x"}', "version 99")],
    ids=["missing", "another-file", "another-version"],
)
def test_a_file_that_is_no_recording_is_refused(tmp_path: Path, content: bytes | None, words: str) -> None:
    path = tmp_path / "expected.json"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(SourceError, match=words):
        load(path)


def test_a_recording_without_its_rows_says_so(kept: Path, changed: Callable[..., Recording], tmp_path: Path) -> None:
    recording = changed(b'"height":30', b'"height":31')
    (tmp_path / recording.rows).unlink()
    with pytest.raises(SourceError, match="rows of the recording"):
        compare(recording, load(kept))
