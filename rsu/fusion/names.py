"""Names become rows: so many at most, the one silent longest gives way."""

from __future__ import annotations

from itertools import repeat

import numpy as np
from numpy.typing import NDArray

from rsu.fusion.state import Ints


def keys(observations: NDArray[np.void], fields: list[str]) -> list[bytes]:
    """One bytes object an observation, of the fields' octets."""
    packed = np.empty(len(observations), [(name, observations.dtype[name]) for name in fields])
    for name in fields:
        packed[name] = observations[name]
    whole: list[bytes] = packed.view(f"V{packed.dtype.itemsize}").tolist()
    return whole


class Names:
    """See the module. A row keeps its name until it is in ``evicted``.

    :param most: rows; at least twice as many as are asked for at once.
    """

    def __init__(self, most: int) -> None:
        self._row: dict[bytes, int] = {}
        self._name: list[bytes] = [b""] * most
        self._free = list(range(most - 1, -1, -1))
        self.heard = np.zeros(most, np.int64)
        self.evicted = 0

    def rows(self, names: list[bytes], now_ns: int) -> tuple[Ints, Ints, Ints]:
        """The rows of the names, those among them that are new, and those taken from others for it."""
        known = self._row
        found = np.fromiter(map(known.get, names, repeat(-1)), np.int64, len(names))
        old = found[found >= 0]
        self.heard[old] = now_ns
        gone = np.empty(0, np.int64)
        missing = np.flatnonzero(found < 0).tolist()
        if len(missing) > len(self._free):
            gone = self._evict(np.unique(old))
        fresh: list[int] = []
        for place in missing:
            name = names[place]
            row = known.get(name)
            if row is None:
                row = known[name] = self._free.pop()
                self._name[row] = name
                fresh.append(row)
            found[place] = row
        new = np.array(fresh, np.int64)
        self.heard[new] = now_ns
        return found, new, gone

    def _evict(self, wanted: Ints) -> Ints:
        """Half of all, those silent longest, none of the wanted."""
        used = np.fromiter(self._row.values(), np.int64, len(self._row))
        used = np.setdiff1d(used, wanted)
        oldest = used[np.argsort(self.heard[used], kind="stable")][: (len(self._name) + 1) // 2]
        for row in oldest.tolist():
            del self._row[self._name[row]]
            self._free.append(row)
        self.evicted += oldest.size
        return oldest
