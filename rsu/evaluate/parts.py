"""The unit's own `observe` and `fusion`, as evaluation calls them: the one place that knows their signatures."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from rsu.evaluate.estimators import Estimator
from rsu.evaluate.moments import Scenery
from rsu.evaluate.reading import Heard, Observe
from rsu.evaluate.scenery import Crossing
from rsu.fusion import Fusion, Parameters
from rsu.observe.arrays import Origin
from rsu.observe.observations import observe_record


def own_observe() -> Observe:
    """What the unit reads observations with."""

    def observe(heard: Heard, origin: Origin) -> NDArray[np.void]:
        return observe_record(heard.outcome, heard.value, origin)

    return observe


def own_fusion(parameters: Any) -> Estimator:
    """What the unit makes tracks with."""
    return Fusion(parameters)


def own_parameters() -> Parameters:
    """Its defaults."""
    return Parameters()


def own_scenery() -> Scenery:
    """What the log tells of lanes and signals."""
    return Crossing()
