"""`rsu evaluate`: how right the picture is that a unit makes of a log, measured against ground truth."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rsu.cli import options
from rsu.cli.console import print_json, print_line, print_next, print_note, print_table, progress, table
from rsu.cli.exit_codes import UsageError

if TYPE_CHECKING:
    from rsu.evaluate.reading import Counts
    from rsu.evaluate.run import Evaluation, Progress
    from rsu.evaluate.truth import Truth

NAME = "evaluate"
RADIUS_M_MAX = 10_000
WARMUP_S_MAX = 3_600
RADIUS_M, WARMUP_S = 120.0, 2.0

# Column, member of the score, decimals.
MAIN = (
    ("GOSPA m", "gospa", 2), ("RMSE m", "rmse", 2), ("p95 m", "error_m.p95", 2), ("p99 m", "error_m.p99", 2),
    ("NEES", "nees", 2), ("recall", "recall", 3), ("precision", "precision", 3),
    ("switches /100 s", "id_switches", 2), ("IDF1", "idf1", 3), ("HOTA", "hota", 3),
    ("confirm p50 s", "confirm_s.p50", 2), ("age p50 ms", "latency_ms.p50", 0),
)  # fmt: skip
PARTS = ("localisation", "missed", "false")


def complete_ablation(incomplete: str) -> list[str]:
    """Names of what `--ablate` leaves out."""
    from rsu.evaluate.estimators import ABLATIONS

    done, comma, part = incomplete.rpartition(",")
    return [f"{done}{comma}{name}" for name in ABLATIONS if name.startswith(part)]


def run(
    log: Annotated[Path, typer.Argument(metavar="LOG", help="Drive log, capture, MCAP, JSON Lines, hex.")],
    truth: Annotated[
        Path, typer.Option("--truth", metavar="FILE", help="What was really there: .npz or .parquet of rsu simulate.")
    ],
    standard: options.Standard = "",
    header: options.Header = "auto",
    log_format: Annotated[
        str,
        typer.Option("--format", metavar="NAME", autocompletion=options.complete_source_format, help="Format of the log."),
    ] = "auto",
    radius_m: Annotated[
        float, typer.Option("--radius", metavar="M", min=0, max=RADIUS_M_MAX, help="Score what is nearer; 0: everything.")
    ] = RADIUS_M,
    warmup_s: Annotated[
        float, typer.Option("--warmup", metavar="S", min=0, max=WARMUP_S_MAX, help="Score nothing at the beginning.")
    ] = WARMUP_S,
    ablate: Annotated[
        str,
        typer.Option(
            "--ablate", metavar="PART,…", autocompletion=complete_ablation, help="Also without bias, lateness, white, takeover."
        ),
    ] = "",
    plot_dir: Annotated[Path | None, typer.Option("--plot", metavar="DIR", help="Write plots there, as PNG and SVG.")] = None,
    as_json: options.Json = False,
) -> None:
    """Measure fusion against ground truth, beside each of its sources alone and a naive baseline.

    GOSPA, position error, NEES, recall and precision, id switches, IDF1, HOTA, time to confirm, age of the information.
    """
    from rsu.cli.reading import standard_base
    from rsu.evaluate.truth import read_truth
    from rsu.sources import known_formats

    standard_base(standard)
    if log_format != "auto" and log_format.partition(":")[0] not in known_formats():
        raise UsageError(f"--format {log_format}: must be auto or one of {', '.join(known_formats())}")
    ablations = _ablations(ablate)
    known = read_truth(truth)
    with _bar(log, as_json) as moved:
        found = _evaluated(log, known, ablations, (standard, header, log_format), (radius_m, warmup_s), moved)
    if plot_dir is not None:
        _plot(found, plot_dir, log, known, (standard, header, log_format))
    if as_json:
        print_json({"log": str(log), "truth": str(truth), **_counted(found.counts), "estimators": found.scores})
        return
    _report(found, log)
    print_next(f"rsu evaluate {log} --truth {truth} --plot DIR" if plot_dir is None else f"rsu replay {log} --video film.gif")


def _ablations(text: str) -> list[str]:
    from rsu.evaluate.estimators import ABLATIONS

    names = [name.strip() for name in text.split(",") if name.strip()]
    for name in names:
        if name not in ABLATIONS:
            raise UsageError(f"--ablate {name}: must be one of {', '.join(ABLATIONS)}")
    if len(set(names)) < len(names):
        raise UsageError(f"--ablate {text}: a part is named twice")
    return names


def _evaluated(
    log: Path,
    truth: Truth,
    ablations: list[str],
    reading: tuple[str, str, str],
    region: tuple[float, float],
    moved: Progress,
) -> Evaluation:
    from rsu.evaluate.estimators import estimators
    from rsu.evaluate.matching import Region
    from rsu.evaluate.parts import own_fusion, own_observe, own_parameters
    from rsu.evaluate.reading import Options
    from rsu.evaluate.run import evaluate

    standard, header, log_format = reading
    radius_m, warmup_s = region
    return evaluate(
        log,
        truth,
        own_observe(),
        estimators(own_fusion, own_parameters(), ablations),
        options=Options(standard=standard, header=header, format=log_format),
        region=Region(radius_m=radius_m, warmup_s=warmup_s),
        progress=moved,
    )


def _plot(found: Evaluation, folder: Path, log: Path, truth: Truth, reading: tuple[str, str, str]) -> None:
    from rsu.draw.ground import BARE
    from rsu.evaluate.moments import learn
    from rsu.evaluate.parts import own_scenery
    from rsu.evaluate.plots import plot
    from rsu.evaluate.reading import Options

    standard, header, log_format = reading
    options = Options(standard=standard, header=header, format=log_format)
    scenery = own_scenery()
    files = plot(found, folder, BARE if scenery is None else learn(log, truth.origin, scenery, options))
    print_note(f"wrote {len(files)} files to {folder}")


@contextmanager
def _bar(log: Path, quiet: bool) -> Iterator[Progress]:
    with progress(quiet) as bar:
        task = bar.add_task(log.name, total=None)

        def moved(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)

        yield moved


def _counted(counts: Counts) -> dict[str, int]:
    import msgspec

    return msgspec.structs.asdict(counts)


def _report(found: Evaluation, log: Path) -> None:
    names = ("estimator", *(column for column, _, _ in MAIN))
    grid = table(log.name, names, right=names[1:])
    for name, score in found.scores.items():
        grid.add_row(name, *(_figure(score, member, decimals) for _, member, decimals in MAIN))
    print_table(grid)
    _print_parts(found.scores)
    _print_classes(found.scores)
    counts = found.counts
    ticks = len(next(iter(found.ticks.values()), []))
    print_line(
        f"{counts.records} records, {counts.observations} observations, {ticks} ticks scored;"
        f" {counts.quarantined} quarantined, {counts.duplicates} duplicates"
    )
    if counts.untimed or counts.left_out:
        print_line(f"left out: {counts.untimed} records without a receive time, {counts.left_out} observations over the limit")


def _print_parts(scores: dict[str, dict[str, Any]]) -> None:
    grid = table("what GOSPA is made of, m²", ("estimator", *PARTS), right=PARTS)
    for name, score in scores.items():
        grid.add_row(name, *(_figure(score, f"gospa_parts_m2.{part}", 2) for part in PARTS))
    print_table(grid)


def _print_classes(scores: dict[str, dict[str, Any]]) -> None:
    classes = sorted({name for score in scores.values() for name in score["classes"]})
    names = [f"{name} {kind}" for name in classes for kind in ("recall", "precision")]
    grid = table("by class", ("estimator", *names), right=names)
    for name, score in scores.items():
        cells = (_figure(score, f"classes.{one}.{kind}", 3) for one in classes for kind in ("recall", "precision"))
        grid.add_row(name, *cells)
    print_table(grid)


def _figure(score: dict[str, Any], path: str, decimals: int) -> str:
    value: Any = score
    for member in path.split("."):
        value = value.get(member) if value is not None else None
    return "-" if value is None else f"{value:.{decimals}f}"
