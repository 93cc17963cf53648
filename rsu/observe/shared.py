"""Pictures of others: RSM and SSM of T/CSAE 53 and 157, SDSM of J3224, one statement for each object.

A participant has a moment of its own: secMark in RSM and SSM, in SDSM an offset that counts back from the message's time:
negative ones lie after it (DE_MeasurementTimeOffset as CARMA Streets quotes it; ETSI's CPM, whose range it has, counts so too).
Its object id is the temporary id it sends itself with where that is known, else the number the sender gave it; obstacles are
numbered apart from participants and are called ``obstacle-N``. A participant that is the roadside unit itself is left out: it
is no road user.
"""

from __future__ import annotations

from typing import Any

from rsu.observe.accuracies import HEADING_STD_RAD, POSITION_VARIANCE_M2, SPEED_STD_MPS, ellipse_of
from rsu.observe.arrays import OTHER, SHARED, UNKNOWN, VEHICLE
from rsu.observe.classes import DETECTED, NO_VEHICLE, OBJECTS, PARTICIPANTS, PERSONS, RSU, SOURCES
from rsu.observe.offsets import resolve
from rsu.observe.statements import CSAE, CSAE_OBSTACLE, SAE_OBJECT, SAE_OBSTACLE, Codes, Head, Row
from rsu.observe.times import MILLISECOND_NS, event_time

Value = dict[str, Any]
_NOTHING: Value = {}


def csae_rsm(value: Value, receive_time_ns: int, source: bytes) -> list[Row]:
    """An RSM: its participants."""
    sender = value["id"].hex().encode()
    rows = (_participant(one, value["refPos"], receive_time_ns, source, sender) for one in value["participants"])
    return [row for row in rows if row is not None]


def csae_ssm(value: Value, receive_time_ns: int, source: bytes) -> list[Row]:
    """An SSM: its participants, then its obstacles."""
    sender, place = value["id"].hex().encode(), value["sensorPos"]
    rows: list[Row] = []
    for one in value.get("participants", ()):
        row = _participant(
            one["ptc"], place, receive_time_ns, source, sender, one.get("detectedPTCType", ""), one.get("typeConfidence")
        )
        if row is not None:
            rows.append(row)
    rows += (_obstacle(one, place, receive_time_ns, source, sender) for one in value.get("obstacles", ()))
    return rows


def sae_sdsm(value: Value, receive_time_ns: int, source: bytes) -> list[Row]:
    """An SDSM: its objects, and the error of its reference position on top of theirs.

    Offsets are read as east, north and up, as this project sends them; CARMA Platform reads north, east and down.
    """
    sender = value["sourceID"].hex().encode()
    time_ns = event_time(receive_time_ns, None, None, value["sDSMTimeStamp"])[0]
    accuracy = value["refPosXYConf"]
    own = ellipse_of(accuracy["semiMajor"], accuracy["semiMinor"], accuracy["orientation"], "sae-j2735")
    return [_object(one, value["refPos"], own, (time_ns, receive_time_ns), source, sender) for one in value["objects"]]


def _participant(
    value: Value,
    place: Value,
    receive_time_ns: int,
    source: bytes,
    sender: bytes,
    detected: str = "",
    confidence: int | None = None,
) -> Row | None:
    """A ParticipantData; None for the unit itself."""
    if value["ptcType"] == RSU:
        return None
    vehicle_class = value.get("vehicleClass", _NOTHING).get("classification", 0)
    kind = PARTICIPANTS.get(value["ptcType"], UNKNOWN)
    kind = DETECTED.get(detected, NO_VEHICLE.get(vehicle_class, kind) if kind == VEHICLE else kind)
    motion, size = value.get("motionCfd", _NOTHING), value["size"]
    name = value["id"].hex().encode() if "id" in value else b"%d" % value["ptcId"]
    time_ns = event_time(receive_time_ns, None, value["secMark"])[0]
    codes = _csae(value, place, size, motion.get("speedCfd"), motion.get("headingCfd"), confidence)
    sensed_by = SOURCES.get(value["source"], 0)
    return Head(time_ns, receive_time_ns, SHARED, kind, source, sender, name, sensed_by, vehicle_class), codes, CSAE


def _obstacle(value: Value, place: Value, receive_time_ns: int, source: bytes, sender: bytes) -> Row:
    """A DetectedObstacleData."""
    time_ns = event_time(receive_time_ns, None, value["secMark"])[0]
    name = b"obstacle-%d" % value["obsId"]
    codes = _csae(value, place, value["size"], value.get("speedCfd"), value.get("headingCfd"), value.get("objTypeConfidence"))
    sensed_by = SOURCES.get(value["source"], 0)
    return Head(time_ns, receive_time_ns, SHARED, OTHER, source, sender, name, sensed_by), codes, CSAE_OBSTACLE


def _csae(
    value: Value, place: Value, size: Value, speed_cfd: str | None, heading_cfd: str | None, confidence: int | None
) -> Codes:
    """What participants and obstacles say alike."""
    lat, long, elev = resolve(place, value["pos"])
    acceleration = value.get("accelSet", _NOTHING)
    variance = POSITION_VARIANCE_M2.get(value["posConfidence"]["pos"])
    return Codes(
        lat=lat,
        long=long,
        elev=elev,
        speed=value["speed"],
        heading=value["heading"],
        accel=acceleration.get("long"),
        yaw=acceleration.get("yaw"),
        length=size["length"] or None,
        width=size["width"] or None,
        height=size.get("height") or None,
        confidence=confidence,
        cxx=variance,
        cxy=None if variance is None else 0.0,
        cyy=variance,
        speed_std=SPEED_STD_MPS.get(speed_cfd or ""),
        heading_std=HEADING_STD_RAD.get(heading_cfd or ""),
    )


def _object(
    value: Value, place: Value, own: tuple[float, float, float], times_ns: tuple[int, int], source: bytes, sender: bytes
) -> Row:
    """A DetectedObjectData.

    :param own: covariance of the reference position: cxx, cxy, cyy.
    :param times_ns: of the message, and when it was received.
    """
    common = value["detObjCommon"]
    alternative, more = value.get("detObjOptData", ("", _NOTHING))
    head = Head(
        times_ns[0] - common["measurementTime"] * MILLISECOND_NS,
        times_ns[1],
        SHARED,
        _class_of(common["objType"], alternative, more),
        source,
        sender,
        b"%d" % common["objectID"],
        vehicle_class=more.get("vehicleClass", 0),
    )
    size = _size(alternative, more)
    return head, _sdsm(common, place, own, size), SAE_OBJECT if alternative in ("", "detVeh") else SAE_OBSTACLE


def _size(alternative: str, more: Value) -> tuple[int | None, int | None, int | None]:
    """Length, width and height in the codes of its kind; 0 is none."""
    if alternative == "detVRU":
        across = 2 * more.get("radius", 0) or None
        return across, across, None
    size = more.get("obstSize" if alternative == "detObst" else "size", _NOTHING)
    return size.get("length") or None, size.get("width") or None, size.get("height", more.get("height")) or None


def _sdsm(
    common: Value, place: Value, own: tuple[float, float, float], size: tuple[int | None, int | None, int | None]
) -> Codes:
    offsets, acceleration = common["pos"], common.get("accel4way", _NOTHING)
    variance = POSITION_VARIANCE_M2.get(common["posConfidence"]["pos"])
    return Codes(
        lat=place["lat"],
        long=place["long"],
        elev=place.get("elevation"),
        east=offsets["offsetX"],
        north=offsets["offsetY"],
        up=offsets.get("offsetZ"),
        speed=common["speed"],
        heading=common["heading"],
        accel=acceleration.get("long"),
        yaw=acceleration.get("yaw"),
        length=size[0],
        width=size[1],
        height=size[2],
        confidence=common["objTypeCfd"] or None,
        cxx=None if variance is None else variance + own[0],
        cxy=None if variance is None else own[1],
        cyy=None if variance is None else variance + own[2],
        speed_std=SPEED_STD_MPS.get(common["speedConfidence"]),
        heading_std=HEADING_STD_RAD.get(common["headingConf"]),
    )


def _class_of(object_type: str, alternative: str, more: Value) -> int:
    kind = OBJECTS.get(object_type, OTHER if alternative == "detObst" else UNKNOWN)
    if alternative == "detVeh" and kind == VEHICLE:
        return NO_VEHICLE.get(more.get("vehicleClass", 0), kind)
    return PERSONS.get(more.get("basicType", ""), kind) if alternative == "detVRU" else kind
