"""The unit's own MAP: known from the configuration, told again at the period of its standard."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from rsu.compose.spat import MSG_CNT
from rsu.outgoing import Broadcast, Encoder
from rsu.standards import AIDS, STANDARDS, MessageType, message_type, parse_standard_name

TYPE = "MapData"
PRIORITY = next(row.priority or 0 for row in AIDS if row.name == "MAP")
"""Of MAP in the table of T/CSAE 53; North America gives none, and takes the same order."""
PERIOD_MS = 1_000
"""T/CSAE 53; North America sends MAP as often."""
MILLISECOND_NS = 1_000_000


class OwnMap(msgspec.Struct, frozen=True, kw_only=True):
    """A MAP that the unit was given.

    :param frame: the decoded MessageFrame.
    """

    name: str
    standard: str
    frame: Any
    broadcast: bool = True

    @property
    def value(self) -> Any:
        """The decoded MapData."""
        return message_type(STANDARDS[parse_standard_name(self.standard)[0]], self.frame)[1]


class MapBook:
    """The maps of a unit, each told once a period. T/CSAE 53 counts messages in msgCnt; J2735 counts revisions, and stays.

    :param schemas: standard name → schema.
    :param first_msg_cnt: where the counters begin.
    """

    def __init__(self, maps: Sequence[OwnMap], schemas: Mapping[str, Encoder], first_msg_cnt: int = 0) -> None:
        self._maps = tuple(one for one in maps if one.broadcast)
        self._schemas = schemas
        self._msg_cnt = first_msg_cnt % MSG_CNT
        self._told_ns = 0

    def due(self, now_ns: int) -> list[Broadcast]:
        """The messages that are due, each to be sent once. A clock that was set back begins anew."""
        if not self._maps or 0 <= now_ns - self._told_ns < PERIOD_MS * MILLISECOND_NS:
            return []
        self._told_ns = now_ns
        return [self._broadcast(one) for one in self._maps]

    def _broadcast(self, one: OwnMap) -> Broadcast:
        standard = STANDARDS[parse_standard_name(one.standard)[0]]
        row: MessageType = next(message for message in standard.messages if message.name == TYPE)
        frame, self._msg_cnt = one.frame, (self._msg_cnt + 1) % MSG_CNT
        if standard.header == "dsmp":
            frame = (frame[0], {**frame[1], "msgCnt": self._msg_cnt})
        return Broadcast(
            standard=one.standard,
            type=TYPE,
            payload=self._schemas[one.standard].encode("MessageFrame", frame),
            aid=row.aids[0] if row.aids else None,
            priority=PRIORITY,
        )
