"""The `--video` of `rsu replay`: the crossing from above, ten pictures a second of what the unit made of a log."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from rsu.cli.console import print_note, progress
from rsu.cli.exit_codes import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rsu.draw.aerial import Moment

SUFFIXES = (".mp4", ".gif", "")


class Reading(NamedTuple):
    """How the log is read."""

    standard: str
    header: str
    format: str


def check_video(target: Path | None, logs: list[Path]) -> None:
    """Before anything is read: can there be such a film?"""
    if target is None:
        return
    if target.suffix not in SUFFIXES:
        raise UsageError(f"--video {target}: must end in .mp4 or .gif, or be a folder for PNG files")
    if len(logs) != 1:
        raise UsageError(f"--video films one log, and {len(logs)} are given")


def film(log: Path, target: Path, reading: Reading, *, quiet: bool) -> None:
    """Writes the film; a note on stderr says how long it became."""
    from rsu.draw.film import write_film
    from rsu.draw.ground import BARE
    from rsu.evaluate.moments import find_origin, learn, moments
    from rsu.evaluate.parts import own_fusion, own_observe, own_parameters, own_scenery
    from rsu.evaluate.reading import Options

    options = Options(standard=reading.standard, header=reading.header, format=reading.format)
    origin = find_origin(log, options)
    scenery = own_scenery()
    ground = BARE if scenery is None else learn(log, origin, scenery, options)
    drawn = moments(log, origin, own_observe(), own_fusion(own_parameters()), scenery, options)
    number = write_film(_watched(drawn, quiet), target, ground)
    print_note(f"wrote {number} pictures to {target}")


def _watched(moments: Iterator[Moment], quiet: bool) -> Iterator[Moment]:
    with progress(quiet) as bar:
        task = bar.add_task("pictures", total=None)
        for moment in moments:
            yield moment
            bar.advance(task)
