"""Drive logs of the Wyoming connected-vehicle pilot: one record after another, little-endian, no padding,
no file header.

==========================================  ============================================  ======
variant                                     before the payload                            octets
==========================================  ============================================  ======
``rxMsg``                                   u8 received from, LOC, TIME, u8 security      26
                                            result, u16 length
``bsmTx``, ``bsmLogDuringEvent``            u8 direction (0 own vehicle, 1 remote), LOC,  26
                                            TIME, u8 security result, u16 length
``dnMsg``                                   LOC, TIME, u8 security result, u16 length     25
``driverAlert``                             LOC, TIME, u16 length; the payload is text    24
==========================================  ============================================  ======

LOC is i32 latitude and i32 longitude in 1e-7 degree, i32 elevation, u16 speed, u16 heading; TIME is u32 UTC
seconds and u16 milliseconds. Some devices write one 0A after every payload: which ones is seen by following
the records, not from the name.

There is no mark at which a record begins. After a record whose header cannot be right the rest is kept as
damaged records.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from rsu.errors import SourceError
from rsu.received import Received
from rsu.sources.base import Settings, Source
from rsu.sources.content import head_of

STANDARD = "sae-j2735"
RECORDS_FOLLOWED = 64
"""Records that are followed at the start of a file to tell its layout."""
FIRST_SECOND, LAST_SECOND = 1_262_304_000, 4_102_444_800
"""2010 to 2100: what a layout that is told from the octets may have as time."""
_PLACE_AND_TIME = "iiiHHIH"


class Layout(NamedTuple):
    """One record layout: its first octet's name and highest value, if it has one, and whether a security
    result is there."""

    variant: str
    origin: str
    origin_max: int
    security: bool

    @property
    def struct(self) -> struct.Struct:
        return struct.Struct(f"<{'B' if self.origin else ''}{_PLACE_AND_TIME}{'B' if self.security else ''}H")

    @property
    def names(self) -> tuple[str, ...]:
        names = ("lat_e7", "lon_e7", "elevation", "speed", "heading", "seconds", "millis")
        first, last = (self.origin,) * bool(self.origin), ("security_result",) * self.security
        return (*first, *names, *last, "length")


LAYOUTS = {
    layout.variant: layout
    for layout in (
        Layout("rxMsg", "received_from", 3, True),
        Layout("bsmLogDuringEvent", "direction", 1, True),
        Layout("bsmTx", "direction", 1, True),
        Layout("dnMsg", "", 0, True),
        Layout("driverAlert", "", 0, False),
    )
}
NEWLINE = b"\n"


class WyomingSource(Source):
    """A log of one variant; ``wyoming:rxMsg`` names it where the file's name does not."""

    format = "wyoming"
    suffixes = ("", ".bin", ".gz")

    def __init__(self, path: Path, settings: Settings) -> None:
        super().__init__(path, settings._replace(standard=settings.standard or STANDARD))
        head = head_of(path)
        variant = settings.variant or self.recognises(path, head).partition(":")[2]
        if variant not in LAYOUTS:
            self.close()
            raise unknown_layout(path, variant)
        self.layout = LAYOUTS[variant]
        self.end = max((b"", NEWLINE), key=lambda end: follow(head, self.layout, end))

    @classmethod
    def recognises(cls, path: Path, head: bytes) -> str:
        named = next((variant for variant in LAYOUTS if path.name.startswith(variant)), "")
        variant = (named if path.suffix in cls.suffixes else "") or layout_of(head)
        return f"{cls.format}:{variant}" if variant else ""

    def records(self) -> Iterator[Received]:
        sequence = 0
        header = self.layout.struct
        while head := self.content.read(header.size):
            sequence += 1
            if len(head) < header.size:
                damage = f"record header is cut: {len(head)} octets of {header.size}"
                yield self.received(sequence, head, damage=self.content.damage or damage)
                return
            fields = dict(zip(self.layout.names, header.unpack(head), strict=True))
            length = fields["length"]
            if fault := header_fault(self.layout, fields):
                yield from self.rest(sequence, head, fault)
                return
            body = self.content.read(length + len(self.end))
            time_ns = (fields["seconds"] * 1000 + fields["millis"]) * 1_000_000
            if len(body) < length + len(self.end):
                damage = f"record is cut: {len(body)} octets of {length + len(self.end)} after its header"
                yield self.received(sequence, head + body, time_ns, self.content.damage or damage)
                return
            if not body.endswith(self.end):
                damage = f"octet after the payload is {body[-1]:02x}: must be 0a"
                yield from self.rest(sequence, head + body, damage, time_ns)
                return
            yield self._record(sequence, body[:length], time_ns, fields)
        yield from self.cut_end(sequence + 1)

    def _record(self, sequence: int, payload: bytes, time_ns: int, fields: dict[str, int]) -> Received:
        left_out = ("seconds", "millis", "length")
        meta: dict[str, str | int | float] = {"log": self.layout.variant}
        meta |= {name: value for name, value in fields.items() if name not in left_out}
        if self.end:
            meta["newline"] = 1
        if self.layout.variant == "driverAlert":
            return self.received(
                sequence,
                payload,
                time_ns,
                content="text",
                record_type="driverAlert",
                header="none",
                meta=meta,
            )
        return self.received(sequence, payload, time_ns, meta=meta)


def header_fault(layout: Layout, fields: dict[str, int]) -> str:
    """Why a record header cannot be right, or nothing."""
    if fields["millis"] > 999:
        return f"record header has {fields['millis']} milliseconds: must be 0..999"
    origin = fields.get(layout.origin, 0)
    if origin > layout.origin_max:
        return f"record header has {layout.origin} {origin}: must be 0..{layout.origin_max}"
    return ""


class Followed(NamedTuple):
    """How far records could be followed from the start of a file; the greater is the likelier.

    :param fits: nothing contradicted the layout.
    :param exact: the last record ends where the octets end.
    :param records: how many.
    """

    fits: bool
    exact: bool
    records: int


def follow(head: bytes, layout: Layout, end: bytes) -> Followed:
    """Follow the records of a layout through the first octets of a file."""
    header = layout.struct
    at = count = 0
    while count < RECORDS_FOLLOWED and at + header.size <= len(head):
        fields = dict(zip(layout.names, header.unpack_from(head, at), strict=True))
        first = at + header.size
        at = first + fields["length"] + len(end)
        if header_fault(layout, fields) or not likely(fields):
            return Followed(False, False, count)
        if at > len(head):
            break
        if not head[:at].endswith(end) or not (layout.security or head[first : at - len(end)].isascii()):
            return Followed(False, False, count)
        count += 1
    begun_wrong = bool(layout.origin) and at < len(head) and head[at] > layout.origin_max
    return Followed(count > 0 and not begun_wrong, at == len(head), count)


def likely(fields: dict[str, int]) -> bool:
    """Whether place and time are ones that a log may have; narrower than what is accepted of a record."""
    return (
        abs(fields["lat_e7"]) <= 900_000_001
        and abs(fields["lon_e7"]) <= 1_800_000_001
        and FIRST_SECOND <= fields["seconds"] <= LAST_SECOND
    )


def layout_of(head: bytes) -> str:
    """The variant of a log whose name does not tell: the one that can be followed longest without
    contradiction.

    ``rxMsg`` and the BSM logs differ only in the meaning of their first octet: ``rxMsg`` is taken.
    """
    found = [
        (follow(head, layout, end), -place, variant)
        for place, (variant, layout) in enumerate(LAYOUTS.items())
        for end in (b"", NEWLINE)
    ]
    followed, _, variant = max(found)
    return variant if followed.fits else ""


def unknown_layout(path: Path, variant: str) -> SourceError:
    what = f"variant {variant!r} is unknown" if variant else "record layout is not recognised"
    return SourceError(f"{path}: {what}: give the format as wyoming:NAME, NAME one of {', '.join(LAYOUTS)}")
