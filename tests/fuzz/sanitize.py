"""``python -m tests.fuzz.sanitize``: the fuzzer over a codec that AddressSanitizer watches; arguments are those of the fuzzer.

The package is built a second time, into ``build/asan``, and imported from there; the normal build stays as it is. Every object
has its own malloc block there, so that a read one octet behind a message is seen. Leaks are not looked for: an interpreter
that ends keeps much on purpose, and the fuzzer itself watches the memory.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from .build import CHECKOUT, SANITIZE

FOLDER = CHECKOUT / "build" / "asan"


def runtime() -> Path | None:
    """The sanitizer's library of the C compiler; None where there is none."""
    compiler = os.environ.get("CC", "cc")
    if shutil.which(compiler) is None:
        return None
    found = subprocess.run([compiler, "-print-file-name=libasan.so"], capture_output=True, text=True).stdout.strip()
    return Path(found) if os.path.isabs(found) else None


def environment(library: Path, *paths: Path) -> dict[str, str]:
    """What a process needs to run code that the sanitizer watches.

    :param library: to load before all others.
    :param paths: to import from, before all others.
    """
    return {
        **os.environ,
        "LD_PRELOAD": str(library),
        "ASAN_OPTIONS": "detect_leaks=0:halt_on_error=1",
        "PYTHONMALLOC": "malloc",
        "PYTHONPATH": os.pathsep.join(map(str, paths)),
    }


def build(folder: Path, library: Path, flags: str, **more: str) -> None:
    """Builds the package into ``folder/lib`` with other flags; what is up to date stays.

    :param more: environment variables of the build.
    """
    programs = CHECKOUT / "rsu" / "_programs"
    if programs.is_dir():  # they are the same, and lowering takes long under a sanitizer
        shutil.copytree(programs, folder / "lib" / "rsu" / "_programs", dirs_exist_ok=True)
    folders = ["--build-base", str(folder), "--build-lib", str(folder / "lib"), "--build-temp", str(folder / "objects")]
    subprocess.run(
        [sys.executable, "setup.py", "--quiet", "build", *folders],
        check=True,
        cwd=CHECKOUT,
        env={**environment(library), "CFLAGS": flags, **more},
    )


def run(folder: Path, library: Path, module: str, words: list[str]) -> int:
    """Runs a module over the package in ``folder/lib``; gives its exit code."""
    command = [sys.executable, "-P", "-m", module, *words]
    return subprocess.run(command, cwd=CHECKOUT, env=environment(library, folder / "lib", CHECKOUT)).returncode


def main(words: list[str]) -> int:
    """Builds, and runs the fuzzer in a process of its own."""
    library = runtime()
    if library is None:
        print("no AddressSanitizer: the C compiler has no libasan.so", file=sys.stderr)
        return 1
    flags = " ".join(SANITIZE)
    build(FOLDER, library, flags, LDFLAGS=flags)
    return run(FOLDER, library, "tests.fuzz", words)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
