"""How important a message is: the one order that shedding and eviction follow, least important first."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

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


def importance(type_name: str) -> int:
    """The class of a message type."""
    return IMPORTANCE.get(type_name, PICTURES)
