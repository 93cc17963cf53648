"""`rsu evaluate` and `rsu replay --video`, with parts in the shape of the unit's own."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from evaluate_scene import FakeFusion, FakeParameters, observe, write_scene
from typer.testing import CliRunner, Result

from rsu.cli.app import app
from rsu.evaluate import parts

CHECKOUT = Path(__file__).resolve().parents[2]
Run = Callable[..., Result]
NAMES = {"gospa", "rmse", "nees", "id_switches", "recall", "precision"}


@pytest.fixture
def rsu_run() -> Run:
    """A command inside this process; an exception that is no exit is raised."""

    def run(*arguments: str | Path) -> Result:
        result = CliRunner().invoke(app, [str(argument) for argument in arguments])
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return run


@pytest.fixture
def scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """A log with its truth, and what reads it in the place of the unit's own observe and fusion."""
    monkeypatch.setattr(parts, "own_observe", lambda: observe)
    monkeypatch.setattr(parts, "own_fusion", FakeFusion)
    monkeypatch.setattr(parts, "own_parameters", FakeParameters)
    monkeypatch.setattr(parts, "own_scenery", lambda: None)
    return write_scene(tmp_path)


def test_json_has_every_estimator_and_its_measures(rsu_run: Run, scene: tuple[Path, Path]) -> None:
    log, truth = scene
    result = rsu_run("evaluate", log, "--truth", truth, "--json", "--ablate", "bias,white")
    assert result.exit_code == 0
    (line,) = result.stdout.splitlines()
    found = json.loads(line)
    assert list(found["estimators"]) == [
        "fused", "bsm", "perception", "naive", "fused_without_bias", "fused_without_white"
    ]  # fmt: skip
    assert all(set(score) >= NAMES for score in found["estimators"].values())
    assert found["estimators"]["naive"]["recall"] == 1.0
    assert (found["records"], found["quarantined"]) == (121, 0)


def test_the_table_is_for_people(rsu_run: Run, scene: tuple[Path, Path]) -> None:
    log, truth = scene
    result = rsu_run("evaluate", log, "--truth", truth)
    lines = result.stdout.splitlines()
    assert result.exit_code == 0
    for name in ("fused", "bsm", "perception", "naive"):
        assert sum(line.split()[:1] == [name] for line in lines) == 3
    assert any("GOSPA m" in line and "NEES" in line for line in lines)
    assert lines[-1] == f"next: rsu evaluate {log} --truth {truth} --plot DIR"


def test_plots_are_png_and_svg(rsu_run: Run, scene: tuple[Path, Path], tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="matplotlib is not installed: rsu[plot]")
    log, truth = scene
    folder = tmp_path / "plots"
    assert rsu_run("evaluate", log, "--truth", truth, "--plot", folder).exit_code == 0
    names = {path.name for path in folder.iterdir()}
    assert names == {f"{name}.{kind}" for name in ("tracks", "error_over_time", "gospa") for kind in ("png", "svg")}
    assert all((folder / name).stat().st_size > 1000 for name in names)


def test_radius_and_warm_up_narrow_what_is_scored(rsu_run: Run, scene: tuple[Path, Path]) -> None:
    log, truth = scene
    narrow = rsu_run("evaluate", log, "--truth", truth, "--json", "--radius", "15", "--warmup", "3")
    score = json.loads(narrow.stdout)["estimators"]["naive"]
    # From 3.0 to 4.0 s the cars are 0 to 10 m east; those 0 and 10 m north are within 15 m.
    assert (score["ticks"], score["object_seconds"]) == (11, pytest.approx(11 * 2 * 0.1))


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("--ablate", "gravity"), 2, "must be one of bias, lateness, white, takeover"),
        (("--ablate", "bias,bias"), 2, "named twice"),
        (("--standard", "nonsense"), 2, "nonsense"),
        (("--format", "nonsense"), 2, "nonsense"),
        (("--truth", "nowhere.npz"), 3, "nowhere.npz"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else None,
)
def test_what_cannot_be_is_told(
    rsu_run: Run, scene: tuple[Path, Path], arguments: tuple[str, ...], code: int, words: str
) -> None:
    log, truth = scene
    result = rsu_run("evaluate", log, "--truth", truth, *arguments)
    assert result.exit_code == code
    assert words in result.stderr


def test_a_log_that_is_not_there_is_told(rsu_run: Run, scene: tuple[Path, Path]) -> None:
    result = rsu_run("evaluate", "nowhere.pcap", "--truth", scene[1])
    assert (result.exit_code, "nowhere.pcap" in result.stderr) == (3, True)


def test_a_truth_of_another_time_is_told(rsu_run: Run, scene: tuple[Path, Path]) -> None:
    result = rsu_run("evaluate", CHECKOUT / "replay_logs" / "city_minute.pcap", "--truth", scene[1])
    assert (result.exit_code, "during the time" in result.stderr) == (3, True)


def test_a_replay_is_filmed(rsu_run: Run, scene: tuple[Path, Path], tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="matplotlib is not installed: rsu[plot]")
    log, _ = write_scene(tmp_path, seconds=0.5)
    folder = tmp_path / "film"
    result = rsu_run("replay", log, "--db", tmp_path / "rsu.db", "--video", folder, "--json")
    assert result.exit_code == 0
    assert json.loads(result.stdout)["records"] == 18
    # The first tick is that of the first record, the last that of the last, 0.5 s later.
    assert len(list(folder.iterdir())) == 6
    assert "wrote 6 pictures" in result.stderr


@pytest.mark.parametrize(
    ("logs", "target", "words"), [(1, "film.avi", "must end in .mp4 or .gif"), (2, "film.gif", "films one log")]
)
def test_a_film_that_cannot_be_is_told_before_the_replay(
    rsu_run: Run, scene: tuple[Path, Path], tmp_path: Path, logs: int, target: str, words: str
) -> None:
    result = rsu_run("replay", *[scene[0]] * logs, "--db", tmp_path / "rsu.db", "--video", tmp_path / target)
    assert (result.exit_code, words in result.stderr) == (2, True)
    assert not (tmp_path / "rsu.db").exists()


def test_fusion_beats_each_source_alone_on_the_bundled_crossing(rsu_run: Run) -> None:
    # The bounds at sigma 1 m and 70 % equipped.
    logs = Path(__file__).resolve().parents[2] / "replay_logs"
    result = rsu_run("evaluate", logs / "city_drive.mcap", "--truth", logs / "city_drive.npz", "--json")
    found = json.loads(result.stdout.splitlines()[-1])["estimators"]
    fused, best = found["fused"], min(found["bsm"]["gospa"], found["perception"]["gospa"])
    assert fused["gospa"] <= 0.7 * best and fused["rmse"] <= 0.40
    assert fused["id_switches"] <= 0.6 * found["perception"]["id_switches"]
