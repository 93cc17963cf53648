"""The unit tables: what raw integers mean, checked by hand against the standards' published descriptions."""

from __future__ import annotations

from pathlib import Path

import pytest

from rsu.errors import ConfigError
from rsu.units import LAYERS, Unit, asn1_root, load_units, read_units, schema_folders

#: (element, raw, value in the standard's unit): the raw one times the published resolution, by hand.
VALUES = [
    ("Speed", 0, 0.0),
    ("Speed", 617, 12.34),
    ("Speed", 8190, 163.8),
    ("Speed", 8191, None),
    ("Heading", 28799, 359.9875),
    ("Heading", 28800, None),
    ("CoarseHeading", 239, 358.5),
    ("CoarseHeading", 240, None),
    ("SteeringWheelAngle", -126, -189.0),
    ("SteeringWheelAngle", 127, None),
    ("Latitude", 399042000, 39.9042),
    ("Latitude", 900000000, 90.0),
    ("Latitude", 900000001, None),
    ("Longitude", 1164073963, 116.4073963),
    ("Longitude", 1800000001, None),
    ("Elevation", -4095, -409.5),
    ("Elevation", -4096, None),
    ("SemiMajorAxisAccuracy", 40, 2.0),
    ("SemiMajorAxisAccuracy", 255, None),
    ("Acceleration", -981, -9.81),
    ("Acceleration", 2001, None),
    ("VerticalAcceleration", 50, 1.0),
    ("VerticalAcceleration", -127, None),
    ("YawRate", 1234, 12.34),
    ("DSecond", 59999, 59999.0),
    ("DSecond", 60999, 60999.0),
    ("DSecond", 61000, None),
    ("DSecond", 65534, None),
    ("DSecond", 65535, None),
    ("MinuteOfTheYear", 527039, 527039.0),
    ("MinuteOfTheYear", 527040, None),
    ("TimeMark", 35999, 3599.9),
    ("TimeMark", 36001, None),
    ("TimeOffset", 65534, 655.34),
    ("TimeOffset", 65535, None),
    ("LaneWidth", 350, 3.5),
    ("VehicleWidth", 180, 1.8),
    ("VehicleWidth", 0, None),
    ("VehicleLength", 4095, 40.95),
    ("VehicleHeight", 30, 1.5),
    ("RadiusOfCurvature", -1000, -100.0),
    ("Confidence", 200, 100.0),
    ("Radius", 65535, 6553.5),
    ("PhaseID", 0, None),
]


@pytest.mark.parametrize(("element", "raw", "value"), VALUES)
def test_raw_code_means_this_much(element: str, raw: int, value: float | None) -> None:
    assert load_units("csae-53")[element].value(raw) == value


@pytest.mark.parametrize(
    ("element", "code", "words"),
    [
        ("DSecond", 60000, "leap second"),
        ("TimeMark", 36000, "an hour or more"),
        ("RadiusOfCurvature", 32767, "straight"),
        ("ParticipantData.ptcId", 0, "roadside unit itself"),
    ],
)
def test_special_code_says_so(element: str, code: int, words: str) -> None:
    assert words in load_units("csae-53")[element].special[code]


@pytest.mark.parametrize(
    ("unit", "comment"),
    [
        (Unit(unit="m/s", scale=0.02, unavailable=8191), "unit 0.02 m/s; 8191 unavailable"),
        (Unit(unit="deg", scale=1e-7), "unit 1e-7 deg"),
        (Unit(unit="deg C", scale=1, offset=-40), "unit 1 deg C; offset -40"),
        (Unit(unavailable=0, special={2: "b", 1: "a"}), "0 unavailable; 1 = a; 2 = b"),
        (
            Unit(unit="m", scale=0.1, reserved=((7, 9),), confirmed=False),
            "unit 0.1 m; 7..9 reserved; not confirmed",
        ),
    ],
    ids=["plain", "small-scale", "offset", "codes", "reserved"],
)
def test_comment_has_one_form(unit: Unit, comment: str) -> None:
    assert unit.comment() == comment


def test_offset_is_added_after_scaling() -> None:
    assert Unit(unit="deg C", scale=0.5, offset=-40).value(130) == 25.0  # 130 * 0.5 - 40


def test_day_ii_lies_over_day_i() -> None:
    below, above = load_units("csae-53"), load_units("csae-157")
    assert above["Speed"] == below["Speed"]
    assert above["Yaw"].value(-14400) == -180.0
    assert "Yaw" not in below
    assert [folder.name for folder in schema_folders("csae-157")] == ["csae-53", "csae-157"]


def test_day_ii_table_repeats_nothing_of_day_i() -> None:
    own = read_units(asn1_root() / "csae-157" / "units.toml")
    assert not own.keys() & load_units("csae-53").keys()


def test_edition_patch_changes_no_unit() -> None:
    assert load_units("csae-157?LaneEx.laneLineType=mandatory") is load_units("csae-157")


@pytest.mark.parametrize("standard", LAYERS)
def test_every_row_names_where_it_is_described(standard: str) -> None:
    assert [key for key, row in load_units(standard).items() if not row.clause] == []


def test_unknown_standard_names_the_known_ones() -> None:
    with pytest.raises(ConfigError, match=r"'csae-99': must be one of csae-53, csae-157, sae-j2735"):
        load_units("csae-99")


@pytest.mark.parametrize(
    "text",
    ["[Speed]\nunits = 'm/s'\n", "[Speed]\nscale = 'fast'\n", "[Speed\n"],
    ids=["key", "type", "syntax"],
)
def test_bad_table_names_its_file(text: str, tmp_path: Path) -> None:
    table = tmp_path / "units.toml"
    table.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=r"units\.toml"):
        read_units(table)
