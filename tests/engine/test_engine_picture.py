"""The engine carries fusion: what is stored becomes tracks at each tenth of a second of the engine's time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

pytest.importorskip("scipy", reason="fusion needs scipy")

from rsu.engine import Engine, Outcome, Settings, Stored
from rsu.engine import picture as picture_module
from rsu.engine.picture import AHEAD_NS, TICK_NS, Picture
from rsu.fusion import Parameters
from rsu.observe.arrays import PEDESTRIAN, VEHICLE
from rsu.received import Received
from tests.engine.moving import LATENCY_MS, MS, ORIGIN, SPEED_MPS, START_NS, drive, heard, schemas, seen

SECOND_NS = 1_000_000_000


def engine(**settings: Any) -> Engine:
    return Engine(Settings(origin=ORIGIN, **settings), schemas())


def picture_of(one: Engine) -> Picture:
    assert one.picture is not None
    return one.picture


def pictures(one: Engine, records: Iterable[Received]) -> Iterator[NDArray[np.void]]:
    """What each tick shows while the records are stepped through at their receive times."""
    for record in records:
        while at_ns := one.picture_due(record.receive_time_ns):
            yield one.look(at_ns)
        one.step(record, record.receive_time_ns)


def stored(record: Received) -> tuple[Stored, Any]:
    """The record as stored, with its decoded message."""
    outcome = Engine(Settings(), schemas()).step(record, record.receive_time_ns)
    assert isinstance(outcome, Stored)
    value = schemas()["sae-j2735"].decode("MessageFrame", record.data)["value"][1] if record.content == "message" else None
    return outcome, value


# What is fused ----------------------------------------------------------------------------------------------------------


def test_a_car_that_is_heard_ten_times_a_second_is_one_track_where_it_is_at_the_tick() -> None:
    one = engine()
    *_, last = pictures(one, drive(5))
    assert len(last) == 1 and last["cls"][0] == VEHICLE and last["sender"][0] == b"01020304"
    seconds = (int(last["time_ns"][0]) - START_NS) / SECOND_NS
    assert last["y"][0] == pytest.approx(-50 + SPEED_MPS * seconds, abs=0.3)  # the BSM of 40 ms ago, moved on
    assert last["x"][0] == pytest.approx(0, abs=0.1) and last["speed"][0] == pytest.approx(SPEED_MPS, abs=0.2)
    tracks, time_ns = one.tracks
    assert time_ns == last["time_ns"][0] and tracks is last


def test_ticks_fall_on_multiples_of_a_tenth_of_a_second_none_left_out() -> None:
    times = [int(frame["time_ns"][0]) for frame in pictures(engine(), drive(3)) if len(frame)]
    assert all(time_ns % TICK_NS == 0 for time_ns in times) and set(np.diff(times)) == {TICK_NS}


@pytest.mark.parametrize("record_type", ["DetectedObject", "", "box of a peer"])
def test_what_a_perception_box_sees_is_fused_whatever_its_record_is_called(record_type: str) -> None:
    one = engine()
    records = [seen(n + 1, START_NS + n * TICK_NS + 5 * MS, 4.0, record_type=record_type) for n in range(10)]
    *_, last = pictures(one, records)
    assert last["cls"].tolist() == [PEDESTRIAN] and last["x"][0] == pytest.approx(4.0, abs=0.2)


def test_what_is_to_be_sent_is_asked_for_without_fusing() -> None:
    one = engine()
    for record in drive(1):
        one.step(record, record.receive_time_ns)
        assert one.tick(record.receive_time_ns) == []
    assert one.tracks[1] == 0 and picture_of(one).fusion.counters.taken == 0


# What stays as it is ----------------------------------------------------------------------------------------------------


def test_without_an_origin_nothing_is_fused() -> None:
    one = Engine(Settings(), schemas())
    for record in drive(1):
        one.step(record, record.receive_time_ns)
    assert one.picture is None and one.picture_due(START_NS + SECOND_NS) == 0
    tracks, time_ns = one.tracks
    assert len(tracks) == 0 and time_ns == 0 and len(one.look(START_NS)) == 0 and one.tick(START_NS) == []


def test_the_outcomes_are_those_of_an_engine_that_does_not_fuse() -> None:
    records = [*drive(1), seen(90, START_NS + SECOND_NS, 1.0), heard(b"\x00\x14\x00", 91, START_NS + SECOND_NS)]

    def outcomes(one: Engine) -> list[Outcome]:
        return [one.step(record, record.receive_time_ns) for record in records]

    assert outcomes(engine()) == outcomes(Engine(Settings(), schemas()))


def test_what_comes_again_and_what_another_radio_heard_is_not_fused_again() -> None:
    one = engine()
    first, *_ = drive(1)
    one.step(first, first.receive_time_ns)
    one.step(first, first.receive_time_ns, again=True)
    one.step(heard(first.data, 2, first.receive_time_ns, source="radio1"), first.receive_time_ns)
    one.look(START_NS + SECOND_NS)
    assert picture_of(one).fusion.counters.taken == 1


# Time -------------------------------------------------------------------------------------------------------------------


def test_a_record_received_at_the_tick_or_after_it_waits_for_the_next() -> None:
    one = Picture(ORIGIN, Parameters())
    for shift_ns in (-1, 0, 1):
        record = seen(2 + shift_ns, START_NS + shift_ns, 4.0 + 20 * shift_ns)
        one.take(*stored(record))
    one.tick(START_NS)
    assert one.fusion.counters.taken == 1
    one.tick(START_NS + TICK_NS)
    assert one.fusion.counters.taken == 3


@pytest.mark.parametrize(("ahead_ns", "dropped"), [(AHEAD_NS, 0), (AHEAD_NS + 1, 1)], ids=["at-the-bound", "past-it"])
def test_a_record_from_too_far_ahead_is_counted_and_let_go(ahead_ns: int, dropped: int) -> None:
    one = Picture(ORIGIN, Parameters())
    one.take(*stored(seen(1, START_NS + ahead_ns, 4.0)))
    one.tick(START_NS)
    assert one.faults["ahead"] == dropped


def test_a_silence_of_an_hour_costs_the_ticks_until_the_last_track_is_gone() -> None:
    one = engine()
    before = list(pictures(one, drive(2)))
    after = list(pictures(one, drive(1, START_NS + 3_600 * SECOND_NS, before=100)))
    # 2 s and 1 s of drive, at most 6 s until nobody is there any more, and the one where the silence ends
    assert len(before) == 20 and len(after) <= 10 + 60 + 1
    assert len(one.tracks[0]) == 1 and one.tracks[1] == START_NS + 3_600 * SECOND_NS + 900 * MS


def test_a_clock_that_goes_back_begins_a_new_picture_whose_ids_are_new() -> None:
    one = engine()
    *_, before = pictures(one, drive(2))
    *_, after = pictures(one, drive(2, START_NS - 600 * SECOND_NS, before=100))
    assert picture_of(one).faults["begun-anew"] == 1
    assert before["id"].tolist() == [1] and after["id"].tolist() == [2]


def test_a_step_back_within_a_second_only_waits() -> None:
    one = engine()
    *_, _last = pictures(one, drive(2))
    at_ns = one.tracks[1]
    assert one.picture_due(at_ns - SECOND_NS) == 0 and one.picture_due(at_ns - SECOND_NS - TICK_NS) != 0


def test_records_without_a_receive_time_are_counted() -> None:
    one = engine()
    first, *_ = drive(1)
    one.step(heard(first.data, 1, 0), START_NS)
    assert picture_of(one).faults["no-clock"] == 1


# Bounds and faults --------------------------------------------------------------------------------------------------------


def test_records_past_the_bound_are_counted_and_not_fused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(picture_module, "RECORDS_MAX", 5)
    one = engine()
    for number in range(6):
        record = seen(number + 1, START_NS - MS, 30.0 * number, object_id=number)
        one.step(record, record.receive_time_ns)
    assert picture_of(one).faults["room"] == 1
    one.look(START_NS)
    assert picture_of(one).fusion.counters.taken == 5


def test_a_message_of_a_foreign_schema_costs_itself_only() -> None:
    one = Picture(ORIGIN, Parameters())
    record, value = stored(next(drive(1)))
    del value["coreData"]["id"]
    one.take(record, value)
    one.take(*stored(next(drive(1, vehicle=b"\x09\x09\x09\x09"))))
    one.tick(START_NS + TICK_NS)
    assert one.faults["unlike-standard"] == 1 and one.fusion.counters.taken == 1


def test_ids_count_from_where_the_caller_says_and_stay_in_their_32_bits() -> None:
    assert _ids(41) == [42] and _ids(2**32 - 1) == [1] and _ids(2**32 - 2) == [2**32 - 1]


def _ids(first: int) -> list[int]:
    *_, last = pictures(engine(first_track_id=first), drive(2))
    found: list[int] = last["id"].tolist()
    return found


def test_the_time_of_the_car_is_when_it_said_so() -> None:
    *_, last = pictures(engine(), drive(2))
    assert (int(last["self_ns"][0]) - START_NS) % (100 * MS) == 0 and LATENCY_MS < 100
