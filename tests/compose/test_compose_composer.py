"""Ticks, counters, moments and numbers of composed messages, and places against pymap3d."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import compose_tracks as scene
import numpy as np
import pymap3d
import pytest
from compose_tracks import MS, NOW, ORIGIN, at, number_of, observed, read, told, tracks
from hypothesis import given, settings
from hypothesis import strategies as st

from rsu.compose.moments import d_date_time
from rsu.compose.numbers import LAST, Numbers
from rsu.compose.placing import OFFSET_MAX, degrees_e7, offset_ll, ref_pos
from rsu.observe import summarise
from rsu.observe.arrays import Origin
from rsu.observe.enu import to_enu
from rsu.standards import STANDARDS

TICK = 100 * MS


def ns(text: str) -> int:
    moment = datetime.fromisoformat(text).replace(tzinfo=UTC)
    return round((moment - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds() * 1_000) * MS


# Ticks -------------------------------------------------------------------------------------------------------------------


def test_a_tick_that_comes_early_counts_and_an_extra_one_does_not() -> None:
    unit = scene.composer("csae-53")
    sent = [bool(unit.due(at(tracks(1), NOW + ms * MS), NOW + ms * MS)) for ms in (0, 50, 74, 75, 174, 175, 900, 899, 400, 450)]
    # 25 ms early at most, and then the next one is due in its time; a clock that is set back by a period begins anew
    assert sent == [True, False, False, True, False, True, True, False, True, False]


def test_called_more_often_it_tells_ten_times_a_second() -> None:
    unit = scene.composer("csae-53")
    assert sum(bool(unit.due(at(tracks(1), NOW + ms * MS), NOW + ms * MS)) for ms in range(0, 1_980, 20)) == 20


@pytest.mark.parametrize(
    ("standard", "message", "aid"),
    [
        ("csae-53", "RoadsideSafetyMessage", 3_623),
        ("csae-157", "RoadsideSafetyMessage", 3_623),
        ("csae-157", "SensorSharingMsg", None),
        ("sae-j2735", "SensorDataSharingMessage", 0x90),
    ],
)
def test_what_goes_to_the_air_has_its_service_and_priority(standard: str, message: str, aid: int | None) -> None:
    (sent,) = scene.composer(standard, message).due(tracks(3), NOW)
    assert (sent.standard, sent.type, sent.aid, sent.priority) == (standard, message, aid, 208)
    assert (sent.period_ms, sent.key) == (0, "")  # once, and each in its place: several of a tick do not replace each other


def test_the_service_of_day_two_is_a_setting() -> None:
    (sent,) = scene.composer("csae-157", "SensorSharingMsg", ssm_aid=3_700).due(tracks(1), NOW)
    assert sent.aid == 3_700


def test_messages_are_counted_by_kind_and_wrap_at_128() -> None:
    unit = scene.composer("csae-157", first_msg_cnt=126)
    assert [read(one)["msgCnt"] for one in unit.due(tracks(50), NOW)] == [126, 127, 0, 1]
    assert [read(one)["msgCnt"] for one in unit.due(at(tracks(5), NOW + TICK), NOW + TICK)] == [2]
    both = scene.Composer(
        "csae-157",
        ORIGIN,
        b"RSU00001",
        scene.schema_of("csae-157"),
        scene.Parameters(messages=("SensorSharingMsg", "RoadsideSafetyMessage")),
        5,
    )
    assert [(one.type[:3], read(one)["msgCnt"]) for one in both.due(tracks(20), NOW)] == [("Sen", 5), ("Roa", 5), ("Roa", 6)]


# Moments -----------------------------------------------------------------------------------------------------------------

WRAPS = [
    "2026-05-12T00:30:59.999",
    "2026-05-12T00:31:00.000",
    "2026-05-12T00:59:59.999",
    "2026-05-12T01:00:00.000",
    "2025-12-31T23:59:59.999",
    "2026-01-01T00:00:00.000",
    "2024-02-29T23:59:59.950",
    "2024-12-31T23:59:59.999",
]


@pytest.mark.parametrize("moment", WRAPS)
@pytest.mark.parametrize("ahead_ms", [-900, -1, 0, 1, 900])
@pytest.mark.parametrize(("standard", "message"), scene.KINDS)
def test_moments_are_right_at_the_wraps_of_minute_hour_and_year(
    standard: str, message: str, moment: str, ahead_ms: int
) -> None:
    now_ns = ns(moment)
    sent = scene.composer(standard, message).due(tracks(1, time_ns=now_ns + ahead_ms * MS, seen_ns=now_ns), now_ns)
    assert observed(sent, now_ns)["event_time_ns"].tolist() == [now_ns + ahead_ms * MS]


def test_moments_in_codes() -> None:
    now_ns = ns("2025-12-31T23:59:59.999") + 999_999
    (broadcast,) = scene.composer("sae-j2735").due(tracks(1, time_ns=now_ns + 1), now_ns)
    date = {"year": 2025, "month": 12, "day": 31, "hour": 23, "minute": 59, "second": 59_999, "offset": 0}
    assert (read(broadcast)["sDSMTimeStamp"], told(broadcast)[0]["measurementTime"]) == (date, -1)
    assert d_date_time(now_ns + 1) == {"year": 2026, "month": 1, "day": 1, "hour": 0, "minute": 0, "second": 0, "offset": 0}
    (broadcast,) = scene.composer("csae-53").due(tracks(1, time_ns=now_ns + 1), now_ns)
    assert told(broadcast)[0]["secMark"] == 0
    (broadcast,) = scene.composer("csae-157", "SensorSharingMsg").due(tracks(1, time_ns=now_ns + 1), now_ns)
    assert (read(broadcast)["secMark"], told(broadcast)[0]["secMark"]) == (59_999, 0)


@pytest.mark.parametrize(("standard", "message"), scene.KINDS)
def test_the_summary_of_a_message_is_the_unit_its_place_and_moment(standard: str, message: str) -> None:
    unit = scene.composer(standard, message)
    (broadcast,) = unit.due(tracks(1), NOW)
    assert broadcast.type in {row.name for row in STANDARDS[standard].messages}
    summary = summarise(standard, broadcast.type, read(broadcast), NOW + 20 * MS)
    assert (summary.sender, summary.event_time_ns) == (unit.sender, NOW)
    assert (summary.lat_e7, summary.lon_e7) == (312_301_234, 1_214_701_234)


def test_a_clock_that_is_known_says_how_well() -> None:
    for std_s, word in ((0.0, "unavailable"), (0.001, "time-000-002"), (0.02, "time-000-050"), (100.0, "unavailable")):
        (broadcast,) = scene.composer("sae-j2735", clock_std_s=std_s).due(tracks(1), NOW)
        assert told(broadcast)[0]["timeConfidence"] == word


# Numbers -----------------------------------------------------------------------------------------------------------------


def test_a_road_user_keeps_its_number_from_tick_to_tick_and_in_all_kinds() -> None:
    made = tracks(3, id=[5, LAST + 5, 2 * LAST + 6])
    unit = scene.composer("csae-157")
    first = [number_of(one) for one in told(unit.due(made, NOW)[0])]
    assert first == [5, 6, 7]  # 5 and 6 are taken when the second and third ask for theirs
    second = unit.due(at(made[[2]], NOW + TICK), NOW + TICK)
    assert [number_of(one) for one in told(second[0])] == [7]
    third = unit.due(at(made[[1, 0]], NOW + 2 * TICK), NOW + 2 * TICK)
    assert [number_of(one) for one in told(third[0])] == [5, 6]


def test_numbers_never_run_out_and_are_never_given_twice_at_a_time() -> None:
    numbers = Numbers(kept_max=8)
    for first in range(1, 3 * LAST, 9_001):
        called = numbers.of(list(range(first, first + 8)))
        assert len(set(called)) == 8 and all(1 <= number <= LAST for number in called)
    assert numbers.of([2**32 - 1, 0]) == [LAST, 1]  # 2³² − 1 = 65535 · 65537: both ask for 65535


def test_of_the_numbers_kept_the_one_not_asked_for_longest_is_free_again() -> None:
    numbers = Numbers(kept_max=2)
    assert numbers.of([1, 2]) == [1, 2]
    assert numbers.of([1]) == [1]
    assert numbers.of([3]) == [3]  # takes the place of 2
    assert numbers.of([1, LAST + 2]) == [1, 2]


# Limits --------------------------------------------------------------------------------------------------------------------


def test_tracks_beyond_the_bound_are_left_out_and_counted() -> None:
    for count, lost in ((4, 0), (5, 1)):
        unit = scene.composer("csae-53", tracks_max=4)
        sent = unit.due(tracks(count), NOW)
        assert (len(told(sent[0])), unit.left_out["too-many"]) == (4, lost)


def test_a_track_that_is_there_twice_is_told_once() -> None:
    unit = scene.composer("csae-53")
    assert len(told(unit.due(tracks(3, id=[4, 4, 9]), NOW)[0])) == 2


# Places --------------------------------------------------------------------------------------------------------------------

ORIGINS = [ORIGIN, Origin(-33.9, 18.4, -5.0), Origin(0.0, 180.0, 0.0), Origin(68.4, -179.99999, 900.0)]


@pytest.mark.parametrize("origin", ORIGINS, ids=["Shanghai", "south", "date-line", "north"])
def test_places_agree_with_pymap3d(origin: Origin) -> None:
    """pymap3d: the track raised or lowered until it is at the height of the reference."""
    x, y = (each.ravel() for each in np.meshgrid([-20_000.0, -90.0, 0.0, 0.3, 25_000.0], [-25_000.0, 0.0, 12.0, 20_000.0]))
    up = np.zeros_like(x)
    for _ in range(4):
        lat, lon, height = pymap3d.enu2geodetic(x, y, up, *origin)
        up -= height - origin.elevation_m
    place = ref_pos(origin)
    east, north, fits = degrees_e7(x, y, origin)
    assert fits.all()
    assert np.abs(place["lat"] + north - lat * 1e7).max() <= 0.51
    turn = (place["long"] + east - lon * 1e7 + 1.8e9) % 3.6e9 - 1.8e9
    assert np.abs(turn).max() <= 0.51


@settings(max_examples=50, deadline=None)
@given(lat=st.floats(-75, 75), x=st.floats(-90_000, 90_000), y=st.floats(-90_000, 90_000), elevation=st.floats(-400, 6_000))
def test_a_place_is_where_the_reader_puts_it(lat: float, x: float, y: float, elevation: float) -> None:
    origin = Origin(lat, 11.5, elevation)
    east, north, fits = degrees_e7(np.array([x]), np.array([y]), origin)
    if fits[0]:
        place = ref_pos(origin)
        back = to_enu((place["lat"] + north) * 1e-7, (place["long"] + east) * 1e-7, np.array([elevation]), origin)[:, 0]
        assert np.hypot(back[0] - x, back[1] - y) <= 0.009  # half a code each way: 5.6 mm


def test_offsets_of_sdsm_count_from_the_reference_position_as_it_is_told() -> None:
    """The origin lies 5.4 mm north and 4.7 mm east of its code: 47 mm from it are more than 51 mm, which is 1 dm."""
    origin = Origin(31.2301234 + 0.49e-7, 121.4701234 + 0.49e-7)
    (broadcast,) = scene.composer("sae-j2735", origin=origin).due(tracks(1, x=0.047, y=0.047), NOW)
    assert told(broadcast)[0]["pos"] == {"offsetX": 1, "offsetY": 1}


@pytest.mark.parametrize(("code", "alternative"), [(2_047, 1), (-2_048, 1), (2_048, 2), (-2_049, 2), (-8_388_608, 6)])
def test_the_ranges_of_offsets_reach_one_farther_below(code: int, alternative: int) -> None:
    assert offset_ll(code, 0)["offsetLL"][0] == offset_ll(0, code)["offsetLL"][0] == f"position-LL{alternative}"


@given(st.integers(-OFFSET_MAX, OFFSET_MAX), st.integers(-OFFSET_MAX, OFFSET_MAX))
def test_the_alternative_of_an_offset_is_the_first_whose_range_holds_both(east: int, north: int) -> None:
    ranges: list[tuple[str, int]] = [(f"position-LL{n}", bits) for n, bits in enumerate((12, 14, 16, 18, 22, 24), 1)]
    held: list[Any] = [name for name, bits in ranges if all(-(1 << bits - 1) <= v < 1 << bits - 1 for v in (east, north))]
    assert offset_ll(east, north)["offsetLL"] == (held[0], {"lon": east, "lat": north})
