"""What the codec is meant to reach, and the verdict on a measured ratio. A missed target is shown, never an error."""

from __future__ import annotations

from typing import NamedTuple


class Target(NamedTuple):
    """A bound of a ratio, or of nanoseconds where the unit says so.

    :param short: its name where there is little room.
    """

    what: str
    short: str
    limit: float
    at_least: bool = False
    unit: str = "×"

    def met(self, value: float) -> bool:
        return value >= self.limit if self.at_least else value <= self.limit

    def verdict(self, value: float) -> str:
        return "met" if self.met(value) else "missed"

    @property
    def bound(self) -> str:
        return f"{'≥' if self.at_least else '≤'} {self.limit:g} {self.unit}"

    def __str__(self) -> str:
        return f"{self.what} {self.bound}"


DECODE_FLOOR = Target("decode / dict floor", "floor", 1.35)
DECODE_PEER = Target("asn1tools / decode", "asn1tools", 20, at_least=True)
ENCODE_PEER = Target("asn1tools / encode", "asn1tools", 20, at_least=True)
COLUMNS = Target("columns / table walk", "columns", 3)
THREADS = Target("one thread / two threads", "threads", 1.8, at_least=True)
JSON = Target("to_json / JSON floor", "to_json", 2.3)
VIEW = Target("making a view", "view", 100, unit="ns")
