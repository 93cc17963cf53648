"""A simulated scene in messages of T/CSAE 53 and 157: values of BSM, PSM, RSM and MAP."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rsu.compose.moments import d_second, minute_of_the_year
from rsu.observe.arrays import BICYCLE, PEDESTRIAN
from rsu.simulate.geometry import BIKE, CAR, Crossing, Lane, Link
from rsu.simulate.place import Place
from rsu.simulate.said import Said, heading_code, raw
from rsu.simulate.site import REGION

STANDARD = "csae-157"
ID_OCTETS = 8
SEEN_MAX = 16  # participants of one RSM
AID_BSM, AID_MAP, AID_SPAT, AID_RSM = 111, 3618, 3619, 3623
AID_PSM = 3624  # that of PSM is not published; one of those for tests
# AllowedManeuvers: straight is bit 0, left bit 1, right bit 2, u-turn bit 3 of twelve.
_MANEUVER = {"straight": 0x800, "left": 0x400, "right": 0x200, "uturn": 0x100}
_LANE_TYPE = {CAR: ("vehicle", (b"\x00", 8)), BIKE: ("bikeLane", (b"\x00\x00", 16))}
_PARTICIPANT = {PEDESTRIAN: "pedestrian", BICYCLE: "non-motor"}


def bsm(said: Said) -> Any:
    """A vehicle's message."""
    codes = raw(said)
    value = {
        "msgCnt": said.msg_cnt,
        "id": said.id,
        "secMark": d_second(said.time_ns),
        "pos": {"lat": codes.lat, "long": codes.lon, "elevation": codes.elevation},
        "posAccuracy": {"semiMajor": codes.axis, "semiMinor": codes.axis, "orientation": codes.orientation},
        "transmission": "forwardGears",
        "speed": codes.speed,
        "heading": codes.heading,
        "accelSet": {"long": codes.accel, "lat": 0, "vert": 0, "yaw": codes.yaw},
        "brakes": {"brakePadel": "on" if said.accel_mps2 < -0.5 else "off"},
        "size": _size(said),
        "vehicleClass": {"classification": said.kind.basic_class},
    }
    return ("bsmFrame", value)


def psm(said: Said) -> Any:
    """The message of somebody on foot or on a bicycle."""
    codes = raw(said)
    value = {
        "msgCnt": said.msg_cnt,
        "id": said.id,
        "secMark": d_second(said.time_ns),
        "pos": {"lat": codes.lat, "long": codes.lon, "elevation": codes.elevation},
        "posAccuracy": {"semiMajor": codes.axis, "semiMinor": codes.axis, "orientation": codes.orientation},
        "speed": codes.speed,
        "heading": codes.heading,
        "overallRadius": round(said.kind.length_m * 5),  # half the length, 0.1 m
        "non-motorData": {"basicType": "aPEDALCYCLIST" if said.kind.cls == BICYCLE else "aPEDESTRIAN"},
    }
    return ("msgFrameExt", {"messageId": 15, "value": ("PersonalSafetyMessage", value)})


def seen(statements: Sequence[Said], place: Place, unit: bytes, count: int, time_ns: int) -> Any:
    """What another unit's sensors see, as it says it at ``time_ns`` of its own clock."""
    participants = [_participant(said, place) for said in statements[:SEEN_MAX]]
    return ("rsmFrame", {"msgCnt": count, "id": unit, "refPos": place.ref_pos(), "participants": participants})


def map_(crossing: Crossing, place: Place, count: int, time_ns: int) -> Any:
    """The own crossing with the links that lead in."""
    links = [_link(link, crossing, place) for link in crossing.links if link.inward]
    node = {"name": "Own crossing", "id": _node(crossing.number), "refPos": place.ref_pos(), "inLinks": links}
    return ("mapFrame", {"msgCnt": count, "timeStamp": minute_of_the_year(time_ns), "nodes": [node]})


def _size(said: Said) -> dict[str, int]:
    kind = said.kind
    return {"width": round(kind.width_m * 100), "length": round(kind.length_m * 100), "height": round(kind.height_m * 20)}


def _participant(said: Said, place: Place) -> dict[str, Any]:
    value: dict[str, Any] = {
        "ptcType": _PARTICIPANT.get(said.kind.cls, "motor"),
        "ptcId": said.number,
        "source": "integrated" if said.id else "video",
        "secMark": d_second(said.time_ns),
        "pos": _offset(place, said.lat_e7 or 0, said.lon_e7 or 0),
        "posConfidence": {"pos": "a50cm"},
        "speed": raw(said).speed,
        "heading": heading_code(said.heading_rad),
        "size": _size(said),
    }
    if said.id:
        value["id"] = said.id
    if said.kind.basic_class:
        value["vehicleClass"] = {"classification": said.kind.basic_class}
    return value


def _node(number: int) -> dict[str, int]:
    return {"region": REGION, "id": number_of(number)}


def number_of(node: int) -> int:
    """A node's id: those up to 255 are for tests."""
    return 300 + node


def _offset(place: Place, lat_e7: int, lon_e7: int) -> dict[str, Any]:
    """PositionOffsetLLV; LL4 reaches 0.0131 degree, more than a kilometre."""
    return {"offsetLL": ("position-LL4", {"lon": lon_e7 - place.lon_e7, "lat": lat_e7 - place.lat_e7})}


def _points(lane: Lane, place: Place) -> list[dict[str, Any]]:
    return [{"posOffset": _offset(place, *place.wgs84_e7(*point))} for point in lane.points]


def _maneuver(turns: Sequence[str]) -> tuple[bytes, int]:
    bits = 0
    for turn in turns:
        bits |= _MANEUVER[turn]
    return ((bits << 4).to_bytes(2, "big"), 12)


def _lane(lane: Lane, place: Place) -> dict[str, Any]:
    value: dict[str, Any] = {
        "laneID": lane.number,
        "laneWidth": round(lane.width_m * 100),
        "laneAttributes": {"laneType": _LANE_TYPE[lane.kind]},
        "maneuvers": _maneuver([turn.turn for turn in lane.turns]),
        "points": _points(lane, place),
    }
    connections = []
    for turn in lane.turns:
        one: dict[str, Any] = {
            "remoteIntersection": _node(turn.node),
            "connectingLane": {"lane": turn.lane, "maneuver": _maneuver([turn.turn])},
        }
        connections.append(one | ({"phaseId": turn.group} if turn.group else {}))
    return value | ({"connectsTo": connections} if connections else {})


def _link(link: Link, crossing: Crossing, place: Place) -> dict[str, Any]:
    moves = sorted({(turn.node, turn.group) for lane in link.lanes for turn in lane.turns})
    movements = [{"remoteIntersection": _node(node)} | ({"phaseId": group} if group else {}) for node, group in moves]
    value: dict[str, Any] = {
        "name": f"from {link.name}",
        "upstreamNodeId": _node(link.node),
        "speedLimits": [{"type": "vehicleMaxSpeed", "speed": round(link.limit_mps / 0.02)}],
        "linkWidth": round(sum(lane.width_m for lane in link.lanes) * 100),
        "lanes": [_lane(lane, place) for lane in link.lanes],
    }
    return value | ({"movements": movements} if movements else {})
