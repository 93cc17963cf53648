"""Header extension elements, the same in WSMP and DSMP: a count, then for each an id, a length and that
many octets."""

from __future__ import annotations

from typing import NamedTuple

from rsu.errors import FrameError

ELEMENTS_MAX = 16
"""Extension elements of one header; the standards define fewer."""


class Element(NamedTuple):
    """One extension element, its content as written."""

    id: int
    content: bytes


def read_elements(data: bytes, start: int, layer: str) -> tuple[tuple[Element, ...], int]:
    """The elements at ``start`` and the octet after them."""
    count = octet(data, start, layer, "count of extension elements")
    if not 1 <= count <= ELEMENTS_MAX:
        raise FrameError(f"{count} extension elements: must be 1..{ELEMENTS_MAX}", layer, start, "elements")
    elements, at = [], start + 1
    for _ in range(count):
        name = octet(data, at, layer, "id of an extension element")
        length = octet(data, at + 1, layer, f"length of extension element {name}")
        first, at = at + 2, at + 2 + length
        if at > len(data):
            left = len(data) - first
            raise FrameError(f"extension element {name} takes {length} octets, {left} are left", layer, first, "truncated")
        elements.append(Element(name, data[first:at]))
    return tuple(elements), at


def write_elements(elements: tuple[Element, ...], layer: str) -> bytes:
    """The octets of the elements, count first; nothing for none."""
    if not elements:
        return b""
    if len(elements) > ELEMENTS_MAX:
        raise FrameError(f"{len(elements)} extension elements: must be 1..{ELEMENTS_MAX}", layer, 0, "elements")
    parts = [bytes([len(elements)])]
    for name, content in elements:
        if not 0 <= name <= 255 or len(content) > 255:
            raise FrameError(f"extension element {name} of {len(content)} octets: must be 0..255 both", layer, 0, "range")
        parts.append(bytes([name, len(content)]) + content)
    return b"".join(parts)


def octet(data: bytes, at: int, layer: str, what: str) -> int:
    """The octet at ``at``, which must be there."""
    if at >= len(data):
        raise FrameError(f"{what} is missing: the octets end", layer, at, "truncated")
    return data[at]
