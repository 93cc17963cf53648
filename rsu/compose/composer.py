"""Tracks → RSM, SSM or SDSM for the air, ten times a second right after the tick of fusion: :class:`Composer`.

A tick leaves out what cannot be told (:attr:`Composer.left_out` counts why), lets the ranking choose where there are more road
users than fit (:mod:`rsu.compose.ranking`), and makes as many messages as are needed. With nobody to tell of there is no
message: all three ask for one road user at least.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rsu.compose import rsm, sdsm, ssm
from rsu.compose.conflict import in_conflict
from rsu.compose.moments import MILLISECOND_NS
from rsu.compose.numbers import Numbers
from rsu.compose.parameters import Parameters, checked
from rsu.compose.placing import decimetres, degrees_e7, ref_pos
from rsu.compose.ranking import Rota
from rsu.compose.rsm import Head
from rsu.compose.said import Said, heard, said, seen
from rsu.errors import ConfigError
from rsu.fusion.tracks import CONFIRMED
from rsu.observe.arrays import Origin
from rsu.outgoing import Broadcast, Encoder
from rsu.standards import AIDS, STANDARDS, MessageType, parse_standard_name

ROOT = "MessageFrame"
MSG_CNT = 128
PRIORITY = next(row.priority or 0 for row in AIDS if row.name == "RSM")
"""Of RSM in the table of T/CSAE 53; SSM and SDSM tell the same and take the same."""
DEFAULT: Mapping[str, tuple[str, ...]] = {"dsmp": (rsm.TYPE,), "wsmp": (sdsm.TYPE,)}
"""Header → what is told where nothing says it."""

DEFAULTS = Parameters()


class _Line(NamedTuple):
    """One kind of message.

    :param most: road users in one message.
    """

    row: MessageType
    aid: int | None
    most: int
    value: Callable[[Sequence[Said], Head], Any]
    rota: Rota


class Composer:
    """See the module.

    :param standard: ``csae-53``, ``csae-157`` or ``sae-j2735``, an edition patch may follow.
    :param origin: of the tracks' frame; the reference position of the messages.
    :param unit_id: 8 octets (China) or 4 (North America). Fusion's ``own_senders`` holds :attr:`sender`, so that the unit does
        not take in its own messages.
    :param schema: of the standard.
    :param first_msg_cnt: where the counters begin; at random (T/CSAE 53), so the caller draws it.
    :raises ConfigError: naming what is allowed.
    """

    def __init__(
        self,
        standard: str,
        origin: Origin,
        unit_id: bytes,
        schema: Encoder,
        parameters: Parameters = DEFAULTS,
        first_msg_cnt: int = 0,
    ) -> None:
        catalogue = STANDARDS[parse_standard_name(standard)[0]]
        octets = sdsm.ID_OCTETS if catalogue.header == "wsmp" else rsm.ID_OCTETS
        if len(unit_id) != octets:
            raise ConfigError(f"unit id {unit_id.hex()!r}: must be {octets} octets for {catalogue.name}")
        self._standard, self._origin, self._unit_id, self._schema = standard, origin, unit_id, schema
        self._p = checked(parameters)
        self._ref_pos = ref_pos(origin)
        self._places = decimetres if catalogue.header == "wsmp" else degrees_e7
        wanted = tuple(dict.fromkeys(parameters.messages or DEFAULT[catalogue.header]))
        rows = {row.name: row for row in catalogue.messages}
        self._lines = [_line(name, rows, catalogue.name, self._p) for name in wanted]
        self._msg_cnt = dict.fromkeys(wanted, first_msg_cnt % MSG_CNT)
        self._numbers = Numbers()
        self._next_ns = 0
        self.left_out: Counter[str] = Counter()
        """Tracks that were not told at a tick: ``too-many``, ``tentative``, ``second-hand``, ``stale``, ``no-position``,
        ``beyond-range``."""
        self.waiting = 0
        """Tracks that another one went before at the last tick."""

    @property
    def sender(self) -> str:
        """How observations name the sender of these messages."""
        return self._unit_id.hex()

    def due(self, tracks: NDArray[np.void], now_ns: int) -> list[Broadcast]:
        """The messages of this tick; none when the last one was less than a period ago.

        :param tracks: (n,) of :data:`rsu.fusion.TRACK`, in the frame of the origin.
        :param now_ns: the moment of the messages, UTC.
        """
        if not self._begins(now_ns):
            return []
        self.waiting = 0
        tracks, east, north = self._tellable(tracks, now_ns)
        numbers = self._numbers.of(tracks["id"].tolist())
        rooms = [line.most * self._p.messages_max for line in self._lines]
        narrow = len(tracks) > min(rooms)
        conflict = in_conflict(tracks, self._p) if narrow else np.zeros(len(tracks), np.bool_)
        found: list[Broadcast] = []
        for line, room in zip(self._lines, rooms, strict=True):
            chosen = line.rota.choose(tracks, conflict, room, now_ns)
            self.waiting += len(tracks) - len(chosen)
            called = [numbers[place] for place in chosen.tolist()]
            told = said(tracks[chosen], called, (east[chosen], north[chosen]), now_ns, self._p)
            parts = (told[first : first + line.most] for first in range(0, len(told), line.most))
            found += (self._broadcast(line, part, now_ns) for part in parts)
        return found

    def _begins(self, now_ns: int) -> bool:
        """Whether a tick begins. One that came early is followed by the next in its time; a clock that was set back begins
        anew."""
        period_ns, early_ns = self._p.period_ms * MILLISECOND_NS, self._p.early_ms * MILLISECOND_NS
        if early_ns < self._next_ns - now_ns <= period_ns + early_ns:
            return False
        again = self._next_ns - now_ns > early_ns
        self._next_ns = (now_ns if again else max(self._next_ns, now_ns)) + period_ns
        return True

    def _tellable(self, tracks: NDArray[np.void], now_ns: int) -> tuple[NDArray[np.void], NDArray[np.int64], NDArray[np.int64]]:
        """What has codes, by id, each once, and the offsets of it."""
        tracks = self._keep(tracks, tracks["status"] == CONFIRMED, "tentative")
        # two units that told each other what they were told would keep it alive for ever
        own = heard(tracks, now_ns, self._p.heard_s) | seen(tracks, now_ns, self._p.heard_s)
        tracks = self._keep(tracks, own, "second-hand")
        age_ms = now_ns // MILLISECOND_NS - tracks["time_ns"] // MILLISECOND_NS
        tracks = self._keep(tracks, np.abs(age_ms) <= self._p.age_max_ms, "stale")
        tracks = self._keep(tracks, np.isfinite(tracks["x"]) & np.isfinite(tracks["y"]), "no-position")
        tracks = tracks[np.unique(tracks["id"], return_index=True)[1]]
        tracks = self._keep(tracks, np.arange(len(tracks)) < self._p.tracks_max, "too-many")
        east, north, fits = self._places(tracks["x"], tracks["y"], self._origin)
        return self._keep(tracks, fits, "beyond-range"), east[fits], north[fits]

    def _keep(self, tracks: NDArray[np.void], good: NDArray[np.bool_], reason: str) -> NDArray[np.void]:
        if lost := len(tracks) - int(np.count_nonzero(good)):
            self.left_out[reason] += lost
            tracks = tracks[good]
        return tracks

    def _broadcast(self, line: _Line, told: list[Said], now_ns: int) -> Broadcast:
        name = line.row.name
        head = Head(self._unit_id, self._ref_pos, self._msg_cnt[name], now_ns)
        self._msg_cnt[name] = (head.msg_cnt + 1) % MSG_CNT
        return Broadcast(
            standard=self._standard,
            type=name,
            payload=self._schema.encode(ROOT, line.value(told, head)),
            aid=line.aid,
            priority=PRIORITY,
        )


def _line(name: str, rows: Mapping[str, MessageType], standard: str, parameters: Parameters) -> _Line:
    def objects(told: Sequence[Said], head: Head) -> Any:
        return sdsm.sdsm_value(told, head, parameters)

    kinds: Mapping[str, tuple[int, Callable[[Sequence[Said], Head], Any]]] = {
        rsm.TYPE: (parameters.rsm_participants_max, rsm.rsm_value),
        ssm.TYPE: (parameters.ssm_objects_max, ssm.ssm_value),
        sdsm.TYPE: (parameters.sdsm_objects_max, objects),
    }
    if name not in kinds or name not in rows:
        known = ", ".join(kind for kind in kinds if kind in rows)
        raise ConfigError(f"compose messages: {name!r}: must be one of {known} in {standard}")
    most, value = kinds[name]
    row = rows[name]
    aid = row.aids[0] if row.aids else parameters.ssm_aid
    return _Line(row, aid, most, value, Rota(parameters))
