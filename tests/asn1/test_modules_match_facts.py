"""Our ASN.1 modules say what the facts tables say, type by type: a slip of one bit is found."""

from __future__ import annotations

import shutil
from functools import cache
from pathlib import Path

import pytest
from asn1_forms import Form, Modules, assigned_names, facts_forms, schema_files

STANDARDS = ("csae-53", "csae-157", "sae-j2735")

#: In sae-j2735 22 names live in two modules, so that there a key carries its module.
QUALIFIED = {"csae-53": False, "csae-157": False, "sae-j2735": True}


@cache
def modules(standard: str) -> Modules:
    return Modules(schema_files(standard))


@cache
def our_forms(standard: str) -> dict[str, Form]:
    return modules(standard).forms(QUALIFIED[standard])


@cache
def told_forms(table: Path) -> dict[str, Form]:
    return facts_forms(table, QUALIFIED[table.stem])


def names(standard: str) -> list[str]:
    """What to compare, found by a scan of the text, so that collecting the tests parses nothing."""
    files = schema_files(standard)
    if QUALIFIED[standard]:
        return [f"{path.stem}.{name}" for path in files for name in assigned_names(path)]
    return [name for path in files for name in assigned_names(path)]


CASES = [pytest.param(standard, name, id=f"{standard}-{name}") for standard in STANDARDS for name in names(standard)]


@pytest.mark.parametrize(("standard", "name"), CASES)
def test_definition_says_what_the_table_says(standard: str, name: str, shared: Path) -> None:
    assert our_forms(standard)[name] == told_forms(shared / "facts" / f"{standard}.jsonl").get(name)


@pytest.mark.parametrize("standard", STANDARDS)
def test_nothing_is_missing_and_nothing_is_extra(standard: str, shared: Path) -> None:
    told = told_forms(shared / "facts" / f"{standard}.jsonl")
    assert set(our_forms(standard)) == set(told)
    assert set(names(standard)) == {name for name, form in told.items() if "constant" not in form}


@pytest.mark.parametrize("standard", STANDARDS)
def test_constants_have_the_numbers_of_the_table(standard: str, shared: Path) -> None:
    told = told_forms(shared / "facts" / f"{standard}.jsonl")
    constants = {name: form for name, form in our_forms(standard).items() if "constant" in form}
    assert constants == {name: form for name, form in told.items() if "constant" in form}


@pytest.mark.parametrize("standard", STANDARDS)
def test_a_file_is_named_after_its_module(standard: str) -> None:
    assert sorted(modules(standard).parsed) == [path.stem for path in schema_files(standard)]


def test_csae_53_types_stand_in_the_modules_of_the_table(shared: Path) -> None:
    qualified = facts_forms(shared / "facts" / "csae-53.jsonl", qualified=True)
    assert set(modules("csae-53").forms(qualified=True)) == set(qualified)


def test_csae_157_holds_only_modules_that_are_new_or_changed() -> None:
    lower = {path.name: path.parent for path in schema_files("csae-53")}
    for path in schema_files("csae-157"):
        if path.parent not in lower.values() and path.name in lower:
            below, above = Modules([lower[path.name] / path.name]), Modules([path])
            assert below.parsed != above.parsed, f"{path.name} repeats the module below it"


@pytest.mark.parametrize("standard", STANDARDS)
def test_parameters_follow_the_rule_of_the_facts(standard: str) -> None:
    """A ``Reg-`` set is named after the enclosing type; Part II has one set a message (facts/README.md)."""
    sets = {"PartIIcontent": "BSMpartIIExtension", "CCMPartIIcontent": "CCMpartIIExtension"}
    given = list(modules(standard).actual_parameters())
    for module, owner, template, argument in given:
        assert argument == sets.get(template, f"Reg-{owner}"), f"{module}.{owner}"
    needed = {key for key, form in our_forms(standard).items() if "'RegionalExtension'" in repr(form)}
    assert {f"{module}.{owner}" for module, owner, template, _ in given if template == "RegionalExtension"} == needed


SLIPS = [
    pytest.param("csae-53", "DefMotion", "(0..8191)", "(0..8190)", "Speed", id="range"),
    pytest.param("csae-53", "MapLane", "(SIZE (1..16))", "(SIZE (1..17))", "ConnectsToList", id="size"),
    pytest.param("csae-53", "MapLane", "(SIZE (8, ...))", "(SIZE (8))", "LaneAttributes-Vehicle", id="size-marker"),
    pytest.param("csae-53", "DefPosition", "Elevation OPTIONAL", "Elevation", "Position3D", id="optional"),
    pytest.param("csae-53", "MapPoint", "PositionOffsetLLV,\n  ...", "PositionOffsetLLV", "RoadPoint", id="marker"),
    pytest.param("csae-53", "VehBrake", "leftFront   (1)", "leftFront   (2)", "BrakeAppliedStatus", id="bit"),
    pytest.param("csae-53", "VehBrake", "brakePadel", "brakePedal", "BrakeSystemStatus", id="spelling"),
    pytest.param("csae-53", "DefPosition", "a500m       (1)", "a501m       (1)", "PositionConfidence", id="enumeration"),
    pytest.param("csae-53", "VehClass", "FuelType ::= 9", "FuelType ::= 8", "propane", id="constant"),
    pytest.param("csae-53", "VehSize", "width   VehicleWidth", "width   VehicleLength", "VehicleSize", id="type"),
    pytest.param("csae-157", "MsgFrame", "{ PAMData ", "{ CLPMM ", "MessageTypes", id="object-set-row"),
    pytest.param(
        "csae-157",
        "MsgFrame",
        "vpm     ExtMsgID ::= 17",
        "vpm     ExtMsgID ::= 18",
        "MessageTypes vpm",
        id="id",
    ),
    pytest.param("csae-157", "MapNode", "inLinks-ex      LinkExList OPTIONAL,", "", "Node", id="addition"),
]


@pytest.mark.parametrize(("standard", "module", "right", "wrong", "found"), SLIPS)
def test_a_slip_is_found(standard: str, module: str, right: str, wrong: str, found: str, tmp_path: Path, shared: Path) -> None:
    copies = [Path(shutil.copy(path, tmp_path)) for path in schema_files(standard)]
    slipped = tmp_path / f"{module}.asn"
    text = slipped.read_text(encoding="utf-8")
    assert right in text
    slipped.write_text(text.replace(right, wrong, 1), encoding="utf-8")
    ours = Modules(copies).forms(qualified=False)
    told = told_forms(shared / "facts" / f"{standard}.jsonl")
    assert sorted(name for name in told if ours.get(name) != told[name]) == found.split()
