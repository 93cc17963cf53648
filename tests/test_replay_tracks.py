"""Replays that fuse: the same tracks however they are read, and records that do not know of it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("scipy", reason="fusion needs scipy")

from rsu.cli.replay import _place
from rsu.engine.film import GONE_NS, Fusing
from rsu.engine.fused import Fused
from rsu.fusion import TRACK
from rsu.observe.arrays import Origin
from rsu.replay import Options, ReplayResult, replay
from rsu.sinks import open_sink
from rsu.sources import open_source
from rsu.store import open_store
from tests.engine.moving import ORIGIN, drive

ROOT = Path(__file__).resolve().parent.parent
LOG = ROOT / "replay_logs" / "city_minute.pcap"
CROSSING = Origin(29.6583, 106.5312)  # refPos of the log's MAP
SECOND_NS = 1_000_000_000


@pytest.fixture(scope="module")
def short_log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first 300 records of the bundled log, two and a half seconds."""
    path = tmp_path_factory.mktemp("logs") / "short.pcap"
    with open_source(LOG) as source, open_sink(path) as sink:
        for received in source:
            if received.sequence > 300:
                break
            sink.write(received)
    return path


def run(*logs: Path, **options: object) -> ReplayResult:
    with open_store("sqlite://") as store:
        return replay(logs, store, Options(**options))  # type: ignore[arg-type]


def fused(*logs: Path, **options: object) -> Fused:
    found = run(*logs, fuse=True, **options).fused
    assert found is not None
    return found


@pytest.fixture(scope="module")
def tracks(short_log: Path) -> Fused:
    return fused(short_log, origin=CROSSING)


def test_the_road_users_of_the_log_are_fused_around_the_origin(tracks: Fused) -> None:
    assert tracks.origins == [(29.6583, 106.5312)] and 20 <= tracks.pictures <= 30
    assert tracks.classes["vehicle"].tracks > 5 and tracks.classes["vehicle"].life_s > 8


def test_the_records_and_their_digest_are_those_of_a_replay_that_does_not_fuse(short_log: Path) -> None:
    plain, with_tracks = run(short_log), run(short_log, fuse=True, origin=CROSSING)
    assert plain.fused is None and plain.digest == with_tracks.digest and plain.types == with_tracks.types


@pytest.mark.parametrize("size", [7, 100_000])
def test_tracks_do_not_depend_on_the_batch_size(
    size: int, short_log: Path, tracks: Fused, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rsu.replay.BATCH_RECORDS", size)
    assert fused(short_log, origin=CROSSING) == tracks


def test_several_logs_at_once_give_what_one_after_the_other_gives(short_log: Path, tracks: Fused, tmp_path: Path) -> None:
    copy = Path(shutil.copy(short_log, tmp_path / "copy.pcap"))
    together = fused(short_log, copy, origin=CROSSING, jobs=2)
    assert together == fused(copy, short_log, origin=CROSSING)
    assert together.digests == tracks.digests * 2 and together.pictures == 2 * tracks.pictures
    assert together.classes["vehicle"].tracks == 2 * tracks.classes["vehicle"].tracks


def test_the_first_map_says_where_the_crossing_is(short_log: Path, tracks: Fused) -> None:
    found = fused(short_log)
    assert found.origins == [(pytest.approx(29.6583), pytest.approx(106.5312))]
    assert found.classes["vehicle"].tracks == tracks.classes["vehicle"].tracks  # it comes before the first tick


def test_a_log_without_a_map_fuses_nothing_where_no_origin_is_given(tmp_path: Path) -> None:
    path = tmp_path / "no-map.jsonl"
    with open_sink(path) as sink:
        for received in drive(2):
            sink.write(received)
    assert fused(path).origins == [] and fused(path).classes == {}
    assert fused(path, origin=ORIGIN).classes["vehicle"].tracks == 1


@pytest.mark.parametrize(
    ("text", "place"), [(None, None), ("map", None), ("29.5,106.5", Origin(29.5, 106.5)), ("-1, -179.5", Origin(-1.0, -179.5))]
)
def test_an_origin_is_a_position_in_degrees_or_the_map(text: str | None, place: Origin | None) -> None:
    assert _place(text) == place


def command(*words: str, seed: str) -> subprocess.CompletedProcess[str]:
    environ = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONHASHSEED": seed, "COLUMNS": "120", "OMP_NUM_THREADS": seed}
    return subprocess.run(
        [sys.executable, "-m", "rsu.cli", "replay", *words], env=environ, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("text", ["north", "91,0", "0,181", "1,2,3", "nan,0"])
def test_another_origin_is_refused_with_what_is_allowed(text: str, short_log: Path) -> None:
    from rsu.cli.exit_codes import UsageError

    with pytest.raises(UsageError, match=r"must be LAT,LON in degrees"):
        _place(text)


def test_the_command_tells_the_tracks_and_their_digest_whatever_the_hash_seed(short_log: Path, tracks: Fused) -> None:
    words = (str(short_log), "--db", "sqlite://", "--origin", "29.6583,106.5312")
    said = json.loads(command(*words, "--json", seed="1").stdout)["tracks"]
    assert said["digest"] == tracks.digest and said["pictures"] == tracks.pictures
    assert said["classes"]["vehicle"]["tracks"] == tracks.classes["vehicle"].tracks
    page = command(*words, seed="2").stdout
    assert "tracks around 29.65830,106.53120" in page and f"tracks digest: {tracks.digest}" in page


# What makes the digest ----------------------------------------------------------------------------------------------------


def pictures(*seconds: float, shift_m: float = 0.0, heading: float = 0.0, cls: int = 1) -> Fused:
    """A run in which one track is shown at these times."""
    fusing = Fusing()
    for second in seconds:
        row = np.zeros(1, TRACK)
        row["id"], row["cls"], row["time_ns"], row["first_ns"] = 4, cls, round((100 + second) * SECOND_NS), 99 * SECOND_NS
        row["x"], row["heading"] = 1.0 + shift_m, heading
        fusing.add(row)
    return fusing.result(CROSSING)


def test_the_digest_is_of_millimetres_and_not_of_headings() -> None:
    assert pictures(0, 1).digest == pictures(0, 1, shift_m=4e-4).digest == pictures(0, 1, heading=np.pi).digest
    assert len({one.digest for one in (pictures(0, 1), pictures(0, 1, shift_m=6e-4), pictures(0), pictures(0, 1, cls=2))}) == 4


def test_a_track_lives_from_its_first_observation_to_its_last_picture() -> None:
    (row,) = pictures(0, 1, 2).classes.values()
    assert (row.tracks, row.life_s, row.first_ns, row.last_ns) == (1, 3.0, 100 * SECOND_NS, 102 * SECOND_NS)


@pytest.mark.parametrize(("gap_s", "count"), [(GONE_NS / SECOND_NS, 1), (GONE_NS / SECOND_NS + 1, 2)], ids=["at", "past"])
def test_a_track_that_is_hidden_for_long_is_counted_and_forgotten(gap_s: float, count: int) -> None:
    fusing = Fusing()
    for second, name in ((0.0, 4), (gap_s, 5), (gap_s, 4)):
        row = np.zeros(1, TRACK)
        row["id"], row["cls"], row["time_ns"], row["first_ns"] = name, 1, round((100 + second) * SECOND_NS), 99 * SECOND_NS
        fusing.add(row)
    assert fusing.result(CROSSING).classes["vehicle"].tracks == count + 1
