"""Latency percentiles by rate as SVG, the unit's beside the echo pipeline's."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rsu.errors import SourceError
from rsu.load.latency import PERCENTILES

COLOURS = {"p50": "#1b7837", "p99": "#2166ac", "p999": "#b2182b"}
LABELS = {"p50": "p50", "p99": "p99", "p999": "p99.9"}
TICKS_APART = 1.3


def plot(results: Sequence[dict[str, Any]], file: Path) -> None:
    """Writes the picture of results at different rates.

    :raises SourceError: without matplotlib, or where the file cannot be written.
    """
    try:
        from matplotlib.backends.backend_svg import FigureCanvasSVG
        from matplotlib.figure import Figure
    except ModuleNotFoundError as error:
        raise SourceError(f"--plot needs {error.name}: pip install 'rsu[load]'") from error
    figure = Figure(figsize=(7.5, 4.5), layout="constrained")
    FigureCanvasSVG(figure)
    axes = figure.add_subplot()
    echoes = [result["echo"] | {"rate": result["rate"]} for result in results if result["echo"]]
    for name in PERCENTILES:
        _line(axes, results, name, f"unit {LABELS[name]}", solid=True)
        _line(axes, echoes, name, f"echo {LABELS[name]}")
    axes.set(xscale="log", yscale="log", xlabel="messages a second", ylabel="scheduled → shown on the bus, ms")
    axes.set_title("Latency by rate, each message from the moment it was due")
    axes.set_xticks(*_ticks(results))
    axes.minorticks_off()
    axes.yaxis.set_major_formatter("{x:g}")
    axes.grid(True, alpha=0.25)
    axes.legend(ncols=2, frameon=False)
    try:
        figure.savefig(file, format="svg", metadata={"Date": None})
    except OSError as error:
        raise SourceError(f"{file}: cannot be written: {error.strerror}") from error


def _ticks(results: Sequence[dict[str, Any]]) -> tuple[list[int], list[str]]:
    """The rates, but for those too near to the one before to be read."""
    rates: list[int] = []
    for rate in sorted(result["rate"] for result in results):
        if not rates or rate > TICKS_APART * rates[-1]:
            rates.append(rate)
    return rates, [f"{rate:,}" for rate in rates]


def _line(axes: Any, results: Sequence[dict[str, Any]], name: str, label: str, *, solid: bool = False) -> None:
    points = sorted((result["rate"], result["ingest_publish_ms"][name]) for result in results if result["ingest_publish_ms"])
    if points:
        rates, latencies = zip(*points, strict=True)
        axes.plot(rates, latencies, marker="o", markersize=3, color=COLOURS[name], ls="-" if solid else ":", label=label)
