"""Observations: what any message or perception box says of moving objects, as one numpy array in SI units.

Frame: local ENU (metres, x east, y north, z up) at a reference position; headings in radians counter-clockwise from east,
speeds in m/s, times in nanoseconds UTC. What is unavailable is NaN, never a code of a standard. Covariances come from the
accuracy and confidence codes of the message (:mod:`rsu.observe.accuracies`).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

#: What kind of statement an observation is.
SELF, DETECTION, SHARED = 0, 1, 2
"""``SELF``: the sender tells of itself (BSM, PSM): its position carries the error of its own GNSS. ``DETECTION``: a perception
box of this unit saw it. ``SHARED``: somebody else's picture (RSM, SSM, SDSM): already fused there."""

#: Classes of road users.
UNKNOWN, VEHICLE, PEDESTRIAN, BICYCLE, OTHER = 0, 1, 2, 3, 4

OBSERVATION = np.dtype(
    [
        ("event_time_ns", "i8"),  # when it was so
        ("receive_time_ns", "i8"),
        ("kind", "u1"),  # SELF, DETECTION, SHARED
        ("cls", "u1"),
        ("source", "S64"),  # radio or box of this unit that heard it
        ("sender", "S64"),  # who says it: temporary id of a vehicle, id of a unit or box; hex where the standard has octets
        ("object", "S64"),  # whom it is about, in the sender's numbering; the temporary id of a vehicle where it is known
        ("x", "f8"),  # metres, ENU
        ("y", "f8"),
        ("z", "f8"),
        ("cxx", "f8"),  # covariance of the position, m²; NaN where the message does not say
        ("cxy", "f8"),
        ("cyy", "f8"),
        ("heading", "f8"),  # radians, counter-clockwise from east, -π … π
        ("heading_std", "f8"),
        ("speed", "f8"),  # m/s
        ("speed_std", "f8"),
        ("yaw_rate", "f8"),  # rad/s, counter-clockwise
        ("yaw_rate_std", "f8"),
        ("accel", "f8"),  # m/s², along the heading
        ("length", "f4"),  # metres
        ("width", "f4"),
        ("height", "f4"),
        ("confidence", "f4"),  # that it is what its class says, or there at all; 0 … 1
        ("sensed_by", "u1"),  # SourceType: 1 itself, 2 a BSM, 3 video, 4 radar, 5 loop, 6 lidar, 7 fused; 0 unknown
        ("vehicle_class", "u1"),  # BasicVehicleClass, the same numbers in J2735 and T/CSAE 53; 0 unknown
    ]
)


class Origin(NamedTuple):
    """The reference position of a local frame, WGS-84."""

    lat_deg: float
    lon_deg: float
    elevation_m: float = 0.0


def empty(count: int) -> NDArray[np.void]:
    """So many observations of which nothing is known: numbers are NaN, times 0, texts empty."""
    made = np.zeros(count, OBSERVATION)
    for name in OBSERVATION.names or ():
        if OBSERVATION[name].kind == "f":
            made[name] = np.nan
    return made


def only(observations: NDArray[np.void], chosen: NDArray[np.int64] | NDArray[np.bool_]) -> NDArray[np.void]:
    """Those chosen, by index or by mask: what indexing does, in a tenth of its time for records of so many fields; the same
    array where a mask leaves nobody out."""
    if chosen.dtype == np.bool_:
        return observations if chosen.all() else observations.compress(chosen)
    return observations.take(chosen)
