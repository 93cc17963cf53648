"""The crossing in messages of SAE J2735: values of BSM, SDSM, MAP and TIM. SPAT comes from :mod:`rsu.compose.spat`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

from rsu.compose.moments import MINUTE_NS, SECOND_NS, d_second, minute_of_the_year
from rsu.simulate.crossing import LANE_WIDTH_M, LANES, LEGS, STOP_LINE_M, Lane, group_of, lane_out, on_leg
from rsu.simulate.site import Site
from rsu.simulate.traffic import LEG_M, Vehicle

STATION = 0x51A0_0000
OBJECTS_MAX = 32  # of one SDSM: more would not fit into 2,302 octets with room to spare
ROAD_WORKS = 1_025  # ITIS code
_MANEUVER = {"straight": 0x800, "left": 0x400, "right": 0x200}
_INGRESS, _EGRESS = (b"\x80", 2), (b"\x40", 2)
_ALL_DIRECTIONS = (b"\xff\xff", 16)
_CORE = "value.BasicSafetyMessage.coreData"
BSM_FIELDS = {
    "msgCnt": f"{_CORE}.msgCnt",
    "secMark": f"{_CORE}.secMark",
    "lat": f"{_CORE}.lat",
    "long": f"{_CORE}.long",
    "speed": f"{_CORE}.speed",
    "heading": f"{_CORE}.heading",
    "acceleration": f"{_CORE}.accelSet.long",
}


def bsm(vehicle: Vehicle, site: Site) -> Any:
    """A vehicle's message, part I; what changes is written over it each time."""
    core = {
        "msgCnt": 0,
        "id": (STATION + vehicle.number).to_bytes(4, "big"),
        "secMark": 0,
        "lat": site.place.lat_e7,
        "long": site.place.lon_e7,
        "elev": site.place.elevation_dm,
        "accuracy": {"semiMajor": 16, "semiMinor": 14, "orientation": 0},
        "transmission": "forwardGears",
        "speed": 0,
        "heading": 0,
        "angle": 0,
        "accelSet": {"long": 0, "lat": 0, "vert": 0, "yaw": 0},
        "brakes": {
            "wheelBrakes": (b"\x00", 5),
            "traction": "off",
            "abs": "off",
            "scs": "off",
            "brakeBoost": "off",
            "auxBrakes": "off",
        },
        "size": {"width": 185, "length": 460},
    }
    return _frame(20, "BasicSafetyMessage", {"coreData": core})


def sdsm(seen: Sequence[Vehicle], site: Site, count: int, time_ns: int) -> Any:
    """What the unit's own sensors see."""
    value = {
        "msgCnt": count % 128,
        "sourceID": STATION.to_bytes(4, "big"),
        "equipmentType": "rsu",
        "sDSMTimeStamp": _date(time_ns),
        "refPos": _ref_pos(site),
        "refPosXYConf": {"semiMajor": 2, "semiMinor": 2, "orientation": 0},
        "objects": [{"detObjCommon": _object(vehicle)} for vehicle in seen[:OBJECTS_MAX]],
    }
    return _frame(41, "SensorDataSharingMessage", value)


def map_(site: Site, count: int, time_ns: int) -> Any:
    """The crossing with its sixteen lanes; ``count`` is the revision."""
    geometry = {
        "id": site.node_id(),
        "revision": count % 128,
        "refPoint": _ref_pos(site),
        "laneWidth": round(LANE_WIDTH_M * 100),
        "laneSet": [_lane(lane) for lane in LANES],
    }
    value = {
        "timeStamp": minute_of_the_year(time_ns),
        "msgIssueRevision": count % 128,
        "layerType": "intersectionData",
        "intersections": [geometry],
    }
    return _frame(18, "MapData", value)


def tim(site: Site, count: int, time_ns: int) -> Any:
    """Road works on the west leg, for an hour from the full one."""
    minute = minute_of_the_year(time_ns)
    lat, lon = site.place.wgs84_e7(*on_leg("west", 90.0, 1.5 * LANE_WIDTH_M))
    region = {
        "anchor": {"lat": lat, "long": lon, "elevation": site.place.elevation_dm},
        "laneWidth": round(LANE_WIDTH_M * 100),
        "directionality": "both",
        "closedPath": False,
        "direction": _ALL_DIRECTIONS,
        "description": ("path", {"scale": 0, "offset": ("xy", ("nodes", _steps([(0.0, 0.0), (60.0, 0.0)])))}),
    }
    frame = {
        "doNotUse1": 0,
        "frameType": "advisory",
        "msgId": ("furtherInfoID", b"\x00\x00"),
        "startTime": minute - minute % 60,
        "durationTime": 60,
        "priority": 4,
        "doNotUse2": 0,
        "regions": [region],
        "doNotUse3": 0,
        "doNotUse4": 0,
        "content": ("advisory", [{"item": ("itis", ROAD_WORKS)}]),
    }
    value = {"msgCnt": count % 128, "timeStamp": minute, "packetID": bytes(8) + b"\x07", "dataFrames": [frame]}
    return _frame(31, "TravelerInformation", value)


def _frame(number: int, name: str, value: dict[str, Any]) -> Any:
    return {"messageId": number, "value": (name, value)}


def _ref_pos(site: Site) -> dict[str, int]:
    return {"lat": site.place.lat_e7, "long": site.place.lon_e7, "elevation": site.place.elevation_dm}


def _date(time_ns: int) -> dict[str, int]:
    moment = datetime.fromtimestamp(time_ns // MINUTE_NS * MINUTE_NS // SECOND_NS, UTC)
    return {
        "year": moment.year,
        "month": moment.month,
        "day": moment.day,
        "hour": moment.hour,
        "minute": moment.minute,
        "second": d_second(time_ns),
        "offset": 0,
    }


def _object(vehicle: Vehicle) -> dict[str, Any]:
    return {
        "objType": "vehicle",
        "objTypeCfd": 95,
        "objectID": vehicle.number,
        "measurementTime": 0,
        "timeConfidence": "time-000-050",
        "pos": {"offsetX": round(vehicle.east_m * 10), "offsetY": round(vehicle.north_m * 10)},
        "posConfidence": {"pos": "a50cm", "elevation": "unavailable"},
        "speed": round(vehicle.speed_mps / 0.02),
        "speedConfidence": "prec0-1ms",
        "heading": round(vehicle.heading_deg / 0.0125) % 28_800,
        "headingConf": "prec01deg",
    }


def _steps(points: list[tuple[float, float]]) -> list[dict[str, Any]]:
    """Centimetres, each from the one before, the first from the reference."""
    nodes = []
    for (x0, y0), (x1, y1) in pairwise([(0.0, 0.0), *points]):
        step = {"x": round(x1 * 100) - round(x0 * 100), "y": round(y1 * 100) - round(y0 * 100)}
        nodes.append({"delta": ("node-XY6", step)})
    return nodes


def _lane(lane: Lane) -> dict[str, Any]:
    places = [on_leg(lane.leg, out_m, lane.offset_m) for out_m in (STOP_LINE_M, LEG_M / 2, LEG_M)]
    value: dict[str, Any] = {
        "laneID": lane.id,
        "ingressApproach" if lane.turns else "egressApproach": LEGS.index(lane.leg) + 1,
        "laneAttributes": {
            "directionalUse": _INGRESS if lane.turns else _EGRESS,
            "sharedWith": (b"\x00\x00", 10),
            "laneType": ("vehicle", (b"\x00", 8)),
        },
        "nodeList": ("nodes", _steps(places)),
    }
    if lane.turns:
        value["connectsTo"] = [_connection(lane.leg, turn) for turn in lane.turns]
    return value


def _connection(leg: str, turn: str) -> dict[str, Any]:
    maneuver = ((_MANEUVER[turn] << 4).to_bytes(2, "big"), 12)
    return {"connectingLane": {"lane": lane_out(leg, turn).id, "maneuver": maneuver}, "signalGroup": group_of(leg, turn)}
