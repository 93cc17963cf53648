"""The unit comments in the ``.asn`` files are the rows of ``units.toml`` word for word, with none left."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from asn1_forms import ASSIGNMENT

from rsu.units import asn1_root, load_units, read_units

FOLDERS = ("csae-53", "csae-157", "sae-j2735")

#: What only a line in the canonical form begins with: a unit, or a code that is unavailable or special.
CANONICAL = re.compile(r"(unit [0-9.e-]+ |offset -?[0-9]|-?\d+ unavailable|-?\d+ = |-?\d+\.\.-?\d+ reserved)")
MEMBER = re.compile(r"^ +([a-z][\w-]*) +[A-Z]")
ENUMERATED = re.compile(r"^([A-Z][\w-]*) ::= ENUMERATED \{([^}]*)\}", re.MULTILINE)
UNAVAILABLE = re.compile(r"\bunavailable +\((\d+)\)")


def unit_comments(folder: Path) -> dict[str, str]:
    """The canonical comment lines of a folder, by the key of the element that follows each."""
    found: dict[str, str] = {}
    for path in sorted(folder.glob("*.asn")):
        owner, waiting = "", ""
        for line in path.read_text(encoding="utf-8").splitlines():
            text = line.strip()
            if text.startswith("--"):
                comment = text.removeprefix("--").strip()
                waiting = comment if CANONICAL.match(comment) else waiting
                continue
            assigned, member = ASSIGNMENT.match(line), MEMBER.match(line)
            if assigned:
                owner = assigned[1]
            if waiting and (assigned or member):
                key = owner if assigned else f"{owner}.{member[1]}" if member else ""
                found[f"{path.stem}.{key}"] = waiting
            waiting = ""
    return found


def home_keys(key: str, found: dict[str, str]) -> list[str]:
    """Where a row's comment stands: ``Speed`` and ``Common.Speed`` both mean a key ``Common.Speed``."""
    return [place for place in found if place == key or place.partition(".")[2] == key]


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_comment_is_a_row_of_the_table(folder: str) -> None:
    units = load_units(folder)
    for place, comment in unit_comments(asn1_root() / folder).items():
        row = units.get(place) or units.get(place.partition(".")[2])
        assert row is not None, f"{place}: the comment has no row in units.toml"
        assert comment == row.comment(), place


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_row_of_the_table_is_a_comment(folder: str) -> None:
    found = unit_comments(asn1_root() / folder)
    rows = read_units(asn1_root() / folder / "units.toml")
    said = {key for key, row in rows.items() if CANONICAL.match(row.comment())}
    assert [key for key in sorted(said) if not home_keys(key, found)] == []


@pytest.mark.parametrize("folder", ["csae-53", "csae-157"])
def test_an_enumeration_with_unavailable_has_its_code_in_the_table(folder: str) -> None:
    """The Chinese tables list enumerations too; that of sae-j2735 leaves out what the item's name says."""
    units = load_units(folder)
    for path in (asn1_root() / folder).glob("*.asn"):
        for name, body in ENUMERATED.findall(path.read_text(encoding="utf-8")):
            code = UNAVAILABLE.search(body)
            if code is not None:
                assert name in units, f"{path.stem}.{name}"
                assert units[name].unavailable == int(code[1]), f"{path.stem}.{name}"


def test_a_comment_that_departs_from_the_table_is_found(tmp_path: Path) -> None:
    text = (asn1_root() / "csae-53" / "DefMotion.asn").read_text(encoding="utf-8")
    (tmp_path / "DefMotion.asn").write_text(text.replace("0.02 m/s", "0.05 m/s"), encoding="utf-8")
    right, wrong = unit_comments(asn1_root() / "csae-53"), unit_comments(tmp_path)
    assert [place for place, comment in wrong.items() if right[place] != comment] == ["DefMotion.Speed"]
