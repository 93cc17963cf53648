"""Detected objects of perception boxes (:mod:`rsu.objects`) as statements.

Positions come in the frame that ``projString`` names (:mod:`rsu.observe.projections`):

==================================  ============================================================================================
projString                          position
==================================  ============================================================================================
empty                               metres east, north, up of this unit's own origin
``+proj=tmerc``, ``+proj=utm``      metres on that map; directions are turned by the angle between its north and true north
``+proj=longlat``, EPSG:4326, 4490  degrees, x is the longitude
anything else                       not read; counted as ``projection``
==================================  ============================================================================================

Velocity gives speed and heading; the heading of a thing that stands is not known. Its standard deviation is that of the
velocity across it over the speed. A turn rate of 0 without a variance is not said: boxes that do not measure it write 0. A time
that lies within a minute of the receive time is taken, else the receive time stands.
"""

from __future__ import annotations

import math
from collections import Counter

from rsu.errors import SourceError
from rsu.objects import MILLISECOND_NS, PLAUSIBLE_NS, Covariance, DetectedObject, Velocity, parse
from rsu.observe.arrays import DETECTION, Origin
from rsu.observe.classes import of_box
from rsu.observe.projections import on_earth, projection
from rsu.observe.statements import BOX, Codes, Head, Row

OWN_M_MAX = 10_000.0
"""How far from the origin a point of the unit's own frame may be."""
STANDING_MPS = 0.1
"""Below it a velocity is noise and has no direction; boxes write 0."""


def box_rows(data: bytes, receive_time_ns: int, source: bytes, origin: Origin, faults: Counter[str]) -> list[Row]:
    """The statements of one record of a box.

    :param faults: what could not be read is counted here: ``objects`` for a record, ``projection`` for an object.
    """
    try:
        objects = parse(data)
    except SourceError:
        faults["objects"] += 1
        return []
    rows = []
    for one in objects:
        place = _place(one, origin)
        if place is None:
            faults["projection"] += 1
        else:
            rows.append((_head(one, receive_time_ns, source), _moving(*place, one), BOX))
    return rows


def _head(one: DetectedObject, receive_time_ns: int, source: bytes) -> Head:
    time_ns = receive_time_ns
    if one.timestamp is not None and abs(one.timestamp * MILLISECOND_NS - receive_time_ns) <= PLAUSIBLE_NS:
        time_ns = one.timestamp * MILLISECOND_NS
    sender, name = one.sensorId.encode(), str(one.objectId).encode()
    return Head(time_ns, receive_time_ns, DETECTION, of_box(one.type), source, sender, name)


def _place(one: DetectedObject, origin: Origin) -> tuple[Codes, float] | None:
    """Where it is, and by how much the north of its frame lies clockwise of true north, degrees; None where its frame is not
    known. What a height counts from is known in the unit's own frame only."""
    frame, (x, y, z) = projection(one.projString), (one.position.x, one.position.y, one.position.z)
    if frame.kind == "own" and max(abs(x), abs(y)) <= OWN_M_MAX:
        place = Codes(lat=origin.lat_deg, long=origin.lon_deg, elev=origin.elevation_m, east=x, north=y, up=z)
        return place, 0.0
    if frame.kind == "degrees" and abs(y) <= 90 and abs(x) <= 180:
        return Codes(lat=y, long=x), 0.0
    spot = on_earth(x, y, frame) if frame.kind == "mercator" else None
    return None if spot is None else (Codes(lat=spot.lat_deg, long=spot.lon_deg), spot.convergence_deg)


def _moving(place: Codes, north_deg: float, one: DetectedObject) -> Codes:
    """The same with what the box says of motion, size and errors. Covariances are not turned: by a degree or two at most."""
    cxx, cxy, cyy = _in_plane(one.positionCovariance)
    speed, heading, speed_std, heading_std = _motion(one.velocity, one.velocityCovariance)
    yaw_rate, yaw_rate_std = _turn(one.angularVelocity, one.angularVelocityCovariance)
    size = one.size
    return place._replace(
        speed=speed,
        heading=None if heading is None else heading + north_deg,
        yaw=None if yaw_rate is None else -math.degrees(yaw_rate),
        length=size.length or None if size else None,
        width=size.width or None if size else None,
        height=size.height or None if size else None,
        confidence=one.confidence * 100,
        cxx=cxx,
        cxy=cxy,
        cyy=cyy,
        speed_std=speed_std,
        heading_std=heading_std,
        yaw_rate_std=yaw_rate_std,
    )


def _in_plane(covariance: Covariance | None) -> tuple[float | None, float | None, float | None]:
    """cxx, cxy, cyy; None where the box says none, or one that is no covariance (boxes write zeros for "not known")."""
    if covariance is None:
        return None, None, None
    cxx, cxy, cyy = covariance[0][0], (covariance[0][1] + covariance[1][0]) / 2, covariance[1][1]
    if not (cxx > 0 and cyy > 0 and cxx * cyy > cxy**2 and math.isfinite(cxx + cyy)):
        return None, None, None
    return cxx, cxy, cyy


def _motion(
    velocity: Velocity | None, covariance: Covariance | None
) -> tuple[float | None, float | None, float | None, float | None]:
    """Speed in m/s, heading in degrees clockwise from north, and their standard deviations in m/s and radians."""
    if velocity is None:
        return None, None, None, None
    speed = math.hypot(velocity.x, velocity.y)
    cxx, cxy, cyy = _in_plane(covariance)
    if speed < STANDING_MPS:
        return speed, None, None if cxx is None or cyy is None else math.sqrt((cxx + cyy) / 2), None
    heading = math.degrees(math.atan2(velocity.x, velocity.y))
    if cxx is None or cxy is None or cyy is None:
        return speed, heading, None, None
    east, north = velocity.x / speed, velocity.y / speed
    along = cxx * east**2 + 2 * cxy * east * north + cyy * north**2
    across = cxx * north**2 - 2 * cxy * east * north + cyy * east**2
    return speed, heading, math.sqrt(along), math.sqrt(across) / speed


def _turn(rate: Velocity | None, covariance: Covariance | None) -> tuple[float | None, float | None]:
    """Turn rate and its standard deviation in rad/s, counter-clockwise."""
    variance = covariance[2][2] if covariance is not None else 0.0
    if rate is None or (rate.z == 0 and not variance > 0):
        return None, None
    return rate.z, math.sqrt(variance) if 0 < variance < math.inf else None
