"""`rsu simulate`: makes up what a unit hears, so that one can see it work without a radio, a controller or a box."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rsu.cli import drive, options
from rsu.cli.console import print_json, print_line, print_next
from rsu.cli.exit_codes import UsageError

if TYPE_CHECKING:
    from collections import Counter

    from rsu.simulate.sending import Outlet, Second

NAME = "simulate"
PROTOCOLS = ("gat1743", "gbt20999", "ntcip")
DAY_S = 86_400.0

app = typer.Typer(
    help="Send what vehicles, signal controllers and perception boxes would send, or write it to a log.", no_args_is_help=True
)

To = Annotated[str, typer.Option("--to", metavar="HOST:PORT", help="Where the unit listens.")]
Seconds = Annotated[
    float, typer.Option("--seconds", metavar="S", min=0, max=30 * DAY_S, help="End after so long; 0: with Ctrl-C.")
]
Cycle = Annotated[float, typer.Option("--cycle", metavar="S", help="Length of the signal plan's cycle, 32..300.")]
Vehicles = Annotated[int, typer.Option("--vehicles", metavar="N", help="How many drive through the crossing, 0..2000.")]
Hz = Annotated[float, typer.Option("--hz", metavar="F", help="BSMs of each vehicle, or looks of a box, a second.")]
Seed = Annotated[int, typer.Option("--seed", metavar="N", help="The same seed gives the same drivers.")]
Keys = Annotated[
    str, typer.Option("--keys", metavar="DIR", help="For tcp://: folder with our pair of `rsu keys` and the unit's server.key.")
]
Client = Annotated[str, typer.Option("--name", metavar="NAME", help="For tcp://: our pair of keys in that folder.")]
CYCLE_S, VEHICLES, HZ, CLIENT = 74.0, 40, 10.0, "client"

drive.add_to(app)


def complete_protocol(incomplete: str) -> list[str]:
    """Names of the protocols."""
    return [name for name in PROTOCOLS if name.startswith(incomplete)]


@app.command("controller")
def controller(
    protocol: Annotated[
        str, typer.Argument(metavar="PROTOCOL", autocompletion=complete_protocol, help=f"{', '.join(PROTOCOLS)}.")
    ],
    to: To,
    listen: Annotated[
        str, typer.Option("--listen", metavar="HOST:PORT", help="Where it is asked: `peer` of its section in rsu.toml.")
    ] = "",
    cycle_s: Cycle = CYCLE_S,
    seconds: Seconds = 0,
    as_json: options.Json = False,
) -> None:
    """A signal controller with a fixed plan of eight groups, 1 to 8."""
    import time

    from rsu.simulate.controllers import controller as made
    from rsu.simulate.plan import Plan
    from rsu.simulate.sending import Outlet
    from rsu.simulate.site import site

    if protocol not in PROTOCOLS:
        raise UsageError(f"PROTOCOL {protocol}: must be one of {', '.join(PROTOCOLS)}")
    simulator = made(protocol, Plan(cycle_s), site(), time.time_ns(), reports=not listen)  # type: ignore[arg-type]
    _run([Outlet(protocol, simulator, to, listen)], seconds, as_json)


@app.command("radio")
def radio(
    to: To,
    standard: options.Standard = "csae-53",
    vehicles: Vehicles = VEHICLES,
    hz: Hz = HZ,
    seed: Seed = 0,
    cycle_s: Cycle = CYCLE_S,
    seconds: Seconds = 0,
    as_json: options.Json = False,
) -> None:
    """Vehicles at a crossing, and a roadside unit next door: BSM, SPAT, MAP, RSM or SDSM, RSI or TIM."""
    import time

    import rsu
    from rsu.simulate.plan import Plan
    from rsu.simulate.radio import RadioScene
    from rsu.simulate.sending import Outlet
    from rsu.simulate.site import site

    schema = rsu.load_schema(_known(standard))
    scene = RadioScene(standard, schema, site(), Plan(cycle_s), time.time_ns(), vehicles=vehicles, hz=hz, seed=seed)
    _run([Outlet("radio", scene, to)], seconds, as_json)


@app.command("perception")
def perception(
    to: Annotated[
        str, typer.Option("--to", metavar="URL", help="Where the unit listens: udp://host:port or tcp://host:port (ZeroMQ).")
    ],
    keys: Keys = "",
    client: Client = CLIENT,
    vehicles: Vehicles = VEHICLES,
    hz: Hz = HZ,
    seed: Seed = 0,
    cycle_s: Cycle = CYCLE_S,
    seconds: Seconds = 0,
    as_json: options.Json = False,
) -> None:
    """A perception box that sees the vehicles at the crossing, as JSON in CARMA's fields."""
    import time

    from rsu.simulate.perception import PerceptionScene
    from rsu.simulate.plan import Plan
    from rsu.simulate.sending import Outlet
    from rsu.simulate.site import site

    scene = PerceptionScene(site(), Plan(cycle_s), time.time_ns(), vehicles=vehicles, hz=hz, seed=seed)
    _run([Outlet("perception", scene, to, keys=keys, client=client)], seconds, as_json)


@app.command("all")
def everything(
    config: Annotated[Path, typer.Option("--config", "-c", metavar="FILE", help="The unit's configuration.")],
    keys: Keys = "",
    client: Client = CLIENT,
    vehicles: Vehicles = VEHICLES,
    hz: Hz = HZ,
    seed: Seed = 0,
    cycle_s: Cycle = CYCLE_S,
    seconds: Seconds = 0,
    as_json: options.Json = False,
) -> None:
    """A simulator for every radio, controller and perception box of a configuration.

    Boxes at tcp:// need an allowed pair of keys: in --keys, or else in the unit's own [pipeline] curve_dir.
    """
    import time

    from rsu.config import load_config
    from rsu.simulate.configured import outlets_of

    settings = load_config(config)
    outlets = outlets_of(
        settings, time.time_ns(), vehicles=vehicles, hz=hz, seed=seed, cycle_s=cycle_s, keys=keys, client=client
    )
    _run(outlets, seconds, as_json)


def _known(standard: str) -> str:
    from rsu.standards import parse_standard_name

    parse_standard_name(standard)
    return standard


def _run(outlets: list[Outlet], seconds: float, as_json: bool) -> None:
    """Send until the time is over or a signal comes; both are a good end."""
    from rsu.simulate.sending import run

    def line(second: Second) -> None:
        if not as_json:
            print_line(_line(second))
            _flush()

    if not as_json:
        for outlet in outlets:
            print_line(f"{outlet.name} → {outlet.to}")
    try:
        with _stoppable() as stopped:
            totals = run(outlets, seconds, lambda: bool(stopped), line)
    finally:
        for outlet in outlets:
            outlet.close()
    if as_json:
        print_json(
            {
                "seconds": round(totals.seconds, 3),
                "sent": dict(sorted(totals.sent.items())),
                "unsent": totals.unsent,
                "received": totals.received,
            }
        )
        return
    print_line(f"{totals.seconds:.1f} s: {_counts(totals.sent) or 'nothing'} sent, {totals.received} received")
    if totals.unsent:
        print_line(f"{totals.unsent} could not be sent: is somebody listening there?")
    print_next("rsu status  says what the unit heard")


def _line(second: Second) -> str:
    from datetime import UTC, datetime

    heard = f", {second.received} received" if second.received else ""
    return f"{datetime.now(UTC):%H:%M:%S}  {_counts(second.sent) or 'nothing'}{heard}"


def _counts(sent: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(sent.items()))


def _flush() -> None:
    import sys

    sys.stdout.flush()


@contextmanager
def _stoppable() -> Iterator[list[int]]:
    """A list that is empty until SIGINT or SIGTERM comes."""
    came: list[int] = []

    def note(number: int, frame: Any) -> None:
        came.append(number)

    before = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield came
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
