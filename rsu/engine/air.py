"""What the unit has to say: SPAT of the signal controllers it hears, and messages that the platform handed down.

A controller reports when it likes; SPAT goes out at its own period with the time that is left, until the report is older than
:data:`REPORT_AGE_NS_MAX`. What the platform hands down (channel ``uu``, ``meta["broadcast"]``) is repeated at the period of its
type in the catalogue until a later one of the same type takes its place, or :data:`RELAY_NS_MAX` is over.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import msgspec

from rsu.engine.outcomes import Quarantined, Stored, quarantined, text_record
from rsu.engine.spat import Encoder, spat_broadcast
from rsu.errors import ConfigError
from rsu.outgoing import Broadcast
from rsu.received import Received
from rsu.signals import SignalReport
from rsu.standards import AIDS, STANDARDS, parse_standard_name

REPORT_AGE_NS_MAX = 10_000_000_000
RELAY_NS_MAX = 3_600_000_000_000
CONTROLLERS_MAX = 64
MILLISECOND_NS = 1_000_000
MSG_CNT = 128
SPAT_MS = 100

_report = msgspec.json.Decoder(SignalReport)


class _Controller(msgspec.Struct):
    """The last report of one controller, when its SPAT is due, and its counter."""

    report: SignalReport
    heard_ns: int
    due_ns: int
    msg_cnt: int


class Air:
    """See the module.

    :param standard: of SPAT where the report does not say.
    :param first_msg_cnt: where the counters begin.
    """

    def __init__(self, standard: str, schemas: Mapping[str, Encoder], first_msg_cnt: int) -> None:
        self._standard = standard
        self._schemas = schemas
        self._first_msg_cnt = first_msg_cnt
        self._controllers: dict[str, _Controller] = {}
        self._relays: list[Broadcast] = []
        self.refused: Counter[str] = Counter()  # SPAT that could not be made, by the reason

    def take(self, received: Received, outcome: Stored | Quarantined, now_ns: int) -> None:
        """Looks at a stored record for what is to be sent because of it."""
        if not isinstance(outcome, Stored):
            return
        if received.content == "signals":
            self._report(_report.decode(received.data), now_ns)
        elif received.meta.get("broadcast"):
            self._relays.append(_relay(received, outcome, now_ns))

    def _report(self, report: SignalReport, now_ns: int) -> None:
        known = self._controllers.get(report.controller)
        if known is not None:
            known.report, known.heard_ns = report, now_ns
        elif len(self._controllers) < CONTROLLERS_MAX:
            self._controllers[report.controller] = _Controller(report, now_ns, now_ns, self._first_msg_cnt)

    @property
    def has_relays(self) -> bool:
        """Something was handed down that is to go out at once."""
        return bool(self._relays)

    def due(self, now_ns: int) -> list[Broadcast]:
        """What is to be sent now."""
        found, self._relays = self._relays, []
        for name, controller in list(self._controllers.items()):
            if now_ns - controller.heard_ns > REPORT_AGE_NS_MAX:
                del self._controllers[name]  # silence is better than a countdown nobody vouches for
            elif now_ns >= controller.due_ns:
                found.extend(self._spat(controller, now_ns))
        return found

    def _spat(self, controller: _Controller, now_ns: int) -> list[Broadcast]:
        """Its SPAT, once: the next one is made anew, with the time that is left then."""
        report = controller.report
        period_ns = (report.period_ms or SPAT_MS) * MILLISECOND_NS
        controller.due_ns = max(controller.due_ns + period_ns, now_ns)
        controller.msg_cnt = (controller.msg_cnt + 1) % MSG_CNT
        once = msgspec.structs.replace(report, period_ms=0)
        try:
            return [spat_broadcast(once, self._schemas, now_ns, controller.msg_cnt, standard=self._standard)]
        except ConfigError as error:
            self.refused[str(error)] += 1
            return []


def signal_record(received: Received) -> Stored | Quarantined:
    """A controller's report as a row."""
    try:
        report = _report.decode(received.data)
    except msgspec.DecodeError as error:
        return quarantined(received, "signal-report", str(error), type_name="SignalReport")
    return text_record(received, report.time_ns, report.standard)


def _relay(received: Received, outcome: Stored, now_ns: int) -> Broadcast:
    """A message that the platform handed down, for the air."""
    standard = STANDARDS[parse_standard_name(outcome.standard)[0]]
    message = next(row for row in standard.messages if row.name == outcome.type)
    aid = message.aids[0] if message.aids else None
    service = next((row for row in AIDS if row.number == aid), None)
    return Broadcast(
        standard=outcome.standard,
        type=outcome.type,
        payload=received.data,
        aid=aid,
        priority=(service.priority or 0) if service and standard.header == "dsmp" else 0,
        key=f"{outcome.type}:{received.meta.get('key', '')}",
        period_ms=message.period_ms or 0,
        until_ns=now_ns + RELAY_NS_MAX,
    )
