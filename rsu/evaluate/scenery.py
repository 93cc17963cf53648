"""What stands around the tracks, from the MAP and SPAT of a log: lanes, crosswalks, colours of the signals."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from rsu.draw.ground import LANE_WIDTH_M, Ground
from rsu.draw.ground import Lane as Drawn
from rsu.evaluate.reading import Heard
from rsu.observe.arrays import Origin
from rsu.observe.geometry import geometry
from rsu.observe.lanes import Intersection, Lane
from rsu.observe.signals import IntersectionSignals, signals

INTERSECTIONS_MAX = 64
COLOURS: Mapping[str, str] = {
    "red": "red",
    "flashing-red": "red",
    "red-yellow": "red",
    "yellow": "yellow",
    "flashing-yellow": "yellow",
    "green": "green",
    "flashing-green": "green",
    "permissive-green": "green",
}


class Crossing:
    """Learns from the records of a log, the newest of each intersection."""

    def __init__(self) -> None:
        self._places: dict[tuple[int | None, int], Intersection] = {}
        self._signals: dict[tuple[int | None, int], IntersectionSignals] = {}

    def take(self, record: Heard, origin: Origin) -> None:
        """Looks at a record."""
        outcome = record.outcome
        if outcome.type == "MapData":
            for place in geometry(outcome.standard, record.value, origin):
                if len(self._places) < INTERSECTIONS_MAX or (place.region, place.id) in self._places:
                    self._places[place.region, place.id] = place
        elif outcome.type == "SPAT":
            for state in signals(outcome.standard, record.value, outcome.receive_time_ns):
                if len(self._signals) < INTERSECTIONS_MAX or (state.region, state.intersection) in self._signals:
                    self._signals[state.region, state.intersection] = state

    def ground(self) -> Ground:
        """Lanes and crosswalks known so far."""
        lanes = [lane for place in self._places.values() for lane in place.lanes]
        return Ground(
            tuple(_drawn(lane) for lane in lanes if lane.kind != "crosswalk"),
            tuple(_area(lane) for lane in lanes if lane.kind == "crosswalk"),
        )

    def signals(self, at_ns: int) -> Mapping[int, str]:
        """Colour of each signal group as it was told last."""
        return {
            phase.id: COLOURS.get(phase.states[0].light, "dark")
            for state in self._signals.values()
            for phase in state.phases
            if phase.states
        }


def _drawn(lane: Lane) -> Drawn:
    groups = lane.signal_groups
    width_m = float(np.nanmean(lane.widths)) if np.isfinite(lane.widths).any() else LANE_WIDTH_M
    return Drawn(np.ascontiguousarray(lane.points[:, :2]), width_m, groups[0] if groups else 0)


def _area(lane: Lane) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """The corners of a crosswalk, along its left edge and back along its right one."""
    points = lane.points[:, :2]
    along = points[-1] - points[0]
    aside = np.array([-along[1], along[0]]) / max(float(np.hypot(*along)), 1e-9) * float(np.nanmean(lane.widths)) / 2
    return np.concatenate((points + aside, (points - aside)[::-1]))
