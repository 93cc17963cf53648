"""Rows of the rule tables: a type of a small schema, a value, the bits X.691 gives it, and who says so.

`by` names the oracle that gives the same octets, which a test of each table asks again: "both" are asn1tools and pycrate;
"hand" means that neither can be asked, and the row's comment works the bits out.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from codec_asn1tools import Asn1tools
from codec_pycrate import Pycrate
from codec_schemas import SMALL

import rsu


class Rule(NamedTuple):
    type: str
    value: Any
    octets: str
    by: str = "both"


Rules = dict[str, Sequence[Rule]]
ORACLES = {"both": ("asn1tools", "pycrate"), "asn1tools": ("asn1tools",), "pycrate": ("pycrate",), "hand": ()}


def parametrized(tables: Rules) -> Any:
    """(small schema, row) for `pytest.mark.parametrize`, with an id that says type and octets."""
    cases = [(file, row) for file, rows in tables.items() for row in rows]
    return pytest.mark.parametrize(("file", "row"), cases, ids=[f"{row.type}-{row.octets[:24]}" for _, row in cases])


@cache
def ours(file: str) -> rsu.Schema:
    return rsu.load_schema([SMALL / f"{file}.asn"])


@cache
def oracle(name: str, file: str, folder: Path) -> Any:
    text = (SMALL / f"{file}.asn").read_text(encoding="utf-8")
    guide = Pycrate([text], folder)
    return guide if name == "pycrate" else Asn1tools([text], guide)


def check_codec(file: str, row: Rule) -> None:
    data = bytes.fromhex(row.octets)
    assert ours(file).encode(row.type, row.value).hex() == row.octets
    assert ours(file).decode(row.type, data) == row.value


def check_oracles(file: str, row: Rule, folder: Path) -> None:
    for name in ORACLES[row.by]:
        theirs = oracle(name, file, folder).encode(row.type, row.value)
        assert (theirs or b"\0").hex() == row.octets, name  # asn1tools gives no octet for no bits; X.691 11.1.3 gives one
