"""pandas and polars frames have the table's cells, and missing libraries are said plainly."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from columns_messages import PATHS, mixed, points, report, road
from columns_reference import given

from rsu.columns import Table


def table_of(layout: Any, paths: Any = PATHS) -> Table:
    return road().columns("Report", paths).decode(mixed(), layout)


def wanted(table: Table, name: str) -> list[Any]:
    values = table.texts(name) if table.cells[name].names else table.values(name)
    return [None if empty else value for value, empty in zip(values.tolist(), table.empty(name), strict=True)]


@pytest.mark.parametrize("layout", ["rows", "columns"])
def test_pandas(layout: Any) -> None:
    pandas = pytest.importorskip("pandas", reason="pandas is not installed: pip install pandas")
    table = table_of(layout)
    frame = table.to_pandas()
    assert list(frame.columns) == ["element", *table.names]
    assert frame.index.name == "message"
    assert frame.index.tolist() == table.message.tolist()
    assert [None if pandas.isna(place) else place for place in frame["element"]] == [
        None if place < 0 else place for place in table.element[:, 0].tolist()
    ]
    for name in table.names:
        assert [None if value is None or value is pandas.NA or value != value else value for value in frame[name]] == wanted(
            table, name
        ), name
    assert {name: str(frame[name].dtype) for name in ("kind", "flags", "here", "x")} == {
        "kind": "category", "flags": "UInt16", "here": "boolean", "x": "Int8",
    }  # fmt: skip
    assert list(frame["kind"].cat.categories) == ["car", "truck", "bus"]


@pytest.mark.parametrize("layout", ["rows", "columns"])
def test_polars(layout: Any) -> None:
    pytest.importorskip("polars", reason="polars is not installed: pip install polars")
    table = table_of(layout)
    frame = table.to_polars()
    assert frame.columns == ["message", "element", *table.names]
    for name in table.names:
        cells = wanted(table, name)
        if name == "long":  # a BIT STRING of more than 64 bits
            cells = ["101010101" if cell else None for cell in cells]
        assert frame[name].to_list() == cells, name


def test_a_column_of_polars_is_a_batch() -> None:
    polars = pytest.importorskip("polars", reason="polars is not installed: pip install polars")
    columns = road().columns("Report", PATHS)
    for rows in (mixed(), [points(9)] * 50, []):
        series = polars.Series("data", rows, polars.Binary)
        assert given(columns.decode(series)) == given(columns.decode(rows))
    assert given(columns.decode(polars.concat([series, polars.Series("data", mixed())], rechunk=False))) == given(
        columns.decode(mixed())
    )


def test_a_column_of_pandas_is_a_batch() -> None:
    pandas = pytest.importorskip("pandas", reason="pandas is not installed: pip install pandas")
    pytest.importorskip("pyarrow", reason="pyarrow is not installed: pip install pyarrow")
    columns = road().columns("Report", PATHS)
    assert given(columns.decode(pandas.Series(mixed()))) == given(columns.decode(mixed()))


def test_scaled_numbers_are_nan_in_pandas() -> None:
    pytest.importorskip("pandas", reason="pandas is not installed: pip install pandas")
    from rsu.units import Unit

    columns = road().columns("Report", ["speed"], units={"Speed": Unit("m/s", 0.02)})
    assert columns.decode([report(speed=50), None]).to_pandas()["speed"].tolist()[0] == 1.0
    assert np.isnan(columns.decode([report(speed=50), None]).to_pandas()["speed"].tolist()[1])


@pytest.mark.parametrize("library", ["pandas", "polars", "pyarrow"])
def test_a_library_that_is_not_there_is_named(library: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, library, None)
    frame = {"pandas": "to_pandas", "polars": "to_polars", "pyarrow": "to_arrow"}[library]
    with pytest.raises(ImportError, match=f"{library} is not installed: pip install {library}"):
        getattr(table_of("rows"), frame)()
