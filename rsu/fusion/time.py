"""When it was so: what is too old, too new, heard twice, or stamped by a wrong clock.

The way from a sender to here takes about as long as its kind's latency (the floor). A sender whose median of (receive − stamp)
is farther from the floor than ``clock_alarm_s`` has a wrong clock: its stamps are moved by the difference and an alarm is
raised. Nearer, the way and the clock cannot be told apart, and the stamp is believed.
"""

from __future__ import annotations

import numpy as np

from rsu.fusion.parameters import Parameters
from rsu.fusion.state import Bools, Floats, Ints

SECOND_NS = 1_000_000_000
WINDOW = 32
"""Receptions of a sender the median is taken over: three seconds."""
MEMORY = 8
"""Event times of a stream that are remembered: nearly a second, nothing older is taken."""


class Clocks:
    """Each sender's delays, and what its clock is found to be wrong by."""

    def __init__(self, parameters: Parameters) -> None:
        self._alarm_ns = round(parameters.clock_alarm_s * SECOND_NS)
        self._most_ns = round(parameters.clock_correct_max_s * SECOND_NS)
        self._samples_min = parameters.clock_samples_min
        self._delays = np.zeros((parameters.senders_max, WINDOW), np.int64)
        self._count = np.zeros(parameters.senders_max, np.int64)
        self.offset_ns = np.zeros(parameters.senders_max, np.int64)
        self.alarms = 0

    def forget(self, rows: Ints) -> None:
        self._count[rows] = 0
        self.offset_ns[rows] = 0

    def learn(self, senders: Ints, delays_ns: Ints, floors_ns: Ints) -> Ints:
        """What is to be added to each stamp; a step gives a sender one sample.

        :param senders: (n,) int64, rows of the senders.
        """
        rows, first = np.unique(senders, return_index=True)
        self._delays[rows, self._count[rows] % WINDOW] = delays_ns[first]
        self._count[rows] += 1
        far = np.abs(delays_ns[first] - floors_ns[first]) > self._alarm_ns
        asked = (far | (self.offset_ns[rows] != 0)) & (self._count[rows] >= self._samples_min)
        for row, floor in zip(rows[asked].tolist(), floors_ns[first][asked].tolist(), strict=True):
            self._judge(row, floor)  # few: a right clock never comes here
        return self.offset_ns[senders]

    def _judge(self, row: int, floor_ns: int) -> None:
        median = int(np.median(self._delays[row, : min(int(self._count[row]), WINDOW)]))
        wrong = median - floor_ns
        if not self._alarm_ns < abs(wrong) <= self._most_ns:
            wrong = 0
        if wrong and not self.offset_ns[row]:
            self.alarms += 1
        self.offset_ns[row] = wrong


class Memory:
    """The event times each stream had lately, to know what is heard again."""

    def __init__(self, streams_max: int) -> None:
        self._times = np.full((streams_max, MEMORY), -1, np.int64)
        self._count = np.zeros(streams_max, np.int64)

    def forget(self, rows: Ints) -> None:
        self._times[rows] = -1

    def again(self, streams: Ints, times_ns: Ints, places: Floats) -> Bools:
        """Which are heard again: the same time before, or, within the step, the same time and place.

        :param streams: (n,) int64, rows of the streams.
        :param places: (n, 2) float64, metres.
        """
        again: Bools = (self._times[streams] == times_ns[:, None]).any(axis=1)
        order = np.lexsort((places[:, 1], places[:, 0], times_ns, streams))
        s, t, p = streams[order], times_ns[order], places[order]
        equal = (s[1:] == s[:-1]) & (t[1:] == t[:-1]) & (p[1:] == p[:-1]).all(axis=1)
        again[order[1:][equal]] = True
        return again

    def remember(self, streams: Ints, times_ns: Ints) -> None:
        """Each (stream, time) once."""
        order = np.lexsort((times_ns, streams))
        s, t = streams[order], times_ns[order]
        first = np.ones(s.size, np.bool_)
        first[1:] = (s[1:] != s[:-1]) | (t[1:] != t[:-1])
        s, t = s[first], t[first]
        at = (self._count[s] + rank(s)) % MEMORY
        self._times[s, at] = t
        np.add.at(self._count, s, 1)


def rank(groups: Ints) -> Ints:
    """(n,) int64, how many of the same group stand before each."""
    order = np.argsort(groups, kind="stable")
    ordered = groups[order]
    starts = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]])) if groups.size else np.empty(0, np.int64)
    lengths = np.diff(np.append(starts, groups.size))
    ranks = np.empty(groups.size, np.int64)
    ranks[order] = np.arange(groups.size) - np.repeat(starts, lengths)
    return ranks
