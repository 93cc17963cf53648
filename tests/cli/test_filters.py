"""Times and areas as people write them."""

from __future__ import annotations

import pytest

from rsu.cli.exit_codes import UsageError
from rsu.cli.filters import area, distance_m, time_ns, time_text


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("2020-01-01T00:00:00Z", 1577836800),  # date -u -d 2020-01-01 +%s
        ("2020-01-01", 1577836800),
        ("2020-01-01T08:00:00+08:00", 1577836800),
        ("1577836800", 1577836800),
    ],
)
def test_a_time_is_utc_unless_it_says_otherwise(text: str, seconds: int) -> None:
    assert time_ns("--since", text) == seconds * 1_000_000_000


def test_fractions_of_a_second_are_kept() -> None:
    assert time_ns("--since", "2020-01-01T00:00:00.123456Z") == 1577836800_123456000
    assert time_ns("--since", "1577836800.123456789") == 1577836800_123456789


def test_no_text_is_no_time() -> None:
    assert time_ns("--since", "") is None


@pytest.mark.parametrize("text", ["yesterday", "2020-13-01", "12:00", "-5"])
def test_a_time_nobody_can_read_is_a_usage_error(text: str) -> None:
    with pytest.raises(UsageError, match="--since"):
        time_ns("--since", text)


def test_times_in_tables_have_milliseconds() -> None:
    assert time_text(1577836800_123456789) == "2020-01-01 00:00:00.123"
    assert time_text(0) == ""


def test_one_degree_along_a_meridian() -> None:
    # 2 pi 6371008.8 m / 360
    assert distance_m((40.0, -105.0), (41.0, -105.0)) == pytest.approx(111_195.08, abs=0.01)


@pytest.mark.parametrize(("metres_north", "inside"), [(0, True), (99, True), (101, False)], ids=["centre", "inside", "outside"])
def test_near_is_a_circle(metres_north: float, inside: bool) -> None:
    circle = area("40.0,-105.0,100", "")
    assert circle is not None
    assert circle.holds(round((40 + metres_north / 111_195.08) * 1e7), -1_050_000_000) is inside


def test_the_corner_of_the_box_around_a_circle_is_not_near() -> None:
    circle = area("40.0,-105.0,100", "")
    assert circle is not None
    assert not circle.holds(circle.north_e7 - 10, circle.east_e7 - 10)


def test_an_unknown_position_is_in_no_area() -> None:
    box = area("", "-90,-180,90,180")
    assert box is not None
    assert box.holds(0, 0)
    assert not box.holds(None, 0)


def test_areas_may_cross_the_180th_meridian() -> None:
    for crossing in (area("-17.0,179.999,1000", ""), area("", "-18,179,-16,-179")):
        assert crossing is not None
        assert crossing.holds(-170_000_000, -1_799_990_000)
        assert not crossing.holds(-170_000_000, 0)


def test_every_longitude_is_near_a_pole() -> None:
    circle = area("89.9999,0,1000", "")
    assert circle is not None
    assert circle.holds(899_999_000, 1_799_999_999)


@pytest.mark.parametrize(
    ("near", "bbox"),
    [
        ("40,-105", ""),
        ("40,-105,0", ""),
        ("40,-105,nan", ""),
        ("91,0,10", ""),
        ("", "1,2,3"),
        ("", "41,0,40,1"),
        ("", "0,0,0,181"),
        ("1,2,3", "1,2,3,4"),
    ],
)
def test_an_area_nobody_can_read_is_a_usage_error(near: str, bbox: str) -> None:
    with pytest.raises(UsageError, match=r"--near|--bbox"):
        area(near, bbox)
