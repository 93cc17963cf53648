"""The second block of the table: each output of :mod:`bench.outputs` beside its floor, or beside the whole value it spares."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from bench import targets
from bench.core import batch, column_floor
from bench.measure import Effort, Turns, take_turns
from bench.messages import messages
from bench.outputs import (
    BUFFER,
    JSON_FLOOR,
    ONE_OBJECT,
    STANDARD,
    VIEWS,
    WALK,
    column_calls,
    json_calls,
    lazy_calls,
    projection,
    view_calls,
)
from bench.peers import TYPE
from bench.targets import Target
from bench.threads import Gain, gains
from rsu import load_schema

MESSAGE = "BSM"
GAIN, WALK_GAIN = f"{BUFFER}, two threads", f"{WALK}, two threads"
# What each output of a part of the message is compared with.
LAZY = {"view, one field": "decode", "peek": "decode", "check": "decode", "patch": "encode", "template item": "encode"}
JUDGED = {BUFFER: targets.COLUMNS, "to_json": targets.JSON, "view": targets.VIEW, GAIN: targets.THREADS}
HEAD = ("output", "ns", "beside", "ns", "quotient", "target", "")


@dataclass(frozen=True)
class OutputRow:
    """One output of one message.

    :param ns: a message, of the best round or try.
    :param times: how many times longer than ``beside`` it takes; of two threads, how many times less than one.
    """

    output: str
    ns: float
    beside: str
    beside_ns: float
    times: float

    @property
    def target(self) -> Target | None:
        return JUDGED.get(self.output)

    @property
    def judged(self) -> float:
        """What the target is about."""
        return self.ns if self.target and self.target.unit == "ns" else self.times


def measure(effort: Effort) -> list[OutputRow]:
    """All rows; takes some seconds."""
    return [*column_rows(effort), *thread_rows(effort), *message_rows(effort)]


def timed(turns: Turns, output: str, beside: str) -> OutputRow:
    return OutputRow(output, turns.ns(output), beside, turns.ns(beside), round(turns.ratio(output, beside), 3))


def column_rows(effort: Effort) -> list[OutputRow]:
    made = batch()
    calls = column_calls(made)
    turns = take_turns(calls, effort, len(made.messages))
    return [timed(turns, name, WALK) for name in calls if name != WALK]


def thread_rows(effort: Effort) -> list[OutputRow]:
    """The gain of a second thread, and the same of the floor: what the machine could give meanwhile."""
    made = batch()
    pair = (made.data, made.offsets)
    decode = [lambda: projection().decode(pair)] * 2
    found = gains([decode, [column_floor(made)[0] for _ in range(2)]], effort)
    return [thread_row(name, gain, len(made.messages)) for name, gain in zip((GAIN, WALK_GAIN), found, strict=True)]


def thread_row(name: str, gain: Gain, units: int) -> OutputRow:
    one, two = (round(1e9 * spent / units, 1) for spent in (gain.one_s, gain.two_s))
    return OutputRow(name, two, "one thread", one, round(gain.times, 3))


def message_rows(effort: Effort) -> list[OutputRow]:
    schema, value = load_schema(STANDARD), messages()[MESSAGE][1]
    data = schema.encode(TYPE, value)
    texts = json_calls(schema, data)
    parts = lazy_calls(schema, value, data)
    turns = take_turns({**texts, **parts}, effort)
    return [
        timed(turns, "to_json", JSON_FLOOR),
        timed(turns, "from_json", "encode"),
        timed(take_turns(view_calls(schema, data), effort, VIEWS), "view", ONE_OBJECT),
        *(timed(turns, output, beside) for output, beside in LAZY.items()),
    ]


def cells(found: OutputRow) -> list[str]:
    """A row of the table; see :data:`HEAD`."""
    target = found.target
    verdict = [target.bound, target.verdict(found.judged)] if target else ["", ""]
    return [found.output, f"{found.ns:,.1f}", found.beside, f"{found.beside_ns:,.1f}", f"{found.times:.2f}", *verdict]


def summary(rows: Sequence[OutputRow]) -> list[str]:
    """A line a target; that of two threads says as well what the machine had to give."""
    given = "".join(f"; of the table walk {row.times:.2f} ×" for row in rows if row.output == WALK_GAIN)
    return [
        f"{row.target.verdict(row.judged):6} {row.target}: {row.judged:.2f}{given if row.output == GAIN else ''}"
        for row in rows
        if row.target
    ]


def as_json(rows: Sequence[OutputRow]) -> list[dict[str, Any]]:
    return [asdict(found) for found in rows]


def from_json(rows: Sequence[dict[str, Any]]) -> list[OutputRow]:
    return [OutputRow(**found) for found in rows]
