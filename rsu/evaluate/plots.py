"""Plots of an evaluation, each as PNG and SVG: tracks over lanes, error over time, GOSPA by estimator."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rsu.draw.aerial import draw_ground
from rsu.draw.ground import BARE, Ground
from rsu.errors import SourceError
from rsu.evaluate.matching import Tick
from rsu.evaluate.run import Evaluation, series

FORMATS = ("png", "svg")
DRAWN = "fused"  # whose tracks are shown over the lanes
PARTS = {"localisation": "#2166ac", "missed": "#b2182b", "false": "#fdae61"}
COLOURS = ("#1b7837", "#e08214", "#2166ac", "#707070", "#762a83", "#b2182b", "#01665e", "#8c510a")
TRUTH_COLOUR = "#909090"
SECONDS_SMOOTHED = 1.0


def plot(evaluation: Evaluation, folder: Path, ground: Ground = BARE) -> list[Path]:
    """Writes all plots into a folder, made where it is not there; gives their files.

    :raises SourceError: without matplotlib, or where a file cannot be written.
    """
    figures = {
        "tracks": _tracks(evaluation.ticks.get(DRAWN) or next(iter(evaluation.ticks.values()), []), ground),
        "error_over_time": _errors(evaluation.ticks),
        "gospa": _gospa(evaluation.scores),
    }
    written = []
    from matplotlib import rc_context

    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, figure in figures.items():
            for kind in FORMATS:
                file = folder / f"{name}.{kind}"
                with rc_context({"svg.hashsalt": "rsu"}):  # else the ids in an SVG are drawn at random
                    figure.savefig(file, format=kind, metadata={"Date": None} if kind == "svg" else {"Software": None})
                written.append(file)
    except OSError as error:
        raise SourceError(f"{folder}: cannot be written: {error.strerror}") from error
    return written


def _figure(width: float, height: float) -> tuple[Any, Any]:
    """A figure with one axes, and no window."""
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ModuleNotFoundError as error:
        raise SourceError(f"--plot needs {error.name}: pip install 'rsu[plot]'") from error
    figure: Any = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure, figure.add_subplot()


def _tracks(ticks: Sequence[Tick], ground: Ground) -> Any:
    """Every track as a line over the ways the objects really took, on the lanes."""
    figure, axes = _figure(8, 8)
    draw_ground(axes, ground)
    for name, colour, width in (("truth", TRUTH_COLOUR, 2.5), ("tracks", None, 0.8)):
        rows = [getattr(tick, name) for tick in ticks if len(getattr(tick, name))]
        for way in _ways(np.concatenate(rows)) if rows else []:
            axes.plot(way["x"], way["y"], color=colour, linewidth=width, solid_capstyle="round", zorder=3)
    axes.plot([], [], color=TRUTH_COLOUR, linewidth=2.5, label="truth")
    axes.plot([], [], color=COLOURS[0], linewidth=0.8, label="a track, each in its colour")
    axes.set(aspect="equal", xlabel="east, m", ylabel="north, m", title="Tracks over the ways that were driven")
    axes.legend(loc="upper right", frameon=False)
    return figure


def _ways(rows: NDArray[np.void]) -> list[NDArray[np.void]]:
    """The rows of each id, in their order."""
    ordered = rows[np.argsort(rows["id"], kind="stable")]
    return np.split(ordered, np.flatnonzero(np.diff(ordered["id"])) + 1)


def _errors(ticks: Mapping[str, Sequence[Tick]]) -> Any:
    figure, axes = _figure(9, 4.5)
    for number, (name, found) in enumerate(ticks.items()):
        over_time = series(found)
        seconds, rmse = over_time["seconds"], _smoothed(over_time["rmse"], over_time["seconds"])
        axes.plot(seconds, rmse, color=COLOURS[number % len(COLOURS)], linewidth=1.2, label=name)
    axes.set(xlabel="s", ylabel="position error, m (RMS, mean over a second)", title="Error over time")
    axes.set_ylim(bottom=0)
    axes.grid(True, alpha=0.25)
    if ticks:
        axes.legend(frameon=False, ncols=2)
    return figure


def _smoothed(values: NDArray[np.float64], seconds: NDArray[np.float64]) -> NDArray[np.float64]:
    """The mean of the last second, over what is a number."""
    begins = np.searchsorted(seconds, seconds - SECONDS_SMOOTHED, side="right")
    sums = np.concatenate(([0.0], np.cumsum(np.nan_to_num(values))))
    counts = np.concatenate(([0], np.cumsum(np.isfinite(values))))
    ends = np.arange(1, len(values) + 1)
    held = counts[ends] - counts[begins]
    means: NDArray[np.float64] = np.where(held > 0, (sums[ends] - sums[begins]) / np.maximum(held, 1), np.nan)
    return means


def _gospa(scores: Mapping[str, Mapping[str, Any]]) -> Any:
    """A bar an estimator, as high as its mean GOSPA, divided as its squares are."""
    figure, axes = _figure(8, 4.5)
    bottoms = np.zeros(len(scores))
    for part, colour in PARTS.items():
        heights = np.array([_height(score, part) for score in scores.values()])
        axes.bar(list(scores), heights, bottom=bottoms, color=colour, label=part, width=0.6)
        bottoms += heights
    for place, top in enumerate(bottoms):
        axes.annotate(f"{top:.2f}", (place, top), ha="center", va="bottom")
    axes.set(ylabel="mean GOSPA, m (c = 5 m, p = 2)", title="GOSPA by estimator")
    axes.margins(y=0.12)
    axes.tick_params(axis="x", rotation=20 if len(scores) > 4 else 0)
    axes.legend(frameon=False)
    return figure


def _height(score: Mapping[str, Any], part: str) -> float:
    parts = score["gospa_parts_m2"]
    total = sum(value or 0.0 for value in parts.values())
    return (score["gospa"] or 0.0) * (parts[part] or 0.0) / total if total else 0.0
