"""The catalogue: message numbers, service identifiers, periods, and the names that a setting may have."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from rsu.errors import ConfigError
from rsu.standards import (
    AIDS,
    PSIDS,
    STANDARDS,
    aid_name,
    message_type,
    parse_standard_name,
    psid_name,
    standard_for,
)
from rsu.units import LAYERS


def object_set(shared: Path, standard: str) -> dict[int, str]:
    """The rows of ``MessageTypes`` in the facts."""
    lines = (shared / "facts" / f"{standard}.jsonl").read_text(encoding="utf-8").splitlines()
    row = next(row for row in map(json.loads, lines) if row.get("object_set") == "MessageTypes")
    return {item["id"]: item["Type"] for item in row["rows"]}


def test_catalogue_has_the_standards_that_have_modules() -> None:
    assert list(STANDARDS) == list(LAYERS)


@pytest.mark.parametrize("standard", ["csae-157", "sae-j2735"])
def test_message_ids_are_those_of_the_object_set(standard: str, shared: Path) -> None:
    by_id = {message.id: message.name for message in STANDARDS[standard].messages if ".value" in f".{message.path}"}
    assert by_id == object_set(shared, standard)


def test_frame_alternatives_are_those_of_the_table(shared: Path) -> None:
    lines = (shared / "facts" / "csae-53.jsonl").read_text(encoding="utf-8").splitlines()
    frame = next(row for row in map(json.loads, lines) if row.get("type") == "MessageFrame")
    told = [(number, member["name"], member["kind"]) for number, member in enumerate(frame["members"][:-1])]
    assert [(message.id, message.path, message.name) for message in STANDARDS["csae-53"].messages] == told


@pytest.mark.parametrize(("standard", "services"), [("csae-157", AIDS), ("sae-j2735", PSIDS)])
def test_every_announced_message_has_a_service_of_that_number(standard: str, services: Any) -> None:
    known = {service.number for service in services}
    assert len(known) == len(services)
    assert {aid for message in STANDARDS[standard].messages for aid in message.aids} <= known


def test_messages_and_their_services_agree_on_the_period() -> None:
    periods = {service.number: service.period_ms for service in AIDS}
    for message in STANDARDS["csae-53"].messages:
        if message.period_ms is not None:
            assert {periods[aid] for aid in message.aids} == {message.period_ms}, message.name


@pytest.mark.parametrize(
    ("name", "number", "words"),
    [
        (aid_name, 111, "BSM"),
        (aid_name, 3618, "MAP"),
        (aid_name, 3619, "SPAT"),
        (aid_name, 3621, "semi-static"),
        (aid_name, 3623, "RSM"),
        (psid_name, 0x20, "BSM"),
        (psid_name, 0x204097, "MAP"),
        # STACK.md: SDSM is written 0x8010; two octets stand for their value - 0x8000 + 0x80.
        (psid_name, 0x8010 - 0x8000 + 0x80, "SDSM"),
    ],
)
def test_service_has_its_name(name: Any, number: int, words: str) -> None:
    assert words in name(number)


def test_unknown_service_has_no_name() -> None:
    assert aid_name(3617) == "" and psid_name(0) == ""


CSAE, SAE = STANDARDS["csae-157"], STANDARDS["sae-j2735"]
FRAMES = [
    pytest.param(CSAE, ("bsmFrame", {"msgCnt": 1}), ("BasicSafetyMessage", {"msgCnt": 1}), id="day-1"),
    pytest.param(
        CSAE,
        ("msgFrameExt", {"messageId": 11, "value": ("RoadsideCoordination", {"msgCnt": 2})}),
        ("RoadsideCoordination", {"msgCnt": 2}),
        id="day-2",
    ),
    pytest.param(SAE, {"messageId": 18, "value": ("MapData", {"x": 3})}, ("MapData", {"x": 3}), id="j2735"),
]


@pytest.mark.parametrize(("standard", "decoded", "message"), FRAMES)
def test_message_inside_a_frame(standard: Any, decoded: Any, message: tuple[str, Any]) -> None:
    assert message_type(standard, decoded) == message


@pytest.mark.parametrize(
    ("standard", "decoded"),
    [
        pytest.param(CSAE, ("msgFrameExt", {"messageId": 27, "value": b"\x00"}), id="day-2-id"),
        pytest.param(CSAE, ("...1", b"\x00"), id="alternative"),
        pytest.param(SAE, {"messageId": 99, "value": b"\x00"}, id="j2735-id"),
    ],
)
def test_unknown_message_stays_the_frame(standard: Any, decoded: Any) -> None:
    assert message_type(standard, decoded) == ("MessageFrame", decoded)


@pytest.mark.parametrize(
    ("header", "setting", "standard"),
    [
        ("none", "csae-53", "csae-53"),
        ("none", "", ""),
        ("dsmp", "", "csae-157"),
        ("dsmp", "csae-53", "csae-53"),
        ("dsmp", "csae-157?LaneEx.laneLineType=mandatory", "csae-157?LaneEx.laneLineType=mandatory"),
        ("dsmp", "sae-j2735", "csae-157"),
        ("wsmp", "csae-53", "sae-j2735"),
        ("wsmp", "sae-j2735", "sae-j2735"),
    ],
)
def test_header_wins_over_the_setting(header: str, setting: str, standard: str) -> None:
    assert standard_for(header, setting) == standard


def test_edition_patches_are_read() -> None:
    assert parse_standard_name("csae-53") == ("csae-53", ())
    assert parse_standard_name("csae-157?LaneEx.laneLineType=mandatory&SetTollDataRq.rndRSU=optional") == (
        "csae-157",
        (("LaneEx", "laneLineType", "mandatory"), ("SetTollDataRq", "rndRSU", "optional")),
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("csae-54", "must be one of csae-53, csae-157, sae-j2735"),
        ("", "must be one of csae-53"),
        ("csae-157?LaneEx.laneLineType=maybe", "Type.component=mandatory"),
        ("csae-157?LaneEx=optional", "LaneEx.laneLineType, SetTollDataRq.rndRSU"),
        ("csae-53?laneLineType", "known to differ: none"),
    ],
)
def test_wrong_name_is_told_what_is_allowed(text: str, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_standard_name(text)
    assert words in str(caught.value)


def test_known_editions_differ_from_the_modules_in_that_component(shared: Path) -> None:
    lines = (shared / "facts" / "csae-157.jsonl").read_text(encoding="utf-8").splitlines()
    types = {row["type"]: row for row in map(json.loads, lines) if "type" in row}
    for place in CSAE.editions:
        type_name, member = place.split(".")
        names = [item["name"] for item in types[type_name]["members"] if item != "..."]
        assert member in names
