"""Build the source archive, from it a wheel for each given Python, and check each wheel in a fresh environment of that Python.

    python scripts/make_wheels.py [--out FOLDER] [PYTHON…]

A PYTHON is an interpreter to build for; without one, that which runs this. The first fault ends the run with its exit code.
What is built comes out of the archive, never out of the checkout: a file that MANIFEST.in forgets is missed here, not by users.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
PIP = ["-m", "pip", "--disable-pip-version-check", "--no-input", "--quiet"]


def run(*words: object, cwd: Path) -> None:
    """Runs a command; what it prints goes to ours."""
    subprocess.run([str(word) for word in words], check=True, cwd=cwd)


def only(folder: Path, pattern: str) -> Path:
    """The one file of a fresh folder that fits."""
    (found,) = folder.glob(pattern)
    return found


def make_archive(folder: Path) -> Path:
    """The source archive of the checkout, in ``folder``."""
    print("source archive …", flush=True)
    subprocess.run(
        [sys.executable, "-m", "build", "--sdist", "--outdir", folder, CHECKOUT], check=True, stdout=subprocess.DEVNULL
    )
    return only(folder, "*.tar.gz")


def make_wheel(python: str, archive: Path, folder: Path) -> Path:
    """The wheel of ``archive`` for ``python``, built in an environment of its own and checked in another one."""
    builder, fresh = folder / "builder", folder / "fresh"
    run(python, "-m", "venv", builder, cwd=folder)
    print(f"wheel for {python} …", flush=True)
    run(builder / "bin" / "python", *PIP, "wheel", "--no-deps", "--wheel-dir", folder, archive, cwd=folder)
    wheel = only(folder, "*.whl")
    print(f"{wheel.name} in a fresh environment …", flush=True)
    run(python, "-m", "venv", fresh, cwd=folder)
    run(fresh / "bin" / "python", *PIP, "install", wheel, cwd=folder)
    run(fresh / "bin" / "python", CHECKOUT / "scripts" / "check_wheel.py", cwd=folder)
    return wheel


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("pythons", nargs="*", metavar="PYTHON", default=[sys.executable])
    parser.add_argument("--out", type=Path, default=CHECKOUT / "dist", metavar="FOLDER")
    options = parser.parse_args()
    pythons = [shutil.which(python) for python in options.pythons]
    if None in pythons:
        parser.error(f"{options.pythons[pythons.index(None)]} is no interpreter that can be run")
    options.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        archive = make_archive(scratch)
        made = [archive]
        for place, python in enumerate(filter(None, pythons)):
            folder = scratch / str(place)
            folder.mkdir()
            made.append(make_wheel(str(Path(python).absolute()), archive, folder))
        run(sys.executable, "-m", "twine", "check", "--strict", *made, cwd=scratch)
        for wheel in made[1:]:
            run(sys.executable, "-m", "auditwheel", "show", wheel, cwd=scratch)
        for file in made:
            print(shutil.move(file, options.out / file.name))


if __name__ == "__main__":
    try:
        main()
    except subprocess.CalledProcessError as error:
        print(f"failed ({error.returncode}): {' '.join(map(str, error.cmd))}", file=sys.stderr)
        sys.exit(error.returncode)
