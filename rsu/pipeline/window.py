"""The records between reception and the disk: numbered, held until they are acknowledged, shed by rule when there are too many.

The window of one boot is a row of entries in the order of their sequence numbers. Three marks move to the right along it:
*acknowledged* (what is left of it is forgotten), *sent* (the engine has it) and *last* (what was received). Going back, after a
restart of the engine or the recorder, is setting *sent* to *acknowledged*.

Shedding, where a record is turned into a count and its number stays:

- ``age``: it has waited for the engine longer than its class may (:data:`PATIENCE`).
- ``room``: the window is full. Of what waits for the engine, the least important and oldest goes; the new record itself, when
  nothing less important waits.

- ``poison``: the engine died of it, see :mod:`rsu.pipeline.suspects`.

The importance of a record is looked up only when records wait, so that it costs nothing while the engine keeps up.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator

import msgspec

from rsu.engine import Shed
from rsu.pipeline.importance import BEACONS, EVENTS, INFRASTRUCTURE, NAMES, PICTURES
from rsu.pipeline.shedding import ShedRun, first_of, join, last_of, run_of
from rsu.pipeline.suspects import Suspects
from rsu.received import Received

#: How many times ``age_ns_max`` a record of a class may wait for the engine.
PATIENCE = {BEACONS: 1, PICTURES: 2, INFRASTRUCTURE: 4, EVENTS: 8}

Classify = Callable[[Received], tuple[int, str]]  # importance class, type as far as it is known


class Parameters(msgspec.Struct, frozen=True, kw_only=True):
    """Bounds; see :class:`rsu.config.Pipeline`."""

    records_max: int = 65_536
    octets_max: int = 67_108_864
    age_ns_max: int = 1_000_000_000
    batch_records_max: int = 256


class Slot(msgspec.Struct):
    """An entry of the window, which can be shed where it stands.

    :param waits: for the engine.
    """

    entry: Received | ShedRun
    waits: bool = True


class Batch(msgspec.Struct, frozen=True):
    """What goes to the engine in one frame."""

    first: int
    last: int
    items: list[Received]
    shed: list[Shed]


class Window:
    """See the module.

    :param classify: the importance and the type of a record, asked only where records wait.
    """

    def __init__(self, rsu: str, boot: bytes, parameters: Parameters, classify: Classify) -> None:
        self.rsu = rsu
        self.boot = boot
        self.last = 0
        self.acknowledged = 0
        self.records = 0
        self.octets = 0
        self._parameters = parameters
        self._classify = classify
        self._held: deque[Slot] = deque()  # acknowledged < number <= sent
        self._waiting: deque[Slot] = deque()  # sent < number <= last
        self._suspects = Suspects(parameters.batch_records_max)
        # Of each class the records that wait, their types, and since when; some are on their way or shed already.
        self._classes: tuple[deque[tuple[Slot, str, int]], ...] = tuple(deque() for _ in NAMES)

    @property
    def waiting(self) -> int:
        """Entries that wait for the engine."""
        return len(self._waiting)

    @property
    def ready(self) -> bool:
        """One of them may go now."""
        return bool(self._waiting) and not (self._suspects.one_batch and self._held)

    def add(self, record: Received, now_ns: int) -> Shed | None:
        """Takes the next record, whose sequence number is ``last`` + 1; tells what was shed for it.

        :param now_ns: of the clock of :class:`rsu.pipeline.patience.Patience`, like that of :meth:`shed_aged`.
        """
        self.last += 1
        if self._waiting:
            importance, type_name = self._classify(record)
            if self._full(record):
                return self._make_room(record, importance, type_name, now_ns)
            self._classes[importance].append((self._keep(record), type_name, now_ns))
            return None
        if self._full(record):
            return self._shed_new(record, self._classify(record)[1])
        self._keep(record)
        return None

    def shed_aged(self, now_ns: int) -> list[Shed]:
        """Sheds what has waited too long for the engine."""
        gone = []
        for importance, waiting in enumerate(self._classes):
            oldest_ns = now_ns - PATIENCE[importance] * self._parameters.age_ns_max
            while waiting:
                slot, type_name, since_ns = waiting[0]
                record = _waits(slot)
                if record is not None and since_ns > oldest_ns:
                    break
                waiting.popleft()
                if record is not None:
                    gone.append(self._shed_waiting(slot, record, type_name, "age"))
        return gone

    def next_batch(self) -> Batch | None:
        """What goes to the engine next, or nothing; it counts as sent."""
        if not self.ready:
            return None
        items: list[Received] = []
        runs: list[ShedRun] = []
        first = first_of(self._waiting[0].entry)
        number = first - 1
        while self._waiting and len(items) < self._suspects.records_max:
            slot = self._waiting.popleft()
            entry = slot.entry
            number = last_of(entry)
            if isinstance(entry, Received):
                items.append(entry)
            elif runs and join(runs[-1], entry):
                continue
            else:
                runs.append(entry)
            slot.waits = False
            self._held.append(slot)
        shed: list[Shed] = []
        for run in runs:
            run.gone = True
            shed.extend(run.counts.values())
        return Batch(first, number, items, shed)

    def take_back(self, batch: Batch) -> None:
        """The batch could not be sent: it waits again."""
        while self._held and first_of(self._held[-1].entry) >= batch.first:
            self._wait_again(self._held.pop())

    def sent(self) -> None:
        """The batch is on its way."""
        if not self._waiting:
            for waiting in self._classes:
                waiting.clear()

    def acknowledge(self, last: int) -> None:
        """Everything up to and with ``last`` is on the disk."""
        if last <= self.acknowledged or last > self.last:
            return
        self.acknowledged = last
        self._suspects.acquit(last)
        for slots in (self._held, self._waiting):
            while slots and last_of(slots[0].entry) <= last:
                slot = slots.popleft()
                slot.waits = False
                self._forget(slot.entry)

    def again(self, died: bool = False) -> Received | None:
        """All that is not acknowledged is sent once more.

        :param died: it is the engine that asks, as it was started anew.
        :return: the record that it dies of, which is shed.
        """
        poison = self._poison() if died else None
        while self._held:
            self._wait_again(self._held.pop())
        for waiting in self._classes:
            waiting.clear()
        return poison

    def _poison(self) -> Received | None:
        """The record that was alone with the engine each time it died, turned into a count."""
        if not self._held:
            return None
        sent = [slot for slot in self._held if isinstance(slot.entry, Received)]
        alone = sent[0].entry if len(sent) == 1 else None
        assert not isinstance(alone, ShedRun)
        if not self._suspects.died(last_of(self._held[-1].entry), alone.sequence if alone else 0) or alone is None:
            return None
        self._shed_waiting(sent[0], alone, self._classify(alone)[1], "poison")
        return alone

    def _wait_again(self, slot: Slot) -> None:
        slot.waits = True
        self._waiting.appendleft(slot)

    # Room -----------------------------------------------------------------------------------------------------------

    def _full(self, record: Received) -> bool:
        bounds = self._parameters
        return self.records >= bounds.records_max or self.octets + len(record.data) > bounds.octets_max

    def _make_room(self, record: Received, importance: int, type_name: str, now_ns: int) -> Shed:
        for waiting in self._classes[:importance]:
            while waiting:
                slot, older_type, _ = waiting.popleft()
                older = _waits(slot)
                if older is not None and len(older.data) >= len(record.data) - self._spare():
                    shed = self._shed_waiting(slot, older, older_type, "room")
                    self._classes[importance].append((self._keep(record), type_name, now_ns))
                    return shed
        return self._shed_new(record, type_name)

    def _spare(self) -> int:
        return self._parameters.octets_max - self.octets

    def _keep(self, record: Received) -> Slot:
        self.records += 1
        self.octets += len(record.data)
        slot = Slot(record)
        self._waiting.append(slot)
        return slot

    def _forget(self, entry: Received | ShedRun) -> None:
        if isinstance(entry, Received):
            self.records -= 1
            self.octets -= len(entry.data)

    def _shed_waiting(self, slot: Slot, record: Received, type_name: str, reason: str) -> Shed:
        shed = self._shed(record, type_name, reason)
        self._forget(record)
        slot.entry = run_of(shed)
        return shed

    def _shed_new(self, record: Received, type_name: str) -> Shed:
        shed = self._shed(record, type_name, "room")
        run = run_of(shed)
        tail = self._waiting[-1].entry if self._waiting else None
        if not isinstance(tail, ShedRun) or not join(tail, run):
            self._waiting.append(Slot(run))
        return shed

    def _shed(self, record: Received, type_name: str, reason: str) -> Shed:
        return Shed(
            rsu_id=self.rsu,
            boot_id=self.boot,
            sequence=record.sequence,
            source=record.source,
            receive_time_ns=record.receive_time_ns,
            type=type_name,
            reason=reason,
        )

    def __iter__(self) -> Iterator[Received | ShedRun]:
        """Everything that is not acknowledged, in order."""
        for slots in (self._held, self._waiting):
            for slot in slots:
                yield slot.entry


def _waits(slot: Slot) -> Received | None:
    """The record of a slot if it waits and is not shed."""
    return slot.entry if slot.waits and isinstance(slot.entry, Received) else None
