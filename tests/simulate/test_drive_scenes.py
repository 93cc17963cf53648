"""Each scene, driven by SUMO: plausible road users, messages that any unit takes, the same for a seed."""

from __future__ import annotations

import importlib.util
import json
import math
import os
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from drive_world import STANDARDS, outcomes, schema_of

from rsu.cli.drive import SCENES as NAMED
from rsu.errors import ConfigError
from rsu.observe.arrays import PEDESTRIAN
from rsu.simulate.drive import START_NS, Drive, Settings, drive
from rsu.simulate.geometry import read_crossing
from rsu.simulate.lights import Lights
from rsu.simulate.network import network, sumo_home
from rsu.simulate.noise import Parameters
from rsu.simulate.scenes import SCENES
from rsu.simulate.sumo import load_libsumo, run
from rsu.sources.live.perception import parse

CHECKOUT = Path(__file__).resolve().parents[2]
#: Road users of the whole scene at once, and the fastest of them: the limit and a tenth of the drivers' own wish on top.
EXPECTED = {
    "city": (20, 50, 20.0),
    "merge": (25, 60, 40.0),
    "mountain": (5, 30, 25.0),
    "yard": (5, 25, 9.0),
    "dense": (420, 620, 20.0),
}
needs_sumo = pytest.mark.skipif(
    not all(importlib.util.find_spec(name) for name in ("sumo", "libsumo")),
    reason='SUMO is not installed: pip install "rsu[sim]"',
)


@pytest.fixture(scope="module")
def driven() -> Any:
    """Ten seconds of a scene, each driven once."""
    kept: dict[tuple[str, str], Drive] = {}

    def of(scene: str, standard: str) -> Drive:
        if (scene, standard) not in kept:
            settings = Settings(scene=scene, seconds=10.0, seed=4, standard=standard, second_clock_s=-1.5)
            kept[scene, standard] = drive(settings, schema_of(standard))
        return kept[scene, standard]

    return of


def test_the_commands_are_the_scenes() -> None:
    assert {name: scene.title for name, scene in SCENES.items()} == NAMED
    assert set(EXPECTED) == set(SCENES)


@pytest.mark.slow
@needs_sumo
@pytest.mark.parametrize("scene", SCENES)
def test_road_users_move_as_bodies_do(driven: Any, scene: str) -> None:
    rows = driven(scene, "sae-j2735").truth.rows
    least, most, fastest = EXPECTED[scene]
    ticks = Counter(rows["time_ns"].tolist())
    assert sorted(ticks) == [START_NS + tick * 100_000_000 for tick in range(101)]
    assert least <= min(ticks.values()) and max(ticks.values()) <= most
    assert rows["speed"].max() < fastest
    for number in np.unique(rows["id"]):
        one = rows[rows["id"] == number]
        assert len(set(one["cls"])) == 1 and (np.diff(one["time_ns"]) == 100_000_000).all()
        steps = np.hypot(np.diff(one["x"]), np.diff(one["y"]))
        mean = (one["speed"][1:] + one["speed"][:-1]) / 20
        assert np.abs(steps - mean).max(initial=0) < 0.15
        if one["cls"][0] != PEDESTRIAN:  # who turns round on foot may do so at once
            turned = np.abs(np.mod(np.diff(one["heading"]) + np.pi, 2 * np.pi) - np.pi)
            assert turned.max(initial=0) < 0.15
            assert np.abs(one["accel"]).max() < 8.0


@pytest.mark.slow
@needs_sumo
@pytest.mark.parametrize(
    ("scene", "standard"),
    [(scene, standard) for scene in SCENES for standard in STANDARDS if (scene, standard) != ("dense", "csae-157")],
)
def test_every_record_is_one_that_a_unit_takes(driven: Any, scene: str, standard: str) -> None:
    records = driven(scene, standard).records
    assert [record.sequence for record in records] == list(range(1, len(records) + 1))
    times = [record.receive_time_ns for record in records]
    assert times == sorted(times)
    counted = Counter(row.type for row in outcomes(records))
    assert counted["MapData"] == 10 and counted["SPAT"] == (100 if scene in ("city", "dense") else 0)
    assert counted["BasicSafetyMessage"] > 100 and counted["DetectedObject"] > 20
    assert ("PersonalSafetyMessage" in counted) == (scene in ("city", "dense", "yard"))
    assert counted["RoadsideSafetyMessage" if standard == "csae-157" else "SensorDataSharingMessage"] > 0
    assert max(len(record.data) for record in records if record.content == "message") < 2_300
    for record in records:
        if record.content == "objects":
            objects = parse(record.data)
            assert record.meta == {
                "objects": len(objects),
                "sensor": objects[0].sensorId,
                "box_time_ns": (objects[0].timestamp or 0) * 1_000_000,
            }


@pytest.mark.slow
@needs_sumo
@pytest.mark.parametrize("scene", ["city", "yard"])
def test_a_seed_gives_one_log_and_another_seed_another(scene: str) -> None:
    settings = Settings(scene=scene, seconds=3.0, seed=11)
    first, again = (drive(settings, schema_of("csae-157")) for _ in range(2))
    assert msgspec.json.encode(first.records) == msgspec.json.encode(again.records)
    assert first.truth.rows.tobytes() == again.truth.rows.tobytes() and first.truth.made == again.truth.made
    other = drive(msgspec.structs.replace(settings, seed=12), schema_of("csae-157"))
    assert other.truth.rows.tobytes() != first.truth.rows.tobytes()
    assert {record.boot_id for record in other.records}.isdisjoint({record.boot_id for record in first.records})


@pytest.mark.slow
@needs_sumo
def test_the_log_does_not_hang_on_pythons_hash_seed_or_on_the_cache(tmp_path: Path) -> None:
    made = []
    for name in ("0", "1"):
        folder = tmp_path / name
        folder.mkdir()
        places = ["-o", str(folder / "log.jsonl"), "--truth", str(folder / "truth.npz")]
        done = rsu_simulate("yard", *places, "--seconds", "2", PYTHONHASHSEED=name, XDG_CACHE_HOME=str(folder))
        assert done.returncode == 0, done.stderr
        made.append(((folder / "log.jsonl").read_bytes(), (folder / "truth.npz").read_bytes()))
    assert made[0] == made[1]


@pytest.mark.slow
@needs_sumo
def test_a_cache_that_cannot_be_written_costs_a_build_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    assert len(run(SCENES["yard"], 1.0, 0))
    assert [one.name for one in tmp_path.iterdir()] == ["file"]


@pytest.mark.slow
@needs_sumo
def test_noise_changes_nothing_of_the_truth_but_who_is_equipped() -> None:
    plain, noisy = (
        drive(Settings(scene="yard", seconds=2.0, noise=noise), schema_of("csae-157")).truth.rows
        for noise in (Parameters(), Parameters(equipped_share=1.0, gnss_sigma_m=2.5, reported_sigma_factor=0.5))
    )
    same = [name for name in plain.dtype.names or () if name not in ("equipped", "v2x_id")]
    assert all((plain[name] == noisy[name]).all() for name in same)
    assert noisy["equipped"].all() and not plain["equipped"].all()


@pytest.mark.slow
@needs_sumo
def test_lights_are_those_that_sumo_shows_its_drivers() -> None:
    libsumo = load_libsumo()
    with network(SCENES["city"]) as path:
        lights = Lights(read_crossing(path, "C"), begin_ns=0)
        links = _groups_of_links(path)
        libsumo.start(["sumo", "-n", str(path), "--no-step-log", "true", "--duration-log.disable", "true"])
    try:
        for second in range(130):
            libsumo.simulationStep()  # what is shown then held for the second that it went through
            shown = libsumo.trafficlight.getRedYellowGreenState("C")
            for group, index in links.items():
                for within_ns in (1, 999_999_999):
                    assert lights.shown(group, second * 10**9 + within_ns)[0][0] == shown[index], (second, group)
    finally:
        libsumo.close()


def _groups_of_links(path: Path) -> dict[int, int]:
    """Group → one of its links, found by where the turn leads from and to."""
    import xml.etree.ElementTree as ElementTree

    crossing = read_crossing(path, "C")
    numbers: dict[tuple[float, float], int] = {}
    for link in crossing.links:
        for lane in link.lanes:
            numbers[lane.points[0]] = lane.number
    root = ElementTree.parse(path).getroot()
    starts = {
        lane.attrib["id"]: tuple(map(float, lane.attrib["shape"].split()[0].split(",")))
        for lane in root.iter("lane")
        if not lane.attrib["id"].startswith(":")
    }
    turns = {(lane.number, turn.lane): turn.group for link in crossing.links for lane in link.lanes for turn in lane.turns}
    found: dict[int, int] = {}
    for one in root.iter("connection"):
        come, go = (numbers.get(starts.get(f"{one.get(end)}_{one.get(end + 'Lane')}", (math.nan, 0))) for end in ("from", "to"))
        if one.get("tl") == "C" and come and go:
            found[turns[come, go]] = int(one.attrib["linkIndex"])
    assert len(found) >= 8
    return found


@pytest.mark.slow
@needs_sumo
def test_senders_are_where_the_truth_has_them(driven: Any) -> None:
    """σ = 1 m and 0.2 m each axis: 4 σ of both is 5.8 m; the mean over many senders is that of a Rayleigh law, 1.28 m."""
    made = driven("dense", "sae-j2735")
    truth: dict[str, list[Any]] = defaultdict(list)
    for row in made.truth.rows[made.truth.rows["equipped"]]:
        truth[row["v2x_id"].decode()].append(row)
    away = []
    for row in outcomes(made.records):
        if row.type in ("BasicSafetyMessage", "PersonalSafetyMessage") and row.lat_e7 is not None and row.lon_e7 is not None:
            near = min(truth[row.sender or ""], key=lambda one: abs(int(one["time_ns"]) - row.event_time_ns))
            north = (row.lat_e7 / 1e7 - near["lat"]) * 110_847
            east = (row.lon_e7 / 1e7 - near["lon"]) * 96_820
            away.append(math.hypot(east, north) - float(near["speed"]) * abs(int(near["time_ns"]) - row.event_time_ns) / 1e9)
    assert len(away) > 10_000
    assert max(away) < 5.8 and np.mean(away) == pytest.approx(1.28, rel=0.15)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"scene": "moon"}, "must be one of city"),
        ({"standard": "csae-53"}, "a scene is told in one of csae-157, sae-j2735"),
        ({"seconds": 0.5}, r"must be 1\.\.1800"),
        ({"seconds": 1_800.5}, r"must be 1\.\.1800"),
        ({"seed": -1}, r"must be 0\.\.2147483647"),
        ({"second_clock_s": 86_401.0}, r"must be -86400\.\.86400"),
        ({"noise": Parameters(equipped_share=1.01)}, r"equipped_share = 1\.01: must be 0\.\.1"),
        ({"noise": Parameters(gnss_sigma_m=math.nan)}, r"gnss_sigma_m = nan: must be 0\.\.50"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_what_is_out_of_bounds_is_refused_in_words(change: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        drive(msgspec.structs.replace(Settings(scene="city"), **change), schema_of("csae-157"))


def test_without_sumo_one_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sumo", None)
    with pytest.raises(ConfigError, match=r'pip install "rsu\[sim\]"'):
        sumo_home()
    with pytest.raises(ConfigError, match=r'pip install "rsu\[sim\]"'):
        run(SCENES["city"], 1.0, 0)


def rsu_simulate(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "rsu.cli", "simulate", *words]
    known = {**os.environ, **environment}
    return subprocess.run(command, cwd=CHECKOUT, env=known, capture_output=True, text=True, timeout=120)


@pytest.mark.slow
@needs_sumo
@pytest.mark.parametrize(("log", "truth"), [("a.mcap", "t.npz"), ("a.jsonl", "t.parquet")])
def test_the_command_writes_both_files_and_nothing_else_is_printed(tmp_path: Path, log: str, truth: str) -> None:
    if truth.endswith(".parquet"):
        pytest.importorskip("pyarrow", reason="Parquet needs pyarrow")
    options = ["--seed", "3", "--seconds", "2", "--equipped", "0.5", "--gnss-sigma", "2.5", "--reported-sigma", "0.5", "--json"]
    done = rsu_simulate("yard", "-o", str(tmp_path / log), "--truth", str(tmp_path / truth), *options)
    assert (done.returncode, done.stderr) == (0, "")
    said = json.loads(done.stdout)
    assert set(said) == {"log", "truth", "records", "objects"}
    assert (said["log"], said["truth"]) == (str(tmp_path / log), str(tmp_path / truth))
    assert said["records"] > 50 and said["objects"] > 3
    assert (tmp_path / log).stat().st_size and (tmp_path / truth).stat().st_size


@pytest.mark.parametrize(
    ("log", "truth", "code", "words"),
    [
        ("a.pcap", "t.npz", 2, "suffix must be one of .mcap, .jsonl"),
        ("a.mcap", "t.csv", 5, "must be .npz or .parquet"),
    ],
)
def test_the_command_refuses_forms_that_cannot_hold_it(tmp_path: Path, log: str, truth: str, code: int, words: str) -> None:
    done = rsu_simulate("city", "-o", str(tmp_path / log), "--truth", str(tmp_path / truth))
    assert done.returncode == code and words in done.stderr
    assert not list(tmp_path.iterdir())
