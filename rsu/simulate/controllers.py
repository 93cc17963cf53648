"""Signal controllers: the plan told in each of the three protocols, and what they answer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from rsu.errors import SourceError
from rsu.signals import Light
from rsu.simulate.base import MILLISECOND_NS, SECOND_NS, Message, Schedule
from rsu.simulate.crossing import BEARING_DEG, LEGS
from rsu.simulate.plan import GROUPS, STAGES, Plan, whole_seconds
from rsu.simulate.site import Site
from rsu.sources.controllers import gat1743, gbt20999, tscbm

Protocol = Literal["gat1743", "gbt20999", "ntcip"]
DEVICE = 0x0051_0001
_SENDER = bytes.fromhex("00005101000001")
_FIXED_MODE = 0x21
_THROUGH, _LEFT = 2, 1
"""Lamp types of the two lights of an approach; the numbers are not confirmed and nothing depends on them."""


class Gat1743Controller:
    """Reports all lamps five times a second, and when it is asked: lamp id is the group, bearing that of the leg."""

    def __init__(self, plan: Plan, site: Site, start_ns: int) -> None:
        self._plan, self._site = plan, site
        self._schedule = Schedule(start_ns)
        self._schedule.every(200 * MILLISECOND_NS, self._report)
        self.due, self.next_ns = self._schedule.due, self._schedule.next_ns

    def answer(self, octets: bytes, now_ns: int) -> list[Message]:
        """The lamps, for a query of them."""
        try:
            frames = gat1743.parse(octets)
        except SourceError:
            return []
        asked = (frame for frame in frames if (frame.operation, frame.object) == (gat1743.QUERY, gat1743.LAMPS))
        return [self._message(gat1743.ANSWER, now_ns, frame.sender) for frame in asked]

    def _report(self, time_ns: int) -> list[Message]:
        return [self._message(gat1743.REPORT, time_ns, gat1743.NOBODY)]

    def _message(self, operation: int, time_ns: int, receiver: bytes) -> Message:
        place = self._site.place
        lamps = gat1743.Lamps(tuple(self._lamps(time_ns)), place.lon_e7, place.lat_e7, place.elevation_dm // 10)
        frame = gat1743.Frame(
            operation, gat1743.LAMPS, gat1743.build_lamps(lamps), _SENDER, receiver, time_ns // MILLISECOND_NS
        )
        return Message("report" if operation == gat1743.REPORT else "answer", gat1743.build(frame))

    def _lamps(self, time_ns: int) -> Iterator[gat1743.Lamp]:
        for group in GROUPS:
            shown = self._plan.shown(group, time_ns)
            bearing = round(BEARING_DEG[LEGS[(group - 1) // 2]])
            kind = _THROUGH if group % 2 else _LEFT
            yield gat1743.Lamp(bearing, group, kind, gat1743.CODES[shown.light], whole_seconds(shown.left_ms))


class Gbt20999Controller:
    """Answers queries and heartbeats; lamp group is the group, stage that of the plan."""

    def __init__(self, plan: Plan, site: Site, start_ns: int, *, reports: bool = False) -> None:
        """:param reports: also report of its own, each second, for a peer that does not ask."""
        self._plan = plan
        self._schedule = Schedule(start_ns)
        if reports:
            self._schedule.every(SECOND_NS, self._report)
        self.due = self._schedule.due

    def next_ns(self) -> int:
        return self._schedule.next_ns()

    def answer(self, octets: bytes, now_ns: int) -> list[Message]:
        """States for a query of them, and a heartbeat for a heartbeat."""
        try:
            frame = gbt20999.parse(octets)
        except SourceError:
            return []
        if frame.type == gbt20999.HEARTBEAT:
            return [Message("heartbeat", gbt20999.build(frame._replace(type=gbt20999.HEARTBEAT_ANSWER)))]
        if frame.type != gbt20999.QUERY:
            return []
        known = {value[:3]: value for value in self._values(now_ns)}
        values = tuple(known[value[:3]] for value in frame.values if value[:3] in known)
        return [Message("answer", gbt20999.build(frame._replace(type=gbt20999.ANSWER, values=values, controller=DEVICE)))]

    def _report(self, time_ns: int) -> list[Message]:
        frame = gbt20999.Frame(gbt20999.REPORT, tuple(self._values(time_ns)), DEVICE, 1)
        return [Message("report", gbt20999.build(frame))]

    def _values(self, time_ns: int) -> Iterator[gbt20999.Value]:
        """All elements of each attribute together, as element 0."""
        running, left_ms = self._plan.stage(time_ns)
        groups = bytes(gbt20999.CODES[self._plan.shown(group, time_ns).light] for group in GROUPS)
        states, left = bytearray(), bytearray()
        for stage in range(1, len(STAGES) + 1):
            runs = stage == running and left_ms > 0
            states.append(gbt20999.STAGE_RUNNING if runs else gbt20999.STAGE_CHANGING if stage == running else 0x10)
            left += (whole_seconds(left_ms) if runs else 0).to_bytes(2, "big")
        yield gbt20999.Value(*gbt20999.LAMP_GROUP_STATE, octets=groups)
        yield gbt20999.Value(*gbt20999.STAGE_STATE, octets=bytes(states))
        yield gbt20999.Value(*gbt20999.STAGE_LEFT, octets=bytes(left))
        yield gbt20999.Value(*gbt20999.JUNCTION_MODE, octets=bytes([_FIXED_MODE]))


class NtcipController:
    """Sends the signal status blob ten times a second; phase is the group."""

    def __init__(self, plan: Plan, site: Site, start_ns: int) -> None:
        self._plan = plan
        self._counter = 0
        self._schedule = Schedule(start_ns)
        self._schedule.every(100 * MILLISECOND_NS, self._report)
        self.due, self.next_ns = self._schedule.due, self._schedule.next_ns

    def answer(self, octets: bytes, now_ns: int) -> list[Message]:
        """It does not listen."""
        return []

    def _report(self, time_ns: int) -> list[Message]:
        blocks, lights = [], dict[Light, int]()
        for group in GROUPS:
            shown = self._plan.shown(group, time_ns)
            tenths = (shown.left_ms + 50) // 100
            blocks.append(tscbm.Block(group, tenths, tenths))
            lights[shown.light] = lights.get(shown.light, 0) | 1 << group - 1
        self._counter = (self._counter + 1) & 0xFF
        status = tscbm.Status(
            tuple(blocks),
            reds=lights.get("red", 0),
            yellows=lights.get("yellow", 0),
            greens=lights.get("green", 0),
            counter=self._counter,
            second_of_the_day=time_ns // SECOND_NS % 86_400,
            millisecond=time_ns // MILLISECOND_NS % 1_000,
        )
        return [Message("status", tscbm.build(status))]


def controller(
    protocol: Protocol, plan: Plan, site: Site, start_ns: int, *, reports: bool = False
) -> Gat1743Controller | Gbt20999Controller | NtcipController:
    """The controller of a protocol."""
    if protocol == "gbt20999":
        return Gbt20999Controller(plan, site, start_ns, reports=reports)
    return (Gat1743Controller if protocol == "gat1743" else NtcipController)(plan, site, start_ns)
