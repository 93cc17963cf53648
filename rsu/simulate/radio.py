"""All that a radio at the crossing hears: BSMs of vehicles, and a neighbouring unit's SPAT, MAP and what else its standard has.

=================  =========================  ========================
T/CSAE 53          SAE J2735                  sent
=================  =========================  ========================
BSM                BSM                        each vehicle, ``hz``
SPAT               SPAT                       10 a second
RSM                SDSM                       10 a second
MAP                MAP                        1 a second
RSI                TIM                        1 a second
=================  =========================  ========================

A BSM is encoded once a vehicle; what changes is written in place (:meth:`rsu.schema.Schema.template`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from random import Random
from typing import Any, NamedTuple

from rsu.compose.moments import d_second
from rsu.compose.spat import spat_value
from rsu.errors import ConfigError
from rsu.frames import wrap_payload
from rsu.schema import Schema
from rsu.simulate import csae, sae
from rsu.simulate.base import MILLISECOND_NS, SECOND_NS, Message, Schedule
from rsu.simulate.plan import Plan
from rsu.simulate.site import Site
from rsu.simulate.traffic import Traffic, Vehicle
from rsu.standards import STANDARDS, parse_standard_name

HZ_MAX = 50.0
STEP_NS = 100 * MILLISECOND_NS
SEEN_WITHIN_M = 120.0
_HEADING = 28_800


class _Kind(NamedTuple):
    """A message of the unit next door: its type, service, period, and what makes its value."""

    type: str
    aid: int
    period_ms: int
    offset_ms: int
    make: str


_CSAE = (
    _Kind("SPAT", 3_619, 100, 4, "spat"),
    _Kind("RoadsideSafetyMessage", 3_623, 100, 40, "seen"),
    _Kind("MapData", 3_618, 1_000, 12, "map"),
    _Kind("RoadSideInformation", 3_621, 1_000, 516, "event"),
)
_SAE = (
    _Kind("SPAT", 0x82, 100, 4, "spat"),
    _Kind("SensorDataSharingMessage", 0x90, 100, 40, "seen"),
    _Kind("MapData", 0x204097, 1_000, 12, "map"),
    _Kind("TravelerInformation", 0x83, 1_000, 516, "event"),
)


class RadioScene:
    """One radio.

    :param schema: of ``standard``.
    :param hz: BSMs of a vehicle a second.
    :param unit: whether there is a unit next door.
    :raises ConfigError: for a rate or number outside its bounds.
    """

    def __init__(
        self,
        standard: str,
        schema: Schema,
        site: Site,
        plan: Plan,
        start_ns: int,
        *,
        vehicles: int = 40,
        hz: float = 10.0,
        seed: int = 0,
        unit: bool = True,
    ) -> None:
        if not 0.1 <= hz <= HZ_MAX:
            raise ConfigError(f"{hz:g} messages a second of a vehicle: must be 0.1..{HZ_MAX:g}")
        chance = Random(seed)
        self.standard, self.schema, self.site, self.plan = standard, schema, site, plan
        self.american = STANDARDS[parse_standard_name(standard)[0]].header == "wsmp"
        self.traffic = Traffic(vehicles, plan, chance)
        self._count: dict[str, int] = {}
        self._stepped_ns = start_ns
        self._schedule = Schedule(start_ns)
        self._schedule.every(STEP_NS, self._step)
        period_ns = round(SECOND_NS / hz)
        for vehicle in self.traffic.vehicles:
            make = self._beacon(vehicle, chance.randrange(128))
            self._schedule.every(period_ns, make, chance.randrange(period_ns))
        for kind in (_SAE if self.american else _CSAE) if unit else ():
            self._count[kind.make] = chance.randrange(128)
            self._schedule.every(kind.period_ms * MILLISECOND_NS, self._unit(kind), kind.offset_ms * MILLISECOND_NS)

    def due(self, now_ns: int) -> list[Message]:
        return self._schedule.due(now_ns)

    def next_ns(self) -> int:
        return self._schedule.next_ns()

    def answer(self, octets: bytes, now_ns: int) -> list[Message]:
        """Nobody answers on the air."""
        return []

    def _step(self, time_ns: int) -> Iterator[Message]:
        self.traffic.step(time_ns, STEP_NS / SECOND_NS)
        self._stepped_ns = time_ns
        return iter(())

    def _frame(self, payload: bytes, aid: int) -> bytes:
        return wrap_payload(payload, "wsmp" if self.american else "dsmp", aid, unsecured=self.american)

    def _beacon(self, vehicle: Vehicle, count: int) -> Callable[[int], list[Message]]:
        room = sae if self.american else csae
        payload = self.schema.encode("MessageFrame", room.bsm(vehicle, self.site))
        template = self.schema.template("MessageFrame", payload)
        head = self._frame(payload, 0x20 if self.american else 111)[: -len(payload)]
        paths = room.BSM_FIELDS

        def make(time_ns: int) -> list[Message]:
            nonlocal count
            count = (count + 1) % 128
            since_s = (time_ns - self._stepped_ns) / SECOND_NS
            for name, raw in _changing(vehicle, self.site, count, time_ns, since_s):
                template[paths[name]] = raw
            return [Message("BasicSafetyMessage", head + bytes(template))]

        return make

    def _unit(self, kind: _Kind) -> Callable[[int], list[Message]]:
        def make(time_ns: int) -> list[Message]:
            value = self._value(kind.make, self._count[kind.make], time_ns)
            if value is None:
                return []
            self._count[kind.make] = (self._count[kind.make] + 1) % 128
            return [Message(kind.type, self._frame(self.schema.encode("MessageFrame", value), kind.aid))]

        return make

    def _value(self, what: str, count: int, time_ns: int) -> Any:
        """The value of a message; None where there is nothing to tell."""
        site = self.site
        if what == "spat":
            return spat_value(self.plan.report(time_ns, site.region, site.node), self.standard, time_ns, count)
        if what == "map":
            return (sae if self.american else csae).map_(site, count, time_ns)
        if what == "event":
            return sae.tim(site, count, time_ns) if self.american else csae.rsi(site, count, time_ns)
        seen = list(self.traffic.within(SEEN_WITHIN_M))
        if not seen:
            return None
        return sae.sdsm(seen, site, count, time_ns) if self.american else csae.rsm(seen, site, count, time_ns)


def _changing(vehicle: Vehicle, site: Site, count: int, time_ns: int, since_s: float) -> tuple[tuple[str, int], ...]:
    """What a BSM says now, in the units that both standards share; the vehicle has driven on since its step."""
    on_m, heading = vehicle.speed_mps * since_s, math.radians(vehicle.heading_deg)
    lat, lon = site.place.wgs84_e7(vehicle.east_m + on_m * math.sin(heading), vehicle.north_m + on_m * math.cos(heading))
    return (
        ("msgCnt", count),
        ("secMark", d_second(time_ns)),
        ("lat", lat),
        ("long", lon),
        ("speed", round(vehicle.speed_mps / 0.02)),
        ("heading", round(vehicle.heading_deg / 0.0125) % _HEADING),
        ("acceleration", round(vehicle.acceleration_mps2 * 100)),
    )
