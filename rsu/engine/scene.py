"""What the unit makes of all that it hears around one position, tick by tick: tracks, the world they move in, and what is told
of them. This module is the order of it; the parts stand in :mod:`rsu.engine.picture`, ``surroundings`` and ``telling``."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rsu.engine.outcomes import Stored
from rsu.engine.picture import Picture
from rsu.engine.surroundings import Surroundings
from rsu.engine.telling import Telling
from rsu.outgoing import Broadcast
from rsu.world import Snapshot
from rsu.world.picture import picture


class Scene:
    """See the module; the three parts stand around the same position."""

    def __init__(self, picture: Picture, surroundings: Surroundings, telling: Telling) -> None:
        self.picture, self.surroundings, self.telling = picture, surroundings, telling
        self._snapshot: Snapshot | None = None

    def take(self, record: Stored, value: Any) -> None:
        """Puts a record aside for the next tick.

        :param value: its decoded message.
        """
        self.picture.take(record, value)
        self.surroundings.take(record, value)

    def look(self, at_ns: int) -> NDArray[np.void]:
        """The tick: what was received before it becomes tracks, and the world around them.

        :param at_ns: what :meth:`rsu.engine.picture.Picture.due` says.
        """
        if at_ns < self.picture.time_ns:
            self.surroundings.renew()
        tracks = self.picture.tick(at_ns)
        self._snapshot = self.surroundings.tick(tracks, at_ns)
        return tracks

    def geojson(self) -> str:
        """Lanes, signals and tracks of the tick that was, see :mod:`rsu.world.picture`; without features before the first."""
        if self._snapshot is None:
            return '{"type":"FeatureCollection","features":[]}'
        return json.dumps(picture(self._snapshot, self.picture.origin), separators=(",", ":"))

    def tell(self) -> list[Broadcast]:
        """The messages of the tick that was."""
        return self.telling.due(self.picture.tracks, self.picture.time_ns)

    def passed_over(self) -> Counter[str]:
        """What was not taken in so far, by the reason: of records, of fusion, of maps and signals."""
        return Counter(self.picture.passed_over()) + self.surroundings.faults

    def renew(self) -> None:
        """Forgets all that is on the road and around it."""
        self.picture.renew()
        self.surroundings.renew()
        self._snapshot = None
