"""Decoding and encoding of Python values: rsu, its peers and the dict floor, message by message."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

from bench import targets
from bench.floors import value_floor
from bench.measure import Effort, take_turns
from bench.messages import Message
from bench.peers import codecs
from bench.targets import Target

PEERS = ("asn1tools", "pycrate")
FLOOR = "floor"


@dataclass(frozen=True)
class Row:
    """One message in one direction.

    :param ns: of the best round, for rsu, each peer and, when decoding, the floor.
    :param times: how many times longer than rsu, for each peer, and how many times longer than the floor rsu takes.
    """

    message: str
    octets: int
    direction: str
    ns: dict[str, float]
    times: dict[str, float]

    def verdicts(self) -> list[tuple[Target, float]]:
        """The targets of this row with what was measured."""
        if self.direction == "encode":
            return [(targets.ENCODE_PEER, self.times["asn1tools"])]
        return [(targets.DECODE_FLOOR, self.times[FLOOR]), (targets.DECODE_PEER, self.times["asn1tools"])]


def measure(name: str, message: Message, effort: Effort) -> list[Row]:
    """The two rows of a message."""
    found = codecs(message)
    octets = len(found[0].encode())
    floor = {FLOOR: partial(value_floor(found[0].decode))}  # first, so that its turn and that of rsu are neighbours
    decoding = {**floor, **{codec.name: codec.decode for codec in found}}
    encoding = {codec.name: codec.encode for codec in found}
    return [_row(name, octets, "decode", decoding, effort), _row(name, octets, "encode", encoding, effort)]


def _row(name: str, octets: int, direction: str, calls: dict[str, Any], effort: Effort) -> Row:
    turns = take_turns(calls, effort)
    times = {peer: round(turns.ratio(peer, "rsu"), 2) for peer in PEERS}
    if FLOOR in calls:
        times[FLOOR] = round(turns.ratio("rsu", FLOOR), 2)
    return Row(name, octets, direction, {codec: turns.ns(codec) for codec in calls}, times)


def cells(row: Row) -> list[str]:
    """A row of the table; see :data:`HEAD`."""
    floor = [f"{row.ns[FLOOR]:,.0f}", f"{row.times[FLOOR]:.2f}"] if FLOOR in row.ns else ["", ""]
    peers = [cell for peer in PEERS for cell in (f"{row.ns[peer]:,.0f}", f"{row.times[peer]:.1f}")]
    missed = [target.short for target, value in row.verdicts() if not target.met(value)]
    verdict = f"missed: {', '.join(missed)}" if missed else "met"
    return [row.message, str(row.octets), row.direction, f"{row.ns['rsu']:,.0f}", *floor, *peers, verdict]


HEAD = ("message", "octets", "", "rsu", "floor", "rsu / floor", "asn1tools", "/ rsu", "pycrate", "/ rsu", "targets")


def as_json(rows: Sequence[Row]) -> list[dict[str, Any]]:
    return [asdict(row) for row in rows]


def from_json(rows: Sequence[dict[str, Any]]) -> list[Row]:
    return [Row(**row) for row in rows]
