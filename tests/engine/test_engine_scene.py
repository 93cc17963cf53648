"""The engine carries the world and what is told of the tracks: lanes and lights that it hears, RSM and SDSM after each tick."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import pytest

pytest.importorskip("scipy", reason="fusion needs scipy")

from rsu.engine import Engine, Settings, Stored
from rsu.engine.maps import MapBook, OwnMap
from rsu.engine.picture import TICK_NS
from rsu.engine.surroundings import MAP, ROOM
from rsu.engine.telling import Tell, Telling
from rsu.errors import ConfigError, EncodeError
from rsu.frames import unwrap
from rsu.observe.arrays import Origin
from rsu.observe.observations import observations
from rsu.outgoing import Broadcast
from rsu.received import Received
from rsu.signals import Phase, SignalReport
from rsu.sources import open_source
from rsu.standards import STANDARDS, message_type
from tests.engine.moving import MS, ORIGIN, SPEED_MPS, START_NS, drive, heard, schemas, seen

ROOT = Path(__file__).resolve().parent.parent.parent
LOG = ROOT / "replay_logs" / "city_minute.pcap"
CROSSING = Origin(29.6583, 106.5312)  # refPos of the log's MAP
SECOND_NS = 1_000_000_000
CSAE, SAE = "csae-157", "sae-j2735"


def engine(*standards: str, origin: Origin = ORIGIN, **settings: Any) -> Engine:
    tell = Tell(standards=standards, rsu_id="rsu-1", first_msg_cnt=126)
    return Engine(Settings(origin=origin, tell=tell, standard=CSAE, **settings), schemas())


def run(one: Engine, records: Iterable[Received]) -> list[Broadcast]:
    """All that is told of the tracks while the records are stepped through."""
    told = []
    for record in records:
        while at_ns := one.picture_due(record.receive_time_ns):
            one.look(at_ns)
            told += one.tell()
        one.step(record, record.receive_time_ns)
    return told


def value_of(message: Broadcast) -> tuple[str, Any]:
    frame = schemas()[message.standard].decode("MessageFrame", message.payload)
    return message_type(STANDARDS[message.standard], frame)


# What is told -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("standard", "kind"), [(CSAE, "RoadsideSafetyMessage"), (SAE, "SensorDataSharingMessage")])
def test_what_is_fused_is_told_ten_times_a_second_where_it_was_at_the_tick(standard: str, kind: str) -> None:
    one = engine(standard)
    told = run(one, drive(3))
    assert {message.type for message in told} == {kind} and 24 <= len(told) <= 30
    assert told[0].standard == standard and told[0].aid in next(
        row.aids for row in STANDARDS[standard].messages if row.name == kind
    )
    (track,), at_ns = one.tracks
    (back,) = observations(standard, *value_of(told[-1]), at_ns, "pc5", ORIGIN)
    assert (back["x"], back["y"]) == (pytest.approx(track["x"], abs=0.06), pytest.approx(track["y"], abs=0.06))
    assert back["speed"] == pytest.approx(SPEED_MPS, abs=0.2) and back["event_time_ns"] == at_ns


def test_each_standard_that_is_asked_for_is_told_and_counts_for_itself() -> None:
    told = run(engine(CSAE, SAE), drive(2))
    counts = [value_of(message)[1]["msgCnt"] for message in told if message.standard == CSAE]
    assert counts == [(126 + number) % 128 for number in range(len(counts))] and len(counts) > 10
    assert sum(message.standard == SAE for message in told) == len(counts)


def test_nothing_is_told_where_nothing_is_asked_for_and_without_a_position() -> None:
    assert run(engine(), drive(2)) == []
    assert Engine(Settings(), schemas()).tell() == []


def test_a_standard_that_is_not_loaded_is_refused_by_its_name() -> None:
    with pytest.raises(ConfigError, match="compose: standard 'csae-53' is not loaded"):
        Telling(Tell(standards=("csae-53",), rsu_id="rsu-1"), ORIGIN, {})


def test_a_schema_that_has_no_place_for_it_costs_the_message_and_not_the_tracks() -> None:
    class Narrow:
        def encode(self, type_name: str, value: Any, /) -> bytes:
            raise EncodeError("participants has no place here", "MessageFrame.rsmFrame")

    one = engine(CSAE)
    assert one.scene is not None
    one.scene.telling = Telling(Tell(standards=(CSAE,), rsu_id="rsu-1"), ORIGIN, {CSAE: Narrow()})
    assert run(one, drive(2)) == [] and len(one.tracks[0]) == 1
    assert one.scene.telling.left_out()["not-encodable"] > 10


def back(message: Broadcast, sequence: int, receive_ns: int) -> Received:
    """A message as a radio hears it back."""
    return heard(message.payload, sequence, receive_ns, standard=message.standard)


@pytest.mark.parametrize("standard", [CSAE, SAE])
def test_what_the_unit_said_itself_is_no_news_to_it_and_is_news_to_another(standard: str) -> None:
    told = run(engine(standard), drive(2))
    echoes = [
        back(message, 1_000 + number, START_NS + SECOND_NS + number * 100 * MS) for number, message in enumerate(told[-8:])
    ]
    itself, other = engine(standard), Engine(Settings(origin=ORIGIN, tell=Tell(rsu_id="rsu-2")), schemas())
    for one in (itself, other):
        run(one, echoes)
    assert itself.picture is not None and other.picture is not None
    assert (itself.picture.fusion.counters.taken, other.picture.fusion.counters.taken > 3) == (0, True)


def test_what_is_left_out_is_counted_by_its_reason() -> None:
    one = engine(SAE)
    run(one, [seen(n + 1, START_NS + n * TICK_NS + 5 * MS, 4_000.0, object_id=1) for n in range(10)])  # 16 bits of 0.1 m
    assert one.scene is not None
    assert set(one.scene.telling.left_out()) == {"beyond-range"}


# The world ----------------------------------------------------------------------------------------------------------------


@cache
def records(count: int = 600) -> tuple[Received, ...]:
    with open_source(LOG) as source:
        return tuple(record for record, _ in zip(source, range(count), strict=False))


def test_lanes_and_lights_that_are_heard_are_there_at_the_next_tick() -> None:
    one = engine(origin=CROSSING)
    run(one, records())
    assert one.scene is not None
    now = one.scene.surroundings.world.snapshot()
    assert len(now.lanes) > 10 and now.signals["fresh"].any() and len(now.placed) == len(one.tracks[0]) > 5
    assert now.time_ns == one.tracks[1] and not one.scene.surroundings.faults


def test_the_controller_s_report_is_a_light_of_the_world_like_its_spat() -> None:
    one = engine()
    for number in range(4):
        at_ns = START_NS + number * TICK_NS
        report = SignalReport(
            controller="signals", time_ns=at_ns, region=7, intersection=9, phases=[Phase(id=3, light="red", likely_end_s=12.0)]
        )
        run(one, [heard(msgspec.json.encode(report), number + 1, at_ns, content="signals", header="none")])
    assert one.scene is not None
    (light,) = one.scene.surroundings.world.snapshot().signals
    assert (light["region"], light["intersection"], light["phase"], bool(light["fresh"])) == (7, 9, 3, True)


def test_what_no_standard_has_a_word_for_costs_itself_only() -> None:
    one = engine()
    report = SignalReport(
        controller="signals", time_ns=START_NS, intersection=9, phases=[Phase(id=n, light="red") for n in range(17)]
    )  # SPAT of China has 16
    run(one, [heard(msgspec.json.encode(report), 1, START_NS, content="signals"), *drive(1)])
    assert one.scene is not None and one.scene.surroundings.faults == {"unlike-standard": 1}
    assert one.picture is not None and one.picture.fusion.counters.taken > 5


def maps(count: int) -> list[Received]:
    """So many hearings of the log's MAP."""
    first = next(record for record in records() if kind_of(record) == (CSAE, MAP))
    return [msgspec.structs.replace(first, sequence=90_000 + number) for number in range(count)]


def kind_of(record: Received) -> tuple[str, str]:
    outcome = Engine(Settings(standard=CSAE), schemas()).step(record, record.receive_time_ns)
    return (outcome.standard, outcome.type) if isinstance(outcome, Stored) else ("", "")


def test_maps_past_the_bound_of_a_tick_are_counted_and_not_read() -> None:
    one = engine(origin=CROSSING)
    several = maps(ROOM[MAP] + 2)
    for number, record in enumerate(several):  # each sent anew, so none is an echo
        one.step(record, record.receive_time_ns + number)
    one.look(several[0].receive_time_ns // TICK_NS * TICK_NS + TICK_NS)
    assert one.scene is not None
    assert one.scene.surroundings.faults == {"room": 2}
    assert one.scene.surroundings.world.counters.maps.heard == ROOM[MAP]


# The unit's own map -------------------------------------------------------------------------------------------------------


def own_map(**more: Any) -> OwnMap:
    (record,) = maps(1)
    frame = schemas()[CSAE].decode("MessageFrame", unwrap(record.data, record.header, standard=CSAE).payload)
    return OwnMap(name="crossing", standard=CSAE, frame=frame, **more)


def test_the_unit_s_own_map_is_known_from_the_start_and_after_the_clock_was_set_back() -> None:
    one = engine(origin=CROSSING, maps=(own_map(),))
    assert one.scene is not None
    for at_ns in (START_NS, START_NS - 3_600 * SECOND_NS):
        one.look(at_ns)
        assert len(one.scene.surroundings.world.snapshot().lanes) == 8


def test_the_unit_s_own_map_is_told_each_second_and_counted_round_the_wrap() -> None:
    one = engine(origin=CROSSING, maps=(own_map(), own_map(broadcast=False)), first_msg_cnt=125)
    told = [message for step in range(40) for message in one.tick(START_NS + step * 100 * MS)]
    assert [value_of(message)[1]["msgCnt"] for message in told] == [126, 127, 0, 1]
    assert {(message.type, message.aid, message.priority) for message in told} == {(MAP, 3618, 16)}


def test_a_map_is_told_at_once_when_the_clock_was_set_back() -> None:
    book = MapBook([own_map()], schemas())
    times = (START_NS, START_NS + 500 * MS, START_NS - 1, START_NS + 500 * MS)
    assert [len(book.due(at_ns)) for at_ns in times] == [1, 0, 1, 0]
