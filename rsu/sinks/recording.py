"""One file of a live recording, from its first record to its last name.

While it is written it has ``.part`` behind its name and a lock, so that nobody repairs what is still written; a kill costs at
most what was written since the last flush, about a second.

A frame and its echo by another radio must stand in the same file, for each file is replayed on its own. A full file therefore
listens for :data:`ECHO_NS` to what it takes, before the next one begins, and takes echoes of that for as long afterwards.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from pathlib import Path

from rsu.errors import SourceError
from rsu.received import Received
from rsu.sinks.base import Sink
from rsu.sinks.jsonl import JsonlSink
from rsu.sinks.mcap import McapSink
from rsu.sinks.recovery import repair

FORMATS: dict[str, type[Sink]] = {sink.format: sink for sink in (McapSink, JsonlSink)}
PART = ".part"
ECHO_NS = 250_000_000  # radios hear one transmission within 100 ms (CONTRACTS); the rest is for delays on the way here
ECHO_FRAMES_MAX = 8_192
LEAVING_NS_MAX = 5_000_000_000


class RecordingFile:
    """An open file; made by :meth:`begin`.

    :param path: its name once it is finished.
    :param waiting: records since the last flush.
    """

    def __init__(self, sink: Sink, path: Path, now_ns: int) -> None:
        self.path = path
        self.waiting = 0
        self.opened_ns = self.flushed_ns = now_ns
        self._sink = sink
        self._records = 0
        self._heard: set[bytes] | None = None
        self._listens_ns = self._left_ns = self._echo_ns = 0

    @classmethod
    def begin(cls, path: Path, format: str, now_ns: int) -> RecordingFile | None:
        """The file, open and locked; None where the name is taken.

        :raises SourceError: for a file that cannot be opened.
        """
        part = path.with_name(path.name + PART)
        if path.exists() or part.exists():
            return None
        sink = FORMATS[format](part)
        try:
            fcntl.flock(sink.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:  # another writer begins and takes it for an abandoned one
            sink.abandon()
            return None
        return cls(sink, path, now_ns)

    @property
    def octets(self) -> int:
        return self._sink.octets

    def write(self, record: Received) -> None:
        self.waiting += 1
        self._records += 1
        if self._heard is not None and len(self._heard) < ECHO_FRAMES_MAX:
            self._heard.add(record.data)
        self._sink.write(record)

    def flush(self, now_ns: int) -> int:
        """Hand what waits to the system; gives how many records that were."""
        self.flushed_ns = now_ns
        self._sink.flush()
        written, self.waiting = self.waiting, 0
        return written

    def finish(self) -> int:
        """Finish, put on the disk, give the final name; gives how many records waited. One without records is removed."""
        self._sink.close(sync=True)
        part = self._sink.path
        if self._records:
            part.replace(self.path)
            _sync_folder(part.parent)
        else:
            part.unlink()
        written, self.waiting = self.waiting, 0
        return written

    def abandon(self) -> None:
        self._sink.abandon()

    # The change to the next file --------------------------------------------------------------------------------------

    def may_leave(self, now_ns: int) -> bool:
        """Whether it has listened long enough for the next file to begin; the first call begins to listen."""
        if self._heard is None:
            self._heard = set()
            self._listens_ns = now_ns
            return False
        if now_ns - self._listens_ns < ECHO_NS:
            return False
        self._left_ns = self._echo_ns = now_ns
        return True

    def is_echo(self, record: Received, now_ns: int) -> bool:
        """Whether the frame is one that it took while it listened."""
        if self._heard is None or record.data not in self._heard:
            return False
        self._echo_ns = now_ns
        return True

    def is_left(self, now_ns: int) -> bool:
        """Whether no more echoes are to be expected."""
        return now_ns - self._echo_ns >= ECHO_NS or now_ns - self._left_ns >= LEAVING_NS_MAX


def recover(part: Path) -> bool:
    """Make an abandoned file whole and give it its name; an empty one is removed.

    :returns: whether there is a file more; not for one that is being written, or cannot be repaired yet.
    """
    path = part.with_name(part.name.removesuffix(PART))
    with contextlib.suppress(FileNotFoundError, BlockingIOError, SourceError), part.open("r+b") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        repair(part, path.suffix.removeprefix("."))
        if not part.stat().st_size:
            part.unlink()
            return False
        part.replace(path)
        _sync_folder(path.parent)
        return True
    return False


def _sync_folder(folder: Path) -> None:
    """Have the new name put on the disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
