"""`rsu decode` and `rsu encode`, alone and in a pipe."""

from __future__ import annotations

import ast
import base64
import json
from pathlib import Path

import pytest
from cli_calls import Run, Spawn
from messages import ROADWORKS, bsm, roadworks

from rsu.frames import wrap_payload


def test_a_tree_with_units_text_and_bit_names(rsu_run: Run) -> None:
    result = rsu_run("decode", "--standard", "sae-j2735", bsm().hex())
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[0].startswith("BasicSafetyMessage · sae-j2735")
    found = {line.split("─ ", 1)[1].split()[0]: " ".join(line.split("─ ", 1)[1].split()[1:]) for line in lines if "─ " in line}
    assert found["speed"] == "1234 24.68 m/s"
    assert found["heading"] == "28800 unavailable"
    assert found["wheelBrakes"] == "0b01100 leftFront, leftRear"
    assert lines[-1] == f"next: rsu explain --standard sae-j2735 {bsm().hex()}"


def test_chinese_text_is_shown_as_text(rsu_run: Run) -> None:
    tree = rsu_run("decode", "--standard", "csae-53", roadworks().hex()).stdout
    assert "“前方施工”" in tree
    assert "“RSU00001”" in tree


@pytest.mark.parametrize("header", ["dsmp", "wsmp"])
def test_a_radio_header_says_the_standard(rsu_run: Run, header: str) -> None:
    message, aid = (roadworks(), 3622) if header == "dsmp" else (bsm(), 0x20)
    frame = wrap_payload(message, header, aid, unsecured=True)
    found = json.loads(rsu_run("decode", "--json", frame.hex()).stdout)
    assert (found["header"], found["aid"], found["security"]) == (header, aid, "unsecured")
    assert found["standard"] == ("csae-157" if header == "dsmp" else "sae-j2735")


def test_a_header_wins_over_the_standard_given(rsu_run: Run) -> None:
    frame = wrap_payload(roadworks(), "dsmp", 3622)
    found = json.loads(rsu_run("decode", "--json", "--standard", "sae-j2735", frame.hex()).stdout)
    assert found["standard"] == "csae-157"


def test_a_bare_message_without_a_standard_is_not_tried(rsu_run: Run) -> None:
    result = rsu_run("decode", bsm().hex())
    assert result.exit_code == 2
    assert "--standard" in result.stderr


def test_decode_json_then_encode_gives_the_octets_again(rsu_spawn: Spawn) -> None:
    lines = b"\n".join(message.hex().encode() for message in (roadworks(), roadworks()))
    decoded = rsu_spawn("decode", "--standard", "csae-53", "--json", input=lines)
    assert decoded.returncode == 0
    encoded = rsu_spawn("encode", input=decoded.stdout)
    assert (encoded.returncode, encoded.stdout) == (0, f"{roadworks().hex()}\n{roadworks().hex()}\n".encode())


def test_decode_python_is_a_literal_and_encode_reads_it(rsu_run: Run) -> None:
    decoded = rsu_run("decode", "--standard", "csae-53", "--python", roadworks().hex())
    assert ast.literal_eval(decoded.stdout) == ("rsiFrame", ROADWORKS)
    encoded = rsu_run("encode", "--standard", "csae-53", input=decoded.stdout)
    assert encoded.stdout == roadworks().hex() + "\n"


@pytest.mark.parametrize("form", ["hex", "base64", "binary"])
def test_each_form_of_octets(rsu_spawn: Spawn, tmp_path: Path, form: str) -> None:
    value = tmp_path / "value.json"
    value.write_bytes(rsu_spawn("decode", "--standard", "sae-j2735", "--json", bsm().hex()).stdout)
    octets = rsu_spawn("encode", value, "--output", form).stdout
    wanted = {"hex": bsm().hex().encode() + b"\n", "base64": base64.b64encode(bsm()) + b"\n", "binary": bsm()}
    assert octets == wanted[form]
    assert rsu_spawn("decode", "--standard", "sae-j2735", "--json", input=octets).stdout == value.read_bytes()


def test_wrapping_takes_the_message_s_own_aid(rsu_run: Run) -> None:
    value = rsu_run("decode", "--standard", "csae-53", "--json", roadworks().hex()).stdout
    frame = rsu_run("encode", "--wrap", "dsmp", input=value).stdout.strip()
    assert frame == wrap_payload(roadworks(), "dsmp", 3620).hex()


def test_encode_json_says_what_it_made(rsu_run: Run) -> None:
    value = rsu_run("decode", "--standard", "csae-53", "--json", roadworks().hex()).stdout
    made = json.loads(rsu_run("encode", "--json", input=value).stdout)
    assert made == {"standard": "csae-53", "octets": len(roadworks()), "hex": roadworks().hex()}


def test_one_bad_line_is_named_and_the_rest_is_decoded(rsu_run: Run) -> None:
    text = f"{bsm().hex()}\n{bsm().hex()[:20]}\nnonsense!\n{bsm().hex()}\n"
    result = rsu_run("decode", "--standard", "sae-j2735", "--json", input=text)
    objects = [json.loads(line) for line in result.stdout.splitlines()]
    assert result.exit_code == 1
    assert ["value" in one for one in objects] == [True, False, False, True]
    assert objects[1]["error"]["code"] == "truncated"
    errors = result.stderr.splitlines()
    assert errors[0].startswith("rsu: stdin line 2: MessageFrame.value.BasicSafetyMessage: ")
    assert errors[1].startswith("rsu: stdin line 3: ")


def test_encode_says_where_a_value_does_not_fit(rsu_run: Run) -> None:
    result = rsu_run("encode", "--standard", "sae-j2735", "--type", "BSMcoreData", '{"msgCnt": 128}')
    assert result.exit_code == 1
    assert "msgCnt" in result.stderr and "127" in result.stderr
    assert result.stderr.startswith("rsu: ")


def test_trailing_octets_are_an_error_unless_relaxed(rsu_run: Run) -> None:
    strict = rsu_run("decode", "--standard", "sae-j2735", bsm().hex() + "00")
    relaxed = rsu_run("decode", "--standard", "sae-j2735", "--relaxed", "--json", bsm().hex() + "00")
    assert (strict.exit_code, relaxed.exit_code) == (1, 0)
    assert [finding["code"] for finding in json.loads(relaxed.stdout)["findings"]] == ["trailing"]


def test_a_schema_of_one_s_own(rsu_run: Run, tmp_path: Path) -> None:
    own = tmp_path / "own.asn"
    own.write_text("Own DEFINITIONS AUTOMATIC TAGS ::= BEGIN Point ::= SEQUENCE { x INTEGER (0..15), y INTEGER (0..15) } END")
    decoded = rsu_run("decode", "--schema", own, "--type", "Point", "--json", "5a")
    assert json.loads(decoded.stdout)["value"] == {"x": 5, "y": 10}
    encoded = rsu_run("encode", "--schema", own, "--type", "Point", '{"x": 5, "y": 10}')
    assert encoded.stdout == "5a\n"
    assert rsu_run("decode", "--schema", own, "5a").exit_code == 2


@pytest.mark.parametrize("text", ["{'a': ", '{"a": 1} {"b": '], ids=["python", "second value"])
def test_text_that_is_no_value(rsu_run: Run, text: str) -> None:
    result = rsu_run("encode", "--standard", "sae-j2735", text)
    assert result.exit_code in (1, 2, 3)
    assert result.stderr.splitlines()[-1].startswith("rsu: ")
