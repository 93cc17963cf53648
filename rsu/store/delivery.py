"""The thread that carries the outbox into the database, waits while it is away, and keeps it within its days.

What it is, at any moment, is in :meth:`Delivery.state`, a copy that any thread may take.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from rsu.errors import StoreError
from rsu.store.connect import in_one_line
from rsu.store.intake import Intake, Taken
from rsu.store.outbox import Outbox, Reader
from rsu.store.retention import Retention
from rsu.store.store import open_store

TARGET = "database"
SECOND_NS = 1_000_000_000
STEPS_MAX = 64  # after which a wait grows no more, whatever the factor


class Parameters(msgspec.Struct, frozen=True, kw_only=True):
    """How the delivery paces itself.

    :param batch_octets: of parcels in one transaction; 4 MB are some 8,000 records, 100 to 200 ms of a small box.
    :param look_s: how often it looks into the outbox when nobody wakes it.
    :param wait_s_first: before the second attempt when the database is away.
    :param wait_s_max: at most; a database that comes back is found within this time.
    :param wait_factor: each wait is so many times the one before.
    :param wait_jitter: a wait is shortened by up to this share, so that the units of a zone do not all come at once.
    :param housekeeping_s: how often retention and the partitions of the coming days are seen to.
    """

    batch_octets: int = 4_194_304
    look_s: float = 0.2
    wait_s_first: float = 0.5
    wait_s_max: float = 30.0
    wait_factor: float = 2.0
    wait_jitter: float = 0.5
    housekeeping_s: float = 600.0


class State(msgspec.Struct, kw_only=True):
    """How the delivery is.

    :param connected: the last thing it asked of the database was answered.
    :param oldest_ns: receive time of the oldest record that the database has not; 0 for none.
    :param parcel: number of the last parcel that the database has.
    :param error: what went wrong last, in one line; stays until the database answers again.
    :param attempts: failed ones in a row.
    :param failures: failed ones in all.
    :param records: entries delivered; ``rows`` of them became rows of message or quarantine, ``duplicates`` were there already.
    :param damaged_parcels: see :class:`rsu.store.intake.Taken`.
    :param rows_removed: by retention; ``days_dropped`` are whole partitions.
    :param retention_error: why retention did not work when it was last tried; rows are delivered all the same.
    """

    connected: bool = False
    oldest_ns: int = 0
    parcel: int = 0
    error: str = ""
    attempts: int = 0
    failures: int = 0
    records: int = 0
    rows: int = 0
    duplicates: int = 0
    shed: int = 0
    damaged_parcels: int = 0
    damaged_records: int = 0
    rows_removed: int = 0
    days_dropped: int = 0
    retention_error: str = ""

    def lag_s(self, now_ns: int) -> float:
        """Age of the oldest record that the database has not; 0 when it has all."""
        return max(0, now_ns - self.oldest_ns) / SECOND_NS if self.oldest_ns else 0.0


def wait_s(attempts: int, parameters: Parameters, chance: float) -> float:
    """How long to wait after so many failures in a row.

    :param chance: 0 … 1, drawn by the caller.
    """
    steps = min(max(attempts, 1), STEPS_MAX) - 1
    longest = min(parameters.wait_s_max, parameters.wait_s_first * parameters.wait_factor**steps)
    return longest * (1 - parameters.wait_jitter * chance)


class Delivery(threading.Thread):
    """Outbox → database, until it is stopped.

    :param outbox: the file; its recorder may make it later.
    :param url: of the database, as :func:`rsu.store.open_store` takes it.
    :param keep_days: of the database; 0: rows are kept.
    """

    def __init__(
        self,
        outbox: str | Path,
        url: str,
        *,
        keep_days: int = 0,
        parameters: Parameters | None = None,
        clock_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        super().__init__(name="delivery", daemon=True)
        self._path = Path(outbox)
        self._url = url
        self._keep_days = keep_days
        self._parameters = parameters or Parameters()
        self._clock_ns = clock_ns
        self._woken = threading.Event()
        self._stopping = threading.Event()
        self._settle_until_s = 0.0
        self._lock = threading.Lock()
        self._state = State()

    # For other threads ----------------------------------------------------------------------------------------------

    def wake(self) -> None:
        """There are new parcels: no need to wait for the next look."""
        self._woken.set()

    def state(self) -> State:
        """How it is now."""
        with self._lock:
            return msgspec.structs.replace(self._state)

    def stop(self, *, settle_s: float = 0.0, timeout_s: float = 10.0) -> bool:
        """Ends the thread after the transaction it is in.

        :param settle_s: for so long it goes on while there are parcels and the database takes them.
        :returns: False when it has not ended within ``settle_s`` + ``timeout_s``; being a daemon, it ends with the process.
        """
        self._settle_until_s = time.monotonic() + settle_s
        self._stopping.set()
        self._woken.set()
        if self.is_alive():
            self.join(settle_s + timeout_s)
        return not self.is_alive()

    # The thread -----------------------------------------------------------------------------------------------------

    def run(self) -> None:
        """Sessions with the database, one after the other, with longer and longer waits between failures."""
        while True:
            try:
                self._session()
            except StoreError as error:
                self._failed(str(error))
            except Exception as error:  # the thread's outermost loop: delivery goes on, and says what happened
                self._failed(f"delivery: {type(error).__name__}: {error}")
            if self._stopping.is_set() or self._stopping.wait(self._pause_s()):
                return

    def _pause_s(self) -> float:
        return wait_s(self._state.attempts, self._parameters, random.random())

    def _failed(self, words: str) -> None:
        with self._lock:
            state = self._state
            state.connected, state.error = False, words
            state.attempts += 1
            state.failures += 1

    def _session(self) -> None:
        """Delivers until it is stopped.

        :raises StoreError: when the database or the outbox fails.
        """
        with Outbox.reader(self._path) as outbox:
            self._look(outbox, outbox.delivered(TARGET))
            with open_store(self._url) as store:
                intake = Intake(store, outbox.identity)
                last = intake.last()
                if last > outbox.last():  # an older copy of the file was put in place: its numbers are given again
                    intake = Intake(store, outbox.renew())
                    last = intake.last()
                if last != outbox.delivered(TARGET):
                    outbox.deliver(TARGET, last)
                self._answered(outbox, last)
                retention = Retention(store.engine, self._keep_days)
                self._deliver(outbox, intake, retention, last)

    def _deliver(self, outbox: Reader, intake: Intake, retention: Retention, last: int) -> None:
        housekeeping_at_s = 0.0
        while not self._stopping.is_set() or time.monotonic() < self._settle_until_s:
            self._woken.clear()
            parcels = outbox.after(last, self._parameters.batch_octets)
            if parcels:
                taken = intake.take(parcels)
                last = taken.last
                outbox.deliver(TARGET, last)
                self._count(taken)
            self._answered(outbox, last)
            if time.monotonic() >= housekeeping_at_s:
                more = self._keep_house(retention, intake)
                housekeeping_at_s = time.monotonic() + (0 if more else self._parameters.housekeeping_s)
            if not parcels:
                if self._stopping.is_set():
                    return
                self._woken.wait(self._parameters.look_s)

    def _keep_house(self, retention: Retention, intake: Intake) -> bool:
        more, words = False, ""
        try:
            with in_one_line(intake.url):
                more = retention.step(self._clock_ns())
        except StoreError as error:
            words = str(error)
        with self._lock:
            self._state.retention_error = words
            self._state.rows_removed += retention.rows_removed
            self._state.days_dropped += retention.days_dropped
        retention.rows_removed = retention.days_dropped = 0
        return more

    def _look(self, outbox: Reader, last: int) -> None:
        """Notes how far it is."""
        oldest_ns = outbox.oldest_ns(last)
        with self._lock:
            self._state.parcel, self._state.oldest_ns = last, oldest_ns

    def _answered(self, outbox: Reader, last: int) -> None:
        self._look(outbox, last)
        with self._lock:
            self._state.connected, self._state.error, self._state.attempts = True, "", 0

    def _count(self, taken: Taken) -> None:
        tally = taken.tally
        with self._lock:
            state = self._state
            state.records += tally.records
            state.rows += tally.stored + tally.quarantined
            state.duplicates += tally.duplicates
            state.shed += tally.shed
            state.damaged_parcels += taken.damaged_parcels
            state.damaged_records += taken.damaged_records
