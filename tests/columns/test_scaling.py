"""``scaled=True`` gives what ``rsu.units`` says of each raw number, for every row of every table."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from random import Random

import numpy as np
import pytest
from codec_generate import Budget, generate
from codec_pycrate import Pycrate
from columns_messages import report, road
from columns_reference import ABSENT, at

import rsu
from rsu._asn1.info import TypeInfo
from rsu.units import LAYERS, Unit, load_units

SchemaOf = Callable[[str], rsu.Schema]


def unit_rows() -> list[tuple[str, str]]:
    return [(standard, key) for standard in LAYERS for key in load_units(standard)]


def raw_values(info: TypeInfo, unit: Unit) -> list[int]:
    """Bounds, what is special, what is beside it, and some between."""
    low, high = info.range
    assert low is not None and high is not None
    codes = [unit.unavailable, *unit.special, *(edge for pair in unit.reserved for edge in pair)]
    near = [code + step for code in codes if code is not None for step in (-1, 0, 1)]
    between = [Random(7).randint(low, high) for _ in range(200)]
    return [raw for raw in (low, low + 1, high - 1, high, 0, 1, *near, *between) if low <= raw <= high]


@pytest.mark.parametrize(("standard", "key"), unit_rows())
def test_every_row_of_the_units(standard: str, key: str, schema_of: SchemaOf, pycrate_of: Callable[[str], Pycrate]) -> None:
    schema, unit = schema_of(standard), load_units(standard)[key]
    owner, _, member = key.partition(".")
    if member and key not in schema.types:
        check_member(schema, pycrate_of(standard).object(owner), owner, member, unit)
        return
    info = schema.type_info(key)
    raws = raw_values(info, unit) if info.op.name == "INT" else list(range(len(info.values)))
    batch = [schema.encode(key, raw if info.op.name == "INT" else info.values[raw]) for raw in raws]
    for layout in ("rows", "columns"):
        table = schema.columns(key, {"it": ""}, scaled=True).decode(batch, layout)  # type: ignore[arg-type]
        assert table["it"].tolist() == [unit.value(raw) for raw in raws]
        assert table.reasons("it").tolist() == ["unavailable" if unit.value(raw) is None else "" for raw in raws]
        assert str(table.values("it").dtype) == "float64" or not unit.unit


def check_member(schema: rsu.Schema, compiled: object, owner: str, member: str, unit: Unit) -> None:
    """A number that is declared inside a SEQUENCE."""
    draw = Random(owner)
    batch = [schema.encode(owner, generate(compiled, draw, Budget(elements=20))) for _ in range(60)]
    raws = list(members(schema, owner, member, batch))
    table = schema.columns(owner, {"it": member}, scaled=True).decode(batch)
    assert table["it"].tolist() == [None if raw is None else unit.value(raw) for raw in raws]
    assert any(value is not None for value in table["it"].tolist())


def members(schema: rsu.Schema, owner: str, member: str, batch: list[bytes]) -> Iterator[int | None]:
    for data in batch:
        _, raw = at(schema.type_info(owner), schema.decode(owner, data), (member,), ())
        yield None if raw is ABSENT else raw


def test_without_the_request_codes_stay_numbers(schema_of: SchemaOf) -> None:
    schema = schema_of("csae-53")
    table = schema.columns("Speed", {"it": ""}).decode([schema.encode("Speed", 8191)])
    assert table["it"].tolist() == [8191]


def test_a_table_of_ones_own() -> None:
    units = {"Speed": Unit("km/h", 0.1, offset=-10, unavailable=8191, reserved=((8000, 8100),))}
    batch = [report(speed=speed) for speed in (0, 1, 333, 7999, 8000, 8100, 8101, 8191)] + [report(), None, b""]
    for layout in ("rows", "columns"):
        table = road().columns("Report", {"v": "speed", "id": "id"}, units=units).decode(batch, layout)  # type: ignore[arg-type]
        assert table["v"].tolist() == [-10.0, -9.9, 23.3, 789.9, None, None, 800.1, None, None, None, None]
        assert table.reasons("v").tolist()[4:] == [
            "unavailable", "unavailable", "", "unavailable", "absent", "absent", "truncated",
        ]  # fmt: skip
        assert np.isnan(table.values("v")[[4, 5, 7, 8, 9, 10]]).all()
        assert table["id"].mask.tolist() == [False] * 9 + [True] * 2


def test_scaled_needs_a_built_in_schema_or_units() -> None:
    with pytest.raises(rsu.RsuError, match="road"):
        road().columns("Report", ["speed"], scaled=True)
