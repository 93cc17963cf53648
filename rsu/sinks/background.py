"""A recording in a thread of its own: who hears never waits for a disk.

What the disk is too slow for waits within bounds; above them records are left out of the recording and counted.
"""

from __future__ import annotations

import threading
from collections import Counter, deque
from collections.abc import Iterable

from rsu.observability.meter import Meter
from rsu.received import Received
from rsu.sinks.rotating import RotatingSink

RECORDS_MAX = 65_536
OCTETS_MAX = 67_108_864
TICK_S = 0.25
BATCH_RECORDS = 512  # between two looks at the clock of the files


class BackgroundRecording:
    """Takes records without waiting and writes them in a thread.

    :param sink: used by the thread only, from now on.
    """

    def __init__(self, sink: RotatingSink, records_max: int = RECORDS_MAX, octets_max: int = OCTETS_MAX) -> None:
        self._sink = sink
        self._records_max, self._octets_max = records_max, octets_max
        self._waiting: deque[Received] = deque()
        self._octets = 0
        self._lost = 0
        self._faults = 0
        self._changed = threading.Condition()
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="recording", daemon=True)
        self._thread.start()

    def offer(self, records: Iterable[Received]) -> None:
        """Have records written; those that find no room are counted."""
        with self._changed:
            for record in records:
                if len(self._waiting) >= self._records_max or self._octets + len(record.data) > self._octets_max:
                    self._lost += 1
                    continue
                self._waiting.append(record)
                self._octets += len(record.data)
            self._changed.notify()

    def counts(self) -> Counter[str]:
        """Those of :class:`RotatingSink`, ``lost_queue`` for records that found no room, ``faults`` of our own."""
        return self._sink.counts + Counter(lost_queue=self._lost, faults=self._faults)

    def measure(self, meter: Meter) -> None:
        """Tell a role's meter."""
        counts = self.counts()
        meter.total("rsu_recording_records_total", counts["written"])
        for reason in ("disk", "queue"):
            meter.total("rsu_recording_lost_total", counts[f"lost_{reason}"], reason=reason)
        for reason in ("quota", "age"):
            meter.total("rsu_recording_removed_total", counts[f"removed_{reason}"], reason=reason)
        meter.gauge("rsu_queue_depth", len(self._waiting), queue="recording")

    def close(self, timeout_s: float = 30.0) -> None:
        """Write what waits and finish the files."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._thread.join(timeout_s)

    def _run(self) -> None:
        while not self._closing or self._waiting:
            with self._changed:
                if not self._waiting and not self._closing:
                    self._changed.wait(TICK_S)
                batch = [self._waiting.popleft() for _ in range(min(len(self._waiting), BATCH_RECORDS))]
                self._octets -= sum(len(record.data) for record in batch)
            try:
                for record in batch:
                    self._sink.write(record)
                self._sink.tick()
            except Exception:  # the thread's outermost loop: a recording must not end the unit's hearing
                self._faults += 1
        self._sink.close()
