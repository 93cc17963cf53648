"""Run the steps of docker/Dockerfile in a Debian root made by debootstrap, then start the unit there as the image would.

    sudo python3 scripts/docker_steps.py [--keep FOLDER] [--no-start]

Base images cannot be pulled everywhere; that the recipe works can be shown all the same. The steps are read from the
Dockerfile: FROM debian:SUITE-slim becomes a minimal root of that suite, RUN runs in it, COPY copies, ENV, USER and WORKDIR
hold. Then the last stage runs with a read-only root and a network of its own, as its USER, with nothing to write to but
/tmp, /run/rsu and its volumes: `rsu config --check`, then ENTRYPOINT and CMD until HEALTHCHECK says yes, then SIGTERM,
which must end it with exit code 0.

How pip and apt reach their packages is taken over from this machine. Needs root, debootstrap, and unshare of util-linux.
"""

from __future__ import annotations

import argparse
import fcntl
import fnmatch
import os
import re
import shlex
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from debian_root import close_root, copy_root, open_root, run
from dockerfile import Instruction, Stage, ignored, read_stages

CHECKOUT = Path(__file__).resolve().parent.parent
DOCKERFILE = CHECKOUT / "docker" / "Dockerfile"
IGNORE = DOCKERFILE.with_name("Dockerfile.dockerignore")
BASE = re.compile(r"debian:([a-z]+)(-slim)?")
PATH = "/usr/sbin:/usr/bin:/sbin:/bin"
HEALTHY_S_MAX = 60.0
STOPPED_S_MAX = 30.0
SHOWN_MAX = 118  # characters of a step on the screen
INSIDE = "RSU_DOCKER_STEPS_INSIDE"
SIOCSIFFLAGS, IFF_UP = 0x8914, 0x1  # <linux/sockios.h>, <linux/if.h>


def say(text: str) -> None:
    print(f"== {text}"[:SHOWN_MAX], flush=True)


# Steps --------------------------------------------------------------------------------------------------------------


class Builder:
    """Runs the steps of one stage in its root.

    :param roots: the roots of the stages before it, by their names.
    """

    def __init__(self, stage: Stage, root: Path, roots: dict[str, Path]) -> None:
        self.stage = stage
        self.root = root
        self.roots = roots
        self.env = {"PATH": PATH, "HOME": "/root"}
        self.user = "0:0"
        self.folder = "/"

    def build(self) -> None:
        base = BASE.fullmatch(self.stage.base)
        if base is None:
            raise SystemExit(f"FROM {self.stage.base}: only debian:SUITE-slim can be made here")
        copy_root(base[1], self.root)
        variables = open_root(self.root)
        try:
            for one in self.stage.instructions:
                say(f"{DOCKERFILE.name}:{one.line} {one.name} {one.text}")
                self._step(one, variables)
        finally:
            close_root(self.root)

    def _step(self, one: Instruction, variables: dict[str, str]) -> None:
        if one.name == "RUN":
            run(self.command(["/bin/sh", "-c", one.text], variables))
        elif one.name == "COPY":
            self._copy(one.words())
        elif one.name == "ENV":
            self.env |= dict(word.split("=", 1) for word in one.words())
        elif one.name == "USER":
            self.user = one.text
        elif one.name == "WORKDIR":
            self.folder = os.path.join(self.folder, one.text)
            self._inside(self.folder).mkdir(parents=True, exist_ok=True)

    def command(self, words: list[str], variables: dict[str, str] | None = None) -> list[str]:
        """What runs ``words`` in the root as Docker would: its user, environment and folder."""
        env = [f"{name}={value}" for name, value in (self.env | (variables or {})).items()]
        step = ["env", "-i", *env, "/bin/sh", "-c", f'cd {shlex.quote(self.folder)} && exec "$@"', "sh", *words]
        return ["chroot", f"--userspec={self.user}", "--groups=", str(self.root), *step]

    def _inside(self, place: str) -> Path:
        return self.root / os.path.join(self.folder, place).lstrip("/")

    def _copy(self, words: list[str]) -> None:
        source = CHECKOUT
        if words[0].startswith("--from="):
            source = self.roots[words.pop(0).removeprefix("--from=")]
        if words[0].startswith("--"):
            raise SystemExit(f"COPY {words[0]}: not known here")
        *names, to = words
        leave = left_out(ignored(IGNORE) if source == CHECKOUT else [], source)
        target = self._inside(to)
        for name in names:
            place = source / name.lstrip("/")
            if place.is_dir():
                shutil.copytree(place, target, symlinks=True, dirs_exist_ok=True, ignore=leave)
            else:
                into = target / place.name if to.endswith("/") else target
                into.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(place, into)


def left_out(patterns: list[str], source: Path) -> Callable[[str, list[str]], list[str]]:
    """For copytree: names that match a pattern of .dockerignore, ``**/NAME`` anywhere, others by their whole path."""
    anywhere = [pattern.removeprefix("**/") for pattern in patterns if pattern.startswith("**/")]

    def matching(folder: str, names: list[str]) -> list[str]:
        below = os.path.relpath(folder, source)
        return [
            name
            for name in names
            if os.path.normpath(os.path.join(below, name)) in patterns
            or any(fnmatch.fnmatch(name, pattern) for pattern in anywhere)
        ]

    return matching


# The unit -----------------------------------------------------------------------------------------------------------


def make_read_only(builder: Builder, scratch: Path) -> None:
    """Leaves the unit what compose gives the container to write to: /tmp, /run/rsu, the volumes."""
    root, (owner, group) = builder.root, builder.user.split(":")
    run(["mount", "--bind", str(root), str(root)])
    run(["mount", "-t", "proc", "proc", f"{root}/proc"])
    run(["mount", "-t", "tmpfs", "-o", "mode=1777", "tmpfs", f"{root}/dev/shm"])
    run(["mount", "-t", "tmpfs", "-o", "mode=1777", "tmpfs", f"{root}/tmp"])
    run(["mount", "-t", "tmpfs", "-o", f"mode=0700,uid={owner},gid={group}", "tmpfs", f"{root}/run/rsu"])
    volumes = builder.stage.last("VOLUME")
    for number, place in enumerate(volumes.words() if volumes else []):
        volume = scratch / f"volume-{number}"
        shutil.copytree(f"{root}{place}", volume)
        shutil.chown(volume, int(owner), int(group))
        run(["mount", "--bind", str(volume), f"{root}{place}"])
    run(["mount", "-o", "remount,bind,ro", str(root)])
    tried = 'for f in / /etc /etc/rsu /opt/rsu /usr; do touch "$f/x" 2>/dev/null && exit 1; done; test "$(id -u)" != 0'
    run(builder.command(["/bin/sh", "-c", tried]))


def start(builder: Builder) -> None:
    """Starts the image as `docker run` would, asks for its health, stops it."""
    entry, command, health = map(builder.stage.last, ("ENTRYPOINT", "CMD", "HEALTHCHECK"))
    if entry is None or command is None or health is None:
        raise SystemExit("the last stage must have ENTRYPOINT, CMD and HEALTHCHECK")
    probe = Instruction(health.line, "CMD", health.text.partition("CMD ")[2]).words()
    unit = subprocess.Popen(_in_own_network(builder.command([*entry.words(), *command.words()])))
    try:
        _wait_until_healthy(unit, builder.command(probe))
        say("healthy; SIGTERM")
        unit.send_signal(signal.SIGTERM)
        code = unit.wait(STOPPED_S_MAX)
        if code:
            raise SystemExit(f"the unit ended with exit code {code} after SIGTERM, must be 0")
    finally:
        if unit.poll() is None:
            unit.kill()
            unit.wait()


def _wait_until_healthy(unit: subprocess.Popen[bytes], probe: list[str]) -> None:
    until, said = time.monotonic() + HEALTHY_S_MAX, b""
    while time.monotonic() < until:
        time.sleep(0.2)
        if unit.poll() is not None:
            raise SystemExit(f"the unit ended with exit code {unit.returncode} before it was healthy")
        if os.readlink(f"/proc/{unit.pid}/ns/net") == os.readlink("/proc/self/ns/net"):
            continue  # not unshared yet: somebody else would answer
        asked = subprocess.run(["nsenter", f"--net=/proc/{unit.pid}/ns/net", *probe], capture_output=True)
        if asked.returncode == 0:
            return
        said = asked.stderr
    raise SystemExit(f"not healthy within {HEALTHY_S_MAX:.0f} s: {said.decode(errors='replace')[-400:]}")


def _in_own_network(command: list[str]) -> list[str]:
    """The same command with a network in which only loopback is up, so that its ports are free."""
    return ["unshare", "--net", sys.executable, __file__, "--loopback-then", *command]


def loopback_up() -> None:
    """Switches `lo` on; not every machine has `ip`."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        fcntl.ioctl(control, SIOCSIFFLAGS, struct.pack("16sH14s", b"lo", IFF_UP, b""))


# The whole ----------------------------------------------------------------------------------------------------------


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--keep", type=Path, metavar="FOLDER", help="leave the roots of the stages there")
    asked.add_argument("--no-start", action="store_true", help="end after `rsu config --check`")
    options = asked.parse_args()
    if os.geteuid():
        raise SystemExit("debootstrap and chroot need root: run this with sudo")
    for tool in ("debootstrap", "unshare", "nsenter", "chroot", "mount"):
        if shutil.which(tool) is None:
            raise SystemExit(f"{tool} is missing: on Debian and Ubuntu,  apt install debootstrap util-linux")
    if INSIDE not in os.environ:  # a mount namespace of our own: whatever happens, no mount is left behind
        again = ["unshare", "--mount", "--propagation", "private", sys.executable, *sys.argv]
        os.execvpe(again[0], again, {**os.environ, INSIDE: "1"})
    scratch = options.keep or Path(tempfile.mkdtemp(prefix="rsu-docker-", dir="/var/tmp"))
    try:
        build_and_start(scratch, start_it=not options.no_start)
    finally:
        close_root(scratch)
        if options.keep is None:
            shutil.rmtree(scratch)


def build_and_start(scratch: Path, *, start_it: bool) -> None:
    """Every stage of the Dockerfile, then the last one as a container."""
    roots: dict[str, Path] = {}
    for number, stage in enumerate(read_stages(DOCKERFILE)):
        say(f"stage {stage.name or number}: FROM {stage.base}")
        builder = Builder(stage, scratch / f"stage-{number}", roots)
        builder.build()
        roots[stage.name or str(number)] = builder.root
    size = subprocess.run(["du", "-smx", str(builder.root)], capture_output=True, text=True).stdout.split()[0]
    say(f"the image's root has {size} MB")
    make_read_only(builder, scratch)
    say("rsu config --check, with a read-only root, as the image's user")
    run(builder.command(["rsu", "config", "--check"]))
    if start_it:
        say("the unit: ENTRYPOINT and CMD, with a read-only root, as the image's user, in a network of its own")
        start(builder)
    say("the steps of the Dockerfile work")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--loopback-then"]:
        loopback_up()
        os.execvp(sys.argv[2], sys.argv[2:])
    main()
