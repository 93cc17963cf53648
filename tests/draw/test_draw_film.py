"""Pictures from above: their geometry by hand, and films as files that others can read."""

from __future__ import annotations

import math
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from rsu.draw import film
from rsu.draw.aerial import SIGNAL_COLOURS, Aerial, Look, Moment
from rsu.draw.film import write_film
from rsu.draw.ground import BARE, Ground, Lane, box, ellipse_axes, outline
from rsu.errors import SourceError
from rsu.fusion.tracks import CONFIRMED, TRACK
from rsu.observe.arrays import DETECTION, SELF, VEHICLE, empty

pytest.importorskip("matplotlib", reason="matplotlib is not installed: rsu[plot]")
START_NS = 1_700_000_000_000_000_000
SMALL = Look(inches=2.0, radius_m=40.0)
CROSSING = Ground(
    (Lane(np.array([[-40.0, -2.0], [-10.0, -2.0]]), group=3), Lane(np.array([[10.0, 2.0], [40.0, 2.0]]))),
    (np.array([[-8.0, -4.0], [-6.0, -4.0], [-6.0, 4.0], [-8.0, 4.0]]),),
)


def moment(number: int, signal: str = "green") -> Moment:
    tracks = np.zeros(2, TRACK)
    tracks["status"], tracks["cls"], tracks["cov"] = CONFIRMED, VEHICLE, np.eye(5)
    tracks["x"], tracks["y"] = [-30 + number, 20], [-2, 2]
    tracks["length"] = tracks["width"] = np.nan
    tracks["cov"][1] = np.nan  # a track without a covariance is drawn without an ellipse
    observations = empty(2)
    observations["kind"], observations["x"], observations["y"] = [SELF, DETECTION], [-29, 20], [-2, 2]
    return Moment(START_NS + number * 100_000_000, tracks, observations, {3: signal})


def test_the_area_of_a_straight_lane_is_a_rectangle() -> None:
    lane = Lane(np.array([[0.0, 0.0], [10.0, 0.0]]), width_m=4.0)
    assert outline(lane).tolist() == [[0, 2], [10, 2], [10, -2], [0, -2]]


def test_corners_turn_with_the_heading() -> None:
    corners = box(np.array([1.0, 1.0]), math.pi / 2, 4.0, 2.0)  # to the north: ahead is up, left is west
    assert corners == pytest.approx(np.array([[0, 3], [0, -1], [2, -1], [2, 3]]))


@pytest.mark.parametrize(
    ("covariance", "axes"),
    [
        ([[4, 0], [0, 1]], (4, 2, 0)),
        ([[1, 0], [0, 4]], (4, 2, 90)),
        ([[2.5, 1.5], [1.5, 2.5]], (4, 2, 45)),  # eigenvalues 4 and 1, the longer along (1, 1)
        ([[1, 2], [2, 1]], (math.nan,) * 3),
        ([[math.nan, 0], [0, 1]], (math.nan,) * 3),
    ],
    ids=["east", "north", "north-east", "not-positive", "not-known"],
)
def test_axes_of_the_ellipse(covariance: list[list[float]], axes: tuple[float, float, float]) -> None:
    (found,) = ellipse_axes(np.array([covariance], np.float64), 1.0)
    assert (found[0], found[1], found[2] % 180) == pytest.approx(axes, nan_ok=True)


def test_a_signal_has_its_colour_at_the_end_of_its_lane() -> None:
    aerial = Aerial(CROSSING, Look(radius_m=40.0))
    aerial.show(moment(0, "red"))
    aerial.canvas.draw()
    pixels = np.asarray(aerial.canvas.buffer_rgba())
    column, row = aerial.figure.axes[0].transData.transform((-10.0, -2.0))
    seen = pixels[round(len(pixels) - 1 - row), round(column), :3]
    assert "#" + bytes(seen.tolist()).hex() == SIGNAL_COLOURS["red"]


def test_a_folder_gets_a_picture_for_each_moment(tmp_path: Path) -> None:
    folder = tmp_path / "film"
    assert write_film((moment(number) for number in range(3)), folder, CROSSING, SMALL) == 3
    assert sorted(path.name for path in folder.iterdir()) == ["00001.png", "00002.png", "00003.png"]
    octets = [path.read_bytes() for path in sorted(folder.iterdir())]
    assert all(one.startswith(b"\x89PNG") for one in octets)
    assert len(set(octets)) == 3


def test_the_same_moments_give_the_same_octets(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write_film([moment(1)], tmp_path / name, CROSSING, SMALL)
    assert (tmp_path / "a" / "00001.png").read_bytes() == (tmp_path / "b" / "00001.png").read_bytes()


def test_a_gif_runs_as_fast_as_it_was(tmp_path: Path) -> None:
    from PIL import Image

    target = tmp_path / "film.gif"
    write_film((moment(number) for number in range(4)), target, BARE, SMALL)
    with Image.open(target) as picture:
        assert (picture.n_frames, picture.info["duration"], picture.size) == (4, 100, (200, 200))  # type: ignore[attr-defined]


def test_an_mp4_is_a_film_or_says_what_it_needs(tmp_path: Path) -> None:
    target = tmp_path / "film.mp4"
    if shutil.which("ffmpeg") is None:
        with pytest.raises(SourceError, match="needs ffmpeg"):
            write_film([moment(0)], target, BARE, SMALL)
        return
    assert write_film((moment(number) for number in range(3)), target, BARE, SMALL) == 3
    assert b"ftyp" in target.read_bytes()[:16]


def test_ffmpeg_is_fed_every_picture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program in ffmpeg's place that keeps what it is fed: raw pictures of 200 × 200 in four octets a pixel."""
    tool = tmp_path / "ffmpeg"
    tool.write_text(f'#!/bin/sh\ncat > "{tmp_path}/fed"\n', encoding="ascii")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    assert subprocess.run(["ffmpeg"], stdin=subprocess.DEVNULL, check=True).returncode == 0
    write_film((moment(number) for number in range(3)), tmp_path / "film.mp4", BARE, SMALL)
    assert (tmp_path / "fed").stat().st_size == 3 * 200 * 200 * 4


@pytest.mark.parametrize("script", ["exit 3", "cat >/dev/null; exit 3"], ids=["at-once", "at-the-end"])
def test_an_ffmpeg_that_fails_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    tool = tmp_path / "ffmpeg"
    tool.write_text(f"#!/bin/sh\n{script}\n", encoding="ascii")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    with pytest.raises(SourceError, match=r"film\.mp4"):
        write_film((moment(number) for number in range(20)), tmp_path / "film.mp4", BARE, SMALL)


@pytest.mark.parametrize(
    ("name", "words"),
    [("film.avi", "must end in .mp4 or .gif"), ("no/folder/film.gif", "cannot be written")],
)
def test_a_target_that_cannot_be_is_named(tmp_path: Path, name: str, words: str) -> None:
    with pytest.raises(SourceError, match=words):
        write_film([moment(0)], tmp_path / name, BARE, SMALL)


def test_nothing_to_draw_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="nothing to draw"):
        write_film([], tmp_path / "film", BARE, SMALL)


def test_a_film_has_a_longest_length(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(film.Gif, "frames_max", 2)
    assert write_film((moment(number) for number in range(2)), tmp_path / "film.gif", BARE, SMALL) == 2
    with pytest.raises(SourceError, match="more than 2 pictures"):
        write_film((moment(number) for number in range(3)), tmp_path / "film.gif", BARE, SMALL)
