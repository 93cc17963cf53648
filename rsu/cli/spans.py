"""The list of `rsu explain`: each bit range beside its field, fields under the type that holds them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from rsu.cli.measures import Places, note, path_steps, unit_of
from rsu.cli.tree import leaf_text
from rsu.units import Unit

if TYPE_CHECKING:
    from rich.text import Text

    from rsu.schema import Span, TypeInfo

# Bits of one field that the list shows; the picture has them all.
BITS_SHOWN = 24
_INDENT = "  "
# What the bits are when they are no value, and whether a number beside them says more than the bits.
_ROLES = {
    "presence": ("which are present", False),
    "extension": ("extended", False),
    "length": ("length", True),
    "index": ("alternative", True),
    "padding": ("padding", False),
    "raw": ("unknown, kept as it is", True),
}


class SpanList:
    """Writes the spans of one message."""

    def __init__(self, root: TypeInfo, units: Mapping[str, Unit]) -> None:
        self._root = root.name or root.kind
        self._places = Places(root)
        self._units = units

    def lines(self, payload: bytes, spans: Sequence[Span]) -> Iterator[Text]:
        """First bit, count, the bits, then the field with its value and unit. A new holder has a line of its own."""
        yield _line("bit", "bits", "content", self._root)
        open_steps: list[str] = []
        for span in spans:
            steps = path_steps(span.path)
            named = span.role == "value" or span.role == "raw"
            holders = steps[:-1] if named else steps
            for depth in range(_common(open_steps, holders), len(holders)):
                yield _line("", "", "", _INDENT * (depth + 1) + holders[depth])
            open_steps = holders
            name = steps[-1] if named and steps else ""
            text = "  ".join(part for part in (name, *self._words(span)) if part)
            bits = shown_bits(payload, span.offset, span.bits)
            yield _line(str(span.offset), str(span.bits), bits, _INDENT * (len(holders) + 1) + text)

    def _words(self, span: Span) -> tuple[str, str]:
        """The value, and what it means."""
        if span.role == "value":
            place = self._places.at(span.path)
            unit = unit_of(self._units, *place)
            return leaf_text(span.value), note(span.value, place.info, unit, place.member)
        word, numbered = _ROLES[span.role]
        return (word, leaf_text(span.value)) if numbered else (word, "")


def _common(one: list[str], other: list[str]) -> int:
    """How many steps two paths share from their start."""
    count = 0
    for left, right in zip(one, other, strict=False):
        if left != right:
            break
        count += 1
    return count


def _line(first: str, count: str, bits: str, field: str) -> Text:
    from rich.text import Text

    text = Text(f"{first:>6} {count:>5}  ", style="dim")
    text.append(f"{bits:<{BITS_SHOWN}}", style="cyan")
    text.append(" " + field, style="default")
    return text


def shown_bits(octets: bytes, offset: int, bits: int) -> str:
    """The bits of a range as digits, cut where they are many."""
    end = offset + min(bits, BITS_SHOWN)
    whole = "".join(f"{octet:08b}" for octet in octets[offset // 8 : end // 8 + 1])
    text = whole[offset % 8 : offset % 8 + min(bits, BITS_SHOWN)]
    return text if bits <= BITS_SHOWN else text[: BITS_SHOWN - 1] + "…"
