"""The places of the SAE J2735 messages.

A TIM's ``packetID`` names the message and not its sender, and an RSA's ``furtherInfoID`` neither: no sender.
The start of an event (RSM, TIM) is not the time of its message. The NULL placeholders (PSM2, RGA, TSPAT …) and
the messages that carry neither place nor time have no row.
"""

from __future__ import annotations

from collections.abc import Mapping

from rsu.observe.places import Places, places


def _core_data(path: str) -> dict[str, str]:
    """The columns of a BSMcoreData at ``path``."""
    members = {
        "sender": "id",
        "position": "",
        "speed": "speed",
        "heading": "heading",
        "msg_cnt": "msgCnt",
        "second": "secMark",
    }
    return {column: f"{path}.{member}".rstrip(".") for column, member in members.items()}


def _full_position(path: str) -> dict[str, str]:
    """The columns of a FullPositionVector at ``path``, but for its time: most of these messages have a
    better one."""
    return {"position": path, "speed": f"{path}.speed.speed", "heading": f"{path}.heading"}


PLACES: Mapping[str, Places] = {
    "BasicSafetyMessage": places(**_core_data("coreData")),
    "CooperativeControlMessage": places(**_core_data("coreData")),
    "CommonSafetyRequest": places(sender="id", msg_cnt="msgCnt", minute="timeStamp"),
    "EmergencyVehicleAlert": places(
        sender="id",
        msg_cnt="rsaMsg.msgCnt",
        minute="timeStamp rsaMsg.timeStamp",
        **_full_position("rsaMsg.position"),
    ),
    "IntersectionCollision": places(**_core_data("partOne") | {"sender": "id", "msg_cnt": "msgCnt", "minute": "timeStamp"}),
    "ManeuverSharingAndCoordinatingMessage": places(sender="sourceID", position="hVPos", date="mSCMTimestamp"),
    "MapData": places(
        position="intersections.0.refPoint roadSegments.0.refPoint",
        msg_cnt="msgIssueRevision",
        minute="timeStamp",
    ),
    "NMEAcorrections": places(minute="timeStamp"),
    "PersonalSafetyMessage": places(
        sender="id", position="position", speed="speed", heading="heading", msg_cnt="msgCnt", second="secMark"
    ),
    "ProbeDataManagement": places(minute="timeStamp"),
    "ProbeDataReportMessage": places(position="reportChar.position", date="reportChar.timeStamp"),
    "ProbeVehicleData": places(
        sender="probeID.id.entityID probeID.id.stationID",
        minute="timeStamp",
        date="startVector.utcTime",
        **_full_position("startVector"),
    ),
    "RTCMcorrections": places(
        msg_cnt="msgCnt", minute="timeStamp", date="anchorPoint.utcTime", **_full_position("anchorPoint")
    ),
    "RoadSafetyMessage": places(
        position="commonContainer.regionInfo.0.referencePoint",
        msg_cnt="commonContainer.eventInfo.eventUpdate",
    ),
    "RoadSideAlert": places(msg_cnt="msgCnt", minute="timeStamp", date="position.utcTime", **_full_position("position")),
    "SPAT": places(
        # The intersection's own minute belongs to its timeStamp in milliseconds; that of the message is
        # optional and coarser.
        msg_cnt="intersections.0.revision",
        minute="intersections.0.moy timeStamp",
        second="intersections.0.timeStamp",
    ),
    "SensorDataSharingMessage": places(sender="sourceID", position="refPos", msg_cnt="msgCnt", date="sDSMTimeStamp"),
    "SignalRequestMessage": places(
        sender="requestor.id.entityID requestor.id.stationID",
        position="requestor.position.position",
        speed="requestor.position.speed.speed",
        heading="requestor.position.heading",
        msg_cnt="sequenceNumber",
        minute="timeStamp",
        second="second",
    ),
    "SignalStatusMessage": places(msg_cnt="sequenceNumber", minute="timeStamp", second="second"),
    "TollAdvertisementMessage": places(msg_cnt="tollAdvInfo.tamSequenceNum", date="tollAdvInfo.timestamp"),
    "TollUsageMessage": places(sender="tempID", msg_cnt="tumSequenceNum"),
    "TrafficLightStatusMessage": places(position=".", date="currentTime"),
    "TravelerInformation": places(
        position="dataFrames.0.regions.0.anchor dataFrames.0.msgId.roadSignID.position",
        msg_cnt="msgCnt",
        minute="timeStamp",
    ),
}
