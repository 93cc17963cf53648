"""SUMO through libsumo: every road user each 100 ms, as one numpy array; the same for a seed."""

from __future__ import annotations

import importlib
import math
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rsu.errors import ConfigError
from rsu.simulate.network import INSTALL, network, sumo_home, write_routes
from rsu.simulate.scenes import Scene
from rsu.simulate.scenes.fleet import KINDS

STEP_S = 0.1
OBJECTS_MAX = 4_000
SECONDS_MAX = 1_800.0
SEED_MAX = 2**31 - 1
KIND_NAMES = tuple(KINDS)
STATE = np.dtype(
    [
        ("number", "u4"),  # of the road user, in the order of appearance, from 1
        ("tick", "i4"),  # steps since the log began
        ("kind", "u1"),  # index into KIND_NAMES
        ("x", "f8"),  # middle of the object, metres, ENU
        ("y", "f8"),
        ("heading", "f8"),  # radians, counter-clockwise from east
        ("speed", "f8"),  # m/s
        ("accel", "f8"),  # m/s², along the heading
    ]
)
# SUMO's places are those of the front bumper, its angles clockwise from north. Lane changes take their time, so that nobody
# jumps aside by a lane within a step.
_OPTIONS = (
    "--step-length", str(STEP_S), "--step-method.ballistic", "true", "--lanechange.duration", "3", "--no-step-log", "true",
    "--no-warnings", "true", "--duration-log.disable", "true", "--time-to-teleport", "-1", "--collision.action", "none",
    "--xml-validation", "never", "--pedestrian.striping.dawdling", "0.1", "--max-depart-delay", "30",
)  # fmt: skip


def load_libsumo() -> Any:
    """The module libsumo, without the warning that it prints where pyarrow is installed.

    That pyarrow is built against another libarrow concerns SUMO's Parquet output only, which is not used here.

    :raises ConfigError: where it is not installed.
    """
    sumo_home()
    before = os.environ.get("LIBSUMO_AS_TRACI")
    os.environ["LIBSUMO_AS_TRACI"] = "quiet"  # libsumo's own switch for that warning, read on import
    try:
        return importlib.import_module("libsumo")
    except ImportError as error:
        raise ConfigError(INSTALL) from error
    finally:
        if before is None:
            del os.environ["LIBSUMO_AS_TRACI"]
        else:
            os.environ["LIBSUMO_AS_TRACI"] = before


def run(scene: Scene, seconds: float, seed: int) -> NDArray[np.void]:
    """Drive a scene.

    :returns: (n,) STATE, ordered by tick and number; the first tick is 0, the last ``seconds`` after it.
    :raises ConfigError: for a number outside its bounds, or where SUMO cannot be run.
    """
    if not 1.0 <= seconds <= SECONDS_MAX:
        raise ConfigError(f"{seconds:g} s: must be 1..{SECONDS_MAX:g}")
    if not 0 <= seed <= SEED_MAX:
        raise ConfigError(f"seed {seed}: must be 0..{SEED_MAX}")
    libsumo = load_libsumo()
    ticks = round(seconds / STEP_S)
    with _started(libsumo, scene, math.ceil(scene.warmup_s + seconds) + 1, seed):
        for _ in range(round(scene.warmup_s / STEP_S)):
            libsumo.simulationStep()
        reader = _Reader(libsumo)
        steps = [reader.step(0)]
        for tick in range(1, ticks + 1):
            libsumo.simulationStep()
            steps.append(reader.step(tick))
    return np.concatenate(steps)


@contextmanager
def _started(libsumo: Any, scene: Scene, end_s: int, seed: int) -> Iterator[None]:
    with tempfile.TemporaryDirectory(prefix="rsu-sumo-") as folder, network(scene) as roads:
        routes = write_routes(scene, end_s, Path(folder))
        command = ["sumo", "-n", str(roads), "-r", str(routes), "--seed", str(seed), *_OPTIONS]
        try:
            libsumo.start(command)
        except (libsumo.TraCIException, libsumo.FatalTraCIError) as error:
            raise ConfigError(f"scene {scene.name}: SUMO does not start: {error}") from error
        try:
            yield
        finally:
            libsumo.close()


class _Reader:
    """Numbers road users and reads their states."""

    def __init__(self, libsumo: Any) -> None:
        self._libsumo = libsumo
        self._numbers: dict[str, int] = {}

    def step(self, tick: int) -> NDArray[np.void]:
        """(n,) STATE of this moment, ordered by number.

        :raises ConfigError: for more than :data:`OBJECTS_MAX`.
        """
        found = [self._row(self._libsumo.vehicle, name, tick) for name in sorted(self._libsumo.vehicle.getIDList())]
        found += [self._row(self._libsumo.person, name, tick) for name in sorted(self._libsumo.person.getIDList())]
        if len(found) > OBJECTS_MAX:
            raise ConfigError(f"{len(found)} road users at once: must be 0..{OBJECTS_MAX}")
        rows = np.array(found, STATE)
        ordered: NDArray[np.void] = rows[np.argsort(rows["number"])]
        return ordered

    def _row(self, domain: Any, name: str, tick: int) -> tuple[int | float, ...]:
        number = self._numbers.setdefault(name, len(self._numbers) + 1)
        kind = KIND_NAMES.index(domain.getTypeID(name).partition("@")[0])
        heading = math.radians(90.0 - domain.getAngle(name))
        half_m = KINDS[KIND_NAMES[kind]].length_m / 2
        east, north = domain.getPosition(name)
        return (
            number,
            tick,
            kind,
            east - half_m * math.cos(heading),
            north - half_m * math.sin(heading),
            math.remainder(heading, math.tau),
            domain.getSpeed(name),
            domain.getAcceleration(name) if domain is self._libsumo.vehicle else 0.0,
        )
