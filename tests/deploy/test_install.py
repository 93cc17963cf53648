"""`make install` into a folder: what it puts where, what it leaves alone, and the systemd unit."""

from __future__ import annotations

import configparser
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from rsu.config.example import example

CHECKOUT = Path(__file__).resolve().parents[2]
UNIT = CHECKOUT / "docker" / "systemd" / "rsu.service"
INSTALL_S_MAX = 120
PREFIX = "/opt/unit"

# A wheel that stands for ours, which takes a minute to compile; scripts/docker_steps.py installs the real one.
EXAMPLE = '[unit]\n#state_dir = "state"\n#run_dir = ""\n'
MODULE = f"def main():\n    print({EXAMPLE!r}, end='')\n"
METADATA = "Metadata-Version: 2.1\nName: rsu\nVersion: 0.1.0\n"
WHEEL = "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("wheel") / "rsu-0.1.0-py3-none-any.whl"
    info = "rsu-0.1.0.dist-info"
    files = {
        "rsu_stand_in.py": MODULE,
        f"{info}/METADATA": METADATA,
        f"{info}/WHEEL": WHEEL,
        f"{info}/entry_points.txt": "[console_scripts]\nrsu = rsu_stand_in:main\n",
    }
    record = "".join(f"{name},,\n" for name in (*files, f"{info}/RECORD"))
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in (files | {f"{info}/RECORD": record}).items():
            archive.writestr(name, text)
    return path


def make(target: str, folder: Path, wheel: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    settings = {"DESTDIR": str(folder), "PREFIX": PREFIX, "PYTHON": sys.executable} | variables
    words = [f"{name}={value}" for name, value in settings.items()]
    environ = {**os.environ, "FROM": str(wheel), "EXTRAS": "", "PIP_NO_INDEX": "1"}
    return subprocess.run(
        ["make", target, *words], cwd=CHECKOUT, env=environ, capture_output=True, text=True, timeout=INSTALL_S_MAX
    )


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("destdir")
    done = make("install", folder, wheel)
    assert done.returncode == 0, done.stderr
    return folder


def test_programs_settings_unit_and_command_are_in_their_places(installed: Path) -> None:
    settings = (installed / "etc/rsu/rsu.toml").read_text(encoding="utf-8")
    assert settings == '[unit]\nstate_dir = "/var/lib/rsu"\nrun_dir = "/run/rsu"\n'
    assert (installed / "etc/rsu/keys").stat().st_mode & 0o777 == 0o700
    assert (installed / "usr/local/bin/rsu").readlink() == Path(f"{PREFIX}/bin/rsu")
    assert os.access(installed / "opt/unit/bin/rsu", os.X_OK)


def test_nothing_but_these_places_is_written(installed: Path) -> None:
    top = {str(path.relative_to(installed)) for path in installed.rglob("*") if path.parent.parent == installed}
    assert top == {"etc/rsu", "etc/systemd", "opt/unit", "usr/local"}


def test_what_is_staged_names_its_final_place_and_not_the_stage(installed: Path) -> None:
    assert (installed / "opt/unit/bin/rsu").read_text(encoding="utf-8").startswith(f"#!{PREFIX}/bin/python")
    unit = (installed / "etc/systemd/system/rsu.service").read_text(encoding="utf-8")
    assert f"ExecStart={PREFIX}/bin/rsu run -c /etc/rsu/rsu.toml" in unit
    assert str(installed) not in unit and "/opt/rsu" not in unit


def test_settings_that_are_there_stay_and_uninstall_leaves_them(wheel: Path, installed: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(installed, tmp_path / "again", symlinks=True)
    (folder / "etc/rsu/rsu.toml").write_text("# mine\n", encoding="utf-8")
    again = make("install", folder, wheel)
    assert again.returncode == 0, again.stderr
    assert "/etc/rsu/rsu.toml is there already and stays as it is" in again.stdout
    gone = make("uninstall", folder, wheel)
    assert gone.returncode == 0, gone.stderr
    assert (folder / "etc/rsu/rsu.toml").read_text(encoding="utf-8") == "# mine\n"
    left = sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if not path.is_dir())
    assert left == ["etc/rsu/rsu.toml"]


def test_uninstall_does_not_remove_a_folder_that_is_no_environment(wheel: Path, tmp_path: Path) -> None:
    (tmp_path / "opt/unit").mkdir(parents=True)
    (tmp_path / "opt/unit/photos").touch()
    done = make("uninstall", tmp_path, wheel)
    assert done.returncode != 0 and "is no environment of ours" in done.stderr
    assert (tmp_path / "opt/unit/photos").exists()


@pytest.mark.parametrize("prefix", ["/", "/opt", "relative/path"])
def test_a_prefix_that_would_spread_over_the_system_is_refused(wheel: Path, tmp_path: Path, prefix: str) -> None:
    done = make("uninstall", tmp_path, wheel, PREFIX=prefix)
    assert done.returncode != 0 and "must be an absolute path of two parts or more" in done.stderr


def test_the_lines_that_the_installation_changes_are_in_the_example() -> None:
    assert {'#state_dir = "state"', '#run_dir = ""'} <= set(example().splitlines())


# The unit -----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def service() -> dict[str, str]:
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read(UNIT, encoding="utf-8")
    return dict(parser["Service"])


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("Type", "notify"),
        ("Restart", "always"),
        ("User", "rsu"),
        ("NoNewPrivileges", "yes"),
        ("ProtectSystem", "strict"),
        ("ProtectHome", "yes"),
        ("StateDirectory", "rsu"),
        ("RuntimeDirectory", "rsu"),
        ("RuntimeDirectoryMode", "0700"),
        ("CapabilityBoundingSet", ""),
    ],
)
def test_the_unit_is_watched_and_has_no_rights(service: dict[str, str], key: str, value: str) -> None:
    assert service[key] == value
    assert int(service["WatchdogSec"]) >= 10


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")
def test_systemd_has_nothing_to_say_against_the_unit(tmp_path: Path) -> None:
    unit = tmp_path / "rsu.service"
    unit.write_text(UNIT.read_text(encoding="utf-8").replace("/opt/rsu/bin/rsu", "/bin/true"), encoding="utf-8")
    done = subprocess.run(["systemd-analyze", "verify", str(unit)], capture_output=True, text=True, timeout=60)
    complaints = [line for line in done.stderr.splitlines() if "rsu.service" in line]
    assert (done.returncode, complaints) == (0, [])
