"""A simulated scene in messages of SAE J2735: values of BSM, PSM, SDSM and MAP."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

from rsu.compose.moments import MILLISECOND_NS, MINUTE_NS, SECOND_NS, d_second, minute_of_the_year
from rsu.observe.arrays import BICYCLE, VEHICLE
from rsu.simulate.geometry import BIKE, CAR, Crossing, Crosswalk, Lane, Link, Point
from rsu.simulate.messages_csae import number_of
from rsu.simulate.place import Place
from rsu.simulate.said import Said, heading_code, raw
from rsu.simulate.site import REGION

STANDARD = "sae-j2735"
ID_OCTETS = 4
SEEN_MAX = 24  # objects of one SDSM: more would not fit into a frame with room to spare
AID_BSM, AID_PSM, AID_MAP, AID_SPAT, AID_RSM = 0x20, 0x27, 0x204097, 0x82, 0x90
STEP_CM_MAX = 32_767  # of node-XY6
_MANEUVER = {"straight": 0x800, "left": 0x400, "right": 0x200, "uturn": 0x100}
_LANE_TYPE = {CAR: ("vehicle", (b"\x00", 8)), BIKE: ("bikeLane", (b"\x00\x00", 16))}
_INGRESS, _EGRESS, _BOTH = (b"\x80", 2), (b"\x40", 2), (b"\xc0", 2)
_SHARED = (b"\x00\x00", 10)
_BRAKES = {"traction": "unavailable", "abs": "unavailable", "scs": "unavailable", "brakeBoost": "unavailable"}


def bsm(said: Said) -> Any:
    """A vehicle's message, part I."""
    codes = raw(said)
    core = {
        "msgCnt": said.msg_cnt,
        "id": said.id[:ID_OCTETS],
        "secMark": d_second(said.time_ns),
        "lat": codes.lat,
        "long": codes.lon,
        "elev": codes.elevation,
        "accuracy": {"semiMajor": codes.axis, "semiMinor": codes.axis, "orientation": codes.orientation},
        "transmission": "forwardGears",
        "speed": codes.speed,
        "heading": codes.heading,
        "angle": 127,
        "accelSet": {"long": codes.accel, "lat": 0, "vert": 0, "yaw": codes.yaw},
        "brakes": {"wheelBrakes": (b"\x78" if said.accel_mps2 < -0.5 else b"\x00", 5), **_BRAKES, "auxBrakes": "unavailable"},
        "size": {"width": round(said.kind.width_m * 100), "length": round(said.kind.length_m * 100)},
    }
    return _frame(20, "BasicSafetyMessage", {"coreData": core})


def psm(said: Said) -> Any:
    """The message of somebody on foot or on a bicycle."""
    codes = raw(said)
    value = {
        "basicType": "aPEDALCYCLIST" if said.kind.cls == BICYCLE else "aPEDESTRIAN",
        "secMark": d_second(said.time_ns),
        "msgCnt": said.msg_cnt,
        "id": said.id[:ID_OCTETS],
        "position": {"lat": codes.lat, "long": codes.lon, "elevation": codes.elevation},
        "accuracy": {"semiMajor": codes.axis, "semiMinor": codes.axis, "orientation": codes.orientation},
        "speed": codes.speed,
        "heading": codes.heading,
    }
    return _frame(32, "PersonalSafetyMessage", value)


def seen(statements: Sequence[Said], place: Place, unit: bytes, count: int, time_ns: int) -> Any:
    """What another unit's sensors see, as it says it at ``time_ns`` of its own clock."""
    value = {
        "msgCnt": count,
        "sourceID": unit[-ID_OCTETS:],
        "equipmentType": "rsu",
        "sDSMTimeStamp": _date(time_ns),
        "refPos": place.ref_pos(),
        "refPosXYConf": {"semiMajor": 2, "semiMinor": 2, "orientation": 0},
        "objects": [{"detObjCommon": _object(said, place, time_ns)} for said in statements[:SEEN_MAX]],
    }
    return _frame(41, "SensorDataSharingMessage", value)


def map_(crossing: Crossing, place: Place, count: int, time_ns: int) -> Any:
    """The own crossing: lanes in, lanes out, crosswalks; ``count`` is the revision."""
    lanes = [_lane(lane, link, approach) for approach, link in enumerate(crossing.links, 1) for lane in link.lanes]
    geometry = {
        "id": {"region": REGION, "id": number_of(crossing.number)},
        "revision": count,
        "refPoint": place.ref_pos(),
        "laneWidth": 350,
        "laneSet": [*lanes, *(_crosswalk(walk) for walk in crossing.crosswalks)],
    }
    value = {
        "timeStamp": minute_of_the_year(time_ns),
        "msgIssueRevision": count,
        "layerType": "intersectionData",
        "intersections": [geometry],
    }
    return _frame(18, "MapData", value)


def _frame(number: int, name: str, value: dict[str, Any]) -> Any:
    return {"messageId": number, "value": (name, value)}


def _date(time_ns: int) -> dict[str, int]:
    moment = datetime.fromtimestamp(time_ns // MINUTE_NS * MINUTE_NS // SECOND_NS, UTC)
    parts = {name: getattr(moment, name) for name in ("year", "month", "day", "hour", "minute")}
    return {**parts, "second": d_second(time_ns), "offset": 0}


def _object(said: Said, place: Place, time_ns: int) -> dict[str, Any]:
    east_m, north_m = place.metres(said.lat_e7 or 0, said.lon_e7 or 0)
    return {
        "objType": "vehicle" if said.kind.cls == VEHICLE else "vru",
        "objTypeCfd": 95,
        "objectID": said.number,
        "measurementTime": (time_ns - said.time_ns) // MILLISECOND_NS,
        "timeConfidence": "time-000-050",
        "pos": {"offsetX": round(east_m * 10), "offsetY": round(north_m * 10)},
        "posConfidence": {"pos": "a50cm", "elevation": "unavailable"},
        "speed": raw(said).speed,
        "speedConfidence": "prec1ms",
        "heading": heading_code(said.heading_rad),
        "headingConf": "prec05deg",
    }


def _steps(points: Sequence[Point]) -> list[dict[str, Any]]:
    """Centimetres, each from the one before, the first from the reference; what is too long for one step is divided."""
    nodes = []
    for (x0, y0), (x1, y1) in pairwise([(0.0, 0.0), *points]):
        pieces = int(max(abs(x1 - x0), abs(y1 - y0)) * 100 // STEP_CM_MAX) + 1
        places = [(x0 + (x1 - x0) * part / pieces, y0 + (y1 - y0) * part / pieces) for part in range(pieces + 1)]
        for (a, b), (c, d) in pairwise(places):
            step = {"x": round(c * 100) - round(a * 100), "y": round(d * 100) - round(b * 100)}
            nodes.append({"delta": ("node-XY6", step)})
    return nodes


def _lane(lane: Lane, link: Link, approach: int) -> dict[str, Any]:
    points = lane.points[::-1] if link.inward else lane.points  # J2735 begins at the stop line
    value: dict[str, Any] = {
        "laneID": lane.number,
        "ingressApproach" if link.inward else "egressApproach": approach,
        "laneAttributes": {
            "directionalUse": _INGRESS if link.inward else _EGRESS,
            "sharedWith": _SHARED,
            "laneType": _LANE_TYPE[lane.kind],
        },
        "nodeList": ("nodes", _steps(points)),
    }
    connections = []
    for turn in lane.turns:
        maneuver = ((_MANEUVER[turn.turn] << 4).to_bytes(2, "big"), 12)
        one: dict[str, Any] = {"connectingLane": {"lane": turn.lane, "maneuver": maneuver}}
        connections.append(one | ({"signalGroup": turn.group} if turn.group else {}))
    return value | ({"connectsTo": connections} if connections else {})


def _crosswalk(walk: Crosswalk) -> dict[str, Any]:
    attributes = {"directionalUse": _BOTH, "sharedWith": _SHARED, "laneType": ("crosswalk", (b"\x00\x00", 16))}
    value: dict[str, Any] = {"laneID": walk.number, "laneAttributes": attributes, "nodeList": ("nodes", _steps(walk.points))}
    if walk.group:  # a crosswalk leads to itself, which is how J2735 gives it a signal group
        value["connectsTo"] = [{"connectingLane": {"lane": walk.number}, "signalGroup": walk.group}]
    return value
