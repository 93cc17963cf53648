"""Arrow in and out: the same cells, in the same memory where that is promised, and given back when nobody needs them."""

from __future__ import annotations

import ctypes
import gc
import sys
from typing import Any

import numpy as np
import pytest
from columns_messages import PATHS, mixed, points, report, road
from columns_reference import UNKNOWN, column_of, given

from rsu.columns import Table

pa = pytest.importorskip("pyarrow", reason="pyarrow is not installed: pip install pyarrow")


def table_of(layout: Any = "columns", batch: Any = None) -> Table:
    return road().columns("Report", PATHS).decode(mixed() if batch is None else batch, layout)


def plain(table: Table, name: str) -> list[Any]:
    """The cells of a column as Python has them, ``None`` for empty ones."""
    values = table.texts(name) if table.cells[name].names else table.values(name)
    return [None if empty else value for value, empty in zip(values.tolist(), table.empty(name), strict=True)]


# Out --------------------------------------------------------------------------------------------------------------------

TYPES = {
    "message": "int64", "element": "int32", "id": "fixed_size_binary[4]",
    "kind": "dictionary<values=large_string, indices=int16, ordered=0>", "flags": "uint16", "here": "bool", "speed": "uint16",
    "name": "large_string", "number": "int64", "raw": "large_binary", "long": "large_string", "ratio": "double",
    "count": "int32", "x": "int8", "label": "large_string",
}  # fmt: skip


@pytest.mark.parametrize("layout", ["rows", "columns"])
def test_types_depend_on_the_projection_alone(layout: Any) -> None:
    for batch in (mixed(), [], [None], [report()]):
        batch_out = table_of(layout, batch).to_arrow()
        assert {field.name: str(field.type) for field in batch_out.schema} == TYPES
        assert len(batch_out) == len(table_of(layout, batch))
        batch_out.validate(full=True)


@pytest.mark.parametrize("layout", ["rows", "columns"])
def test_cells_are_the_tables(layout: Any) -> None:
    table = table_of(layout)
    batch = table.to_arrow()
    assert batch["message"].to_pylist() == table.message.tolist()
    assert batch["element"].to_pylist() == [None if place < 0 else place for place in table.element[:, 0].tolist()]
    for name in table.names:
        wanted = plain(table, name)
        if name == "long":
            wanted = ["101010101" if value else None for value in wanted]
        assert batch[name].to_pylist() == wanted, name
        assert batch[name].null_count == int(table.empty(name).sum())


def test_numbers_by_columns_are_not_copied() -> None:
    table = table_of("columns", [points(100), None, report(speed=8)])
    batch = table.to_arrow()
    assert batch["message"].buffers()[1].address == table.message.ctypes.data
    for name in ("flags", "speed", "number", "count", "x", "kind", "id"):
        column = batch[name].indices if name == "kind" else batch[name]
        assert column.buffers()[1].address == table.values(name).ctypes.data, name


def test_a_column_without_nulls_has_no_bitmap() -> None:
    batch = table_of("columns", [report(), report()]).to_arrow()
    assert batch["id"].buffers()[0] is None
    assert batch["speed"].buffers()[0] is not None


def test_scaled_numbers_are_doubles_with_nulls() -> None:
    table = (
        road()
        .columns("Report", ["speed"], units={"Speed": unit(unavailable=8191)})
        .decode([report(speed=50), report(speed=8191), report()], "columns")
    )
    batch = table.to_arrow()
    assert batch["speed"].to_pylist() == [1.0, None, None]
    assert batch["speed"].buffers()[1].address == table.values("speed").ctypes.data


def unit(**more: Any) -> Any:
    from rsu.units import Unit

    return Unit(unit="m/s", scale=0.02, **more)


def test_lists_inside_lists_have_an_element_column_each() -> None:
    columns = road().columns("Report", {"deep": "points[].deep[]"})
    batch = columns.decode([report(points=[{"x": 1, "deep": [4, 5]}, {"x": 2}])]).to_arrow()
    assert batch.schema.names == ["message", "element", "element_2", "deep"]
    assert batch.to_pydict() == {"message": [0] * 3, "element": [0, 0, 1], "element_2": [0, 1, None], "deep": [4, 5, None]}


def test_a_column_named_message_keeps_its_name() -> None:
    columns = road().columns("Report", {"message": "speed", "message_": "id", "element": "points[].x"})
    assert columns.decode([report()]).to_arrow().schema.names == ["message__", "element_", "message", "message_", "element"]


def test_times_are_iso_8601() -> None:
    from datetime import datetime

    batch = road().columns("Report", ["when"]).decode([report(when=datetime(2026, 11, 25, 1, 2, 3)), report()]).to_arrow()
    assert batch["when"].to_pylist() == ["2026-11-25T01:02:03", None]


def test_an_array_outlives_its_table_and_its_parent() -> None:
    table = table_of("columns", [points(300)])
    wanted = plain(table, "x")
    column = table.to_arrow()["x"]
    del table
    gc.collect()
    assert column.to_pylist() == wanted
    speeds = table_of("columns", [report(speed=5)] * 100).to_arrow().to_struct_array().field("speed")
    gc.collect()
    assert speeds.to_pylist() == [5] * 100


def test_capsules_that_nobody_takes_give_back_what_they_hold() -> None:
    table = table_of("columns")
    held = table.values("speed")
    before = sys.getrefcount(held)
    capsules = table.__arrow_c_array__()
    assert sys.getrefcount(held) == before + 1
    del capsules
    assert sys.getrefcount(held) == before


def test_a_consumer_gives_back_what_it_took() -> None:
    table = table_of("columns")
    held = table.values("speed")
    before = sys.getrefcount(held)
    batch = table.to_arrow()
    assert sys.getrefcount(held) > before
    del batch
    gc.collect()
    assert sys.getrefcount(held) == before


# In ---------------------------------------------------------------------------------------------------------------------


def forms() -> dict[str, Any]:
    """Name → function that makes an Arrow array of a list of octets."""
    return {
        "binary": lambda rows: pa.array(rows, pa.binary()),
        "large_binary": lambda rows: pa.array(rows, pa.large_binary()),
        "binary_view": lambda rows: pa.array(rows, pa.binary_view()),
        "sliced": lambda rows: pa.array([b"no", None, *rows, b"no"], pa.binary())[2:-1],
        "sliced view": lambda rows: pa.array([b"no", None, *rows, b"no"], pa.binary_view())[2:-1],
        "chunked": lambda rows: pa.chunked_array([rows[:2], [], rows[2:]], pa.binary()),
        "no chunk": lambda rows: pa.chunked_array([rows], pa.binary()),
        "column of a table": lambda rows: pa.table({"data": pa.array(rows, pa.binary())})["data"],
    }


@pytest.mark.parametrize("form", forms())
def test_an_array_is_as_good_as_a_list(form: str) -> None:
    for rows in (mixed(), [], [None], [b""], [report()] * 20):
        assert given(table_of(batch=forms()[form](rows))) == given(table_of(batch=rows))


def test_no_chunk_at_all_is_no_rows() -> None:
    assert len(table_of(batch=pa.chunked_array([], pa.binary()))) == 0


def test_octets_of_one_size() -> None:
    rows = [report(), None, report(kind="truck")]
    array = pa.array([b"no no no"[: len(report())], *rows], pa.binary(len(report())))[1:]
    assert given(table_of(batch=array)) == given(table_of(batch=rows))


def test_a_null_that_has_octets_is_none() -> None:
    data = np.frombuffer(report() * 2, np.uint8)
    offsets = np.array([0, len(report()), 2 * len(report())], np.int32)
    array = pa.Array.from_buffers(pa.binary(), 2, [pa.py_buffer(b"\1"), pa.py_buffer(offsets), pa.py_buffer(data)])
    assert table_of(batch=array).reasons("id").tolist() == ["", "absent"]


@pytest.mark.parametrize("kind", [pa.binary(), pa.large_binary()])
def test_offsets_that_fall_are_a_value_error(kind: Any) -> None:
    width = np.int32 if kind == pa.binary() else np.int64
    buffers = [None, pa.py_buffer(np.array([0, 5, 2], width)), pa.py_buffer(b"octets")]
    with pytest.raises(ValueError, match="offsets 5 and 2 of message 1 do not rise"):
        table_of(batch=pa.Array.from_buffers(kind, 2, buffers))


@pytest.mark.parametrize("wrong", [[1, 2], [1.5], [[b"list"]], [{"data": b"x"}], [True]])
def test_arrays_of_something_else_are_a_type_error(wrong: list[Any]) -> None:
    for array in (pa.array(wrong), pa.chunked_array([pa.array(wrong)])):
        with pytest.raises(TypeError, match="binary, large_binary"):
            table_of(batch=array)


def test_a_dictionary_is_a_type_error() -> None:
    with pytest.raises(TypeError, match="a dictionary"):
        table_of(batch=pa.array([b"a", b"a"]).dictionary_encode())


def test_what_comes_in_is_given_back() -> None:
    before = pa.total_allocated_bytes()
    for _ in range(20):
        table_of(batch=pa.array([points(50)] * 100))
        table_of(batch=pa.chunked_array([[points(50)] * 50] * 2))
        with pytest.raises(TypeError):
            table_of(batch=pa.array(range(10_000)))
    gc.collect()
    assert pa.total_allocated_bytes() == before


class Stream(ctypes.Structure):
    """ArrowArrayStream of the C stream interface."""

    _fields_ = [(name, ctypes.c_void_p) for name in ("get_schema", "get_next", "get_last_error", "release", "private_data")]


class Failing:
    """A producer that has no schema to give."""

    def __init__(self) -> None:
        self.text = ctypes.create_string_buffer(b"the disk is gone")
        self.fail = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)(lambda stream, out: 5)
        self.say = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p)(lambda stream: ctypes.addressof(self.text))
        calls = [ctypes.cast(call, ctypes.c_void_p).value for call in (self.fail, self.fail, self.say)]
        self.stream = Stream(*calls, None, None)

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        make = ctypes.pythonapi.PyCapsule_New
        make.restype, make.argtypes = ctypes.py_object, [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]
        return make(ctypes.addressof(self.stream), b"arrow_array_stream", None)


def test_a_stream_that_fails_says_why() -> None:
    with pytest.raises(ValueError, match="the disk is gone"):
        table_of(batch=Failing())


def test_an_unknown_item_is_null() -> None:
    table = table_of(batch=[report(kind="...5"), report()])
    assert column_of(table, "kind") == [UNKNOWN, "car"]
    assert table.to_arrow()["kind"].to_pylist() == [None, "car"]
