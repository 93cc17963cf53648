"""`rsu explain` and `rsu inspect`: what people read when they do not trust the bits."""

from __future__ import annotations

import json

import pytest
from cli_calls import Run
from messages import bsm

from rsu.frames import wrap_payload


def test_every_bit_is_explained_once_or_held_by_a_length(rsu_run: Run) -> None:
    found = json.loads(rsu_run("explain", "--standard", "sae-j2735", "--json", bsm().hex()).stdout)
    covered = 0
    for span in found["spans"]:
        assert span["offset"] <= covered
        covered = max(covered, span["offset"] + span["bits"])
    assert covered == len(bsm()) * 8
    assert found["error"] is None


def test_a_field_stands_beside_its_bits(rsu_run: Run) -> None:
    lines = rsu_run("explain", "--standard", "sae-j2735", bsm().hex()).stdout.splitlines()
    # Frame 24 bits, extension 1, two optional parts 2, msgCnt 7, id 32, secMark 16, lat 31, long 32, elev 16,
    # accuracy 32, transmission 3: the speed begins at bit 196 and 1234 is 0010011010010 in 13 bits.
    (speed,) = [line for line in lines if " speed  " in line]
    assert speed.split() == ["196", "13", "0010011010010", "speed", "1234", "24.68", "m/s"]
    assert any("└speed" in line for line in lines)


def test_headers_are_explained_too(rsu_run: Run) -> None:
    frame = wrap_payload(bsm(), "wsmp", 0x20, unsecured=True)
    lines = rsu_run("explain", frame.hex()).stdout.splitlines()
    assert "wsmp: PSID 32, 0 extension elements (octets 0 to 3 of the frame)" in lines
    assert any(line.startswith("ieee1609.2: unsecured (octets 4 to") for line in lines)


def test_the_place_of_an_error_is_shown(rsu_run: Run) -> None:
    result = rsu_run("explain", "--standard", "sae-j2735", bsm().hex()[:40])
    assert result.exit_code == 1
    # The open type's length says 37 octets, 17 follow; its content begins at bit 24: margin 8, three octets with spaces 27.
    (arrow,) = [line for line in result.stdout.splitlines() if "▲" in line]
    assert arrow.index("▲") == 35
    assert result.stderr.startswith("rsu: argument: MessageFrame.value.BasicSafetyMessage: ")


def test_a_broken_header_is_shown_at_its_octet(rsu_run: Run) -> None:
    frame = wrap_payload(bsm(), "wsmp", 0x20)
    result = rsu_run("explain", "--header", "wsmp", frame[:-1].hex())
    assert result.exit_code == 1
    assert "▲" in result.stdout
    assert result.stderr.startswith("rsu: argument: wsmp: ")


def test_plain_text_where_there_is_no_terminal(rsu_run: Run) -> None:
    assert "\x1b" not in rsu_run("explain", "--standard", "sae-j2735", bsm().hex()).stdout


def test_a_type_with_units_and_widths(rsu_run: Run) -> None:
    lines = rsu_run("inspect", "BSMcoreData").stdout.splitlines()
    (speed,) = [line for line in lines if line.startswith("├─ speed")]
    assert speed == "├─ speed  Speed  INTEGER (0..8191)  13 bits  unit 0.02 m/s; 8191 unavailable"
    # 7 + 32 + 16 + 31 + 32 + 16 + 32 + 3 + 13 + 15 + 8 + 48 + 15 + 22: the core of a BSM is 290 bits.
    assert lines[0] == "BSMcoreData  SEQUENCE  290 bits"


def test_a_type_that_holds_itself_ends(rsu_run: Run, tmp_path) -> None:  # type: ignore[no-untyped-def]
    own = tmp_path / "own.asn"
    own.write_text("Own DEFINITIONS AUTOMATIC TAGS ::= BEGIN T ::= SEQUENCE { n INTEGER (0..7), t T OPTIONAL } END")
    lines = rsu_run("inspect", "T", "--schema", own).stdout.splitlines()
    assert lines[2].startswith("└─ t?  T  ") and lines[2].endswith("(see above)")


def test_messages_with_their_ids(rsu_run: Run) -> None:
    found = json.loads(rsu_run("inspect", "--json").stdout)
    assert {"type": "BasicSafetyMessage", "id": 20} in [{"type": one["type"], "id": one["id"]} for one in found["sae-j2735"]]
    assert set(found) == {"csae-53", "csae-157", "sae-j2735"}


def test_the_op_program_is_printed(rsu_run: Run) -> None:
    result = rsu_run("inspect", "Position3D", "--standard", "csae-53", "--program")
    assert "INT" in result.stdout and "SEQUENCE" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("inspect", "NoSuchType"), 5),
        (("inspect", "BSMcoreData", "--standard", "csae-99"), 2),
        (("inspect", "--program"), 2),
        (("explain", "--standard", "sae-j2735", "--type", "Nothing", "00"), 5),
        (("explain", "nothing.hex"), 2),
    ],
    ids=str,
)
def test_wrong_names_end_with_one_line(rsu_run: Run, arguments: tuple[str, ...], code: int) -> None:
    result = rsu_run(*arguments)
    assert result.exit_code == code
    assert len(result.stderr.splitlines()) == 1 and result.stderr.startswith("rsu: ")
