"""A PostgreSQL server for the time of a benchmark, in a folder of its own, with its usual durability."""

from __future__ import annotations

import itertools
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

NOBODY = 65_534  # PostgreSQL refuses to run as root
START_S = 30.0


class NoServerError(RuntimeError):
    """Why there is no server."""


@contextmanager
def server() -> Iterator[Callable[[], str]]:
    """Gives what makes an empty database and says its URL; the server ends with the block.

    :raises NoServerError: saying why there is none.
    """
    try:
        import psycopg  # noqa: F401
    except ModuleNotFoundError:
        raise NoServerError("psycopg is not installed: pip install 'rsu[postgres]'") from None
    binaries = _binaries()
    folder = Path(tempfile.mkdtemp(prefix="rsu-bench-", dir="/tmp"))  # a socket's path has 107 octets at most
    user = NOBODY if os.geteuid() == 0 else None
    if user is not None:
        os.chown(folder, user, user)
    process = None
    try:
        data = str(folder / "data")
        start = {"cwd": folder, "user": user, "group": user, "extra_groups": None if user is None else []}
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        made = [str(binaries / "initdb"), "-D", data, "-U", "rsu", "-A", "trust", "-E", "UTF8", "--locale=C"]
        if subprocess.run(made, **start, **quiet).returncode != 0:  # type: ignore[call-overload]
            raise NoServerError(f"{binaries}/initdb does not run here")
        command = [str(binaries / "postgres"), "-D", data, "-k", str(folder), "-c", "listen_addresses="]
        process = subprocess.Popen(command, **start, **quiet)  # type: ignore[call-overload]
        _wait(f"host={folder} user=rsu dbname=postgres")
        numbers = itertools.count(1)
        yield lambda: _new_database(folder, f"bench_{next(numbers)}")
    finally:
        if process is not None:
            process.send_signal(signal.SIGINT)
            process.wait(START_S)
        shutil.rmtree(folder)


def _binaries() -> Path:
    system = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: path.parent.name.zfill(4), reverse=True)
    for folder in system:
        if (folder / "initdb").exists():
            return folder
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    raise NoServerError("no PostgreSQL server on this machine")


def _new_database(folder: Path, name: str) -> str:
    import psycopg

    with psycopg.connect(f"host={folder} user=rsu dbname=postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    return f"postgresql://rsu@/{name}?host={folder}"


def _wait(dsn: str) -> None:
    import psycopg

    until = time.monotonic() + START_S
    while True:
        try:
            psycopg.connect(dsn).close()
        except psycopg.OperationalError as error:
            if time.monotonic() > until:
                raise NoServerError(f"the server does not answer: {error}") from error
            time.sleep(0.05)
        else:
            return
