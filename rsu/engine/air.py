"""What the unit has to say beside its tracks: SPAT of the signal controllers it hears, its own MAP, and messages that the
platform handed down.

SPAT is told anew each period (:class:`rsu.engine.spat.SpatBook`). What the platform hands down (channel ``uu``,
``meta["broadcast"]``) is repeated at the period of its type in the catalogue until a later one of the same type and key takes
its place, or :data:`RELAY_NS_MAX` is over.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import msgspec

from rsu.engine.maps import MapBook, OwnMap
from rsu.engine.outcomes import Quarantined, Stored, quarantined, text_record
from rsu.engine.spat import SpatBook
from rsu.errors import ConfigError
from rsu.frames import unwrap
from rsu.outgoing import Broadcast, Encoder
from rsu.received import Received
from rsu.signals import SignalReport
from rsu.standards import AIDS, STANDARDS, parse_standard_name

RELAY_NS_MAX = 3_600_000_000_000

_report = msgspec.json.Decoder(SignalReport)


class Air:
    """See the module.

    :param standard: of SPAT where the report does not say.
    :param first_msg_cnt: where the counters begin.
    :param maps: the unit's own.
    """

    def __init__(self, standard: str, schemas: Mapping[str, Encoder], first_msg_cnt: int, maps: Sequence[OwnMap] = ()) -> None:
        self._spat = SpatBook(schemas, standard, first_msg_cnt=first_msg_cnt)
        self._maps = MapBook(maps, schemas, first_msg_cnt)
        self._relays: list[Broadcast] = []
        self.refused: Counter[str] = Counter()
        """SPAT that could not be made, by the reason."""

    def take(self, received: Received, outcome: Stored | Quarantined, now_ns: int) -> None:
        """Looks at a stored record for what is to be sent because of it."""
        if not isinstance(outcome, Stored):
            return
        if received.content == "signals":
            try:
                self._spat.hear(_report.decode(received.data))
            except ConfigError as error:
                self.refused[str(error)] += 1
        elif received.content == "message" and received.meta.get("broadcast"):
            self._relays.append(_relay(received, outcome, now_ns))

    @property
    def has_relays(self) -> bool:
        """Something was handed down that is to go out at once."""
        return bool(self._relays)

    def due(self, now_ns: int) -> list[Broadcast]:
        """What is to be sent now."""
        found, self._relays = self._relays, []
        found.extend(self._maps.due(now_ns))
        try:
            found.extend(self._spat.due(now_ns))
        except ConfigError as error:
            self.refused[str(error)] += 1
        return found


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
        payload=unwrap(received.data, received.header, standard=outcome.standard).payload,
        aid=aid,
        priority=(service.priority or 0) if service and standard.header == "dsmp" else 0,
        key=f"{outcome.type}:{received.meta.get('key', '')}",
        period_ms=message.period_ms or 0,
        until_ns=now_ns + RELAY_NS_MAX,
    )
