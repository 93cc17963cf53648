"""The published messages: valid ones come back byte for byte, invalid ones raise, printed values agree.

Which are valid in the edition that we carry is decided in `codec_vectors.py`. The counts for each type stand in the run's
terminal summary.
"""

from __future__ import annotations

import ast
import json
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from codec_counts import Count
from codec_pycrate import Pycrate, known_part
from codec_readers import from_erlang, from_jer, from_xer, parse_erlang
from codec_vectors import FILES, is_aligned, is_valid, message_name, octets_of, records, top_type

import rsu

SchemaOf = Callable[[str], rsu.Schema]
PycrateOf = Callable[[str], Pycrate]
PUBLISHED = "Published messages that decode and re-encode byte for byte"

# Of the 554 J2735 records, as vectors/README.md counts them.
NUMBERS = {"valid in 2024": 534, "only in a vendor's set": 7, "invalid": 13}


def test_the_numbers_are_those_of_the_readme(shared: Path) -> None:
    kinds: Counter[str] = Counter()
    for record in records(shared, "sae-j2735"):
        valid = "valid in 2024" if is_valid("sae-j2735", record) else "only in a vendor's set"
        kinds[valid if record["valid"] else "invalid"] += 1
    assert kinds == NUMBERS


@pytest.mark.parametrize("standard", FILES)
def test_valid_messages_come_back_byte_for_byte(standard: str, shared: Path, schema_of: SchemaOf, count: Count) -> None:
    schema = schema_of(standard)
    wrong = []
    for number, record in enumerate(records(shared, standard)):
        if not is_valid(standard, record):
            continue
        name, data = top_type(standard, record), octets_of(record)
        try:
            value = schema.decode(name, data)
            again = schema.encode(name, value)
        except rsu.CodecError as error:
            wrong.append(f"{number} {record['type']}: {error}")
            continue
        if again != data:
            wrong.append(f"{number} {record['type']}: {again.hex()} for {data.hex()}")
        count(PUBLISHED, f"{standard} {message_name(standard, value) if name == 'MessageFrame' else name}")
    assert not wrong


def test_invalid_messages_raise_and_relaxed_mode_keeps_the_rest(shared: Path, schema_of: SchemaOf, count: Count) -> None:
    schema = schema_of("sae-j2735")
    for record in records(shared, "sae-j2735"):
        if is_valid("sae-j2735", record):
            continue
        name, data = top_type("sae-j2735", record), octets_of(record)
        if record["valid"]:
            # A vendor's own TestMessage03: bytes that its published namesake refuses, or happens to read; never another error.
            try:
                assert schema.encode(name, schema.decode(name, data)) == data
            except rsu.DecodeError:
                count("Published messages refused", "sae-j2735 only in a vendor's set")
            continue
        with pytest.raises(rsu.DecodeError) as caught:
            schema.decode(name, data)
        assert caught.value.code and caught.value.reason
        count("Published messages refused", f"sae-j2735 {caught.value.code}")


def test_relaxed_mode_gives_octets_for_a_broken_row(shared: Path, schema_of: SchemaOf) -> None:
    # Of the invalid BSMs some are sound but for Part II: the row comes as octets, with a finding that names it.
    schema = schema_of("sae-j2735")
    rescued = 0
    for record in records(shared, "sae-j2735"):
        if record["valid"] or record["type"] != "BasicSafetyMessage":
            continue
        findings: list[Any] = []
        try:
            value = schema.decode(top_type("sae-j2735", record), octets_of(record), strict=False, findings=findings)
        except rsu.DecodeError:
            continue
        assert findings
        if record["pdu"] == "MessageFrame" and isinstance(value["value"], bytes):
            continue  # broken before Part II: the whole message is the row that comes as octets
        body = value["value"][1] if record["pdu"] == "MessageFrame" else value
        assert any(isinstance(row["partII-Value"], bytes) for row in body["partII"])
        rescued += 1
    assert rescued == 6  # bsm01, bsm02 and bsm04 of the source, bare and in a frame


def test_aligned_per_is_no_clean_bsm(shared: Path, schema_of: SchemaOf) -> None:
    (record,) = [record for record in records(shared, "csae-53") if is_aligned(record)]
    for name, data in (("BasicSafetyMessage", octets_of(record)), ("MessageFrame", octets_of(record))):
        with pytest.raises(rsu.DecodeError):
            schema_of("csae-53").decode(name, data)


READERS: dict[str, Callable[[Any, str], Any]] = {
    "jer": lambda compiled, text: from_jer(compiled, json.loads(text)),
    "xer": lambda compiled, text: from_xer(compiled, ElementTree.fromstring(text)),
    "erlang_term": lambda compiled, text: from_erlang(compiled, parse_erlang(text)),
}


@pytest.mark.parametrize("notation", READERS)
def test_values_are_the_printed_ones(
    notation: str, shared: Path, schema_of: SchemaOf, pycrate_of: PycrateOf, count: Count
) -> None:
    schema, guide = schema_of("sae-j2735"), pycrate_of("sae-j2735")
    for record in records(shared, "sae-j2735"):
        printed = (record["expected"] or {}).get(notation)
        if not printed or not is_valid("sae-j2735", record):
            continue
        if "\ufffd" in printed:
            # The source printed octets as text and lost them.
            count("Published messages whose printed values are damaged", notation)
            continue
        name = top_type("sae-j2735", record)
        expected = READERS[notation](guide.object(name), printed)
        assert known_part(schema.decode(name, octets_of(record))) == expected
        count("Published messages whose printed values agree", notation)


def test_day_two_values_are_the_printed_ones(shared: Path, schema_of: SchemaOf, count: Count) -> None:
    for record in records(shared, "csae-157"):
        frame = schema_of("csae-157").decode("MessageFrame", octets_of(record))
        assert frame[1]["value"] == (record["type"].split("/")[-1], ast.literal_eval(record["expected"]))
        count("Published messages whose printed values agree", "python literal")


def test_printed_numbers_of_rsm_and_rsi_are_decoded(shared: Path, schema_of: SchemaOf, count: Count) -> None:
    for record in records(shared, "csae-53"):
        if not record["expected"]:
            continue
        frame = schema_of("csae-53").decode("MessageFrame", octets_of(record))
        # A number after a colon. `2 (non-motor)` is a code with its name and `01` an octet in hex, which are no integers here.
        printed = Counter(int(number) for number in re.findall(r": (-?[1-9]\d*|0)$", record["expected"], re.MULTILINE))
        decoded = Counter(numbers(frame))
        missing = printed - decoded
        assert not missing, f"{record['type']}: {missing}"
        count("Published messages whose printed values agree", "numbers of a printed tree")


def numbers(value: Any) -> list[int]:
    if isinstance(value, dict):
        return [number for item in value.values() for number in numbers(item)]
    if isinstance(value, (list, tuple)):
        return [number for item in value for number in numbers(item)]
    return [value] if isinstance(value, int) else []
