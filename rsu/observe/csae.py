"""The places of the Chinese messages: T/CSAE 53-2020 and YD/T 3709-2020 (Day I), T/CSAE 157-2020 (Day II).

An RSM, RSI, RSC or SSM names its roadside unit and reference position. A MAP and a SPAT name no sender.
"""

from __future__ import annotations

from collections.abc import Mapping

from rsu.observe.places import Places, places

PLACES: Mapping[str, Places] = {
    "BasicSafetyMessage": places(
        sender="id", position="pos", speed="speed", heading="heading", msg_cnt="msgCnt", second="secMark"
    ),
    "MapData": places(position="nodes.0.refPos", msg_cnt="msgCnt", minute="timeStamp"),
    # Each participant has a secMark of its own; the unit that sends is participant 0 in the field, but nothing
    # asks for it: the first one dates the message.
    "RoadsideSafetyMessage": places(sender="id", position="refPos", msg_cnt="msgCnt", second="participants.0.secMark"),
    "SPAT": places(
        msg_cnt="msgCnt",
        minute="moy intersections.0.moy",
        second="timeStamp intersections.0.timeStamp",
    ),
    "RoadSideInformation": places(sender="id", position="refPos", msg_cnt="msgCnt", minute="moy"),
    "TestMsg": places(msg_cnt="msgCnt"),
    "RTCMcorrections": places(msg_cnt="msgCnt"),
    "RoadsideCoordination": places(sender="id", position="refPos", msg_cnt="msgCnt", second="secMark"),
    "SensorSharingMsg": places(sender="id", position="sensorPos", msg_cnt="msgCnt", second="secMark"),
    "VehIntentionAndRequest": places(
        sender="id",
        position="refPos",
        speed="intAndReq.currentPos.speed",
        heading="intAndReq.currentPos.heading",
        msg_cnt="msgCnt",
        second="secMark",
    ),
    "PAMData": places(position="pamNodes.0.refPos", msg_cnt="msgCnt", minute="timeStamp"),
    "PersonalSafetyMessage": places(
        sender="id", position="pos", speed="speed", heading="heading", msg_cnt="msgCnt", second="secMark"
    ),
    "CLPMM": places(sender="id", msg_cnt="msgCnt", second="secMark"),
    "VehiclePaymentMessage": places(
        sender=(
            "payment.initialzation-request.id payment.initialzation-response.obuId"
            " payment.action-request.sourceId payment.action-response.sourceId"
        ),
        msg_cnt="msgCnt",
        date=(
            "payment.initialzation-request.time payment.initialzation-response.time"
            " payment.action-request.time payment.action-response.time"
        ),
    ),
}
