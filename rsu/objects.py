"""Detected objects: what a perception box says of the road users it sees, in the fields of CARMA.

A box's source gives them as a record with ``content="objects"``, whose octets are the JSON as it came, so that it is stored and
replayed like everything else; :mod:`rsu.observe.boxes` makes observations of it. One record is one object or a list of them.
It is checked whole; fields that are not known are passed over, for boxes send more than is read here.
"""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from rsu.errors import SourceError

RECORD_OCTETS_MAX = 1_048_576
OBJECTS_MAX = 1_024
PLAUSIBLE_NS = 60_000_000_000
"""How far the box's clock may be from ours for its time to be taken."""
MILLISECOND_NS = 1_000_000

Metres = Annotated[float, Meta(ge=-1e8, le=1e8)]  # Gauss-Krüger eastings carry the number of their zone: 35,500,000
Metres_s = Annotated[float, Meta(ge=-300, le=300)]
Size_m = Annotated[float, Meta(ge=0, le=100)]
Word = Annotated[str, Meta(max_length=64)]
Row = Annotated[list[float], Meta(min_length=3, max_length=3)]
Covariance = Annotated[list[Row], Meta(min_length=3, max_length=3)]


class Position(msgspec.Struct, frozen=True):
    """Metres in the frame of ``projString``; or degrees, where that is a geographic one."""

    x: Metres
    y: Metres
    z: Metres = 0.0


class Velocity(msgspec.Struct, frozen=True):
    """Metres a second along the same axes."""

    x: Metres_s
    y: Metres_s
    z: Metres_s = 0.0


class Size(msgspec.Struct, frozen=True):
    """Metres."""

    length: Size_m
    width: Size_m
    height: Size_m = 0.0


class DetectedObject(msgspec.Struct, frozen=True):
    """One object, with CARMA's names.

    :param type: CAR, TRUCK, BUS, VAN, PEDESTRIAN, CYCLIST, MOTORCYCLE … as the box writes it.
    :param projString: PROJ string of the frame that positions are in.
    :param timestamp: milliseconds since 1970, or in the box's own count.
    """

    type: Word
    confidence: Annotated[float, Meta(ge=0, le=1)]
    sensorId: Word
    objectId: Word | int
    position: Position
    projString: Annotated[str, Meta(max_length=1_024)] = ""
    positionCovariance: Covariance | None = None
    velocity: Velocity | None = None
    velocityCovariance: Covariance | None = None
    angularVelocity: Velocity | None = None
    angularVelocityCovariance: Covariance | None = None
    size: Size | None = None
    timestamp: Annotated[int, Meta(ge=0, le=2**63 - 1)] | None = None


Objects = Annotated[list[DetectedObject], Meta(min_length=1, max_length=OBJECTS_MAX)]
_decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(DetectedObject)
_list_decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(Objects)


def parse(data: bytes) -> list[DetectedObject]:
    """The objects of a record.

    :raises SourceError: naming the field, what was read and what is allowed.
    """
    if len(data) > RECORD_OCTETS_MAX:
        raise SourceError(f"detected objects: {len(data)} octets: must be 1..{RECORD_OCTETS_MAX}")
    try:
        if data.lstrip()[:1] == b"[":
            objects: list[DetectedObject] = _list_decoder.decode(data)
            return objects
        return [_decoder.decode(data)]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise SourceError(f"detected objects: {error}") from error
