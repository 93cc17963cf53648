"""A picture of the bits: 64 to a row, and under them a bracket with the name of each field.

::

      0  00000000 00100000 00000000 …
         └messageId─────┘ └len───┘
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from rich.text import Text

ROW_BITS = 64
_MARGIN = 8
# Neighbours differ; on a plain terminal the brackets alone tell them apart.
_COLOURS = ("cyan", "yellow", "green", "magenta", "blue", "red")


class Field(NamedTuple):
    """Bits that belong together: ``bits`` of them from ``offset`` on."""

    label: str
    offset: int
    bits: int


def draw(data: bytes, fields: Sequence[Field], mark: int | None = None, says: str = "") -> Iterator[Text]:
    """Two lines a row of bits; under the row with bit ``mark`` an arrow to it and what it ``says``."""
    total = len(data) * 8
    first_of_row = 0
    for row in range(0, max(total, 1), ROW_BITS):
        end = min(row + ROW_BITS, total)
        while first_of_row < len(fields) and _end(fields[first_of_row]) <= row:
            first_of_row += 1
        inside = list(_in_row(fields, first_of_row, row, end))
        yield _bit_line(data, row, end, inside)
        if inside:
            yield _bracket_line(row, end, inside)
        if mark is not None and (row <= mark < row + ROW_BITS or (mark >= total and end == total)):
            yield _arrow_line(mark, row, says)


def _end(field: Field) -> int:
    return field.offset + field.bits


def _in_row(fields: Sequence[Field], first: int, row: int, end: int) -> Iterator[tuple[int, Field]]:
    for number in range(first, len(fields)):
        field = fields[number]
        if field.offset >= end:
            return
        if field.bits and _end(field) > row:
            yield number, field


def _column(bit: int, row: int) -> int:
    """Where a bit stands on its line: octets are set apart by a space."""
    place = bit - row
    return _MARGIN + place + place // 8


def _colour(number: int) -> str:
    return _COLOURS[number % len(_COLOURS)]


def _bit_line(data: bytes, row: int, end: int, inside: list[tuple[int, Field]]) -> Text:
    from rich.text import Text

    octets = data[row // 8 : (end + 7) // 8]
    text = Text(f"{row:>{_MARGIN - 2}}  " + " ".join(f"{octet:08b}" for octet in octets))
    text.stylize("dim", 0, _MARGIN)
    for number, field in inside:
        first, last = max(field.offset, row), min(_end(field), end) - 1
        text.stylize(_colour(number), _column(first, row), _column(last, row) + 1)
    return text


def _bracket_line(row: int, end: int, inside: list[tuple[int, Field]]) -> Text:
    from rich.text import Text

    text = Text(" " * _MARGIN)
    for number, field in inside:
        first, last = max(field.offset, row), min(_end(field), end) - 1
        opens, closes = field.offset >= row, _end(field) <= end
        left, right = _column(first, row), _column(last, row)
        text.append(" " * (left - len(text)))
        text.append(_bracket(field.label, right - left + 1, opens, closes), style=_colour(number))
    return text


def _bracket(label: str, width: int, opens: bool, closes: bool) -> str:
    """A bracket over ``width`` columns; open at the side where the field goes on in another row."""
    if width == 1:
        return "╵"
    left, right = "└" if opens else "─", "┘" if closes else "─"
    room = width - 2
    if len(label) > room:
        label = label[: room - 1] + "…" if room > 2 else ""
    return left + label.ljust(room, "─") + right


def _arrow_line(mark: int, row: int, says: str) -> Text:
    from rich.text import Text

    return Text(" " * _column(mark, row) + "▲ " + says, style="bold red")
