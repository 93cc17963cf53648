"""The messages of a zone that the bench sends: values of our own, with the shape and the size of what is on the air."""

from __future__ import annotations

from typing import Any

LAT_E7, LON_E7 = 312_304_000, 1_214_737_500  # Pudong, any intersection would do
POSITION = {"lat": LAT_E7, "long": LON_E7, "elevation": 41}
_ACCELERATION = {"long": -42, "lat": 18, "vert": 2, "yaw": 105}
_ACCURACY = {"semiMajor": 24, "semiMinor": 18, "orientation": 10_922}


def csae_bsm() -> Any:
    value = {
        "msgCnt": 0,
        "id": bytes(8),
        "secMark": 0,
        "timeConfidence": "time-000-010",
        "pos": POSITION,
        "posAccuracy": _ACCURACY,
        "posConfidence": {"pos": "a1m", "elevation": "elev-002-00"},
        "transmission": "forwardGears",
        "speed": 694,
        "heading": 7_216,
        "angle": 17,
        "accelSet": _ACCELERATION,
        "brakes": {"brakePadel": "on", "wheelBrakes": (b"\x78", 5)},
        "size": {"width": 0, "length": 0},
        "vehicleClass": {"classification": 10},
        "safetyExt": {"lights": (b"\x20\x00", 9)},
    }
    return "bsmFrame", value


def _offset(lon: int, lat: int) -> dict[str, Any]:
    return {"offsetLL": ("position-LL3", {"lon": lon, "lat": lat}), "offsetV": ("offset1", 0)}


def csae_rsm() -> Any:
    """Four participants seen from a pole."""
    participants = [
        {
            "ptcType": ("motor", "non-motor", "pedestrian", "motor")[place],
            "ptcId": 1_200 + place,
            "source": "integrated",
            "secMark": 31_400 + 10 * place,
            "pos": _offset(1_310 - 402 * place, 988 + 211 * place),
            "posConfidence": {"pos": "a50cm", "elevation": "unavailable"},
            "speed": 510 + 37 * place,
            "heading": 7_200 + 1_411 * place,
            "size": {"width": 180, "length": 440, "height": 30},
        }
        for place in range(4)
    ]
    return "rsmFrame", {"msgCnt": 0, "id": b"RSU00417", "refPos": POSITION, "participants": participants}


def csae_spat() -> Any:
    """Eight phases of three lights each."""

    def state(light: str, start: int, end: int) -> dict[str, Any]:
        times = {"startTime": start, "likelyEndTime": end, "nextStartTime": start + 900, "nextDuration": end - start}
        return {"light": light, "timing": ("counting", times)}

    phases = [
        {
            "id": number,
            "phaseStates": [state("protected-green", 0, 210), state("yellow", 210, 240), state("red", 240, 900)],
        }
        for number in range(1, 9)
    ]
    intersection = {"intersectionId": {"region": 310, "id": 417}, "status": (b"\x04\x00", 16), "phases": phases}
    return "spatFrame", {"msgCnt": 0, "moy": 470_521, "timeStamp": 22_850, "intersections": [intersection]}


def csae_map() -> Any:
    """One node with four links of three lanes."""

    def points(count: int, seed: int) -> list[dict[str, Any]]:
        return [{"posOffset": _offset(-1_900 + 240 * place + 31 * seed, 1_500 - 310 * place)} for place in range(count)]

    def lane(number: int) -> dict[str, Any]:
        target = {"remoteIntersection": {"region": 310, "id": 418}, "connectingLane": {"lane": 1}, "phaseId": 1}
        return {"laneID": number, "laneWidth": 350, "connectsTo": [target], "points": points(2, number)}

    def link(number: int) -> dict[str, Any]:
        return {
            "name": f"link-{number}",
            "upstreamNodeId": {"region": 310, "id": 430 + number},
            "speedLimits": [{"type": "vehicleMaxSpeed", "speed": 834}],
            "linkWidth": 1_050,
            "points": points(4, number),
            "lanes": [lane(3 * number + place) for place in range(3)],
        }

    node = {
        "name": "Century Av/Zhangyang",
        "id": {"region": 310, "id": 417},
        "refPos": POSITION,
        "inLinks": [link(number) for number in range(4)],
    }
    return "mapFrame", {"msgCnt": 0, "timeStamp": 470_521, "nodes": [node]}


def csae_rsi() -> Any:
    """Road works ahead."""
    link = {"upstreamNodeId": {"region": 310, "id": 430}, "downstreamNodeId": {"region": 310, "id": 417}}
    event = {
        "rteId": 1,
        "eventType": 501,
        "eventSource": "government",
        "eventPos": _offset(1_310, 988),
        "eventRadius": 300,
        "description": ("textString", "road works"),
        "referenceLinks": [link],
    }
    return "rsiFrame", {"msgCnt": 0, "moy": 470_521, "id": bytes(8), "refPos": POSITION, "rtes": [event]}


def _sae(number: int, name: str, value: Any) -> dict[str, Any]:
    return {"messageId": number, "value": (name, value)}


def sae_bsm() -> Any:
    core = {
        "msgCnt": 0,
        "id": bytes(4),
        "secMark": 0,
        "lat": LAT_E7,
        "long": LON_E7,
        "elev": 127,
        "accuracy": _ACCURACY,
        "transmission": "forwardGears",
        "speed": 694,
        "heading": 7_216,
        "angle": 17,
        "accelSet": _ACCELERATION,
        "brakes": {
            "wheelBrakes": (b"\x78", 5),
            "traction": "off",
            "abs": "on",
            "scs": "off",
            "brakeBoost": "unavailable",
            "auxBrakes": "off",
        },
        "size": {"width": 0, "length": 0},
    }
    return _sae(20, "BasicSafetyMessage", {"coreData": core})


def sae_psm() -> Any:
    position = {"lat": LAT_E7, "long": LON_E7}
    value = {"basicType": "aPEDESTRIAN", "secMark": 0, "msgCnt": 0, "id": bytes(4), "position": position}
    return _sae(32, "PersonalSafetyMessage", value | {"accuracy": _ACCURACY, "speed": 70, "heading": 7_216})


def sae_spat() -> Any:
    """One intersection, ten signal groups."""
    states = [
        {
            "signalGroup": group,
            "state-time-speed": [
                {"eventState": "stop-And-Remain", "timing": {"minEndTime": 20_100, "maxEndTime": 20_400 + group}}
            ],
        }
        for group in range(1, 11)
    ]
    intersection = {
        "id": {"id": 4_107},
        "revision": 3,
        "status": (b"\x00\x40", 16),
        "moy": 470_521,
        "timeStamp": 22_850,
        "states": states,
    }
    return _sae(19, "SPAT", {"intersections": [intersection]})


def sae_map() -> Any:
    """A four-way intersection with 24 lanes."""
    lanes = [
        {
            "laneID": lane,
            "laneAttributes": {
                "directionalUse": (b"\x80", 2),
                "sharedWith": (b"\x00\x00", 10),
                "laneType": ("vehicle", (b"\x00", 8)),
            },
            "nodeList": (
                "nodes",
                [
                    {"delta": ("node-XY4", {"x": 1_100 + 71 * lane, "y": 900 - 133 * lane})},
                    {"delta": ("node-XY6", {"x": 8_800 - 55 * lane, "y": -90 + lane})},
                ],
            ),
        }
        for lane in range(1, 25)
    ]
    place = {"lat": LAT_E7, "long": LON_E7, "elevation": 41}
    one = {"id": {"region": 0, "id": 4_107}, "revision": 3, "refPoint": place, "laneWidth": 350, "laneSet": lanes}
    return _sae(18, "MapData", {"msgIssueRevision": 3, "intersections": [one]})


def sae_rsa() -> Any:
    """Road works ahead."""
    value = {"msgCnt": 0, "timeStamp": 470_521, "typeEvent": 1_025, "description": [769, 7_986], "furtherInfoID": bytes(2)}
    return _sae(27, "RoadSideAlert", value)
