"""The unit's own recording: what ingest hears, into log files, by a thread that never holds ingest up.

A queue of bounded length lies between; what does not fit is counted, and is still in the outbox.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Mapping

from rsu.config import Config, state_path
from rsu.observability.meter import Meter
from rsu.received import Received
from rsu.sinks.rotating import RotatingSink

QUEUE_RECORDS_MAX = 16_384
JOIN_S = 5.0
TICK_S = 0.25
#: What the sink counts → its metric.
COUNTED: Mapping[str, tuple[str, dict[str, str]]] = {
    "written": ("rsu_recording_records_total", {}),
    "lost_disk": ("rsu_recording_lost_total", {"reason": "disk"}),
    "removed_quota": ("rsu_recording_removed_total", {"reason": "quota"}),
    "removed_age": ("rsu_recording_removed_total", {"reason": "age"}),
}


class Recorder:
    """Writes records to the sink of ``[recording]``; without one it does nothing."""

    def __init__(self, open_sink: Callable[[], RotatingSink] | None, meter: Meter) -> None:
        self._meter = meter
        self._told: dict[str, int] = {}
        self._counts: Mapping[str, int] = {}
        self._waiting: queue.Queue[Received | None] = queue.Queue(QUEUE_RECORDS_MAX)
        self._thread = threading.Thread(target=self._write, args=(open_sink,), name="recording") if open_sink else None
        if self._thread is not None:
            self._thread.start()

    @classmethod
    def of(cls, config: Config, meter: Meter, boot: bytes) -> Recorder:
        settings = config.recording
        if not settings.dir:
            return cls(None, meter)
        folder = state_path(config, settings.dir)
        return cls(lambda: RotatingSink.of(folder, settings, config.unit.id, boot), meter)

    def write(self, record: Received) -> None:
        """Takes a record; does not wait."""
        if self._thread is None:
            return
        try:
            self._waiting.put_nowait(record)
        except queue.Full:
            self._meter.count("rsu_recording_lost_total", reason="queue")

    def close(self) -> None:
        """Finishes the file."""
        if self._thread is not None:
            self._waiting.put(None, timeout=JOIN_S)
            self._thread.join(JOIN_S)

    def measure(self) -> None:
        """Tells the meter what the thread counted; for the role's own thread."""
        for name, count in dict(self._counts).items():
            grown, self._told[name] = count - self._told.get(name, 0), count
            if grown and name in COUNTED:
                metric, labels = COUNTED[name]
                self._meter.count(metric, grown, **labels)

    def _write(self, open_sink: Callable[[], RotatingSink]) -> None:
        with open_sink() as sink:
            self._counts = sink.counts
            while True:
                try:
                    record = self._waiting.get(timeout=TICK_S)
                except queue.Empty:
                    sink.tick()
                    continue
                if record is None:
                    return
                sink.write(record)
