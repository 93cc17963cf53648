"""The pictures of an engine that is driven by the times of its records: each taken when it is due, and what they come to.

Tracks are told in every standard that is heard in the log. The digest is SHA-256 over each picture's messages and its rows:
time, id, class, sender, position in millimetres and speed in mm/s. So it does not hang on the last digits, in which versions of
BLAS differ; the heading is left out of the rows, as that of west is π or −π, and messages have steps of centimetres and more.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from rsu.engine.fused import Fused, FusedClass
from rsu.engine.outcomes import CLASSES, Outcome, Stored, TrackSample
from rsu.engine.sampling import Sampling
from rsu.engine.step import Engine
from rsu.engine.telling import Tell
from rsu.engine.told import samples
from rsu.observe.arrays import Origin
from rsu.outgoing import Broadcast
from rsu.received import Received

SECOND_NS = 1_000_000_000
GONE_NS = 30 * SECOND_NS
"""A track that was not shown for so long is counted and forgotten, so that memory does not grow with the log."""
PER_MILLE = 1_000

_ROW = np.dtype([(name, "<i8") for name in ("time_ns", "id", "cls", "x_mm", "y_mm", "speed_mmps")] + [("sender", "S64")])
MAP = "MapData"


class Film:
    """See the module. For each record: :meth:`advance`, the engine's step, :meth:`notice`.

    :param origin: None: the position of the first MAP that the engine stores; nothing is fused before it.
    :param track_hz: how often a second tracks are to be stored; 0: never.
    """

    def __init__(self, engine: Engine, origin: Origin | None, track_hz: int = 1) -> None:
        self._engine = engine
        self._origin = origin
        self._fusing = Fusing()
        self._sampling = Sampling(track_hz)
        self._samples: list[TrackSample] = []
        self._last: Outcome | None = None

    def advance(self, received: Received) -> None:
        """Takes the pictures that are due before this record."""
        if self._last is None and self._origin is not None:
            self._stand_at(self._origin, received.rsu_id)
        while at_ns := self._engine.picture_due(received.receive_time_ns):
            tracks = self._engine.look(at_ns)
            self._fusing.add(tracks, self._engine.tell())
            if self._sampling.wants(at_ns) and self._last and self._origin:
                last = self._last
                self._samples += samples(tracks, self._origin, last.rsu_id, last.boot_id, last.sequence)

    def notice(self, outcome: Outcome) -> None:
        """What became of the record: under its identity the tracks are stored; a MAP says where the unit stands."""
        self._last = outcome
        if not isinstance(outcome, Stored):
            return
        if self._origin is None and outcome.type == MAP:
            if outcome.lat_e7 is not None and outcome.lon_e7 is not None:
                self._origin = Origin(outcome.lat_e7 / 1e7, outcome.lon_e7 / 1e7)
                self._stand_at(self._origin, outcome.rsu_id)
        if outcome.standard and self._engine.scene is not None:
            self._engine.scene.telling.tell_in(outcome.standard)

    def _stand_at(self, origin: Origin, rsu_id: str) -> None:
        self._engine.stand_at(origin, Tell(rsu_id=rsu_id))

    def samples(self) -> list[TrackSample]:
        """Those made since the last call."""
        made, self._samples = self._samples, []
        return made

    def end(self) -> Fused:
        """What was fused."""
        return self._fusing.result(self._origin)


class Fusing:
    """Sees the pictures of one engine, one after the other."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()
        self._pictures = 0
        self._classes: dict[str, FusedClass] = {}
        self._there: dict[int, tuple[int, int, int, int]] = {}  # id → class, first observation, first and last picture
        self._told: Counter[str] = Counter()

    def add(self, tracks: NDArray[np.void], told: Sequence[Broadcast] = ()) -> None:
        """A picture, and the messages made of it.

        :param tracks: (n,) of :data:`rsu.fusion.tracks.TRACK`.
        """
        self._pictures += 1
        for message in told:
            self._told[message.type] += 1
            self._hash.update(message.payload)
        if not len(tracks):
            return
        self._hash.update(_rows(tracks).tobytes())
        now_ns = int(tracks["time_ns"][0])
        for name, cls, first_ns in zip(*(tracks[field].tolist() for field in ("id", "cls", "first_ns")), strict=True):
            shown = self._there.pop(name, None)
            self._there[name] = (cls, first_ns, shown[2] if shown else now_ns, now_ns)
        self._forget(now_ns - GONE_NS)

    def result(self, origin: Origin | None) -> Fused:
        """All of it; to be asked at the end."""
        self._forget(2**63)
        classes = {name: self._classes[name] for name in CLASSES if name in self._classes}
        origins = [] if origin is None else [(origin.lat_deg, origin.lon_deg)]
        return Fused(origins, self._pictures, classes, [self._hash.hexdigest()], dict(sorted(self._told.items())))

    def _forget(self, before_ns: int) -> None:
        """Counts tracks that were last shown before; those shown last stand last."""
        while self._there:
            name, (cls, first_ns, shown_ns, last_ns) = next(iter(self._there.items()))
            if last_ns >= before_ns:
                return
            del self._there[name]
            life_s = (last_ns - first_ns) / SECOND_NS
            self._classes.setdefault(CLASSES[cls], FusedClass()).add(FusedClass(1, life_s, shown_ns, last_ns))


def _rows(tracks: NDArray[np.void]) -> NDArray[np.void]:
    rows = np.zeros(len(tracks), _ROW)
    for name in ("time_ns", "id", "cls", "sender"):
        rows[name] = tracks[name]
    for name, field in (("x_mm", "x"), ("y_mm", "y"), ("speed_mmps", "speed")):
        rows[name] = np.rint(tracks[field] * PER_MILLE)
    return rows
