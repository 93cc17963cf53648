"""What is told about the keys comes from the structs: the example, the page in docs/, `rsu config`."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from config_files import Write
from typer.testing import CliRunner

from rsu.cli.app import app
from rsu.cli.exit_codes import ExitCode
from rsu.config import Config, examine
from rsu.config.example import EXAMPLE, example
from rsu.config.keys import Key, tables

CHECKOUT = Path(__file__).resolve().parents[2]
KEYS = [key for table in tables().values() for key in table.keys]


def rsu(*words: str) -> tuple[int, str, str]:
    done = CliRunner().invoke(app, list(words))
    return done.exit_code, done.stdout, done.stderr


@pytest.mark.parametrize("key", KEYS, ids=lambda key: f"{key.table}.{key.name}")
def test_each_key_says_what_it_means(key: Key) -> None:
    assert key.description.endswith((".", ".)", ")")) and len(key.description) > 8
    assert key.allowed


def test_the_example_can_be_used_and_warns_of_nothing(rsu_toml: Write) -> None:
    examined = examine(rsu_toml(example()), {})
    assert (examined.problems, examined.warnings) == ((), ())


def test_the_example_is_on_loopback_and_needs_no_server(rsu_toml: Write) -> None:
    config = examine(rsu_toml(example()), {}).config
    (radio,), (controller,), (box,) = config.radio, config.controller, config.perception
    assert (radio.listen, controller.protocol) == (("127.0.0.1:46800",), "gat1743")
    places = [radio.send, controller.listen, box.listen.removeprefix("udp://"), config.observability.listen]
    assert all(place.startswith("127.0.0.1:") for place in places)
    assert (config.mqtt, config.nats) == (None, None)


def test_the_example_with_its_comments_taken_away_is_what_it_says_the_defaults_are(rsu_toml: Write) -> None:
    # '#name = value' and '#[table]' are settings, '# words' are words.
    lines = [line.removeprefix("#") if line[:1] == "#" and line[1:2] != " " else line for line in example().splitlines()]
    file = rsu_toml("\n".join(lines))
    (file.parent / "crossing-1.hex").write_text("00", encoding="ascii")  # only that it is there is looked at
    examined = examine(file, {})
    assert examined.problems == ()
    plain = examine(rsu_toml(example()), {}).config
    assert examined.config.pipeline == plain.pipeline == Config().pipeline
    assert examined.config.radio == plain.radio
    assert examined.config.mqtt is not None and examined.config.nats is not None


def test_the_example_sets_only_keys_that_are_there() -> None:
    known = {(key.table, key.name) for key in KEYS}
    assert {(table, name) for table, keys in EXAMPLE.items() for name in keys} <= known


def test_the_page_in_docs_is_current() -> None:
    command = [sys.executable, str(CHECKOUT / "scripts" / "configuration_page.py"), "--check"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=CHECKOUT)
    assert (done.returncode, done.stderr) == (0, "")


def test_config_explains_every_key() -> None:
    code, printed, _ = rsu("config", "--explain")
    assert code == ExitCode.FINE
    for key in KEYS:
        assert f" {key.name} " in printed


def test_config_explains_one_table_for_programs() -> None:
    _, printed, _ = rsu("config", "--explain", "pipeline", "--json")
    (table,) = json.loads(printed)["tables"]
    keys: dict[str, Any] = {key["key"]: key for key in table["keys"]}
    assert keys["queue_batches"] == {
        "key": "queue_batches",
        "type": "whole number",
        "allowed": "1..10000",
        "required": False,
        "default": 16,
        "description": "High-water mark of each socket between roles.",
        "environment": "RSU_PIPELINE__QUEUE_BATCHES",
    }


def test_config_prints_the_example_and_finds_it_usable(rsu_toml: Write) -> None:
    _, printed, _ = rsu("config", "--example")
    path = rsu_toml(printed)
    code, told, notes = rsu("config", "--check", "-c", str(path))
    assert (code, told.splitlines()[0], notes) == (ExitCode.FINE, f"{path}: can be used", "")


def test_config_tells_all_problems_and_ends_with_five(rsu_toml: Write) -> None:
    path = rsu_toml("[unit]\nstandard = 'csae-54'\n[pipeline]\nqueue_batches = 0\n[store]\ndecoded = ['SPATT']\n")
    code, told, _ = rsu("config", "--check", "-c", str(path))
    assert code == ExitCode.SCHEMA
    assert told.splitlines() == [
        f"{path}: [pipeline] queue_batches = 0: must be 1..10000",
        f'{path}: [unit] standard = "csae-54": must be one of csae-53, csae-157, sae-j2735',
        f'{path}: [store] decoded = "SPATT": there is no such message type: did you mean SPAT?',
        f"{path}: cannot be used: 3 problems",
        "next: rsu config --explain",
    ]


def test_config_warns_of_what_is_probably_not_meant(rsu_toml: Write) -> None:
    path = rsu_toml("[observability]\nlisten = '0.0.0.0:9117'\n[mqtt]\nhost = 'platform.example'\n")
    code, printed, _ = rsu("config", "--check", "-c", str(path), "--json")
    told = json.loads(printed)
    assert (code, told["usable"], told["problems"]) == (ExitCode.FINE, True, [])
    assert [(warning["table"], warning["key"]) for warning in told["warnings"]] == [
        ("[unit]", "lat_deg"),
        ("[[radio]]", ""),
        ("[observability]", "listen"),
        ("[mqtt]", "tls_ca_file"),
    ]


def test_a_controller_needs_a_standard_for_its_spat(rsu_toml: Write) -> None:
    path = rsu_toml("[[controller]]\nname = 'c'\nprotocol = 'gat1743'\n")
    code, printed, _ = rsu("config", "--check", "-c", str(path), "--json")
    assert code == ExitCode.SCHEMA
    (problem,) = json.loads(printed)["problems"]
    assert (problem["table"], problem["key"]) == ("[[controller]] 1", "standard")


@pytest.mark.parametrize(
    "words", [[], ["--check", "--explain"], ["--check", "unit"], ["--explain", "unity"]], ids=lambda words: " ".join(words)
)
def test_config_is_asked_one_thing_at_a_time(words: list[str]) -> None:
    assert rsu("config", *words)[0] == ExitCode.USAGE
