"""Which intersections are known, from the configuration and by MAP."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import Any

import msgspec
import numpy as np

from rsu.observe.lanes import Intersection
from rsu.world.arrays import Floats
from rsu.world.parameters import Parameters

Key = tuple[int, int, str, int]


class Counters(msgspec.Struct):
    """Maps since the beginning.

    :param heard: all; ``changed``: those that were new or told something else than before.
    :param configured: not taken, for the configuration tells that intersection.
    :param unfit: not taken, for a line has fewer than two points, two in one place, or one that is no number or out of range.
    :param no_room: not taken, for it would have been too much by itself or beside the configured ones.
    :param forgotten: let go, as the one not heard for the longest, for another.
    """

    heard: int = 0
    changed: int = 0
    configured: int = 0
    unfit: int = 0
    no_room: int = 0
    forgotten: int = 0


class Known(msgspec.Struct):
    """An intersection, and when it was last told."""

    intersection: Intersection
    words: Hashable
    configured: bool
    heard_ns: int


class Maps:
    """Intersections by family, region, kind and id.

    A revision is not asked: T/CSAE 53 has a counter of messages there. Intersections are compared by what they tell.

    :ivar changes: how often what is known became something else.
    """

    def __init__(self, parameters: Parameters) -> None:
        self._p = parameters
        self._known: dict[Key, Known] = {}
        self.counters = Counters()
        self.changes = 0

    def hear(self, family: int, intersections: Iterable[Intersection], now_ns: int, configured: bool) -> None:
        for one in intersections:
            self.counters.heard += 1
            self._hear(family, one, now_ns, configured)

    def known(self) -> list[tuple[int, Known]]:
        """Family and intersection: the configured ones first, then by region and id."""
        order = sorted(self._known, key=lambda key: (not self._known[key].configured, key[1], key[3], key[2], key[0]))
        return [(key[0], self._known[key]) for key in order]

    def _hear(self, family: int, one: Intersection, now_ns: int, configured: bool) -> None:
        key = (family, -1 if one.region is None else one.region, one.kind, one.id)
        known = self._known.get(key)
        if known is not None and known.configured and not configured:
            self.counters.configured += 1
            return
        words = _words(one)
        if known is not None and known.words == words and known.configured == configured:
            known.heard_ns = now_ns
        elif self._is_fit(one) and self._has_room(key, one):
            self._known[key] = Known(one, words, configured, now_ns)
            self.counters.changed += 1
            self.changes += 1

    def _is_fit(self, one: Intersection) -> bool:
        fit = all(_is_line(lane.points[:, :2], self._p.range_max_m) for lane in one.lanes)
        self.counters.unfit += not fit
        return fit

    def _has_room(self, key: Key, one: Intersection) -> bool:
        """Makes room by forgetting those not heard for the longest."""
        others = {other: known.intersection for other, known in self._known.items() if other != key}
        heard = sorted((known.heard_ns, other) for other, known in self._known.items() if other != key and not known.configured)
        gone = []
        while not self._fit([*others.values(), one]):
            if not heard:
                self.counters.no_room += 1
                return False
            gone.append(heard.pop(0)[1])
            del others[gone[-1]]
        for other in gone:
            del self._known[other]
        self.counters.forgotten += len(gone)
        return True

    def _fit(self, intersections: list[Intersection]) -> bool:
        lanes = [lane for each in intersections for lane in each.lanes]
        return (
            len(intersections) <= self._p.intersections_max
            and len(lanes) <= self._p.lanes_max
            and sum(len(lane.points) for lane in lanes) <= self._p.points_max
        )


def _is_line(points: Floats, most_m: float) -> bool:
    """Written so that NaN is not."""
    return len(points) > 1 and bool((np.abs(points) <= most_m).all() and (np.diff(points, axis=0) != 0).any(axis=1).all())


def _words(value: Any) -> Hashable:
    """All that it tells but its revision, as something that can be compared."""
    if isinstance(value, np.ndarray):
        return value.tobytes()
    if isinstance(value, msgspec.Struct):
        return tuple(_words(getattr(value, name)) for name in value.__struct_fields__ if name != "revision")
    if isinstance(value, tuple):
        return tuple(_words(each) for each in value)
    return tuple(sorted(value.items())) if isinstance(value, dict) else value
