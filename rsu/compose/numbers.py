"""The numbers that road users have at this unit: ptcId, obsId and objectID, 1..65535; 0 is the unit itself."""

from __future__ import annotations

LAST = 65_535
KEPT_MAX = 32_768
"""Road users whose number is kept; the one not told longest goes first. Half of the numbers stay free."""


class Numbers:
    """A road user keeps its number while it is there. Ids count upwards, and so do numbers: one is not given again before all
    others were, but where that of a track is still another one's."""

    def __init__(self, kept_max: int = KEPT_MAX) -> None:
        self._kept_max = kept_max
        self._number: dict[int, int] = {}
        self._used: set[int] = set()

    def of(self, track_ids: list[int]) -> list[int]:
        """The number of each, at most ``kept_max`` at a time."""
        known = self._number
        for track_id in track_ids:
            if track_id in known:
                known[track_id] = known.pop(track_id)  # the newest stands last
        for track_id in track_ids:
            if track_id not in known:
                if len(known) >= self._kept_max:
                    self._used.remove(known.pop(next(iter(known))))
                known[track_id] = self._free(track_id)
        return [known[track_id] for track_id in track_ids]

    def _free(self, track_id: int) -> int:
        """That of the track, or the next one after it."""
        number = (track_id - 1) % LAST + 1
        while number in self._used:
            number = number % LAST + 1
        self._used.add(number)
        return number
