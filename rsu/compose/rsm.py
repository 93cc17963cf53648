"""RSM of T/CSAE 53 and 157: what the unit sees, 16 participants a message."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from rsu.compose.confidence import UNAVAILABLE
from rsu.compose.moments import d_second
from rsu.compose.placing import offset_ll
from rsu.compose.said import (
    HEIGHT_M,
    HEIGHT_MAX,
    LENGTH_M,
    LENGTH_MAX,
    WIDTH_M,
    WIDTH_MAX,
    Said,
    acceleration,
    size_code,
)
from rsu.observe.arrays import BICYCLE, PEDESTRIAN, VEHICLE

TYPE = "RoadsideSafetyMessage"
ID_OCTETS = 8
PARTICIPANT_TYPES: Mapping[int, str] = {VEHICLE: "motor", BICYCLE: "non-motor", PEDESTRIAN: "pedestrian"}
"""ParticipantType; what is none of these is ``unknown``."""


class Head(NamedTuple):
    """What a message says beside its road users.

    :param unit_id: of the sender, octets.
    :param ref_pos: Position3D.
    :param now_ns: the moment of the message, UTC.
    """

    unit_id: bytes
    ref_pos: dict[str, int]
    msg_cnt: int
    now_ns: int


def rsm_value(told: Sequence[Said], head: Head) -> Any:
    """The MessageFrame; ``told``: 1..16."""
    value = {"msgCnt": head.msg_cnt, "id": head.unit_id, "refPos": head.ref_pos}
    return ("rsmFrame", {**value, "participants": [participant(one) for one in told]})


def participant(one: Said) -> dict[str, Any]:
    """ParticipantData, in RSM and SSM."""
    value: dict[str, Any] = {
        "ptcType": PARTICIPANT_TYPES.get(one.cls, "unknown"),
        "ptcId": one.number,
        "source": one.source,
        "secMark": d_second(one.time_ns),
        "pos": offset_ll(one.east, one.north),
        "posConfidence": {"pos": one.pos_cfd},
        "speed": one.speed,
        "heading": one.heading,
        "size": _size(one),
    }
    if len(one.id) == ID_OCTETS:
        value["id"] = one.id
    if (motion := _motion(one)) is not None:
        value["motionCfd"] = motion
    if (turning := acceleration(one)) is not None:
        value["accelSet"] = turning
    return value


def _motion(one: Said) -> dict[str, str] | None:
    """MotionConfidenceSet of what is known."""
    both = {"speedCfd": one.speed_cfd, "headingCfd": one.heading_cfd}
    return {name: word for name, word in both.items() if word != UNAVAILABLE} or None


def _size(one: Said) -> dict[str, int]:
    """VehicleSize; 0 is "unavailable"."""
    size = {"width": size_code(one.width, WIDTH_M, WIDTH_MAX), "length": size_code(one.length, LENGTH_M, LENGTH_MAX)}
    height = size_code(one.height, HEIGHT_M, HEIGHT_MAX)
    return {**size, "height": height} if height else size
