"""A minimal Debian root by debootstrap, kept for a month, and this machine's way to packages handed into it. Needs root."""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import shutil
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "rsu" / "debian_root"
CACHE_S_MAX = 30 * 86_400
MIRROR = "http://deb.debian.org/debian"
# As the images of Debian have it: nothing of apt stays behind.
APT_CLEAN = """\
Dir::Cache::pkgcache "";
Dir::Cache::srcpkgcache "";
DPkg::Post-Invoke { "rm -f /var/cache/apt/archives/*.deb"; };
"""
CERTIFICATES = "/run/certificates-of-this-machine.crt"


def run(command: Sequence[str]) -> None:
    """Runs a command that must not fail."""
    code = subprocess.run(command).returncode
    if code:
        raise SystemExit(f"{shlex.join(command)}: exit code {code}")


def base_root(suite: str) -> Path:
    """The root of a release; made where it is not there, or old."""
    root = CACHE / suite
    if root.is_dir() and time.time() - root.stat().st_mtime < CACHE_S_MAX:
        return root
    fresh, log = CACHE / f"{suite}.new", CACHE / f"{suite}.log"
    for old in (root, fresh):
        shutil.rmtree(old, ignore_errors=True)
    fresh.mkdir(parents=True)
    command = ["debootstrap", "--variant=minbase", suite, str(fresh), os.environ.get("DEBIAN_MIRROR", MIRROR)]
    with log.open("w") as written:
        if subprocess.run(command, stdout=written, stderr=written).returncode:
            raise SystemExit(f"debootstrap failed: the whole of its output is in {log}")
    fresh.chmod(0o755)
    for kept in (*fresh.glob("var/cache/apt/archives/*.deb"), *fresh.glob("var/lib/apt/lists/*_*")):
        kept.unlink()
    (fresh / "etc/apt/apt.conf.d/docker-clean").write_text(APT_CLEAN, encoding="utf-8")
    os.utime(fresh)  # debootstrap gives the folder the time of a package
    fresh.rename(root)
    return root


def copy_root(suite: str, root: Path) -> None:
    """A root of our own from the one that is kept."""
    root.mkdir(parents=True)
    run(["cp", "-a", "--reflink=auto", f"{base_root(suite)}/.", str(root)])


def open_root(root: Path) -> dict[str, str]:
    """Mounts what a build needs; gives the variables by which pip reaches its packages."""
    run(["mount", "-t", "proc", "proc", f"{root}/proc"])
    run(["mount", "-t", "devpts", "devpts", f"{root}/dev/pts"])
    run(["mount", "-t", "tmpfs", "tmpfs", f"{root}/dev/shm"])
    for place in ("/etc/resolv.conf", "/etc/hosts", "/etc/pip.conf"):
        if Path(place).is_file():
            shutil.copyfile(place, f"{root}{place}")
    variables = {name: value for name, value in os.environ.items() if name.startswith("PIP_")}
    for place in _pip_places():
        if place.suffix in (".crt", ".pem"):
            # Elsewhere: the package ca-certificates writes a file of its own where this machine has its.
            _hand_in(place, root, CERTIFICATES)
            variables["PIP_CERT"] = CERTIFICATES
        else:
            _hand_in(place, root, str(place))
    return variables


def _pip_places() -> list[Path]:
    """Folders and files that pip's settings name: local indexes, wheels, certificates."""
    told = subprocess.run(["python3", "-m", "pip", "config", "list"], capture_output=True, text=True).stdout
    named = {match[1] for match in re.finditer(r"(?:file://)?(/[^ '\"\\]+)", told)}
    return [place for place in map(Path, sorted(named)) if place.exists()]


def _hand_in(place: Path, root: Path, at: str) -> None:
    """Binds this machine's file or folder into the root, read-only."""
    to = Path(f"{root}{at}")
    (to if place.is_dir() else to.parent).mkdir(parents=True, exist_ok=True)
    if place.is_file():
        to.touch()
    run(["mount", "--bind", str(place), str(to)])
    run(["mount", "-o", "remount,bind,ro", str(to)])


def close_root(root: Path) -> None:
    """Takes all mounts away again, their empty places, and pip's settings, which are no part of an image."""
    lines = Path("/proc/mounts").read_text(encoding="utf-8").splitlines()
    for place in reversed([line.split()[1] for line in lines if line.split()[1].startswith(f"{root}/")]):
        run(["umount", place])
        if not place.startswith((f"{root}/proc", f"{root}/dev")):
            with contextlib.suppress(OSError):
                os.removedirs(place)
    for name in (CERTIFICATES, "/etc/pip.conf"):
        Path(f"{root}{name}").unlink(missing_ok=True)
