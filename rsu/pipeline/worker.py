"""One process with its roles as threads; `rsu run` starts it as ``python -m rsu.pipeline.worker FILE ROLE…``.

It talks to the supervisor in lines: ``stop ROLE`` comes in on standard input, ``done ROLE`` goes out on standard output. When
the input ends the supervisor is gone, and all roles stop. A role that fails ends the process at once: what it held comes again.
"""

from __future__ import annotations

import gc
import importlib
import os
import signal
import sys
import threading
import time
import traceback
from pathlib import Path
from types import ModuleType

import zmq

from rsu.config import load_config, run_dir
from rsu.observability.logs import configure_logging
from rsu.pipeline.links import Links
from rsu.pipeline.role import Role
from rsu.security.curve import stop_authenticator

FAULT = 70
SWEEP_S = 30.0
"""Python looks for cycles this often, and not by itself: a record leaves none, SQLAlchemy's statements do."""
FRONT = ("ingest", "engine")
SWITCH_S = 0.001
"""Python's threads change places this often; the default of 5 ms would be the worst latency of a role beside a busy one."""


def main(config_path: str, names: list[str]) -> int:
    """Runs the roles until all are stopped.

    :returns: the exit code.
    """
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)  # the supervisor says when, and in which order
    sys.setswitchinterval(SWITCH_S)
    config = load_config(config_path)
    configure_logging(config.observability, "+".join(names), config.unit.state_dir)
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    links = Links(context, Path(run_dir(config)), config.pipeline)
    roles = {name: Role(name, config, links) for name in names}
    # Imported here, for two threads that import one package at a time can meet in the middle of it.
    parts = [(_module(shared), [roles[name] for name in shared]) for shared in _threads(names)]
    threads = [threading.Thread(target=_run, args=part, name=part[1][0].name) for part in parts]
    gc.disable()
    gc.freeze()  # what is there now stays, and is not looked at again
    for thread in threads:
        thread.start()
    threading.Thread(target=_sweep, name="sweep", daemon=True).start()
    threading.Thread(target=_listen, args=(roles,), name="orders", daemon=True).start()
    for thread in threads:
        thread.join()
    stop_authenticator(context)
    context.term()
    return 0


def _threads(names: list[str]) -> list[tuple[str, ...]]:
    """Which roles share a thread: ingest and engine, where both are here."""
    if set(FRONT) <= set(names):
        return [FRONT, *((name,) for name in names if name not in FRONT)]
    return [(name,) for name in names]


def _module(names: tuple[str, ...]) -> ModuleType:
    return importlib.import_module("rsu.pipeline.front" if names == FRONT else f"rsu.pipeline.{names[0]}")


def _run(module: ModuleType, roles: list[Role]) -> None:
    """A thread: its roles, and their last reports. The outermost frame: nothing of ours may end it unnoticed."""
    try:
        module.run(*roles)
        for role in roles:
            role.close()
            print(f"done {role.name}", flush=True)
    except Exception as error:
        roles[0].log.critical("role failed", reason=f"{type(error).__name__}: {error}", trace=traceback.format_exc())
        os._exit(FAULT)


def _sweep() -> None:
    while True:
        time.sleep(SWEEP_S)
        gc.collect()


def _listen(roles: dict[str, Role]) -> None:
    for line in sys.stdin:
        word, _, name = line.strip().partition(" ")
        if word == "stop" and name in roles:
            roles[name].stop.set()
    for role in roles.values():
        role.stop.set()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
