"""A second roadside unit nearby that tells what it sees (RSM, SDSM), with a clock of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from rsu.simulate.base import SECOND_NS
from rsu.simulate.noise import NEIGHBOUR, Parameters, delays_s, stream
from rsu.simulate.paths import Path
from rsu.simulate.place import Place
from rsu.simulate.said import Said
from rsu.simulate.senders import MSG_CNT, Sender
from rsu.simulate.sumo import STEP_S

UNIT_ID = b"SIMRSU02"
CLOCK_S_MAX = 86_400.0
Make = Callable[[list[Said], Place, bytes, int, int], Any]
"""Statements, reference, unit's id, msgCnt and time by the unit's clock → a message's value."""


class Neighbour:
    """One such unit.

    :param place: of our unit.
    :param clock_s: how far its clock is ahead of ours.
    """

    def __init__(self, place: Place, senders: dict[int, Sender], seed: int, parameters: Parameters, clock_s: float) -> None:
        self._place, self._senders, self._parameters = place, senders, parameters
        self._clock_ns = round(clock_s * SECOND_NS)
        self._chance = stream(seed, NEIGHBOUR)
        self._away = place.moved(parameters.neighbour_east_m, parameters.neighbour_north_m)

    def told(self, paths: list[Path], start_ns: int, ticks: int, seen_max: int, make: Make) -> Iterator[tuple[int, Any]]:
        """Its messages, one each step in which it sees somebody: when each is received by our unit, and its value.

        :param seen_max: road users of one message, the nearest ones first.
        """
        delays = delays_s(self._chance, ticks, self._parameters)
        first_count = int(self._chance.integers(MSG_CNT))
        for tick in range(ticks):
            time_ns = start_ns + tick * round(STEP_S * SECOND_NS)
            if near := _near(paths, tick, self._parameters)[:seen_max]:
                sent_ns = time_ns + round(self._parameters.neighbour_delay_s * SECOND_NS)
                said = self._said(near, time_ns + self._clock_ns, tick)
                value = make(said, self._away, UNIT_ID, (first_count + tick) % MSG_CNT, sent_ns + self._clock_ns)
                yield sent_ns + round(delays[tick] * SECOND_NS), value

    def _said(self, near: list[tuple[Path, int]], time_ns: int, tick: int) -> list[Said]:
        """What it says of those it sees, at a time of its clock."""
        error = self._parameters.neighbour_sigma_m * self._chance.standard_normal((len(near), 2))
        places = np.array([(path.course.x[index], path.course.y[index]) for path, index in near]) + error
        lat, lon = self._place.degrees(places[:, 0], places[:, 1])
        return [
            _said(path, index, time_ns, tick, self._senders, (round(lat[row] * 1e7), round(lon[row] * 1e7)))
            for row, (path, index) in enumerate(near)
        ]


def _near(paths: list[Path], tick: int, parameters: Parameters) -> list[tuple[Path, int]]:
    """Whom the unit sees at a step, and the place of the step in the path; the nearest first."""
    found = []
    for path in paths:
        index = tick - int(path.ticks[0])
        if 0 <= index < len(path.ticks):
            east = path.course.x[index] - parameters.neighbour_east_m
            north = path.course.y[index] - parameters.neighbour_north_m
            distance = float(np.hypot(east, north))
            if distance <= parameters.neighbour_radius_m:
                found.append((distance, path.number, path, index))
    return [(path, index) for _, _, path, index in sorted(found, key=lambda one: one[:2])]


def _said(path: Path, index: int, time_ns: int, tick: int, senders: dict[int, Sender], where: tuple[int, int]) -> Said:
    course = path.course
    sender = senders.get(path.number)
    return Said(
        time_ns=time_ns,
        msg_cnt=0,
        id=sender.ids.at(tick * STEP_S) if sender else b"",
        kind=path.kind,
        lat_e7=where[0],
        lon_e7=where[1],
        elevation_m=0.0,
        sigma_m=float("nan"),
        heading_rad=float(course.heading[index]),
        speed_mps=float(course.speed[index]),
        accel_mps2=float(course.accel[index]),
        yaw_rate_rps=float(course.yaw_rate[index]),
        number=path.number,
    )
