"""Log lines of the live unit: one JSON object a line, to standard error or a file that is bounded, repeats kept short.

What libraries log by :mod:`logging` comes out the same way. The same event more than :data:`REPEATS_A_SECOND` times in a second
is left out; the next line that comes through says how many were (``left_out``).
"""

from __future__ import annotations

import contextlib
import fcntl
import logging
import os
import sys
import threading
import time
from collections.abc import Callable, MutableMapping
from pathlib import Path
from typing import Any, Protocol

import msgspec
import structlog

from rsu.config import Observability
from rsu.errors import ConfigError

REPEATS_A_SECOND = 5
EVENTS_KNOWN_MAX = 256
FILE_OCTETS_MAX = 16_777_216
FILES_MAX = 4  # the one in use, and three older ones: .1 .2 .3
LINE_OCTETS_MAX = 16_384

Line = MutableMapping[str, Any]


class Lines(Protocol):
    """Where lines go."""

    def write(self, line: bytes) -> None: ...


class ErrorStream:
    """Standard error; a reader that went away is no reason to stop."""

    def write(self, line: bytes) -> None:
        with contextlib.suppress(OSError):
            os.write(sys.stderr.fileno(), line)


class RotatingFile:
    """A file of lines, and its older parts; several processes may write to the same.

    Each line is one write at the end of the file (O_APPEND), so that lines of two processes do not mix. Who finds it full
    renames it, under a lock; the others see that the name leads to another file and open that.

    :param path: the file; older ones are ``path.1`` (youngest) … .
    :raises ConfigError: for a file that cannot be written.
    """

    def __init__(self, path: Path, octets_max: int = FILE_OCTETS_MAX, files_max: int = FILES_MAX) -> None:
        self.path = path
        self.lost = 0
        self._octets_max = octets_max
        self._files_max = files_max
        self._lock = threading.Lock()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self._open()
        except OSError as error:
            raise ConfigError(f"[observability] log_file = {str(path)!r}: {error.strerror}") from error

    def write(self, line: bytes) -> None:
        """Write one line; what a full disk does not take is counted in ``lost``."""
        with self._lock:
            try:
                self._follow()
                if os.fstat(self._file).st_size + len(line) > self._octets_max:
                    self._rotate()
                os.write(self._file, line)
            except OSError:
                self.lost += 1

    def close(self) -> None:
        os.close(self._file)

    def _open(self) -> int:
        return os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o640)

    def _follow(self) -> None:
        """Open the file that the name leads to now, where another process renamed ours."""
        if not self._is_ours():
            os.close(self._file)
            self._file = self._open()

    def _is_ours(self) -> bool:
        try:
            found = os.stat(self.path)
        except FileNotFoundError:
            return False
        ours = os.fstat(self._file)
        return (found.st_dev, found.st_ino) == (ours.st_dev, ours.st_ino)

    def _rotate(self) -> None:
        lock = os.open(f"{self.path}.lock", os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o640)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if self._is_ours():
                for number in range(self._files_max - 1, 0, -1):
                    older = self.path if number == 1 else Path(f"{self.path}.{number - 1}")
                    if older.exists():
                        older.replace(f"{self.path}.{number}")
        finally:
            os.close(lock)
        self._follow()


class Repeats:
    """Leaves out an event that comes too often; a structlog processor.

    :param a_second: lines of one event and level that pass in a second.
    """

    def __init__(self, a_second: int = REPEATS_A_SECOND, clock: Callable[[], float] = time.monotonic) -> None:
        self._a_second = a_second
        self._clock = clock
        self._lock = threading.Lock()
        self._seen: dict[tuple[str, str], list[float]] = {}  # begin of the second, passed in it, left out

    def __call__(self, logger: object, method: str, line: Line) -> Line:
        """The line, or :class:`structlog.DropEvent`."""
        now = self._clock()
        key = (method, str(line.get("event", ""))[:LINE_OCTETS_MAX])
        with self._lock:
            entry = self._seen.get(key)
            if entry is None or now - entry[0] >= 1:
                left_out = self._told(now, key)
                self._seen[key] = [now, 1, 0]
                return {**line, "left_out": left_out} if left_out else line
            if entry[1] < self._a_second:
                entry[1] += 1
                return line
            entry[2] += 1
        raise structlog.DropEvent

    def _told(self, now: float, key: tuple[str, str]) -> dict[str, int]:
        """What was left out in seconds that are over, by event; those entries are forgotten."""
        over = [known for known, entry in self._seen.items() if now - entry[0] >= 1]
        over += list(self._seen)[: max(len(self._seen) - EVENTS_KNOWN_MAX + 1, 0)]
        left_out: dict[str, int] = {}
        for known in dict.fromkeys([*over, *([key] if key in self._seen else [])]):
            count = int(self._seen.pop(known)[2])
            if count:
                left_out[known[1]] = left_out.get(known[1], 0) + count
        return left_out


def configure_logging(settings: Observability, role: str, state_dir: str = "") -> Lines:
    """Set up structlog and logging for this process; gives where the lines go.

    :param role: the process's roles, said in every line.
    :param state_dir: folder that a relative ``log_file`` lies in.
    :raises ConfigError: for a log file that cannot be written.
    """
    lines: Lines = RotatingFile(Path(state_dir) / settings.log_file) if settings.log_file else ErrorStream()
    level = logging.getLevelNamesMapping()[settings.log_level.upper()]
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            Repeats(),
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
            structlog.processors.format_exc_info,
            lambda _logger, _method, line: {"time": line.pop("time"), "level": line.pop("level"), "role": role, **line},
            structlog.processors.JSONRenderer(serializer=_one_line),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=lambda *_: _Writer(lines),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(level=level, handlers=[_FromLogging()], force=True)
    logging.getLogger("alembic").setLevel(max(level, logging.WARNING))  # a line for each table it looks at
    return lines


def _one_line(line: Line, **_: object) -> str:
    """The line as JSON; what JSON does not know as text, what is too long without its long values."""
    text = msgspec.json.encode(line, enc_hook=str)
    if len(text) > LINE_OCTETS_MAX:
        short = {key: str(value)[:200] for key, value in list(line.items())[:20]}
        text = msgspec.json.encode({**short, "cut": len(text)})
    return text.decode()


class _Writer:
    """The last step of structlog: every level is a line."""

    def __init__(self, lines: Lines) -> None:
        self._lines = lines

    def msg(self, text: str) -> None:
        self._lines.write(text.encode("utf-8", "replace") + b"\n")

    debug = info = warning = error = critical = fatal = log = msg


class _FromLogging(logging.Handler):
    """What libraries say."""

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        more = {"error": f"{type(error).__name__}: {error}"} if error else {}
        structlog.get_logger().log(record.levelno, record.getMessage(), logger=record.name, **more)
