"""The summary of a message says what the message says; each table row leads where the schema has what it names."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

import rsu
from rsu.observe import csae, sae, summarise
from rsu.observe.places import Path, Places, find, finder
from rsu.observe.places import places as places_of
from rsu.schema import TypeInfo
from rsu.standards import STANDARDS
from rsu.units import load_units

RECEIVED_NS = 1_700_000_000_000_000_000  # 2023-11-14 22:13:20 UTC

# The element each column is read as; what is not listed may be of any type.
ELEMENTS = {
    "speed": {"Speed", "Velocity"},
    "heading": {"Heading", "Angle"},
    "minute": {"MinuteOfTheYear"},
    "second": {"DSecond"},
    "date": {"DDateTime"},
}


def lead(info: TypeInfo, path: Path) -> TypeInfo | None:
    """The type at the end of a path; None where it leads nowhere."""
    for step in path:
        if isinstance(step, int):
            found = info.element
        else:
            found = next((member.type for member in info.members if member.name == step), None)
        if found is None:
            return None
        info = found
    return info


def rows() -> Iterator[tuple[str, str, str, Path]]:
    for standard, table in (("csae-157", csae.PLACES), ("sae-j2735", sae.PLACES)):
        for type_name, places in table.items():
            for column in Places.__struct_fields__:
                for path in getattr(places, column):
                    yield standard, type_name, column, path


@pytest.mark.parametrize(("standard", "type_name", "column", "path"), list(rows()), ids=str)
def test_a_place_is_in_the_schema(standard: str, type_name: str, column: str, path: Path) -> None:
    known = {message.name for message in STANDARDS[standard].messages}
    assert type_name in known
    found = lead(rsu.load_schema(standard).type_info(type_name), path)
    assert found is not None, f"{type_name} has no {path}"
    if column in ELEMENTS:
        assert found.name.rpartition(".")[2] in ELEMENTS[column]
    if column == "position":
        assert {"lat", "long"} <= {member.name for member in found.members}


BSM: dict[str, Any] = {
    "msgCnt": 7, "id": b"\x01\xa2\xb3\xc4", "secMark": 20_400,
    "lat": 411234567, "long": -1048765432, "speed": 617, "heading": 7201,
}  # fmt: skip
PLACE = {"lat": 296000000, "long": 1065000000}


@pytest.mark.parametrize(
    ("standard", "type_name", "value", "expected"),
    [
        # 617 × 0.02 = 12.34 m/s; 7201 × 0.0125 = 90.0125 degrees.
        (
            "sae-j2735", "BasicSafetyMessage", {"coreData": BSM},
            ("01a2b3c4", 411234567, -1048765432, 12.34, 90.0125, 7, 20_400),
        ),
        (
            "csae-53", "BasicSafetyMessage",
            {"msgCnt": 0, "id": b"VEH00001", "secMark": 0, "pos": PLACE, "speed": 0, "heading": 0},
            ("5645483030303031", 296000000, 1065000000, 0.0, 0.0, 0, 0),
        ),
        # A station number is four octets on the wire.
        (
            "sae-j2735", "SignalRequestMessage",
            {
                "second": 1, "sequenceNumber": 5,
                "requestor": {"id": ("stationID", 255), "position": {"position": PLACE, "heading": 80}},
            },
            ("000000ff", 296000000, 1065000000, None, 1.0, 5, 1),
        ),
        (
            "sae-j2735", "TravelerInformation", {"msgCnt": 1, "packetID": bytes(9), "dataFrames": []},
            (None, None, None, None, None, 1, None),
        ),
        ("sae-j2735", "TestMessage00", None, (None,) * 7),
        ("a-user's-own", "BasicSafetyMessage", {"coreData": BSM}, (None,) * 7),
    ],
    ids=["sae-bsm", "csae-bsm-zeros", "srm-station", "tim-empty", "null", "foreign-schema"],
)  # fmt: skip
def test_columns(standard: str, type_name: str, value: Any, expected: tuple[Any, ...]) -> None:
    found = summarise(standard, type_name, value, RECEIVED_NS)
    columns = (found.sender, found.lat_e7, found.lon_e7, found.speed_mps, found.heading_deg, found.msg_cnt, found.sec_mark)
    assert columns == expected


@pytest.mark.parametrize("standard", ["csae-53", "csae-157", "sae-j2735"])
def test_unavailable_codes_are_none(standard: str) -> None:
    parts = {"lat": 900000001, "long": 1800000001}
    body = {"msgCnt": 1, "id": b"\x00" * 4, "secMark": 65_535, "speed": 8191, "heading": 28_800}
    value = {"coreData": body | parts} if standard == "sae-j2735" else body | {"pos": parts}
    found = summarise(standard, "BasicSafetyMessage", value, RECEIVED_NS)
    assert (found.lat_e7, found.lon_e7, found.speed_mps, found.heading_deg, found.sec_mark) == (None,) * 5
    assert (found.event_time_ns, found.event_time_source) == (RECEIVED_NS, "unavailable")


@pytest.mark.parametrize("change", [{"lat": 900000000, "long": 1800000000, "speed": 8190, "heading": 28_799}], ids=["last"])
def test_the_last_values_below_the_codes_are_values(change: dict[str, int]) -> None:
    found = summarise("sae-j2735", "BasicSafetyMessage", {"coreData": BSM | change}, RECEIVED_NS)
    assert (found.lat_e7, found.lon_e7, found.speed_mps, found.heading_deg) == (900000000, 1800000000, 163.8, 359.9875)


def test_an_intersections_own_minute_goes_with_its_milliseconds() -> None:
    # 318 days before 14 November 2023 less 22 h 13 min: 317 × 1440 + 1333 = 457,813.
    spat = {"timeStamp": 1, "intersections": [{"revision": 3, "moy": 457_813, "timeStamp": 20_250}]}
    found = summarise("sae-j2735", "SPAT", spat, RECEIVED_NS)
    assert (found.event_time_ns - RECEIVED_NS, found.event_time_source, found.msg_cnt) == (250_000_000, "minute", 3)


# Fast ways that must not change a result ----------------------------------------------------------------------------------


@pytest.mark.parametrize("standard", ["csae-53", "sae-j2735"])
@pytest.mark.parametrize(("element", "column", "last"), [("Speed", "speed_mps", 8191), ("Heading", "heading_deg", 28_800)])
def test_every_speed_and_heading_is_what_its_unit_says(standard: str, element: str, column: str, last: int) -> None:
    units = load_units(standard)
    unit = units.get(f"Common.{element}") or units[element]
    member = element.lower()
    for raw in range(last + 1):
        core = {member: raw}
        found = summarise(standard, "BasicSafetyMessage", core if standard == "csae-53" else {"coreData": core}, 0)
        assert getattr(found, column) == unit.value(raw), raw


@pytest.mark.parametrize("paths", ["", ".", "a", "a.b", "a.b.c", "a b", "a.0", "0"])
@pytest.mark.parametrize(
    "value",
    [{}, {"a": 1}, {"a": None, "b": 2}, {"a": {"b": 3}}, {"a": {"b": {"c": 4}}}, {"a": ("b", 5)}, ("a", 6), ("a", {"b": 7}),
     {"a": [8]}, [9], None],
    ids=str,
)  # fmt: skip
def test_a_finder_finds_what_find_finds(paths: str, value: Any) -> None:
    row = places_of(sender=paths).sender
    assert finder(row)(value) == find(value, row)
