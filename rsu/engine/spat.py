"""SPAT for the air out of signal reports: encoded, with service, priority and how long it holds.

:func:`spat_broadcast` makes one message of one report. A report that holds for several periods is better told anew each time,
for its ends come nearer: :class:`SpatBook` keeps the newest of each intersection and does that.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import msgspec

from rsu.compose.spat import MSG_CNT, Timing, spat_value
from rsu.errors import ConfigError
from rsu.outgoing import Broadcast, Encoder
from rsu.signals import SignalReport
from rsu.standards import STANDARDS, parse_standard_name

TYPE = "SPAT"
PRIORITY = 176
"""Of SPAT in the table of T/CSAE 53; North America gives none, and takes the same order."""
HOLD_NS = 3_000_000_000
"""Controllers report once a second or at a change; two reports may be lost, then silence is better than an old countdown."""
INTERSECTIONS_MAX = 256
"""Of one unit; a report of one more is an error of its configuration."""


def spat_broadcast(
    report: SignalReport,
    schemas: Mapping[str, Encoder],
    now_ns: int,
    msg_cnt: int,
    *,
    standard: str = "",
    timing: Timing = "counting",
) -> Broadcast:
    """The message of a report.

    :param schemas: standard name → schema.
    :param standard: where the report does not say one.
    :raises ConfigError: where nothing says the standard, it is not loaded, or has no place for so many phases.
    """
    name = report.standard or standard
    if not name:
        raise ConfigError(f"controller {report.controller}: no standard for its SPAT: give it, or the unit's, in rsu.toml")
    if name not in schemas:
        raise ConfigError(f"controller {report.controller}: standard {name!r} is not loaded")
    row = next(message for message in STANDARDS[parse_standard_name(name)[0]].messages if message.name == TYPE)
    return Broadcast(
        standard=name,
        type=TYPE,
        payload=schemas[name].encode("MessageFrame", spat_value(report, name, now_ns, msg_cnt, timing)),
        aid=row.aids[0],
        priority=PRIORITY,
        key=f"spat/{report.region}/{report.intersection}/{name}",
        period_ms=report.period_ms,
        until_ns=max(report.time_ns, now_ns) + HOLD_NS if report.period_ms else 0,
    )


class SpatBook:
    """The newest report of each intersection, told anew each period while it holds.

    :param schemas: standard name → schema.
    :param standard: where a report does not say one.
    :param first_msg_cnt: where the counters begin; random, so that a restart is not taken for a repetition.
    """

    def __init__(
        self, schemas: Mapping[str, Encoder], standard: str = "", timing: Timing = "counting", first_msg_cnt: int = 0
    ) -> None:
        self._schemas, self._standard, self._timing = schemas, standard, timing
        self._first_msg_cnt = first_msg_cnt
        self._pages: dict[tuple[int, int], _Page] = {}
        self.faults: Counter[str] = Counter()
        """``silent``: an intersection whose controller reported nothing for longer than a report holds."""

    def hear(self, report: SignalReport) -> None:
        """A report takes the place of an older one of its intersection; one with another light is due at once.

        :raises ConfigError: for more intersections than a unit has.
        """
        key = (report.region, report.intersection)
        page = self._pages.get(key)
        if page is None:
            if len(self._pages) >= INTERSECTIONS_MAX:
                raise ConfigError(f"controller {report.controller}: {INTERSECTIONS_MAX} intersections are known already")
            page = self._pages[key] = _Page(report, self._first_msg_cnt)
        elif page.report.time_ns > report.time_ns:
            return
        same = _lights(page.report) == _lights(report)
        page.report, page.told = report, page.told and same and bool(report.period_ms)

    def due(self, now_ns: int) -> list[Broadcast]:
        """The messages that are due, each to be sent once.

        :raises ConfigError: as :func:`spat_broadcast`.
        """
        found: list[Broadcast] = []
        for key, page in list(self._pages.items()):
            report = page.report
            if now_ns - report.time_ns > HOLD_NS:
                del self._pages[key]
                self.faults["silent"] += 1
                continue
            period_ns = report.period_ms * 1_000_000
            if page.told and (not period_ns or 0 <= now_ns - page.told_ns < period_ns):
                continue
            page.told, page.told_ns, page.msg_cnt = True, now_ns, (page.msg_cnt + 1) % MSG_CNT
            sent = spat_broadcast(report, self._schemas, now_ns, page.msg_cnt, standard=self._standard, timing=self._timing)
            found.append(msgspec.structs.replace(sent, period_ms=0, until_ns=0))
        return found


def _lights(report: SignalReport) -> list[tuple[int, str]]:
    return [(phase.id, phase.light) for phase in report.phases]


class _Page:
    """One intersection: its report, and when it was told last."""

    def __init__(self, report: SignalReport, msg_cnt: int) -> None:
        self.report, self.msg_cnt = report, msg_cnt
        self.told, self.told_ns = False, 0
