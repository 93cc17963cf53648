"""Batches: the same rows as one by one, from lists or from columns, of any mixture of records."""

from __future__ import annotations

from collections import Counter
from typing import Any, NamedTuple

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from observe_messages import CSAE_BSM, CSAE_PSM, ORIGIN, RECEIVED_NS, RSM, SAE_BSM, SAE_PSM, SDSM, SSM

from rsu.engine import Engine, Settings
from rsu.engine import Stored as StoredRow
from rsu.observe.arrays import OBSERVATION, empty
from rsu.observe.observations import READERS, observe_batch, observe_record
from rsu.observe.places import unit_of
from rsu.observe.statements import FORMS, HEAD, Codes, assemble, assemble_rows
from rsu.received import Received
from rsu.standards import STANDARDS
from rsu.units import load_units


class Stored(NamedTuple):
    """A record as the engine has it."""

    standard: str
    type: str
    source: str = "pc5"
    receive_time_ns: int = RECEIVED_NS
    raw: bytes = b""


BOX = msgspec.json.encode(
    {"type": "CAR", "confidence": 0.5, "sensorId": "s", "objectId": "o", "position": {"x": 1.0, "y": 2.0}}
)
RECORDS: list[tuple[Stored, Any]] = [
    (Stored("csae-53", "BasicSafetyMessage"), CSAE_BSM),
    (Stored("sae-j2735", "BasicSafetyMessage"), SAE_BSM),
    (Stored("csae-157?a=b", "RoadsideSafetyMessage"), RSM),
    (Stored("csae-157", "SensorSharingMsg"), SSM),
    (Stored("csae-157", "PersonalSafetyMessage"), CSAE_PSM),
    (Stored("sae-j2735", "PersonalSafetyMessage"), SAE_PSM),
    (Stored("sae-j2735", "SensorDataSharingMessage"), SDSM),
    (Stored("", "DetectedObject", raw=BOX), None),
    (Stored("", "objects", raw=BOX), None),
    (Stored("csae-53", "MapData"), {"nodes": []}),
    (Stored("", "driverAlert"), None),
    (Stored("", "DetectedObject", raw=b"{"), None),
]


@settings(deadline=None)
@given(st.lists(st.sampled_from(range(len(RECORDS))), max_size=12))
def test_a_batch_is_its_records_one_by_one(numbers: list[int]) -> None:
    chosen = [RECORDS[number] for number in numbers]
    whole = observe_batch(chosen, ORIGIN)
    parts = [observe_record(record, value, ORIGIN) for record, value in chosen]
    expected = np.concatenate([empty(0), *parts])
    assert whole.dtype == OBSERVATION
    assert whole.tobytes() == expected.tobytes()  # to the last bit, whatever stands beside it


def test_what_cannot_be_read_is_counted() -> None:
    faults: Counter[str] = Counter()
    made = observe_batch(RECORDS, ORIGIN, faults)
    assert faults == {"objects": 1}
    assert len(made) == 10  # an SSM tells of two


def test_columns_take_the_place_of_rows() -> None:
    rows = [row for _ in range(3) for row in READERS["sae-j2735"]["BasicSafetyMessage"](SAE_BSM, RECEIVED_NS, b"pc5")]
    heads = np.array([row[0] for row in rows], HEAD)
    table = np.full((3, len(Codes._fields)), np.nan)
    for number, code in enumerate(rows[0][1]):
        table[:, number] = np.nan if code is None else code
    made = assemble(heads, table, np.full(3, rows[0][2]), ORIGIN)
    assert made.tobytes() == assemble_rows(rows, ORIGIN).tobytes()
    assert table[0, Codes._fields.index("speed")] == 694  # the caller's table stays as it was


def test_a_name_longer_than_its_place_is_cut() -> None:
    record = Stored("csae-53", "BasicSafetyMessage", source="雷达" * 40)
    assert len(observe_record(record, CSAE_BSM, ORIGIN)["source"][0]) == 64


def test_nothing_gives_nothing() -> None:
    assert observe_batch([], ORIGIN).shape == (0,)


@pytest.mark.parametrize("form", FORMS)
def test_forms_name_elements_of_the_units_table_that_are_plain_scales(form: int) -> None:
    standard, elements = FORMS[form]
    units = load_units(standard)
    for column, element in elements.items():
        unit = unit_of(units, element)
        assert column in Codes._fields
        assert unit.unit, f"{element} is not in the table of {standard}"
        assert not unit.offset and not unit.reserved


@pytest.mark.parametrize("standard", READERS)
def test_readers_are_of_message_types_that_there_are(standard: str) -> None:
    known = {message.name for message in STANDARDS["csae-157" if "csae" in standard else standard].messages}
    assert set(READERS[standard]) <= known


def test_the_engines_outcome_is_a_record() -> None:
    received = Received(
        rsu_id="R1",
        boot_id=bytes(16),
        sequence=1,
        channel="uu",
        source="lidar-north",
        receive_time_ns=RECEIVED_NS,
        data=BOX,
        content="objects",
        record_type="DetectedObject",
        header="none",
    )
    stored = Engine(Settings(), {}).step(received, RECEIVED_NS)
    assert isinstance(stored, StoredRow)
    (made,) = observe_record(stored, None, ORIGIN)
    assert (made["source"], made["object"]) == (b"lidar-north", b"o")
