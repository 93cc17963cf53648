"""SSM of T/CSAE 157 (Day II): the participants of an RSM with finer classes, and obstacles apart from them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rsu.compose.confidence import UNAVAILABLE
from rsu.compose.moments import d_second
from rsu.compose.placing import offset_ll
from rsu.compose.rsm import Head, participant
from rsu.compose.said import SIZE_M, SIZE_MAX, Said, size_code
from rsu.observe.arrays import BICYCLE, OTHER, PEDESTRIAN

TYPE = "SensorSharingMsg"
MESSAGE_ID = 12
DETECTED_TYPES: Mapping[int, str] = {PEDESTRIAN: "pedestrian", BICYCLE: "cyclist"}
"""DetectedPTCType; a track does not know a car from a truck."""


def ssm_value(told: Sequence[Said], head: Head) -> Any:
    """The MessageFrame; ``told``: 1..64."""
    value: dict[str, Any] = {
        "msgCnt": head.msg_cnt,
        "id": head.unit_id,
        "equipmentType": "rsu",
        "secMark": d_second(head.now_ns),
        "sensorPos": head.ref_pos,
    }
    if participants := [_detected(one) for one in told if one.cls != OTHER]:
        value["participants"] = participants
    if obstacles := [_obstacle(one) for one in told if one.cls == OTHER]:
        value["obstacles"] = obstacles
    return ("msgFrameExt", {"messageId": MESSAGE_ID, "value": (TYPE, value)})


def _detected(one: Said) -> dict[str, Any]:
    """DetectedPTCData."""
    value: dict[str, Any] = {"ptc": participant(one)}
    if one.cls in DETECTED_TYPES:
        value["detectedPTCType"] = DETECTED_TYPES[one.cls]
    if one.yaw is not None and one.yaw_cfd != UNAVAILABLE:
        unknown = dict.fromkeys(("lonAccConfidence", "latAccConfidence", "vertAccConfidence"), UNAVAILABLE)
        value["acc4WayConfidence"] = {**unknown, "yawRateCon": one.yaw_cfd}
    return value


def _obstacle(one: Said) -> dict[str, Any]:
    """DetectedObstacleData; a side that is not known is 0."""
    value: dict[str, Any] = {
        "obsType": "unknown",
        "obsId": one.number,
        "source": one.source,
        "secMark": d_second(one.time_ns),
        "pos": offset_ll(one.east, one.north),
        "posConfidence": {"pos": one.pos_cfd},
        "speed": one.speed,
        "speedCfd": one.speed_cfd,
        "heading": one.heading,
        "headingCfd": one.heading_cfd,
        "size": {"width": size_code(one.width, SIZE_M, SIZE_MAX), "length": size_code(one.length, SIZE_M, SIZE_MAX)},
    }
    if height := size_code(one.height, SIZE_M, SIZE_MAX):
        value["size"]["height"] = height
    return value
