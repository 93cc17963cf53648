"""What a batch may be, how rows grow, what a failing message leaves, and who holds the objects."""

from __future__ import annotations

import gc
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from columns_messages import PATHS, mixed, points, report, road
from columns_reference import expected, given

from rsu.columns import Columns
from rsu.columns.storage import Storage


def x_and_label() -> Columns:
    return road().columns("Report", {"x": "points[].x", "label": "points[].label", "name": "name"})


@pytest.mark.parametrize("form", [bytes, bytearray, memoryview, lambda data: memoryview(bytearray(data))])
def test_messages_are_anything_with_octets(form: Any) -> None:
    table = x_and_label().decode([form(points(2)), None, form(report())])
    assert table["x"].tolist() == [0, 1, None, None]
    assert table.message.tolist() == [0, 0, 1, 2]
    assert table.reasons("x").tolist() == ["", "", "absent", "absent"]


def test_none_is_a_row_of_nothing_and_no_error() -> None:
    table = x_and_label().decode([None])
    assert table.errors.tolist() == [0]
    assert table.why.tolist() == [[1, 1, 1]]


def test_no_messages_are_no_rows() -> None:
    for batch in ([], (), (b"", [0]), iter([])):
        table = x_and_label().decode(batch)
        assert len(table) == 0 and table["x"].tolist() == []


@pytest.mark.parametrize("wrong", [b"octets", bytearray(b"octets"), 5, None, [5], ["text"], [b"", 1.5]])
def test_what_is_no_batch_is_a_type_error(wrong: Any) -> None:
    with pytest.raises(TypeError):
        x_and_label().decode(wrong)


OFFSETS = {
    "list": list,
    "tuple": tuple,
    "int64": np.array,
    "uint32": lambda places: np.array(places, np.uint32),
    "strided": lambda places: np.repeat(places, 2)[::2],
}


@pytest.mark.parametrize("offsets", OFFSETS.values(), ids=OFFSETS)
def test_a_buffer_with_offsets(offsets: Any) -> None:
    first, second = points(2), report()
    places = offsets([0, len(first), len(first) + len(second)])
    for buffer in (first + second, bytearray(first + second), np.frombuffer(first + second, np.int8)):
        assert x_and_label().decode((buffer, places))["x"].tolist() == [0, 1, None]


@pytest.mark.parametrize("offsets", [[0, 2, 1], [-1, 2], [0, 6], [3, 6], [2**62, 2**63 - 1], [5, 4], []])
def test_offsets_that_fall_or_pass_the_buffer_are_a_value_error(offsets: list[int]) -> None:
    with pytest.raises(ValueError, match="offsets"):
        x_and_label().decode((b"12345", np.array(offsets, np.int64)))


@pytest.mark.parametrize("offsets", [[0.0, 1.0], [[0, 1]], 3, ["0", "1"]])
def test_offsets_that_are_no_row_of_integers_are_a_type_error(offsets: Any) -> None:
    with pytest.raises(TypeError, match="row of integers"):
        x_and_label().decode((b"12345", offsets))


@pytest.mark.parametrize("count", [63, 64, 65, 127, 128, 129, 4095])
@pytest.mark.parametrize("layout", ["rows", "columns"])
def test_rows_grow_past_what_was_there_at_first(count: int, layout: Any) -> None:
    batch = [points(count, label="pt"), report(name="between"), points(count)]
    table = x_and_label().decode(batch, layout)
    assert len(table) == 2 * count + 1
    assert given(table) == expected(road(), "Report", [("points", "[]", "x"), ("points", "[]", "label"), ("name",)], batch)


def test_lists_inside_lists_grow_too() -> None:
    batch = [report(points=[{"x": place % 100, "deep": [1, 2, 3][: place % 4]} for place in range(1000)], name="n")] * 2
    paths = [("points", "[]", "deep", "[]"), ("points", "[]", "x"), ("name",), ("points", "[]", "deep")]
    table = road().columns("Report", ["points[].deep[]", "points[].x", "name", "points[].deep"]).decode(batch)
    assert given(table) == expected(road(), "Report", paths, batch)


def test_more_names_than_rows_of_16_bits() -> None:
    batch = [report(kind=("car", "truck", "bus")[place % 3]) for place in range(3)] * 14_000
    table = road().columns("Report", ["kind"]).decode(batch, "columns")
    assert table.texts("kind").tolist() == ["car", "truck", "bus"] * 14_000


def test_a_message_that_fails_in_its_third_element_leaves_the_rows_before_it() -> None:
    good = points(2, label="good")
    bad = bytearray(points(5, label="evil"))
    cut = bytes(bad[: len(bad) - 12])
    table = x_and_label().decode([good, cut, good])
    assert table["x"].tolist() == [0, 1, None, 0, 1]
    assert table["label"].tolist() == ["good", "good", None, "good", "good"]
    assert table.reasons("x").tolist() == ["", "", "truncated", "", ""]
    assert table.element.tolist() == [[0], [1], [-1], [0], [1]]
    assert [table.REASONS[error] for error in table.errors] == ["", "truncated", ""]


def test_a_failed_message_that_grew_the_rows_is_one_row() -> None:
    cut = points(500, label="evil")[:-3]
    table = x_and_label().decode([cut, points(1), cut])
    assert len(table) == 3
    assert table["x"].tolist() == [None, 0, None]


# Objects ----------------------------------------------------------------------------------------------------------------

UNIQUE = "abcdefgh-0123"


def test_an_array_holds_each_object_once_for_each_row() -> None:
    table = x_and_label().decode([report(name=UNIQUE, points=[{"x": place} for place in range(5)])])
    names = table.values("name")
    held = names[0]
    assert len({id(each) for each in names}) == 1  # one object, spread over the five rows
    before = sys.getrefcount(held)
    names[1:] = None
    assert sys.getrefcount(held) == before - 4
    del table, names
    assert sys.getrefcount(held) == before - 5


def blocks_alive() -> int:
    """How much is allocated: the garbage collector does not know strings."""
    gc.collect()
    return sys.getallocatedblocks()


@pytest.mark.parametrize(
    "batch",
    [[report(name=UNIQUE)] * 50, [points(40, label="pt")] * 9, [points(90, label="pt")[:-2]] * 9, mixed()],
    ids=["whole", "grown", "failed", "mixed"],
)
def test_no_object_is_lost_or_freed_twice(batch: Any) -> None:
    columns = road().columns("Report", PATHS)
    for _ in range(200):  # numpy's and Python's own caches fill slowly
        columns.decode(batch)
    before = blocks_alive()
    for _ in range(40):
        columns.decode(batch)
    assert blocks_alive() - before < 60  # a lost object in each message would be hundreds


@pytest.mark.parametrize("failing", [0, 1, 2, 3])
def test_no_object_is_lost_when_there_is_no_room(failing: int, monkeypatch: pytest.MonkeyPatch) -> None:
    columns, batch = x_and_label(), [points(200, label="pt")] * 5
    resize = Storage.resize
    calls = 0

    def fails(self: Storage, capacity: int, used: int) -> Any:
        nonlocal calls
        calls += 1
        if calls > failing:
            raise MemoryError(f"no room for {capacity}")
        return resize(self, capacity, used)

    monkeypatch.setattr(Storage, "resize", fails)
    blocks = []
    for _ in range(12):
        calls = 0
        with pytest.raises(MemoryError, match="no room"):
            columns.decode(batch)
        blocks.append(blocks_alive())
    assert blocks[-1] - blocks[4] < 60
    monkeypatch.undo()
    assert len(columns.decode(batch)) == 1000


def test_an_error_that_is_not_the_messages_is_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(data: bytes) -> float:
        raise KeyboardInterrupt

    monkeypatch.setattr("rsu._scalars.real_value", breaks)
    for paths in ({"ratio": "ratio"}, {"id": "id"}):  # kept, and passed over
        with pytest.raises(KeyboardInterrupt):
            road().columns("Report", paths).decode([report(name="n"), report(ratio=1.5)])


def test_threads_share_a_projection() -> None:
    columns = road().columns("Report", PATHS)
    batches = [[points(place % 7, label=str(place)), *mixed()] * 40 for place in range(8)]
    wanted = [given(columns.decode(batch)) for batch in batches]
    with ThreadPoolExecutor(4) as pool:
        for _ in range(3):
            assert [given(table) for table in pool.map(columns.decode, batches)] == wanted


def test_a_batch_is_held_while_it_is_walked() -> None:
    assert len(x_and_label().decode(bytes(bytearray(points(3))) for _ in range(1000))) == 3000


def test_repr_says_what_there_is() -> None:
    table = x_and_label().decode([points(2)])
    assert repr(table) == "<Table 2 rows of 1 messages: x, label, name>"
    assert repr(x_and_label()) == "<Columns x, label, name>"
