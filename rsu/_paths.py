"""Paths of values as errors spell them: ``value.BasicSafetyMessage.coreData.lat``, ``participants[3].speed``."""

from __future__ import annotations

import re
from functools import lru_cache

from rsu.errors import EncodeError

_STEP = re.compile(r"\[(\d{1,9})\]|(?:^|\.)([^.\[\]]+)")


@lru_cache(1024)
def path_steps(path: str) -> tuple[str | int, ...]:
    """Names and indices of a path, from the outside in.

    :raises EncodeError: for what is no path.
    """
    steps: list[str | int] = []
    at = 0
    while at < len(path) or not steps:
        found = _STEP.match(path, at)
        if found is None:
            raise EncodeError("no path: names joined by dots and [index] are needed", "patch", path)
        steps.append(int(found[1]) if found[1] else found[2])
        at = found.end()
    return tuple(steps)
