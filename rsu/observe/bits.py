"""BIT STRINGs with named bits as words."""

from __future__ import annotations


def words(bits: tuple[bytes, int] | None, names: tuple[str, ...]) -> tuple[str, ...]:
    """The names of the bits that are set; bit 0 is the first one sent. Bits without a name are passed over."""
    if bits is None:
        return ()
    number, last = int.from_bytes(bits[0], "big"), len(bits[0]) * 8 - 1
    return tuple(name for bit, name in enumerate(names) if bit <= last and number >> last - bit & 1)
