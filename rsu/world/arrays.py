"""The world as arrays: rows of lanes, connections, signals, tracks on lanes and queues, and :class:`Snapshot` of them all.

Frame and units are those of :mod:`rsu.observe.arrays`: metres, ENU, radians counter-clockwise from east, nanoseconds UTC. What
is not known is NaN, for whole numbers -1, for times 0. A lane is named by its row in :attr:`Snapshot.lanes`.
"""

from __future__ import annotations

from typing import get_args

import msgspec
import numpy as np
from numpy.typing import NDArray

from rsu.fusion.tracks import TRACK
from rsu.observe.lanes import Direction, Intersection, LaneKind
from rsu.observe.signals import IntersectionSignals
from rsu.signals import Light

CSAE, SAE = 0, 1
"""Families of standards: ids of nodes, lanes and phases of one say nothing in the other."""

LANE_KINDS: tuple[LaneKind, ...] = get_args(LaneKind)
DIRECTIONS: tuple[Direction, ...] = get_args(Direction)
LIGHTS: tuple[Light, ...] = get_args(Light)
"""What the codes ``kind``, ``direction`` and ``light`` are places in."""

LANE = np.dtype(
    [
        ("family", "u1"),  # CSAE, SAE
        ("configured", "?"),
        ("region", "i4"),
        ("intersection", "i4"),
        ("link_region", "i4"),
        ("link", "i4"),  # upstream node, or approach
        ("section", "i4"),
        ("id", "i4"),
        ("kind", "u1"),  # place in LANE_KINDS
        ("direction", "u1"),  # in DIRECTIONS
        ("length_m", "f8"),
        ("speed_limit_mps", "f8"),  # at its end
        ("twin_of", "i4"),  # row of the lane that stands for it, for both are one; tracks are matched to that one only
        ("open", "?"),  # False: a revocable lane that no fresh SPAT calls open
    ]
)
CONNECTION = np.dtype(
    [
        ("lane", "i4"),  # row it leads from
        ("to_region", "i4"),
        ("to_node", "i4"),  # -1: the same intersection
        ("to_lane", "i4"),  # id there
        ("group", "i4"),  # phase, signal group
        ("signal", "i4"),  # row of it in Snapshot.signals
    ]
)
SIGNAL = np.dtype(
    [
        ("family", "u1"),
        ("region", "i4"),
        ("intersection", "i4"),
        ("phase", "i4"),
        ("light", "u1"),  # place in LIGHTS, as it was told; a light whose end has passed says so by its age
        ("constant", "?"),  # it does not change
        ("start_ns", "i8"),
        ("min_end_ns", "i8"),
        ("likely_end_ns", "i8"),
        ("max_end_ns", "i8"),
        ("confidence", "f4"),  # of the likely end
        ("next_light", "u1"),  # what follows; "unavailable" where it is not told
        ("next_start_ns", "i8"),
        ("time_ns", "i8"),  # the moment it was so
        ("age_s", "f8"),  # since then
        ("fresh", "?"),  # young enough to act on
    ]
)
MATCH = np.dtype(
    [
        ("track", "u4"),  # id
        ("row", "i4"),  # of the track in Snapshot.tracks
        ("lane", "i4"),
        ("probability", "f8"),  # of being in it; those of a track sum to 1 at most
        ("along_m", "f8"),  # of its middle, from the lane's first point in the order of travel; beyond the ends: < 0, > length
        ("lateral_m", "f8"),  # left of the centre line
        ("off_heading_rad", "f8"),  # its heading less the lane's, -π … π
        ("speed_limit_mps", "f8"),  # there
    ]
)
PLACED = np.dtype(
    [
        ("track", "u4"),  # id; one row a track, in the order of Snapshot.tracks
        ("lane", "i4"),  # the likeliest, -1 where none is likely enough; the fields below are of it
        ("probability", "f8"),
        ("along_m", "f8"),
        ("lateral_m", "f8"),
        ("off_heading_rad", "f8"),
        ("speed_limit_mps", "f8"),
        ("to_stop_m", "f8"),  # from its front to the stop line along the lane; negative past it; NaN without a stop line
        ("ahead", "i8"),  # id of the track ahead in the lane, -1 for none
        ("gap_m", "f8"),  # from its front to the rear of that one, 0 where they overlap
        ("time_gap_s", "f8"),  # gap / own speed (SAE J2944); NaN when nearly standing
        ("queued", "?"),
    ]
)
QUEUE = np.dtype(
    [
        ("lane", "i4"),  # one row a lane with a stop line
        ("vehicles", "i4"),  # standing one behind the other from the stop line back
        ("length_m", "f8"),  # from the stop line to the rear of the last of them
        ("last", "i8"),  # its id, -1 for none
        ("standing", "i4"),  # all that stand in the lane, also away from the stop line
    ]
)

Rows = NDArray[np.void]
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """What was true at one moment. Its arrays cannot be written to.

    :param tracks: of :data:`TRACK`, by id.
    :param matches: of :data:`MATCH`, by track, the likeliest lane first.
    :param placed: of :data:`PLACED`, a row a track.
    :param queues: of :data:`QUEUE`; ``lanes``, ``connections``, ``signals``: of their names.
    :param intersections: of ``lanes``, with their lines.
    :param places: of each row of ``lanes`` the place of its intersection there, and its own among that one's lanes.
    :param told: signals as they were heard, with all that follows the light that is on; by family, region and intersection.
    """

    time_ns: int
    tracks: Rows
    matches: Rows
    placed: Rows
    queues: Rows
    lanes: Rows
    connections: Rows
    signals: Rows
    intersections: tuple[Intersection, ...]
    places: tuple[tuple[int, int], ...]
    told: tuple[IntersectionSignals, ...]


def family(standard: str) -> int:
    """Of a name as :func:`rsu.load_schema` takes it."""
    return SAE if standard.partition("?")[0] == "sae-j2735" else CSAE


def unknown(count: int, dtype: np.dtype[np.void]) -> Rows:
    """So many rows of which nothing is known."""
    made = np.zeros(count, dtype)
    for name in dtype.names or ():
        if dtype[name].kind == "f":
            made[name] = np.nan
        elif dtype[name].kind == "i" and not name.endswith("_ns"):
            made[name] = -1
    return made


def sealed(rows: Rows) -> Rows:
    """The same, not to be written to."""
    rows.flags.writeable = False
    return rows


NOTHING = Snapshot(
    time_ns=0,
    tracks=sealed(np.zeros(0, TRACK)),
    matches=sealed(unknown(0, MATCH)),
    placed=sealed(unknown(0, PLACED)),
    queues=sealed(unknown(0, QUEUE)),
    lanes=sealed(unknown(0, LANE)),
    connections=sealed(unknown(0, CONNECTION)),
    signals=sealed(unknown(0, SIGNAL)),
    intersections=(),
    places=(),
    told=(),
)
"""Before the first step."""
