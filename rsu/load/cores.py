"""How much of the cores processes take: user and system time from /proc, of a unit with all its children."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

PROC = Path("/proc")
_TICKS_PER_S = os.sysconf("SC_CLK_TCK")
_PARENT, _USER, _SYSTEM = 1, 11, 12  # fields of proc(5) stat behind the name


def cpu_s(pid: int) -> float | None:
    """User and system time of a process so far; None where there is none any more."""
    fields = _stat(pid)
    return None if fields is None else (int(fields[_USER]) + int(fields[_SYSTEM])) / _TICKS_PER_S


def family(pid: int) -> dict[int, str]:
    """A process and all below it, each with the words of its command line that tell it from the others."""
    parents: dict[int, int] = {}
    for folder in PROC.iterdir():
        if folder.name.isdigit() and (fields := _stat(int(folder.name))):
            parents[int(folder.name)] = int(fields[_PARENT])
    found = [pid] if pid in parents else []
    for one in found:
        found.extend(child for child, parent in parents.items() if parent == one)
    return {one: _name(one) for one in found}


def spent(before: Mapping[int, float], names: Mapping[int, str], seconds: float) -> dict[str, float]:
    """Cores that each process took since ``before``; a process that began since counts whole."""
    shares: dict[str, float] = {}
    for pid, name in names.items():
        after = cpu_s(pid)
        if after is not None:
            shares[name] = shares.get(name, 0.0) + max(0.0, after - before.get(pid, 0.0)) / seconds
    return {name: round(share, 4) for name, share in shares.items()}


def snapshot(names: Mapping[int, str]) -> dict[int, float]:
    """CPU time of each process that is there."""
    return {pid: time_s for pid in names if (time_s := cpu_s(pid)) is not None}


def _stat(pid: int) -> list[str] | None:
    try:
        text = (PROC / str(pid) / "stat").read_text(errors="replace")
    except OSError:
        return None
    return text.rpartition(")")[2].split()


def _name(pid: int) -> str:
    """``run``, ``engine`` … of ``python -m rsu.cli run -c FILE``: what follows the interpreter, short."""
    try:
        words = (PROC / str(pid) / "cmdline").read_text(errors="replace").split("\0")
    except OSError:
        words = []
    said = [Path(word).name for word in words[1:] if word and not word.startswith("-")]
    return " ".join(said)[:60].strip() or str(pid)
