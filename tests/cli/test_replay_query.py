"""`rsu replay`, `query`, `convert` and `db` on logs made here and on published ones."""

from __future__ import annotations

import csv
import io
import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from xml.etree import ElementTree

import pytest
from cli_calls import CHECKOUT, Run, Spawn
from messages import CORE

import rsu
from rsu.frames import wrap_payload
from rsu.received import Received
from rsu.sinks import open_sink

START_NS = 1_577_836_800_000_000_000  # 2020-01-01T00:00:00Z
SECOND_NS = 1_000_000_000


def write_log(path: Path, *, speed: int = 1234, damaged: bool = False) -> Path:
    """Ten BSM, one a second, each 0.001 degree north of the one before; the fourth may be cut off."""
    schema = rsu.load_schema("sae-j2735")
    with open_sink(path) as sink:
        for number in range(10):
            core = CORE | {"lat": 400000000 + number * 10000, "secMark": number * 1000, "speed": speed if number == 6 else 1234}
            message = schema.encode("MessageFrame", {"messageId": 20, "value": ("BasicSafetyMessage", {"coreData": core})})
            data = wrap_payload(message[:20] if damaged and number == 3 else message, "wsmp", 0x20)
            sink.write(
                Received(
                    rsu_id="rsu-1",
                    boot_id=bytes(16),
                    sequence=number + 1,
                    channel="pc5",
                    source="radio",
                    receive_time_ns=START_NS + number * SECOND_NS,
                    data=data,
                )
            )
    return path


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("RSU_DB", raising=False)
    return tmp_path


def test_the_object_of_replay(here: Path, rsu_run: Run) -> None:
    log = write_log(here / "drive.jsonl", damaged=True)
    result = rsu_run("replay", log, "--db", "drive.db", "--json")
    assert result.exit_code == 0
    found = json.loads(result.stdout)
    assert (found["records"], found["stored"], found["quarantined"], found["duplicates"]) == (10, 9, 1, 0)
    assert found["types"]["BasicSafetyMessage"]["count"] == 10
    assert found["types"]["BasicSafetyMessage"]["rejected"] == 1
    assert found["reasons"] == {"truncated": 1}
    assert len(found["digest"]) == 64 and found["seconds"] > 0


def test_the_report_for_people(here: Path, rsu_run: Run) -> None:
    log = write_log(here / "drive.jsonl", damaged=True)
    lines = rsu_run("replay", log).stdout.splitlines()
    # Nine seconds between the first and the last of ten: 1 Hz.
    assert any(line.split()[:5] == ["BasicSafetyMessage", "10", "1", "1.00", "Hz"] for line in lines)
    assert any(line.split()[:2] == ["truncated", "1"] and "record 4" in line for line in lines)
    assert any(line.startswith("ledger: 10 received = 9 stored + 1 quarantined + 0 duplicates") for line in lines)
    assert lines[-1] == "next: rsu query --quarantine --db rsu.db"
    assert (here / "rsu.db").exists()


def test_the_same_log_again_adds_no_row_and_has_the_same_digest(here: Path, rsu_run: Run) -> None:
    log = write_log(here / "drive.jsonl")
    first = json.loads(rsu_run("replay", log, "--json").stdout)
    again = json.loads(rsu_run("replay", log, "--json").stdout)
    assert (again["stored"], again["duplicates"], again["digest"]) == (0, 10, first["digest"])
    assert json.loads(rsu_run("query", "--json").stdout)["count"] == 10


def test_a_changed_speed_is_told_in_words(here: Path, rsu_run: Run) -> None:
    log = write_log(here / "drive.jsonl")
    assert rsu_run("replay", log, "--record", "expected.json").exit_code == 0
    same = rsu_run("replay", log, "--expect", "expected.json")
    assert (same.exit_code, "as expected" in same.stdout) == (0, True)

    write_log(log, speed=1236)
    changed = rsu_run("replay", log, "--expect", "expected.json", "--junit", "report.xml")
    assert changed.exit_code == 1
    # 1234 and 1236 steps of 0.02 m/s
    assert "record 7, BSM 0A1B2C3D: speed was 24.68 m/s, is 24.72 m/s" in changed.stdout
    suites = ElementTree.parse(here / "report.xml").getroot()
    assert [suite.get("failures") for suite in suites] == ["1"]
    allowed = rsu_run("replay", log, "--expect", "expected.json", "--tolerance", "speed=0.05")
    assert allowed.exit_code == 0
    assert not (here / "rsu.db").exists()


def test_a_log_in_several_processes_gives_the_same_rows(here: Path, rsu_spawn: Spawn) -> None:
    logs = [write_log(here / "one.jsonl"), write_log(here / "two.jsonl", speed=1)]
    digests = {
        json.loads(rsu_spawn("replay", *logs, "--db", here / f"{jobs}.db", "--jobs", jobs, "--json").stdout)["digest"]
        for jobs in (1, 2)
    }
    assert len(digests) == 1


@pytest.mark.parametrize(
    ("options", "count"),
    [
        ((), 10),
        (("--type", "BasicSafetyMessage"), 10),
        (("--type", "SPAT"), 0),
        (("--sender", "0A1B2C3D"), 10),
        (("--sender", "00"), 0),
        (("--rsu", "rsu-1"), 10),
        (("--rsu", "rsu-2"), 0),
        (("--since", "2020-01-01T00:00:08Z"), 2),
        (("--until", "1577836803"), 3),
        # 0.001 degree north are 111.2 m: 250 m hold the first three.
        (("--near", "40,-105,250"), 3),
        (("--bbox", "40.0035,-106,40.0055,-104"), 2),
        (("--limit", "4"), 4),
        (("--limit", "0"), 10),
        (("--near", "40,-105,250", "--limit", "2"), 2),
    ],
    ids=str,
)
def test_questions(here: Path, rsu_run: Run, options: tuple[str, ...], count: int) -> None:
    rsu_run("replay", write_log(here / "drive.jsonl"))
    found = json.loads(rsu_run("query", *options, "--json").stdout)
    assert found["count"] == len(found["rows"]) == count
    assert found["more"] is ("--limit" in options and count in (2, 4))
    assert len(rsu_run("query", *options, "--csv").stdout.splitlines()) == count + 1


def test_rows_as_csv_and_decoded(here: Path, rsu_run: Run) -> None:
    rsu_run("replay", write_log(here / "drive.jsonl"))
    (row,) = csv.DictReader(io.StringIO(rsu_run("query", "--limit", "1", "--csv").stdout))
    assert (row["sender"], row["lat_e7"], row["speed_mps"]) == ("0a1b2c3d", "400000000", "24.68")
    (row,) = json.loads(rsu_run("query", "--limit", "1", "--json", "--decoded").stdout)["rows"]
    assert row["value"]["value"]["BasicSafetyMessage"]["coreData"]["speed"] == 1234


def test_the_table_ends_with_the_bits_of_its_first_row(here: Path, rsu_run: Run) -> None:
    rsu_run("replay", write_log(here / "drive.jsonl"))
    lines = rsu_run("query", "--limit", "1").stdout.splitlines()
    assert lines[2].split()[:6] == [
        "2020-01-01",
        "00:00:00.000",
        "BasicSafetyMessage",
        "0a1b2c3d",
        "40.0000000",
        "-105.0000000",
    ]
    words = lines[-1].removeprefix("next: rsu ").split()
    assert words[0] == "explain" and rsu_run(*words).exit_code == 0


def test_what_was_rejected_and_why(here: Path, rsu_run: Run) -> None:
    rsu_run("replay", write_log(here / "drive.jsonl", damaged=True))
    (row,) = json.loads(rsu_run("query", "--quarantine", "--json").stdout)["rows"]
    assert (row["reason"], row["sequence"], row["bit_offset"]) == ("truncated", 4, 24)
    assert "truncated" in rsu_run("query", "--quarantine").stdout


@pytest.mark.parametrize(
    ("options", "written"),
    [
        ((), 10),
        (("--since", "2020-01-01T00:00:08Z"), 2),
        (("--type", "BasicSafetyMessage"), 9),
        (("--type", "SPAT"), 0),
        (("--near", "40,-105,250"), 3),
    ],
    ids=str,
)
def test_a_part_of_a_log(here: Path, rsu_run: Run, options: tuple[str, ...], written: int) -> None:
    log = write_log(here / "drive.jsonl", damaged=True)
    found = json.loads(rsu_run("convert", log, "part.jsonl", *options, "--json").stdout)
    assert (found["written"], sum(found["left_out"].values())) == (written, 10 - written)
    assert len((here / "part.jsonl").read_text().splitlines()) >= written


@pytest.mark.parametrize("suffix", ["mcap", "hex", "pcap", "jsonl.gz"])
def test_a_log_in_another_format_holds_the_same_messages(here: Path, rsu_run: Run, suffix: str) -> None:
    log = write_log(here / "drive.jsonl")
    assert rsu_run("convert", log, f"drive.{suffix}").exit_code == 0
    found = json.loads(rsu_run("replay", f"drive.{suffix}", "--db", "other.db", "--json").stdout)
    assert (found["records"], found["stored"]) == (10, 10)


def test_converting_a_log_onto_itself_is_refused(here: Path, rsu_run: Run) -> None:
    log = write_log(here / "drive.jsonl")
    before = log.read_bytes()
    assert rsu_run("convert", log, log).exit_code == 2
    assert log.read_bytes() == before


def test_db_upgrade_and_status(here: Path, rsu_run: Run) -> None:
    assert json.loads(rsu_run("db", "upgrade", "--db", "new.db", "--json").stdout)["before"] == ""
    assert "up to date" in rsu_run("db", "upgrade", "--db", "new.db").stdout
    rsu_run("replay", write_log(here / "drive.jsonl", damaged=True), "--db", "new.db")
    found = json.loads(rsu_run("db", "status", "--db", "new.db", "--json").stdout)
    assert found["rows"] == {"message": 9, "quarantine": 1}
    assert found["balanced"] is True
    assert found["ledger"]["BasicSafetyMessage"] == {"received": 10, "stored": 9, "quarantined": 1, "duplicate": 0, "shed": 0}


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("replay", "missing.pcap"), 3),
        (("replay", "noise.bin"), 3),
        (("replay", "drive.jsonl", "--format", "nonsense"), 2),
        (("replay", "drive.jsonl", "--speed", "fast"), 2),
        (("replay", "drive.jsonl", "--standard", "csae-99"), 2),
        (("replay", "drive.jsonl", "--tolerance", "speed=1"), 2),
        (("replay", "drive.jsonl", "--expect", "missing.json"), 3),
        (("replay", "drive.jsonl", "--expect", "drive.jsonl"), 3),
        (("replay", "drive.jsonl", "--db", "no/such/folder/x.db"), 4),
        (("replay", "drive.jsonl", "--db", "oracle://x/y"), 4),
        (("replay", "drive.jsonl", "--db", "noise.bin"), 4),
        (("query", "--db", "missing.db"), 4),
        (("query", "--near", "1,2"), 2),
        (("query", "--csv", "--json"), 2),
        (("convert", "missing.pcap", "out.jsonl"), 3),
        (("convert", "drive.jsonl", "out.what"), 3),
        (("convert", "drive.jsonl", "no/such/folder/out.jsonl"), 3),
        (("db", "status", "--db", "missing.db"), 4),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else str(value),
)
def test_what_cannot_be_done_is_one_line_and_an_exit_code(
    here: Path, rsu_run: Run, arguments: tuple[str, ...], code: int
) -> None:
    write_log(here / "drive.jsonl")
    (here / "noise.bin").write_bytes(bytes(range(256)) * 40)
    result = rsu_run(*arguments)
    lines = result.stderr.splitlines()
    assert (result.exit_code, len(lines)) == (code, 1), result.stderr
    assert lines[0].startswith("rsu: ")
    assert not (here / "rsu.db").exists()


LOGS = {  # records, from the README of the logs
    "bsmLogDuringEvent.gz": 222,
    "bsmLogDuringEvent_commsignia.gz": 511,
    "bsmTx.gz": 16,
    "dnMsg.gz": 1,
    "driverAlert.gz": 50,
    "rxMsg_BSM_and_TIM.gz": 393,
    "rxMsg_commsignia_map.gz": 103,
    "rxMsg_commsignia_tim.gz": 279,
    "pc5-bsm-in-udp4.pcap": 20,
}


def test_published_logs_replay_to_their_last_record(shared: Path, here: Path, rsu_run: Run) -> None:
    for name, records in LOGS.items():
        found = json.loads(rsu_run("replay", shared / "logs" / name, "--db", "all.db", "--json").stdout)
        assert (name, found["records"], found["stored"]) == (name, records, records)


def test_ctrl_c_ends_a_paced_replay_with_one_line(here: Path) -> None:
    log = write_log(here / "drive.jsonl")
    process = subprocess.Popen(
        [sys.executable, "-m", "rsu.cli", "replay", str(log), "--speed", "0.5x", "--db", str(here / "slow.db")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=CHECKOUT,
    )
    deadline = time.monotonic() + 30
    while not (here / "slow.db").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=30)
    assert (process.returncode, errors) == (130, b"rsu: stopped\n")


def test_paced_replay_takes_the_time_the_drive_took(here: Path, rsu_run: Run) -> None:
    log = write_log(here / "drive.jsonl")
    # Nine seconds of driving, thirty times as fast.
    assert json.loads(rsu_run("replay", log, "--speed", "30x", "--json").stdout)["seconds"] >= 0.3
