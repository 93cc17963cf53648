"""What a process takes of the machine, from /proc; and the disk that the unit's state lies on."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

_TICKS_PER_S = os.sysconf("SC_CLK_TCK")
_PAGE_OCTETS = os.sysconf("SC_PAGE_SIZE")


class Usage(NamedTuple):
    """Of one process.

    :param cpu_s: user and system time since its start.
    """

    rss_octets: int
    fds: int
    cpu_s: float


class Disk(NamedTuple):
    """Of one file system: what is left for us, and all of it."""

    free_octets: int
    total_octets: int


def usage(pid: int) -> Usage | None:
    """The usage of a process; None for one that is gone or not ours."""
    try:
        folder = Path("/proc") / str(pid)
        # The name of the program stands in brackets and may hold blanks: fields count from behind it (proc(5)).
        fields = (folder / "stat").read_bytes().rpartition(b")")[2].split()
        pages = int((folder / "statm").read_bytes().split()[1])
        fds = len(os.listdir(folder / "fd"))
    except (OSError, IndexError, ValueError):
        return None
    return Usage(pages * _PAGE_OCTETS, fds, (int(fields[11]) + int(fields[12])) / _TICKS_PER_S)


def disk(folder: str) -> Disk | None:
    """The file system of a folder, or of the nearest one above that is there; None where nothing can be asked."""
    place = Path(folder).absolute()
    while not place.exists() and place != place.parent:
        place = place.parent
    try:
        found = os.statvfs(place)
    except OSError:
        return None
    return Disk(found.f_bavail * found.f_frsize, found.f_blocks * found.f_frsize)
