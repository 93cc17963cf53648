"""`rsu status` and `rsu top`, against the pages of a unit over HTTP."""

from __future__ import annotations

import http.server
import json
import os
import pty
import select
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cli_calls import CHECKOUT, Run, Spawn

from rsu.config import Config
from rsu.observability.clock import ClockQuality
from rsu.observability.figures import FIGURES
from rsu.observability.health import Health
from rsu.observability.http import Server, serve
from rsu.observability.meter import Meter
from rsu.observability.registry import Registry
from rsu.observability.rules import Parameters

WAIT_S = 30
ROLES = ("ingest", "engine", "record")
START_NS = 1_790_000_000 * 10**9
GOOD_CLOCK = ClockQuality(0.0012, True, 0.02)


class Unit:
    """A unit that reports once, and stays as it was: the registry's clock does not move."""

    def __init__(self, clock: ClockQuality = GOOD_CLOCK) -> None:
        self.now_ns = 10**12
        self.registry = Registry(ROLES, strict=True, steady=lambda: self.now_ns)
        self.health = Health(
            Config(),
            self.registry,
            parameters=Parameters(disk_share_warn=0, disk_share_fail=0, disk_octets_fail=0),  # the test's disk may be full
            clock=lambda: clock,
            wall=lambda: self.now_ns + START_NS,
            steady=lambda: self.now_ns,
        )
        meters = {role: Meter(role, os.getpid(), time.time_ns()) for role in ROLES}
        meters["ingest"].count("rsu_selftest_passed_total")
        meters["ingest"].gauge("rsu_queue_depth", 12, queue="window")
        meters["record"].gauge("rsu_store_up", 1, store="outbox")
        meters["record"].gauge("rsu_upload_lag_seconds", 0.5, target="database")
        self._report(meters)
        for _ in range(3):
            meters["engine"].count("rsu_messages_received_total", 100, type="SPAT", channel="pc5")
            meters["ingest"].count("rsu_source_records_total", 100, source="pc5")
            meters["ingest"].gauge("rsu_records_in_flight", 18)
            meters["engine"].stage("publish", 15_000, 100)
            meters["record"].count("rsu_messages_stored_total", 90)
            meters["record"].count("rsu_messages_rejected_total", 4, reason="truncated")
            meters["engine"].sender("0badcafe", "SPAT")
            meters["engine"].event("reject", "radio0: SPAT: truncated", 1_790_000_000_000_000_000)
            self.now_ns += 10**9
            self._report(meters)
        self.server: Server = serve("127.0.0.1:0", self.registry, self.health)
        self.url = f"http://127.0.0.1:{self.server.port}"

    def _report(self, meters: dict[str, Meter]) -> None:
        for role in ("engine", "record", "ingest"):
            self.registry.take(meters[role].report(time.time_ns()))
        self.health.look()


@pytest.fixture
def make_unit() -> Iterator[Callable[..., Unit]]:
    units: list[Unit] = []

    def make(**more: ClockQuality) -> Unit:
        units.append(Unit(**more))
        return units[-1]

    yield make
    for unit in units:
        unit.server.close()


@pytest.fixture
def unit(make_unit: Callable[..., Unit]) -> Unit:
    return make_unit()


def test_the_page_tells_how_the_unit_is(unit: Unit, rsu_run: Run) -> None:
    result = rsu_run("status", "--url", unit.url)
    assert result.exit_code == 0
    words = " ".join(result.stdout.split())
    for said in (
        "rsu-1 · rsu", "health ok · ready", "roles ok all report", "SPAT 100.0 100.0 300", "truncated 12", "window 12",
        "database – 0.5 s", "received 300 = stored 270 + quarantined 12 + duplicate 0 + shed 0 + in flight 18",
        "clock synchronised, error 1.2 ms, at most 20 ms, 0 jumps", "publish 0.015 0.020 300", "next: rsu top",
    ):  # fmt: skip
        assert said in words, said


@pytest.mark.parametrize(
    ("clock", "silent_s", "code"),
    [
        (ClockQuality(0.001, True, 0.02), 0, 0),
        (ClockQuality(16.0, False, 16.0), 0, 6),
        (ClockQuality(0.001, True, 0.02), 6, 1),
    ],
    ids=["well", "wants a look", "roles are silent"],
)
def test_the_exit_code_tells_whether_it_is_well(
    make_unit: Callable[..., Unit], rsu_run: Run, clock: ClockQuality, silent_s: int, code: int
) -> None:
    unit = make_unit(clock=clock)
    unit.now_ns += silent_s * 10**9
    assert rsu_run("status", "--url", unit.url).exit_code == code
    assert rsu_run("status", "--url", unit.url, "--json").exit_code == code


def test_json_is_the_page_on_one_line(unit: Unit, rsu_run: Run) -> None:
    result = rsu_run("status", "--url", f"{unit.url}/status", "--json")
    page = json.loads(result.stdout)
    assert (result.stdout.count("\n"), page["ledger"]["received"], page["health"]["level"]) == (1, 300, "ok")


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])
def test_the_configuration_says_where_the_page_is(unit: Unit, rsu_run: Run, tmp_path: Path, host: str) -> None:
    config = tmp_path / "rsu.toml"
    config.write_text(f'[observability]\nlisten = "{host}:{unit.server.port}"\n')
    assert rsu_run("status", "-c", config).exit_code == 0


def test_explain_has_every_figure_and_asks_no_unit(rsu_run: Run) -> None:
    result = rsu_run("status", "--explain", "--url", "http://127.0.0.1:1")
    assert result.exit_code == 0
    for figure in FIGURES:
        assert figure.field in result.stdout and figure.means in result.stdout
    assert len(json.loads(rsu_run("status", "--explain", "--json").stdout)) == len(FIGURES)


def test_top_prints_one_frame_into_a_pipe(unit: Unit, rsu_run: Run) -> None:
    for arguments in ([], ["--once"]):
        result = rsu_run("top", "--url", unit.url, *arguments)
        assert result.exit_code == 0
        words = " ".join(result.stdout.split())
        for said in ("rsu-1 ·", "SPAT 100.0 100.0 300 ███", "0badcafe SPAT", "14:13:20 reject radio0: SPAT", "window 12"):
            assert said in words, said


def test_top_gives_lines_of_json(unit: Unit, rsu_run: Run) -> None:
    result = rsu_run("top", "--url", unit.url, "--json", "--once")
    assert json.loads(result.stdout)["types"][0]["line"] == [100, 100, 100]


@pytest.mark.parametrize("key", [b"q", b"\x03"], ids=["q", "Ctrl-C"])
def test_top_on_a_terminal_shows_frames_until_it_is_ended(unit: Unit, key: bytes) -> None:
    pid, terminal = pty.fork()
    if pid == 0:
        environment = {**os.environ, "PYTHONPATH": str(CHECKOUT), "TERM": "xterm", "COLUMNS": "120", "LINES": "60"}
        os.execve(sys.executable, [sys.executable, "-m", "rsu.cli", "top", "--url", unit.url], environment)
    shown = _read_until(terminal, b"0badcafe")
    assert b"SPAT" in shown
    os.write(terminal, key)
    _read_until(terminal, b"\x1b[?1049l")  # the terminal is given back
    _, code = os.waitpid(pid, 0)
    os.close(terminal)
    assert os.waitstatus_to_exitcode(code) in ((0,) if key == b"q" else (130,))


def _read_until(terminal: int, wanted: bytes) -> bytes:
    shown = b""
    until = time.monotonic() + WAIT_S
    while wanted not in shown:
        assert time.monotonic() < until, shown
        if select.select([terminal], [], [], 0.5)[0]:
            try:
                shown += os.read(terminal, 65_536)
            except OSError:  # the other end is closed
                break
    return shown


ANSWERS = {"/a/status": b"hello", "/b/status": b'{"unit": 1}', "/c/status": b"x" * 5_000_000}


class Stranger(http.server.BaseHTTPRequestHandler):
    """A server that is no unit."""

    def do_GET(self) -> None:
        body = ANSWERS.get(self.path)
        self.send_response(200 if body else 404)
        self.end_headers()
        self.wfile.write(body or b"")

    def log_message(self, format: str, *arguments: object) -> None:
        pass


@pytest.fixture
def stranger() -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Stranger)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("/a", "is no /status page"),
        ("/b", "is no /status page"),
        ("/c", "answers more than"),
        ("/d", "answers 404"),
    ],
)
@pytest.mark.parametrize("command", ["status", "top"])
def test_a_server_that_is_no_unit_is_told(stranger: str, rsu_spawn: Spawn, command: str, path: str, says: str) -> None:
    result = rsu_spawn(command, "--url", stranger + path)
    assert result.returncode == 3
    assert says in result.stderr.decode()
    assert result.stderr.count(b"\n") == 1


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["--url", "http://127.0.0.1:1"], 3, "no answer"),
        (["--url", "ftp://127.0.0.1"], 5, "must begin with http://"),
        (["-c", "missing.toml"], 5, "missing.toml"),
    ],
)
def test_what_cannot_be_asked_is_told(rsu_spawn: Spawn, arguments: list[str], code: int, says: str) -> None:
    result = rsu_spawn("status", *arguments)
    assert (result.returncode, says in result.stderr.decode()) == (code, True), result.stderr
