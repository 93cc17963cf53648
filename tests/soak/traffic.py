"""A zone's traffic without end: the kinds of messages of the bench's mix, each at its pace, from a thread."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator

from rsu.load.mix import Stencil, mix_of, vehicles_of
from rsu.load.schedule import SECOND_NS, schedule

STANDARD = "csae-53"
Moment = tuple[int, str, bytes]


class Traffic:
    """Sends ``rate_hz`` messages a second until it is told to end; counts them by kind."""

    def __init__(self, push: Callable[[bytes], None], rate_hz: int, seed: int) -> None:
        self.sent: Counter[str] = Counter()
        self.late_ms_max = 0.0
        self._push = push
        self._moments = moments(rate_hz, seed)
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._send, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._done.set()
        self._thread.join()

    def _send(self) -> None:
        begun_ns = time.monotonic_ns()
        for due_ns, kind, frame in self._moments:
            ahead_ns = begun_ns + due_ns - time.monotonic_ns()
            if ahead_ns > 0:
                time.sleep(ahead_ns / SECOND_NS)
            self.late_ms_max = max(self.late_ms_max, -ahead_ns / 1e6)
            self._push(frame)
            self.sent[kind] += 1
            if self._done.is_set():
                return


def moments(rate_hz: int, seed: int) -> Iterator[Moment]:
    """When (nanoseconds after the start), which kind, and the datagram; one second's schedule over and over."""
    mix = mix_of(STANDARD)
    due, kinds = schedule(mix, rate_hz, 1.0, "even", seed)
    second = list(zip(due.tolist(), kinds.tolist(), strict=True))
    stencils = [Stencil(mix, kind) for kind in mix.kinds]
    vehicles, sent = vehicles_of(rate_hz), [0] * len(stencils)
    number = start_ns = 0
    while True:
        for due_ns, kind in second:
            round_, vehicle = divmod(sent[kind], vehicles)
            at_ns = start_ns + due_ns
            yield at_ns, stencils[kind].kind.name, stencils[kind].frame(number, vehicle, round_, at_ns // 1_000_000)
            sent[kind] += 1
            number += 1
        start_ns += SECOND_NS
