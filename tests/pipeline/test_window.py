"""The window: every number has one fate, whatever is lost between the roles, and what is shed follows the rule."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rsu.engine import Shed
from rsu.pipeline.importance import BEACONS, EVENTS, INFRASTRUCTURE, PICTURES
from rsu.pipeline.window import Batch, Parameters, Window
from rsu.received import Received

BOOT = bytes(16)
SECOND_NS = 1_000_000_000
KINDS = {
    b"b": (BEACONS, "BasicSafetyMessage"),
    b"p": (PICTURES, ""),
    b"i": (INFRASTRUCTURE, "SPAT"),
    b"e": (EVENTS, "RoadSideInformation"),
}


def record(sequence: int, kind: bytes = b"b", octets: int = 1) -> Received:
    return Received(
        rsu_id="u", boot_id=BOOT, sequence=sequence, channel="pc5", source="radio", receive_time_ns=sequence, data=kind * octets
    )


def window(**bounds: int) -> Window:
    return Window("u", BOOT, Parameters(**bounds), lambda received: KINDS[received.data[:1]])


def fill(held: Window, kinds: str, now_ns: int = 0) -> list[Shed]:
    """Adds a record of each kind; gives what was shed."""
    shed = [held.add(record(held.last + 1, kind.encode()), now_ns) for kind in kinds]
    return [one for one in shed if one is not None]


def numbers(batch: Batch | None) -> list[int]:
    assert batch is not None
    return [item.sequence for item in batch.items]


def send_all(held: Window) -> list[Batch]:
    batches = []
    while (batch := held.next_batch()) is not None:
        held.sent()
        batches.append(batch)
    return batches


class TestOrder:
    def test_what_waits_goes_in_one_batch_in_its_order(self) -> None:
        held = window()
        fill(held, "bbb")
        assert numbers(held.next_batch()) == [1, 2, 3]

    @pytest.mark.parametrize(("records", "sizes"), [(3, [3]), (4, [4]), (5, [4, 1])], ids=["below", "at", "above"])
    def test_a_batch_has_its_bound(self, records: int, sizes: list[int]) -> None:
        held = window(batch_records_max=4)
        fill(held, "b" * records)
        assert [len(batch.items) for batch in send_all(held)] == sizes

    def test_a_batch_that_could_not_be_sent_waits_again(self) -> None:
        held = window(batch_records_max=2)
        fill(held, "bbb")
        batch = held.next_batch()
        assert batch is not None
        held.take_back(batch)
        assert [numbers(batch) for batch in send_all(held)] == [[1, 2], [3]]

    def test_what_is_acknowledged_is_forgotten(self) -> None:
        held = window()
        fill(held, "bbb")
        send_all(held)
        held.acknowledge(2)
        assert [entry.sequence for entry in held if isinstance(entry, Received)] == [3]
        assert (held.records, held.octets) == (1, 1)

    @pytest.mark.parametrize("last", [0, 4, 2**62], ids=["old", "beyond", "far-beyond"])
    def test_an_acknowledgement_that_cannot_be_is_passed_over(self, last: int) -> None:
        held = window()
        fill(held, "bbb")
        held.acknowledge(last)
        assert held.records == 3


class TestAgain:
    def test_all_that_is_not_acknowledged_is_sent_once_more(self) -> None:
        held = window()
        fill(held, "bbb")
        send_all(held)
        held.acknowledge(1)
        held.again()
        fill(held, "b")
        assert [numbers(batch) for batch in send_all(held)] == [[2, 3, 4]]


class TestShedding:
    def test_of_what_waits_the_least_important_and_oldest_makes_room(self) -> None:
        held = window(records_max=4)
        assert not fill(held, "ebbp")
        (shed,) = fill(held, "e")
        assert (shed.sequence, shed.type, shed.reason) == (2, "BasicSafetyMessage", "room")

    def test_the_new_one_goes_when_nothing_less_important_waits(self) -> None:
        held = window(records_max=2)
        fill(held, "ee")
        (shed,) = fill(held, "b")
        assert shed.sequence == 3

    def test_octets_are_a_bound_too(self) -> None:
        held = window(octets_max=10)
        assert held.add(record(1, b"e", 10), 0) is None
        shed = held.add(record(2, b"e", 1), 0)
        assert shed is not None and held.octets == 10

    @pytest.mark.parametrize(
        ("kind", "patience"), [("b", 1), ("p", 2), ("i", 4), ("e", 8)], ids=["beacons", "pictures", "infrastructure", "events"]
    )
    def test_each_class_waits_as_long_as_it_may(self, kind: str, patience: int) -> None:
        held = window(age_ns_max=SECOND_NS)
        fill(held, "b" + kind)  # the first of all is not classified, for nothing waits then
        assert not held.shed_aged(patience * SECOND_NS - 1)
        assert [shed.sequence for shed in held.shed_aged(patience * SECOND_NS)] == [2]

    def test_what_is_on_its_way_is_not_shed(self) -> None:
        held = window(age_ns_max=SECOND_NS)
        fill(held, "bb")
        send_all(held)
        assert not held.shed_aged(100 * SECOND_NS)

    def test_a_dead_recorder_costs_a_bounded_number_of_entries(self) -> None:
        held = window(records_max=8)
        fill(held, "be" * 4)
        send_all(held)
        fill(held, "bepi" * 1_000)
        assert held.records == 8
        assert len(list(held)) == 9  # and one run of what was shed

    def test_shed_records_are_counted_by_minute_source_type_and_reason(self) -> None:
        held = window(records_max=1)
        fill(held, "e")
        fill(held, "bbp")
        (batch,) = send_all(held)
        assert {(shed.type, shed.count) for shed in batch.shed} == {("BasicSafetyMessage", 2), ("", 1)}
        assert (batch.first, batch.last) == (1, 4)


# What may happen between the roles, in any order.
STEPS = st.one_of(
    st.tuples(st.just("hear"), st.text("bpie", min_size=1, max_size=12)),
    st.tuples(st.just("send"), st.integers(1, 4)),
    st.tuples(st.just("lose"), st.integers(1, 4)),  # sent, and lost with a process that was killed
    st.tuples(st.just("full"), st.just(0)),
    st.tuples(st.just("age"), st.integers(1, 3)),
    st.tuples(st.just("commit"), st.just(0)),
    st.tuples(st.just("recorder"), st.just(0)),  # killed: what it had not committed is gone
    st.tuples(st.just("engine"), st.just(0)),
)


class Recorder:
    """The rule of the record role: the next number of a boot, and nothing else."""

    def __init__(self) -> None:
        self.disk: list[Batch] = []
        self.pending: list[Batch] = []

    @property
    def head(self) -> int:
        return max((batch.last for batch in (*self.disk, *self.pending)), default=0)

    def take(self, batch: Batch) -> bool:
        """False at a gap."""
        if batch.first > self.head + 1:
            return False
        if batch.last > self.head:
            head = self.head
            items = [item for item in batch.items if item.sequence > head]
            shed = [one for one in batch.shed if one.sequence > head]
            self.pending.append(Batch(head + 1, batch.last, items, shed))
        return True

    def commit(self) -> int:
        self.disk += self.pending
        self.pending = []
        return self.head


@settings(max_examples=300, deadline=None)
@given(steps=st.lists(STEPS, max_size=60), records_max=st.integers(2, 30), batch_max=st.integers(1, 7))
def test_every_number_has_one_fate_whatever_is_lost(steps: list[tuple[str, object]], records_max: int, batch_max: int) -> None:
    held = window(records_max=records_max, batch_records_max=batch_max, age_ns_max=SECOND_NS)
    recorder = Recorder()
    now_ns = heard = 0
    rest = [("send", 10_000), ("commit", 0)] * 500  # after deaths of the engine they go one by one
    for step, argument in (*steps, ("recorder", 0), *rest):
        now_ns += SECOND_NS // 10
        if step == "hear":
            fill(held, str(argument), now_ns)
            heard += len(str(argument))
        elif step in ("send", "lose"):
            for _ in range(int(str(argument))):
                if (batch := held.next_batch()) is None:
                    break
                held.sent()
                if step == "send" and not recorder.take(batch):
                    held.again()
        elif step == "full" and (batch := held.next_batch()) is not None:
            held.take_back(batch)
        elif step == "age":
            now_ns += int(str(argument)) * SECOND_NS
            held.shed_aged(now_ns)
        elif step == "commit":
            held.acknowledge(recorder.commit())
        elif step == "recorder":
            recorder.pending = []
            held.again()
        elif step == "engine":
            held.again(died=True)
        assert held.records <= records_max
    fates = Counter(item.sequence for batch in recorder.disk for item in batch.items)
    shed = sum(one.count for batch in recorder.disk for one in batch.shed)
    assert all(count == 1 for count in fates.values())
    assert len(fates) + shed == heard == held.last == held.acknowledged
    assert not list(held)


class TestPoison:
    @pytest.mark.parametrize("poison", [{7}, {1}, {40}, {7, 8}, {3, 39}], ids=str)
    def test_a_record_that_the_engine_dies_of_is_found_and_all_others_are_stored(self, poison: set[int]) -> None:
        held, stored, deaths = window(batch_records_max=64), Counter[int](), 0
        fill(held, "b" * 40)
        found, shed = [], []
        while held.acknowledged < held.last:
            batch = held.next_batch()
            assert batch is not None
            held.sent()
            if poison & set(numbers(batch)):
                deaths += 1
                if (one := held.again(died=True)) is not None:
                    found.append(one.sequence)
                continue
            stored.update(numbers(batch))
            shed += [(one.sequence, one.reason, one.count) for one in batch.shed]
            held.acknowledge(batch.last)
        assert found == sorted(poison) and set(stored) == set(range(1, 41)) - poison and set(stored.values()) == {1}
        assert sum(count for _, _, count in shed) == len(poison) and {reason for _, reason, _ in shed} == {"poison"}
        assert deaths <= 5 * len(poison) and held.records == 0

    def test_deaths_by_chance_shed_nothing_and_are_forgotten_once_all_is_stored(self) -> None:
        held = window(batch_records_max=8)
        fill(held, "b" * 8)
        for _ in range(3):
            assert numbers(held.next_batch())[0] == 1
            assert held.again(died=True) is None
        for number in range(1, 9):  # each alone when the engine dies once
            assert numbers(held.next_batch()) == [number]
            assert held.again(died=True) is None
            batch = held.next_batch()
            assert batch is not None and (numbers(batch), batch.shed) == ([number], [])
            held.acknowledge(number)
        fill(held, "b" * 20)
        assert len(send_all(held)) == 3 and held.records == 20

    def test_while_there_are_suspects_no_second_batch_goes_out(self) -> None:
        held = window(batch_records_max=4)
        fill(held, "b" * 12)
        for _ in range(2):
            send_all(held)
            assert held.again(died=True) is None
        assert len(send_all(held)) == 1 and held.waiting == 8 and not held.ready
        held.acknowledge(4)
        assert held.ready
