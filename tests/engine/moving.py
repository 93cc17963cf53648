"""Road users on a straight road, as a unit receives them: BSMs of J2735 and records of a perception box."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import msgspec

import rsu
from rsu.observe.arrays import Origin
from rsu.received import Received
from rsu.schema import Schema

ORIGIN = Origin(48.0, 11.0)
START_NS = 1_700_000_010_000_000_000  # 2023-11-14 22:13:30.000 UTC, a multiple of 100 ms
MS = 1_000_000
PERIOD_MS = 100
LATENCY_MS = 40
SPEED_MPS = 12.0
METRES_PER_DEGREE = 111_194.2  # of latitude at 48° north, on WGS-84: M(φ) · π / 180 = 6,370,982 m · π / 180 within 1e-4


@cache
def schemas() -> Mapping[str, Schema]:
    return {name: rsu.load_schema(name) for name in ("csae-53", "csae-157", "sae-j2735")}


def bsm(vehicle: bytes, event_ns: int, north_m: float) -> bytes:
    """A bare BSM of a car that drives north through the origin's meridian."""
    wheel = {"wheelBrakes": (b"\x80", 5), "traction": "unavailable", "abs": "unavailable", "scs": "unavailable"}
    core: dict[str, Any] = {
        "msgCnt": 1, "id": vehicle, "secMark": event_ns // MS % 60_000,
        "lat": round((ORIGIN.lat_deg + north_m / METRES_PER_DEGREE) * 1e7), "long": round(ORIGIN.lon_deg * 1e7), "elev": 0,
        "accuracy": {"semiMajor": 20, "semiMinor": 20, "orientation": 0},
        "transmission": "forwardGears", "speed": round(SPEED_MPS / 0.02), "heading": 0, "angle": 127,
        "accelSet": {"long": 0, "lat": 0, "vert": 0, "yaw": 0},
        "brakes": {**wheel, "brakeBoost": "unavailable", "auxBrakes": "unavailable"},
        "size": {"width": 180, "length": 450},
    }  # fmt: skip
    return schemas()["sae-j2735"].encode("MessageFrame", {"messageId": 20, "value": ("BasicSafetyMessage", {"coreData": core})})


def heard(data: bytes, sequence: int, receive_ns: int, **more: Any) -> Received:
    known: dict[str, Any] = {
        "rsu_id": "Y", "boot_id": bytes(16), "sequence": sequence, "channel": "pc5", "source": "radio0",
        "receive_time_ns": receive_ns, "data": data, "header": "none", "standard": "sae-j2735",
    }  # fmt: skip
    return Received(**(known | more))


def drive(
    seconds: float, start_ns: int = START_NS, vehicle: bytes = b"\x01\x02\x03\x04", before: int = 0
) -> Iterator[Received]:
    """One car at 10 Hz, from 50 m south of the origin; its sequence numbers follow ``before``."""
    for number in range(round(seconds * 1000 / PERIOD_MS)):
        event_ns = start_ns + number * PERIOD_MS * MS
        north_m = -50 + SPEED_MPS * number * PERIOD_MS / 1000
        yield heard(bsm(vehicle, event_ns, north_m), before + number + 1, event_ns + LATENCY_MS * MS)


def seen(sequence: int, receive_ns: int, east_m: float, object_id: int = 7, **more: Any) -> Received:
    """A box's record of one pedestrian that stands."""
    thing = {
        "type": "PEDESTRIAN", "confidence": 0.9, "sensorId": "lidar-1", "objectId": object_id,
        "position": {"x": east_m, "y": 3.0}, "velocity": {"x": 0.0, "y": 0.0},
    }  # fmt: skip
    known: dict[str, Any] = {"content": "objects", "record_type": "DetectedObject", "source": "lidar-1", "header": "auto"}
    return heard(msgspec.json.encode(thing), sequence, receive_ns, **(known | more))
