"""What is told of tracks is valid, is what an independent decoder reads, and comes back as the tracks it was made of."""

from __future__ import annotations

import math
from typing import Any

import compose_tracks as scene
import numpy as np
import pytest
from compose_tracks import KINDS, MS, NOW, ORIGIN, SECOND, number_of, observed, read, told, tracks
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from rsu.compose import said
from rsu.compose.composer import Composer
from rsu.compose.confidence import SAE_YAW, TIME_S, UNAVAILABLE, YAW_DPS
from rsu.compose.parameters import Parameters as Chosen
from rsu.errors import ConfigError
from rsu.fusion import Fusion, Parameters
from rsu.fusion.tracks import TRACK
from rsu.observe.accuracies import HEADING_DEG, POSITION_M, SPEED_MPS
from rsu.observe.arrays import BICYCLE, DETECTION, OTHER, PEDESTRIAN, UNKNOWN, VEHICLE, Origin, empty
from rsu.observe.classes import SOURCES
from rsu.schema import built_in_texts
from rsu.units import load_units

ID = b"0123456789abcdef"
TOP_MPS = 8_190 * 0.02


@pytest.fixture(params=KINDS, ids=[f"{message} of {standard}" for standard, message in KINDS])
def kind(request: pytest.FixtureRequest) -> tuple[str, str]:
    found: tuple[str, str] = request.param
    return found


# Random tracks, there and back ------------------------------------------------------------------------------------------


def numbers(*edges: float, least: float, most: float) -> st.SearchStrategy[float]:
    return st.sampled_from((math.nan, *edges)) | st.floats(least, most)


@st.composite
def random_tracks(draw: st.DrawFn) -> Any:
    """Anything a filter may hand on, edges often; ids in any order."""
    count = draw(st.integers(1, 24))
    made = tracks(count)
    ids = st.integers(0, 2**32 - 1) | st.sampled_from((0, 1, 65_535, 65_536, 65_537, 131_071))
    made["id"] = draw(st.lists(ids, min_size=count, max_size=count, unique=True))
    turn = (0.0, math.pi, -math.pi, math.pi / 2, math.pi / 2 - 1e-5, math.pi / 2 + 1e-5, -math.pi / 2)
    place = numbers(math.inf, 0.0, -0.05, 3_276.6, 3_277.0, -3_276.6, 75_000.0, -95_000.0, 1e300, least=-300, most=300)
    columns: dict[str, st.SearchStrategy[float]] = {
        "x": place,
        "y": place,
        "heading": numbers(*turn, least=-math.pi, most=math.pi),
        "speed": numbers(math.inf, 0.0, TOP_MPS, TOP_MPS + 0.02, least=0, most=70),
        "yaw_rate": numbers(math.inf, 0.0, 10.0, -10.0, least=-1, most=1),
        "length": numbers(0.0, 0.004, 40.95, 60.0, least=0.3, most=20),
        "width": numbers(0.0, 0.004, 10.23, 12.0, least=0.3, most=3),
        "height": numbers(0.0, 0.004, 6.35, 200.0, least=0.3, most=4),
    }
    for name, values in columns.items():
        made[name] = draw(arrays.arrays("f8", count, elements=values))
    variance = numbers(0.0, -1.0, 1e-12, 1e6, math.inf, least=1e-5, most=4)
    for place_of in range(5):
        made["cov"][:, place_of, place_of] = draw(arrays.arrays("f8", count, elements=variance))
    made["cls"] = draw(arrays.arrays("u1", count, elements=st.integers(0, 4)))
    names = st.sampled_from((b"", ID, b"01234567", b"box-7"))
    made["sender"] = draw(st.lists(names, min_size=count, max_size=count))
    made["self_ns"] = draw(arrays.arrays("i8", count, elements=st.sampled_from((0, NOW, NOW - 2 * SECOND))))
    made["time_ns"] += draw(arrays.arrays("i8", count, elements=st.integers(-1_200 * MS, 1_200 * MS)))
    return made


def tellable(made: Any, standard: str) -> Any:
    """By the words of the brief: a moment within a second, a place within the offsets' reach."""
    reach = 3_276.7 if standard == "sae-j2735" else 80_000.0  # 0.838 degree is 79.9 km east at 31 N, and 93.0 km north
    with np.errstate(invalid="ignore"):
        good = (np.abs(made["x"]) < reach) & (np.abs(made["y"]) < reach)
    return good & (np.abs(NOW // MS - made["time_ns"] // MS) <= 1_000)


@settings(max_examples=40, deadline=None)
@given(made=random_tracks())
@pytest.mark.parametrize(("standard", "message"), KINDS)
def test_a_receiver_gets_the_tracks_back_within_the_codes(standard: str, message: str, made: Any) -> None:
    unit = scene.composer(standard, message)
    sent = unit.due(made, NOW)
    good = made[tellable(made, standard)]
    good = good[np.argsort(good["id"])]
    calls = [number_of(one) for broadcast in sent for one in told(broadcast)]
    assert len(set(calls)) == len(calls) == len(good) and all(1 <= call <= 65_535 for call in calls)
    assert sum(unit.left_out.values()) == len(made) - len(good)
    if not sent:
        return
    back = observed(sent, NOW)
    if message == "SensorSharingMsg":  # participants come before obstacles
        good = np.concatenate([good[good["cls"] != OTHER], good[good["cls"] == OTHER]])
    _compare(good, back, standard, message)


def _compare(good: Any, back: Any, standard: str, message: str) -> None:
    sae = standard == "sae-j2735"
    assert (back["event_time_ns"] == good["time_ns"] // MS * MS).all()
    assert np.abs(back["x"] - good["x"]).max() <= (0.0501 if sae else 0.006)
    assert np.abs(back["y"] - good["y"]).max() <= (0.0501 if sae else 0.006)
    fast = ~(good["speed"] <= TOP_MPS)
    _near(back["speed"], np.where(fast, np.nan, good["speed"]), 0.0101)
    lost = ~np.isfinite(good["heading"]) | (good["cov"][:, 2, 2] > math.radians(60) ** 2)
    turn = np.where(lost, np.nan, good["heading"]) - back["heading"]
    _near((turn + math.pi) % (2 * math.pi), np.where(lost, np.nan, math.pi), math.radians(0.00626))
    known = {"RoadsideSafetyMessage": (VEHICLE, PEDESTRIAN, BICYCLE)}.get(message, (VEHICLE, PEDESTRIAN, BICYCLE, OTHER))
    assert (back["cls"] == np.where(np.isin(good["cls"], known), good["cls"], UNKNOWN)).all()
    turns = (good["cls"] == VEHICLE) & np.isfinite(good["yaw_rate"])
    most = math.radians(327.67)
    _near(back["yaw_rate"], np.where(turns, np.clip(good["yaw_rate"], -most, most), np.nan), math.radians(0.00501))
    _confidences(good, back, lost, sae)
    _sizes(good[good["cls"] == VEHICLE], back[good["cls"] == VEHICLE])


def _near(found: Any, expected: Any, tolerance: float) -> None:
    assert (np.isnan(found) == np.isnan(expected)).all()
    assert (np.abs(found - expected)[~np.isnan(expected)] <= tolerance).all()


def _confidences(good: Any, back: Any, lost: Any, sae: bool) -> None:
    """Never finer than the truth, and coarser by the widest step of the classes, a factor of ten, at most."""
    own = 0.1**2 if sae else 0.0  # the reference position has an error of its own in SDSM
    a, c = good["cov"][:, 0, 0], good["cov"][:, 1, 1]
    largest = np.where(np.isnan(a + c), np.nan, np.maximum(a, c))
    for found, variance, finest, coarsest, dark in (
        (np.sqrt(back["cxx"] - own), largest, 0.01, 500, False),
        (back["speed_std"], good["cov"][:, 3, 3], 0.01, 100, False),
        (back["heading_std"], good["cov"][:, 2, 2], math.radians(0.01), math.radians(10), lost),
    ):
        with np.errstate(invalid="ignore"):
            wide = 1.959963984540054 * np.sqrt(np.where(variance > 0, variance, np.nan))
        said_nothing = ~(wide <= coarsest) | dark
        assert (np.isnan(found) == said_nothing).all()
        ratio = 1.959963984540054 * found[~said_nothing] / np.maximum(wide[~said_nothing], finest)
        assert ((ratio >= 1 - 1e-6) & (ratio <= 10 + 1e-6)).all()


def _sizes(good: Any, back: Any) -> None:
    for name, step, most in (("length", 0.01, 40.95), ("width", 0.01, 10.23), ("height", 0.05, 6.35)):
        size = np.where(good[name] > 0, np.clip(good[name].astype("f8"), step, most), np.nan)
        _near(back[name].astype("f8"), size, step / 2 + 1e-5)


# By an independent decoder ----------------------------------------------------------------------------------------------


@settings(max_examples=12, deadline=None)
@given(made=random_tracks())
@pytest.mark.parametrize(("standard", "message"), KINDS)
def test_asn1tools_reads_the_same(standard: str, message: str, made: Any) -> None:
    for broadcast in scene.composer(standard, message).due(made, NOW):
        assert scene.oracle_of(standard)(broadcast.payload) == read(broadcast)


# One case at a time -----------------------------------------------------------------------------------------------------


def one(standard: str, message: str = "", now_ns: int = NOW, **columns: Any) -> dict[str, Any]:
    """What is told of one track."""
    (broadcast,) = scene.composer(standard, message).due(tracks(1, **{"time_ns": now_ns, "seen_ns": now_ns, **columns}), now_ns)
    return told(broadcast)[0]


@pytest.mark.parametrize(
    ("east_of_north_deg", "code"),
    [(0.0, 0), (90.0, 7_200), (180.0, 14_400), (270.0, 21_600), (359.99, 28_799), (359.9938, 0), (-0.001, 0), (0.0125, 1)],
    ids=str,
)
def test_headings_are_clockwise_from_north_and_360_is_0(kind: tuple[str, str], east_of_north_deg: float, code: int) -> None:
    assert one(*kind, heading=math.radians(90 - east_of_north_deg))["heading"] == code


@pytest.mark.parametrize(
    ("columns", "source"),
    [
        ({}, "integrated"),
        ({"sender": ID, "self_ns": NOW}, "integrated"),
        ({"sender": ID, "self_ns": NOW, "seen_ns": 0}, "v2x"),
        ({"sender": ID, "self_ns": NOW - 3 * SECOND}, "integrated"),
    ],
    ids=["seen", "seen-and-heard", "heard", "heard-long-ago"],
)
def test_the_source_is_what_a_track_lives_on(columns: dict[str, Any], source: str) -> None:
    assert one("csae-53", **columns)["source"] == source


def test_a_unit_with_cameras_alone_says_so() -> None:
    unit = scene.composer("csae-53", perceived_source="video")
    assert told(unit.due(tracks(1), NOW)[0])[0]["source"] == "video"


@pytest.mark.parametrize(
    ("sender", "told_id"),
    [(ID, bytes.fromhex("0123456789abcdef")), (b"", None), (b"01234567", None), (b"box-7", None), (b"\xff", None)],
    ids=["of a BSM", "none", "of J2735", "no hex", "no text"],
)
def test_the_id_of_its_own_messages_goes_with_a_participant(sender: bytes, told_id: bytes | None) -> None:
    assert one("csae-53", sender=sender, self_ns=NOW).get("id") == told_id


@pytest.mark.parametrize(
    ("metres", "alternative"),
    [
        (0.0, "position-LL1"),
        (22.6, "position-LL1"),  # 2047e-7 degree north are 22.7 m
        (22.9, "position-LL2"),
        (90.0, "position-LL2"),
        (91.5, "position-LL3"),
        (-363.0, "position-LL3"),
        (-364.5, "position-LL4"),
        (1_450.0, "position-LL4"),
        (1_460.0, "position-LL5"),
        (23_200.0, "position-LL5"),
        (23_400.0, "position-LL6"),
        (92_800.0, "position-LL6"),
    ],
)
def test_an_offset_takes_the_smallest_alternative_that_reaches(metres: float, alternative: str) -> None:
    assert one("csae-53", y=metres)["pos"]["offsetLL"][0] == alternative


def test_a_track_beyond_the_offsets_is_left_out_and_counted() -> None:
    for standard, metres in (("csae-53", 94_000.0), ("csae-53", 1e300), ("sae-j2735", -3_277.0)):
        unit = scene.composer(standard)
        (broadcast,) = unit.due(tracks(2, y=[metres, 5.0]), NOW)
        assert ([number_of(each) for each in told(broadcast)], unit.left_out) == ([2], {"beyond-range": 1})


def test_turning_left_pulls_to_the_left() -> None:
    """15 m/s on a circle of 50 m: 0.3 rad/s = 17.19 deg/s against the clock, 4.5 m/s² to the left."""
    for kind in KINDS:
        turning = one(*kind, speed=15.0, yaw_rate=0.3)
        acceleration = turning.get("accelSet", turning.get("accel4way"))
        assert acceleration == {"long": 2_001, "lat": -450, "vert": -127, "yaw": -1_719}


@pytest.mark.parametrize(
    ("std_m", "name"),
    [(0.05, "a10cm"), (0.0510, "a10cm"), (0.0511, "a20cm"), (0.5, "a1m"), (0.6, "a2m"), (255.0, "a500m"), (256.0, UNAVAILABLE)],
)
def test_the_class_of_a_position_is_the_finest_that_holds_with_95_percent(std_m: float, name: str) -> None:
    cov = np.diag([std_m**2, 1e-6, 1e-4, 0.01, 1e-4])
    assert one("csae-53", cov=cov)["posConfidence"]["pos"] == name


def test_the_longer_axis_of_a_slanting_ellipse_counts() -> None:
    """Variances of 0.41 and 0.01 m² at 45 degrees: 1.96 · 0.46 = 0.90 m east and north, but 1.96 · 0.64 = 1.25 m along it."""
    cov = np.diag([0.21, 0.21, 1e-4, 0.01, 1e-4])
    cov[0, 1] = cov[1, 0] = 0.20
    assert one("csae-53", cov=cov)["posConfidence"]["pos"] == "a2m"


def test_classes_that_are_told_again_stay_the_same() -> None:
    for name, metres in POSITION_M.items():
        cov = np.diag([(metres / 1.959963984540054) ** 2] * 2 + [1e-4, 0.01, 1e-4])
        assert one("csae-53", cov=cov)["posConfidence"]["pos"] == name


def test_nothing_is_told_of_a_moment_long_ago_of_a_guess_or_of_nowhere() -> None:
    times = [NOW, NOW, NOW - 1_001 * MS, NOW - 1_000 * MS, NOW + 1_001 * MS]
    made = tracks(5, x=[math.nan, 0, 0, 0, 0], status=[1, 0, 1, 1, 1], time_ns=times)
    unit = scene.composer("csae-53")
    (broadcast,) = unit.due(made, NOW)
    assert [number_of(each) for each in told(broadcast)] == [4]
    assert unit.left_out == {"no-position": 1, "tentative": 1, "stale": 2}


def test_what_only_others_tell_is_not_told_again() -> None:
    """Else two units keep a road user alive for each other that neither sees."""
    made = tracks(4, seen_ns=[0, NOW - 1_001 * MS, NOW - 1_000 * MS, 0], self_ns=[0, 0, 0, NOW - 1_001 * MS])
    made["sender"][3] = ID
    unit = scene.composer("csae-53")
    (broadcast,) = unit.due(made, NOW)
    assert ([number_of(each) for each in told(broadcast)], unit.left_out) == ([3], {"second-hand": 3})


def test_with_nobody_there_is_no_message(kind: tuple[str, str]) -> None:
    assert scene.composer(*kind).due(np.zeros(0, TRACK), NOW) == []


def test_the_largest_messages_fit_into_a_radio_frame() -> None:
    full = {"sender": ID, "self_ns": NOW, "speed": 9.0, "length": 4.0, "width": 2.0, "height": 1.5}
    lengths = {}
    for standard, message in KINDS:
        x = 60.0 if standard == "sae-j2735" else -60_000.0
        sent = scene.composer(standard, message).due(tracks(32, x=x, **full), NOW)
        lengths[standard, message] = max(len(broadcast.payload) for broadcast in sent)
    assert all(length <= 2_302 - 200 for length in lengths.values()), lengths  # room for a signature and a certificate


# Ourselves, and the tables -----------------------------------------------------------------------------------------------


def test_our_own_message_heard_back_is_not_taken_in(kind: tuple[str, str]) -> None:
    unit = scene.composer(*kind)
    back = observed(unit.due(tracks(5, x=[0, 10, 20, 30, 40]), NOW), NOW)
    assert set(back["sender"].tolist()) == {unit.sender.encode()}
    for own, taken in ((unit.sender,), 0), ((), 5):
        fusion = Fusion(Parameters(own_senders=own))
        fusion.step(back, NOW + 20 * MS)
        assert fusion.counters.taken == taken


@pytest.mark.parametrize(("standard", "message"), KINDS)
def test_another_unit_that_sees_nothing_itself_gets_the_picture(standard: str, message: str) -> None:
    """A car that a box of this unit sees, 10 m/s to the north-east over the end of a minute; the other unit hears us alone."""
    here, there, unit = Fusion(Parameters()), Fusion(Parameters()), scene.composer(standard, message)
    start_ns = NOW - NOW % (60 * SECOND) + 59 * SECOND
    for tick in range(20):
        now_ns = start_ns + tick * 100 * MS
        seen = empty(1)
        seen["event_time_ns"] = seen["receive_time_ns"] = now_ns
        seen["kind"], seen["cls"], seen["source"], seen["sender"], seen["object"] = DETECTION, VEHICLE, b"box", b"box", b"1"
        seen["x"] = seen["y"] = 10 * math.sqrt(0.5) * tick * 0.1
        seen["cxx"] = seen["cyy"] = 0.04
        seen["cxy"], seen["heading"], seen["speed"] = 0.0, math.pi / 4, 10.0
        here.step(seen, now_ns)
        sent = unit.due(here.tracks(now_ns), now_ns)
        if sent:
            there.step(observed(sent, now_ns), now_ns + 20 * MS)
    (track,) = there.tracks(now_ns)
    assert math.hypot(track["x"] - seen["x"][0], track["y"] - seen["y"][0]) < 0.3
    assert (track["cls"], abs(track["speed"] - 10.0) < 0.5, abs(track["heading"] - math.pi / 4) < 0.05) == (VEHICLE, True, True)


def test_codes_are_those_of_the_tables_of_units() -> None:
    for standard in ("csae-157", "sae-j2735"):
        units = load_units(standard)
        for name, scale, unavailable in (
            ("Speed", said.SPEED_MPS, said.SPEED_UNAVAILABLE),
            ("Heading", said.HEADING_DEG, said.HEADING_UNAVAILABLE),
            ("Acceleration", said.ACCELERATION_MPS2, said.ACCELERATION_UNAVAILABLE),
            ("VerticalAcceleration", 0.02, said.VERTICAL_UNAVAILABLE),
            ("YawRate", said.YAW_DPS, None),
            ("VehicleWidth", said.WIDTH_M, 0),
            ("VehicleLength", said.LENGTH_M, 0),
            ("VehicleHeight", said.HEIGHT_M, 0),
            ("SizeValue", said.SIZE_M, None),
        ):
            assert (units[name].scale, units[name].unavailable) == (scale, unavailable), (standard, name)
    assert load_units("sae-j2735")["AttachmentRadius"].scale == said.RADIUS_M


@pytest.mark.parametrize("words", [POSITION_M, SPEED_MPS, HEADING_DEG, YAW_DPS, TIME_S, SAE_YAW], ids=range(6))
def test_every_word_of_confidence_is_one_of_the_schema(words: Any) -> None:
    standard = "sae-j2735" if words is SAE_YAW or words is TIME_S else "csae-157"
    text = " ".join(content for _, content in built_in_texts(standard))
    assert all(f" {word} " in text for word in (words.values() if words is SAE_YAW else words))


@pytest.mark.parametrize(
    ("standard", "origin", "unit_id", "parameters", "says"),
    [
        ("csae-53", ORIGIN, b"RSU1", {}, "must be 8 octets"),
        ("sae-j2735", ORIGIN, b"RSU00001", {}, "must be 4 octets"),
        ("csae-53", Origin(91.0, 0.0), b"RSU00001", {}, "must be ±90"),
        ("csae-53", Origin(0.0, 0.0, 7_000.0), b"RSU00001", {}, "elevation"),
        ("csae-53", ORIGIN, b"RSU00001", {"rsm_participants_max": 17}, "must be 1..16"),
        ("csae-53", ORIGIN, b"RSU00001", {"messages_max": 0}, "must be 1..64"),
        ("csae-53", ORIGIN, b"RSU00001", {"messages": ("SensorSharingMsg",)}, "one of RoadsideSafetyMessage in csae-53"),
        ("csae-53", ORIGIN, b"RSU00001", {"perceived_source": "ears"}, f"must be one of {', '.join(SOURCES)}"),
        ("ets", ORIGIN, b"RSU00001", {}, "standard 'ets'"),
    ],
)
def test_what_cannot_be_is_refused_by_name(standard: str, origin: Origin, unit_id: bytes, parameters: Any, says: str) -> None:
    with pytest.raises(ConfigError, match=says.replace("(", "\\(")):
        Composer(standard, origin, unit_id, scene.schema_of("csae-53"), Chosen(**parameters))
