"""One unit in a state folder: two would give each other's records the same places, and take each other's sockets."""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path

from rsu.errors import ConfigError

NAME = "unit.lock"
WAIT_S = 10.0  # roles whose supervisor was killed still finish
POLL_S = 0.1


def alone(path: Path, wait_s: float = WAIT_S) -> int:
    """The descriptor of a lock that holds until each process that has it ends, however it ends.

    :raises ConfigError: where another unit has the folder.
    """
    lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    until = time.monotonic() + wait_s
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return lock
        except BlockingIOError:
            if time.monotonic() >= until:
                os.close(lock)
                raise ConfigError(
                    f"{path.parent}: another unit runs in this folder: stop it, or give this one a state_dir of its own"
                ) from None
        time.sleep(POLL_S)
