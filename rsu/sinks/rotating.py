"""A live recording: files of bounded size and age, the oldest removed, none lost by a kill, each of which `rsu replay` reads.

``<unit>_<UTC start>_<boot>_<number>.mcap`` is finished; with ``.part`` behind it, it is being written, or its writer was
killed: the next one repairs and renames it. What a full disk does not take is counted, and the recording goes on when there is
space.
How one file behaves stands in :mod:`rsu.sinks.recording`.
"""

from __future__ import annotations

import contextlib
import os
import re
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import NamedTuple

import msgspec

from rsu.config import Recording
from rsu.errors import ConfigError, SourceError
from rsu.received import Received
from rsu.sinks.recording import FORMATS, PART, RecordingFile, recover

FLUSH_NS = 1_000_000_000  # what a kill can cost
RETRY_NS = 1_000_000_000
FREE_OCTETS_MIN = 16_777_216  # of a unit's disk, left to the outbox: twice its reserve
DAY_NS = 86_400_000_000_000
_NAME = re.compile(r"(?P<unit>.+)_(?P<start>\d{8}T\d{6})Z_(?P<boot>[0-9a-f]{8})_(?P<number>\d{4,})\.(?P<format>jsonl|mcap)")
_DEFAULT = Recording()


class Finished(NamedTuple):
    """A finished file; they sort by age."""

    start: str
    number: int
    path: Path
    octets: int


class RotatingSink:
    """Writes records to one file after the other.

    :param folder: where they lie; made when it is not there.
    :param unit: the unit's id, first part of their names.
    :param boot_id: of the writer.
    :param standard: written to records that do not say theirs: what the engine takes for them, a replay must take too.
    :param free_octets_min: of the disk; what is heard while it has less is not written, and counted as lost to the disk.
    :param file_octets_max: a new file begins at this size; MCAP may pass it by a chunk (1 MiB).
    :param file_s_max: a new file begins at this age.
    :param keep_octets_max: all finished files of the unit together; the oldest are removed above it.
    :param keep_days: older ones are removed.
    :param wall: UTC, for names and ages of files.
    :raises ConfigError: for a folder that cannot be used, or a format that is not known.
    """

    def __init__(
        self,
        folder: Path,
        format: str = _DEFAULT.format,
        file_octets_max: int = _DEFAULT.file_octets_max,
        file_s_max: float = _DEFAULT.file_s_max,
        keep_octets_max: int = _DEFAULT.keep_octets_max,
        keep_days: float = _DEFAULT.keep_days,
        *,
        unit: str = "rsu",
        boot_id: bytes = bytes(16),
        standard: str = "",
        free_octets_min: int = 0,
        wall: Callable[[], int] = time.time_ns,
        steady: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        if format not in FORMATS:
            raise ConfigError(f"[recording] format = {format!r}: must be one of {', '.join(FORMATS)}")
        self.folder = folder
        self.counts: Counter[str] = Counter()  # written, lost_disk, finished, recovered, removed_quota, removed_age
        self._format = format
        self._file_octets_max, self._file_ns_max = file_octets_max, int(file_s_max * 1e9)
        self._keep_octets_max, self._keep_ns = keep_octets_max, int(keep_days * DAY_NS)
        self._unit = re.sub(r"[^A-Za-z0-9_.-]", "-", unit) or "rsu"
        self._boot = boot_id.hex()[:8].ljust(8, "0")
        self._standard = standard
        self._free_octets_min = free_octets_min
        self._wall, self._steady = wall, steady
        self._number = 0
        self._open: RecordingFile | None = None
        self._leaving: RecordingFile | None = None
        self._retry_ns = steady()
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._tidy()
        except OSError as error:
            raise ConfigError(f"[recording] dir = {str(folder)!r}: {error.strerror}") from error

    @classmethod
    def of(cls, folder: Path, settings: Recording, unit: str, boot_id: bytes, standard: str = "") -> RotatingSink:
        """With the bounds of the section [recording].

        :param standard: that of the unit, [unit] standard.
        """
        bounds = (settings.file_octets_max, settings.file_s_max, settings.keep_octets_max, settings.keep_days)
        floor = FREE_OCTETS_MIN
        return cls(folder, settings.format, *bounds, unit=unit, boot_id=boot_id, standard=standard, free_octets_min=floor)

    def __enter__(self) -> RotatingSink:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def write(self, record: Received) -> None:
        """Write one record; one that cannot be written is counted."""
        now_ns = self._steady()
        self._due(now_ns)
        leaving = self._leaving
        file = leaving if leaving is not None and leaving.is_echo(record, now_ns) else self._current(now_ns)
        if file is None:
            self.counts["lost_disk"] += 1
            return
        if self._standard and not record.standard:
            record = msgspec.structs.replace(record, standard=self._standard)
        try:
            file.write(record)
        except (SourceError, OSError):
            self._give_up(file)

    def tick(self) -> None:
        """What is due by time; to be called about four times a second, also when nothing is heard."""
        self._due(self._steady())

    def _due(self, now_ns: int) -> None:
        for file in (self._open, self._leaving):
            if file is not None and now_ns - file.flushed_ns >= FLUSH_NS:
                self._flush(file, now_ns)
        self._turn(now_ns)

    def close(self) -> None:
        """Finish the files."""
        for file in (self._leaving, self._open):
            if file is not None:
                self._finish(file)
        self._open = self._leaving = None

    def _turn(self, now_ns: int) -> None:
        """Begin or end the change to a new file, where it is due."""
        if self._leaving is not None:
            if self._leaving.is_left(now_ns):
                self._finish(self._leaving)
                self._leaving = None
            return
        file = self._open
        if file is None:
            return
        full = file.octets >= self._file_octets_max or now_ns - file.opened_ns >= self._file_ns_max
        if full and file.may_leave(now_ns):
            self._leaving, self._open = file, None

    def _current(self, now_ns: int) -> RecordingFile | None:
        """The file to write to; None while none can be opened."""
        if self._open is None and now_ns >= self._retry_ns:
            try:
                self._open = self._begin(now_ns) if self._has_room() else None
            except (SourceError, OSError):
                self._open = None
            if self._open is None:
                self._retry_ns = now_ns + RETRY_NS
        return self._open

    def _has_room(self) -> bool:
        if not self._free_octets_min:
            return True
        disk = os.statvfs(self.folder)
        return disk.f_bavail * disk.f_frsize >= self._free_octets_min

    def _begin(self, now_ns: int) -> RecordingFile:
        start = datetime.fromtimestamp(self._wall() // 1_000_000_000, UTC)
        while True:
            self._number += 1
            name = f"{self._unit}_{start:%Y%m%dT%H%M%S}Z_{self._boot}_{self._number:04d}.{self._format}"
            file = RecordingFile.begin(self.folder / name, self._format, now_ns)
            if file is not None:
                return file

    def _flush(self, file: RecordingFile, now_ns: int) -> None:
        try:
            self.counts["written"] += file.flush(now_ns)
            if self._has_room():
                return
        except (SourceError, OSError):
            pass
        self._give_up(file)

    def _finish(self, file: RecordingFile) -> None:
        """Finish a file; then see what is too old or too much."""
        try:
            self.counts["written"] += file.finish()
            self.counts["finished"] += 1
        except (SourceError, OSError):
            self._give_up(file)
        with contextlib.suppress(OSError):
            self._tidy()

    def _give_up(self, file: RecordingFile) -> None:
        """A file that takes no more; what it has is made whole as soon as the disk allows it."""
        self.counts["lost_disk"] += file.waiting
        file.abandon()
        self._retry_ns = self._steady() + RETRY_NS
        if file is self._open:
            self._open = None
        else:
            self._leaving = None
        with contextlib.suppress(OSError):
            self._tidy()

    def _tidy(self) -> None:
        """Repair what a killed writer left; remove the oldest files above the quota, and those past their days."""
        for part in sorted(self.folder.glob(f"*{PART}")):
            if _NAME.fullmatch(part.name.removesuffix(PART)) and recover(part):
                self.counts["recovered"] += 1
        files = self.finished()
        oldest = datetime.fromtimestamp(max(self._wall() - self._keep_ns, 0) // 1_000_000_000, UTC).strftime("%Y%m%dT%H%M%S")
        total = sum(file.octets for file in files)
        for file in files:
            reason = "age" if file.start < oldest else "quota" if total > self._keep_octets_max else ""
            if not reason:
                break
            file.path.unlink(missing_ok=True)
            total -= file.octets
            self.counts[f"removed_{reason}"] += 1

    def finished(self) -> list[Finished]:
        """The finished files of this unit, oldest first."""
        found = []
        for path in self.folder.iterdir():
            named = _NAME.fullmatch(path.name)
            if named and named["unit"] == self._unit:
                with contextlib.suppress(FileNotFoundError):
                    found.append(Finished(named["start"], int(named["number"]), path, path.stat().st_size))
        return sorted(found)
