"""How the box is: load, memory, disk and network from `/proc`, as RunningInfo.UP reports them.

Rates are between two measurements; the first has none. A file that is not there gives no keys.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

PROC = Path("/proc")
KB = 1_024
MB = 1_048_576
SECTOR_OCTETS = 512
FILE_OCTETS_MAX = 262_144


class Counters(NamedTuple):
    """Cumulative since the box started: jiffies busy and all, packets and octets, sectors and operations."""

    time_ns: int
    busy: int
    jiffies: int
    net: tuple[int, int, int, int]
    disk: tuple[int, int, int]


class Running:
    """Measures a box again and again.

    :param folder: whose file system counts as the disk.
    """

    def __init__(self, folder: Path, proc: Path = PROC) -> None:
        self._folder = folder
        self._proc = proc
        self._before: Counters | None = None

    def measure(self, now_ns: int) -> dict[str, dict[str, float | str]]:
        """``cpu``, ``mem``, ``disk``, ``net`` as in RunningInfo.UP."""
        counters = Counters(
            now_ns,
            *jiffies(self._text("stat")),
            packets(self._text("net/dev")),
            transfers(self._text("diskstats")),
        )
        found: dict[str, dict[str, float | str]] = {
            "cpu": {"load": round(os.getloadavg()[0], 2)},
            "mem": memory(self._text("meminfo")),
            "disk": space(self._folder),
            "net": {},
        }
        if self._before is not None and counters.time_ns > self._before.time_ns:
            for part, values in rates(self._before, counters).items():
                found[part] |= values
        self._before = counters
        return found

    def _text(self, name: str) -> str:
        try:
            with (self._proc / name).open(encoding="ascii", errors="replace") as file:
                return file.read(FILE_OCTETS_MAX)
        except OSError:
            return ""


def rates(before: Counters, now: Counters) -> dict[str, dict[str, float | str]]:
    """What happened between two measurements, a second."""
    seconds = (now.time_ns - before.time_ns) / 1e9
    rx_byte, rx, tx_byte, tx = (round((b - a) / seconds, 1) for a, b in zip(before.net, now.net, strict=True))
    operations, read, written = ((b - a) / seconds for a, b in zip(before.disk, now.disk, strict=True))
    share = (now.busy - before.busy) / max(1, now.jiffies - before.jiffies)
    return {
        "cpu": {"uti": f"{100 * share:.1f}%"},
        "disk": {
            "tps": round(operations),
            "read": round(read * SECTOR_OCTETS / KB, 1),
            "write": round(written * SECTOR_OCTETS / KB, 1),
        },
        "net": {"rx": rx, "tx": tx, "rxByte": rx_byte, "txByte": tx_byte},
    }


def jiffies(text: str) -> tuple[int, int]:
    """(busy, all) of `/proc/stat`: all but idle and iowait is busy."""
    for line in text.splitlines():
        if line.startswith("cpu "):
            values = [int(word) for word in line.split()[1:9]]
            return sum(values) - sum(values[3:5]), sum(values)
    return 0, 0


def memory(text: str) -> dict[str, float | str]:
    """MB of `/proc/meminfo`; what the kernel can give back counts as free."""
    kb = {words[0].rstrip(":"): int(words[1]) for words in map(str.split, text.splitlines()) if len(words) > 1}
    if "MemTotal" not in kb:
        return {}
    free = kb.get("MemAvailable", kb.get("MemFree", 0))
    mb = {"total": kb["MemTotal"], "used": kb["MemTotal"] - free, "free": free}
    return {key: round(value / KB, 1) for key, value in mb.items()}


def packets(text: str) -> tuple[int, int, int, int]:
    """(octets in, packets in, octets out, packets out) of `/proc/net/dev`, without loopback."""
    sums = [0, 0, 0, 0]
    for line in text.splitlines():
        name, colon, rest = line.partition(":")
        words = rest.split()
        if colon and name.strip() != "lo" and len(words) >= 10:
            for place, column in enumerate((0, 1, 8, 9)):
                sums[place] += int(words[column])
    return sums[0], sums[1], sums[2], sums[3]


def transfers(text: str) -> tuple[int, int, int]:
    """(operations, sectors read, sectors written) of `/proc/diskstats`, whole disks only: a partition counts in its disk."""
    operations = read = written = 0
    disks: list[str] = []
    for words in map(str.split, text.splitlines()):
        if len(words) < 10 or words[2].startswith(("loop", "ram")) or any(words[2].startswith(disk) for disk in disks):
            continue
        disks.append(words[2])
        operations += int(words[3]) + int(words[7])
        read += int(words[5])
        written += int(words[9])
    return operations, read, written


def space(folder: Path) -> dict[str, float | str]:
    """MB of the folder's file system."""
    try:
        found = os.statvfs(folder)
    except OSError:
        return {}
    total, free = found.f_blocks * found.f_frsize / MB, found.f_bavail * found.f_frsize / MB
    return {"total": round(total, 1), "used": round(total - free, 1), "free": round(free, 1)}
