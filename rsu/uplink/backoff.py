"""How long to wait before the next attempt to connect: exponential with full jitter, lest all units return at once."""

from __future__ import annotations

from collections.abc import Callable

import msgspec


class Parameters(msgspec.Struct, frozen=True, kw_only=True):
    """:param first_s: upper bound of the first wait; each further one is ``factor`` times as long, up to ``most_s``."""

    first_s: float = 0.5
    factor: float = 2.0
    most_s: float = 60.0
    least_s: float = 0.05


class Backoff:
    """The waits of one target.

    :param random: uniform in [0, 1).
    """

    def __init__(self, parameters: Parameters, random: Callable[[], float]) -> None:
        self._parameters = parameters
        self._random = random
        self._bound_s = parameters.first_s

    def wait_s(self) -> float:
        """The next wait."""
        wait = max(self._parameters.least_s, self._bound_s * self._random())
        self._bound_s = min(self._parameters.most_s, self._bound_s * self._parameters.factor)
        return wait

    def reset(self) -> None:
        """It worked: the next fault begins anew."""
        self._bound_s = self._parameters.first_s
