"""Log lines: JSON, bounded files that processes share, repeats left out and told."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog

from rsu.config import Observability
from rsu.errors import ConfigError
from rsu.observability.logs import (
    EVENTS_KNOWN_MAX,
    LINE_OCTETS_MAX,
    REPEATS_A_SECOND,
    Repeats,
    RotatingFile,
    configure_logging,
)

CHECKOUT = Path(__file__).resolve().parents[2]


@pytest.fixture
def restored() -> Iterator[None]:
    """Logging as it was."""
    root = logging.getLogger()
    before = (root.handlers[:], root.level)
    yield
    structlog.reset_defaults()
    root.handlers[:], root.level = before


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@pytest.mark.usefixtures("restored")
def test_a_line_is_one_json_object_with_time_level_role_and_what_was_said(tmp_path: Path) -> None:
    configure_logging(Observability(log_file="rsu.log", log_level="info"), "engine", str(tmp_path))
    log = structlog.get_logger()
    log.info("role started", pid=7, path=Path("/x"), data=b"\x01")
    log.debug("not at this level")
    log.warning("two\nlines", 信="号")
    first, second = lines(tmp_path / "rsu.log")
    assert list(first)[:3] == ["time", "level", "role"]
    assert first["time"].endswith("Z")
    assert (first["level"], first["role"], first["event"]) == ("info", "engine", "role started")
    assert (first["pid"], first["path"]) == (7, "/x")
    assert (second["level"], second["event"], second["信"]) == ("warning", "two\nlines", "号")


@pytest.mark.usefixtures("restored")
def test_what_libraries_log_comes_out_the_same_way(tmp_path: Path) -> None:
    configure_logging(Observability(log_file="rsu.log"), "uplink", str(tmp_path))
    try:
        raise ValueError("broken")
    except ValueError:
        logging.getLogger("aiomqtt").exception("lost %s", "connection")
    logging.getLogger("aiomqtt").debug("not at this level")
    (line,) = lines(tmp_path / "rsu.log")
    assert (line["event"], line["logger"], line["error"], line["level"]) == (
        "lost connection", "aiomqtt", "ValueError: broken", "error",
    )  # fmt: skip


@pytest.mark.usefixtures("restored")
def test_a_line_that_is_too_long_is_cut_and_stays_json(tmp_path: Path) -> None:
    configure_logging(Observability(log_file="rsu.log"), "engine", str(tmp_path))
    structlog.get_logger().info("long", text="x" * (2 * LINE_OCTETS_MAX))
    (line,) = lines(tmp_path / "rsu.log")
    assert line["event"] == "long" and line["cut"] > 2 * LINE_OCTETS_MAX and len(line["text"]) == 200


@pytest.mark.usefixtures("restored")
def test_without_a_file_lines_go_to_standard_error(capfd: pytest.CaptureFixture[str]) -> None:
    configure_logging(Observability(), "engine")
    structlog.get_logger().error("here")
    out, errors = capfd.readouterr()
    assert (out, json.loads(errors)["event"]) == ("", "here")


class Seconds:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def passed(repeats: Repeats, event: str, level: str = "info") -> dict[str, Any] | None:
    try:
        return dict(repeats(None, level, {"event": event}))
    except structlog.DropEvent:
        return None


def test_repeats_in_a_second_are_left_out_and_the_next_line_says_how_many() -> None:
    clock = Seconds()
    repeats = Repeats(5, clock)
    assert sum(passed(repeats, "broker away") is not None for _ in range(100)) == 5
    assert passed(repeats, "broker away", "error") is not None  # another level is another event
    assert passed(repeats, "disk full") is not None
    clock.now = 1.0
    assert passed(repeats, "broker away") == {"event": "broker away", "left_out": {"broker away": 95}}
    assert passed(repeats, "broker away") == {"event": "broker away"}


def test_what_was_left_out_is_told_by_any_later_event() -> None:
    clock = Seconds()
    repeats = Repeats(1, clock)
    for _ in range(3):
        passed(repeats, "broker away")
    clock.now = 5.0
    assert passed(repeats, "broker back") == {"event": "broker back", "left_out": {"broker away": 2}}


def test_events_that_are_remembered_are_bounded() -> None:
    repeats = Repeats(REPEATS_A_SECOND, Seconds())
    for number in range(EVENTS_KNOWN_MAX * 3):
        assert passed(repeats, f"event {number}") is not None
    assert len(repeats._seen) <= EVENTS_KNOWN_MAX


def test_a_full_file_makes_room_and_the_oldest_goes(tmp_path: Path) -> None:
    file = RotatingFile(tmp_path / "rsu.log", octets_max=100, files_max=3)
    for number in range(100):
        file.write(b"%09d\n" % number)
    file.close()
    kept = [(tmp_path / f"rsu.log{suffix}").read_bytes() for suffix in (".2", ".1", "")]
    assert [len(part) for part in kept] == [100, 100, 100]
    assert b"".join(kept) == b"".join(b"%09d\n" % number for number in range(70, 100))
    assert not (tmp_path / "rsu.log.3").exists()


WRITER = """
import sys
from pathlib import Path
from rsu.observability.logs import RotatingFile
file = RotatingFile(Path(sys.argv[1]), octets_max=20_000, files_max=50)
for number in range(2_000):
    file.write(f"{sys.argv[2]} {number} {'x' * 40}\\n".encode())
"""


def test_processes_share_a_file_without_mixing_or_losing_lines(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(CHECKOUT)}
    arguments = [sys.executable, "-c", WRITER, str(tmp_path / "rsu.log")]
    writers = [subprocess.Popen([*arguments, name], env=environment) for name in ("a", "b", "c")]
    assert [writer.wait(60) for writer in writers] == [0, 0, 0]
    found = [line for path in tmp_path.glob("rsu.log*") for line in path.read_text().splitlines()]
    expected = {f"{name} {number} {'x' * 40}" for name in "abc" for number in range(2_000)}
    assert len(found) == len(expected)
    assert set(found) == expected


def test_a_disk_that_takes_nothing_is_counted() -> None:
    file = RotatingFile(Path("/dev/full"))
    file.write(b"line\n")
    assert file.lost == 1
    file.close()


def test_a_file_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match=r"\[observability\] log_file"):
        configure_logging(Observability(log_file=str(tmp_path / "file" / "rsu.log")), "engine")
