"""Decoded messages for the tests of observe: complete ones in which everything is said, to be changed at a path."""

from __future__ import annotations

import copy
from typing import Any

from rsu.observe.arrays import Origin

ORIGIN = Origin(29.6583, 106.5312, 268.4)
RECEIVED_NS = 1_700_000_000_000_000_000  # 2023-11-14 22:13:20 UTC
SECOND_NS, MS = 1_000_000_000, 1_000_000

LAT, LONG, ELEV = 296_590_000, 1_065_320_000, 2_700  # some 78 m north and 77 m east of the origin

ACCURACY = {"semiMajor": 24, "semiMinor": 18, "orientation": 10_922}
ACCELERATION = {"long": -42, "lat": 118, "vert": 2, "yaw": 905}
PLACE = {"lat": LAT, "long": LONG, "elevation": ELEV}

SAE_BSM: dict[str, Any] = {
    "coreData": {
        "msgCnt": 74,
        "id": b"\x1c\x7e\x90\x2b",
        "secMark": 19_900,
        "lat": LAT,
        "long": LONG,
        "elev": ELEV,
        "accuracy": ACCURACY,
        "transmission": "forwardGears",
        "speed": 694,
        "heading": 7_216,
        "angle": 17,
        "accelSet": ACCELERATION,
        "brakes": {
            "wheelBrakes": (b"\x78", 5),
            "traction": "off",
            "abs": "on",
            "scs": "off",
            "brakeBoost": "unavailable",
            "auxBrakes": "off",
        },
        "size": {"width": 184, "length": 469},
    },
    "partII": [
        {
            "partII-Id": 2,
            "partII-Value": (
                "SupplementalVehicleExtensions",
                {"classification": 65, "vehicleData": {"height": 38}, "fhwaVehicleClass": 0},
            ),
        }
    ],
}

CSAE_BSM: dict[str, Any] = {
    "msgCnt": 5,
    "id": b"SIM00007",
    "secMark": 19_900,
    "pos": PLACE,
    "posAccuracy": ACCURACY,
    "posConfidence": {"pos": "a1m"},
    "transmission": "forwardGears",
    "speed": 694,
    "heading": 7_216,
    "motionCfd": {"speedCfd": "prec0-1ms", "headingCfd": "prec01deg"},
    "accelSet": ACCELERATION,
    "brakes": {},
    "size": {"width": 184, "length": 469, "height": 38},
    "vehicleClass": {"classification": 54},
}

SAE_PSM: dict[str, Any] = {
    "basicType": "aPEDALCYCLIST",
    "secMark": 19_900,
    "msgCnt": 1,
    "id": b"\x00\x00\x00\x09",
    "position": PLACE,
    "accuracy": ACCURACY,
    "speed": 200,
    "heading": 7_216,
    "accelSet": ACCELERATION,
    "attachmentRadius": 6,
}

CSAE_PSM: dict[str, Any] = {
    "msgCnt": 7,
    "id": b"PED00001",
    "secMark": 19_900,
    "pos": PLACE,
    "posAccuracy": ACCURACY,
    "speed": 200,
    "heading": 7_216,
    "accelSet": ACCELERATION,
    "overallRadius": 5,
    "non-motorData": {"basicType": "aPEDESTRIAN"},
}

PARTICIPANT: dict[str, Any] = {
    "ptcType": "motor",
    "ptcId": 7,
    "source": "video",
    "secMark": 19_900,
    "pos": {"offsetLL": ("position-LL3", {"lon": 1_200, "lat": -800}), "offsetV": ("offset1", 12)},
    "posConfidence": {"pos": "a50cm"},
    "speed": 694,
    "heading": 7_216,
    "motionCfd": {"speedCfd": "prec1ms", "headingCfd": "prec10deg"},
    "accelSet": ACCELERATION,
    "size": {"width": 184, "length": 469, "height": 38},
    "vehicleClass": {"classification": 10},
}

RSM: dict[str, Any] = {"msgCnt": 3, "id": b"SIMRSU01", "refPos": PLACE, "participants": [PARTICIPANT]}

OBSTACLE: dict[str, Any] = {
    "obsType": "rockfall",
    "objTypeConfidence": 160,
    "obsId": 7,
    "source": "lidar",
    "secMark": 19_800,
    "pos": {"offsetLL": ("position-LL1", {"lon": 100, "lat": 200})},
    "posConfidence": {"pos": "a1m"},
    "speed": 0,
    "heading": 0,
    "size": {"width": 5, "length": 12, "height": 0},
}

SSM: dict[str, Any] = {
    "msgCnt": 3,
    "id": b"SIMRSU02",
    "equipmentType": "rsu",
    "secMark": 19_950,
    "sensorPos": PLACE,
    "participants": [{"ptc": PARTICIPANT, "detectedPTCType": "cyclist", "typeConfidence": 180}],
    "obstacles": [OBSTACLE],
}

OBJECT: dict[str, Any] = {
    "detObjCommon": {
        "objType": "vehicle",
        "objTypeCfd": 95,
        "objectID": 12,
        "measurementTime": -140,
        "timeConfidence": "time-000-050",
        "pos": {"offsetX": 500, "offsetY": -310, "offsetZ": 4},
        "posConfidence": {"pos": "a50cm", "elevation": "unavailable"},
        "speed": 694,
        "speedConfidence": "prec0-1ms",
        "heading": 7_216,
        "headingConf": "prec01deg",
        "accel4way": ACCELERATION,
    },
    "detObjOptData": ("detVeh", {"size": {"width": 184, "length": 469}, "height": 38, "vehicleClass": 54}),
}

SDSM: dict[str, Any] = {
    "msgCnt": 1,
    "sourceID": b"\x51\xa0\x00\x00",
    "equipmentType": "rsu",
    "sDSMTimeStamp": {"year": 2023, "month": 11, "day": 14, "hour": 22, "minute": 13, "second": 19_900, "offset": 0},
    "refPos": PLACE,
    "refPosXYConf": {"semiMajor": 2, "semiMinor": 2, "orientation": 0},
    "objects": [OBJECT],
}


def changed(message: dict[str, Any], path: str, code: Any) -> dict[str, Any]:
    """A copy with ``code`` at a path with dots; numbers are places in a list, and CHOICEs are passed through."""
    made = copy.deepcopy(message)
    *steps, last = path.split(".")
    inner: Any = made
    for step in steps:
        inner = inner[int(step)] if isinstance(inner, list) else inner[step]
        if isinstance(inner, tuple):
            inner = inner[1]
    inner[last] = code
    return made
