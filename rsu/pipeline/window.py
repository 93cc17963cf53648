"""The records between reception and the disk: numbered, held until they are acknowledged, shed by rule when there are too many.

The window of one boot is a row of entries in the order of their sequence numbers. Three marks move to the right along it:
*acknowledged* (what is left of it is forgotten), *sent* (the engine has it) and *last* (what was received). Going back, after a
restart of the engine or the recorder, is setting *sent* to *acknowledged*.

Shedding, where a record is turned into a count and its number stays:

- ``age``: it has waited for the engine longer than its class may (:data:`PATIENCE`).
- ``room``: the window is full. Of what waits for the engine, the least important and oldest goes; the new record itself, when
  nothing less important waits.

The importance of a record is looked up only when records wait, so that it costs nothing while the engine keeps up.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator

import msgspec

from rsu.engine import Shed
from rsu.pipeline.importance import BEACONS, EVENTS, INFRASTRUCTURE, NAMES, PICTURES
from rsu.received import Received

MINUTE_NS = 60_000_000_000
#: How many times ``age_ns_max`` a record of a class may wait for the engine.
PATIENCE = {BEACONS: 1, PICTURES: 2, INFRASTRUCTURE: 4, EVENTS: 8}
SHED_KINDS_MAX = 1_024  # different (minute, source, type, reason) of one run; later minutes join the last one of their kind

Classify = Callable[[Received], tuple[int, str]]  # importance class, type as far as it is known


class Parameters(msgspec.Struct, frozen=True, kw_only=True):
    """Bounds; see :class:`rsu.config.Pipeline`."""

    records_max: int = 65_536
    octets_max: int = 67_108_864
    age_ns_max: int = 1_000_000_000
    batch_records_max: int = 256


class ShedRun(msgspec.Struct):
    """Neighbours that were shed: their numbers, and how many of each (minute, source, type, reason).

    :param gone: it went to the engine: it may come again and must be the same then, so that it takes no more in.
    """

    first: int
    last: int
    counts: dict[tuple[int, str, str, str], Shed]
    gone: bool = False


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
        # Of each class the records that wait, their types, and since when; some are on their way or shed already.
        self._classes: tuple[deque[tuple[Slot, str, int]], ...] = tuple(deque() for _ in NAMES)

    @property
    def waiting(self) -> int:
        """Entries that wait for the engine."""
        return len(self._waiting)

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
        if not self._waiting:
            return None
        items: list[Received] = []
        runs: list[ShedRun] = []
        first = _first_of(self._waiting[0].entry)
        number = first - 1
        while self._waiting and len(items) < self._parameters.batch_records_max:
            slot = self._waiting.popleft()
            entry = slot.entry
            number = _last_of(entry)
            if isinstance(entry, Received):
                items.append(entry)
            elif runs and _join(runs[-1], entry):
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
        while self._held and _first_of(self._held[-1].entry) >= batch.first:
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
        for slots in (self._held, self._waiting):
            while slots and _last_of(slots[0].entry) <= last:
                slot = slots.popleft()
                slot.waits = False
                self._forget(slot.entry)

    def again(self) -> None:
        """All that is not acknowledged is sent once more."""
        while self._held:
            self._wait_again(self._held.pop())
        for waiting in self._classes:
            waiting.clear()

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
        slot.entry = _run_of(shed)
        return shed

    def _shed_new(self, record: Received, type_name: str) -> Shed:
        shed = self._shed(record, type_name, "room")
        run = _run_of(shed)
        tail = self._waiting[-1].entry if self._waiting else None
        if not isinstance(tail, ShedRun) or not _join(tail, run):
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


def _first_of(entry: Received | ShedRun) -> int:
    return entry.first if isinstance(entry, ShedRun) else entry.sequence


def _last_of(entry: Received | ShedRun) -> int:
    return entry.last if isinstance(entry, ShedRun) else entry.sequence


def _run_of(shed: Shed) -> ShedRun:
    return ShedRun(shed.sequence, shed.sequence, {_kind(shed): shed})


def _kind(shed: Shed) -> tuple[int, str, str, str]:
    return shed.receive_time_ns // MINUTE_NS, shed.source, shed.type, shed.reason


def _join(run: ShedRun, other: ShedRun) -> bool:
    """Takes the neighbour behind a run into it; False where they are none, or one of them went to the engine."""
    if run.gone or other.gone or other.first != run.last + 1:
        return False
    run.last = other.last
    for shed in other.counts.values():
        _count(run, shed)
    return True


def _count(run: ShedRun, shed: Shed) -> None:
    key = _kind(shed)
    if key not in run.counts and len(run.counts) >= SHED_KINDS_MAX:
        key = next(reversed(run.counts))
    there = run.counts.get(key)
    run.counts[key] = shed if there is None else msgspec.structs.replace(there, count=there.count + shed.count)
