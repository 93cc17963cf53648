"""MAP of both standards as lanes in metres: :func:`geometry`.

===============  ===============================================================================================================
centre line      (n, 3) points in the order of travel: a lane that leads in ends at its stop line, one that leads out begins at
                 the intersection. J2735 tells all lanes from the intersection outward, T/CSAE 53 along the travel; a lane that
                 is used both ways, or by nobody who drives, keeps the order of its message
width            (n,) at each point
stop line        across the end of a lane that leads in
connections      from the end of a lane: to which node, which lane, on which signal group
===============  ===============================================================================================================

Reading stands in :mod:`rsu.observe.geometry_csae` and :mod:`rsu.observe.geometry_sae`.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from rsu.observe.arrays import Origin
from rsu.observe.geometry_csae import csae_nodes
from rsu.observe.geometry_sae import sae_places
from rsu.observe.lanes import Intersection

__all__ = ["geometry"]


def geometry(
    standard: str, value: dict[str, Any], origin: Origin, faults: Counter[str] | None = None
) -> tuple[Intersection, ...]:
    """The intersections (nodes) of a decoded MAP; those of J2735 with its road segments behind.

    :param standard: a name as :func:`rsu.load_schema` takes it.
    :param faults: what could not be read is counted here: ``reference`` for a place without a position, ``lane`` for a lane
        without a line of two points, ``node`` for a point in a form that is not known, which ends its lane.
    """
    counted: Counter[str] = Counter() if faults is None else faults
    if standard.partition("?")[0] == "sae-j2735":
        return sae_places(value, origin, counted)
    return csae_nodes(value, origin, counted)
