"""The unit that is measured: one of our own in a temporary folder, or one that runs already."""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol

import msgspec

from rsu.config import Config, load_config
from rsu.errors import ConfigError, SourceError
from rsu.load import cores
from rsu.load.sender import Aim
from rsu.load.target import Heads, Ledger, Target, stages_at
from rsu.store import Store

STOP_S_MAX = 30.0
LOG_LINES_SHOWN = 5
BUS, INLET = "bus", "inlet"
SQLITE = "sqlite:///"
RUN_DIR = "run"  # of the sockets, inside state_dir, where none is set

# What a measured unit does not have: devices and platforms of the field.
_LEFT_OUT = ("radio", "controller", "perception", "mqtt", "nats")


class _OutboxKind(Protocol):
    def reader(self, path: Path) -> Heads:
        """An outbox that another process writes."""


@contextlib.contextmanager
def own_unit(folder: Path, standard: str, based_on: Path | None, way: str) -> Iterator[Target]:
    """Starts a unit in ``folder``, and stops it at the end.

    :param based_on: its settings but for devices, platforms and places; the defaults otherwise.
    :param way: ``udp`` or ``inlet``.
    :raises SourceError: where it cannot be started.
    """
    file = folder / "rsu.toml"
    file.write_text(toml_text(own_settings(folder, standard, based_on)), encoding="utf-8")
    log = folder / "unit.log"
    with log.open("wb") as said:
        command = [sys.executable, "-m", "rsu.cli", "run", "-c", str(file)]
        process = subprocess.Popen(command, stdout=said, stderr=said, start_new_session=True)
    try:
        target = target_of(load_config(file), way, process.pid)
        target.complaint = lambda: _complaint(process, log)
        yield target
    finally:
        _stop(process)


def running_unit(file: Path, way: str) -> Target:
    """A unit that runs on this machine with the settings in ``file``.

    :raises ConfigError: where its settings leave no way to measure it.
    """
    config = load_config(file)
    return target_of(config, way, _pid_of(config))


def own_settings(folder: Path, standard: str, based_on: Path | None) -> dict[str, Any]:
    """The settings of a unit of our own, as the file has them."""
    settings: dict[str, Any] = {}
    if based_on is not None:
        settings = msgspec.toml.decode(based_on.read_bytes())
        load_config(based_on)
    for name in _LEFT_OUT:
        settings.pop(name, None)
    ours: dict[str, dict[str, Any]] = {
        "unit": {"id": "bench", "standard": standard, "state_dir": str(folder / "state"), "run_dir": str(folder / RUN_DIR)},
        "pipeline": {BUS: f"ipc://{folder}/{BUS}", INLET: f"ipc://{folder}/{INLET}"},
        "store": {"url": "rsu.db", "outbox": "outbox.db"},
        "recording": {"dir": ""},
        "observability": {"listen": f"127.0.0.1:{_free_port(socket.SOCK_STREAM)}", "log_file": ""},
    }
    for name, section in ours.items():
        settings[name] = {**settings.get(name, {}), **section}
    settings["radio"] = [{"name": "bench", "listen": [f"127.0.0.1:{_free_port(socket.SOCK_DGRAM)}"], "standard": standard}]
    return settings


def target_of(config: Config, way: str, pid: int) -> Target:
    """How the unit of a configuration is loaded and looked at.

    :raises ConfigError: where it hears no radio, or its bus needs keys.
    """
    state = Path(config.unit.state_dir)
    run = Path(config.unit.run_dir) if config.unit.run_dir else state / RUN_DIR
    bus = config.pipeline.bus or f"ipc://{run}/{BUS}"
    inlet = config.pipeline.inlet or f"ipc://{run}/{INLET}"
    for name, endpoint in ((BUS, bus), (INLET, inlet)):
        if endpoint.startswith("tcp://") and (name == BUS or way == INLET):
            raise ConfigError(f"[pipeline] {name} = {endpoint}: the bench has no keys for it; measure with an ipc:// one")
    heard = [place for radio in config.radio for place in radio.listen]
    if way == "udp" and not heard:
        raise ConfigError("no [[radio]] listens: nothing to send to; give one, or --through inlet")
    url, listen = config.store.url, config.observability.listen
    return Target(
        name=f"unit {config.unit.id}",
        bus=bus,
        aim=Aim("inlet", inlet) if way == INLET else Aim("udp", _reachable(heard[0])),
        pids=lambda: cores.family(pid),
        rsu=config.unit.id,
        heads=_LateOutbox(state / config.store.outbox),
        ledger=(lambda: ledger_at(_database(url, state))) if url else None,
        stages=stages_at(f"http://{_reachable(listen)}/metrics") if listen else None,
    )


def ledger_at(url: str) -> Ledger:
    """The sums of the ledger in a unit's database; none where it is not made yet."""
    if url.startswith(SQLITE) and not Path(url.removeprefix(SQLITE)).exists():
        return Ledger()  # connecting would make it
    with contextlib.closing(Store(url)) as store:
        rows = store.ledger() if store.revision()[0] else []
    return Ledger(*(sum(row[name] for row in rows) for name in Ledger._fields))


class _LateOutbox:
    """The outbox of a unit that may not have made it yet."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._reader: Heads | None = None

    def head(self, rsu: str, boot: bytes) -> int:
        if self._reader is None:
            if not self._path.exists():
                return 0
            kind: _OutboxKind = importlib.import_module("rsu.store.outbox").Outbox
            self._reader = kind.reader(self._path)
        return self._reader.head(rsu, boot)


def toml_text(settings: Mapping[str, Any]) -> str:
    """Settings as TOML: tables, arrays of tables, and below them values, which TOML writes as JSON does."""
    lines: list[str] = []
    for name, section in settings.items():
        for table in section if isinstance(section, list) else [section]:
            lines.append(f"[[{name}]]" if isinstance(section, list) else f"[{name}]")
            lines += [f"{key} = {_toml_value(value)}" for key, value in table.items()]
    return "\n".join(lines) + "\n"


def _toml_value(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)} = {_toml_value(item)}" for key, item in value.items()) + "}"
    return json.dumps(value)


def _database(url: str, state: Path) -> str:
    return url if "://" in url else f"{SQLITE}{(state / url).resolve()}"


def _reachable(listen: str) -> str:
    """host:port to send to, of one to hear on."""
    host, _, port = listen.rpartition(":")
    return f"127.0.0.1:{port}" if host in ("", "0.0.0.0", "[::]", "*") else listen


def _free_port(kind: int) -> int:
    with socket.socket(socket.AF_INET, kind) as line:
        line.bind(("127.0.0.1", 0))
        port: int = line.getsockname()[1]
        return port


def _pid_of(config: Config) -> int:
    """The supervisor of a running unit: the process that listens where its `/metrics` are."""
    port = config.observability.listen.rpartition(":")[2]
    if not port.isdigit():
        raise ConfigError("[observability] listen is empty: it is needed to find the unit's processes")
    sockets = _listeners(int(port))
    for folder in cores.PROC.iterdir():
        if folder.name.isdigit() and int(folder.name) != os.getpid() and _holds(folder, sockets):
            return int(folder.name)
    raise SourceError(f"no process of this machine listens on port {port}: is the unit running, and may you see its processes?")


def _listeners(port: int) -> set[str]:
    """``socket:[inode]`` of what listens on a TCP port; proc(5), /proc/net/tcp."""
    found: set[str] = set()
    for name in ("tcp", "tcp6"):
        with contextlib.suppress(OSError):
            rows = [row.split() for row in (cores.PROC / "net" / name).read_text().splitlines()[1:]]
            found |= {f"socket:[{row[9]}]" for row in rows if int(row[1].rpartition(":")[2], 16) == port and row[3] == "0A"}
    return found


def _holds(folder: Path, sockets: set[str]) -> bool:
    try:
        return any(os.readlink(file) in sockets for file in (folder / "fd").iterdir())
    except OSError:
        return False


def _complaint(process: subprocess.Popen[bytes], log: Path) -> str:
    if process.poll() is None:
        return ""
    lines = log.read_text(errors="replace").splitlines()[-LOG_LINES_SHOWN:]
    return f"`rsu run` ended with code {process.returncode}: {' / '.join(lines)}"


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(STOP_S_MAX)
    except subprocess.TimeoutExpired:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # its session is its own
        process.wait()
