"""What the unit says itself, kept like what it hears: handed to its own inlet, so that it has a number, is stored, and goes to
platforms (RSM.UP, SPAT.UP and MAP.UP of T/ITS 0117).

What the platform handed down is a record already. Of the rest a part is kept, so many a second of each type and crossing.
"""

from __future__ import annotations

from collections.abc import Sequence

from rsu.engine.sampling import Sampling
from rsu.outgoing import Broadcast
from rsu.pipeline import envelope
from rsu.pipeline.envelope import Heard, Inlet
from rsu.pipeline.role import Role, send

SOURCE = "own"
KINDS_MAX = 512  # types and crossings of one unit


class Keeping:
    """See the module.

    :param hz: of each type and crossing; 0: nothing is kept.
    """

    def __init__(self, role: Role, hz: int) -> None:
        self._role, self._hz = role, hz
        self._inlet = role.links.push("inlet")
        self._sampling: dict[tuple[str, str, str], Sampling] = {}

    def take(self, broadcasts: Sequence[Broadcast], now_ns: int) -> None:
        """Keeps those whose turn it is; messages of one kind that are said together are kept together."""
        wanted: dict[tuple[str, str, str], bool] = {}
        items = []
        for one in broadcasts:
            kind = (one.standard, one.type, one.key)
            if one.period_ms:
                continue
            if kind not in wanted:
                wanted[kind] = self._wants(kind, now_ns)
            if wanted[kind]:
                items.append(_heard(one, now_ns))
        if items and not send(self._inlet, envelope.encode(Inlet(items=items))):
            self._role.meter.count("rsu_broadcast_failed_total", len(items), reason="not-kept")

    def close(self) -> None:
        self._inlet.close()

    def _wants(self, kind: tuple[str, str, str], now_ns: int) -> bool:
        if kind not in self._sampling and len(self._sampling) >= KINDS_MAX:
            return False
        return self._sampling.setdefault(kind, Sampling(self._hz)).wants(now_ns)


def _heard(one: Broadcast, now_ns: int) -> Heard:
    return Heard(channel="pc5", source=SOURCE, receive_time_ns=now_ns, data=one.payload, header="none", standard=one.standard)
