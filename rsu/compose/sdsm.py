"""SDSM of SAE J3224 in J2735: the objects that the unit sees, each with the offset of its place and of its moment."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rsu.compose.confidence import SAE_YAW, UNAVAILABLE, of_time
from rsu.compose.moments import MILLISECOND_NS, d_date_time
from rsu.compose.parameters import Parameters
from rsu.compose.rsm import Head
from rsu.compose.said import (
    HEIGHT_M,
    HEIGHT_MAX,
    LENGTH_M,
    LENGTH_MAX,
    RADIUS_M,
    RADIUS_MAX,
    SIZE_M,
    SIZE_MAX,
    WIDTH_M,
    WIDTH_MAX,
    Said,
    acceleration,
    size_code,
)
from rsu.observe.arrays import BICYCLE, OTHER, PEDESTRIAN, VEHICLE

TYPE = "SensorDataSharingMessage"
MESSAGE_ID = 41
ID_OCTETS = 4
OBJECT_TYPES = {VEHICLE: "vehicle", PEDESTRIAN: "vru", BICYCLE: "vru"}
"""ObjectType; what is none of these is ``unknown``."""
PERSONS = {PEDESTRIAN: "aPEDESTRIAN", BICYCLE: "aPEDALCYCLIST"}
CLASS_UNAVAILABLE = 101
"""ClassificationConfidence: tracks do not keep how sure their class is."""
AXIS_M, AXIS_MAX = 0.05, 254
"""SemiMajorAxisAccuracy; 254 is that or more."""


def sdsm_value(told: Sequence[Said], head: Head, parameters: Parameters) -> Any:
    """The MessageFrame; ``told``: 1..256."""
    axis = min(max(round(parameters.ref_pos_std_m / AXIS_M), 1), AXIS_MAX)
    sure = of_time(parameters.clock_std_s)
    value = {
        "msgCnt": head.msg_cnt,
        "sourceID": head.unit_id,
        "equipmentType": "rsu",
        "sDSMTimeStamp": d_date_time(head.now_ns),
        "refPos": head.ref_pos,
        "refPosXYConf": {"semiMajor": axis, "semiMinor": axis, "orientation": 0},
        "objects": [_object(one, head.now_ns, sure) for one in told],
    }
    return {"messageId": MESSAGE_ID, "value": (TYPE, value)}


def _object(one: Said, now_ns: int, time_confidence: str) -> dict[str, Any]:
    """DetectedObjectData."""
    common: dict[str, Any] = {
        "objType": OBJECT_TYPES.get(one.cls, "unknown"),
        "objTypeCfd": CLASS_UNAVAILABLE,
        "objectID": one.number,
        # from millisecond to millisecond, as the message's own moment is one
        "measurementTime": now_ns // MILLISECOND_NS - one.time_ns // MILLISECOND_NS,  # before the stamp: see rsu.observe.shared
        "timeConfidence": time_confidence,
        "pos": {"offsetX": one.east, "offsetY": one.north},
        "posConfidence": {"pos": one.pos_cfd, "elevation": UNAVAILABLE},
        "speed": one.speed,
        "speedConfidence": one.speed_cfd,
        "heading": one.heading,
        "headingConf": one.heading_cfd,
    }
    if (turning := acceleration(one)) is not None:
        common["accel4way"] = turning
        if one.yaw_cfd != UNAVAILABLE:
            common["accCfdYaw"] = SAE_YAW[one.yaw_cfd]
    more = _more(one)
    return {"detObjCommon": common} if more is None else {"detObjCommon": common, "detObjOptData": more}


def _more(one: Said) -> tuple[str, dict[str, Any]] | None:
    """DetectedObjectOptionalData."""
    if one.cls == VEHICLE:
        return _vehicle(one)
    if one.cls in PERSONS:
        person: dict[str, Any] = {"basicType": PERSONS[one.cls]}
        across = max((side for side in (one.length, one.width) if side > 0), default=0.0)
        if radius := size_code(across / 2, RADIUS_M, RADIUS_MAX):
            person["radius"] = radius
        return "detVRU", person
    return _obstacle(one) if one.cls == OTHER else None


def _vehicle(one: Said) -> tuple[str, dict[str, Any]] | None:
    size = {"width": size_code(one.width, WIDTH_M, WIDTH_MAX), "length": size_code(one.length, LENGTH_M, LENGTH_MAX)}
    more: dict[str, Any] = {"size": size} if any(size.values()) else {}
    if height := size_code(one.height, HEIGHT_M, HEIGHT_MAX):
        more["height"] = height
    return ("detVeh", more) if more else None


def _obstacle(one: Said) -> tuple[str, dict[str, Any]]:
    """What is no road user; a side that is not known is 0."""
    size = {"width": size_code(one.width, SIZE_M, SIZE_MAX), "length": size_code(one.length, SIZE_M, SIZE_MAX)}
    if height := size_code(one.height, SIZE_M, SIZE_MAX):
        size["height"] = height
    sure = {"widthConfidence": UNAVAILABLE, "lengthConfidence": UNAVAILABLE}
    return "detObst", {"obstSize": size, "obstSizeConfidence": sure}
