"""What is published holds all that it must: the source archive, and the list of wheels against what pyproject.toml promises."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tarfile
import tomllib
from pathlib import Path
from typing import Any

import pytest

CHECKOUT = Path(__file__).resolve().parent.parent
NOT_PUBLISHED = {".gitignore"}
MADE_BY_SETUPTOOLS = {"PKG-INFO", "setup.cfg"}
BUILD_SECONDS_MAX = 300


@pytest.fixture
def tracked() -> list[str]:
    """Every file that git holds."""
    if not (CHECKOUT / ".git").exists():
        pytest.skip("not a git checkout: there is nothing to compare the archive with")
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=CHECKOUT, check=True, capture_output=True, text=True).stdout
    return [name for name in listed.split("\0") if name and (CHECKOUT / name).is_file()]


@pytest.fixture(scope="session")
def project() -> dict[str, Any]:
    return tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))


@pytest.mark.slow
def test_source_archive_holds_every_tracked_file_and_nothing_else(tracked: list[str], tmp_path: Path) -> None:
    # In a copy: setuptools takes what an earlier build listed in *.egg-info as wanted, and would hide what MANIFEST.in forgets.
    copy = tmp_path / "copy"
    for name in tracked:
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(CHECKOUT / name, copy / name)
    command = [sys.executable, "setup.py", "--quiet", "sdist", "--dist-dir", str(tmp_path / "dist")]
    done = subprocess.run(command, cwd=copy, capture_output=True, text=True, timeout=BUILD_SECONDS_MAX)
    assert done.returncode == 0, done.stderr
    (archive,) = (tmp_path / "dist").glob("*.tar.gz")
    with tarfile.open(archive) as opened:
        names = {member.name.partition("/")[2] for member in opened if member.isfile()}
    published = {name for name in names - MADE_BY_SETUPTOOLS if ".egg-info/" not in name}
    assert sorted(published) == sorted(set(tracked) - NOT_PUBLISHED)


def test_a_wheel_is_built_for_each_python_that_is_promised(project: dict[str, Any]) -> None:
    prefix = "Programming Language :: Python :: 3."
    promised = [line.removeprefix(prefix) for line in project["project"]["classifiers"] if line.startswith(prefix)]
    assert project["tool"]["cibuildwheel"]["build"].split() == [f"cp3{minor}-*" for minor in promised]
    assert project["project"]["requires-python"] == f">=3.{promised[0]}"


def test_the_check_of_a_wheel_refuses_the_checkout() -> None:
    # Run here, it imports the rsu of the checkout: exactly what it must not mistake for an installed wheel.
    command = [sys.executable, str(CHECKOUT / "scripts" / "check_wheel.py")]
    environment = {"PYTHONPATH": str(CHECKOUT), "PATH": ""}
    done = subprocess.run(command, cwd=CHECKOUT, env=environment, capture_output=True, text=True, timeout=BUILD_SECONDS_MAX)
    assert done.returncode == 1
    assert [line for line in done.stderr.splitlines() if "not the checkout" in line] == done.stderr.splitlines()
