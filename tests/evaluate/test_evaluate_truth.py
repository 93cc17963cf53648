"""Ground truth: both kinds of file, what was there between two rows, and files that are none."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from evaluate_rows import START_NS, TENTH_NS
from numpy.typing import NDArray

from rsu.errors import SourceError
from rsu.evaluate.truth import GAP_NS, TRUTH, Truth, read_truth
from rsu.observe.arrays import BICYCLE, PEDESTRIAN, UNKNOWN, VEHICLE, Origin

ORIGIN = Origin(29.6583, 106.5312, 268.4)
Columns = dict[str, NDArray[Any]]


def columns() -> Columns:
    """Two objects; the second is there at the later two of three moments."""
    times = START_NS + TENTH_NS * np.array([0, 1, 2, 1, 2])
    return {
        "id": np.array(["car", "car", "car", "bike", "bike"]),
        "cls": np.array([VEHICLE, VEHICLE, VEHICLE, BICYCLE, BICYCLE]),
        "time_ns": times,
        "x": np.array([0.0, 1.0, 2.0, 10.0, 10.0]),
        "y": np.array([0.0, 0.0, 0.0, 5.0, 6.0]),
        "lat": np.full(5, ORIGIN.lat_deg),
        "lon": np.full(5, ORIGIN.lon_deg),
        "heading": np.array([0.0, 0.0, 0.0, 3.1, -3.1]),
        "speed": np.array([10.0, 10.0, 12.0, 5.0, 5.0]),
        "accel": np.array([0.0, 0.0, math.nan, 0.0, 0.0]),
        "length": np.full(5, 4.6),
        "width": np.full(5, 1.8),
        "height": np.full(5, 1.5),
        "equipped": np.array([True, True, True, False, False]),
        "sender": np.array(["0a0b", "0a0b", "0c0d", "", ""]),
    }


def write_npz(path: Path, table: Columns, origin: Any = ORIGIN) -> Path:
    np.savez(path, **table, **({} if origin is None else {"origin": np.array(origin)}))
    return path


def write_parquet(path: Path, table: Columns, origin: Any = ORIGIN) -> Path:
    pa = pytest.importorskip("pyarrow", reason="pyarrow is not installed: rsu[sim]")
    import pyarrow.parquet as pq

    metadata = {} if origin is None else {"origin": json.dumps(list(origin))}
    pq.write_table(pa.table({name: pa.array(column) for name, column in table.items()}).replace_schema_metadata(metadata), path)
    return path


KINDS = [(write_npz, "t.npz"), (write_parquet, "t.parquet")]


@pytest.mark.parametrize(("write", "name"), KINDS, ids=["npz", "parquet"])
def test_both_kinds_of_file_say_the_same(tmp_path: Path, write: Any, name: str) -> None:
    truth = read_truth(write(tmp_path / name, columns()))
    assert truth.origin == ORIGIN
    found = truth.at(START_NS + 2 * TENTH_NS)
    assert found["id"].tolist() == [0, 1]  # bike, car: by the order of their names
    assert found["cls"].tolist() == [BICYCLE, VEHICLE]
    assert (found["x"].tolist(), found["y"].tolist()) == ([10.0, 2.0], [6.0, 0.0])
    assert (found["equipped"].tolist(), found["sender"].tolist()) == ([False, True], [b"", b"0c0d"])


@pytest.mark.parametrize(
    "senders", [["0a0b", "0a0b", None, None, ""], [b"0a0b", b"0a0b", b"", b"", None]], ids=["text", "octets"]
)
def test_a_sender_may_be_text_octets_or_nobody(tmp_path: Path, senders: list[Any]) -> None:
    path = write_parquet(tmp_path / "t.parquet", columns() | {"sender": np.array(senders, object)})
    assert sorted(read_truth(path).rows["sender"].tolist()) == [b"", b"", b"", b"0a0b", b"0a0b"]


def test_classes_may_be_names(tmp_path: Path) -> None:
    table = columns() | {"cls": np.array(["vehicle", "VEHICLE", "vehicle", "pedestrian", "pedestrian"])}
    truth = read_truth(write_npz(tmp_path / "t.npz", table))
    assert set(truth.rows["cls"]) == {VEHICLE, PEDESTRIAN}


def test_only_who_where_and_when_must_be_there(tmp_path: Path) -> None:
    table = {name: column for name, column in columns().items() if name in ("id", "time_ns", "x", "y")}
    truth = read_truth(write_npz(tmp_path / "t.npz", table, ORIGIN[:2]))
    assert truth.origin == Origin(ORIGIN.lat_deg, ORIGIN.lon_deg, 0.0)
    assert set(truth.rows["cls"]) == {UNKNOWN}
    assert np.isnan(truth.rows["speed"]).all()


def test_between_two_rows_the_object_is_in_between(tmp_path: Path) -> None:
    truth = read_truth(write_npz(tmp_path / "t.npz", columns()))
    bike, car = truth.at(START_NS + 3 * TENTH_NS // 2)
    assert (car["x"], car["speed"], bike["y"]) == pytest.approx((1.5, 11.0, 5.5))
    assert abs(bike["heading"]) == pytest.approx(math.pi)  # from 3.1 over π to -3.1, not over 0
    assert math.isnan(car["accel"])
    assert (car["time_ns"], bike["sender"]) == (START_NS + 3 * TENTH_NS // 2, b"")


@pytest.mark.parametrize(("offset_ns", "count"), [(-1, 0), (0, 1), (TENTH_NS - 1, 1), (TENTH_NS, 2), (2 * TENTH_NS + 1, 0)])
def test_nobody_is_there_before_he_comes_or_after_he_has_gone(tmp_path: Path, offset_ns: int, count: int) -> None:
    truth = read_truth(write_npz(tmp_path / "t.npz", columns()))
    assert len(truth.at(START_NS + offset_ns)) == count


@pytest.mark.parametrize(("gap_ns", "there"), [(GAP_NS, 1), (GAP_NS + 1, 0)])
def test_who_was_away_for_long_is_not_made_up(gap_ns: int, there: int) -> None:
    rows = np.zeros(2, TRUTH)
    rows["time_ns"] = [START_NS, START_NS + gap_ns]
    assert len(Truth(rows, ORIGIN).at(START_NS + gap_ns // 2)) == there


def test_truth_at_a_moment_agrees_with_looking_through_all_rows() -> None:
    """Random comings and goings against the plain way of doing it."""
    chance = np.random.Generator(np.random.PCG64(5))
    present = chance.random((9, 40)) < 0.7
    ids, times = np.nonzero(present)
    rows = np.zeros(len(ids), TRUTH)
    rows["id"], rows["time_ns"], rows["x"] = ids, START_NS + times * TENTH_NS, chance.normal(size=len(ids))
    truth = Truth(chance.permutation(rows), ORIGIN)
    for number in range(40):
        time_ns = START_NS + number * TENTH_NS
        for row in truth.at(time_ns):
            own = rows[rows["id"] == row["id"]]
            assert row["x"] == pytest.approx(np.interp(time_ns - START_NS, own["time_ns"] - START_NS, own["x"]))
        exact = rows[rows["time_ns"] == time_ns]["id"]
        assert set(exact) <= set(truth.at(time_ns)["id"])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"x": None}, "without the column x"),
        ({"origin": None}, "without `origin`"),
        ({"origin": (95.0, 0.0, 0.0)}, "origin .* must be"),
        ({"origin": (1.0,)}, "origin .* must be"),
        ({"x": np.zeros(3)}, "one and the same length"),
        ({"x": np.full(5, math.nan)}, "x and y must be numbers"),
        ({"cls": np.full(5, 9)}, "cls 9: must be 0..4"),
        ({"cls": np.full(5, "tram")}, "cls 'tram': must be one of"),
        ({"time_ns": np.full(5, START_NS)}, "twice at one moment"),
        ({"time_ns": START_NS + 10**14 * np.arange(5)}, "at most 24 h"),
        ({"id": np.zeros((5, 2))}, "one and the same length"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else None,
)
def test_a_table_that_is_no_truth_is_told(tmp_path: Path, change: dict[str, Any], words: str) -> None:
    origin = change.get("origin", ORIGIN)
    table = {name: column for name, column in (columns() | change).items() if name != "origin" and column is not None}
    with pytest.raises(SourceError, match=words):
        read_truth(write_npz(tmp_path / "t.npz", table, origin))


def test_no_rows_are_no_truth(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="without a row"):
        read_truth(write_npz(tmp_path / "t.npz", {name: column[:0] for name, column in columns().items()}))


@pytest.mark.parametrize("octets", [b"", b"PK\x03\x04 cut", b"hello", b"\x93NUMPY"], ids=["empty", "cut", "text", "array"])
@pytest.mark.parametrize("name", ["t.npz", "t.parquet"])
def test_a_file_that_is_no_table_is_told(tmp_path: Path, octets: bytes, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(octets)
    with pytest.raises(SourceError, match=str(path)):
        read_truth(path)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    for name in ("t.npz", "t.parquet"):
        with pytest.raises(SourceError, match=name):
            read_truth(tmp_path / name)


def test_pickled_columns_are_not_unpickled(tmp_path: Path) -> None:
    path = tmp_path / "t.npz"
    np.savez(path, **(columns() | {"id": np.array([{}] * 5, object)}), origin=np.array(ORIGIN))
    with pytest.raises(SourceError, match="allow_pickle"):
        read_truth(path)
