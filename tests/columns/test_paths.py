"""Paths that a type does not have are errors that say what it has."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from columns_messages import PATHS, mixed, report, road

import rsu

SchemaOf = Callable[[str], rsu.Schema]
WRONG = {
    "a name that is not there": (["speeed"], r"path speeed: not in Report: it has id, kind, flags"),
    "a name that is not there, deeper": (["points[].y"], r"path points\[\].y: not in Point: it has x, label, deep"),
    "into a number": (["speed.high"], r"path speed.high: not in Speed: it has no parts"),
    "into an octet string": (["id.first"], r"path id.first: not in OCTET STRING: it has no parts"),
    "a list without its mark": (["points.x"], r"path points.x: not in SEQUENCE OF: it has \[\]"),
    "elements of what is no list": (["speed[]"], r"path speed\[\]: not in Speed: it has no parts"),
    "elements of a SEQUENCE": (["[]"], r"path \[\]: not in Report: it has id"),
    "two lists": (
        ["points[].x", "others[].x"],
        r"points\[\] and others\[\] are two lists, each with its own rows: make a projection for each",
    ),
    "a path twice": ({"a": "speed", "b": "id", "c": "speed"}, "column 'c': speed has a column already"),
    "no columns": ({}, "a projection of 0 columns: must be 1 to 4096"),
    "too many columns": ({str(place): f"a{place}" for place in range(4097)}, "a projection of 4097 columns: must be 1 to 4096"),
    "no name": ([""], "the column of path '' has no name: say {'name': ''}"),
    "an empty part": (["points..x"], "path 'points..x': '' must be a name"),
    "a dot at the end": (["points[]."], r"path 'points\[\].': '' must be a name"),
    "half a mark": (["points["], r"path 'points\[': 'points\[' must be a name, with \[\] behind it"),
    "an index": (["points[0].x"], r"path points\[0\]|path 'points\[0\]"),
    "a mark inside": (["poi[]nts"], r"path poi\[\]nts|path 'poi\[\]nts'"),
}  # fmt: skip


@pytest.mark.parametrize(("paths", "text"), WRONG.values(), ids=WRONG)
def test_wrong_paths_are_schema_errors(paths: Any, text: str) -> None:
    with pytest.raises(rsu.SchemaError, match=text):
        road().columns("Report", paths)


def test_a_type_that_is_not_there_is_a_schema_error() -> None:
    with pytest.raises(rsu.SchemaError, match="has no type 'Rapport'"):
        road().columns("Rapport", ["id"])


def test_paths_may_be_their_own_names() -> None:
    table = road().columns("Report", ["id", "points[].x"]).decode(mixed())
    assert table.names == ("id", "points[].x")
    assert table["points[].x"].tolist() == [-3, 4, None, None, 0, 1, 2, None, None]


def test_alternatives_and_types_inside_open_types_are_parts(schema_of: SchemaOf) -> None:
    schema = schema_of("sae-j2735")
    paths = {"id": "messageId", "lat": "value.BasicSafetyMessage.coreData.lat", "type": "value"}
    columns = schema.columns("MessageFrame", paths)
    assert columns.names == ("id", "lat", "type")
    with pytest.raises(rsu.SchemaError, match=r"path value\.Bsm: not in"):
        schema.columns("MessageFrame", ["value.Bsm"])


def test_an_array_of_all_columns_and_its_mask() -> None:
    table = road().columns("Report", PATHS).decode(mixed())
    assert table.array.dtype.names == table.mask.dtype.names == tuple(PATHS)
    for name in PATHS:
        assert (table.array[name] == table.values(name)).all() or name == "ratio"
        assert (table.mask[name] == table.empty(name)).all()
    flat = road().columns("Report", ["speed", "kind"]).decode([report(speed=3)])
    assert flat.array.tolist() == [(3, 0)]
    assert list(flat) == ["speed", "kind"]


@pytest.mark.parametrize("name", ["speeed", "", "message"])
def test_a_column_that_is_not_there_is_a_key_error(name: str) -> None:
    table = road().columns("Report", PATHS).decode(mixed())
    for ask in (table.values, table.empty, table.reasons, table.texts, table.__getitem__):
        with pytest.raises(KeyError, match="no column"):
            ask(name)


def test_texts_of_a_column_without_names_is_a_key_error() -> None:
    with pytest.raises(KeyError, match="'speed' holds no names"):
        road().columns("Report", PATHS).decode(mixed()).texts("speed")


def small(text: str, folder: Path) -> rsu.Schema:
    (folder / "small.asn").write_text(f"Small DEFINITIONS AUTOMATIC TAGS ::= BEGIN {text} END")
    return rsu.load_schema(folder / "small.asn")


def test_a_default_list_with_elements_has_no_rows(tmp_path: Path) -> None:
    schema = small("A ::= SEQUENCE { it SEQUENCE OF INTEGER (0..7) DEFAULT {1, 2}, n INTEGER (0..7) }", tmp_path)
    assert schema.columns("A", ["it", "n"]).decode([schema.encode("A", {"it": [1, 2], "n": 3})]).array.tolist() == [(2, 3)]
    with pytest.raises(rsu.SchemaError, match=r"path it\[\]: a DEFAULT that is a list with elements"):
        schema.columns("A", ["it[]"])


def test_seven_lists_inside_one_another_and_no_more(tmp_path: Path) -> None:
    schema = small("A ::= SEQUENCE OF A1 A1 ::= CHOICE { deeper A, end INTEGER (0..7) }", tmp_path)
    value = [("end", 5)]
    for _ in range(6):
        value = [("deeper", value)]  # type: ignore[list-item]
    path = "[].deeper" * 6
    assert schema.columns("A", {"it": f"{path}[].end"}).decode([schema.encode("A", value)])["it"].tolist() == [5]
    with pytest.raises(rsu.SchemaError, match="8 lists inside one another; 7 are allowed"):
        schema.columns("A", {"it": f"{path}[].deeper[].end"})


CLASS = """KIND ::= CLASS { &id INTEGER (0..255) UNIQUE, &Type } WITH SYNTAX { &Type IDENTIFIED BY &id }
Set KIND ::= { %s, ... }
F ::= SEQUENCE { id KIND.&id ({Set}), value KIND.&Type ({Set}{@id}) } S ::= INTEGER (0..255)"""


def test_a_type_of_two_rows(tmp_path: Path) -> None:
    schema = small(CLASS % "{ S IDENTIFIED BY 1 } | { BOOLEAN IDENTIFIED BY 2 } | { S IDENTIFIED BY 9 }", tmp_path)
    batch = [schema.encode("F", {"id": number, "value": ("S", number)}) for number in (1, 9)]
    batch += [schema.encode("F", {"id": 2, "value": ("BOOLEAN", True)}), schema.encode("F", {"id": 4, "value": b"x"})]
    table = schema.columns("F", {"type": "value", "s": "value.S", "id": "id"}).decode(batch)
    assert table["s"].tolist() == [1, 9, None, None]
    assert table.texts("type").tolist() == ["S", "S", "BOOLEAN", None]
    pandas = pytest.importorskip("pandas", reason="pandas is not installed: pip install pandas")
    assert [None if pandas.isna(name) else name for name in table.to_pandas()["type"]] == ["S", "S", "BOOLEAN", None]


def test_different_types_of_one_name_are_a_schema_error(tmp_path: Path) -> None:
    schema = small(CLASS % "{ INTEGER (0..7) IDENTIFIED BY 1 } | { INTEGER (0..255) IDENTIFIED BY 2 }", tmp_path)
    data = schema.encode("F", {"id": 2, "value": ("INTEGER", 200)})
    assert schema.columns("F", ["value", "id"]).decode([data]).errors.tolist() == [0]
    with pytest.raises(rsu.SchemaError, match=r"path value\.INTEGER: 2 different types have this name here"):
        schema.columns("F", ["value.INTEGER"])
