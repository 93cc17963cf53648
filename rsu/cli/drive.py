"""`rsu simulate city|merge|…`: drives a scene with SUMO and writes what a unit would have received, with its ground truth."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from rsu.cli import options
from rsu.cli.console import print_json, print_line, print_next
from rsu.cli.exit_codes import UsageError

#: Name → what it is; the scenes themselves stand in rsu.simulate.scenes (a test compares).
SCENES = {
    "city": "signalised crossing with pedestrians and bicycles",
    "merge": "expressway merge",
    "mountain": "two-way mountain road with a tunnel without GNSS",
    "yard": "port yard with slow automated vehicles",
    "dense": "crossing with 500 road users",
}
STANDARD = "csae-157"

Log = Annotated[Path, typer.Option("-o", "--output", metavar="LOG", help="The drive log: .mcap or .jsonl.")]
TruthFile = Annotated[Path, typer.Option("--truth", metavar="T", help="The ground truth: .npz or .parquet.")]
Seed = Annotated[int, typer.Option("--seed", metavar="N", help="The same seed gives the same log.")]
Seconds = Annotated[float, typer.Option("--seconds", metavar="S", help="How long the log is, 1..1800.")]
Equipped = Annotated[float, typer.Option("--equipped", metavar="F", help="Share of road users that send of themselves, 0..1.")]
Sigma = Annotated[float, typer.Option("--gnss-sigma", metavar="M", help="σ of a receiver's slow error, metres, 0..50.")]
Reported = Annotated[
    float, typer.Option("--reported-sigma", metavar="F", help="What senders say of their σ, as a share of the true one.")
]
SecondClock = Annotated[
    float | None,
    typer.Option("--second-rsu-clock", metavar="SECONDS", help="A second unit next door whose clock is so far ahead."),
]
Standard = Annotated[str, typer.Option("--standard", metavar="NAME", help="csae-157 (behind DSMP) or sae-j2735 (behind WSMP).")]


def add_to(app: typer.Typer) -> None:
    """Each scene is a command."""
    for name, title in SCENES.items():
        app.command(name, help=f"A drive log with ground truth, by SUMO: {title}.")(_command(name))


def _command(scene: str) -> Callable[..., None]:
    def simulate(
        log: Log,
        truth: TruthFile,
        seed: Seed = 0,
        seconds: Seconds = 60.0,
        equipped: Equipped = 0.7,
        gnss_sigma: Sigma = 1.0,
        reported_sigma: Reported = 1.0,
        second_clock: SecondClock = None,
        standard: Standard = STANDARD,
        as_json: options.Json = False,
    ) -> None:
        from rsu.simulate.drive import Settings
        from rsu.simulate.noise import Parameters

        noise = Parameters(equipped_share=equipped, gnss_sigma_m=gnss_sigma, reported_sigma_factor=reported_sigma)
        settings = Settings(
            scene=scene, seconds=seconds, seed=seed, standard=standard, noise=noise, second_clock_s=second_clock
        )
        _write(settings, log, truth, as_json)

    return simulate


def _write(settings: object, log: Path, truth: Path, as_json: bool) -> None:
    import numpy as np

    import rsu
    from rsu.simulate.drive import Settings, write_drive
    from rsu.sinks import known_formats

    assert isinstance(settings, Settings)
    whole = [suffix for name in ("mcap", "jsonl") for suffix in known_formats()[name].suffixes]
    if not log.name.removesuffix(".gz").endswith(tuple(whole)):
        raise UsageError(f"LOG {log}: suffix must be one of {', '.join(whole)}: other formats have no place for objects")
    made = write_drive(settings, rsu.load_schema(settings.standard), log, truth)
    objects = len(np.unique(made.truth.rows["id"]))
    if as_json:
        print_json({"log": str(log), "truth": str(truth), "records": len(made.records), "objects": objects})
        return
    print_line(f"{log}: {len(made.records)} records of {settings.seconds:g} s")
    print_line(f"{truth}: {objects} road users, {len(made.truth.rows)} rows")
    print_next(f"rsu replay {log}")
