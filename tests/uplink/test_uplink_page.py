"""docs/cloud.md names what the code has: its tables are compared with the tables and structs here."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from rsu.uplink import forms, target
from rsu.uplink.orders import ERROR_CODES
from rsu.uplink.topics import ORDERS

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "cloud.md").read_text(encoding="utf-8")
SAID = {
    "BaseINFO.UP": forms.BaseInfo,
    "INFO.UP": forms.Info,
    "HB.UP": forms.Heartbeat,
    "RunningInfo.UP": forms.RunningInfo,
    "INFOQuery.Response": forms.Response,
}


@pytest.mark.parametrize("message", list(SAID))
def test_the_keys_of_a_report_are_those_that_are_written(message: str) -> None:
    (keys,) = re.findall(rf"^\| `{re.escape(message)}` \|.*\| ([\w, ]+) \|$", PAGE, re.MULTILINE)
    assert tuple(keys.split(", ")) == SAID[message].__struct_fields__


def test_the_error_codes_are_those_that_are_sent() -> None:
    rows = re.findall(r"^\| (\d) \| (.+) \|$", PAGE, re.MULTILINE)
    assert {int(code): meaning for code, meaning in rows} == ERROR_CODES


@pytest.mark.parametrize("name", list(ORDERS))
def test_every_order_is_described(name: str) -> None:
    assert re.search(rf"`{name}(\.DOWN|\.UP|\.UP\.ACK)?`", PAGE)


@pytest.mark.parametrize("key", sorted({key for keys in forms.UNCONFIRMED.values() for key in keys}))
def test_what_is_not_published_is_said_to_be_ours(key: str) -> None:
    ours = PAGE.split("Not published, and therefore ours:")[1].split("\n\n")[0]
    assert f"`{key}`" in ours


@pytest.mark.parametrize("name", [target.LAG_SECONDS, target.CONNECTED, target.UPLOADED, target.PASSED_OVER, target.ERRORS])
def test_every_metric_is_described(name: str) -> None:
    assert f"| `{name}{{" in PAGE
