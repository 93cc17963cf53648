"""Which record the engine dies of, where it dies again and again of the same: what was with it at its first death is suspect.

A record that ends the process (a fault of the decoder's machine code, say) is never acknowledged, and would be sent anew to
each engine that is started. So from the second death among the same records they go in ever smaller batches, one batch at a
time, and the record that was alone with the engine at two deaths is the one. A death by chance among them costs some time, and
nothing else: two more would have to fall on one record.
"""

from __future__ import annotations

RECORDS_MAX = {2: 16}  # deaths → of a batch; more deaths: 1
DEATHS_ALONE = 2


class Suspects:
    """See the module.

    :param batch_records_max: of a batch where nothing is suspect.
    """

    def __init__(self, batch_records_max: int) -> None:
        self._batch_records_max = batch_records_max
        self._deaths = 0
        self._last = 0  # the last suspect
        self._alone, self._times = 0, 0  # the record that was alone at the last death, and at how many in a row

    @property
    def one_batch(self) -> bool:
        """No more than one batch may be with the engine."""
        return self._deaths >= min(RECORDS_MAX)

    @property
    def records_max(self) -> int:
        """Of a batch, now."""
        if not self.one_batch:
            return self._batch_records_max
        return min(RECORDS_MAX.get(self._deaths, 1), self._batch_records_max)

    def acquit(self, last: int) -> None:
        """Everything up to and with ``last`` is on the disk."""
        if self._deaths and last >= self._last:
            self._deaths = self._last = self._alone = self._times = 0

    def died(self, last: int, alone: int) -> bool:
        """The engine died; True where it is the fault of the record that was alone with it.

        :param last: number of the last record that it had.
        :param alone: number of the record, where it had one only; else 0.
        """
        self._deaths += 1
        self._last = max(self._last, last) if self._deaths == 1 else self._last
        self._times = self._times + 1 if alone and alone == self._alone else 1
        self._alone = alone
        return bool(alone) and self._times >= DEATHS_ALONE and self.one_batch
