"""The command line as a whole: help, version, completion, exit codes, start-up, streams."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from pathlib import Path

import pytest
from cli_calls import CHECKOUT, Run, Spawn
from messages import bsm

import rsu
from rsu.cli.exit_codes import MEANING, ExitCode, exit_code_of
from rsu.errors import (
    ConfigError,
    DecodeError,
    EncodeError,
    FrameError,
    SchemaError,
    SourceError,
    StoreError,
)

COMMANDS = (
    "run", "status", "top", "record", "replay", "query", "decode", "encode", "inspect", "explain", "convert", "config", "bench",
    "evaluate",
    "keys make", "keys allow", "keys list", "db upgrade", "db status",
    "simulate city", "simulate merge", "simulate mountain", "simulate yard", "simulate dense",
    "simulate radio", "simulate controller", "simulate perception", "simulate all",
)  # fmt: skip
DOCUMENT = CHECKOUT / "docs" / "commands.md"


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (DecodeError("x"), 1),
        (EncodeError("x"), 1),
        (FrameError("x", "dsmp"), 1),
        (SourceError("x"), 3),
        (FileNotFoundError(2, "x"), 3),
        (StoreError("x"), 4),
        (SchemaError("x"), 5),
        (ConfigError("x"), 5),
        (ZeroDivisionError(), 70),
    ],
    ids=lambda value: type(value).__name__,
)
def test_each_error_has_its_exit_code(error: Exception, code: int) -> None:
    assert exit_code_of(error) == code


def test_every_exit_code_has_a_meaning_and_stands_in_the_documents() -> None:
    assert set(MEANING) == set(ExitCode)
    for document in (DOCUMENT, CHECKOUT / "README.md"):
        text = document.read_text(encoding="utf-8")
        for code, meaning in MEANING.items():
            assert f"| {code.value} | {meaning.replace('|', chr(92) + '|')} |" in text, f"{document}: {code.value}"


def help_options(text: str) -> set[str]:
    return set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", text)) - {"--help"}


@pytest.mark.parametrize("command", COMMANDS)
def test_the_document_has_each_option_of_help_and_no_other(rsu_run: Run, command: str) -> None:
    """Only the first column of the table counts: words elsewhere may name options of other commands."""
    text = DOCUMENT.read_text(encoding="utf-8")
    (section,) = re.findall(rf"^## rsu {command}\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    documented = {option for row in re.findall(r"^\| (`-.*?) \|", section, re.MULTILINE) for option in help_options(row)}
    shown = rsu_run(*command.split(), "--help").stdout
    starts = re.findall(r"^│[ *]+((?:-[\w-]+ +)+)", shown, re.MULTILINE)
    columns = {option for start in starts for option in help_options(start)}
    assert columns
    assert documented == columns


def test_the_document_has_every_command() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    assert set(re.findall(r"^## rsu (.+)$", text, re.MULTILINE)) == set(COMMANDS)


def test_version(rsu_spawn: Spawn) -> None:
    result = rsu_spawn("--version")
    assert (result.returncode, result.stdout) == (0, f"rsu {rsu.__version__}\n".encode())


def test_a_wrong_option_is_a_usage_error(rsu_spawn: Spawn) -> None:
    result = rsu_spawn("decode", "--nonsense")
    assert result.returncode == 2
    assert result.stdout == b""


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("rsu dec", {"decode"}),
        ("rsu decode --standard csae-", {"csae-53", "csae-157"}),
        ("rsu decode --header w", {"wsmp"}),
        ("rsu inspect --standard csae-53 BasicS", {"BasicSafetyMessage"}),
        ("rsu decode --standard csae-53 --type Position3", {"Position3D"}),
        ("rsu query --type SPA", {"SPAT"}),
        ("rsu convert --to mc", {"mcap"}),
        ("rsu replay --format pcap", {"pcap", "pcapng"}),
    ],
    ids=str,
)
def test_the_shell_completes(rsu_spawn: Spawn, line: str, wanted: set[str]) -> None:
    result = rsu_spawn(_RSU_COMPLETE="complete_bash", COMP_WORDS=line, COMP_CWORD=str(len(line.split()) - 1))
    assert result.returncode == 0
    assert set(result.stdout.decode().split()) == wanted


def test_completion_can_be_shown_for_installing(rsu_spawn: Spawn) -> None:
    result = rsu_spawn("--show-completion", "bash", _TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION="1")
    assert b"complete_bash" in result.stdout


def test_a_reader_that_goes_away_is_no_error(tmp_path: Path) -> None:
    """`rsu decode … | head -1`: more than a pipe holds, so that the command meets the closed end."""
    messages = tmp_path / "messages.txt"
    messages.write_text(f"{bsm().hex()}\n" * 500)
    process = subprocess.Popen(
        [sys.executable, "-m", "rsu.cli", "decode", "--standard", "sae-j2735", str(messages)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=CHECKOUT,
    )
    assert process.stdout is not None and process.stderr is not None
    process.stdout.readline()
    process.stdout.close()
    errors = process.stderr.read()
    process.stderr.close()
    assert (process.wait(60), errors) == (ExitCode.PIPE_CLOSED, b"")


def test_a_terminal_without_unicode_gets_question_marks_not_an_error(rsu_spawn: Spawn) -> None:
    result = rsu_spawn("decode", "--standard", "sae-j2735", bsm().hex(), PYTHONIOENCODING="ascii")
    assert result.returncode == 0
    assert b"msgCnt" in result.stdout


def test_a_fault_of_ours_is_not_exit_code_1(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    from rsu.cli import app

    def broken(**_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(app, "app", broken)
    with pytest.raises(SystemExit) as caught:
        app.main()
    assert caught.value.code == ExitCode.FAULT
    assert capsys.readouterr().err.splitlines()[-1].startswith("rsu: this is a fault in rsu")


def test_help_loads_no_database_and_no_reader_of_logs() -> None:
    """What makes start-up slow; the time itself depends on the machine, and is bounded widely."""
    heavy = ("asn1tools", "sqlalchemy", "alembic", "numpy", "dpkt", "mcap", "zmq", "rsu.engine", "rsu.store", "rsu.sources")
    code = (
        "import sys; from rsu.cli.app import app\n"
        "try: app(['--help'], prog_name='rsu')\n"
        f"finally: print('LOADED', [name for name in {heavy!r} if name in sys.modules])"
    )
    started = time.monotonic()
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=CHECKOUT, timeout=60)
    assert "LOADED []" in result.stdout
    assert time.monotonic() - started < 3
