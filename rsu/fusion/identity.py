"""Identity: which temporary id is which track's, and how a new id takes over a track whose old one fell silent.

A vehicle changes its temporary id every minute or so. The offset of its GNSS, learned under the old id, fits no other
vehicle as well: it is in the state, so the gate and the cost of association compare it without a word about it here.
"""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

import numpy as np

from rsu.fusion.parameters import Parameters
from rsu.fusion.sigma import Sigmas
from rsu.fusion.state import Bools, Floats, Ints, Table
from rsu.fusion.time import SECOND_NS


class Takeover(NamedTuple):
    """A track goes on under another temporary id."""

    time_ns: int
    track: int
    before: bytes
    after: bytes


class Identity:
    """The table of who is bound to which track; both ways are kept here: ``track_of`` and the tracks' ``sender``."""

    def __init__(self, parameters: Parameters, sigmas: Sigmas) -> None:
        self._p = parameters
        self._sigmas = sigmas
        self.track_of = np.full(parameters.senders_max, -1, np.int64)
        self.first_ns = np.zeros(parameters.senders_max, np.int64)  # when it was first without a track; 0 for never
        self.name_of = np.zeros(parameters.senders_max, "S64")
        self.takeovers: deque[Takeover] = deque(maxlen=parameters.takeovers_max)
        self.takeover_count = 0

    def free(self, table: Table, rows: Ints, time_ns: int) -> Bools:
        """Which tracks a new id may have: those without one, and those whose id is silent."""
        free: Bools = table.sender[rows] < 0
        if self._p.id_takeover:
            free |= time_ns - table.self_ns[rows] > round(self._p.takeover_silence_s * SECOND_NS)
        return free

    def may_wait(self, senders: Ints, time_ns: Ints) -> Bools:
        """Who has not been without a track for long."""
        first = self.first_ns[senders]
        self.first_ns[senders] = np.where(first == 0, time_ns, first)
        waits: Bools = time_ns - self.first_ns[senders] < round(self._p.takeover_wait_s * SECOND_NS)
        return waits

    def bind(self, table: Table, rows: Ints, senders: Ints, time_ns: Ints) -> None:
        """Each track gets the id; one that had none begins with an offset of which only the size is known."""
        before = table.sender[rows]
        for row, old, new, when in zip(rows.tolist(), before.tolist(), senders.tolist(), time_ns.tolist(), strict=True):
            if old >= 0:
                self.track_of[old] = -1
                self.takeovers.append(Takeover(when, int(table.id[row]), bytes(self.name_of[old]), bytes(self.name_of[new])))
                self.takeover_count += 1
        had = before >= 0
        self._sigmas.pass_on(before[had], senders[had])
        table.sender[rows], self.track_of[senders] = senders, rows
        variance = self.variance(senders)
        table.sigma2[rows] = variance
        blank = rows[~had]
        table.x[blank, 5:] = 0.0
        table.cov[blank, 5:, :] = 0.0
        table.cov[blank, :, 5:] = 0.0
        table.cov[blank, 5, 5] = table.cov[blank, 6, 6] = variance[~had]

    def variance(self, senders: Ints) -> Floats:
        """(n,) float64, m², of the offset in the state; 0 where a BSM's error is taken as white."""
        if self._p.white_bsm:
            return np.zeros(senders.size)
        return self._sigmas.variance(senders)

    def release(self, table: Table, rows: Ints) -> None:
        """The tracks have no id any more, and no offset."""
        senders = table.sender[rows]
        self.track_of[senders[senders >= 0]] = -1
        table.sender[rows] = -1
        table.sigma2[rows] = 0.0
        table.x[rows, 5:] = 0.0
        table.cov[rows, 5:, :] = 0.0
        table.cov[rows, :, 5:] = 0.0

    def forget(self, table: Table, senders: Ints) -> None:
        """Rows of senders go to others."""
        rows = self.track_of[senders]
        self.release(table, rows[rows >= 0])
        self.track_of[senders] = -1
        self.first_ns[senders] = 0
