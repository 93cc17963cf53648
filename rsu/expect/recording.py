"""The two files of a recording: written from a replay's outcomes, read back."""

from __future__ import annotations

import gzip
import hashlib
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Any

import msgspec

from rsu.engine import Duplicate, Outcome, Quarantined
from rsu.errors import SourceError

VERSION = 1
MINUTE_NS = 60_000_000_000
DIGEST_LETTERS = 16  # of a type's minute: enough to see a change, short enough to read a diff
COLUMNS = (
    "receive_time_ns event_time_ns event_time_source standard header aid security sender lat_e7 lon_e7 speed_mps heading_deg "
    "msg_cnt sec_mark warning"
).split()


class Row(msgspec.Struct, frozen=True, omit_defaults=True):
    """One record as it is kept: its columns and its decoded message, or why it was rejected."""

    record: int
    type: str
    columns: dict[str, Any] = {}
    decoded: msgspec.Raw = msgspec.Raw()
    rejected: dict[str, Any] = {}
    duplicate: str = ""


class LogRecording(msgspec.Struct):
    """What one log gave."""

    records: int = 0
    stored: int = 0
    quarantined: int = 0
    duplicates: int = 0
    types: dict[str, int] = msgspec.field(default_factory=dict)
    rejects: list[dict[str, Any]] = msgspec.field(default_factory=list)
    digests: dict[str, str] = msgspec.field(default_factory=dict)


class Recording(msgspec.Struct):
    """``expected.json``; ``rows`` is the name of the file beside it."""

    version: int
    logs: dict[str, LogRecording]
    rows: str
    folder: str = ""

    def rows_of(self, log: str) -> Iterator[Row]:
        """The rows of one log, in its order.

        :raises SourceError: where the rows file is missing or damaged.
        """
        path = Path(self.folder) / self.rows
        decoder = msgspec.json.Decoder(Row)
        current = ""
        try:
            with gzip.open(path, "rb") as lines:
                for line in lines:
                    if line.startswith(b'{"log":'):
                        current = msgspec.json.decode(line)["log"]
                    elif current == log:
                        yield decoder.decode(line)
        except (OSError, EOFError, msgspec.MsgspecError) as error:
            raise SourceError(f"{path}: the rows of the recording cannot be read: {error}") from error


class Recorder:
    """Collects a replay's outcomes; give :meth:`batch` to :func:`rsu.replay.replay`, then :meth:`finish`.

    Rows wait in temporary files, one for each log, so that
    several logs at once give the same recording as one after the other.
    """

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="rsu-recording-")
        self._logs: dict[str, LogRecording] = {}
        self._files: dict[str, IO[bytes]] = {}
        self._hashes: dict[tuple[str, str], Any] = {}

    def __enter__(self) -> Recorder:
        return self

    def __exit__(self, *_: object) -> None:
        for file in self._files.values():
            file.close()
        self._folder.cleanup()

    def batch(self, path: Path, outcomes: Sequence[Outcome]) -> None:
        """Takes the outcomes of one batch of ``path``."""
        name = path.name
        if name not in self._logs:
            self._logs[name] = LogRecording()
            self._files[name] = (Path(self._folder.name) / str(len(self._files))).open("w+b")
        log, file = self._logs[name], self._files[name]
        for outcome in outcomes:
            row = row_of(outcome)
            line = msgspec.json.encode(row) + b"\n"
            file.write(line)
            self._count(name, log, outcome, row, line)

    def _count(self, name: str, log: LogRecording, outcome: Outcome, row: Row, line: bytes) -> None:
        log.records += 1
        if isinstance(outcome, Duplicate):
            log.duplicates += 1
        elif isinstance(outcome, Quarantined):
            log.quarantined += 1
            log.rejects.append({"record": row.record, "type": row.type, **row.rejected})
        else:
            log.stored += 1
            log.types[row.type] = log.types.get(row.type, 0) + 1
        key = f"{row.type or '(unknown)'} {minute_text(outcome.receive_time_ns)}"
        self._hashes.setdefault((name, key), hashlib.sha256()).update(line)

    def finish(self, path: Path) -> Recording:
        """Writes the two files.

        :raises OSError: where they cannot be written.
        """
        rows = path.with_name(path.stem + ".rows.jsonl.gz")
        with rows.open("wb") as raw, gzip.GzipFile("", "wb", 9, raw, mtime=0) as packed:
            for name in sorted(self._files):
                packed.write(msgspec.json.encode({"log": name}) + b"\n")
                self._files[name].seek(0)
                while chunk := self._files[name].read(1 << 20):
                    packed.write(chunk)
        for (name, key), total in sorted(self._hashes.items()):
            self._logs[name].digests[key] = total.hexdigest()[:DIGEST_LETTERS]
        logs = {name: self._sorted(self._logs[name]) for name in sorted(self._logs)}
        recording = Recording(VERSION, logs, rows.name)
        content = msgspec.to_builtins(recording)
        del content["folder"]
        path.write_bytes(msgspec.json.format(msgspec.json.encode(content), indent=1) + b"\n")
        return msgspec.structs.replace(recording, folder=str(path.parent))

    @staticmethod
    def _sorted(log: LogRecording) -> LogRecording:
        return msgspec.structs.replace(log, types=dict(sorted(log.types.items())))


def row_of(outcome: Outcome) -> Row:
    """An outcome as a row of a recording."""
    if isinstance(outcome, Duplicate):
        return Row(outcome.sequence, outcome.type, duplicate=outcome.of)
    if isinstance(outcome, Quarantined):
        rejected = {"reason": outcome.reason, "path": outcome.path, "bit_offset": outcome.bit_offset}
        return Row(outcome.sequence, outcome.type, {"receive_time_ns": outcome.receive_time_ns}, rejected=rejected)
    columns = {name: value for name in COLUMNS if (value := getattr(outcome, name)) is not None}
    decoded = msgspec.Raw(outcome.decoded.encode()) if outcome.decoded else msgspec.Raw()
    return Row(outcome.sequence, outcome.type, columns, decoded)


def minute_text(time_ns: int) -> str:
    """The UTC minute of a time, ISO 8601."""
    from datetime import UTC, datetime

    return datetime.fromtimestamp(time_ns // MINUTE_NS * 60, UTC).strftime("%Y-%m-%dT%H:%MZ")


def load(path: Path) -> Recording:
    """A recording from its ``expected.json``.

    :raises SourceError: for a file that is missing, no recording, or of another version.
    """
    try:
        recording = msgspec.json.decode(path.read_bytes(), type=Recording)
    except OSError as error:
        raise SourceError(f"{path}: cannot be read: {error.strerror}; `rsu replay LOG --record {path}` makes it") from error
    except msgspec.MsgspecError as error:
        raise SourceError(f"{path}: is no recording of `rsu replay --record`: {error}") from error
    if recording.version != VERSION:
        raise SourceError(f"{path}: is of version {recording.version}, {VERSION} is read: record it again")
    return msgspec.structs.replace(recording, folder=str(path.parent))
