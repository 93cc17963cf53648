"""`rsu run`: starts the processes, starts again what dies, gathers reports, answers for the whole, and stops in order.

The stop goes with the records: first ingest, which waits until everything it received is on the disk, then engine, recorder,
uplink and broadcast. Nothing here touches a record.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
import structlog
import zmq

from rsu.config import Config, run_dir, state_path
from rsu.observability.health import Health
from rsu.observability.http import Server, serve
from rsu.observability.meter import Report
from rsu.observability.registry import Registry
from rsu.observability.systemd import Notifier
from rsu.pipeline.alone import NAME as LOCK
from rsu.pipeline.alone import alone
from rsu.pipeline.links import Links, bind_folder
from rsu.pipeline.role import POLL_MS, frames

STOP_ORDER = ("ingest", "engine", "record", "uplink", "broadcast")
STOP_S = {"ingest": 8.0, "record": 20.0}  # how long a role may take; others STOP_OTHER_S
STOP_OTHER_S = 5.0
FIRST_PAUSE_S = 0.1
STEADY_S = 30.0  # a process that ran so long has its restarts forgiven
READY_S = 30.0
REPORTS_MAX = 64
MEMORY = {"MALLOC_ARENA_MAX": "2", "MALLOC_MMAP_THRESHOLD_": "262144", "MALLOC_TRIM_THRESHOLD_": "1048576"}
"""glibc gives each thread an arena, and keeps what was a large buffer once: memory would grow for hours."""

_reports = msgspec.msgpack.Decoder(Report)


class Worker:
    """One process of roles, started again with a growing pause.

    :param lock: descriptor that the process keeps open.
    """

    def __init__(self, roles: Sequence[str], command: Sequence[str], pause_s_max: float, lock: int) -> None:
        self.roles = tuple(roles)
        self.done: set[str] = set()
        self.restarts = 0
        self._command = list(command)
        self._pause_s_max = pause_s_max
        self._lock = lock
        self._pause_s = FIRST_PAUSE_S
        self._due = 0.0
        self._started = 0.0
        self.process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        self._started = time.monotonic()
        self.process = subprocess.Popen(
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**MEMORY, **os.environ},
            pass_fds=(self._lock,),
        )
        threading.Thread(target=self._listen, args=(self.process,), daemon=True).start()

    def look(self, now: float) -> int | None:
        """Starts the process again when it is time to; gives the exit code of one that just ended."""
        if self.process is None:
            if now >= self._due:
                self.restarts += 1
                self.start()
            return None
        code = self.process.poll()
        if code is None:
            return None
        if now - self._started > STEADY_S:
            self._pause_s = FIRST_PAUSE_S
        self._due = now + self._pause_s
        self._pause_s = min(self._pause_s * 2, self._pause_s_max)
        self.process = None
        return code

    def order(self, role: str) -> None:
        """Tells a role to stop."""
        if self.process is not None and self.process.stdin is not None:
            try:
                self.process.stdin.write(f"stop {role}\n")
                self.process.stdin.flush()
            except BrokenPipeError:
                return

    def end(self) -> None:
        """Whatever is left of the process."""
        if self.process is None:
            return
        if self.process.stdin is not None:
            try:
                self.process.stdin.close()
            except BrokenPipeError:
                pass
        try:
            self.process.wait(STOP_OTHER_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def _listen(self, process: subprocess.Popen[str]) -> None:
        for line in process.stdout or ():
            word, _, name = line.strip().partition(" ")
            if word == "done":
                self.done.add(name)


class Supervisor:
    """One unit.

    :param config_path: file that the workers read again.
    :param say: a line for people when something changes.
    """

    def __init__(self, config: Config, config_path: Path, say: Callable[[str], None]) -> None:
        self.config = config
        self._say = say
        self._log = structlog.get_logger()
        self._stop = threading.Event()
        folder = run_dir(config)
        self._lock = alone(state_path(config, LOCK))
        bind_folder(folder)
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self._reports = Links(self._context, folder, config.pipeline).pull("reports")
        command = [sys.executable, "-m", "rsu.pipeline.worker", str(config_path.resolve())]
        pause_s = config.pipeline.restart_s_max
        self.workers = [Worker(roles, [*command, *roles], pause_s, self._lock) for roles in config.pipeline.processes]
        self.registry = Registry([role for roles in config.pipeline.processes for role in roles])
        self.health = Health(config, self.registry)
        self._notifier = Notifier()
        self._server: Server | None = None

    def stop(self) -> None:
        """Asks for an orderly end; may be called from a signal handler."""
        self._stop.set()

    def run(self) -> int:
        """Runs until :meth:`stop`.

        :returns: the number of restarts there were.
        """
        settings = self.config.observability
        if settings.listen:
            self._server = serve(settings.listen, self.registry, self.health)
        try:
            for worker in self.workers:
                worker.start()
            self._until_stopped()
        finally:
            self._notifier.stopping("stopping")
            self._end()
        return sum(worker.restarts for worker in self.workers)

    def _until_stopped(self) -> None:
        ready = False
        begun = time.monotonic()
        while not self._stop.is_set():
            self._gather()
            for worker in self.workers:
                code = worker.look(time.monotonic())
                if code is not None:
                    self._died(worker, code)
            step = self.health.look()
            if step is not None:
                self._log.warning("clock stepped", by_s=round(step.by_s, 3))
            if not ready and (self.health.ready()[0] or time.monotonic() - begun > READY_S):
                ready = True
                self._notifier.ready(self._in_words())
                self._say(self._in_words())
            if ready and self.health.alive()[0]:
                self._notifier.watchdog()

    def _gather(self) -> None:
        if self._reports.poll(POLL_MS):
            for frame in frames(self._reports, REPORTS_MAX):
                try:
                    self.registry.take(_reports.decode(frame))
                except msgspec.DecodeError:
                    self.registry.refused["form"] += 1

    def _died(self, worker: Worker, code: int) -> None:
        what = f"signal {-code}" if code < 0 else f"code {code}"
        roles = ", ".join(worker.roles)
        self._log.error("roles ended", roles=roles, by=what)
        self._say(f"{roles}: ended by {what}, starts again")

    def _in_words(self) -> str:
        listens = [address for radio in self.config.radio for address in radio.listen]
        page = f", http://{self.config.observability.listen}/status" if self._server else ""
        return f"{self.config.unit.id} is running: hears {', '.join(listens) or 'no radio'}{page}"

    # The end ---------------------------------------------------------------------------------------------------------

    def _end(self) -> None:
        for role in STOP_ORDER:
            worker = next(worker for worker in self.workers if role in worker.roles)
            worker.order(role)
            until = time.monotonic() + STOP_S.get(role, STOP_OTHER_S)
            while role not in worker.done and worker.process is not None and time.monotonic() < until:
                self._gather()
                if worker.process.poll() is not None:
                    break
        for worker in self.workers:
            worker.end()
        self._gather()
        if self._server is not None:
            self._server.close()
        self._reports.close()
        self._context.term()
        for left in run_dir(self.config).iterdir():
            if left.is_socket():
                os.unlink(left)
        os.close(self._lock)
