"""How important a message is: the one order that shedding and eviction follow, least important first."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from rsu import frames
from rsu.errors import FrameError
from rsu.received import Received
from rsu.standards import STANDARDS

BEACONS, PICTURES, INFRASTRUCTURE, EVENTS = 0, 1, 2, 3

NAMES: Mapping[int, str] = MappingProxyType(
    {BEACONS: "beacons", PICTURES: "pictures", INFRASTRUCTURE: "infrastructure", EVENTS: "events"}
)

#: Message type → class. What is not here, quarantine and reports of the unit's own devices are PICTURES.
IMPORTANCE: Mapping[str, int] = MappingProxyType(
    {
        "BasicSafetyMessage": BEACONS,
        "PersonalSafetyMessage": PICTURES,
        "RoadsideSafetyMessage": PICTURES,
        "SensorSharingMsg": PICTURES,
        "SensorDataSharingMessage": PICTURES,
        "MapData": INFRASTRUCTURE,
        "SPAT": INFRASTRUCTURE,
        "RoadsideCoordination": EVENTS,
        "RoadSideInformation": EVENTS,
        "RoadSideAlert": EVENTS,
        "TravelerInformation": EVENTS,
        "EmergencyVehicleAlert": EVENTS,
        "IntersectionCollision": EVENTS,
        "SignalRequestMessage": EVENTS,
        "SignalStatusMessage": EVENTS,
        "VehIntentionAndRequest": EVENTS,
    }
)

#: AID or PSID → class, for what is not decoded yet. A vehicle with an event (112, 114) is an event.
SERVICES: Mapping[int, int] = MappingProxyType(
    {
        111: BEACONS,
        112: EVENTS,
        113: PICTURES,
        114: EVENTS,
        3618: INFRASTRUCTURE,
        3619: INFRASTRUCTURE,
        3620: EVENTS,
        3621: EVENTS,
        3622: EVENTS,
        3623: PICTURES,
        0x20: BEACONS,
        0x27: PICTURES,
        0x82: INFRASTRUCTURE,
        0x83: EVENTS,
        0x90: PICTURES,
        0x204095: EVENTS,
        0x204096: EVENTS,
        0x204097: INFRASTRUCTURE,
    }
)

#: AID or PSID → the type it announces.
_TYPES = {aid: message.name for standard in STANDARDS.values() for message in standard.messages for aid in message.aids}


def importance(type_name: str) -> int:
    """The class of a message type."""
    return IMPORTANCE.get(type_name, PICTURES)


def classify(record: Received) -> tuple[int, str]:
    """How important a record is and what it seems to be, by its radio header alone."""
    if record.content != "message":
        return PICTURES, record.record_type or record.content
    try:
        aid = frames.unwrap(record.data, record.header, standard=record.standard).aid
    except FrameError:
        return PICTURES, ""
    if aid is None:
        return PICTURES, ""
    return SERVICES.get(aid, PICTURES), _TYPES.get(aid, "")
