"""The crossing in messages of T/CSAE 53: values of BSM, RSM, MAP and RSI. SPAT comes from :mod:`rsu.compose.spat`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rsu.compose.moments import d_second, minute_of_the_year
from rsu.simulate.crossing import LANE_WIDTH_M, LANES, LEGS, STOP_LINE_M, Lane, group_of, lane_out, on_leg
from rsu.simulate.site import Site
from rsu.simulate.traffic import LEG_M, LIMIT_MPS, Vehicle

RSU_ID = b"SIMRSU01"
PARTICIPANTS_MAX = 16  # of one RSM
SIZE = {"width": 185, "length": 460, "height": 30}  # 1 cm, 1 cm, 5 cm
PASSENGER_CAR = 10
# AllowedManeuvers: straight is bit 0, left bit 1, right bit 2 of twelve.
_MANEUVER = {"straight": 0x800, "left": 0x400, "right": 0x200}
_LIMIT = [{"type": "vehicleMaxSpeed", "speed": round(LIMIT_MPS / 0.02)}]
#: What changes from one BSM to the next: path in the frame.
BSM_FIELDS = {
    "msgCnt": "bsmFrame.msgCnt",
    "secMark": "bsmFrame.secMark",
    "lat": "bsmFrame.pos.lat",
    "long": "bsmFrame.pos.long",
    "speed": "bsmFrame.speed",
    "heading": "bsmFrame.heading",
    "acceleration": "bsmFrame.accelSet.long",
}


def bsm(vehicle: Vehicle, site: Site) -> Any:
    """A vehicle's message; what changes is written over it each time."""
    value = {
        "msgCnt": 0,
        "id": b"SIM%05d" % vehicle.number,
        "secMark": 0,
        "pos": {"lat": site.place.lat_e7, "long": site.place.lon_e7, "elevation": site.place.elevation_dm},
        "posAccuracy": {"semiMajor": 16, "semiMinor": 14, "orientation": 0},
        "transmission": "forwardGears",
        "speed": 0,
        "heading": 0,
        "angle": 0,
        "accelSet": {"long": 0, "lat": 0, "vert": 0, "yaw": 0},
        "brakes": {"brakePadel": "off", "abs": "off"},
        "size": SIZE,
        "vehicleClass": {"classification": PASSENGER_CAR},
    }
    return ("bsmFrame", value)


def rsm(seen: Sequence[Vehicle], site: Site, count: int, time_ns: int) -> Any:
    """What the unit's own sensors see."""
    participants = [_participant(vehicle, site, time_ns) for vehicle in seen[:PARTICIPANTS_MAX]]
    head = {"msgCnt": count % 128, "id": RSU_ID, "refPos": _ref_pos(site)}
    return ("rsmFrame", {**head, "participants": participants})


def map_(site: Site, count: int, time_ns: int) -> Any:
    """The crossing with the four links that lead in."""
    node = {
        "name": f"Crossing {site.node}",
        "id": site.node_id(),
        "refPos": _ref_pos(site),
        "inLinks": [_link(leg, site) for leg in LEGS],
    }
    head = {"msgCnt": count % 128, "timeStamp": minute_of_the_year(time_ns)}
    return ("mapFrame", {**head, "nodes": [node]})


def rsi(site: Site, count: int, time_ns: int) -> Any:
    """Road works on the west leg, which begin with the hour."""
    minute = minute_of_the_year(time_ns)
    event = {
        "rteId": 7,
        "eventType": 501,  # of GB/T 29100; the description says it in words
        "eventSource": "government",
        "eventPos": _offset(site, *on_leg("west", 90.0, 1.5 * LANE_WIDTH_M)),
        "eventRadius": 500,
        "description": ("textGB2312", "前方施工，请减速慢行".encode("gb2312")),
        "timeDetails": {"startTime": minute - minute % 60},
        "priority": b"\x60",
        "referenceLinks": [
            {
                "upstreamNodeId": site.neighbour_id(LEGS.index("west")),
                "downstreamNodeId": site.node_id(),
                "referenceLanes": (b"\x20\x00", 16),
            }
        ],
        "eventConfidence": 200,
    }
    head = {"msgCnt": count % 128, "moy": minute, "id": RSU_ID, "refPos": _ref_pos(site)}
    return ("rsiFrame", {**head, "rtes": [event]})


def _ref_pos(site: Site) -> dict[str, int]:
    return {"lat": site.place.lat_e7, "long": site.place.lon_e7, "elevation": site.place.elevation_dm}


def _offset(site: Site, east_m: float, north_m: float) -> dict[str, Any]:
    """PositionOffsetLLV within 0.0131 degree, more than a kilometre."""
    lat, lon = site.place.wgs84_e7(east_m, north_m)
    return {"offsetLL": ("position-LL4", {"lon": lon - site.place.lon_e7, "lat": lat - site.place.lat_e7})}


def _participant(vehicle: Vehicle, site: Site, time_ns: int) -> dict[str, Any]:
    return {
        "ptcType": "motor",
        "ptcId": vehicle.number + 1,  # 0 is the unit itself
        "source": "integrated",
        "secMark": d_second(time_ns),
        "pos": _offset(site, vehicle.east_m, vehicle.north_m),
        "posConfidence": {"pos": "a50cm"},
        "speed": round(vehicle.speed_mps / 0.02),
        "heading": round(vehicle.heading_deg / 0.0125) % 28_800,
        "size": SIZE,
        "vehicleClass": {"classification": PASSENGER_CAR},
    }


def _maneuver(*turns: str) -> tuple[bytes, int]:
    return ((sum(_MANEUVER[turn] for turn in turns) << 4).to_bytes(2, "big"), 12)


def _neighbour(site: Site, leg: str, turn: str) -> dict[str, int]:
    return site.neighbour_id(LEGS.index(lane_out(leg, turn).leg))


def _points(site: Site, leg: str, offset_m: float) -> list[dict[str, Any]]:
    return [{"posOffset": _offset(site, *on_leg(leg, out_m, offset_m))} for out_m in (LEG_M, LEG_M / 2, STOP_LINE_M)]


def _lane(lane: Lane, site: Site) -> dict[str, Any]:
    connections = [
        {
            "remoteIntersection": _neighbour(site, lane.leg, turn),
            "connectingLane": {"lane": lane_out(lane.leg, turn).id, "maneuver": _maneuver(turn)},
            "phaseId": group_of(lane.leg, turn),
        }
        for turn in lane.turns
    ]
    return {
        "laneID": lane.id,
        "laneWidth": round(LANE_WIDTH_M * 100),
        "laneAttributes": {"laneType": ("vehicle", (b"\x00", 8))},
        "maneuvers": _maneuver(*lane.turns),
        "connectsTo": connections,
        "points": _points(site, lane.leg, lane.offset_m),
    }


def _link(leg: str, site: Site) -> dict[str, Any]:
    lanes = [lane for lane in LANES if lane.leg == leg and lane.turns]
    turns = [turn for lane in lanes for turn in lane.turns]
    return {
        "name": f"{leg} leg",
        "upstreamNodeId": site.neighbour_id(LEGS.index(leg)),
        "speedLimits": _LIMIT,
        "linkWidth": round(LANE_WIDTH_M * 100) * len(lanes),
        "points": _points(site, leg, LANE_WIDTH_M),
        "movements": [{"remoteIntersection": _neighbour(site, leg, turn), "phaseId": group_of(leg, turn)} for turn in turns],
        "lanes": [_lane(lane, site) for lane in lanes],
    }
