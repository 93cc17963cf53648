"""Simulators and live sources on loopback, and the command: what was made up is what is heard."""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

import rsu
from rsu.compose.spat import spat_value
from rsu.config import Config, Controller, Perception, Radio, load_config
from rsu.errors import ConfigError, SourceError
from rsu.security.keys import allow, make_keys
from rsu.signals import SignalReport
from rsu.simulate.configured import outlets_of, reachable
from rsu.simulate.controllers import Gbt20999Controller, controller
from rsu.simulate.plan import GROUPS, Plan
from rsu.simulate.sending import Outlet, Second, run
from rsu.simulate.site import site
from rsu.sources.live import open_live_sources
from rsu.sources.live.base import Heard, LiveSource

CHECKOUT = Path(__file__).resolve().parents[2]
DEADLINE_S = 20.0
MS, SECOND = 1_000_000, 1_000_000_000


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


@pytest.fixture
def opened() -> Iterator[Callable[[Config], list[LiveSource]]]:
    sources: list[LiveSource] = []

    def keep(config: Config) -> list[LiveSource]:
        sources.extend(open_live_sources(config))
        return sources

    yield keep
    for source in sources:
        source.close()


def together(sources: list[LiveSource], outlets: list[Outlet], enough: Callable[[list[Heard]], bool]) -> list[Heard]:
    """Simulators and sources in one loop, until what was heard is enough."""
    heard: list[Heard] = []
    until = time.monotonic() + DEADLINE_S
    ticked_ns = 0

    def done() -> bool:
        nonlocal ticked_ns
        now_ns = time.time_ns()
        for source in sources:
            if now_ns - ticked_ns >= 100 * MS:
                source.tick(now_ns)
            if select.select(source.filenos(), [], [], 0)[0]:
                heard.extend(source.receive())
        ticked_ns = now_ns if now_ns - ticked_ns >= 100 * MS else ticked_ns
        assert time.monotonic() < until, f"{len(heard)} heard, faults {[source.faults for source in sources]}"
        return enough(heard)

    try:
        run(outlets, 0, done)
    finally:
        for outlet in outlets:
            outlet.close()
    return heard


# How far a controller's way to tell times may be from the plan: whole seconds, or tenths; and the poll of this test.
TOLERANCE_S = {"gat1743": 1.3, "gbt20999": 1.3, "ntcip": 0.3}


@pytest.mark.parametrize("protocol", ["gat1743", "gbt20999", "ntcip"])
def test_a_controller_is_heard_and_its_lights_end_when_the_plan_says(protocol: Any, opened: Any) -> None:
    plan = Plan(40)
    port, peer = free_port(), free_port()
    section = Controller(name="tsc", protocol=protocol, listen=f"127.0.0.1:{port}", peer=f"127.0.0.1:{peer}", intersection=101)
    sources = opened(Config(controller=(section,)))
    made = controller(protocol, plan, site(), time.time_ns())
    outlet = Outlet("tsc", made, section.listen, listen=section.peer)
    heard = together(sources, [outlet], lambda records: len(records) >= 12)
    reports = [msgspec.json.decode(one.data, type=SignalReport) for one in heard]
    assert [one.damage for one in heard] == [""] * len(heard)
    ends = 0
    for report in reports:
        assert [phase.id for phase in report.phases] == list(GROUPS)
        for phase in report.phases:
            shown = plan.shown(phase.id, report.time_ns)
            if min(shown.left_ms, plan.cycle_ms - shown.left_ms) < 300:
                continue  # the light may have changed on the way
            end_s = phase.likely_end_s if phase.likely_end_s is not None else phase.min_end_s
            if phase.light == shown.light == "green" and end_s is not None:
                assert end_s == pytest.approx(shown.left_ms / 1_000, abs=TOLERANCE_S[protocol])
                ends += 1
    _, spat = spat_value(reports[-1], "csae-53", reports[-1].time_ns, 0)
    assert len(spat["intersections"][0]["phases"]) == 8
    assert reports[-1].mode == ("fixed" if protocol == "gbt20999" else "")
    assert not sources[0].faults


def test_a_controller_that_is_not_asked_reports(opened: Any) -> None:
    section = Controller(name="tsc", protocol="gbt20999", listen=f"127.0.0.1:{free_port()}", intersection=1)
    sources = opened(Config(controller=(section,)))
    made = Gbt20999Controller(Plan(), site(), time.time_ns(), reports=True)
    heard = together(sources, [Outlet("tsc", made, section.listen)], lambda records: bool(records))
    assert len(msgspec.json.decode(heard[0].data, type=SignalReport).phases) == 8


CONFIG = """
[unit]
standard = "csae-53"
lat_deg = 31.2
lon_deg = 121.5
[[radio]]
name = "pc5"
listen = ["0.0.0.0:{0}"]
[[radio]]
name = "wave"
listen = ["127.0.0.1:{1}"]
standard = "sae-j2735"
[[radio]]
name = "out"
send = "127.0.0.1:9"
[[controller]]
name = "a"
protocol = "gat1743"
listen = "127.0.0.1:{2}"
[[controller]]
name = "b"
protocol = "gbt20999"
listen = "127.0.0.1:{3}"
peer = "127.0.0.1:{4}"
[[controller]]
name = "c"
protocol = "ntcip"
listen = "127.0.0.1:{5}"
[[perception]]
name = "cam"
listen = "udp://127.0.0.1:{6}"
[[perception]]
name = "lidar"
listen = "tcp://127.0.0.1:{7}"
[pipeline]
curve_dir = "keys"
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A configuration with every kind of interface, on free ports; the keys of the unit and of an allowed client."""
    file = tmp_path / "rsu.toml"
    file.write_text(CONFIG.format(*(free_port() for _ in range(8))))
    keys = tmp_path / "keys"
    make_keys(keys, "server")
    allow(keys, make_keys(keys, "client").public)
    return file


def test_every_interface_of_a_configuration_is_fed(config: Path, opened: Any) -> None:
    settings = load_config(config)
    sources = opened(settings)
    names = {source.name for source in sources}
    outlets = outlets_of(settings, time.time_ns(), vehicles=6)
    assert {outlet.name for outlet in outlets} == names == {"pc5", "wave", "a", "b", "c", "cam", "lidar"}
    heard = together(sources, outlets, lambda records: {one.source for one in records} >= names)
    assert not any(one.damage for one in heard)


@pytest.mark.parametrize(
    ("listen", "to"),
    [("0.0.0.0:5", "127.0.0.1:5"), ("*:5", "127.0.0.1:5"), ("[::]:5", "[::1]:5"), ("10.1.2.3:5", "10.1.2.3:5")],
)
def test_what_listens_everywhere_is_reached_on_loopback(listen: str, to: str) -> None:
    assert reachable(listen, "key") == to


def test_a_port_that_is_given_out_at_the_start_cannot_be_fed() -> None:
    with pytest.raises(ConfigError, match=r"\[\[radio\]\] pc5: listen = '127\.0\.0\.1:0': give it a port"):
        outlets_of(Config(radio=(Radio(name="pc5", listen=("127.0.0.1:0",)),)), 0)
    with pytest.raises(ConfigError, match=r"\[\[perception\]\] cam: listen"):
        outlets_of(Config(perception=(Perception(name="cam", listen="udp://127.0.0.1:0"),)), 0)


def test_a_configuration_without_interfaces_is_told() -> None:
    with pytest.raises(ConfigError, match="no radio that listens, no controller and no perception box"):
        outlets_of(Config(radio=(Radio(name="out", send="127.0.0.1:9"),)), 0)


def test_an_address_that_is_taken_is_told() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        with pytest.raises(SourceError, match=r"tsc: listen = .* cannot be bound: Address already in use"):
            Outlet("tsc", controller("ntcip", Plan(), site(), 0), "127.0.0.1:9", f"127.0.0.1:{taken.getsockname()[1]}")


def test_it_runs_by_the_clock_it_is_given() -> None:
    """Three seconds of a clock that jumps 50 ms at each look: 10 a second, and a line for each whole second."""
    now_ns = 1_780_000_000 * SECOND
    outlet = Outlet("tsc", controller("ntcip", Plan(), site(), now_ns), f"127.0.0.1:{free_port()}")
    lines: list[Second] = []

    def clock() -> int:
        nonlocal now_ns
        now_ns += 50 * MS
        return now_ns

    totals = run([outlet], 3.0, lambda: False, lines.append, clock)
    outlet.close()
    assert abs(totals.sent["status"] + totals.unsent - 30) <= 2
    assert len(lines) == 2 and all(8 <= line.sent["status"] <= 12 for line in lines)


# The command -------------------------------------------------------------------------------------------------------------


def command(*words: str) -> subprocess.Popen[str]:
    environment = os.environ | {"PYTHONPATH": str(CHECKOUT)}
    return subprocess.Popen(
        [sys.executable, "-m", "rsu.cli", "simulate", *words],
        env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def finished(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    out, error = process.communicate(timeout=DEADLINE_S)
    return process.returncode, out, error


def test_the_command_ends_after_its_seconds_with_a_summary() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as unit:
        unit.bind(("127.0.0.1", 0))
        unit.settimeout(DEADLINE_S)
        to = f"127.0.0.1:{unit.getsockname()[1]}"
        process = command("radio", "--to", to, "--standard", "sae-j2735", "--vehicles", "3", "--seconds", "1.2", "--json")
        first = unit.recv(65_535)
        code, out, error = finished(process)
    summary = json.loads(out)
    assert (code, error) == (0, "") and summary["seconds"] == pytest.approx(1.2, abs=0.5)
    assert summary["sent"]["BasicSafetyMessage"] >= 30 and summary["sent"]["SPAT"] >= 10 and summary["unsent"] == 0
    assert rsu.frames.unwrap(first).header == "wsmp"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_command_ends_in_order_on_a_signal(number: signal.Signals, config: Path) -> None:
    process = command("all", "-c", str(config), "--vehicles", "2")
    assert process.stdout is not None
    lines = [process.stdout.readline() for _ in range(8)]  # seven interfaces, and the first second
    process.send_signal(number)
    code, out, error = finished(process)
    assert code == 0 and error == ""
    assert any(line.startswith("pc5 → 127.0.0.1:") for line in lines) and "BasicSafetyMessage" in lines[-1]
    assert " sent, " in out and "next: rsu status" in out


@pytest.mark.parametrize(
    ("words", "code", "reason"),
    [
        (["controller", "scats", "--to", "127.0.0.1:9"], 2, "PROTOCOL scats: must be one of gat1743, gbt20999, ntcip"),
        (["controller", "ntcip", "--to", "127.0.0.1:9", "--cycle", "10"], 5, "cycle of 10 s: must be 32..300"),
        (["radio", "--to", "nowhere"], 5, "radio: to = 'nowhere': must be host:port"),
        (["radio", "--to", "127.0.0.1:9", "--standard", "etsi"], 5, "standard 'etsi': must be one of"),
        (["perception", "--to", "tcp://127.0.0.1:9"], 5, "needs CURVE keys: `rsu keys make DIR client`, with the unit's"),
        (["perception", "--to", "tcp://127.0.0.1:9", "--keys", "none", "--name", "cam"], 5, "none/cam.key_secret: is missing"),
        (["all", "-c", "none.toml"], 5, "none.toml: No such file"),
    ],
)
def test_what_cannot_be_simulated_is_told_in_a_line(words: list[str], code: int, reason: str) -> None:
    got, out, error = finished(command(*words))
    assert (got, out) == (code, "") and reason in error and error.count("\n") == 1
