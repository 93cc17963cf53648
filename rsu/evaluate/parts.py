"""The unit's own `observe` and `fusion`, as evaluation calls them: the one place that knows their signatures."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rsu.errors import ConfigError
from rsu.evaluate.estimators import Estimator
from rsu.evaluate.moments import Scenery
from rsu.evaluate.reading import Heard, Observe
from rsu.observe.arrays import Origin


def own_observe() -> Observe:
    """What the unit reads observations with."""
    record = _part("rsu.observe", "observe_record")

    def observe(heard: Heard, origin: Origin) -> NDArray[np.void]:
        found: NDArray[np.void] = record(heard.received, heard.outcome, heard.value, origin)
        return found

    return observe


def own_fusion(parameters: Any) -> Estimator:
    """What the unit makes tracks with."""
    made: Estimator = _part("rsu.fusion", "Fusion")(parameters)
    return made


def own_parameters() -> Any:
    """Its defaults."""
    return _part("rsu.fusion", "Parameters")()


def own_scenery() -> Scenery | None:
    """What the unit knows of lanes and signals; None where it knows none."""
    made = getattr(import_module("rsu.observe"), "Scenery", None)
    scenery: Scenery | None = made() if made is not None else None
    return scenery


def _part(module: str, name: str) -> Any:
    found = getattr(import_module(module), name, None)
    if found is None:
        raise ConfigError(f"this rsu has no {module}.{name}: it cannot be evaluated")
    return found
