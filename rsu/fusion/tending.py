"""What is done with the tracks at the end of a step: who is confirmed, who is gone, who is one, whose is which id."""

from __future__ import annotations

import numpy as np

from rsu.fusion import lifecycle
from rsu.fusion.counters import Counters
from rsu.fusion.identity import Identity
from rsu.fusion.parameters import Parameters
from rsu.fusion.rebinding import moves
from rsu.fusion.resuming import misled, resumed
from rsu.fusion.sigma import Sigmas
from rsu.fusion.state import Ints, Table
from rsu.fusion.time import SECOND_NS


class Tending:
    """See the module."""

    def __init__(self, table: Table, identity: Identity, sigmas: Sigmas, counters: Counters, parameters: Parameters) -> None:
        self._table, self._identity, self._sigmas = table, identity, sigmas
        self._counters, self._p = counters, parameters
        self._rebound_ns = 0

    def tend(self, now_ns: int) -> None:
        """Confirm, let go, unite."""
        table, p, counters = self._table, self._p, self._counters
        fresh = lifecycle.confirm(table, table.rows(), p)
        counters.confirmed += fresh.size
        gone = lifecycle.expired(table, table.rows(), now_ns, p)
        counters.gone += gone.size
        self._drop(gone)
        self._resume(now_ns)
        for stays, goes in lifecycle.unresolved(table, table.rows(), now_ns, p):
            older = table.seen_ns[goes] > 0 and table.id[goes] < table.id[stays]
            if older or stays in fresh:  # the one that was shown before
                table.id[stays] = table.id[goes]
            self._unite(stays, goes)
        if now_ns - self._rebound_ns >= round(p.rebind_period_s * SECOND_NS):
            self._rebound_ns = now_ns
            self._rebind(now_ns)
        for older, younger in lifecycle.doubles(table, table.rows(), now_ns, p):
            rows = np.array([older, younger])
            if lifecycle.speaks(table, rows, now_ns, p).all():
                self._release_farther(rows)
            unsure = table.cov[rows, 0, 0] + table.cov[rows, 1, 1]
            table.id[younger] = table.id[older]
            self._unite(*((older, younger) if unsure[0] <= unsure[1] else (younger, older)))

    def _resume(self, now_ns: int) -> None:
        """New tracks go on under the ids of older ones; who was led away by his sender is rid of him."""
        table, p = self._table, self._p
        for goes_on, ended in resumed(table, table.rows(), now_ns, p):
            if misled(table, goes_on, ended, now_ns, p):
                self._identity.release(table, np.array([ended]))
                self._counters.misled += 1
            table.id[goes_on] = table.id[ended]
            self._unite(goes_on, ended)
            self._counters.resumed += 1

    def _release_farther(self, rows: Ints) -> None:
        """Of two ids of one road user the one that needs the unlikelier offset is not his."""
        likely = (self._table.x[rows, 5:] ** 2).sum(axis=1) / self._sigmas.expected(self._table.sender[rows])
        self._identity.release(self._table, rows[[int(np.argmax(likely))]])

    def _rebind(self, now_ns: int) -> None:
        """Ids go to whose they are; a track that lived of such an id alone is gone."""
        table = self._table
        before, after = moves(table, self._sigmas, now_ns, self._p)
        senders, heard_ns, seen = table.sender[before], table.self_ns[before], table.seen_ns[before] > 0
        there = after >= 0
        self._identity.release(table, np.concatenate([before, after[there]]))
        self._drop(before[there & ~seen])
        self._identity.bind(table, after[there], senders[there], heard_ns[there])
        table.self_ns[after[there]] = heard_ns[there]
        self._counters.rebound += before.size

    def _unite(self, stays: int, goes: int) -> None:
        """One road user: the row that stays gets the sender heard last."""
        table = self._table
        sender, heard_ns = int(table.sender[goes]), int(table.self_ns[goes])
        newer = table.sender[stays] < 0 or heard_ns > int(table.self_ns[stays])
        table.hits[stays] += table.hits[goes]
        table.first[stays] = min(table.first[stays], table.first[goes])
        table.seen_ns[stays] = max(table.seen_ns[stays], table.seen_ns[goes])
        table.touched[stays] = max(table.touched[stays], table.touched[goes])
        if np.isnan(table.size[stays, 0]):
            table.size[stays] = table.size[goes]
        self._drop(np.array([goes]))
        if sender >= 0 and newer:
            self._identity.bind(table, np.array([stays]), np.array([sender]), np.array([heard_ns]))
            table.self_ns[stays] = heard_ns
        self._counters.merged += 1

    def _drop(self, rows: Ints) -> None:
        self._identity.release(self._table, rows)
        self._table.alive[rows] = False
