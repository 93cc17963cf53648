"""Which of many moments are kept: so many a second."""

from __future__ import annotations

SECOND_NS = 1_000_000_000


class Sampling:
    """The first moment in each of so many equal parts of a second.

    :param hz: 0: none.
    """

    def __init__(self, hz: int) -> None:
        self._hz = hz
        self._part = -1

    def wants(self, at_ns: int) -> bool:
        """Whether this moment is the first in its part."""
        part = at_ns * self._hz // SECOND_NS
        if not self._hz or part == self._part:
            return False
        self._part = part
        return True
