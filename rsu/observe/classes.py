"""From the standards' words for road users to the classes of :mod:`rsu.observe.arrays`."""

from __future__ import annotations

from collections.abc import Mapping

from rsu.observe.arrays import BICYCLE, OTHER, PEDESTRIAN, UNKNOWN, VEHICLE

#: BasicVehicleClass (the same numbers in J2735 and T/CSAE 53), where it says another class than a vehicle.
NO_VEHICLE: Mapping[int, int] = {
    80: UNKNOWN,  # otherTraveler of unknown and of other type
    81: UNKNOWN,
    82: PEDESTRIAN,
    83: PEDESTRIAN,  # visually and physically disabled
    84: PEDESTRIAN,
    85: BICYCLE,
    86: PEDESTRIAN,  # roadworker
    90: OTHER,  # infrastructure
    91: OTHER,
    92: OTHER,
}

#: ParticipantType of RSM and SSM; ``rsu`` is the unit itself and no road user.
PARTICIPANTS: Mapping[str, int] = {"motor": VEHICLE, "non-motor": BICYCLE, "pedestrian": PEDESTRIAN}
RSU = "rsu"

#: DetectedPTCType of SSM, finer than ParticipantType.
DETECTED: Mapping[str, int] = {
    "unknown-unmovable": OTHER,
    "car": VEHICLE,
    "van": VEHICLE,
    "truck": VEHICLE,
    "bus": VEHICLE,
    "cyclist": BICYCLE,
    "motorcyclist": VEHICLE,
    "tricyclist": BICYCLE,
    "pedestrian": PEDESTRIAN,
}

#: PersonalDeviceUserType of the PSM of both standards and of SDSM.
PERSONS: Mapping[str, int] = {
    "aPEDESTRIAN": PEDESTRIAN,
    "aPEDALCYCLIST": BICYCLE,
    "aROADWORKER": PEDESTRIAN,
    "aPUBLICSAFETYWORKER": PEDESTRIAN,
    "anANIMAL": OTHER,
}

#: ObjectType of SDSM.
OBJECTS: Mapping[str, int] = {"vehicle": VEHICLE, "vru": PEDESTRIAN, "animal": OTHER}

#: Words of perception boxes, in capitals, without what divides them.
BOX_WORDS: Mapping[str, int] = {
    "CAR": VEHICLE,
    "VAN": VEHICLE,
    "SUV": VEHICLE,
    "TAXI": VEHICLE,
    "TRUCK": VEHICLE,
    "TRAILER": VEHICLE,
    "BUS": VEHICLE,
    "MOTORCYCLE": VEHICLE,
    "MOTORCYCLIST": VEHICLE,
    "VEHICLE": VEHICLE,
    "PEDESTRIAN": PEDESTRIAN,
    "PERSON": PEDESTRIAN,
    "CYCLIST": BICYCLE,
    "BICYCLE": BICYCLE,
    "BICYCLIST": BICYCLE,
    "BIKE": BICYCLE,
    "TRICYCLE": BICYCLE,
    "ANIMAL": OTHER,
    "CONE": OTHER,
    "OBSTACLE": OTHER,
}

#: SourceType of RSM and SSM; its numbers are those of :data:`rsu.observe.arrays.OBSERVATION`'s ``sensed_by``.
SOURCES: Mapping[str, int] = {
    "selfinfo": 1,
    "v2x": 2,
    "video": 3,
    "microwaveRadar": 4,
    "loop": 5,
    "lidar": 6,
    "integrated": 7,
}
SELFINFO = SOURCES["selfinfo"]


def of_vehicle(code: int | None) -> int:
    """The class of a sender of BSM, or of a participant that is called a vehicle."""
    return VEHICLE if code is None else NO_VEHICLE.get(code, VEHICLE)


def of_box(word: str) -> int:
    """The class of a detected object."""
    return BOX_WORDS.get(word.upper().replace("_", "").replace("-", "").replace(" ", ""), UNKNOWN)
