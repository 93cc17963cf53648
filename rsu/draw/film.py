"""Moments as a film: MP4 by ffmpeg, an animated GIF, or a folder of PNG files."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Protocol

from rsu.draw.aerial import DEFAULT, Aerial, Look, Moment
from rsu.draw.ground import Ground
from rsu.errors import SourceError

FRAMES_MAX = 36_000  # an hour at ten a second
GIF_FRAMES_MAX = 1_200  # they are held in memory until the end, 0.6 MB each
GIF_COLOURS = 64
FRAMES_PER_S = 10  # one a tick of a unit: the film runs as fast as it was


class Film(Protocol):
    """Takes pictures one by one."""

    frames_max: int

    def add(self, canvas: Any) -> None:
        """The next picture: what a matplotlib canvas shows."""

    def close(self) -> None:
        """No more will come."""


def write_film(
    moments: Iterable[Moment], target: Path, ground: Ground, look: Look = DEFAULT, frames_per_s: int = FRAMES_PER_S
) -> int:
    """Draws every moment; gives how many there were.

    :param target: ``.mp4`` or ``.gif``, or a folder, made where it is not there.
    :raises SourceError: without matplotlib or (MP4) ffmpeg, where nothing can be written, without a moment, and for more
        moments than the kind of film holds.
    """
    aerial = Aerial(ground, look)
    number = 0
    with _film(target, frames_per_s, aerial) as film:
        for number, moment in enumerate(moments, 1):
            if number > film.frames_max:
                raise SourceError(f"{target}: more than {film.frames_max} pictures: film a shorter part")
            aerial.show(moment)
            film.add(aerial.canvas)
    if not number:
        raise SourceError(f"{target}: there is nothing to draw")
    return number


@contextlib.contextmanager
def _film(target: Path, frames_per_s: int, aerial: Aerial) -> Iterator[Film]:
    """The film of a target's suffix; a disk that refuses is an error with the file's name."""
    try:
        if target.suffix == ".mp4":
            film: Film = Mp4(target, frames_per_s, aerial)
        elif target.suffix == ".gif":
            film = Gif(target, frames_per_s)
        elif target.suffix:
            raise SourceError(f"{target}: must end in .mp4 or .gif, or be a folder for PNG files")
        else:
            film = Pictures(target)
        try:
            yield film
        finally:
            film.close()
    except OSError as error:
        raise SourceError(f"{target}: cannot be written: {error.strerror or error}") from error


class Mp4:
    """By ffmpeg, which is fed as the pictures come."""

    frames_max = FRAMES_MAX

    def __init__(self, target: Path, frames_per_s: int, aerial: Aerial) -> None:
        if shutil.which("ffmpeg") is None:
            raise SourceError(f"{target}: .mp4 needs ffmpeg (apt install ffmpeg); .gif and a folder of pictures do not")
        from matplotlib.animation import FFMpegWriter

        self._writer: Any = FFMpegWriter(fps=frames_per_s, codec="libx264", extra_args=["-pix_fmt", "yuv420p"])
        target.open("ab").close()  # ffmpeg says on its own stderr what is wrong with a file
        self._target = target
        self._writer.setup(aerial.figure, str(target))

    def add(self, canvas: Any) -> None:
        self._writer.grab_frame()

    def close(self) -> None:
        try:
            self._writer.finish()
        except subprocess.CalledProcessError as error:
            raise SourceError(f"{self._target}: ffmpeg made no film of it, exit code {error.returncode}") from error


class Gif:
    """Of few colours; pictures are held until the end."""

    frames_max = GIF_FRAMES_MAX

    def __init__(self, target: Path, frames_per_s: int) -> None:
        target.open("ab").close()  # that it cannot be written is said now, not after the last picture
        self._target = target
        self._ms = round(1000 / frames_per_s)
        self._frames: list[Any] = []

    def add(self, canvas: Any) -> None:
        from PIL import Image

        canvas.draw()
        size = canvas.get_width_height()
        picture = Image.frombuffer("RGBA", size, canvas.buffer_rgba(), "raw", "RGBA", 0, 1).convert("RGB")
        self._frames.append(picture.quantize(GIF_COLOURS, dither=Image.Dither.NONE))

    def close(self) -> None:
        if self._frames:
            first, *others = self._frames
            first.save(self._target, save_all=True, append_images=others, duration=self._ms, loop=0)


class Pictures:
    """``00001.png`` and so on."""

    frames_max = FRAMES_MAX

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._number = 0

    def add(self, canvas: Any) -> None:
        self._number += 1
        canvas.print_png(self._folder / f"{self._number:05d}.png", metadata={"Software": None})

    def close(self) -> None:
        """Every picture is written already."""
