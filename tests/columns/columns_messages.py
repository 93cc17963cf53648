"""A small schema with everything a projection may keep, and messages of it."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import rsu

TEXT = """Road DEFINITIONS AUTOMATIC TAGS ::= BEGIN
Report ::= SEQUENCE {
  id     OCTET STRING (SIZE (4)),
  kind   ENUMERATED { car, truck, ..., bus },
  flags  BIT STRING (SIZE (9)),
  here   BOOLEAN,
  speed  Speed OPTIONAL,
  name   IA5String (SIZE (0..63)) OPTIONAL,
  number INTEGER (0..7, ...) OPTIONAL,
  raw    OCTET STRING OPTIONAL,
  long   BIT STRING (SIZE (0..100)) OPTIONAL,
  when   UTCTime OPTIONAL,
  ratio  REAL OPTIONAL,
  points SEQUENCE (SIZE (0..4095)) OF Point OPTIONAL,
  others SEQUENCE (SIZE (0..7)) OF Point DEFAULT {},
  ... }
Point ::= SEQUENCE {
  x     INTEGER (-100..100),
  label IA5String (SIZE (0..7)) OPTIONAL,
  deep  SEQUENCE (SIZE (0..3)) OF INTEGER (0..9) OPTIONAL }
Speed ::= INTEGER (0..8191)
END"""


@cache
def road() -> rsu.Schema:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "road.asn"
        path.write_text(TEXT)
        return rsu.load_schema(path)


def report(**more: Any) -> bytes:
    """A message with its required components, and more."""
    least = {"id": b"\1\2\3\4", "kind": "car", "flags": (b"\x80\x80", 9), "here": True}
    return road().encode("Report", least | more)


def points(count: int, **more: Any) -> bytes:
    """A message with ``count`` points, of which x is the place up to 100."""
    return report(points=[{"x": place % 101} | more for place in range(count)])


#: Columns of each kind of cell.
PATHS = {
    "id": "id", "kind": "kind", "flags": "flags", "here": "here", "speed": "speed", "name": "name", "number": "number",
    "raw": "raw", "long": "long", "ratio": "ratio", "count": "points", "x": "points[].x", "label": "points[].label",
}  # fmt: skip


def mixed() -> list[bytes | None]:
    """Whole messages with and without what is optional, one that is not there, one that is cut off."""
    full = report(
        speed=500,
        name="abc",
        number=9,
        raw=b"\0\xff",
        long=(b"\xaa\x80", 9),
        ratio=2.5,
        kind="bus",
        here=False,
        points=[{"x": -3, "label": "a"}, {"x": 4}],
    )
    return [full, report(), None, points(3, label="p"), full[:9], report(points=[], name="")]
