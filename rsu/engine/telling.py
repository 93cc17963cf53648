"""What is told of the tracks: RSM in China, SDSM in North America, made right after each tick."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import msgspec
import numpy as np
from numpy.typing import NDArray

from rsu.compose.composer import Composer
from rsu.compose.names import unit_octets
from rsu.compose.parameters import Parameters
from rsu.errors import ConfigError, EncodeError
from rsu.fusion import Parameters as Fusion
from rsu.observe.arrays import Origin
from rsu.outgoing import Broadcast, Encoder
from rsu.standards import STANDARDS


class Tell(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be told, and under which name.

    :param standards: one message of tracks in each; more can follow, see :meth:`Telling.tell_in`.
    :param rsu_id: the unit's id; ``number``: the octets that stand for it, see :func:`rsu.compose.names.unit_octets`.
    :param first_msg_cnt: where the counters begin; at random (T/CSAE 53), so the caller draws it.
    """

    standards: tuple[str, ...] = ()
    rsu_id: str = ""
    number: str = ""
    parameters: Parameters = Parameters()
    first_msg_cnt: int = 0


class Telling:
    """See the module.

    :param schemas: standard name → schema.
    :raises ConfigError: for a standard that is not loaded, or what :class:`rsu.compose.composer.Composer` refuses.
    """

    def __init__(self, tell: Tell, origin: Origin, schemas: Mapping[str, Encoder]) -> None:
        self._tell, self._origin, self._schemas = tell, origin, schemas
        self._composers: dict[str, Composer] = {}
        self._not_encodable = 0
        for standard in tell.standards:
            self.tell_in(standard)

    def tell_in(self, standard: str) -> None:
        """Begins to tell the tracks in this standard too."""
        if standard in self._composers:
            return
        if standard not in self._schemas:
            raise ConfigError(f"compose: standard {standard!r} is not loaded")
        tell = self._tell
        number = unit_octets(standard, tell.rsu_id, tell.number)
        self._composers[standard] = Composer(
            standard, self._origin, number, self._schemas[standard], tell.parameters, tell.first_msg_cnt
        )

    def due(self, tracks: NDArray[np.void], now_ns: int) -> list[Broadcast]:
        """The messages of this tick.

        :param tracks: (n,) of :data:`rsu.fusion.tracks.TRACK`, predicted to ``now_ns``.
        """
        found: list[Broadcast] = []
        for composer in self._composers.values():
            try:
                found += composer.due(tracks, now_ns)
            except EncodeError:  # a schema of the user's own may lack what the standard has
                self._not_encodable += 1
        return found

    def fusion(self, parameters: Fusion | None) -> Fusion:
        """Parameters of fusion that know every name under which the unit may hear itself: what it said is no news to it.

        :param parameters: None: the defaults.
        """
        tell, known = self._tell, parameters or Fusion()
        own = {unit_octets(standard, tell.rsu_id, tell.number).hex() for standard in STANDARDS}
        return msgspec.structs.replace(known, own_senders=tuple(sorted({*known.own_senders, *own})))

    def left_out(self) -> Counter[str]:
        """Tracks that were not told so far, by the reason, see :attr:`rsu.compose.composer.Composer.left_out`.

        ``not-encodable``: ticks at which a schema had no place for something.
        """
        left_out = sum((composer.left_out for composer in self._composers.values()), Counter[str]())
        return left_out + Counter({"not-encodable": self._not_encodable})
