"""The scene in messages of SAE J2735: values for BSM, SPAT and MAP."""

from __future__ import annotations

from typing import Any

from . import clock
from .csae import FIXED_TIME, MANEUVER, NODE, REF_POS, REGION
from .roads import LANES, LEG_LENGTH_M, LEGS, STOP_LINE_M, Lane, exit_lane, on_leg
from .sensing import Fix
from .signals import GROUPS, group_of, lights
from .traffic import SIZE_M, Motion

EVENT_STATE = {
    "green": "protected-Movement-Allowed",
    "yellow": "protected-clearance",
    "red": "stop-And-Remain",
}
INGRESS, EGRESS = (b"\x80", 2), (b"\x40", 2)
NO_WHEEL, ALL_WHEELS = (b"\x00", 5), (b"\x78", 5)


def _frame(message_id: int, name: str, value: dict[str, Any]) -> Any:
    return {"messageId": message_id, "value": (name, value)}


def bsm(motion: Motion, what: Fix, count: int, time_ms: int) -> Any:
    """A vehicle's BSM, part I."""
    width, length, _ = SIZE_M[motion.user.kind]
    core = {
        "msgCnt": count % 128,
        "id": (0x5AE00000 + motion.user.user_id).to_bytes(4, "big"),
        "secMark": clock.d_second(time_ms),
        "lat": what.lat,
        "long": what.lon,
        "elev": what.elevation,
        "accuracy": {"semiMajor": 16, "semiMinor": 14, "orientation": 0},
        "transmission": "forwardGears",
        "speed": what.speed,
        "heading": what.heading,
        "angle": max(-126, min(126, round(-what.yaw / 100 / 1.5))),
        "accelSet": {"long": what.acceleration, "lat": 0, "vert": 0, "yaw": what.yaw},
        "brakes": {
            "wheelBrakes": ALL_WHEELS if what.acceleration < -50 else NO_WHEEL,
            "traction": "off",
            "abs": "off",
            "scs": "off",
            "brakeBoost": "off",
            "auxBrakes": "off",
        },
        "size": {"width": round(width * 100), "length": round(length * 100)},
    }
    return _frame(20, "BasicSafetyMessage", {"coreData": core})


def _movement(group: int, time_ms: int) -> dict[str, Any]:
    now = lights(group, time_ms / 1000)[0]
    end = (clock.tenths_of_the_hour(time_ms) + round(now.ends_in_s * 10)) % 36000
    timing = {"minEndTime": end, "maxEndTime": end, "likelyTime": end}
    event = {"eventState": EVENT_STATE[now.colour], "timing": timing}
    return {"signalGroup": group, "state-time-speed": [event]}


def spat(count: int, time_ms: int) -> Any:
    """What the signals show now, with ends in tenths of a second of the hour."""
    state = {
        "id": {"region": REGION, "id": NODE},
        "revision": count % 128,
        "status": FIXED_TIME,
        "moy": clock.minute_of_the_year(time_ms),
        "timeStamp": clock.d_second(time_ms),
        "states": [_movement(group, time_ms) for group in GROUPS],
    }
    return _frame(19, "SPAT", {"timeStamp": clock.minute_of_the_year(time_ms), "intersections": [state]})


def _nodes(lane: Lane) -> list[dict[str, Any]]:
    """Centimetres, each from the one before, beginning at the stop line as J2735 has it."""
    nodes, before = [], (0, 0)
    for distance in (STOP_LINE_M, 90.0, LEG_LENGTH_M):
        east, north = on_leg(lane.leg, distance, lane.offset_m)
        here = (round(east * 100), round(north * 100))
        delta = {"x": here[0] - before[0], "y": here[1] - before[1]}
        nodes.append({"delta": ("node-XY6", delta)})
        before = here
    return nodes


def _connection(leg: str, turn: str) -> dict[str, Any]:
    maneuver = ((MANEUVER[turn] << 4).to_bytes(2, "big"), 12)
    return {
        "connectingLane": {"lane": exit_lane(leg, turn).lane_id, "maneuver": maneuver},
        "signalGroup": group_of(leg, turn),
    }


def _lane(lane: Lane) -> dict[str, Any]:
    approach = LEGS.index(lane.leg) + 1
    value: dict[str, Any] = {
        "laneID": lane.lane_id,
        "ingressApproach" if lane.turns else "egressApproach": approach,
        "laneAttributes": {
            "directionalUse": INGRESS if lane.turns else EGRESS,
            "sharedWith": (b"\x00\x00", 10),
            "laneType": ("vehicle", (b"\x00", 8)),
        },
        "nodeList": ("nodes", _nodes(lane)),
    }
    if lane.turns:
        value["connectsTo"] = [_connection(lane.leg, turn) for turn in lane.turns]
    return value


def map_(count: int, time_ms: int) -> Any:
    """The crossing with its sixteen lanes; `count` is the revision, the same for the whole scene."""
    geometry = {
        "id": {"region": REGION, "id": NODE},
        "revision": count % 128,
        "refPoint": REF_POS,
        "laneWidth": 350,
        "laneSet": [_lane(lane) for lane in LANES],
    }
    value = {
        "timeStamp": clock.minute_of_the_year(time_ms),
        "msgIssueRevision": count % 128,
        "layerType": "intersectionData",
        "intersections": [geometry],
    }
    return _frame(18, "MapData", value)
