"""Messages the command tests share: written as values here, encoded by the schema."""

from __future__ import annotations

from typing import Any

import rsu

# A warning in Chinese; raw values by hand: 20 m radius is 200 in 0.1 m.
ROADWORKS: dict[str, Any] = {
    "msgCnt": 7,
    "id": b"RSU00001",
    "refPos": {"lat": 295000000, "long": 1065000000},
    "rtes": [
        {
            "rteId": 1,
            "eventType": 501,
            "eventSource": "government",
            "description": ("textGB2312", "前方施工".encode("gb2312")),
        }
    ],
}


def roadworks() -> bytes:
    """The warning as bare UPER of csae-53."""
    return rsu.load_schema("csae-53").encode("MessageFrame", ("rsiFrame", ROADWORKS))


# J2735 BSM published as reference of the benchmarks is in ../shared; this one is ours: 24.68 m/s is 1234 in 0.02 m/s.
CORE: dict[str, Any] = {
    "msgCnt": 1,
    "id": bytes.fromhex("0a1b2c3d"),
    "secMark": 1000,
    "lat": 400000000,
    "long": -1050000000,
    "elev": 100,
    "accuracy": {"semiMajor": 255, "semiMinor": 255, "orientation": 65535},
    "transmission": "forwardGears",
    "speed": 1234,
    "heading": 28800,
    "angle": 127,
    "accelSet": {"long": 2001, "lat": 2001, "vert": -127, "yaw": 0},
    "brakes": {
        "wheelBrakes": (b"\x60", 5),
        "traction": "unavailable",
        "abs": "unavailable",
        "scs": "unavailable",
        "brakeBoost": "unavailable",
        "auxBrakes": "unavailable",
    },
    "size": {"width": 200, "length": 500},
}


def bsm() -> bytes:
    """A J2735 BSM in its frame, bare UPER."""
    frame = {"messageId": 20, "value": ("BasicSafetyMessage", {"coreData": CORE})}
    return rsu.load_schema("sae-j2735").encode("MessageFrame", frame)
