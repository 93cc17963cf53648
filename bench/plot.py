"""Draws `docs/bench.svg` from `bench/results.json`: bars for rsu, its peers and the dict floor, message by message.

The file depends on the results and on the version of matplotlib only: no date, and ids from a fixed salt.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench.ratios import RESULTS, ROOT
from bench.values import FLOOR, Row, from_json

PICTURE = ROOT / "docs" / "bench.svg"
# Name in the results → (label, colour); the colours of Okabe and Ito differ for colour-blind eyes as well.
BARS = {
    FLOOR: ("dict floor (no decoding)", "#999999"),
    "rsu": ("rsu", "#0072b2"),
    "asn1tools": ("asn1tools", "#e69f00"),
    "pycrate": ("pycrate", "#cc79a7"),
}
BAR_HEIGHT = 0.2
TICKS_US = (1, 10, 100, 1_000, 10_000)
SETTINGS = {"svg.hashsalt": "rsu", "svg.fonttype": "path", "font.family": "DejaVu Sans", "font.size": 9}


def draw(results: dict[str, Any], target: Path) -> None:
    """Both directions side by side, on one logarithmic axis of microseconds."""
    import matplotlib

    matplotlib.use("svg" if target.suffix == ".svg" else "agg")
    from matplotlib import pyplot

    rows = from_json(results["rows"])
    messages = list(dict.fromkeys(row.message for row in rows))
    with pyplot.rc_context(SETTINGS):
        figure, axes = pyplot.subplots(1, 2, sharex=True, sharey=True, figsize=(10, 1.4 + 0.48 * len(messages)))
        for axis, direction in zip(axes, ("decode", "encode"), strict=True):
            draw_direction(axis, direction, [row for row in rows if row.direction == direction])
        octets = {row.message: row.octets for row in rows}
        axes[0].set_yticks(range(len(messages)), [f"{message}\n{octets[message]} octets" for message in messages])
        axes[0].set_ylim(len(messages) - 0.4, -0.6)
        made = results["machine"]
        title = f"one core, one run; × is how many times longer than rsu (Python {made['python']}, "
        title += f"asn1tools {made['asn1tools']}, pycrate {made['pycrate']})"
        figure.suptitle(title, fontsize=9, color="#444444")
        handles, labels = axes[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="lower center", ncols=len(BARS), frameon=False)
        figure.tight_layout(rect=(0, 0.035, 1, 0.995))
        figure.savefig(target, facecolor="white", dpi=100, metadata={"Date": None} if target.suffix == ".svg" else None)
        pyplot.close(figure)


def draw_direction(axis: Any, direction: str, rows: Sequence[Row]) -> None:
    """Bars of one direction; a number says how many times longer than rsu."""
    names = [name for name in BARS if name in rows[0].ns]
    first = -BAR_HEIGHT * (len(names) - 1) / 2
    for index, name in enumerate(names):
        label, colour = BARS[name]
        places = [place + first + index * BAR_HEIGHT for place in range(len(rows))]
        lengths = [row.ns[name] / 1e3 for row in rows]
        axis.barh(places, lengths, BAR_HEIGHT * 0.92, label=label, color=colour)
        for place, length, row in zip(places, lengths, rows, strict=True):
            axis.text(length * 1.06, place, note(row, name), va="center", fontsize=6.5, color="#333333")
    axis.set_xscale("log")
    axis.set_xlim(0.5, 30_000)
    axis.set_xticks(TICKS_US, [f"{tick:,}" for tick in TICKS_US])
    axis.set_title(direction, fontsize=11, fontweight="bold", loc="left")
    axis.set_xlabel("microseconds a message, logarithmic; shorter is better")
    axis.grid(axis="x", color="#dddddd", linewidth=0.6)
    axis.set_axisbelow(True)
    axis.tick_params(axis="y", length=0)
    for side in ("top", "right", "left"):
        axis.spines[side].set_visible(False)


def note(row: Row, name: str) -> str:
    if name == FLOOR:
        return f"rsu / floor {row.times[FLOOR]:.2f}"
    return f"{row.ns['rsu'] / 1e3:,.1f} µs" if name == "rsu" else f"{row.times[name]:.0f} ×"


def main(given: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.plot", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--to", type=Path, default=PICTURE, metavar="FILE", help="an .svg, or a .png to look at")
    options = parser.parse_args(given)
    draw(json.loads(RESULTS.read_text(encoding="utf-8")), options.to)
    print(f"{options.to} is drawn")
    return 0


if __name__ == "__main__":
    sys.exit(main())
