"""The last look before the roles start: standards, message types, packages, keys."""

from __future__ import annotations

from pathlib import Path

import pytest

import rsu
from rsu.config import ConfigProblems
from rsu.pipeline import preflight
from rsu.pipeline.preflight import load_checked
from rsu.security.keys import make_keys

CONTROLLER = "[[controller]]\nname = 'c'\nprotocol = 'gat1743'\n"
PHASE = {"id": 1, "phaseStates": [{"light": "red"}]}
HERE = "[unit]\nlat_deg = 29.5\nlon_deg = 106.5\n[fusion]\nenabled = true\n"
MAP = "[unit]\nstandard = 'csae-157'\n[[map]]\nname = 'm'\nfile = 'm.hex'\n"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "rsu.toml"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[unit]\nstandard = 'csae-54'", '[unit] standard = "csae-54": must be one of csae-53, csae-157, sae-j2735'),
        (
            "[[radio]]\nname = 'r'\nlisten = ['h:1']\nstandard = 'csae-157?LaneEx'",
            '[[radio]] 1 standard = "csae-157?LaneEx": ',
        ),
        (CONTROLLER, '[[controller]] 1 standard = "": must be given, here or in [unit]'),
        (CONTROLLER + "standard = 'x'\n[unit]\nstandard = 'csae-53'", '[[controller]] 1 standard = "x": must be one of'),
        ("[store]\ndecoded = ['SPATT']", '[store] decoded = "SPATT": there is no such message type: did you mean SPAT?'),
        (
            HERE + "[compose]\nstandards = ['csae-54']",
            '[compose] standards = "csae-54": must be one of csae-53, csae-157, sae-j2735',
        ),
        (
            HERE + "[compose]\nstandards = ['csae-53']\nmessages = ['SensorSharingMsg']\nssm_aid = 3700",
            '[compose] messages = "SensorSharingMsg": csae-53 has no such message',
        ),
        (
            HERE + "[compose]\nstandards = ['csae-157']\nmessages = ['SensorSharingMsg']",
            "[compose] ssm_aid = 0: must be given for SensorSharingMsg",
        ),
        ("[[map]]\nname = 'm'\nfile = 'rsu.toml'", '[[map]] 1 standard = "": must be given, here or in [unit]'),
        (
            "[pipeline]\ncurve_dir = 'keys'",
            '[pipeline] curve_dir = "FOLDER/keys": FOLDER/keys/server.key_secret: is missing; `rsu keys',
        ),
    ],
)
def test_what_the_unit_could_not_work_with_is_told_before_it_starts(path: Path, text: str, told: str) -> None:
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigProblems) as caught:
        load_checked(path, {})
    (problem,) = caught.value.problems
    assert str(problem).startswith(f"{path}: {told.replace('FOLDER', str(path.parent))}")


@pytest.mark.parametrize(
    ("octets", "told"),
    [
        (b"no map\n", "no MessageFrame of csae-157: "),
        (b"0", "no MessageFrame of csae-157: "),
        (b"\0" * 65_537, "more than 65536 octets, no MAP is that long"),
        (b"00" * 65_537, "more than 65536 octets, no MAP is that long"),
    ],
    ids=["text", "half-an-octet", "octets-too-many", "hex-too-long"],
)
def test_a_file_that_holds_no_map_is_told_by_what_it_holds(path: Path, octets: bytes, told: str) -> None:
    (path.parent / "m.hex").write_bytes(octets)
    assert problem_with_the_map(path).startswith(f'[[map]] 1 file = "{path.parent}/m.hex": {told}')


def test_another_message_in_the_place_of_a_map_is_told(path: Path) -> None:
    spat = {"msgCnt": 1, "intersections": [{"intersectionId": {"id": 1}, "status": (b"\0\0", 16), "phases": [PHASE]}]}
    octets = rsu.load_schema("csae-157").encode("MessageFrame", ("spatFrame", spat))
    (path.parent / "m.hex").write_text(octets.hex(), encoding="ascii")
    assert problem_with_the_map(path).endswith("holds a SPAT, not a MapData")


def test_a_map_in_octets_and_in_lines_of_hex_can_be_used(path: Path) -> None:
    node = {"id": {"id": 7}, "refPos": {"lat": 295_000_000, "long": 1_065_000_000}}
    octets = rsu.load_schema("csae-157").encode("MessageFrame", ("mapFrame", {"msgCnt": 5, "nodes": [node]}))
    path.write_text(MAP, encoding="utf-8")
    for content in (octets, octets.hex().upper().encode() + b"\n", octets.hex(" ").encode()):
        (path.parent / "m.hex").write_bytes(content)
        assert load_checked(path, {}).map[0].file == str(path.parent / "m.hex")


def problem_with_the_map(path: Path) -> str:
    path.write_text(MAP, encoding="utf-8")
    with pytest.raises(ConfigProblems) as caught:
        load_checked(path, {})
    (problem,) = caught.value.problems
    return str(problem).removeprefix(f"{path}: ")


@pytest.mark.parametrize(
    ("text", "extra"),
    [
        ("[mqtt]\nhost = 'h'", "mqtt"),
        ("[nats]\nservers = ['nats://h:1']", "nats"),
        ("[store]\nurl = 'postgresql://h/x'", "postgres"),
    ],
)
def test_a_package_that_is_not_installed_is_named_with_its_extra(
    path: Path, text: str, extra: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path.write_text(text, encoding="utf-8")
    load_checked(path, {})
    monkeypatch.setattr(preflight, "find_spec", lambda name: None)
    with pytest.raises(ConfigProblems, match=rf"which is not installed: pip install 'rsu\[{extra}\]'"):
        load_checked(path, {})


def test_problems_of_the_file_and_of_the_machine_are_told_together(path: Path) -> None:
    path.write_text("[pipeline]\nqueue_batches = 0\n[unit]\nstandard = 'x'\n", encoding="utf-8")
    with pytest.raises(ConfigProblems) as caught:
        load_checked(path, {})
    assert [problem.key for problem in caught.value.problems] == ["queue_batches", "standard"]


def test_tcp_with_keys_can_be_used(path: Path) -> None:
    make_keys(path.parent / "keys", "server")
    path.write_text("[pipeline]\ncurve_dir = 'keys'\nbus = 'tcp://*:5555'\n", encoding="utf-8")
    assert load_checked(path, {}).pipeline.curve_dir == str(path.parent / "keys")


def test_a_variable_is_named_where_it_is_the_cause(path: Path) -> None:
    path.write_text("[unit]\nstandard = 'csae-53'\n", encoding="utf-8")
    with pytest.raises(ConfigProblems, match=r'^RSU_UNIT__STANDARD: \[unit\] standard = "x": must be one of'):
        load_checked(path, {"RSU_UNIT__STANDARD": "x"})
