"""A scene's road network: built once by SUMO's netconvert from the scene's own definitions, kept in the user's cache folder."""

from __future__ import annotations

import contextlib
import hashlib
import importlib
import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rsu.errors import ConfigError
from rsu.simulate.scenes.fleet import types_xml
from rsu.simulate.scenes.scene import Scene

INSTALL = 'SUMO is not installed: pip install "rsu[sim]" brings eclipse-sumo and libsumo'
BUILD_SECONDS_MAX = 120
# The middle of the scene stays at (0, 0); curves of turns get enough points that a heading does not jump.
_OPTIONS = (
    "--offset.disable-normalization", "true", "--junctions.corner-detail", "8", "--junctions.internal-link-detail", "20",
    "--no-turnarounds", "true", "--xml-validation", "never", "--no-warnings", "true",
)  # fmt: skip


def sumo_home() -> Path:
    """Where the wheel of eclipse-sumo keeps its programs.

    :raises ConfigError: where it is not installed.
    """
    try:
        return Path(importlib.import_module("sumo").SUMO_HOME)
    except ImportError as error:
        raise ConfigError(INSTALL) from error


def cache_folder() -> Path:
    """``$XDG_CACHE_HOME/rsu/scenes`` or ``~/.cache/rsu/scenes``."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "rsu" / "scenes"


def sumo_version() -> str:
    """Of the installed wheel; SUMO's traffic is the same for a seed only within one version."""
    from importlib.metadata import version

    return version("eclipse-sumo")


@contextmanager
def network(scene: Scene) -> Iterator[Path]:
    """The scene's ``.net.xml``, built where the cache has it not; where there can be no cache it goes with the context.

    :raises ConfigError: where SUMO is not installed or does not build it.
    """
    netconvert = sumo_home() / "bin" / "netconvert"
    content = "\0".join((scene.nodes, scene.edges, scene.connections, *scene.netconvert, *_OPTIONS, sumo_version()))
    folder = cache_folder()
    kept = folder / f"{scene.name}-{hashlib.sha256(content.encode()).hexdigest()[:16]}.net.xml"
    if kept.is_file():
        yield kept
        return
    with tempfile.TemporaryDirectory(prefix="rsu-scene-") as work:
        made = _build(scene, Path(work), netconvert)
        _keep(made, kept)
        yield made


def _keep(made: Path, kept: Path) -> None:
    """Put a copy into the cache, whole or not at all; a folder that cannot be written is left alone."""
    with contextlib.suppress(OSError):
        kept.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=kept.parent, delete=False) as file:
            file.write(made.read_bytes())
        os.replace(file.name, kept)


def _build(scene: Scene, folder: Path, netconvert: Path) -> Path:
    made = folder / "made.net.xml"
    command = [str(netconvert), "--output-file", str(made), *_OPTIONS, *scene.netconvert]
    for kind, option in (("nodes", "--node-files"), ("edges", "--edge-files"), ("connections", "--connection-files")):
        if inner := getattr(scene, kind):
            (folder / f"{kind}.xml").write_text(f"<{kind}>{inner}</{kind}>", encoding="utf-8")
            command += [option, str(folder / f"{kind}.xml")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=BUILD_SECONDS_MAX, check=False)
    if done.returncode or not made.exists():
        raise ConfigError(f"scene {scene.name}: netconvert: {' '.join(done.stderr.split())[:500]}")
    return made


def write_routes(scene: Scene, end_s: int, folder: Path) -> Path:
    """The scene's traffic up to a second of SUMO's clock, as a file of routes; flows stand in an order that does not change."""
    path = folder / "routes.rou.xml"
    text = f"<routes>{types_xml()}{scene.routes.replace('{end}', str(end_s))}</routes>"
    path.write_text(text, encoding="utf-8")
    return path
