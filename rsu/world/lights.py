"""Signals by intersection and phase: the latest that was heard of each, and how old it is."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from rsu.observe.signals import IntersectionSignals, LightState, PhaseState
from rsu.world.arrays import LIGHTS, SIGNAL, Ints, Rows, unknown
from rsu.world.lanes import Lanes
from rsu.world.parameters import Parameters

SECOND_NS = 1_000_000_000
DARKNESS = LightState("unavailable")
Key = tuple[int, int, int]


class Counters(msgspec.Struct):
    """Signals since the beginning.

    :param heard: all; ``old``: not taken, for a later state is known.
    :param clock: not taken, for stamp and reception are too far apart.
    :param no_room: not taken, for so many intersections are known.
    """

    heard: int = 0
    old: int = 0
    clock: int = 0
    no_room: int = 0


class Held(NamedTuple):
    """Signals of one intersection, as heard and as rows."""

    told: IntersectionSignals
    rows: Rows


class Lights:
    """Signals by family, region and intersection."""

    def __init__(self, parameters: Parameters) -> None:
        self._p = parameters
        self._held: dict[Key, Held] = {}
        self.counters = Counters()

    def hear(self, family: int, signals: Iterable[IntersectionSignals]) -> None:
        for one in signals:
            self.counters.heard += 1
            self._hear((family, -1 if one.region is None else one.region, one.intersection), one)

    def at(self, now_ns: int) -> tuple[Rows, tuple[IntersectionSignals, ...]]:
        """Rows of SIGNAL, by family, region, intersection and phase, and what was told; the too old is forgotten."""
        life_ns, fresh_ns = self._p.signals_life_s * SECOND_NS, self._p.signals_fresh_s * SECOND_NS
        self._held = {key: held for key, held in self._held.items() if abs(now_ns - held.told.time_ns) <= life_ns}
        held = [self._held[key] for key in sorted(self._held)]
        rows = np.concatenate([each.rows for each in held]) if held else unknown(0, SIGNAL)
        age_ns = now_ns - rows["time_ns"]
        rows["age_s"], rows["fresh"] = age_ns / SECOND_NS, np.abs(age_ns) <= fresh_ns
        return rows, tuple(each.told for each in held)

    def enabled(self, now_ns: int) -> dict[Key, tuple[int, ...]]:
        """The revocable lanes that are open, where fresh signals tell of them."""
        fresh_ns = self._p.signals_fresh_s * SECOND_NS
        told = ((key, held.told) for key, held in self._held.items() if abs(now_ns - held.told.time_ns) <= fresh_ns)
        return {key: one.enabled_lanes for key, one in told if one.enabled_lanes}

    def _hear(self, key: Key, one: IntersectionSignals) -> None:
        held = self._held.get(key)
        if abs(one.time_ns - one.receive_time_ns) > self._p.signals_clock_max_s * SECOND_NS:
            self.counters.clock += 1
        elif held is None and len(self._held) >= self._p.intersections_max:
            self.counters.no_room += 1
        elif held is not None and (one.time_ns, one.receive_time_ns) < (held.told.time_ns, held.told.receive_time_ns):
            self.counters.old += 1
        else:
            self._held[key] = Held(one, _rows(key, one))


def open_lanes(lanes: Lanes, enabled: dict[Key, tuple[int, ...]]) -> NDArray[np.bool_]:
    """(n,) bool: which lanes are open.

    :param enabled: as :meth:`Lights.enabled` tells.
    """
    is_open = ~lanes.revocable
    table = lanes.table
    for row in np.flatnonzero(lanes.revocable).tolist():
        key = (int(table["family"][row]), int(table["region"][row]), int(table["intersection"][row]))
        is_open[row] = int(table["id"][row]) in enabled.get(key, ())
    return is_open


def governed(lanes: Lanes, signals: Rows) -> Ints:
    """(c,) int64: of each connection the row of its phase in ``signals``, which are in order; -1 where it is not known."""
    connections = lanes.connections
    of = lanes.table[connections["lane"]]
    wanted = _packed(of["family"], of["region"], of["intersection"], connections["group"])
    known = _packed(signals["family"], signals["region"], signals["intersection"], signals["phase"])
    if not known.size:
        return np.full(wanted.size, -1, np.int64)
    at = np.minimum(np.searchsorted(known, wanted), known.size - 1)
    return np.where((known[at] == wanted) & (connections["group"] >= 0), at, -1)


def _packed(family: Ints, region: Ints, intersection: Ints, phase: Ints) -> Ints:
    """One number with the order of the four: regions and ids have 16 bits, phases 8, and -1 stands before."""
    key = family.astype(np.int64)
    for part in (region, intersection, phase):
        key = key << 17 | (part.astype(np.int64) + 1)
    return key


def _rows(key: Key, one: IntersectionSignals) -> Rows:
    phases = {phase.id: phase for phase in reversed(one.phases)}
    rows = unknown(len(phases), SIGNAL)
    rows["family"], rows["region"], rows["intersection"] = key
    rows["time_ns"] = one.time_ns
    for row, number in enumerate(sorted(phases)):
        _fill(rows[row : row + 1], phases[number])
    return rows


def _fill(row: Rows, phase: PhaseState) -> None:
    now, following = [*phase.states, DARKNESS, DARKNESS][:2]
    row["phase"], row["light"], row["constant"] = phase.id, LIGHTS.index(now.light), now.constant
    for name in ("start_ns", "min_end_ns", "likely_end_ns", "max_end_ns"):
        row[name] = getattr(now, name) or 0
    row["confidence"] = np.nan if now.confidence is None else now.confidence
    row["next_light"], row["next_start_ns"] = LIGHTS.index(following.light), following.start_ns or 0
