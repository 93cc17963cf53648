"""The last look before the roles start: standards, message types, packages, keys."""

from __future__ import annotations

from pathlib import Path

import pytest

from rsu.config import ConfigProblems
from rsu.pipeline import preflight
from rsu.pipeline.preflight import load_checked
from rsu.security.keys import make_keys

CONTROLLER = "[[controller]]\nname = 'c'\nprotocol = 'gat1743'\n"


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
