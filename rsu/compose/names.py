"""Under which octets a unit sends, where nothing but its id is known: :func:`unit_octets`."""

from __future__ import annotations

import hashlib

from rsu.standards import STANDARDS, parse_standard_name

CHINA_OCTETS = 8
"""RSM.id, SSM.id of T/CSAE 53 and 157."""
AMERICA_OCTETS = 4
"""TemporaryID of SDSM.sourceID, J3224."""


def unit_octets(standard: str, unit: str, setting: str = "") -> bytes:
    """The octets that stand for a unit in the messages of a standard.

    China: ``setting`` or the unit's id as text, filled up with zeros; 16 hex digits are 8 octets; of a longer id, the first
    octets of its SHA-256. North America: the first octets of the SHA-256 of the same text, as 4 octets of text would soon be
    those of another unit.

    :param standard: a name as :func:`rsu.load_schema` takes it.
    """
    text = setting or unit
    digest = hashlib.sha256(text.encode()).digest()
    if STANDARDS[parse_standard_name(standard)[0]].header == "wsmp":
        return digest[:AMERICA_OCTETS]
    return eight_octets(text) or digest[:CHINA_OCTETS]


def eight_octets(text: str) -> bytes | None:
    """Text as the 8 octets of a unit, filled up with zeros, or those that 16 hex digits spell; None where it does not fit."""
    if len(text) == 2 * CHINA_OCTETS:
        try:
            return bytes.fromhex(text)
        except ValueError:
            pass
    octets = text.encode()
    return octets.ljust(CHINA_OCTETS, b"\0") if 0 < len(octets) <= CHINA_OCTETS else None
