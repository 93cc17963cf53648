"""The world: what is true at the crossing now. This module is the order of it.

A step takes the tracks of fusion, matches them to the lanes that are known, finds who follows whom and who queues, adds the
signals, and keeps the picture as a :class:`Snapshot`. What it was before stays in :attr:`World.history` for a while.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from rsu.observe.arrays import Origin
from rsu.observe.lanes import Intersection
from rsu.observe.signals import IntersectionSignals
from rsu.world import lights, maps
from rsu.world.arrays import NOTHING, Floats, Ints, Rows, Snapshot, family, sealed
from rsu.world.following import placed
from rsu.world.lanes import Lanes, index
from rsu.world.matching import candidates, match, use
from rsu.world.parameters import Parameters
from rsu.world.picture import picture
from rsu.world.queues import queues
from rsu.world.ring import Ring
from rsu.world.twins import twins


class Counters(msgspec.Struct):
    """What the world has done; ``maps`` and ``signals`` are counted where they are kept.

    :param tracks_left_out: beyond ``tracks_max``, of those with the highest ids.
    :param lanes_left_out: by step, beyond ``comparisons_max``.
    :param indexed: how often the lanes were indexed anew.
    :param pairs_left_out: of lanes that were not compared with each other, see :class:`rsu.world.twins.Twins`.
    """

    maps: maps.Counters
    signals: lights.Counters
    steps: int = 0
    tracks_left_out: int = 0
    lanes_left_out: int = 0
    indexed: int = 0
    pairs_left_out: int = 0


class World:
    """See the module.

    :param origin: of the frame that intersections and tracks are in.
    :ivar history: the latest snapshots.
    :ivar counters: what was done and not taken.
    """

    def __init__(self, origin: Origin, parameters: Parameters | None = None) -> None:
        self._origin = origin
        self._p = parameters or Parameters()
        self._maps = maps.Maps(self._p)
        self._lights = lights.Lights(self._p)
        self._indexed, self._indexed_ns = 0, 0
        self._snapshot = NOTHING
        self.history = Ring(self._p)
        self.counters = Counters(self._maps.counters, self._lights.counters)
        self._lanes, self._use, self._partly = self._index()

    def hear_map(self, standard: str, intersections: Iterable[Intersection], now_ns: int, *, configured: bool = False) -> None:
        """Take in what :func:`rsu.observe.geometry.geometry` read.

        :param configured: from the configuration: it goes before what is heard of the same intersection, and is not forgotten.
        """
        self._maps.hear(family(standard), intersections, now_ns, configured)

    def hear_signals(self, standard: str, signals: Iterable[IntersectionSignals]) -> None:
        """Take in what :func:`rsu.observe.signals.signals` read."""
        self._lights.hear(family(standard), signals)

    def step(self, tracks: NDArray[np.void], now_ns: int) -> Snapshot:
        """The picture of now.

        :param tracks: (t,) of :data:`rsu.fusion.TRACK`, predicted to ``now_ns``, in any order.
        """
        self._learn(now_ns)
        rows = self._ordered(tracks)
        signals, told = self._lights.at(now_ns)
        is_open = lights.open_lanes(self._lanes, self._lights.enabled(now_ns))
        weight = self._use * np.where(is_open, 1.0, self._p.closed_weight)
        near = candidates(self._lanes, weight, rows, self._p)
        self.counters.lanes_left_out += near.left_out
        matches = match(self._lanes, weight, self._partly, near, rows, self._p)
        where = placed(self._lanes, matches, rows, self._p)
        standing = queues(self._lanes, where, rows, self._p)
        self._snapshot = self._taken(now_ns, (rows, matches, where, standing, signals), is_open, told)
        self.history.add(self._snapshot)
        self.counters.steps += 1
        return self._snapshot

    def snapshot(self) -> Snapshot:
        """Of the last step; empty before the first."""
        return self._snapshot

    def geojson(self) -> dict[str, Any]:
        """The last step as a GeoJSON FeatureCollection, see :mod:`rsu.world.picture`."""
        return picture(self._snapshot, self._origin)

    def _learn(self, now_ns: int) -> None:
        """Index the lanes when maps have changed, but not for every change: it takes longer than a step."""
        interval_ns = self._p.index_interval_s * lights.SECOND_NS
        if self._maps.changes != self._indexed and abs(now_ns - self._indexed_ns) >= interval_ns:
            self._lanes, self._use, self._partly = self._index()
            self._indexed, self._indexed_ns = self._maps.changes, now_ns
            self.counters.indexed += 1

    def _index(self) -> tuple[Lanes, Floats, Ints]:
        """The lanes, ``c`` of each class in each, 0 for a twin, and which are told twice in part."""
        lanes = index(self._maps.known())
        told = twins(lanes, self._p)
        self.counters.pairs_left_out += told.left_out
        lanes.table["twin_of"] = told.stands
        return lanes, use(lanes.lines) * (told.stands < 0), told.partly

    def _ordered(self, tracks: Rows) -> Rows:
        """By id, as many as there may be; a copy."""
        rows = tracks[np.argsort(tracks["id"], kind="stable")]
        self.counters.tracks_left_out += max(len(rows) - self._p.tracks_max, 0)
        return rows[: self._p.tracks_max]

    def _taken(
        self, now_ns: int, found: tuple[Rows, ...], is_open: NDArray[np.bool_], told: tuple[IntersectionSignals, ...]
    ) -> Snapshot:
        rows, matches, where, standing, signals = (sealed(each) for each in found)
        table, connections = self._lanes.table.copy(), self._lanes.connections.copy()
        table["open"] = is_open
        connections["signal"] = lights.governed(self._lanes, signals)
        return Snapshot(
            time_ns=now_ns,
            tracks=rows,
            matches=matches,
            placed=where,
            queues=standing,
            lanes=sealed(table),
            connections=sealed(connections),
            signals=signals,
            intersections=self._lanes.intersections,
            places=self._lanes.places,
            told=told,
        )
