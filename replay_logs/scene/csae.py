"""The scene in messages of T/CSAE 53: values for BSM, RSM, SPAT, MAP and RSI."""

from __future__ import annotations

from typing import Any

from . import clock
from .roads import LANES, LEG_LENGTH_M, LEGS, REF_ELEVATION_M, STOP_LINE_M, Lane, exit_lane, on_leg, wgs84_e7
from .sensing import WALKER_SIZE_M, Fix, Seen
from .signals import GROUPS, group_of, lights
from .traffic import SIZE_M, Motion

RSU_ID = b"CQLJ0001"
REGION, NODE = 500, 101
# The crossings at the far end of the legs, and the first octets of a vehicle's id.
NEIGHBOURS = {"north": 102, "east": 103, "south": 104, "west": 105}
VEHICLE_ID = b"CQ0000"

REF_LAT_E7, REF_LON_E7 = wgs84_e7(0.0, 0.0)
REF_POS = {"lat": REF_LAT_E7, "long": REF_LON_E7, "elevation": round(REF_ELEVATION_M * 10)}

# BasicVehicleClass: passenger, light truck, transit bus, truck.
VEHICLE_CLASS = {"car": 10, "van": 20, "bus": 50, "truck": 25}
PARTICIPANT = {"pedestrian": "pedestrian", "bicycle": "non-motor"}
LIGHT = {"green": "protected-green", "yellow": "yellow", "red": "red"}
# AllowedManeuvers: straight is bit 0, left bit 1, right bit 2 of twelve.
MANEUVER = {"straight": 0x800, "left": 0x400, "right": 0x200}
LIMIT_60_KMH = [{"type": "vehicleMaxSpeed", "speed": round(60 / 3.6 / 0.02)}]
# IntersectionStatusObject: fixedTimeOperation is bit 5 of sixteen.
FIXED_TIME = (b"\x04\x00", 16)
HARD_BRAKING_FROM = -400
"""Longitudinal acceleration, in 0.01 m/s², from which a BSM says eventHardBraking (T/CSAE 53: 0.4 g)."""
# VehicleEventFlags: eventHardBraking is bit 7 of thirteen.
EVENT_HARD_BRAKING = (b"\x01\x00", 13)


def brakes_hard(what: Fix) -> bool:
    """Whether the BSM of this fix carries an event, and so goes out under another AID."""
    return what.acceleration <= HARD_BRAKING_FROM


def bsm(motion: Motion, what: Fix, count: int, time_ms: int) -> Any:
    """A vehicle's BSM."""
    width, length, height = SIZE_M[motion.user.kind]
    value: dict[str, Any] = {
        "msgCnt": count % 128,
        "id": VEHICLE_ID + b"%02d" % motion.user.user_id,
        "secMark": clock.d_second(time_ms),
        "pos": {"lat": what.lat, "long": what.lon, "elevation": what.elevation},
        "posAccuracy": {"semiMajor": 16, "semiMinor": 14, "orientation": 0},
        "transmission": "forwardGears",
        "speed": what.speed,
        "heading": what.heading,
        "angle": max(-126, min(126, round(-what.yaw / 100 / 1.5))),
        "accelSet": {"long": what.acceleration, "lat": 0, "vert": 0, "yaw": what.yaw},
        "brakes": {"brakePadel": "on" if what.acceleration < -50 else "off", "abs": "off"},
        "size": {"width": round(width * 100), "length": round(length * 100), "height": round(height * 20)},
        "vehicleClass": {"classification": VEHICLE_CLASS[motion.user.kind]},
    }
    if brakes_hard(what):
        value["safetyExt"] = {"events": EVENT_HARD_BRAKING}
    return ("bsmFrame", value)


def _offset(lat: int, lon: int) -> dict[str, Any]:
    """PositionOffsetLLV within 0.0032767 degree, which is more than the sensors see."""
    return {"offsetLL": ("position-LL3", {"lon": lon - REF_LON_E7, "lat": lat - REF_LAT_E7})}


def _participant(seen: Seen, time_ms: int) -> dict[str, Any]:
    width, length, height = SIZE_M.get(seen.kind) or WALKER_SIZE_M[seen.kind]
    value: dict[str, Any] = {
        "ptcType": PARTICIPANT.get(seen.kind, "motor"),
        "ptcId": seen.user_id,
        "source": "integrated" if seen.radio == "csae" else "video",
        "secMark": clock.d_second(time_ms),
        "pos": _offset(seen.fix.lat, seen.fix.lon),
        "posConfidence": {"pos": "a50cm"},
        "speed": seen.fix.speed,
        "heading": seen.fix.heading,
        "size": {"width": round(width * 100), "length": round(length * 100), "height": round(height * 20)},
    }
    if seen.kind in VEHICLE_CLASS:
        value["vehicleClass"] = {"classification": VEHICLE_CLASS[seen.kind]}
    return value


def rsm(everybody: list[Seen], count: int, time_ms: int) -> Any:
    """What the roadside sensors see; 16 participants at most."""
    participants = [_participant(seen, time_ms) for seen in everybody[:16]]
    head = {"msgCnt": count % 128, "id": RSU_ID, "refPos": REF_POS}
    return ("rsmFrame", {**head, "participants": participants})


def _phase(group: int, time_ms: int) -> dict[str, Any]:
    states = []
    for light in lights(group, time_ms / 1000):
        start, end = round(light.starts_in_s * 10), round(light.ends_in_s * 10)
        counting = {
            "startTime": start,
            "minEndTime": end,
            "maxEndTime": end,
            "likelyEndTime": end,
            "timeConfidence": 200,
        }
        states.append({"light": LIGHT[light.colour], "timing": ("counting", counting)})
    return {"id": group, "phaseStates": states}


def spat(count: int, time_ms: int) -> Any:
    """What the signals show now and next; a fixed plan, so the three ends are equal."""
    state = {
        "intersectionId": {"region": REGION, "id": NODE},
        "status": FIXED_TIME,
        "moy": clock.minute_of_the_year(time_ms),
        "timeStamp": clock.d_second(time_ms),
        "phases": [_phase(group, time_ms) for group in GROUPS],
    }
    return ("spatFrame", {"msgCnt": count % 128, "name": "Crossing 101", "intersections": [state]})


def _maneuvers(turns: tuple[str, ...]) -> tuple[bytes, int]:
    bits = sum(MANEUVER[turn] for turn in turns)
    return ((bits << 4).to_bytes(2, "big"), 12)


def _points(leg: str, offset_m: float) -> list[dict[str, Any]]:
    places = [on_leg(leg, distance, offset_m) for distance in (LEG_LENGTH_M, 90.0, STOP_LINE_M)]
    return [{"posOffset": _offset(*wgs84_e7(*place))} for place in places]


def _connection(leg: str, turn: str) -> dict[str, Any]:
    leaving = exit_lane(leg, turn)
    return {
        "remoteIntersection": {"region": REGION, "id": NEIGHBOURS[leaving.leg]},
        "connectingLane": {"lane": leaving.lane_id, "maneuver": _maneuvers((turn,))},
        "phaseId": group_of(leg, turn),
    }


def _lane(lane: Lane) -> dict[str, Any]:
    return {
        "laneID": lane.lane_id,
        "laneWidth": 350,
        "laneAttributes": {"laneType": ("vehicle", (b"\x00", 8))},
        "maneuvers": _maneuvers(lane.turns),
        "connectsTo": [_connection(lane.leg, turn) for turn in lane.turns],
        "points": _points(lane.leg, lane.offset_m),
    }


def _link(leg: str) -> dict[str, Any]:
    entries = [lane for lane in LANES if lane.leg == leg and lane.turns]
    movements = [
        {
            "remoteIntersection": {"region": REGION, "id": NEIGHBOURS[exit_lane(leg, turn).leg]},
            "phaseId": group_of(leg, turn),
        }
        for lane in entries
        for turn in lane.turns
    ]
    return {
        "name": f"{leg} leg",
        "upstreamNodeId": {"region": REGION, "id": NEIGHBOURS[leg]},
        "speedLimits": LIMIT_60_KMH,
        "linkWidth": 350 * len(entries),
        "points": _points(leg, 3.5),
        "movements": movements,
        "lanes": [_lane(lane) for lane in entries],
    }


def map_(count: int, time_ms: int) -> Any:
    """The crossing, its four links that lead in, their lanes and what they connect to."""
    node = {
        "name": "Crossing 101",
        "id": {"region": REGION, "id": NODE},
        "refPos": REF_POS,
        "inLinks": [_link(leg) for leg in LEGS],
    }
    head = {"msgCnt": count % 128, "timeStamp": clock.minute_of_the_year(time_ms)}
    return ("mapFrame", {**head, "nodes": [node]})


def _text(words: str) -> tuple[str, bytes]:
    return ("textGB2312", words.encode("gb2312"))


def rsi_signs(count: int, time_ms: int) -> Any:
    """Static roadside information: a sign on the north leg."""
    sign = {
        "rtsId": 1,
        # 38 is the number that GB 5768's table gives the sign; the description says it in words.
        "signType": 38,
        "signPos": _points("north", 9.0)[1]["posOffset"],
        "description": _text("前方路口注意行人"),
        "priority": b"\x40",
        "referenceLinks": [_reference_link("north", 0x6000)],
    }
    return _rsi(count, time_ms, {"rtss": [sign]})


def rsi_road_works(count: int, time_ms: int) -> Any:
    """Semi-static roadside information: road works on the west leg until noon."""
    minute = clock.minute_of_the_year(0)
    event = {
        "rteId": 7,
        # 501 of GB/T 29100's event list; the description says it in words.
        "eventType": 501,
        "eventSource": "government",
        "eventPos": _points("west", 5.25)[1]["posOffset"],
        "eventRadius": 1500,  # 150 m
        "description": _text("前方施工占用右侧车道，请减速慢行"),
        "timeDetails": {"startTime": minute - 60, "endTime": minute + 210},
        "priority": b"\x60",
        "referenceLinks": [_reference_link("west", 0x2000)],
        "eventConfidence": 200,
    }
    return _rsi(count, time_ms, {"rtes": [event]})


def _reference_link(leg: str, lanes: int) -> dict[str, Any]:
    """ReferenceLanes: lane 1 is bit 1 of sixteen."""
    return {
        "upstreamNodeId": {"region": REGION, "id": NEIGHBOURS[leg]},
        "downstreamNodeId": {"region": REGION, "id": NODE},
        "referenceLanes": (lanes.to_bytes(2, "big"), 16),
    }


def _rsi(count: int, time_ms: int, what: dict[str, Any]) -> Any:
    head = {"msgCnt": count % 128, "moy": clock.minute_of_the_year(time_ms), "id": RSU_ID, "refPos": REF_POS}
    return ("rsiFrame", {**head, **what})
