"""One turn: a load on a target, from the first message until nothing more comes of it."""

from __future__ import annotations

import contextlib
import itertools
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
from hdrh.histogram import HdrHistogram
from numpy.typing import NDArray

from rsu.errors import SourceError
from rsu.load.children import started
from rsu.load.cores import snapshot, spent
from rsu.load.latency import histogram, of_buckets
from rsu.load.listener import Shown, State, listen
from rsu.load.mix import Stencil, mix_of
from rsu.load.schedule import FIRST_NUMBER
from rsu.load.sender import Load, Sent, opened, send
from rsu.load.target import Buckets, Ledger, Target

HEAD_POLL_S = 0.005
"""How often the outbox is looked at: what ingest → stored can be too long by."""
LEAD_S = 0.2
PROBE_S = 0.1
THERE_S_MAX = 60.0
SETTLE_POLL_S = 0.1
QUIET_S = 1.0
"""Before the first turn the ledger has not changed for so long: the probes are in it."""
STALLED_S = 3.0
"""A target that shows, stores and counts nothing new for so long is done with its load."""
DRAIN_S_MAX = 120.0


@dataclass
class Turn:
    """What one turn gave.

    :param publish: scheduled → shown on the bus.
    :param stored: scheduled → on the disk; None where the target stores nothing.
    :param late: scheduled → handed to the socket: what the sender itself adds.
    :param cores: of each process, while the load went on.
    """

    sent: int
    refused: int
    shown: int
    ledger: Ledger
    publish: HdrHistogram
    stored: HdrHistogram | None
    late: HdrHistogram
    cores: dict[str, float]
    stages: dict[str, HdrHistogram] = field(default_factory=dict)
    view_gaps: int = 0

    @property
    def lost(self) -> int:
        account = self.ledger
        return max(0, self.sent - (account.stored + account.quarantined + account.duplicate + account.shed))

    @property
    def core_share(self) -> float:
        return round(sum(self.cores.values()), 4)


class Bench:
    """A target with a listener at its bus; takes turns."""

    def __init__(self, target: Target, standard: str) -> None:
        self.target = target
        self.standard = standard
        self._listener = started(listen, target.bus, standard)
        self._listener.receive()

    def close(self) -> None:
        self._listener.end()

    def wait_until_there(self, within_s: float = THERE_S_MAX) -> None:
        """Sends probes until one is shown, and waits until they are counted.

        :raises SourceError: where none is.
        """
        mix = mix_of(self.standard)
        stencil = Stencil(mix, mix.kinds[0])
        push, close = opened(self.target.aim)
        deadline = time.monotonic() + within_s
        with contextlib.ExitStack() as stack:
            stack.callback(close)
            for number in itertools.count():
                if self._state().probes:
                    break
                if complaint := self.target.complaint():
                    raise SourceError(f"{self.target.name}: {complaint}")
                if time.monotonic() > deadline:
                    raise SourceError(
                        f"{self.target.name}: nothing sent to {self.target.aim.address} was shown at {self.target.bus} within "
                        f"{within_s:g} s: is it running, and does it hear there?"
                    )
                push([stencil.frame(number % FIRST_NUMBER, 0, 0, 0)])
                time.sleep(PROBE_S)
        if self.target.ledger:
            for _ in _while_it_moves(self._account, SETTLE_POLL_S, QUIET_S):
                pass

    def turn(self, load: Load) -> Turn:
        """One load."""
        due_ns, _ = load.schedule()
        self._listener.send(("begin", len(due_ns)))
        stages_before = self.target.stages() if self.target.stages else {}
        ledger_before = self._account()
        sender = started(send, self.target.aim, load)
        try:
            sender.receive()
            names = dict(self.target.pids())
            cpu_before, begun = snapshot(names), time.monotonic()
            start_ns = time.monotonic_ns() + round(LEAD_S * 1e9)
            sender.send(start_ns)
            watch = _Watch(self.target, self._state().boot_id)
            while not sender.answered():
                watch.look()
                time.sleep(HEAD_POLL_S)
            cores = spent(cpu_before, {**names, **self.target.pids()}, time.monotonic() - begun)
            sent: Sent = sender.receive()
        finally:
            sender.end()
        shown = self._drained(sent.sent, watch)
        ledger = self._settled(ledger_before, sent.sent)
        return self._turn(sent, shown, ledger, watch, start_ns + due_ns, cores, stages_before)

    def _turn(
        self,
        sent: Sent,
        shown: Shown,
        ledger: Ledger,
        watch: _Watch,
        due_ns: NDArray[np.int64],
        cores: dict[str, float],
        stages_before: Mapping[str, Buckets],
    ) -> Turn:
        there = shown.arrived_ns > 0
        count = int(there.sum())
        stages_now = self.target.stages() if self.target.stages else {}
        return Turn(
            sent.sent,
            sent.refused,
            count,
            ledger if self.target.ledger else Ledger(sent.sent, count),
            histogram((shown.arrived_ns - due_ns)[there]),
            watch.stored(shown.sequence[there], due_ns[there]),
            histogram(sent.late_ns),
            cores,
            {name: of_buckets(*buckets.since(stages_before.get(name))) for name, buckets in sorted(stages_now.items())},
            shown.gaps,
        )

    def _state(self) -> State:
        state: State = self._listener.ask("state")
        return state

    def _account(self) -> Ledger:
        return self.target.ledger() if self.target.ledger else Ledger()

    def _drained(self, sent: int, watch: _Watch) -> Shown:
        """What was shown, once all was, or nothing more comes, and is on the disk."""
        for _ in _while_it_moves(lambda: (self._state().seen, watch.look())):
            if self._state().seen >= sent:
                break
        shown: Shown = self._listener.ask("take")
        last = int(shown.sequence.max(initial=0))
        for _ in _while_it_moves(watch.look):
            if watch.look() >= last or self.target.heads is None:
                break
        return shown

    def _settled(self, before: Ledger, expected: int) -> Ledger:
        """What the ledger counted since ``before``, once it is all, or does not grow any more."""
        account = Ledger()
        if self.target.ledger is None:
            return account
        for _ in _while_it_moves(self._account, SETTLE_POLL_S):
            account = self._account().since(before)
            if account.received >= expected:
                break
        return account


class _Watch:
    """Which number was on the disk when."""

    def __init__(self, target: Target, boot_id: bytes) -> None:
        self._heads, self._rsu, self._boot_id = target.heads, target.rsu, boot_id
        self._times_ns: list[int] = []
        self._numbers: list[int] = []

    def look(self) -> int:
        """The newest number."""
        if self._heads is None:
            return 0
        head = self._heads.head(self._rsu, self._boot_id)
        if not self._numbers or head > self._numbers[-1]:
            self._times_ns.append(time.monotonic_ns())
            self._numbers.append(head)
        return self._numbers[-1]

    def stored(self, sequence: NDArray[np.int64], due_ns: NDArray[np.int64]) -> HdrHistogram | None:
        """Scheduled → on the disk; of those that are."""
        if self._heads is None:
            return None
        at = np.searchsorted(np.array(self._numbers, dtype=np.int64), sequence)
        there = at < len(self._numbers)
        times_ns = np.array(self._times_ns, dtype=np.int64)
        return histogram(times_ns[at[there]] - due_ns[there])


def _while_it_moves(look: Callable[[], object], pause_s: float = HEAD_POLL_S, stalled_s: float = STALLED_S) -> Iterator[None]:
    """Goes on while ``look`` gives something new now and then."""
    begun = moved = time.monotonic()
    last = look()
    while moved + stalled_s > (now := time.monotonic()) and now < begun + DRAIN_S_MAX:
        yield
        time.sleep(pause_s)
        if (found := look()) != last:
            last, moved = found, time.monotonic()
