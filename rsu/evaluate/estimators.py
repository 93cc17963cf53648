"""Who is compared: the fusion, the same filter with one kind of source only, a naive baseline, and ablations of the fusion."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

import msgspec
import numpy as np
from numpy.typing import NDArray

from rsu.errors import ConfigError
from rsu.evaluate.baseline import NearestNeighbour
from rsu.fusion.tracks import CONFIRMED
from rsu.observe.arrays import DETECTION, SELF


class Estimator(Protocol):
    """What makes tracks of observations; :class:`rsu.fusion.Fusion` is one."""

    def step(self, observations: NDArray[np.void], now_ns: int) -> object:
        """Take what was heard up to ``now_ns``: (n,) OBSERVATION, in the order of reception, not to be written to."""

    def tracks(self, at_ns: int) -> NDArray[np.void]:
        """(n,) TRACK, predicted to ``at_ns``."""


Make = Callable[[Any], Estimator]
"""Makes a filter of its parameters."""


class Ablation(NamedTuple):
    """A part of the design left out.

    :param field: of the fusion's parameters.
    :param value: that leaves it out.
    """

    field: str
    value: object
    without: str


ABLATIONS: Mapping[str, Ablation] = {
    "bias": Ablation("bias_states", False, "no bias state for a sender's GNSS"),
    "lateness": Ablation("lateness", False, "each measurement taken as of the time it came"),
    "white": Ablation("white_bsm", True, "the error of a BSM taken as white noise"),
    "takeover": Ablation("id_takeover", False, "a new temporary id begins a new track"),
}
SOURCES: Mapping[str, int] = {"bsm": SELF, "perception": DETECTION}


class Only:
    """A filter that is given one kind of observation."""

    def __init__(self, kind: int, inner: Estimator) -> None:
        self._kind = kind
        self._inner = inner

    def step(self, observations: NDArray[np.void], now_ns: int) -> None:
        self._inner.step(observations[observations["kind"] == self._kind], now_ns)

    def tracks(self, at_ns: int) -> NDArray[np.void]:
        return self._inner.tracks(at_ns)


def estimators(fusion: Make, parameters: Any, ablations: Sequence[str] = ()) -> dict[str, Estimator]:
    """All that are compared, by their names in the result.

    :param fusion: makes the filter; ``parameters`` are its own.
    :param ablations: names of :data:`ABLATIONS`; each adds ``fused_without_NAME``.
    :raises ConfigError: for an ablation that is not known, or not to these parameters.
    """
    made: dict[str, Estimator] = {"fused": fusion(parameters)}
    made |= {name: Only(kind, fusion(parameters)) for name, kind in SOURCES.items()}
    made["naive"] = NearestNeighbour()
    return made | {f"fused_without_{name}": fusion(ablated(parameters, name)) for name in ablations}


def ablated(parameters: Any, name: str) -> Any:
    """The parameters of a fusion that lacks one part."""
    if name not in ABLATIONS:
        raise ConfigError(f"ablation {name!r}: must be one of {', '.join(ABLATIONS)}")
    ablation = ABLATIONS[name]
    try:
        return msgspec.structs.replace(parameters, **{ablation.field: ablation.value})
    except TypeError as error:
        raise ConfigError(f"ablation {name!r}: the parameters of this fusion have no {ablation.field}") from error


def confirmed(estimator: Estimator, at_ns: int) -> NDArray[np.void]:
    """What an estimator stands by."""
    tracks = estimator.tracks(at_ns)
    standing: NDArray[np.void] = tracks[tracks["status"] == CONFIRMED]
    return standing
