"""Orders of the platform, one payload at a time: obeyed, refused with a reason, never an exception."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rsu.errors import SourceError, StoreError
from rsu.schema import Schema
from rsu.sources.live.base import Heard
from rsu.uplink import forms, keeping
from rsu.uplink.its0117 import FRAMES_MAX, KINDS, write_upload
from rsu.uplink.keeping import Kept
from rsu.uplink.orders import BUSY, DONE, ERROR_CODES, INVALID, NOT_HERE, UNREADABLE, Orders, Reply
from rsu.uplink.topics import Topics

R1, R2, ALL = b"R1".ljust(8, b"\0"), b"R2".ljust(8, b"\0"), bytes(8)
Frame = Callable[..., bytes]


class Desk:
    """Orders of unit R1, what they delivered, and their file."""

    def __init__(self, schema: Schema, folder: Path, *, can_restart: bool = True) -> None:
        self.heard: list[Heard] = []
        self.room = 1_000_000
        self.path = folder / keeping.FILE
        self.orders = Orders(
            Topics("V2X.RSU.{type}.UP", "V2X.RSU.{type}.DOWN", "R1"), "R1", R1, schema, "csae-157", self.path, Kept(),
            self._deliver, self._answer,
            can_restart=can_restart,
        )  # fmt: skip

    def _answer(self, query: forms.QueryDown) -> forms.Response:
        return forms.Response(rsuId="R1", rsuEsn="R1", timestamp=1, seqNum=query.seqNum, InfoValue={})

    def _deliver(self, heard: Heard) -> bool:
        if len(self.heard) >= self.room:
            return False
        self.heard.append(heard)
        return True

    def obey(self, name: str, payload: object, **more: Any) -> Reply:
        octets = payload if isinstance(payload, bytes) else msgspec.json.encode(payload)
        topic = {"Log": "V2X.RSU.Log.UP", "INFOQuery": "V2X.RSU.INFOQuery", "INFO": "V2X.RSU.INFO.UP.ACK"}
        return self.orders.obey(topic.get(name, f"V2X.RSU.{name}.DOWN"), octets, 5, **more)

    def said(self, name: str, payload: object, **more: Any) -> list[dict[str, Any]]:
        return [msgspec.json.decode(octets) for _, octets in self.obey(name, payload, **more).messages]


@pytest.fixture
def desk(schema: Schema, tmp_path: Path) -> Desk:
    return Desk(schema, tmp_path)


TYPES = {name: kind.type for name, kind in KINDS.items() if name != "BSM"}


@pytest.mark.parametrize("name", sorted(TYPES))
def test_every_kind_is_taken_as_octets_as_json_and_as_hex(desk: Desk, schema: Schema, frame: Frame, name: str) -> None:
    octets = frame(TYPES[name])
    whole = msgspec.json.decode(schema.to_json("MessageFrame", octets))
    message = next(iter(whole.values()))
    first, *more = forms.MESSAGE_KEYS[name]
    binary = write_upload(KINDS[name], R1, 1, [octets])
    payloads: list[object] = [binary, {first: message}, {first: whole}, {first: octets.hex()}]
    payloads += [{key: [message, octets.hex()]} for key in more]
    for payload in payloads:
        desk.obey(name, payload)
    assert [heard.data for heard in desk.heard] == [octets] * (4 + 2 * len(more))
    assert desk.orders.counts == {(name, "done"): len(payloads)}


def test_a_record_says_where_it_came_from_and_that_it_is_for_the_air(desk: Desk, frame: Frame) -> None:
    desk.obey("MAP", write_upload(KINDS["MAP"], R1, 1, [frame("MapData")]))
    meta = {"broadcast": 1, "topic": "V2X.RSU.MAP.DOWN"}
    assert desk.heard == [Heard("mqtt", 5, frame("MapData"), "uu", header="none", standard="csae-157", meta=meta)]


def wrong(frame: Frame) -> dict[str, tuple[str, object, int, str]]:
    """What is refused: kind, payload, errorCode, part of the reason."""
    octets = frame("MapData")
    return {
        "nothing": ("MAP", b"", UNREADABLE, "0 octets"),
        "cut": ("MAP", write_upload(KINDS["MAP"], R1, 1, [octets])[:-1], UNREADABLE, "octet 16"),
        "trailing": ("MAP", write_upload(KINDS["MAP"], R1, 1, [octets + b"\0"]), INVALID, ""),
        "not-uper": ("MAP", write_upload(KINDS["MAP"], R1, 1, [b"\x20\xff\xff"]), INVALID, "bit"),
        "other-kind": ("RSI", write_upload(KINDS["RSI"], R1, 1, [octets]), INVALID, "RSI needs a RoadSideInformation"),
        "no-key": ("MAP", {"eTag": "1", "seqNum": "4"}, UNREADABLE, "MAP.DOWN holds no message: must hold map"),
        "two-keys": ("RSM", {"rsm": "00", "rsms": ["00"]}, UNREADABLE, "rsm, rsms: must hold rsm or rsms"),
        "empty-list": ("RSM", {"rsms": []}, UNREADABLE, "rsms holds 0 messages"),
        "long-list": ("RSM", {"rsms": ["00"] * (FRAMES_MAX + 1)}, UNREADABLE, "rsms holds 256 messages"),
        "not-hex": ("MAP", {"map": "xyz"}, UNREADABLE, "must be the hex of a MessageFrame"),
        "number": ("MAP", {"map": 5}, UNREADABLE, "Expected `object`"),
        "wrong-value": ("MAP", {"map": {"msgCnt": 300, "nodes": []}}, INVALID, "msgCnt"),
        "not-json": ("MAP", b"{]", UNREADABLE, "JSON is malformed"),
        "deep-json": ("MAP", b'{"map":' + b"[" * 50_000, UNREADABLE, ""),
        "too-long": ("MAP", b"{" + b" " * forms.JSON_OCTETS_MAX, UNREADABLE, "at most 262144"),
        "limit": ("CONFIG", {"spatConfig": {"upLimit": 10_001}}, UNREADABLE, "$.spatConfig.upLimit"),
        "mode": ("CONFIG", {"bsmConfig": {"sampleMode": "Some"}}, UNREADABLE, "sampleMode"),
        "filters": ("CONFIG", {"rsiConfig": {"upFilters": [{"id": "1"}] * 65}}, UNREADABLE, "upFilters"),
        "period": ("MNG", {"hbRate": -1}, UNREADABLE, "hbRate"),
        "address": ("MNG", {"addressChg": {"cssUrl": "mqtt://x", "time": 1}}, NOT_HERE, "rsu.toml"),
        "ota": ("OTA", {"seqNum": 4}, NOT_HERE, "OTA"),
        "log": ("Log", {"uploadUrl": "ftp://x", "userId": "u", "password": "p", "transprotocal": "ftp"}, NOT_HERE, "Log"),
    }


@pytest.mark.parametrize("case", list(wrong(lambda _: b"a")))
def test_what_cannot_be_done_is_refused_with_code_and_reason(desk: Desk, frame: Frame, case: str) -> None:
    name, payload, code, reason = wrong(frame)[case]
    (said,) = desk.said(name, payload)
    assert (said["errorCode"], reason in said["errorDesc"], len(said["errorDesc"]) <= 256) == (code, True, True), said
    assert said.get("seqNum") == (payload.get("seqNum") if isinstance(payload, dict) else None)
    assert not desk.heard and not desk.path.exists()
    assert desk.orders.counts == {(name, "refused"): 1}


def test_one_bad_frame_of_several_delivers_none(desk: Desk, frame: Frame) -> None:
    good = frame("RoadsideSafetyMessage")
    desk.obey("RSM", write_upload(KINDS["RSM"], R1, 1, [good, good[:-1], good]))
    assert not desk.heard


def test_a_unit_that_is_busy_says_how_many_it_took(desk: Desk, frame: Frame) -> None:
    desk.room = 1
    (said,) = desk.said("RSM", write_upload(KINDS["RSM"], R1, 1, [frame("RoadsideSafetyMessage")] * 3))
    assert said == {"errorCode": BUSY, "errorDesc": f"{ERROR_CODES[BUSY]}: 1 of 3 messages were taken"}


@pytest.mark.parametrize(
    ("number", "esn", "taken"), [(R1, "R1", True), (ALL, "", True), (R2, "R2", False)], ids=["mine", "all", "another"]
)
def test_an_order_to_another_unit_on_a_shared_topic_is_not_obeyed_nor_answered(
    desk: Desk, frame: Frame, number: bytes, esn: str, taken: bool
) -> None:
    replies = [
        desk.obey("MAP", write_upload(KINDS["MAP"], number, 1, [frame("MapData")])),
        desk.obey("MAP", {"map": frame("MapData").hex(), "ack": True} | ({"rsuEsn": esn} if esn else {})),
        desk.obey("CONFIG", {"spatConfig": {"upLimit": 1}, "ack": True} | ({"rsuEsn": esn} if esn else {})),
    ]
    assert [bool(reply.messages) for reply in replies] == [taken] * 3
    assert len(desk.heard) == 2 * taken and desk.path.exists() is taken


@pytest.mark.parametrize(
    ("payload", "replies"),
    [({}, []), ({"ack": False, "seqNum": "1"}, []), ({"ack": True, "seqNum": 17}, [{"seqNum": 17, "errorCode": DONE}])],
    ids=["not-asked", "not-wanted", "wanted"],
)
def test_what_is_done_is_acknowledged_where_that_is_asked(desk: Desk, payload: dict[str, Any], replies: list[object]) -> None:
    assert desk.said("CONFIG", payload) == replies


def test_config_replaces_the_last_one_and_is_kept(desk: Desk) -> None:
    assert desk.obey("CONFIG", {"bsmConfig": {"upLimit": "5", "upFilters": [{"id": "a"}]}}).changed
    assert desk.obey("CONFIG", {"rsmConfig": {"upLimit": 1}}).changed
    assert desk.orders.kept.config == forms.ConfigDown(rsmConfig=forms.KindConfig(upLimit=1))
    assert keeping.load(desk.path) == desk.orders.kept


def test_management_keeps_what_it_does_not_name_and_says_what_is_not_changed_from_here(desk: Desk) -> None:
    desk.obey("MNG", {"hbRate": 5, "runningInfoRate": 7})
    (said,) = desk.said("MNG", {"runningInfoRate": 0, "logLevel": "INFO", "extendConfig": "x", "ack": True})
    assert said == {"errorCode": DONE, "errorDesc": "not changed from here: logLevel, extendConfig"}
    assert (desk.orders.kept.heartbeat_s, desk.orders.kept.running_info_s) == (5, 0)


@pytest.mark.parametrize("asked", [1, "reboot"])
def test_a_restart_is_obeyed_once_for_an_order_with_a_time(desk: Desk, asked: object) -> None:
    order = {"reboot": asked, "timestamp": 17}
    assert [desk.obey("MNG", order).restart for _ in range(3)] == [True, False, False]
    assert desk.obey("MNG", order | {"timestamp": 18}).restart
    assert not desk.obey("MNG", order | {"timestamp": 19}, retained=True).restart


def test_a_unit_that_nobody_starts_again_refuses_to_stop(schema: Schema, tmp_path: Path) -> None:
    (said,) = Desk(schema, tmp_path, can_restart=False).said("MNG", {"reboot": 1})
    assert said["errorCode"] == NOT_HERE


def test_orders_that_cannot_be_kept_are_not_obeyed(schema: Schema, tmp_path: Path) -> None:
    desk = Desk(schema, tmp_path / "gone")
    (said,) = desk.said("CONFIG", {"spatConfig": {"upLimit": 1}, "ack": True})
    assert said["errorCode"] == BUSY and desk.orders.kept == Kept()


def test_a_query_is_answered_with_its_numbers(desk: Desk) -> None:
    reply = desk.obey("INFOQuery", {"seqNum": "8", "infoId": 1})
    assert [topic for topic, _ in reply.messages] == ["V2X.RSU.INFOQuery.Response"]


def test_a_topic_nobody_subscribed_to_is_counted(desk: Desk) -> None:
    assert desk.orders.obey("elsewhere", b"{}", 0) == Reply()
    assert desk.orders.counts == {("unknown", "ignored"): 1}


NAMES = st.sampled_from([*TYPES, "CONFIG", "MNG", "OTA", "Log", "INFOQuery", "INFO"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
KEYS = st.sampled_from("map rsms spat rsi ack seqNum rsuEsn timestamp bsmConfig spatConfig hbRate reboot infoId".split())


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], deadline=None)
@given(NAMES, st.binary(max_size=60) | st.binary(max_size=60).map(lambda octets: R1 + bytes(8) + octets))
def test_octets_of_any_kind_do_no_harm(desk: Desk, name: str, payload: bytes) -> None:
    for topic, octets in desk.obey(name, payload).messages:
        assert topic and msgspec.json.decode(octets)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], deadline=None)
@given(NAMES, st.dictionaries(KEYS, JSON, max_size=4))
def test_json_of_any_kind_does_no_harm(desk: Desk, name: str, payload: dict[str, object]) -> None:
    for topic, octets in desk.obey(name, payload).messages:
        assert topic and msgspec.json.decode(octets)


@pytest.mark.parametrize(
    "text", [b"", b"{", b"[]", b'{"version":2}', b'{"version":1,"heartbeat_s":-1}', b"x" * (keeping.FILE_OCTETS_MAX + 1)]
)
def test_a_file_of_orders_that_is_damaged_says_what_to_do(tmp_path: Path, text: bytes) -> None:
    path = tmp_path / keeping.FILE
    path.write_bytes(text)
    with pytest.raises(SourceError, match="delete it"):
        keeping.load(path)


def test_orders_that_cannot_be_written_leave_the_old_ones(tmp_path: Path) -> None:
    path = tmp_path / keeping.FILE
    keeping.save(path, Kept(heartbeat_s=1))
    path.with_suffix(".new").mkdir()
    with pytest.raises(StoreError, match="cannot be kept"):
        keeping.save(path, Kept(heartbeat_s=2))
    assert keeping.load(path) == Kept(heartbeat_s=1)


def test_unconfirmed_keys_are_keys_of_the_forms() -> None:
    written = {"ACK": forms.Acknowledgement, "HB.UP": forms.Heartbeat, "RunningInfo.UP": forms.RunningInfo,
               "BaseINFO.UP": forms.BaseInfo, "OTA.DOWN": forms.OtherDown}  # fmt: skip
    for message, keys in forms.UNCONFIRMED.items():
        form = written.get(message, forms.MessageDown)
        assert set(keys) <= set(form.__struct_fields__), message
