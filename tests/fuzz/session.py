"""One run of the fuzzer: its seeds and targets put together, run in batches, and what was measured around them."""

from __future__ import annotations

import faulthandler
import gc
import mmap
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import rsu

from .bombs import bomb_messages
from .build import build_folder, load_mutator
from .calls import Call, Subject
from .corpus import CONSTRUCTS, STANDARDS, FieldsOf, Message, generated, of_standard, published, schema_of

BATCH = 50_000
STUCK_SECONDS = 300  # a batch takes a second or so: after this the process says where it hangs, and ends
LAST_OCTETS = 1 << 19  # more than the mutator makes
# Of 4000 inputs so many have a seed of this kind. Bombs are few because each costs what it is allowed to cost.
WEIGHTS = {"published": 1000, "generated": 1400, "constructs": 999, "grown": 600, "bombs": 1}


@dataclass(frozen=True)
class Plan:
    """What to run.

    :param seconds: of wall time, after which no new batch begins; 0 for no limit.
    :param standard: one standard's messages alone, or empty for all.
    """

    seed: int
    inputs: int
    seconds: float = 0.0
    standard: str = ""
    calls: tuple[Call, ...] = ()


@dataclass
class Outcome:
    """What a run did."""

    inputs: int = 0
    cpu_s: float = 0.0
    counts: dict[str, tuple[int, int, int, int, int]] = field(default_factory=dict)
    codes: dict[str, int] = field(default_factory=dict)
    worst_ms: dict[str, float] = field(default_factory=dict)
    worst_input: dict[str, Any] = field(default_factory=dict)
    rss_kib: list[int] = field(default_factory=list)
    gc_objects: tuple[int, int] = (0, 0)
    faults: list[dict[str, Any]] = field(default_factory=list)


class Session:
    """Everything that a run needs, ready to make inputs."""

    def __init__(self, plan: Plan, groups: dict[str, list[Message]] | None = None) -> None:
        self.plan = plan
        self.mutator: ModuleType = load_mutator(is_sanitized())
        groups = groups if groups is not None else seeds_of(plan.standard)
        names = sorted({message[:2] for messages in groups.values() for message in messages})
        if not names:
            raise ValueError(f"no seeds for standard {plan.standard!r}: must be one of {', '.join(STANDARDS)}")
        self.names = names
        self.number_of = {name: number for number, name in enumerate(names)}
        seeds: dict[tuple[str, str], list[bytes]] = {name: [] for name in names}
        for message in (message for messages in groups.values() for message in messages):
            seeds[message[:2]].append(message.data)
        self.targets = [self._target(*name, seeds[name]) for name in names]
        self.fields_of = FieldsOf()
        weighted: list[tuple[int, list[Any] | None]] = [
            (WEIGHTS[kind], [self._seed(message) for message in found]) for kind, found in groups.items() if found
        ]
        self.messages = [message for found in groups.values() for message in found]
        weighted.append((WEIGHTS["grown"], None))
        self.last = LastInput(plan.seed)
        self.fuzzer = self.mutator.Fuzzer(
            plan.seed, weighted, self.targets, len(self.fields_of.places), len(STANDARDS), self._trace, self.last.room
        )

    def _target(self, schema_name: str, type_name: str, seeds: list[bytes]) -> Any:
        schema, free = schema_of(schema_name), self.mutator.FIRST_CLOCK
        subject = Subject(schema, type_name, self.plan.seed, seeds)
        bound = [(place, call, call.bind(subject)) for place, call in enumerate(self.plan.calls)]
        checks = tuple(
            self.mutator.Check(call.name, free + place, call.every, *made, call.verdict, call.timed, call.excuse)
            for place, call, made in bound
            if made is not None
        )
        codec = schema.find_type(type_name)
        row = STANDARDS.index(schema_name.partition("/")[0])
        return self.mutator.Target(schema_name, row, type_name, codec.decode, codec.encode, checks)

    def _seed(self, message: Message) -> Any:
        return self.mutator.Seed(self.number_of[message[:2]], message.data, self.fields_of(message))

    def _trace(self, target: int, data: bytes) -> list[tuple[int, int, int, int]]:
        return self.fields_of(Message(*self.names[target], data), learn=False)

    def seeds(self) -> Iterator[tuple[int, bytes]]:
        """(target, octets) of each seed."""
        return ((self.number_of[message[:2]], message.data) for message in self.messages)

    def run(self, progress: Callable[[int, int], None] = lambda done, faults: None) -> Outcome:
        """Runs the plan, batch by batch."""
        outcome, ends = Outcome(), time.monotonic() + (self.plan.seconds or float("inf"))
        gc.collect()
        gc.freeze()  # the seeds are not walked again by each collection
        rss, objects, started = [rss_kib()], len(gc.get_objects()), time.thread_time()
        gc.disable()  # values have no cycles; what the checks leave goes at the end of a batch
        while outcome.inputs < self.plan.inputs and time.monotonic() < ends and not self.fuzzer.faults:
            faulthandler.dump_traceback_later(STUCK_SECONDS, exit=True)
            size = min(BATCH, self.plan.inputs - outcome.inputs)
            self.fuzzer.run(size)
            outcome.inputs += size
            gc.collect()
            rss.append(rss_kib())
            progress(outcome.inputs, len(self.fuzzer.faults))
        faulthandler.cancel_dump_traceback_later()
        outcome.cpu_s = time.thread_time() - started
        gc.enable()
        gc.collect()
        outcome.gc_objects = objects, len(gc.get_objects())
        gc.unfreeze()
        outcome.rss_kib = [rss[(len(rss) - 1) * quarter // 4] for quarter in range(5)]
        self.last.finish()
        self._measured(outcome)
        return outcome

    def _measured(self, outcome: Outcome) -> None:
        fuzzer = self.fuzzer
        clocks = ["decode", "encode", *(call.name for call in self.plan.calls)]
        outcome.inputs = sum(row[0] for row in fuzzer.counts)
        outcome.counts = {standard: row for standard, row in zip(STANDARDS, fuzzer.counts, strict=True) if row[0]}
        outcome.codes = dict(sorted(fuzzer.codes.items(), key=lambda pair: -pair[1]))
        outcome.worst_ms = {name: round(ns / 1e6, 3) for name, ns in zip(clocks, fuzzer.worst_ns, strict=False)}
        outcome.worst_input = dict(zip(clocks, fuzzer.worst_input, strict=False))
        outcome.faults = fuzzer.faults


class LastInput:
    """A file that has the input under test at any time: if the process dies of it, the file stays."""

    def __init__(self, number: int) -> None:
        self.path = build_folder() / f"last-{number}-{os.getpid()}.bin"
        with open(self.path, "wb+") as file:
            file.truncate(LAST_OCTETS)
            self.room = mmap.mmap(file.fileno(), LAST_OCTETS)

    def finish(self) -> None:
        """The run ended of itself: the file has nothing to say."""
        self.path.unlink(missing_ok=True)


def seeds_of(standard: str) -> dict[str, list[Message]]:
    """The seeds of each kind, of one standard or of all."""
    made = generated()
    kinds = {
        "published": published(),
        "generated": [message for message in made if message.standard != CONSTRUCTS],
        "constructs": [message for message in made if message.standard == CONSTRUCTS],
        "bombs": bomb_messages(),
    }
    return {kind: of_standard(messages, standard) for kind, messages in kinds.items()}


def rss_kib() -> int:
    """Resident memory of this process."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") // 1024


def is_sanitized() -> bool:
    """Whether the codec in use was built with AddressSanitizer."""
    from rsu import _codec

    return b"__asan_init" in Path(str(_codec.__file__)).read_bytes()


def read_last(path: Path, names: list[tuple[str, str]]) -> Message:
    """What a process that died had in hand.

    :param names: of :attr:`Session.names` of the same plan.
    """
    content = path.read_bytes()
    target, size = (int.from_bytes(content[at : at + 8], "little") for at in (0, 8))
    return Message(*names[target], content[16 : 16 + size])


def outcome_of(message: Message) -> str:
    """What decoding the message does, in one line."""
    try:
        value = schema_of(message.schema).decode(message.type_name, message.data)
    except rsu.DecodeError as error:
        return f"refused: {error.code}: {error}"
    return f"accepted: {value!r}"
