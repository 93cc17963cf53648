"""The small parts of the roles: joined lists, the broadcast schedule, the clock of patience, the selftest, importance."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rsu.outgoing import Broadcast
from rsu.pipeline.broadcast import REPEATED_MAX, Schedule
from rsu.pipeline.importance import (
    BEACONS,
    EVENTS,
    IMPORTANCE,
    INFRASTRUCTURE,
    PICTURES,
    SERVICES,
    classify,
    importance,
)
from rsu.pipeline.patience import STALLED_NS, Patience
from rsu.pipeline.record import joined
from rsu.pipeline.selftest import SelfTest
from rsu.received import Received
from rsu.standards import AIDS, PSIDS, STANDARDS

MS = 1_000_000
SECOND = 1_000 * MS


# Lists of MessagePack ---------------------------------------------------------------------------------------------------


@given(st.lists(st.lists(st.one_of(st.integers(-9, 9), st.binary(max_size=3)), max_size=20), min_size=1, max_size=6))
def test_joined_lists_hold_what_the_lists_held(lists: list[list[object]]) -> None:
    body, count = joined([msgspec.Raw(msgspec.msgpack.encode(entries)) for entries in lists])
    assert msgspec.msgpack.decode(body) == [entry for entries in lists for entry in entries]
    assert count == sum(map(len, lists))


@pytest.mark.parametrize("size", [0, 1, 15, 16, 65_535, 65_536], ids=["none", "one", "fix", "16-bit", "16-bit-bound", "32-bit"])
def test_each_form_of_a_list_is_read(size: int) -> None:
    body, count = joined([msgspec.Raw(msgspec.msgpack.encode([7] * size)), msgspec.Raw(msgspec.msgpack.encode([8]))])
    assert count == size + 1
    assert msgspec.msgpack.decode(body) == [7] * size + [8]


# The schedule of the air ------------------------------------------------------------------------------------------------


def message(key: str = "", period_ms: int = 0, until_ns: int = 0, payload: bytes = b"x") -> Broadcast:
    return Broadcast(standard="csae-53", type="MapData", payload=payload, key=key, period_ms=period_ms, until_ns=until_ns)


def sent_at(schedule: Schedule, *times_ms: int) -> list[int]:
    return [len(schedule.due(time * MS)) for time in times_ms]


def test_a_message_without_a_period_goes_once() -> None:
    schedule = Schedule()
    schedule.add(message(), 0)
    assert sent_at(schedule, 0, 1_000) == [1, 0]


def test_a_repeated_message_keeps_to_its_times() -> None:
    schedule = Schedule()
    schedule.add(message("map", 100), 0)
    assert sent_at(schedule, 0, 99, 100, 199, 230, 300) == [1, 0, 1, 0, 1, 1]


def test_repetitions_that_were_missed_are_left_out_and_counted() -> None:
    schedule = Schedule()
    schedule.add(message("map", 100), 0)
    assert sent_at(schedule, 0, 1_050, 1_099, 1_100) == [1, 1, 0, 1]
    assert schedule.left_out == 9


def test_a_message_with_the_same_key_takes_the_place_of_the_first() -> None:
    schedule = Schedule()
    schedule.add(message("map", 100, payload=b"old"), 0)
    schedule.due(0)
    schedule.add(message("map", 100, payload=b"new"), 50 * MS)
    assert [sent.payload for sent in schedule.due(50 * MS)] == [b"new"]
    assert [sent.payload for sent in schedule.due(150 * MS)] == [b"new"]
    assert len(schedule) == 1


def test_a_message_ends_at_its_time() -> None:
    schedule = Schedule()
    schedule.add(message("map", 100, until_ns=250 * MS), 0)
    assert sent_at(schedule, 0, 100, 200, 300) == [1, 1, 1, 0]
    assert len(schedule) == 0


def test_so_many_messages_are_repeated_and_no_more() -> None:
    schedule = Schedule()
    assert all(schedule.add(message(str(number), 100), 0) for number in range(REPEATED_MAX))
    assert not schedule.add(message("one more", 100), 0)
    assert schedule.add(message("0", 100), 0)


@pytest.mark.parametrize(("now_ms", "wait_ms"), [(0, 0), (1, 99), (60, 40), (100, 0), (150, 0)])
def test_the_wait_ends_when_something_is_due(now_ms: int, wait_ms: int) -> None:
    schedule = Schedule()
    schedule.add(message("map", 100), 0)
    if now_ms:
        schedule.due(0)
    assert schedule.wait_ms(now_ms * MS, 1_000) == wait_ms


# Patience ---------------------------------------------------------------------------------------------------------------


def test_the_clock_goes_on_while_the_engine_takes_records() -> None:
    patience = Patience(0)
    for time in range(1, 11):
        patience.taken(time * 100 * MS)
        patience.turn(time * 100 * MS, waiting=True)
    assert patience.time_ns == SECOND


def test_the_clock_stands_still_while_the_engine_is_away() -> None:
    patience = Patience(0)
    for time in range(1, 101):
        patience.turn(time * 100 * MS, waiting=True)
    assert patience.time_ns == STALLED_NS
    patience.taken(10 * SECOND)
    patience.turn(10 * SECOND + 50 * MS, waiting=True)
    assert patience.time_ns == STALLED_NS + 50 * MS


def test_the_clock_goes_on_while_nothing_waits() -> None:
    patience = Patience(0)
    assert patience.turn(7 * SECOND, waiting=False) == 7 * SECOND


# Selftest ---------------------------------------------------------------------------------------------------------------


def test_the_selftest_is_due_at_its_period_and_passes_when_its_number_is_acknowledged() -> None:
    selftest = SelfTest(5.0)
    assert selftest.due(0)
    selftest.sent(3, 0)
    assert not selftest.due(5 * SECOND - 1) and selftest.due(5 * SECOND)
    assert selftest.among(1, 10) == [3] and selftest.among(4, 10) == []
    assert (selftest.acknowledge(2), selftest.waiting) == (0, 1)
    assert (selftest.acknowledge(3), selftest.waiting) == (1, 0)


def test_a_selftest_every_zero_seconds_is_none() -> None:
    assert not SelfTest(0).due(SECOND)


# Importance -------------------------------------------------------------------------------------------------------------


def test_every_type_with_a_class_is_a_message_of_a_standard() -> None:
    known = {row.name for standard in STANDARDS.values() for row in standard.messages}
    assert set(IMPORTANCE) <= known


def test_a_service_has_the_class_of_the_messages_it_announces() -> None:
    # 112 and 114 are BSMs with an event, 113 that of a special vehicle; 0x82 is SPAT and older MAP.
    for standard in STANDARDS.values():
        for row in standard.messages:
            for aid in set(row.aids) - {112, 113, 114}:
                assert SERVICES[aid] == importance(row.name), (aid, row.name)
    assert set(SERVICES) <= {service.number for service in (*AIDS, *PSIDS)}


@pytest.mark.parametrize(
    ("data", "content", "found"),
    [
        ("04006f0002aabb", "message", (BEACONS, "BasicSafetyMessage")),
        ("0400700002aabb", "message", (EVENTS, "BasicSafetyMessage")),
        ("04008da30002aabb", "message", (INFRASTRUCTURE, "SPAT")),
        ("aabb", "message", (PICTURES, "")),
        ("", "message", (PICTURES, "")),
        ("7b7d", "signals", (PICTURES, "SignalReport")),
    ],
    ids=["bsm", "bsm-event", "spat", "no-header", "nothing", "a-device"],
)
def test_a_record_is_classed_by_its_header_alone(data: str, content: str, found: tuple[int, str]) -> None:
    record = Received(
        rsu_id="u",
        boot_id=b"",
        sequence=1,
        channel="pc5",
        source="s",
        receive_time_ns=1,
        data=bytes.fromhex(data),
        content=content,  # type: ignore[arg-type]
        record_type="SignalReport" if content == "signals" else "",
    )
    assert classify(record) == found
