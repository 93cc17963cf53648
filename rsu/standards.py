"""The catalogue of standards: their messages, numbers, service identifiers and sending periods, as tables.

A radio header names a service (AID in China, PSID in North America) and so says what to expect; the message's
own number inside the frame decides what it is. What no published source confirms is marked in the tables
(``confirmed=False``) and never acted on.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

from rsu._asn1.edition import parse_patches
from rsu.errors import ConfigError, SchemaError

Optionality = Literal["mandatory", "optional"]


@dataclass(frozen=True)
class MessageType:
    """One message of a standard.

    :param name: its ASN.1 type.
    :param id: its number: of the CHOICE alternative, or the message id of the frame that has one.
    :param path: where it stands in the decoded frame, as errors and columns spell it.
    :param aids: AIDs or PSIDs that announce it.
    :param period_ms: usual time between two of them; None where it depends or no source gives it.
    """

    name: str
    id: int
    path: str
    aids: tuple[int, ...] = ()
    period_ms: int | None = None


@dataclass(frozen=True)
class Service:
    """One AID or PSID.

    :param period_ms: as for :class:`MessageType`, where the service has one of its own.
    :param priority: of the lower layers, 0 lowest to 255.
    """

    number: int
    name: str
    period_ms: int | None = None
    priority: int | None = None


@dataclass(frozen=True)
class LaterMessage:
    """A message id of an edition whose modules we do not have; its octets stay as they are."""

    id: int
    name: str
    confirmed: bool = False


@dataclass(frozen=True)
class Standard:
    """One set of messages.

    :param header: the radio header it travels under.
    :param root: the ASN.1 type of every payload.
    :param editions: components whose optionality differs between sources; a name may switch them (see
        :func:`parse_standard_name`).
    """

    name: str
    title: str
    header: Literal["dsmp", "wsmp"]
    messages: tuple[MessageType, ...]
    later: tuple[LaterMessage, ...] = ()
    editions: tuple[str, ...] = ()
    root: str = "MessageFrame"


# China: AIDs, periods and priorities as published for T/CSAE 53-2020; those of Day II are not known.
AIDS: tuple[Service, ...] = (
    Service(111, "BSM, ordinary vehicle", 100),
    Service(112, "BSM, ordinary vehicle with an event", 100),
    Service(113, "BSM, special vehicle", 100),
    Service(114, "BSM, special vehicle with an event", 100),
    Service(3616, "service announcement (DSA)"),
    Service(3618, "MAP", 1000, 16),
    Service(3619, "SPAT", 100, 176),
    # RSI has the priorities 48, 80 and 112; which class has which is not published.
    Service(3620, "RSI, static", 1000),
    Service(3621, "RSI, semi-static", 500),
    Service(3622, "RSI, dynamic", 100),
    Service(3623, "RSM", 100, 208),
    Service(3624, "test"),
    Service(3625, "test"),
    Service(3626, "test"),
    Service(3627, "certificate management"),
    Service(3628, "certificate revocation list"),
    Service(3629, "misbehaviour report"),
)

# North America: the decoded numbers; on the wire 0x204097 is E0 00 00 17.
PSIDS: tuple[Service, ...] = (
    Service(0x20, "BSM"),
    Service(0x27, "PSM"),
    Service(0x82, "SPAT, and MAP of older units"),
    Service(0x83, "TIM"),
    Service(0x90, "SDSM"),
    Service(0x204095, "SSM"),
    Service(0x204096, "SRM"),
    Service(0x204097, "MAP"),
)

CSAE_DAY_I = (
    MessageType("BasicSafetyMessage", 0, "bsmFrame", (111, 112, 113, 114), 100),
    MessageType("MapData", 1, "mapFrame", (3618,), 1000),
    MessageType("RoadsideSafetyMessage", 2, "rsmFrame", (3623,), 100),
    MessageType("SPAT", 3, "spatFrame", (3619,), 100),
    MessageType("RoadSideInformation", 4, "rsiFrame", (3620, 3621, 3622)),
)


def _by_id(prefix: str, names: Mapping[int, str], aids: Mapping[str, tuple[int, ...]]) -> Iterator[MessageType]:
    for number, name in names.items():
        yield MessageType(name, number, f"{prefix}.{name}", aids.get(name, ()))


CSAE_DAY_II = tuple(
    _by_id(
        "msgFrameExt.value",
        {
            0: "TestMsg",
            10: "RTCMcorrections",
            11: "RoadsideCoordination",
            12: "SensorSharingMsg",
            13: "VehIntentionAndRequest",
            14: "PAMData",
            15: "PersonalSafetyMessage",
            16: "CLPMM",
            17: "VehiclePaymentMessage",
        },
        {},
    )
)

J2735 = tuple(
    _by_id(
        "value",
        {
            18: "MapData",
            19: "SPAT",
            20: "BasicSafetyMessage",
            21: "CommonSafetyRequest",
            22: "EmergencyVehicleAlert",
            23: "IntersectionCollision",
            24: "NMEAcorrections",
            25: "ProbeDataManagement",
            26: "ProbeVehicleData",
            27: "RoadSideAlert",
            28: "RTCMcorrections",
            29: "SignalRequestMessage",
            30: "SignalStatusMessage",
            31: "TravelerInformation",
            32: "PersonalSafetyMessage",
            33: "RoadSafetyMessage",
            34: "RoadWeatherMessage",
            35: "ProbeDataConfigMessage",
            36: "ProbeDataReportMessage",
            37: "TollAdvertisementMessage",
            38: "TollUsageMessage",
            39: "TollUsageAckMessage",
            40: "CooperativeControlMessage",
            41: "SensorDataSharingMessage",
            42: "ManeuverSharingAndCoordinatingMessage",
            43: "RoadGeometryAndAttributes",
            44: "PersonalSafetyMessage2",
            45: "TrafficSignalPhaseAndTiming",
            46: "SignalControlAndPrioritizationRequest",
            47: "SignalControlAndPrioritizationStatus",
            48: "RoadUserChargingConfigMessage",
            49: "RoadUserChargingReportMessage",
            50: "TrafficLightStatusMessage",
            **{240 + number: f"TestMessage{number:02}" for number in range(16)},
        },
        {
            "MapData": (0x204097, 0x82),
            "SPAT": (0x82,),
            "BasicSafetyMessage": (0x20,),
            "SignalRequestMessage": (0x204096,),
            "SignalStatusMessage": (0x204095,),
            "TravelerInformation": (0x83,),
            "PersonalSafetyMessage": (0x27,),
            "SensorDataSharingMessage": (0x90,),
        },
    )
)

STANDARDS: Mapping[str, Standard] = MappingProxyType(
    {
        standard.name: standard
        for standard in (
            Standard("csae-53", "T/CSAE 53-2020, YD/T 3709-2020", "dsmp", CSAE_DAY_I),
            Standard(
                "csae-157",
                "T/CSAE 157-2020 (Day II) over T/CSAE 53-2020",
                "dsmp",
                CSAE_DAY_I + CSAE_DAY_II,
                later=(LaterMessage(27, "intention sharing"), LaterMessage(28, "service announcement")),
                editions=("LaneEx.laneLineType", "SetTollDataRq.rndRSU"),
            ),
            Standard("sae-j2735", "SAE J2735 of 2024-09", "wsmp", J2735),
        )
    }
)

#: What a header stands for when the setting names no standard of its kind: the superset, which reads Day I.
HEADER_STANDARD: Mapping[str, str] = MappingProxyType({"dsmp": "csae-157", "wsmp": "sae-j2735"})

_AID_NAMES = {service.number: service.name for service in AIDS}
_PSID_NAMES = {service.number: service.name for service in PSIDS}
_ALTERNATIVES = {message.path: message.name for message in CSAE_DAY_I}


def aid_name(aid: int) -> str:
    """What a Chinese AID announces; empty when it is not in the table."""
    return _AID_NAMES.get(aid, "")


def psid_name(psid: int) -> str:
    """What a North American PSID announces; empty when it is not in the table."""
    return _PSID_NAMES.get(psid, "")


def standard_for(header: str, setting: str) -> str:
    """The standard to decode with, by radio header and the source's setting; the header wins.

    :param header: ``dsmp``, ``wsmp`` or ``none``.
    :param setting: a name that :func:`parse_standard_name` reads, or empty.
    :returns: the setting itself where it fits the header; empty where nothing says.
    """
    if header not in HEADER_STANDARD:
        return setting
    fits = setting and STANDARDS[parse_standard_name(setting)[0]].header == header
    return setting if fits else HEADER_STANDARD[header]


def message_type(standard: Standard, decoded: Any) -> tuple[str, Any]:
    """The message inside a decoded frame: its ASN.1 type and value.

    What the schema does not know, a message id or an alternative, gives the frame itself:
    ``("MessageFrame", decoded)``.
    """
    if standard.header == "dsmp":
        alternative, inner = decoded
        if alternative in _ALTERNATIVES:
            return _ALTERNATIVES[alternative], inner
        carried = inner["value"] if alternative == "msgFrameExt" else None
    else:
        carried = decoded["value"]
    if isinstance(carried, tuple):
        return carried[0], carried[1]
    return standard.root, decoded


def parse_standard_name(text: str) -> tuple[str, tuple[tuple[str, str, Optionality], ...]]:
    """``csae-157?LaneEx.laneLineType=mandatory`` → the name and its edition patches, which ``&`` joins.

    :raises ConfigError: naming what is allowed.
    """
    name, _, patches = text.partition("?")
    if name not in STANDARDS:
        raise ConfigError(f"standard {text!r}: must be one of {', '.join(STANDARDS)}")
    try:
        parsed = parse_patches(patches)
    except SchemaError as error:
        known = ", ".join(STANDARDS[name].editions) or "none"
        raise ConfigError(f"standard {text!r}: {error}; components known to differ: {known}") from error
    return name, tuple((patch.type_name, patch.member, "optional" if patch.optional else "mandatory") for patch in parsed)
