"""The messages that are measured: values of our own, with the shape and the size of what is on the air.

Named as in the README's table. Each is (schema, value of MessageFrame in the form that `rsu` decodes to). The lists are made by
small rules, so that no two elements are equal and a decoder cannot profit from sameness.
"""

from __future__ import annotations

from typing import Any

Message = tuple[str, Any]


def bsm_core() -> dict[str, Any]:
    """Part I of a passenger car that turns right, all fields in use."""
    return {
        "msgCnt": 74,
        "id": b"\x1c\x7e\x90\x2b",
        "secMark": 31_420,
        "lat": 312_304_162,
        "long": 1_214_737_018,
        "elev": 127,
        "accuracy": {"semiMajor": 24, "semiMinor": 18, "orientation": 10_922},
        "transmission": "forwardGears",
        "speed": 694,
        "heading": 7_216,
        "angle": 17,
        "accelSet": {"long": -42, "lat": 118, "vert": 2, "yaw": 905},
        "brakes": {
            "wheelBrakes": (b"\x78", 5),
            "traction": "off",
            "abs": "on",
            "scs": "off",
            "brakeBoost": "unavailable",
            "auxBrakes": "off",
        },
        "size": {"width": 184, "length": 469},
    }


def bsm_part_two() -> dict[str, Any]:
    """With 15 points of path history, a prediction, and what a light truck adds."""
    crumbs = [
        {"latOffset": 310 + 97 * i, "lonOffset": -(120 + 143 * i), "elevationOffset": i % 5, "timeOffset": 180 + 410 * i}
        for i in range(15)
    ]
    safety = {"pathHistory": {"crumbData": crumbs}, "pathPrediction": {"radiusOfCurve": 2_140, "confidence": 150}}
    supplement = {
        "classification": 20,
        "vehicleData": {"height": 38, "bumpers": {"front": 50, "rear": 55}, "mass": 81},
    }
    rows = [
        {"partII-Id": 0, "partII-Value": ("VehicleSafetyExtensions", safety)},
        {"partII-Id": 2, "partII-Value": ("SupplementalVehicleExtensions", supplement)},
    ]
    return {"coreData": bsm_core(), "partII": rows}


PHASES = ("stop-And-Remain", "protected-Movement-Allowed", "permissive-Movement-Allowed", "protected-clearance")


def spat() -> dict[str, Any]:
    """One intersection, ten signal groups."""
    states = [
        {
            "signalGroup": group,
            "state-time-speed": [
                {
                    "eventState": PHASES[group % 4],
                    "timing": {"minEndTime": 20_100 + 35 * group, "maxEndTime": 20_400 + 41 * group},
                }
            ],
        }
        for group in range(1, 11)
    ]
    intersection = {
        "name": "Century Av/Zhangyang",
        "id": {"id": 4_107},
        "revision": 3,
        "status": (b"\x00\x40", 16),
        "moy": 470_521,
        "timeStamp": 22_850,
        "states": states,
    }
    return {"name": "Pudong-2", "intersections": [intersection]}


MAP_LANES = 24


def j2735_lane(lane: int) -> dict[str, Any]:
    ingress = lane % 2 == 1
    points: list[dict[str, Any]] = [{"delta": ("node-XY4", {"x": 1_100 + 71 * lane, "y": 900 - 133 * lane})}]
    points += [{"delta": ("node-XY5", {"x": 3_900 + 17 * i + lane, "y": -60 + 9 * i - lane})} for i in range(1 + lane % 3)]
    points.append({"delta": ("node-XY6", {"x": 8_800 - 55 * lane, "y": -90 + lane})})
    value: dict[str, Any] = {
        "laneID": lane,
        "name": f"{lane // 4 + 1}.{lane % 4 + 1}",
        "ingressApproach" if ingress else "egressApproach": lane // 6 + 1,
        "laneAttributes": {
            "directionalUse": (b"\x80" if ingress else b"\x40", 2),
            "sharedWith": (b"\x00\x00", 10),
            "laneType": ("vehicle", (b"\x00", 8)),
        },
        "nodeList": ("nodes", points),
    }
    if ingress:
        target = {"lane": (lane + 9) % 24 + 1, "maneuver": (b"\x00\x80" if lane % 3 else b"\x20\x00", 12)}
        value["connectsTo"] = [{"connectingLane": target, "signalGroup": lane % 10 + 1}]
    return value


def map_data() -> dict[str, Any]:
    """A four-way intersection with `MAP_LANES` lanes."""
    intersection = {
        "name": "CenturyAvZhangyang",
        "id": {"id": 4_107},
        "revision": 3,
        "refPoint": {"lat": 312_304_000, "long": 1_214_737_500, "elevation": 41},
        "laneWidth": 350,
        "laneSet": [j2735_lane(lane) for lane in range(1, MAP_LANES + 1)],
    }
    return {"msgIssueRevision": 3, "layerType": "intersectionData", "layerID": 1, "intersections": [intersection]}


def tim() -> dict[str, Any]:
    """Road works: two frames, each with three paths of points by offset, and ITIS codes."""

    def region(number: int) -> dict[str, Any]:
        nodes = [
            {
                "delta": ("node-LL3", {"lon": 2_400 + 131 * i + number, "lat": -(1_900 + 97 * i)}),
                "attributes": {"dWidth": i - 8, "dElevation": 2 * i},
            }
            for i in range(9)
        ]
        return {
            "name": f"S20 outer ring km {31 + number}",
            "id": {"region": 310, "id": 900 + number},
            "anchor": {"lat": 311_507_800 + 4_100 * number, "long": 1_213_900_400 - 5_200 * number, "elevation": 62},
            "laneWidth": 375,
            "directionality": "forward",
            "closedPath": False,
            "direction": (b"\x0c\x00", 16),
            "description": ("path", {"scale": 0, "offset": ("ll", ("nodes", nodes))}),
        }

    def frame(number: int) -> dict[str, Any]:
        items = [{"item": ("itis", code)} for code in (1025, 769, 7986, 12_554 + number)]
        return {
            "doNotUse1": 0,
            "frameType": "advisory",
            "msgId": (
                "roadSignID",
                {
                    "position": {"lat": 311_507_000, "long": 1_213_900_000, "elevation": 60},
                    "viewAngle": (b"\xff\xff", 16),
                    "mutcdCode": "warning",
                },
            ),
            "startYear": 2026,
            "startTime": 470_000,
            "durationTime": 480,
            "priority": 5,
            "doNotUse2": 0,
            "regions": [region(3 * number + offset) for offset in range(3)],
            "doNotUse3": 0,
            "doNotUse4": 0,
            "content": ("workZone", items),
        }

    return {"msgCnt": 12, "timeStamp": 470_521, "packetID": bytes(range(9)), "dataFrames": [frame(0), frame(1)]}


def csae_bsm() -> dict[str, Any]:
    return {
        "msgCnt": 74,
        "id": b"HU8A5521",
        "secMark": 31_420,
        "timeConfidence": "time-000-010",
        "pos": {"lat": 312_304_162, "long": 1_214_737_018, "elevation": 127},
        "posAccuracy": {"semiMajor": 24, "semiMinor": 18, "orientation": 10_922},
        "posConfidence": {"pos": "a1m", "elevation": "elev-002-00"},
        "transmission": "forwardGears",
        "speed": 694,
        "heading": 7_216,
        "angle": 17,
        "accelSet": {"long": -42, "lat": 118, "vert": 2, "yaw": 905},
        "brakes": {"brakePadel": "on", "wheelBrakes": (b"\x78", 5)},
        "size": {"width": 184, "length": 469},
        "vehicleClass": {"classification": 10},
        "safetyExt": {"events": (b"\x00\x80", 13), "lights": (b"\x20\x00", 9)},
    }


def offset(lon: int, lat: int) -> dict[str, Any]:
    return {"offsetLL": ("position-LL3", {"lon": lon, "lat": lat}), "offsetV": ("offset1", 0)}


def csae_rsm() -> dict[str, Any]:
    """Four participants seen from a pole."""
    kinds = ("motor", "non-motor", "pedestrian")
    participants = [
        {
            "ptcType": kinds[i % 3],
            "ptcId": 1_200 + i,
            "source": "integrated",
            "id": bytes(f"PTC{i:05d}", "ascii"),
            "secMark": 31_400 + 10 * i,
            "pos": offset(1_310 - 402 * i, 988 + 211 * i),
            "posConfidence": {"pos": "a50cm", "elevation": "unavailable"},
            "speed": 510 + 37 * i,
            "heading": 7_200 + 1_411 * i,
            "size": {"width": 180, "length": 440 + i, "height": 30},
        }
        for i in range(4)
    ]
    position = {"lat": 312_304_000, "long": 1_214_737_500, "elevation": 41}
    return {"msgCnt": 5, "id": b"RSU00417", "refPos": position, "participants": participants}


def csae_spat() -> dict[str, Any]:
    """Eight phases of three states each."""

    def state(light: str, start: int, end: int) -> dict[str, Any]:
        times = {"startTime": start, "likelyEndTime": end, "nextStartTime": start + 900, "nextDuration": end - start}
        return {"light": light, "timing": ("counting", times)}

    phases = [
        {
            "id": number,
            "phaseStates": [
                state("protected-green", 0, 210 + 10 * number),
                state("yellow", 210 + 10 * number, 240 + 10 * number),
                state("red", 240 + 10 * number, 900),
            ],
        }
        for number in range(1, 9)
    ]
    intersection = {"intersectionId": {"region": 310, "id": 417}, "status": (b"\x04\x00", 16), "phases": phases}
    return {"msgCnt": 48, "moy": 470_521, "timeStamp": 22_850, "intersections": [intersection]}


def csae_map() -> dict[str, Any]:
    """One node with four links of three lanes."""

    def points(count: int, seed: int) -> list[dict[str, Any]]:
        return [{"posOffset": offset(-1_900 + 240 * i + 31 * seed, 1_500 - 310 * i - 17 * seed)} for i in range(count)]

    def lane(link: int, number: int) -> dict[str, Any]:
        return {
            "laneID": 3 * link + number,
            "laneWidth": 350,
            "laneAttributes": {"shareWith": (b"\x00\x00", 10), "laneType": ("vehicle", (b"\x00", 8))},
            "maneuvers": (b"\x80\x00" if number else b"\x40\x00", 12),
            "connectsTo": [
                {
                    "remoteIntersection": {"region": 310, "id": 418 + number},
                    "connectingLane": {"lane": number + 1, "maneuver": (b"\x80\x00", 12)},
                    "phaseId": 2 * link + 1,
                }
            ],
            "points": points(2, 3 * link + number),
        }

    def link(number: int) -> dict[str, Any]:
        return {
            "name": f"link-{number}",
            "upstreamNodeId": {"region": 310, "id": 430 + number},
            "speedLimits": [{"type": "vehicleMaxSpeed", "speed": 834}],
            "linkWidth": 1_050,
            "points": points(4, number),
            "movements": [{"remoteIntersection": {"region": 310, "id": 418 + turn}, "phaseId": turn + 1} for turn in range(3)],
            "lanes": [lane(number, index) for index in range(3)],
        }

    node = {
        "name": "Century Av/Zhangyang",
        "id": {"region": 310, "id": 417},
        "refPos": {"lat": 312_304_000, "long": 1_214_737_500, "elevation": 41},
        "inLinks": [link(number) for number in range(4)],
    }
    return {"msgCnt": 3, "timeStamp": 470_521, "nodes": [node]}


def messages() -> dict[str, Message]:
    """Name → (schema, value), in the order of the table."""

    def sae(number: int, name: str, value: Any) -> Message:
        return "sae-j2735", {"messageId": number, "value": (name, value)}

    return {
        "BSM": sae(20, "BasicSafetyMessage", {"coreData": bsm_core()}),
        "BSM + Part II": sae(20, "BasicSafetyMessage", bsm_part_two()),
        "SPAT 10 movements": sae(19, "SPAT", spat()),
        "MAP": sae(18, "MapData", map_data()),
        "TIM": sae(31, "TravelerInformation", tim()),
        "CSAE BSM": ("csae-53", ("bsmFrame", csae_bsm())),
        "CSAE RSM": ("csae-53", ("rsmFrame", csae_rsm())),
        "CSAE SPAT": ("csae-53", ("spatFrame", csae_spat())),
        "CSAE MAP": ("csae-53", ("mapFrame", csae_map())),
    }
