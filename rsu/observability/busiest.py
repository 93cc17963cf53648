"""Who sends most, in bounded memory: frequent items of a stream by the rule of Misra and Gries.

J. Misra, D. Gries, *Finding repeated elements*, 1982: ``k`` counters; a name without one takes a free one, and when none is
free every counter is lowered by one. A count is never too high, and too low by at most n / (k + 1) of n hearings. Lowering is
paid for by the hearings it takes back, so that a stream of ever new names costs no more than one of old ones.
"""

from __future__ import annotations

ENTRIES_MAX = 256
SHOWN_MAX = 20
WINDOW_NS = 5_000_000_000

Sender = tuple[str, str, float]  # name, type, messages a second


class Busiest:
    """The busiest senders of the last whole window.

    :param started_ns: when the first window begins.
    """

    def __init__(self, started_ns: int, entries_max: int = ENTRIES_MAX) -> None:
        self._entries_max = entries_max
        self._counts: dict[tuple[str, str], int] = {}
        self._began_ns = started_ns
        self._last: list[Sender] = []

    def count(self, sender: str, type_name: str) -> None:
        counts = self._counts
        key = (sender, type_name)
        if key in counts:
            counts[key] += 1
        elif len(counts) < self._entries_max:
            counts[key] = 1
        else:
            self._counts = {name: count - 1 for name, count in counts.items() if count > 1}

    def top(self, time_ns: int) -> list[Sender]:
        """The busiest of the last whole window; of the current one while there is no other."""
        elapsed_ns = time_ns - self._began_ns
        if elapsed_ns < 0 or elapsed_ns >= WINDOW_NS:
            self._last = self._ranked(max(elapsed_ns, WINDOW_NS))
            self._began_ns, self._counts = time_ns, {}
            return self._last
        return self._last or self._ranked(max(elapsed_ns, 1))

    def _ranked(self, elapsed_ns: int) -> list[Sender]:
        ranked = sorted(self._counts.items(), key=lambda item: (-item[1], item[0]))
        return [(*key, round(count * 1e9 / elapsed_ns, 2)) for key, count in ranked[:SHOWN_MAX]]
