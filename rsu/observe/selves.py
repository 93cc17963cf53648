"""What senders say of themselves: BSM and PSM of both standards, one statement a message.

Where a vehicle tells its class and height stands elsewhere in each standard: in T/CSAE 53 in the message, in J2735 in the
supplemental extension of part II, which most messages lack. The circle of a PSM (its cluster, or what the person pushes) is its
length and width.
"""

from __future__ import annotations

from typing import Any

from rsu.observe.accuracies import HEADING_STD_RAD, POSITION_VARIANCE_M2, SPEED_STD_MPS
from rsu.observe.arrays import SELF, UNKNOWN
from rsu.observe.classes import PERSONS, SELFINFO, of_vehicle
from rsu.observe.statements import CSAE, CSAE_PERSON, SAE, SAE_PERSON, Codes, Head, Row
from rsu.observe.times import event_time

Value = dict[str, Any]
_NOTHING: Value = {}
_SUPPLEMENTAL = 2
"""PartII-Id of SupplementalVehicleExtensions."""


def csae_bsm(value: Value, receive_time_ns: int, source: bytes) -> list[Row]:
    """A BSM of T/CSAE 53."""
    position, size, acceleration = value["pos"], value["size"], value["accelSet"]
    accuracy = value.get("posAccuracy", _NOTHING)
    motion = value.get("motionCfd", _NOTHING)
    variance = POSITION_VARIANCE_M2.get(value["posConfidence"]["pos"]) if "posConfidence" in value else None
    vehicle_class = value["vehicleClass"]["classification"]
    codes = Codes(
        position["lat"],
        position["long"],
        position.get("elevation"),
        0,
        0,
        0,
        value["speed"],
        value["heading"],
        acceleration["long"],
        acceleration["yaw"],
        accuracy.get("semiMajor"),
        accuracy.get("semiMinor"),
        accuracy.get("orientation"),
        size["length"],
        size["width"],
        size.get("height"),
        None,
        variance,
        None if variance is None else 0.0,
        variance,
        SPEED_STD_MPS.get(motion.get("speedCfd", "")),
        HEADING_STD_RAD.get(motion.get("headingCfd", "")),
    )
    return [(_head(value, receive_time_ns, of_vehicle(vehicle_class), source, vehicle_class), codes, CSAE)]


def sae_bsm(value: Value, receive_time_ns: int, source: bytes) -> list[Row]:
    """A BSM of J2735."""
    core = value["coreData"]
    accuracy, size, acceleration = core["accuracy"], core["size"], core["accelSet"]
    vehicle_class, height = _supplement(value["partII"]) if "partII" in value else (None, None)
    codes = Codes(
        core["lat"],
        core["long"],
        core["elev"],
        0,
        0,
        0,
        core["speed"],
        core["heading"],
        acceleration["long"],
        acceleration["yaw"],
        accuracy["semiMajor"],
        accuracy["semiMinor"],
        accuracy["orientation"],
        size["length"],
        size["width"],
        height,
    )
    return [(_head(core, receive_time_ns, of_vehicle(vehicle_class), source, vehicle_class or 0), codes, SAE)]


def csae_psm(value: Value, receive_time_ns: int, source: bytes) -> list[Row]:
    """A PSM of T/CSAE 157."""
    kind = PERSONS.get(value["non-motorData"]["basicType"], UNKNOWN)
    codes = _person(value, value["pos"], value["posAccuracy"], value["overallRadius"])
    return [(_head(value, receive_time_ns, kind, source), codes, CSAE_PERSON)]


def sae_psm(value: Value, receive_time_ns: int, source: bytes) -> list[Row]:
    """A PSM of J2735."""
    kind = PERSONS.get(value["basicType"], UNKNOWN)
    codes = _person(value, value["position"], value["accuracy"], value.get("attachmentRadius"))
    return [(_head(value, receive_time_ns, kind, source), codes, SAE_PERSON)]


def _head(value: Value, receive_time_ns: int, kind: int, source: bytes, vehicle_class: int = 0) -> Head:
    """The sender is the object; its time is its secMark in the minute of the receive time."""
    name = value["id"].hex().encode()
    time_ns = event_time(receive_time_ns, None, value["secMark"])[0]
    return Head(time_ns, receive_time_ns, SELF, kind, source, name, name, SELFINFO, vehicle_class)


def _person(value: Value, position: Value, accuracy: Value, radius: int | None) -> Codes:
    acceleration = value.get("accelSet", _NOTHING)
    across = 2 * radius if radius else None
    return Codes(
        lat=position["lat"],
        long=position["long"],
        elev=position.get("elevation"),
        speed=value["speed"],
        heading=value["heading"],
        accel=acceleration.get("long"),
        yaw=acceleration.get("yaw"),
        semi_major=accuracy["semiMajor"],
        semi_minor=accuracy["semiMinor"],
        orientation=accuracy["orientation"],
        length=across,
        width=across,
    )


def _supplement(parts: list[Value]) -> tuple[int | None, int | None]:
    """BasicVehicleClass and VehicleHeight out of part II."""
    for part in parts:
        content = part["partII-Value"]
        if part["partII-Id"] == _SUPPLEMENTAL and type(content) is tuple:
            extension = content[1]
            return extension.get("classification"), extension.get("vehicleData", _NOTHING).get("height")
    return None, None
